import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { sha256Hex } from "../../../src/kernel/digest.ts";
import { type Api, expectStatus } from "../../harness/client.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";
import {
  outcomeOf,
  customerEvent,
  newHook,
  newMessageId,
  postSigned,
  postRaw,
  signMessage,
} from "../../harness/webhook.ts";
import { fetch, createPlatform, createSubscribedAccount } from "../access/operators-fixture.ts";

let platform: Api;
let owner: Person;
beforeAll(async () => {
  platform = await createPlatform();
  owner = await createSubscribedAccount(platform, "team");
});

const MOMENT = sha256Hex("external id moment");
const ROUNDS = 100;
const statusOf = async (email: string) =>
  (
    await env.DB.prepare("SELECT status FROM member WHERE account_id = ? AND email = ?")
      .bind(owner.accountId, email)
      .first<{ status: string }>()
  )?.status;

describe("at the same instant", () => {
  test(`an invitation and a block of one person, ${ROUNDS} rounds: no member is in afterwards`, async () => {
    const hook = await newHook(owner.api);
    for (let round = 0; round < ROUNDS; round += 1) {
      const email = `race-${round}@example.com`;
      const answers = await Promise.all(
        ["customer.created", "customer.deleted"].map((type) =>
          postSigned(fetch, hook, customerEvent(email, `race-${round}`, type)),
        ),
      );
      // A sender repeats what was answered 503.
      expect(answers.map(({ status }) => [200, 503].includes(status))).toEqual([true, true]);
      if (answers[1]?.status === 503)
        expectStatus(
          await postSigned(fetch, hook, customerEvent(email, `race-${round}`, "customer.deleted")),
          200,
        );
      expect([email, [undefined, "blocked"].includes(await statusOf(email))]).toEqual([email, true]);
    }
  });

  // What comes between the question and the write, at the last moment that there is: within the batch, after
  // its first row.
  test.each([
    [
      "a block, when the person has come in",
      "customer.deleted",
      "barred",
      (id: string) => `UPDATE member SET email = 'moment@example.com' WHERE id = '${id}'`,
    ],
    [
      "an invitation, when the person is kept out",
      "customer.created",
      "invited",
      (id: string) =>
        `INSERT INTO former_member SELECT account_id, '${MOMENT}', 'hok_1', 0 FROM member WHERE id = '${id}'`,
    ],
  ] as const)("%s, is undone and asked again", async (_, type, outcome, meanwhile) => {
    const hook = await newHook(owner.api);
    const { memberId } = await newMember(fetch, owner, { roles: ["member"] });
    await env.DB.prepare(
      `CREATE TRIGGER meanwhile AFTER INSERT ON delivery WHEN NEW.outcome = '${outcome}'
       BEGIN ${meanwhile(memberId)}; END`,
    ).run();
    const answer = await postSigned(fetch, hook, customerEvent("moment@example.com", "moment", type));
    await env.DB.prepare("DROP TRIGGER meanwhile").run();
    expect(outcomeOf(answer)).toBe("503 stale");
    expect(await statusOf("moment@example.com")).toBeUndefined();
    expect(
      (
        await env.DB.prepare("SELECT COUNT(*) AS n FROM former_member WHERE known_by = ?")
          .bind(MOMENT)
          .first<{ n: number }>()
      )?.n,
    ).toBe(0);
  });

  test("five events of one new person make one member, and the others say so", async () => {
    const hook = await newHook(owner.api);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => postSigned(fetch, hook, customerEvent("five@example.com", "five"))),
    );
    expect(answers.filter((answer) => outcomeOf(answer) === "invited")).toHaveLength(1);
    expect(
      answers.filter((answer) => outcomeOf(answer).startsWith("refused conflict/duplicate-")),
    ).toHaveLength(4);
  });
});

describe("github, where neither the message's name nor its type is signed", () => {
  test("credits are given once for one signed message, under any names at the same instant", async () => {
    const { accountId } = await newAccount(fetch, platform, "team");
    const hook = await newHook(platform, "github", {
      rules: [
        {
          when: { type: "paid" },
          then: {
            action: "grant_credits",
            accountId: { pointer: "/account" },
            kind: "top_up",
            amount: { value: 5 },
          },
        },
      ],
    });
    const body = JSON.stringify({ account: accountId });
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () =>
        postRaw(fetch, hook.id, body, await signMessage(hook, body, { type: "paid" })),
      ),
    );
    expect(answers.map(outcomeOf).sort()).toEqual([
      "credited",
      ...Array.from({ length: 9 }, () => "credited again"),
    ]);
    expect(expectStatus(await platform.get(`/v1/accounts/${accountId}/credits`), 200).body["balance"]).toBe(
      5,
    );
  });

  test("what was denied is decided again as it was, not as its header says next", async () => {
    const rights = ["hook.view", "hook.edit", "member.view", "member.create", "member.edit", "member.block"];
    const maker = await newMember(fetch, owner, { roles: ["member"], rights });
    const whom = { email: { pointer: "/email" } };
    const hook = await newHook(maker.api, "github", {
      rules: [
        { when: { type: "left" }, then: { action: "block", ...whom } },
        { when: { type: "joined" }, then: { action: "invite", ...whom, rights: ["member.view"] } },
      ],
    });
    const give = async (list: string[]) =>
      expectStatus(
        await owner.api.patch(`/v1/members/${maker.memberId}`, { rights: list }, { ifMatch: "*" }),
        200,
      );
    const payload = { email: "typed@example.com" };
    await give(rights.slice(0, 5));
    expect(outcomeOf(await postSigned(fetch, hook, payload, { type: "left", id: newMessageId() }))).toBe(
      "403 access/denied",
    );
    await give(rights);
    expect(outcomeOf(await postSigned(fetch, hook, payload, { type: "joined", id: newMessageId() }))).toBe(
      "barred",
    );
    expect(await statusOf("typed@example.com")).toBeUndefined();
  });
});
