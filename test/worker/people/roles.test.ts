import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, type CallOptions, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount, newApiKey, newMember, type Person, activateSubscription } from "../../harness/people.ts";
import {
  fetch,
  createPlatform,
  replaceGrants,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

let platform: Api;
let vendor: Person;
let team: Person;
/** A seller, a customer's organization of it, and people in both. */
let seller: Person;
let customers: Person;

beforeAll(async () => {
  platform = await createPlatform();
  [vendor, team, seller] = [
    await createSubscribedAccount(platform, "vendor"),
    await createSubscribedAccount(platform, "team"),
    await createSubscribedAccount(platform, "seller"),
  ];
  customers = await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId });
});

interface Listed {
  readonly key: string;
  readonly level: string;
  readonly name: string;
  readonly preset: boolean;
  readonly suggested: boolean;
  readonly mayGive: boolean;
  readonly rank: number;
  readonly mayInvite: string[];
  readonly rights: { right: string; scope: string }[];
}
const SPEAKS = (language: string): CallOptions => ({ headers: { "accept-language": language } });
const list = async (who: { readonly api: Api }, query = "", ask: CallOptions = {}) =>
  expectStatus(await who.api.get<{ data: Listed[] }>(`/v1/roles${query}`, ask), 200).body.data;
const keys = async (who: { readonly api: Api }, query = "", ask: CallOptions = {}) =>
  (await list(who, query, ask)).map(({ key }) => key);
const given = async (who: { readonly api: Api }, query = "") =>
  (await list(who, query)).filter(({ mayGive }) => mayGive).map(({ key }) => key);
const settings = async (account: Person, more: object) =>
  expectStatus(
    await account.api.patch(`/v1/accounts/${account.accountId}`, { settings: more }, { ifMatch: "*" }),
    200,
  );
const below = (account: Person): CallOptions => ({ headers: { "tollgate-account": account.accountId } });
const add = (owner: Person, roles: readonly string[], more: object = {}) =>
  newMember(fetch, owner, { roles, ...more });

describe("S3.53 rights with a hint", () => {
  interface Rights {
    readonly model: string;
    readonly data: { code: string; category: string; title: string; description: string; hint: string }[];
    readonly levels: { access: string; name: string }[];
    readonly grants: {
      resourceType: string;
      access: string;
      resourceId: string;
      gives: string[];
      derives: string[];
    }[];
  }
  const rights = async (who: { readonly api: Api }, ask: CallOptions = {}) =>
    expectStatus(await who.api.get<Rights>("/v1/rights", ask), 200);

  test("S3.53, S0.12 every right and access level is described, for every member to read", async () => {
    const [owner, operator] = [await rights(vendor), await rights(await add(vendor, ["operator"]))];
    expect(operator.body).toEqual(owner.body);
    expect(owner.body.data.find(({ code }) => code === "license_key.view")).toEqual({
      code: "license_key.view",
      category: "license_key",
      title: "License keys",
      description: "See license keys.",
      hint: "See license keys. Comes with access to: Products (view, edit, owner).",
    });
    expect(
      owner.body.data.filter(
        ({ description, hint }) => description.length < 5 || !hint.startsWith(description),
      ),
    ).toEqual([]);
    expect(owner.body.levels.map(({ access, name }) => [access, name])).toEqual([
      ["view", "View"],
      ["edit", "Edit"],
      ["owner", "Owner"],
    ]);
    expect(owner.body.data.map(({ code }) => code)).not.toContain("license.provision");
    expect((await rights(team)).body.data.map(({ code }) => code)).toContain("license.provision");
    expect((await rights(customers)).body.data.map(({ code }) => code)).not.toContain("markup.view");
  });

  test("S0.18 with what each grant gives and derives, as grants then do", async () => {
    const { body } = await rights(vendor);
    const rule =
      body.grants.find(
        (each) => each.resourceType === "product" && each.access === "edit" && each.resourceId === "0",
      ) ?? expect.fail();
    const operator = await add(vendor, ["operator"]);
    await replaceGrants(vendor, operator.memberId, [{ resourceType: "product", access: "edit" }]);
    const { rights: held } = expectStatus(await operator.api.get<{ rights: string[] }>("/v1/me"), 200).body;
    expect([...rule.gives, ...rule.derives].sort()).toEqual(held);
  });

  test("S3.54 the hint's language is the header's, else the member's, else the account's", async () => {
    const spoken = async (who: { readonly api: Api }, ask: CallOptions = {}) => {
      const { headers, body } = await rights(who, ask);
      const { hint = "", title } = body.data.find(({ code }) => code === "product.view") ?? {};
      expect([headers.get("vary"), hint.startsWith("Просмотр продуктов."), title === "Продукты"]).toEqual([
        "Accept-Language",
        hint.startsWith("П"),
        hint.startsWith("П"),
      ]);
      return [headers.get("content-language"), hint.slice(0, 4)];
    };
    const [english, russian] = [
      ["en", "See "],
      ["ru", "Прос"],
    ];
    const owner = await createSubscribedAccount(platform, "vendor");
    const nina = await add(owner, ["owner"], { language: "ru" });
    expect([
      await spoken(owner),
      await spoken(nina),
      await spoken(nina, SPEAKS("en-GB, ru;q=0.5")),
      await spoken(owner, SPEAKS("ru-RU,ru;q=0.9,en;q=0.8")),
    ]).toEqual([english, russian, english, russian]);
    await settings(owner, { locale: "ru" });
    expect([
      await spoken(owner),
      await spoken(await add(owner, ["owner"], { language: "en" })),
      await spoken(owner, SPEAKS("de, *;q=0.5")),
    ]).toEqual([russian, english, russian]);
    for (const path of ["/v1/roles", "/v1/roles/matrix", "/v1/grant-presets"]) {
      expect(expectStatus(await owner.api.get(path), 200).headers.get("content-language"), path).toBe("ru");
    }
  });
});

describe("roles", () => {
  test("S1.5 a team has exactly admin, member and viewer, with what each may do", async () => {
    const roles = await list(team);
    expect(roles.map(({ key, name, rank, preset, mayGive }) => [key, name, rank, preset, mayGive])).toEqual([
      ["admin", "Admin", 30, true, true],
      ["member", "Member", 20, true, true],
      ["viewer", "Viewer", 10, true, true],
    ]);
    expect(roles[2]?.rights).toEqual([
      { right: "catalog.view", scope: "all" },
      { right: "license.view", scope: "active" },
      { right: "report.download", scope: "all" },
    ]);
    expect(roles.filter(({ suggested }) => suggested).map(({ key }) => key)).toEqual(["member"]);
    expect((await list(team, "", SPEAKS("ru"))).map(({ name }) => name)).toEqual([
      "Администратор",
      "Участник",
      "Наблюдатель",
    ]);
    const viewer = await add(team, ["viewer"]);
    expect([await keys(viewer), await given(viewer)]).toEqual([["admin", "member", "viewer"], []]);
    for (const role of ["admin", "member", "viewer"])
      expectStatus(
        await team.api.post(
          "/v1/members",
          { firstName: "A", lastName: "B", email: `${newIdempotencyKey()}@example.com`, roles: [role] },
          { idempotencyKey: newIdempotencyKey() },
        ),
        201,
      );
    for (const role of ["owner", "operator", "guest"]) {
      expect(
        said(
          await team.api.post(
            "/v1/members",
            { firstName: "A", lastName: "B", email: `${newIdempotencyKey()}@example.com`, roles: [role] },
            { idempotencyKey: newIdempotencyKey() },
          ),
        ),
        role,
      ).toBe("422 validation");
    }
  });

  test("a narrowed key is answered that it gives no role beyond itself", async () => {
    const key = await newApiKey(fetch, team, team.memberId, {
      scopes: ["member.create", "member.view", "catalog.view", "license.view", "report.download"],
    });
    expect(await given({ api: api(fetch, key) })).toEqual(["viewer"]);
    const blind = await newApiKey(fetch, team, team.memberId, {
      scopes: ["catalog.view", "license.view", "report.download"],
    });
    expect(await given({ api: api(fetch, blind) })).toEqual([]);
  });

  test("S2.9 the seller's roles and customer_admin are offered, and give, the same `customer`", async () => {
    await settings(seller, { billingAdminVisibleToCustomer: false, inviteOnlyAdmins: false });
    const role = async (who: { readonly api: Api }, ask: CallOptions = {}) =>
      (await list(who, "", ask)).find(({ key }) => key === "customer");
    const [bySeller, byCustomer, inside] = [
      await role(seller),
      await role(customers),
      await role(seller, below(customers)),
    ];
    expect(bySeller).toMatchObject({ level: "customer", mayGive: true });
    expect([byCustomer, inside]).toEqual([bySeller, bySeller]);
    expect(await keys(seller, "?level=customer")).toEqual(["customer_admin", "customer"]);
    const organization = [{ resourceType: "organization", access: "view" }];
    for (const inviter of [
      "subscriptions_manager",
      "product_manager",
      "seller_billing_admin",
      "support_agent",
    ]) {
      expect(await given(await add(seller, [inviter], { grants: organization })), inviter).toEqual([
        "customer_admin",
        "customer",
      ]);
    }
    expect(await given(await add(seller, ["reseller_report"]))).toEqual([]);
    const rightsOf = async (who: Person) =>
      expectStatus(await who.api.get<{ rights: string[] }>("/v1/me"), 200).body.rights;
    const [own, fromAbove] = [
      await add(customers, ["customer"]),
      expectStatus(
        await seller.api.post<{ id: string }>(
          "/v1/members",
          { firstName: "C", lastName: "D", email: "c@example.com", roles: ["customer"] },
          { ...below(customers), idempotencyKey: newIdempotencyKey() },
        ),
        201,
      ),
    ];
    const second = await newApiKey(fetch, customers, fromAbove.body.id);
    expect(await rightsOf({ ...own, api: api(fetch, second) })).toEqual(await rightsOf(own));
  });

  test("S2.10 the billing admin is hidden from customers until the seller makes it visible", async () => {
    const admin = await add(customers, ["customer_admin"]);
    const person = () => ({
      firstName: "B",
      lastName: "A",
      email: `${newIdempotencyKey()}@example.com`,
      roles: ["customer_billing_admin"],
    });
    const columns = async (who: { readonly api: Api }, query = "") =>
      expectStatus(
        await who.api.get<{ columns: { role: string }[] }>(`/v1/roles/matrix${query}`),
        200,
      ).body.columns.map(({ role }) => role);
    const seen = async () =>
      [
        await keys(admin),
        await keys(seller, "?level=customer"),
        await keys(seller, "", below(customers)),
        await columns(admin),
      ].map((names) => names.includes("customer_billing_admin"));
    await settings(seller, { billingAdminVisibleToCustomer: false });
    expect(await seen()).toEqual([false, false, false, false]);
    expect(await columns(seller, "?level=customer")).toEqual([
      "customer",
      "customer_admin",
      "customer_billing_admin",
    ]);
    expect(said(await admin.api.post("/v1/members", person(), { idempotencyKey: newIdempotencyKey() }))).toBe(
      "422 validation",
    );
    await settings(seller, { billingAdminVisibleToCustomer: true });
    expect(await seen()).toEqual([true, true, true, true]);
    expectStatus(await admin.api.post("/v1/members", person(), { idempotencyKey: newIdempotencyKey() }), 201);
    const customer = await add(customers, ["customer"]);
    expect(await given(customer)).toEqual([]);
    await settings(seller, { customersMayInviteBillingAdmin: true });
    expect(await given(customer)).toEqual(["customer_billing_admin"]);
  });

  test("S2.11 for a customer's organization the role `customer` is suggested to every caller", async () => {
    const suggested = async (who: { readonly api: Api }, query = "", ask: CallOptions = {}) =>
      (await list(who, query, ask))
        .filter((role) => role.suggested && role.level === "customer")
        .map(({ key }) => key);
    expect([
      await suggested(customers),
      await suggested(seller),
      await suggested(seller, "?level=customer"),
      await suggested(seller, "", below(customers)),
    ]).toEqual([["customer"], ["customer"], ["customer"], ["customer"]]);
  });

  test("with inviteOnlyAdmins only admins may give any role, and the list says so", async () => {
    const [manager, admin] = [
      await add(seller, ["account_manager"]),
      await add(customers, ["customer_admin"]),
    ];
    expect((await given(manager)).length).toBeGreaterThan(3);
    await settings(seller, { inviteOnlyAdmins: true });
    expect([await given(manager), await given(admin), (await given(seller)).length > 10]).toEqual([
      [],
      [],
      true,
    ]);
    await settings(seller, { inviteOnlyAdmins: false });
  });

  test("a level is the own one or one below; any other is 422", async () => {
    for (const [who, level] of [
      [customers, "seller"],
      [seller, "distributor"],
      [seller, "team"],
      [team, "customer"],
      [seller, "nonsense"],
      [seller, "customer_org"],
    ] as const) {
      for (const path of ["roles", "roles/matrix"])
        expect(said(await who.api.get(`/v1/${path}?level=${level}`)), `${path} ${level}`).toBe(
          "422 validation",
        );
    }
    expect(await keys(team, "?level=team")).toEqual(["admin", "member", "viewer"]);
  });
});

describe("S2.5 the table of roles over HTTP", () => {
  interface Table {
    readonly levels: string[];
    readonly columns: { role: string; level: string }[];
    readonly rows: { area: string; title: string; cells: Record<string, string> }[];
  }
  const table = async (query: string, ask: CallOptions = {}) =>
    expectStatus(await seller.api.get<Table>(`/v1/roles/matrix${query}`, ask), 200).body;

  test("S2.6, S2.8 of sellers, of customers, and of both", async () => {
    const [sellers, those, both] = [
      await table("?level=seller"),
      await table("?level=customer"),
      await table(""),
    ];
    expect([sellers.levels, those.levels, both.levels]).toEqual([
      ["seller"],
      ["customer"],
      ["seller", "customer"],
    ]);
    expect(sellers.columns.length + those.columns.length).toBe(both.columns.length);
    const settingsRow = sellers.rows.find(({ area }) => area === "settings")?.cells ?? {};
    expect([
      settingsRow["seller_admin"],
      settingsRow["seller_agent_admin"],
      settingsRow["support_agent"],
    ]).toEqual(["E", "V, not currency and authentication", "-"]);
    expect(those.rows.map(({ cells }) => cells["customer_admin"])).toEqual([
      "V own",
      "V, purchase",
      "E own",
      "-",
      "-",
      "-",
      "V own",
      "E own",
      "-",
      "V own",
    ]);
    for (const [index, { cells }] of both.rows.entries())
      expect(cells).toEqual({ ...sellers.rows[index]?.cells, ...those.rows[index]?.cells });
    expect((await table("", SPEAKS("ru"))).rows[0]?.title).toBe("Организации");
  });
});

describe("S0.9 bundles of grants", () => {
  test("S0.9 the recommended pair is two grants: edit products, own customers", async () => {
    const { data } = expectStatus(
      await vendor.api.get<{ data: { key: string; grants: object[] }[] }>("/v1/grant-presets"),
      200,
    ).body;
    const pair = [
      { resourceType: "product", resourceId: "0", access: "edit" },
      { resourceType: "customer", resourceId: "0", access: "owner" },
    ];
    expect(data.map(({ key, grants: bundle }) => [key, bundle])).toEqual([["recommended_operator", pair]]);
    const operator = await add(vendor, ["operator"], {
      grants: [{ resourceType: "analytics", access: "view" }],
    });
    const put = (body: object, whom = operator, who = vendor) =>
      who.api.put<{ grants: object[] }>(`/v1/members/${whom.memberId}/grants`, body);
    expect(expectStatus(await put({ preset: "recommended_operator" }), 200).body.grants).toEqual(
      expect.arrayContaining(pair),
    );
    expect(
      expectStatus(await vendor.api.get<{ grants: object[] }>(`/v1/members/${operator.memberId}`), 200).body
        .grants.length,
    ).toBe(2);
    const product = await createObject(vendor, "products", { name: "Editor" });
    expectStatus(
      await operator.api.post(
        "/v1/license-keys",
        { productId: product },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    );
    expect(said(await operator.api.del(`/v1/products/${product}`))).toBe("403 access/denied");
    for (const body of [
      { preset: "nonsense" },
      { preset: "constructor" },
      { preset: "recommended_operator", grants: [] },
      {},
    ])
      expect(said(await put(body)), JSON.stringify(body)).toBe("422 validation");
    expect(expectStatus(await team.api.get<{ data: [] }>("/v1/grant-presets"), 200).body.data).toEqual([]);
    expect(said(await put({ preset: "recommended_operator" }, await add(team, ["member"]), team))).toBe(
      "422 validation",
    );
    expect(said(await put({ preset: "recommended_operator" }, operator, operator))).toBe("403 access/denied");
  });

  test("a plan without restricted accounts leaves operators nothing but /v1/me", async () => {
    const owner = await newAccount(fetch, platform, "vendor");
    await activateSubscription(platform, owner.accountId);
    const operator = await add(owner, ["operator"]);
    expectStatus(
      await platform.put(`/v1/accounts/${owner.accountId}/plan`, {
        restrictedAccounts: false,
        memberLimit: null,
        contactUrl: null,
      }),
      200,
    );
    for (const path of ["rights", "roles", "roles/matrix", "grant-presets"])
      expect(said(await operator.api.get(`/v1/${path}`)), path).toBe("402 plan/feature-required");
    expectStatus(await operator.api.get("/v1/me"), 200);
  });
});
