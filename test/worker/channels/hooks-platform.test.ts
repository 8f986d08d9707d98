import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Api, expectStatus } from "../../harness/client.ts";
import { newAccount, type Person } from "../../harness/people.ts";
import {
  outcomeOf,
  type Hook,
  newHook,
  newMessageId,
  postSigned,
  postRaw,
  signMessage,
} from "../../harness/webhook.ts";
import { fetch, createPlatform } from "../access/operators-fixture.ts";

let platform: Api;
let tenant: Person;
let hook: Hook;

const when = (type: string) => ({ type });
const account = { pointer: "/data/object/metadata/account" };
const at = { pointer: "/created", as: "time" };
const PAYMENTS = {
  typeAt: "/type",
  rules: [
    {
      when: { type: "checkout.completed", equals: [{ pointer: "/data/object/paid", value: true }] },
      then: {
        action: "grant_credits",
        accountId: account,
        kind: "top_up",
        amount: { pointer: "/data/object/credits" },
      },
    },
    {
      when: when("plan.bought"),
      then: {
        action: "set_plan",
        accountId: account,
        plan: { restrictedAccounts: true, memberLimit: 7 },
        at,
      },
    },
    {
      when: when("subscription.updated"),
      then: {
        action: "set_subscription",
        accountId: account,
        status: { pointer: "/data/object/status" },
        tier: { pointer: "/data/object/tier" },
        currentPeriodEnd: { pointer: "/data/object/current_period_end" },
        at,
      },
    },
  ],
};
const event = (type: string, more: object, of = tenant.accountId) => ({
  type,
  created: Math.floor(Date.now() / 1_000),
  data: { object: { metadata: { account: of }, ...more } },
});
const paid = (credits: unknown) => event("checkout.completed", { paid: true, credits });
const balance = async () =>
  expectStatus(await platform.get(`/v1/accounts/${tenant.accountId}/credits`), 200).body["balance"];
const send = async (payload: object, id = newMessageId()) =>
  outcomeOf(await postSigned(fetch, hook, payload, { id }));

beforeAll(async () => {
  platform = await createPlatform();
  tenant = await newAccount(fetch, platform, "team");
  expectStatus(
    await platform.post("/v1/tiers", {
      key: "pro",
      names: { en: "Pro", ru: "Про" },
      price: { amount: 900, currency: "EUR" },
    }),
    201,
  );
  hook = await newHook(platform, "stripe", PAYMENTS);
});

describe("a hook of the platform account, signed as Stripe signs", () => {
  test("gives credits once for each message, at the same instant too", async () => {
    const body = JSON.stringify({ id: newMessageId(), ...paid(50) });
    const headers = await signMessage(hook, body);
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => postRaw(fetch, hook.id, body, headers)),
    );
    expect(answers.map(outcomeOf).sort()).toEqual([
      "credited",
      ...Array.from({ length: 11 }, () => "credited again"),
    ]);
    expect(await balance()).toBe(50);
    expect(await send(paid(25))).toBe("credited");
    expect(await balance()).toBe(75);
    const { data } = expectStatus(await tenant.api.get<{ data: object[] }>("/v1/credits/ledger"), 200).body;
    expect(data).toMatchObject([
      { kind: "grant", amount: 25 },
      { kind: "grant", amount: 50 },
    ]);
  });

  test("a repeat after a crash between credits and delivery completes it, and gives no more", async () => {
    const [id, before] = [newMessageId(), Number(await balance())];
    expect(await send(paid(10), id)).toBe("credited");
    await env.DB.prepare("DELETE FROM delivery WHERE message_id = ?").bind(id).run();
    expect(await send(paid(10), id)).toBe("credited");
    expect(await send(paid(10), id)).toBe("credited again");
    expect(await balance()).toBe(before + 10);
    await env.DB.prepare("DELETE FROM delivery WHERE message_id = ?").bind(id).run();
    expect(await send(paid(11), id)).toBe("refused idempotency/mismatch");
    expect(await balance()).toBe(before + 10);
  });

  test("sets plan and subscription, in force from the next call on, and is in both trails", async () => {
    const cardOf = async () =>
      expectStatus(
        await tenant.api.get<{ plan: object; subscription: object }>(`/v1/accounts/${tenant.accountId}`),
        200,
      ).body;
    expect(await send(event("plan.bought", {}))).toBe("plan_set");
    expect((await cardOf()).plan).toMatchObject({ restrictedAccounts: true, memberLimit: 7 });
    expect(
      await send(
        event("subscription.updated", { status: "active", tier: "pro", current_period_end: 1_893_456_000 }),
      ),
    ).toBe("subscription_set");
    expect((await cardOf()).subscription).toEqual({
      status: "active",
      tier: "pro",
      currentPeriodEnd: "2030-01-01T00:00:00.000Z",
    });
    expect(
      await send(
        event("subscription.updated", { status: "canceled", tier: "pro", current_period_end: null }),
      ),
    ).toBe("subscription_set");
    expect((await cardOf()).subscription).toMatchObject({
      status: "canceled",
      tier: "pro",
      currentPeriodEnd: null,
    });
    for (const who of [tenant.api, platform]) {
      const { data } = expectStatus(
        await who.get<{ data: { action: string; actor: { hookId: string | null } }[] }>(
          "/v1/audit?limit=100",
        ),
        200,
      ).body;
      expect(
        data.filter(({ action, actor }) => action === "account.manage" && actor.hookId === hook.id),
      ).toHaveLength(3);
    }
  });

  test.each([
    ["what is not paid", () => event("checkout.completed", { paid: false, credits: 5 }), "ignored"],
    ["a text for a number", () => paid("5"), "422 validation"],
    ["less than nothing", () => paid(-5), "422 validation"],
    ["half a credit", () => paid(0.5), "422 validation"],
    ["more than a command may", () => paid(1e15), "422 validation"],
    [
      "a status that is none",
      () => event("subscription.updated", { status: "trialing", tier: "pro", current_period_end: null }),
      "422 validation",
    ],
    [
      "a tier that is not of the list",
      () => event("subscription.updated", { status: "active", tier: "gold", current_period_end: null }),
      "422 validation",
    ],
    [
      "an account that is not there",
      () => event("plan.bought", {}, "acc_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
      "refused not-found",
    ],
    ["an account's id that is none", () => event("plan.bought", {}, "' OR 1=1 --"), "422 validation"],
  ])("does nothing with %s", async (_, payload, expected) => {
    const before = [
      await balance(),
      expectStatus(await tenant.api.get(`/v1/accounts/${tenant.accountId}`), 200).body,
    ];
    expect(await send(payload())).toBe(expected);
    expect([
      await balance(),
      expectStatus(await tenant.api.get(`/v1/accounts/${tenant.accountId}`), 200).body,
    ]).toEqual(before);
  });

  test("never sets its own account's plan", async () => {
    const { accountId } = expectStatus(
      await platform.get<{ accountId: string }>(`/v1/hooks/${hook.id}`),
      200,
    ).body;
    expect(await send(event("plan.bought", {}, accountId))).toBe("refused not-found");
  });
});
