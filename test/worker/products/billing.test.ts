import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Api, expectStatus, type Problem } from "../../harness/client.ts";
import { sweepTierCredits } from "../../../src/accounts/tiers/tier-credit.change.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { CARD_BODY, INVOICE_BODY, idempotentIn } from "./marketplace-fixture.ts";
import {
  fetch,
  createPlatform,
  replaceGrants,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";
import { newTheme } from "../access/team-fixture.ts";

interface Billing {
  readonly tier: string | null;
  readonly card: object | null;
  readonly address: object | null;
  readonly billedTo: string;
  readonly version: number;
}

let platform: Api;
let owner: Person;
let operator: Person;
beforeAll(async () => {
  platform = await createPlatform();
});
beforeEach(async () => {
  owner = await createSubscribedAccount(platform, "vendor");
  operator = await newMember(fetch, owner, { roles: ["operator"] });
});

const give = (...list: Parameters<typeof replaceGrants>[2]) => replaceGrants(owner, operator.memberId, list);
const ANY = { ifMatch: "*" };
const NO = "403 access/denied";
const SHOWN = { brand: CARD_BODY.brand, last4: CARD_BODY.last4, expiry: CARD_BODY.expiry };
/** Every table of the database as one text. */
async function everything(): Promise<string> {
  const { results: tables } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' " +
      "AND name NOT LIKE '\\_%' ESCAPE '\\'",
  ).all<{ name: string }>();
  const rows = await Promise.all(tables.map(({ name }) => env.DB.prepare(`SELECT * FROM "${name}"`).all()));
  return JSON.stringify(rows.map(({ results }) => results));
}

describe("billing", () => {
  it("S0.26 a billing grant opens billing and invoices, and nothing else", async () => {
    for (const path of ["billing", "invoices"]) expect(said(await operator.api.get(`/v1/${path}`))).toBe(NO);
    await give({ resourceType: "billing", access: "view" });
    for (const path of ["billing", "invoices"]) expectStatus(await operator.api.get(`/v1/${path}`), 200);
    for (const path of ["products", "customers", "analytics", "members", "audit"])
      expect(said(await operator.api.get(`/v1/${path}`)), path).toBe(NO);
    expect(said(await operator.api.post("/v1/invoices", INVOICE_BODY, idempotentIn()))).toBe(NO);
    expect(said(await operator.api.get("/v1/invoices/ivc_none"))).toBe("404 not-found");
  });

  it("S0.27 view sees billing, edit changes it; of a card brand, last 4 and expiry are shown", async () => {
    await give({ resourceType: "billing", access: "view" });
    expect(said(await operator.api.patch("/v1/billing", { card: CARD_BODY }, ANY))).toBe(NO);
    for (const access of ["edit", "owner"]) {
      await give({ resourceType: "billing", access });
      const { body } = expectStatus(
        await operator.api.patch<Billing>("/v1/billing", { address: { city: access }, card: CARD_BODY }, ANY),
        200,
      );
      expect(body).toMatchObject({ address: { city: access }, card: SHOWN, billedTo: owner.memberId });
      expect(expectStatus(await owner.api.get<Billing>("/v1/billing"), 200).body).toEqual(body);
    }
    expect(JSON.stringify(expectStatus(await owner.api.get("/v1/audit?limit=100"), 200).body)).not.toContain(
      CARD_BODY.token,
    );
    expect((await everything()).split(CARD_BODY.token).length - 1).toBe(1);
    expectStatus(await operator.api.patch("/v1/billing", { card: null }, ANY), 200);
    expect(await everything()).not.toContain(CARD_BODY.token);
  });

  it("S1.12 a team's admin manages billing and sees invoices; members and viewers do not", async () => {
    const admin = await createSubscribedAccount(platform, "team");
    expectStatus(
      await admin.api.patch(
        "/v1/billing",
        { address: { company: "Acme", city: "Berlin", country: "DE" } },
        ANY,
      ),
      200,
    );
    for (const path of ["billing", "invoices"]) expectStatus(await admin.api.get(`/v1/${path}`), 200);
    expect(said(await admin.api.post("/v1/invoices", INVOICE_BODY, idempotentIn()))).toBe(NO);
    for (const role of ["member", "viewer"]) {
      const { api } = await newMember(fetch, admin, { roles: [role] });
      for (const answer of [
        await api.get("/v1/billing"),
        await api.get("/v1/invoices"),
        await api.patch("/v1/billing", {}, ANY),
      ])
        expect(said(answer), role).toBe(NO);
    }
  });

  it("a card number is refused in any field, not repeated, and nowhere in the database", async () => {
    const number = "4111 1111 1111 1111";
    const plain = number.replaceAll(" ", "");
    const bodies: object[] = [
      { tier: number },
      { address: { street: number } },
      { address: { taxId: plain } },
      { address: { postalCode: plain } },
      { card: { ...CARD_BODY, token: `pm_${plain}` } },
      { card: { ...CARD_BODY, token: plain } },
      { card: { ...CARD_BODY, last4: plain } },
      { card: { ...CARD_BODY, number: plain } },
      { card: Number(plain) },
      { card: plain },
      { number: plain },
      { [plain]: 1 },
      { tier: "gold", address: { name: `No ${plain}` } },
    ];
    for (const body of bodies) {
      const answer = await owner.api.patch<Problem>("/v1/billing", body, ANY);
      expect(said(answer), JSON.stringify(body)).toBe("422 validation");
      if (!(plain in body)) expect(JSON.stringify(answer.body)).not.toMatch(/4111/);
    }
    expect(await everything()).not.toMatch(/4111 ?1111/);
    expect(expectStatus(await owner.api.get<Billing>("/v1/billing"), 200).body).toMatchObject({
      card: null,
      version: 0,
    });
  });

  it("asks for If-Match from the first change on, and of two at once one wins", async () => {
    expect(said(await owner.api.patch("/v1/billing", { address: { city: "a" } }))).toBe(
      "428 precondition-required",
    );
    expect(expectStatus(await owner.api.get("/v1/billing"), 200).headers.get("etag")).toMatch(/^"0\./);
    const answers = await Promise.all(
      ["a", "b"].map((city) => owner.api.patch("/v1/billing", { address: { city } }, { ifMatch: '"0"' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect(said(await owner.api.patch("/v1/billing", { address: { city: "c" } }, { ifMatch: '"0"' }))).toBe(
      "412 precondition-failed",
    );
    expectStatus(await owner.api.patch("/v1/billing", { address: { city: "c" } }, { ifMatch: '"1"' }), 200);
  });

  it("each account has its own", async () => {
    const other = await createSubscribedAccount(platform, "vendor");
    expectStatus(await owner.api.patch("/v1/billing", { card: CARD_BODY }, ANY), 200);
    expect(expectStatus(await other.api.get<Billing>("/v1/billing"), 200).body).toMatchObject({
      tier: null,
      card: null,
      billedTo: other.memberId,
    });
  });
});

describe("invoices of an account", () => {
  interface Invoice {
    readonly id: string;
    readonly status: string;
    readonly version: number;
  }
  let debtor: Person;
  let themeId: string;
  beforeEach(async () => {
    debtor = await createSubscribedAccount(platform, "team");
    themeId = await newTheme(platform, { priceAmount: 100 });
  });
  const of = (path: string) => `/v1/accounts/${debtor.accountId}/invoices/${path}`;
  const bought = async () =>
    expectStatus(
      await debtor.api.post<{ invoiceId: string }>("/v1/licenses/purchase", { themeId }, idempotentIn()),
      201,
    ).body.invoiceId;

  it("are settled or canceled by the platform, once, in both trails", async () => {
    for (const [verb, status] of [
      ["settle", "paid"],
      ["cancel", "canceled"],
    ] as const) {
      const id = await bought();
      expect(said(await platform.post(of(`${id}/${verb}`), undefined, { ifMatch: '"7"' }))).toBe(
        "412 precondition-failed",
      );
      expect(expectStatus(await platform.post<Invoice>(of(`${id}/${verb}`)), 200).body).toMatchObject({
        id,
        status,
        version: 2,
      });
      expect(expectStatus(await debtor.api.get<Invoice>(`/v1/invoices/${id}`), 200).body.status).toBe(status);
      for (const again of ["settle", "cancel"])
        expect(said(await platform.post(of(`${id}/${again}`), {}))).toBe("409 conflict/state");
      for (const who of [debtor.api, platform]) {
        const { data } = expectStatus(
          await who.get<{ data: { resource: { id: string }; changes: object }[] }>(
            "/v1/audit?action=invoice.edit&limit=100",
          ),
          200,
        ).body;
        expect(data.filter(({ resource }) => resource.id === id).map(({ changes }) => changes)).toMatchObject(
          [{ before: { status: "open" }, after: { status } }],
        );
      }
    }
  });

  it("are so once under one key, and of two at once one wins", async () => {
    const [id, other, command] = [await bought(), await bought(), idempotentIn()];
    for (const _ of ["first", "again"])
      expect(
        expectStatus(await platform.post<Invoice>(of(`${id}/settle`), {}, command), 200).body.status,
      ).toBe("paid");
    const answers = await Promise.all(
      ["settle", "cancel"].map((verb) => platform.post(of(`${other}/${verb}`), {})),
    );
    expect(answers.map(said).sort()).toEqual(["200", "409 conflict/state"]);
  });

  it("are there for the platform only, and under their own account", async () => {
    const id = await bought();
    const other = await createSubscribedAccount(platform, "team");
    for (const who of [debtor, owner, operator])
      for (const verb of ["settle", "cancel"]) expect(said(await who.api.post(of(`${id}/${verb}`)))).toBe(NO);
    for (const path of [
      `/v1/accounts/${other.accountId}/invoices/${id}`,
      of("ivc_none"),
      `/v1/accounts/acc_none/invoices/${id}`,
    ])
      expect(said(await platform.post(`${path}/settle`))).toBe("404 not-found");
  });
});

describe("analytics", () => {
  const counts = async (who: Person) =>
    expectStatus(
      await who.api.get<{ data: { type: string; status: string; count: number }[] }>("/v1/analytics"),
      200,
    ).body.data;

  it("S0.24 an analytics grant gives counts, and nothing else", async () => {
    for (const name of ["Editor", "Renderer"]) await createObject(owner, "products", { name });
    expect(said(await operator.api.get("/v1/analytics"))).toBe(NO);
    await give({ resourceType: "analytics", access: "view" });
    expect(await counts(operator)).toEqual([{ type: "product", status: "active", count: 2 }]);
    for (const path of ["products", "customers", "billing", "invoices", "access-tokens", "audit", "members"])
      expect(said(await operator.api.get(`/v1/${path}`)), path).toBe(NO);
    expect(await counts(await createSubscribedAccount(platform, "vendor"))).toEqual([]);
  });

  it("S0.25 with any level, analytics can only be read", async () => {
    const rights = async () =>
      expectStatus(await operator.api.get<{ rights: string[] }>("/v1/me"), 200).body.rights;
    for (const access of ["view", "edit", "owner"]) {
      await give({ resourceType: "analytics", access });
      expect(await rights()).toEqual(["analytics.view"]);
      const answers = [
        await operator.api.post("/v1/analytics", {}),
        await operator.api.patch("/v1/analytics", {}),
        await operator.api.put("/v1/analytics", {}),
        await operator.api.del("/v1/analytics"),
      ];
      expect(answers.map(said)).toEqual(Array.from({ length: 4 }, () => "405 method-not-allowed"));
    }
  });
});

describe("tiers", () => {
  interface Choosing {
    readonly tier: string | null;
    readonly choice: { tier: string; invoiceId: string } | null;
  }
  let count = 0;
  const price = (amount: number) => ({ amount, currency: "EUR" });
  /** A new tier of the platform's list, by its key. */
  async function tier(more: object): Promise<string> {
    const key = `t${(count += 1)}`;
    expectStatus(
      await platform.post("/v1/tiers", {
        key,
        names: { en: `Tier ${key}`, ru: `Тариф ${key}` },
        price: price(900),
        ...more,
      }),
      201,
    );
    return key;
  }
  const free = (more: object = {}) => tier({ price: price(0), selfService: true, ...more });
  const choose = (key: string, who = owner.api) => who.patch<Choosing>("/v1/billing", { tier: key }, ANY);
  const chosen = async (key: string, who = owner.api) => expectStatus(await choose(key, who), 200).body;
  const card = async () =>
    expectStatus(
      await platform.get<{ plan: object; subscription: object }>(`/v1/accounts/${owner.accountId}`),
      200,
    ).body;
  const balance = async () =>
    expectStatus(await platform.get(`/v1/accounts/${owner.accountId}/credits`), 200).body["balance"];
  const end = (invoiceId: string, verb: string) =>
    platform.post(`/v1/accounts/${owner.accountId}/invoices/${invoiceId}/${verb}`, {});
  const status = async (id: string) =>
    expectStatus(await owner.api.get(`/v1/invoices/${id}`), 200).body["status"];
  const subscribe = (body: object) =>
    platform.put(`/v1/accounts/${owner.accountId}/subscription`, { status: "active", ...body });

  it("K16 S0.27 a chosen tier waits with an invoice, and comes once the platform settles it", async () => {
    expectStatus(
      await platform.put(`/v1/accounts/${owner.accountId}/plan`, { restrictedAccounts: false }),
      200,
    );
    const key = await tier({ features: { restrictedAccounts: true, memberLimit: 9 }, creditsPerMonth: 50 });
    const { tier: now, choice } = await chosen(key);
    expect([now, choice]).toMatchObject([null, { tier: key }]);
    expect((await chosen(key)).choice).toEqual(choice);
    const { data } = expectStatus(await owner.api.get<{ data: object[] }>("/v1/invoices"), 200).body;
    expect(data).toMatchObject([
      { id: choice?.invoiceId, amount: 900, currency: "EUR", billedTo: owner.memberId, status: "open" },
    ]);
    expect([await card(), await balance()]).toMatchObject([
      { plan: { restrictedAccounts: false }, subscription: { tier: null } },
      0,
    ]);
    expect(said(await owner.api.post(`/v1/invoices/${choice?.invoiceId}/settle`, {}))).toBe(NO);
    expectStatus(await end(choice?.invoiceId ?? "", "settle"), 200);
    expect(await card()).toMatchObject({
      plan: { restrictedAccounts: true, memberLimit: 9 },
      subscription: { status: "active", tier: key, currentPeriodEnd: null },
    });
    expect([
      await balance(),
      expectStatus(await owner.api.get<Choosing>("/v1/billing"), 200).body,
    ]).toMatchObject([50, { tier: key, choice: null }]);
    expectStatus(await subscribe({ tier: key }), 200);
    expect(await balance()).toBe(50);
  });

  it("K16 another choice, a canceled invoice, or the tier in force ends the choice before", async () => {
    const [one, two, has] = [await tier({}), await tier({}), await tier({})];
    expectStatus(await subscribe({ tier: has }), 200);
    const [first, second] = [
      (await chosen(one)).choice?.invoiceId ?? "",
      (await chosen(two)).choice?.invoiceId ?? "",
    ];
    expect([await status(first), await status(second)]).toEqual(["canceled", "open"]);
    expect(said(await end(first, "settle"))).toBe("409 conflict/state");
    expectStatus(await end(second, "cancel"), 200);
    expect(expectStatus(await owner.api.get<Choosing>("/v1/billing"), 200).body).toMatchObject({
      tier: has,
      choice: null,
    });
    const third = (await chosen(one)).choice?.invoiceId ?? "";
    expect(await chosen(has)).toMatchObject({ tier: has, choice: null });
    expect([await status(third), (await card()).subscription]).toMatchObject(["canceled", { tier: has }]);
    await chosen(one);
    expectStatus(await subscribe({ tier: one }), 200);
    expect(expectStatus(await owner.api.get<Choosing>("/v1/billing"), 200).body).toMatchObject({
      tier: one,
      choice: null,
    });
  });

  it("K16 a free selfService tier works at once and gives its credits once in a period", async () => {
    const [one, two] = [
      await free({ creditsPerMonth: 20, features: { memberLimit: 5 } }),
      await free({ creditsPerMonth: 70 }),
    ];
    expect(await chosen(one)).toMatchObject({ tier: one, choice: null });
    expect([await card(), await balance()]).toMatchObject([
      { plan: { memberLimit: 5 }, subscription: { status: "active", tier: one } },
      20,
    ]);
    for (const key of [one, two, one]) await chosen(key);
    await Promise.all([choose(one), choose(two)]);
    expect(await balance()).toBe(20);
    // The ledger remembers what the database forgets; another month is another period.
    await env.DB.prepare("DELETE FROM tier_credit WHERE account_id = ?").bind(owner.accountId).run();
    await chosen(two);
    expect(await balance()).toBe(20);
    await env.DB.prepare(
      "UPDATE tier_credit SET period = 'free:2020-01', given_at = NULL WHERE account_id = ?",
    )
      .bind(owner.accountId)
      .run();
    await sweepTierCredits(env, 0);
    expect(await balance()).toBe(90);
    expectStatus(await subscribe({ status: "past_due", tier: one }), 200);
    expect(said(await choose(two))).toBe("409 conflict/state");
  });

  it("K16 credits of a tier that a crash left behind are given by the sweep, once", async () => {
    const key = await free({ creditsPerMonth: 30 });
    await env.DB.prepare(
      "CREATE TRIGGER crash BEFORE UPDATE ON tier_credit WHEN NEW.given_at IS NOT NULL " +
        "BEGIN SELECT RAISE(ABORT, 'crash'); END",
    ).run();
    await chosen(key);
    await env.DB.prepare("DROP TRIGGER crash").run();
    const due = () =>
      env.DB.prepare("SELECT COUNT(*) AS n FROM tier_credit WHERE account_id = ? AND given_at IS NULL")
        .bind(owner.accountId)
        .first("n");
    expect(await due()).toBe(1);
    await Promise.all([sweepTierCredits(env, 0), sweepTierCredits(env, 0)]);
    expect([await due(), await balance()]).toEqual([0, 30]);
  });

  it("K16 billing.edit by a grant chooses, and never gives restrictedAccounts by itself", async () => {
    await give({ resourceType: "billing", access: "edit" });
    const paid = await tier({ features: { restrictedAccounts: true } });
    expect((await chosen(paid, operator.api)).choice).toMatchObject({ tier: paid });
    const key = { key: "sly", names: { en: "Sly", ru: "Sly" } };
    for (const body of [{ price: price(0), features: { restrictedAccounts: true } }, { price: price(1) }]) {
      expect(said(await platform.post("/v1/tiers", { ...key, ...body, selfService: true }))).toBe(
        "422 validation",
      );
    }
    const gift = await free();
    for (const patch of [{ features: { restrictedAccounts: true } }, { price: price(1) }]) {
      expect(said(await platform.patch(`/v1/tiers/${gift}`, patch, ANY))).toBe("422 validation");
    }
    expect(said(await platform.patch(`/v1/tiers/${paid}`, { selfService: true }, ANY))).toBe(
      "422 validation",
    );
    // Free, but not for members to put in force.
    const granted = await tier({ price: price(0), features: { restrictedAccounts: true } });
    expect((await chosen(granted, operator.api)).choice).toMatchObject({ tier: granted });
    expect((await card()).subscription).toMatchObject({ tier: null });
  });

  it("K16 a tier that is unknown or not offered is refused; one that is named stays", async () => {
    const hidden = await tier({ offered: false });
    for (const key of ["gold", hidden, hidden.toUpperCase(), "__proto__", "' OR 1=1 --"])
      expect(said(await choose(key)), key).toBe("422 validation");
    expect(said(await subscribe({ tier: "gold" }))).toBe("422 validation");
    const account = {
      kind: "team",
      name: "T",
      owner: { email: "tiers@example.com", firstName: "T", lastName: "T" },
    };
    expect(
      said(
        await platform.post(
          "/v1/accounts",
          { ...account, subscription: { status: "active", tier: "gold" } },
          idempotentIn(),
        ),
      ),
    ).toBe("422 validation");
    const at = { pointer: "/at", as: "time" };
    const rule = (value: string) => ({
      when: { type: "x" },
      then: {
        action: "set_subscription",
        accountId: { pointer: "/a" },
        status: { value: "active" },
        tier: { value },
        at,
      },
    });
    const hook = (value: string) =>
      platform.post(
        "/v1/hooks",
        { name: "H", scheme: "standard", mapping: { typeAt: "/type", rules: [rule(value)] } },
        idempotentIn(),
      );
    expect(said(await hook("gold"))).toBe("422 validation");
    expectStatus(await hook(hidden), 201);
    expect(said(await platform.del(`/v1/tiers/${hidden}`))).toBe("409 conflict/not-removable");
    const credits = await tier({ creditsPerMonth: 8, features: { memberLimit: 3 } });
    const founded = expectStatus(
      await platform.post<{ id: string; plan: object }>(
        "/v1/accounts",
        { ...account, subscription: { status: "active", tier: credits } },
        idempotentIn(),
      ),
      201,
    ).body;
    expect([
      founded.plan,
      expectStatus(await platform.get(`/v1/accounts/${founded.id}/credits`), 200).body["balance"],
    ]).toMatchObject([{ memberLimit: 3 }, 8]);
    expect(said(await platform.del(`/v1/tiers/${credits}`))).toBe("409 conflict/not-removable");
    const { data } = expectStatus(
      await operator.api.get<{ data: { key: string }[] }>("/v1/tiers?limit=100"),
      200,
    ).body;
    expect([data.some(({ key }) => key === hidden), data.some(({ key }) => key === credits)]).toEqual([
      false,
      true,
    ]);
    for (const who of [owner.api, operator.api])
      expect(
        said(await who.post("/v1/tiers", { key: "mine", names: { en: "M", ru: "M" }, price: price(0) })),
      ).toBe(NO);
  });
});
