import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { accountObjectOf } from "../../../src/credits/account-stub.object.ts";
import { openDb } from "../../../src/kernel/db.ts";
import { newId } from "../../../src/kernel/id.ts";
import { account as accounts } from "../../../src/kernel/schema/team.ts";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount } from "../../harness/people.ts";
import { isSoak } from "../../harness/soak.ts";
import {
  outcomeOf,
  customerEvent,
  type Hook,
  JOIN_MAPPING,
  newHook,
  newMessageId,
  postSigned,
} from "../../harness/webhook.ts";
import { fetch, createPlatform, said } from "../access/operators-fixture.ts";

type Subscription = { status: string; currentPeriodEnd: string | null };
type Card = { subscription: Subscription; plan: { memberLimit: number | null } };
type HookCard = { mapping: object; unordered: number[]; version: number };

const db = openDb(env.DB);
let platform: Api;
let hook: Hook;
/** When a test begins, in seconds: a test run may be slow. */
let NOW: number;
const accountId = { pointer: "/account" };
const TIME = { pointer: "/created", as: "time" };
const mapping = (at: object | undefined) => ({
  typeAt: "/type",
  rules: [
    {
      when: { type: "paid" },
      then: { action: "grant_credits", accountId, kind: "top_up", amount: { pointer: "/credits" } },
    },
    {
      when: { type: "plan" },
      then: { action: "set_plan", accountId, plan: { restrictedAccounts: true, memberLimit: 7 }, at },
    },
    {
      when: { type: "noPlan" },
      then: { action: "set_plan", accountId, plan: { restrictedAccounts: false }, at },
    },
    {
      when: { type: "subscription" },
      then: { action: "set_subscription", accountId, status: { pointer: "/status" }, at },
    },
  ],
});

const account = async (): Promise<string> => (await newAccount(fetch, platform, "team")).accountId;
const cardOf = async (id: string): Promise<Card> =>
  expectStatus(await platform.get<Card>(`/v1/accounts/${id}`), 200).body;
const subscriptionStatusOf = async (id: string): Promise<string> => (await cardOf(id)).subscription.status;
const balanceOf = async (id: string) =>
  expectStatus(await platform.get(`/v1/accounts/${id}/credits`), 200).body["balance"];
const put = async (id: string, name: string, body: object) =>
  void expectStatus(await platform.put(`/v1/accounts/${id}/${name}`, body), 200);
const subscription = (account: string, status: string, created: unknown) => ({
  type: "subscription",
  account,
  status,
  created,
});
const send = async (payload: object, { via = hook, id = newMessageId() } = {}) =>
  outcomeOf(await postSigned(fetch, via, payload, { id }));
const ordersOf = <T>(all: readonly T[]): T[][] =>
  all.length < 2
    ? [[...all]]
    : all.flatMap((one) => ordersOf(all.filter((other) => other !== one)).map((rest) => [one, ...rest]));

beforeEach(() => {
  NOW = Math.floor(Date.now() / 1_000);
});
beforeAll(async () => {
  platform = await createPlatform();
  hook = await newHook(platform, "standard", mapping(TIME));
});

describe("K13 messages that set a state", () => {
  test("K13 an older event, signed again, is superseded and changes nothing", async () => {
    const id = await account();
    expect(await send(subscription(id, "canceled", NOW))).toBe("subscription_set");
    expect(await send(subscription(id, "active", NOW - 60))).toBe("superseded");
    expect(await subscriptionStatusOf(id)).toBe("canceled");
    expect(await send({ type: "noPlan", account: id, created: NOW - 60 })).toBe("plan_set");
    expect(await send({ type: "plan", account: id, created: NOW - 61 })).toBe("superseded");
    expect((await cardOf(id)).plan.memberLimit).toBeNull();
    const { data } = expectStatus(
      await platform.get<{ data: object[] }>(`/v1/hooks/${hook.id}/deliveries?limit=1`),
      200,
    ).body;
    expect(data).toMatchObject([{ outcome: "superseded", accountId: id, rule: 1, code: null }]);
  });

  // All 120 orders of five events, by the first of them; one event comes twice. The short form takes every
  // fifth of them.
  test.each([0, 1, 2, 3, 4])(
    "K13 the orders that begin with event %i: the newest wins, each payment counts once",
    async (first) => {
      const events = (id: string) =>
        [
          subscription(id, "active", NOW - 30),
          subscription(id, "past_due", NOW - 20),
          subscription(id, "canceled", NOW - 10),
          { type: "paid", account: id, credits: 10 },
          { type: "paid", account: id, credits: 25 },
        ].map((payload) => ({ payload, id: newMessageId() }));
      const [template] = await db
        .select()
        .from(accounts)
        .where(eq(accounts.id, await account()));
      const run = async (places: readonly number[], index: number) => {
        const id = newId("account", Date.now());
        await db.insert(accounts).values({ ...(template as NonNullable<typeof template>), id });
        const sent = events(id);
        const became = [];
        for (const place of [...places, places[index % 5] ?? 0]) {
          const { payload, id: message } = sent[place] ?? { payload: {}, id: "" };
          became.push(await send(payload, { id: message }));
        }
        const [after] = await db.select().from(accounts).where(eq(accounts.id, id));
        const { balance } = await accountObjectOf(env, id).summary(id, "mem_1", {
          limit: null,
          limitPeriod: "lifetime",
        });
        return [
          places.join(),
          after?.subscription.status,
          balance,
          became.filter((one) => one === "credited").length,
          became.at(-1)?.endsWith(" again"),
        ];
      };
      const orders = ordersOf([0, 1, 2, 3, 4].filter((place) => place !== first))
        .map((rest) => [first, ...rest])
        .filter((_, index) => isSoak || index % 5 === first);
      const ends = await Promise.all(orders.map(run));
      expect(ends).toEqual(orders.map((order) => [order.join(), "canceled", 35, 2, true]));
      expect(ends).toHaveLength(isSoak ? 24 : first === 4 ? 4 : 5);
    },
  );

  test("K13 of many at the same instant the newest wins", async () => {
    const id = await account();
    const statuses = ["past_due", "active", "none", "canceled"];
    const settle = async (status: string, index: number): Promise<void> => {
      const message = newMessageId();
      // A sender repeats what was answered 503.
      for (let tries = 0; tries < 20; tries += 1)
        if (!(await send(subscription(id, status, NOW + index), { id: message })).startsWith("503")) return;
    };
    await Promise.all(statuses.map(settle));
    expect(await subscriptionStatusOf(id)).toBe("canceled");
  });

  test("K13 what a newer message wrote between the question and the write is not undone", async () => {
    const id = await account();
    const {
      results: [before],
    } = await env.DB.prepare("SELECT version FROM account WHERE id = ?").bind(id).all();
    await env.DB.prepare(`
      CREATE TRIGGER meanwhile AFTER INSERT ON delivery WHEN NEW.outcome = 'subscription_set' BEGIN
      INSERT INTO state_order VALUES ('${id}', 'subscription', ${(NOW + 60) * 1_000}, NULL); END`).run();
    const answer = await send(subscription(id, "active", NOW));
    await env.DB.prepare("DROP TRIGGER meanwhile").run();
    expect(answer).toBe("503 stale");
    expect((await env.DB.prepare("SELECT version FROM account WHERE id = ?").bind(id).all()).results).toEqual(
      [before],
    );
  });

  test.each<[string, (now: number) => unknown, (now: number) => unknown, string]>([
    ["equal: the later delivery", (now) => now, (now) => now, "subscription_set"],
    ["a second older", (now) => now, (now) => now - 1, "superseded"],
    [
      "the same second, told in milliseconds before",
      (now) => now * 1_000 + 900,
      (now) => now,
      "subscription_set",
    ],
    ["milliseconds", (now) => now * 1_000 + 900, (now) => now * 1_000 + 899, "superseded"],
    [
      "ISO 8601 with an offset",
      (now) => now,
      (now) => `${new Date(now * 1_000 + 10_800_000).toISOString().slice(0, 19)}+03:00`,
      "subscription_set",
    ],
    [
      "ISO 8601 of the day before",
      (now) => now,
      (now) => new Date(now * 1_000 - 86_400_000).toISOString(),
      "superseded",
    ],
    ["four minutes ahead of the clock", (now) => now, (now) => now + 240, "subscription_set"],
    ["ten minutes ahead of the clock", (now) => now, (now) => now + 600, "refused conflict/state"],
    ["years ahead, in milliseconds", (now) => now, (now) => (now + 1e9) * 1_000, "refused conflict/state"],
    ["a text that is no time", (now) => now, () => "yesterday", "422 validation"],
    ["half a second", (now) => now, (now) => now + 0.5, "422 validation"],
    ["below nothing", (now) => now, () => -1, "422 validation"],
    ["null", (now) => now, () => null, "422 validation"],
    ["an object", (now) => now, () => ({ $gt: 0 }), "422 validation"],
    ["nothing", (now) => now, () => undefined, "422 validation"],
  ])("K13 %s", async (_, firstAt, secondAt, outcome) => {
    const id = await account();
    const second = secondAt(NOW);
    expect(await send(subscription(id, "past_due", firstAt(NOW)))).toBe("subscription_set");
    const tried = await platform.post(`/v1/hooks/${hook.id}/try`, {
      payload: subscription(id, "active", second),
    });
    expect(`${tried.body["outcome"]}`).toBe(outcome === "422 validation" ? "failed" : outcome.split(" ")[0]);
    expect(await send(subscription(id, "active", second))).toBe(outcome);
    expect(await subscriptionStatusOf(id)).toBe(outcome === "subscription_set" ? "active" : "past_due");
  });

  test("K13 a change by the platform's member counts as now, over all hooks, and outlives them", async () => {
    const id = await account();
    const other = await newHook(platform, "stripe", mapping(TIME));
    await put(id, "subscription", { status: "canceled" });
    await put(id, "plan", { restrictedAccounts: false });
    for (const via of [hook, other])
      expect(await send(subscription(id, "active", NOW - 5), { via })).toBe("superseded");
    expect(await send({ type: "plan", account: id, created: NOW - 5 }, { via: other })).toBe("superseded");
    expect(await send(subscription(id, "past_due", NOW + 200), { via: other })).toBe("subscription_set");
    expectStatus(await platform.del(`/v1/hooks/${other.id}`), 204);
    expect(await send(subscription(id, "active", NOW + 199))).toBe("superseded");
    // It counts after what was ahead of the clock, too.
    await put(id, "subscription", { status: "none" });
    expect(await send(subscription(id, "active", NOW + 199))).toBe("superseded");
    expect(await subscriptionStatusOf(id)).toBe("none");
  });

  test("K13 by sequence numbers; for messages with a time they count as of their arrival", async () => {
    const id = await account();
    const counting = await newHook(platform, "standard", mapping({ pointer: "/created", as: "sequence" }));
    const told = [];
    for (const [count, via] of [
      [7, counting],
      ["8", counting],
      [7, counting],
      [NOW - 5, hook],
      [8, counting],
      [NOW + 240, hook],
      [9, counting],
      ["x", counting],
    ] as const) {
      told.push(await send(subscription(id, "active", count), { via }));
    }
    expect(told).toEqual([
      "subscription_set",
      "subscription_set",
      "superseded",
      "superseded",
      "subscription_set",
      "subscription_set",
      "subscription_set",
      "422 validation",
    ]);
  });

  test("K13 payments are never superseded, and one that was denied comes in its place later", async () => {
    const id = await account();
    expect(await send(subscription(id, "canceled", NOW))).toBe("subscription_set");
    expect(await send({ type: "paid", account: id, credits: 5, created: NOW - 9_999 })).toBe("credited");
    expect(await balanceOf(id)).toBe(5);
    const message = newMessageId();
    const {
      account: { id: own },
    } = expectStatus(await platform.get<{ account: { id: string } }>("/v1/me"), 200).body;
    const allow = (rules: string) =>
      env.DB.prepare("UPDATE account SET allowed_ips = ?, version = version + 1 WHERE id = ?")
        .bind(rules, own)
        .run();
    await allow('["192.0.2.1"]');
    expect(await send(subscription(id, "active", NOW + 1), { id: message })).toBe("403 ip/not-allowed");
    await allow("[]");
    expect(await send(subscription(id, "past_due", NOW + 2))).toBe("subscription_set");
    expect(await send(subscription(id, "active", NOW + 1), { id: message })).toBe("superseded");
    expect(await send(subscription(id, "active", NOW + 1), { id: message })).toBe("superseded again");
    expect(await subscriptionStatusOf(id)).toBe("past_due");
  });
});

test("K13 invitations and blocks are done in any order, and name none", async () => {
  const team = await newAccount(fetch, platform, "team");
  const people = await newHook(team.api);
  const tell = async (kind: string, email: string, skew: number) =>
    outcomeOf(
      await postSigned(fetch, people, { ...customerEvent(email), type: `customer.${kind}` }, { skew }),
    );
  const [one, two] = [`${newIdempotencyKey()}@example.com`, `${newIdempotencyKey()}@example.com`];
  const told = [
    await tell("created", one, 0),
    await tell("created", two, -240_000),
    await tell("deleted", two, -250_000),
    await tell("deleted", one, -260_000),
  ];
  expect(told).toEqual(["invited", "invited", "blocked", "blocked"]);
  const rules = JOIN_MAPPING.rules.map(({ when, then }) => ({ when, then: { ...then, at: TIME } }));
  for (const rule of rules) {
    const body = { name: "Shop", scheme: "standard", mapping: { ...JOIN_MAPPING, rules: [rule] } };
    expect(said(await team.api.post("/v1/hooks", body, { idempotencyKey: newIdempotencyKey() }))).toBe(
      "422 validation",
    );
  }
});

describe("K16 messages that name a tier", () => {
  test("K16 its features and credits come with it; a newer plan stays; an unknown tier fails", async () => {
    const id = await account();
    const names = { en: "Gold", ru: "Золотой" };
    const gold = {
      key: "gold",
      names,
      price: { amount: 900, currency: "EUR" },
      features: { memberLimit: 3 },
      creditsPerMonth: 40,
    };
    expectStatus(await platform.post("/v1/tiers", gold), 201);
    const {
      rules: [, plan, , rule],
      ...head
    } = mapping(TIME);
    const named = await newHook(platform, "standard", {
      ...head,
      rules: [plan, { ...rule, then: { ...rule?.then, tier: { pointer: "/tier" } } }],
    });
    const tell = (created: number, tier: unknown, status = "active") =>
      send({ ...subscription(id, status, created), tier }, { via: named });
    const state = async () => [(await cardOf(id)).plan.memberLimit, await balanceOf(id)];
    expect([await tell(NOW - 50, "gold", "past_due"), ...(await state())]).toEqual([
      "subscription_set",
      null,
      0,
    ]);
    expect([await tell(NOW - 40, "gold"), ...(await state())]).toEqual(["subscription_set", 3, 40]);
    expect([
      await send({ type: "plan", account: id, created: NOW - 45 }, { via: named }),
      ...(await state()),
    ]).toEqual(["superseded", 3, 40]);
    expect([
      await send({ type: "plan", account: id, created: NOW - 20 }, { via: named }),
      ...(await state()),
    ]).toEqual(["plan_set", 7, 40]);
    expect([await tell(NOW - 30, "gold"), ...(await state())]).toEqual(["subscription_set", 7, 40]);
    expect(await tell(NOW - 35, "none")).toBe("superseded");
    const { status, body } = await postSigned(fetch, named, {
      ...subscription(id, "active", NOW),
      tier: "none",
    });
    expect([status, body["errors" as keyof typeof body]]).toEqual([
      422,
      [{ pointer: "/tier", detail: expect.any(String) }],
    ]);
    expect(await tell(NOW, null)).toBe("subscription_set");
  });
});

describe("K13 a mapping without an order", () => {
  test.each([
    ["no at", undefined],
    ["no pointer", { as: "time" }],
    ["the whole body", { pointer: "", as: "time" }],
    ["another kind", { pointer: "/a", as: "number" }],
  ])("K13 %s: it is refused when it is saved", async (_, at) => {
    const [body, key] = [
      { name: "Shop", scheme: "standard", mapping: mapping(at) },
      { idempotencyKey: newIdempotencyKey() },
    ];
    expect(said(await platform.post("/v1/hooks", body, key))).toBe("422 validation");
    expect(
      said(await platform.patch(`/v1/hooks/${hook.id}`, { mapping: mapping(at) }, { ifMatch: "*" })),
    ).toBe("422 validation");
  });

  test("K13 one stored before is reported on the card, works, and counts as of its arrival", async () => {
    const id = await account();
    const old = await newHook(platform, "standard", mapping(TIME));
    const path = `/v1/hooks/${old.id}`;
    const places = [1, 2, 3].map((rule) => `'$.rules[${rule}].then.at'`).join();
    await env.DB.prepare(`UPDATE hook SET mapping = json_remove(mapping, ${places}) WHERE id = ?`)
      .bind(old.id)
      .run();
    expect(expectStatus(await platform.get<HookCard>(path), 200).body.unordered).toEqual([1, 2, 3]);
    expect(await send(subscription(id, "active", undefined), { via: old })).toBe("subscription_set");
    expect(await send(subscription(id, "canceled", NOW - 5))).toBe("superseded");
    expect(
      expectStatus(await platform.patch<HookCard>(path, { name: "Renamed" }, { ifMatch: "*" }), 200).body
        .unordered,
    ).toEqual([1, 2, 3]);
    expect(
      expectStatus(await platform.patch<HookCard>(path, { mapping: mapping(TIME) }, { ifMatch: "*" }), 200)
        .body.unordered,
    ).toEqual([]);
    expect(expectStatus(await platform.get<HookCard>(`/v1/hooks/${hook.id}`), 200).body.unordered).toEqual(
      [],
    );
  });
});
