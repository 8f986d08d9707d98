import { beforeAll, describe, expect, test } from "vitest";
import { type Api, expectStatus } from "../../harness/client.ts";
import type { Person } from "../../harness/people.ts";
import {
  outcomeOf,
  customerEvent,
  newHook,
  newMessageId,
  postSigned,
  postRaw,
  type Scheme,
  signMessage,
} from "../../harness/webhook.ts";
import { fetch, createPlatform, createSubscribedAccount } from "../access/operators-fixture.ts";

let platform: Api;
let owner: Person;
beforeAll(async () => {
  platform = await createPlatform();
  owner = await createSubscribedAccount(platform, "team");
});

const MINUTE = 60_000;
const REFUSED = "401 auth/invalid-credential";
let count = 0;
const nextEmail = () => `shop-${(count += 1)}@example.com`;
const GITHUB = {
  rules: [
    {
      when: { type: "organization" },
      then: {
        action: "invite",
        email: { pointer: "/data/email" },
        firstName: { value: "A" },
        lastName: { value: "B" },
        roles: ["member"],
      },
    },
  ],
};
const mappingOf = (scheme: Scheme) => (scheme === "github" ? [GITHUB] : []);
const membersWith = async (email: string) =>
  expectStatus(
    await owner.api.get<{ data: { email: string }[] }>(`/v1/members?email=${encodeURIComponent(email)}`),
    200,
  ).body.data.length;

describe.each(["standard", "stripe", "github"] as const)("S3.16: %s, signed by its own library", (scheme) => {
  const typed = { type: "organization" };

  test("what is signed is taken; what was changed, or signed with another secret, is not", async () => {
    const hook = await newHook(owner.api, scheme, ...mappingOf(scheme));
    const email = nextEmail();
    const body = JSON.stringify({ id: newMessageId(), ...customerEvent(email) });
    const headers = await signMessage(hook, body, typed);
    expect(outcomeOf(await postRaw(fetch, hook.id, body.replace("Gast", "Gost"), headers))).toBe(REFUSED);
    expect(outcomeOf(await postRaw(fetch, hook.id, `${body} `, headers))).toBe(REFUSED);
    expect(
      outcomeOf(
        await postRaw(
          fetch,
          hook.id,
          body,
          await signMessage(hook, body, {
            ...typed,
            secret: `whsec_${btoa("another secret, as long as it has to be")}`,
          }),
        ),
      ),
    ).toBe(REFUSED);
    for (const name of Object.keys(headers).filter((each) => each !== "x-github-event")) {
      const { [name]: _, ...rest } = headers;
      expect([name, outcomeOf(await postRaw(fetch, hook.id, body, rest))]).toEqual([name, REFUSED]);
    }
    expect(await membersWith(email)).toBe(0);
    expect(outcomeOf(await postRaw(fetch, hook.id, body, headers))).toBe("invited");
    expect(await membersWith(email)).toBe(1);
  });

  test("the same bytes again do nothing, and are told what became of them", async () => {
    const hook = await newHook(owner.api, scheme, ...mappingOf(scheme));
    const body = JSON.stringify({ id: newMessageId(), ...customerEvent(nextEmail()) });
    const headers = await signMessage(hook, body, typed);
    const first = await postRaw(fetch, hook.id, body, headers);
    const again = await postRaw(fetch, hook.id, body, headers);
    expect([outcomeOf(first), outcomeOf(again)]).toEqual(["invited", "invited again"]);
    expect(again.body).toEqual({ ...first.body, duplicate: true });
  });

  test("twenty at the same instant make one member", async () => {
    const hook = await newHook(owner.api, scheme, ...mappingOf(scheme));
    const email = nextEmail();
    const body = JSON.stringify({ id: newMessageId(), ...customerEvent(email) });
    const headers = await signMessage(hook, body, typed);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => postRaw(fetch, hook.id, body, headers)),
    );
    expect(answers.map(outcomeOf).sort()).toEqual([
      "invited",
      ...Array.from({ length: 19 }, () => "invited again"),
    ]);
    expect(new Set(answers.map(({ body: { id, memberId } }) => `${id} ${memberId}`)).size).toBe(1);
    expect(await membersWith(email)).toBe(1);
    expect(
      expectStatus(await owner.api.get<{ data: object[] }>(`/v1/hooks/${hook.id}/deliveries`), 200).body.data,
    ).toMatchObject([{ outcome: "invited", attempts: 1 }]);
  });
});

test("K13 standard: the same under svix- names; never both sets; each message once", async () => {
  const hook = await newHook(owner.api);
  const body = JSON.stringify(customerEvent(nextEmail()));
  const headers = await signMessage(hook, body);
  const svix = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.replace("webhook-", "svix-"), value]),
  );
  expect(outcomeOf(await postRaw(fetch, hook.id, body, { ...headers, ...svix }))).toBe(REFUSED);
  expect(outcomeOf(await postRaw(fetch, hook.id, body, { ...svix, "webhook-id": newMessageId() }))).toBe(
    REFUSED,
  );
  expect(outcomeOf(await postRaw(fetch, hook.id, body, svix))).toBe("invited");
  expect(outcomeOf(await postRaw(fetch, hook.id, body, headers))).toBe("invited again");
});

test("K16 a delivery is read as its sender signs it: of two members of a name the last counts", async () => {
  const [hook, email, first] = [await newHook(owner.api), nextEmail(), nextEmail()];
  const body = JSON.stringify(customerEvent(email)).replace('"email":', `"email":"${first}","email":`);
  expect(body.match(/"email"/g)).toHaveLength(2);
  expect(outcomeOf(await postRaw(fetch, hook.id, body, await signMessage(hook, body)))).toBe("invited");
  expect([await membersWith(first), await membersWith(email)]).toEqual([0, 1]);
});

describe.each(["standard", "stripe"] as const)("%s, which tells the time", (scheme) => {
  test.each([
    ["ten minutes old", -10],
    ["ten minutes ahead", 10],
  ])("a message %s is refused", async (_, minutes) => {
    const hook = await newHook(owner.api, scheme);
    expect(
      outcomeOf(await postSigned(fetch, hook, customerEvent(nextEmail()), { skew: minutes * MINUTE })),
    ).toBe(REFUSED);
    const reason = async () =>
      expectStatus(
        await owner.api.get<{ lastRefusal: { reason: string } | null }>(`/v1/hooks/${hook.id}`),
        200,
      ).body.lastRefusal?.reason;
    await expect.poll(reason).toBe(minutes < 0 ? "too_old" : "too_new");
  });

  test.each([
    ["four minutes old", -4],
    ["four minutes ahead", 4],
  ])("a message %s is taken", async (_, minutes) => {
    expect(
      outcomeOf(
        await postSigned(fetch, await newHook(owner.api, scheme), customerEvent(nextEmail()), {
          skew: minutes * MINUTE,
        }),
      ),
    ).toBe("invited");
  });

  test("a second message of the same name is what the first was, with any content", async () => {
    const hook = await newHook(owner.api, scheme);
    const [id, email] = [newMessageId(), nextEmail()];
    expect(outcomeOf(await postSigned(fetch, hook, customerEvent(nextEmail()), { id }))).toBe("invited");
    expect(outcomeOf(await postSigned(fetch, hook, customerEvent(email), { id, skew: MINUTE }))).toBe(
      "invited again",
    );
    expect(await membersWith(email)).toBe(0);
  });
});

test("github: what was signed counts once, under any name, at the same instant too", async () => {
  const hook = await newHook(owner.api, "github", GITHUB);
  const body = JSON.stringify(customerEvent(nextEmail()));
  const answers = await Promise.all(
    Array.from({ length: 10 }, async () =>
      postRaw(fetch, hook.id, body, await signMessage(hook, body, { type: "organization" })),
    ),
  );
  expect(answers.map(outcomeOf).sort()).toEqual([
    "invited",
    ...Array.from({ length: 9 }, () => "invited again"),
  ]);
});

test("several signatures: one that is right is enough, and nothing else is", async () => {
  const hook = await newHook(owner.api);
  const send = async (wrap: (signature: string) => string) => {
    const body = JSON.stringify(customerEvent(nextEmail()));
    const headers = await signMessage(hook, body);
    return outcomeOf(
      await postRaw(fetch, hook.id, body, {
        ...headers,
        "webhook-signature": wrap(headers["webhook-signature"] ?? ""),
      }),
    );
  };
  const wrong = `v1,${btoa("0".repeat(32))}`;
  expect(await send((right) => `v1a,${right.slice(3)} ${wrong} ${right}`)).toBe("invited");
  for (const bad of [wrong, "v1,", "v1", "", ",", "v1,%%%%", " ".repeat(500)])
    expect([bad, await send(() => bad)]).toEqual([bad, REFUSED]);
  expect(await send((right) => right.replace("v1,", "v2,"))).toBe(REFUSED);
  expect(await send((right) => right.slice(0, -1))).toBe(REFUSED);
});
