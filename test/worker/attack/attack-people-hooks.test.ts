import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Api, expectStatus } from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { outcomeOf, customerEvent, newHook, newMessageId, postSigned } from "../../harness/webhook.ts";
import { fetch, createPlatform, createSubscribedAccount } from "../access/operators-fixture.ts";
import { newEmail } from "../people/sign-in-fixture.ts";

let platform: Api;
let owner: Person;
beforeAll(async () => {
  platform = await createPlatform();
  owner = await createSubscribedAccount(platform, "team");
});

const ANY = { ifMatch: "*" };
const SUBSCRIPTION = {
  action: "set_subscription",
  accountId: { value: "" },
  status: { pointer: "/status" },
  at: { pointer: "/count", as: "sequence" },
};
const subscribing = (accountId: string) => ({
  typeAt: null,
  rules: [{ when: { type: "plan" }, then: { ...SUBSCRIPTION, accountId: { value: accountId } } }],
});

/** While `work` runs, the platform's own address rules refuse the test's address. */
async function shut(work: () => Promise<void>): Promise<void> {
  const {
    account: { id },
  } = expectStatus(await platform.get<{ account: { id: string } }>("/v1/me"), 200).body;
  const allow = (rules: string) =>
    env.DB.prepare("UPDATE account SET allowed_ips = ?, version = version + 1 WHERE id = ?")
      .bind(rules, id)
      .run();
  await allow('["192.0.2.1"]');
  await work();
  await allow("[]");
}

describe("a message counts once, under any name", () => {
  test("one that GitHub signed is not done again in the name of one that was denied", async () => {
    const tenant = await createSubscribedAccount(platform, "team");
    const hook = await newHook(platform, "github", subscribing(tenant.accountId));
    const send = (body: object, id: string) => postSigned(fetch, hook, body, { id, type: "plan" });
    const denied = newMessageId();
    await shut(async () =>
      expect(outcomeOf(await send({ status: "past_due", count: 1 }, denied))).toBe("403 ip/not-allowed"),
    );
    const paid = { status: "active", count: 2 };
    expect(outcomeOf(await send(paid, newMessageId()))).toBe("subscription_set");
    expect(outcomeOf(await send({ status: "canceled", count: 3 }, newMessageId()))).toBe("subscription_set");
    expect([outcomeOf(await send(paid, newMessageId())), outcomeOf(await send(paid, denied))]).toEqual([
      "subscription_set again",
      "subscription_set again",
    ]);
    // A new message under the name of the denied one is not done either.
    expect(outcomeOf(await send({ status: "active", count: 4 }, denied))).toBe("denied ip/not-allowed again");
    const { body } = expectStatus(
      await platform.get<{ subscription: { status: string } }>(`/v1/accounts/${tenant.accountId}`),
      200,
    );
    expect(body.subscription.status).toBe("canceled");
  });

  test("a denied one is not lost to another that takes its name", async () => {
    const MAY = ["hook.view", "hook.edit", "member.view", "member.create", "member.block", "member.edit"];
    const maker = await newMember(fetch, owner, { roles: [], rights: MAY });
    const then = {
      action: "invite",
      email: { pointer: "/data/email" },
      firstName: { pointer: "/data/name" },
      lastName: { value: "G" },
      roles: [],
      rights: ["member.view"],
    };
    const hook = await newHook(maker.api, "github", {
      typeAt: "/type",
      rules: [{ when: { type: "customer.created" }, then }],
    });
    const may = async (rights: string[]) =>
      void expectStatus(await owner.api.patch(`/v1/members/${maker.memberId}`, { rights }, ANY), 200);
    const [id, body, other] = [newMessageId(), customerEvent(newEmail(), "1"), { type: "nothing" }];
    expect(outcomeOf(await postSigned(fetch, hook, other, { id: newMessageId() }))).toBe("ignored");
    await may(MAY.filter((right) => right !== "member.create"));
    expect(outcomeOf(await postSigned(fetch, hook, body, { id }))).toBe("403 access/denied");
    await may(MAY);
    expect([
      outcomeOf(await postSigned(fetch, hook, other, { id })),
      outcomeOf(await postSigned(fetch, hook, body, { id })),
    ]).toEqual(["ignored again", "invited"]);
  });
});
