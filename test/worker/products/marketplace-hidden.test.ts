import { beforeAll, describe, expect, it } from "vitest";
import { api as credentialed, type Api, expectStatus, type Reply } from "../../harness/client.ts";
import { forgeCursor } from "../../harness/forged-cursor.ts";
import { newApiKey, newMember, type Person } from "../../harness/people.ts";
import {
  anyVersion,
  accountHeader,
  newSellerMember,
  createIn,
  INVOICE_BODY,
  idempotentIn,
  MAILBOX_BODY,
  type MarketFixture,
  createMarket,
} from "./marketplace-fixture.ts";
import { fetch, createPlatform, listIds, said, comparableRefusal } from "../access/operators-fixture.ts";

let where: MarketFixture;
let platform: Api;
let seller: Person;
let near: Person;
let far: Person;
let customer: Person;
/** Reaches the near organization only. */
let agent: Person;
let item: string;

beforeAll(async () => {
  platform = await createPlatform();
  where = await createMarket(fetch, platform);
  ({ seller, near, far } = where);
  item = await createIn(seller.api, "catalog", MAILBOX_BODY);
  await createIn(seller.api, "markups", { name: "Secret", percent: 50 });
  customer = await newMember(fetch, near, { roles: ["customer"] });
  agent = await newSellerMember(fetch, where, "seller_agent_admin");
});

const NONE = "acc_01ARZ3NDEKTSV4RRFFQ69G5FAV";
const cursorOf = (id: string) => forgeCursor(JSON.stringify(id), agent.accountId, "/v1/organizations");
const same = (answers: readonly Reply<unknown>[]) =>
  expect(new Set(answers.map(comparableRefusal)).size).toBe(1);
/** What says what something costs the seller, or what the seller adds. */
const SECRET = /costPrice|margin|markup|Secret|1000\b|invoice/i;

/** The seller's roles by what the table says of markups; "-" is no look. */
const MARKUPS = {
  seller_admin: "E",
  account_manager: "E",
  seller_agent_admin: "-",
  subscriptions_manager: "-",
  product_manager: "-",
  seller_billing_admin: "V",
  support_agent: "-",
} as const;

describe("S2.6 K12 what the seller's table says of markups, reports and users", () => {
  it("S2.6 costPrice and markup of a subscription show only to members who may see markups", async () => {
    const bought = await createIn(customer.api, "subscriptions", { catalogItemId: item });
    const here = { headers: accountHeader(near.accountId) };
    for (const [role, cell] of Object.entries(MARKUPS)) {
      const who = await newSellerMember(fetch, where, role);
      const card = expectStatus(await who.api.get(`/v1/subscriptions/${bought}`, here), 200).body;
      const { data } = expectStatus(
        await who.api.get<{ data: object[] }>("/v1/subscriptions", here),
        200,
      ).body;
      for (const told of [card, data[0]])
        expect([role, "costPrice" in (told ?? {}), "markup" in (told ?? {})]).toEqual([
          role,
          cell !== "-",
          cell !== "-",
        ]);
      // The catalogue's cost price goes by its own right.
      expect("costPrice" in expectStatus(await who.api.get(`/v1/catalog/${item}`), 200).body, role).toBe(
        role !== "support_agent",
      );
    }
    const manager = await newSellerMember(fetch, where, "subscriptions_manager");
    const purchase = await manager.api.post(
      "/v1/subscriptions",
      { catalogItemId: item },
      idempotentIn(near.accountId),
    );
    const changed = await manager.api.patch(
      `/v1/subscriptions/${bought}`,
      { quantity: 2 },
      anyVersion(near.accountId),
    );
    const trail = await seller.api.get("/v1/audit?action=subscription.*", here);
    for (const answer of [purchase, changed, trail])
      expect(JSON.stringify(answer.body)).not.toMatch(/costPrice|markup/);
    const token = credentialed(
      fetch,
      await newApiKey(fetch, seller, seller.memberId, {
        scopes: ["organization.view", "subscription.view", "catalog.view_cost"],
      }),
    );
    expect(expectStatus(await token.get(`/v1/subscriptions/${bought}`, here), 200).body).not.toHaveProperty(
      "costPrice",
    );
  });

  it("S2.6 report_viewer_360 has its organizations' rows, a distributor's admin the seller's", async () => {
    await createIn(far.api, "subscriptions", { catalogItemId: item });
    const organizations = async (who: Person, ask: object = {}) => {
      const { rows } = expectStatus(
        await who.api.get<{ rows: { accountId: string }[] }>("/v1/reports/subscriptions", ask),
        200,
      ).body;
      return [near, far].map(({ accountId }) => rows.some((row) => row.accountId === accountId));
    };
    const viewer = await newSellerMember(fetch, where, "report_viewer_360");
    expect(await organizations(viewer)).toEqual([true, false]);
    expect(await organizations(await newMember(fetch, seller, { roles: ["report_viewer_360"] }))).toEqual([
      false,
      false,
    ]);
    // Reports, and nothing else of the organization.
    expect([
      said(await viewer.api.get("/v1/organizations")),
      said(await viewer.api.get("/v1/subscriptions", { headers: accountHeader(near.accountId) })),
    ]).toEqual(["403 access/denied", "404 not-found"]);
    expect(await organizations(where.distributor, { headers: accountHeader(seller.accountId) })).toEqual([
      true,
      true,
    ]);
    const above = await newMember(fetch, where.distributor, {
      roles: ["report_viewer_360"],
      grants: [{ resourceType: "organization", resourceId: seller.accountId, access: "view" }],
    });
    expect(await organizations(above)).toEqual([true, true]);
    expect(await organizations(agent)).toEqual([true, false]);
  });

  it("S2.6 the list of reports is for those who have one", async () => {
    for (const who of [customer, await newMember(fetch, seller, { roles: [], rights: ["catalog.view"] })]) {
      for (const path of ["/v1/reports", "/v1/reports/subscriptions", "/v1/reports/none"])
        expect(said(await who.api.get(path)), path).toBe("403 access/denied");
    }
    expect(
      expectStatus(await agent.api.get<{ data: object[] }>("/v1/reports"), 200).body.data.length,
    ).toBeGreaterThan(0);
  });

  it("K12 an invitation is taken back by those who could give its roles", async () => {
    const [support, admin] = [
      await newSellerMember(fetch, where, "support_agent"),
      await newMember(fetch, seller, { roles: ["seller_admin"] }),
    ];
    const invited = async (role: string) =>
      expectStatus(
        await admin.api.post<{ id: string }>(
          "/v1/invitations",
          {
            firstName: "I",
            lastName: "N",
            email: `${crypto.randomUUID()}@example.com`,
            roles: [role],
            grants: [],
          },
          idempotentIn(),
        ),
        201,
      ).body.id;
    for (const role of ["seller_admin", "account_manager", "support_agent"]) {
      expect(said(await support.api.del(`/v1/invitations/${await invited(role)}`)), role).toBe(
        "403 access/denied",
      );
    }
    for (const path of ["", "/resend"])
      expect(
        said(
          await (path === ""
            ? agent.api.del(`/v1/invitations/${await invited("seller_admin")}`)
            : agent.api.post(`/v1/invitations/${await invited("seller_admin")}${path}`)),
        ),
      ).toBe("403 access/denied");
    expect(said(await agent.api.del(`/v1/invitations/${await invited("subscriptions_manager")}`))).toBe(
      "204",
    );
  });
});

describe("an organization out of reach", () => {
  it("is answered like an unknown one: as an object, as an account acted on, and in a patch", async () => {
    const ids = [far.accountId, where.foreign.accountId, where.rival.accountId, NONE, "nonsense"];
    const asked = [
      (id: string) => agent.api.get(`/v1/organizations/${id}`),
      (id: string) => agent.api.patch(`/v1/organizations/${id}`, { name: "x" }, anyVersion()),
      (id: string) => agent.api.get("/v1/subscriptions", { headers: accountHeader(id) }),
      (id: string) => agent.api.post("/v1/subscriptions", { catalogItemId: item }, idempotentIn(id)),
      (id: string) => customer.api.get("/v1/subscriptions", { headers: accountHeader(id) }),
    ];
    for (const ask of asked) same(await Promise.all(ids.map(ask)));
    const paths = [near, far].map(async ({ accountId }) =>
      said(await customer.api.get(`/v1/accounts/${accountId}`)),
    );
    expect(await Promise.all(paths)).toEqual(["403 access/denied", "403 access/denied"]);
  });

  it("leaves no gap in a list, neither by page sizes nor by a forged cursor", async () => {
    for (const limit of [1, 2, 50])
      expect(await listIds(agent.api, "organizations", limit)).toEqual([near.accountId]);
    const { body } = expectStatus(
      await agent.api.get<{ nextCursor: string | null }>("/v1/organizations?limit=1"),
      200,
    );
    expect(body.nextCursor).toBeNull();
    for (const id of [far.accountId, where.foreign.accountId, NONE, "zzz"]) {
      const { data } = expectStatus(
        await agent.api.get<{ data: { id: string }[] }>(`/v1/organizations?cursor=${cursorOf(id)}`),
        200,
      ).body;
      expect(
        data.every((row) => row.id === near.accountId),
        id,
      ).toBe(true);
    }
  });

  it("is not granted by a member who does not reach it", async () => {
    const { memberId } = await newSellerMember(fetch, where, "subscriptions_manager");
    for (const id of [far.accountId, "0"]) {
      expect(
        said(
          await agent.api.put(`/v1/members/${memberId}/grants`, {
            grants: [{ resourceType: "organization", resourceId: id, access: "view" }],
          }),
        ),
      ).toBe("403 access/denied");
    }
  });

  it("K8 security settings of the account are in no history of a member who may not see them", async () => {
    expectStatus(
      await seller.api.patch(
        `/v1/accounts/${seller.accountId}`,
        {
          name: "Renamed",
          allowedIps: ["0.0.0.0/1", "128.0.0.0/1"],
          allowAny: true,
          confirmLockout: true,
          settings: { currency: "CHF" },
        },
        anyVersion(),
      ),
      200,
    );
    const edits = async (who: Person) =>
      JSON.stringify(
        expectStatus(await who.api.get<{ data: object[] }>("/v1/audit?action=account.*&limit=100"), 200).body
          .data,
      );
    expect(await edits(seller)).toMatch(/allowedIps.*128\.0\.0\.0/);
    const told = await edits(agent);
    expect(told).toContain("Renamed");
    expect(told).not.toMatch(/allowedIps|currency|CHF|128\.0/);
  });

  it("K8 a write that met nothing below is in the log of the caller's own account only", async () => {
    const missing = "sub_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    const path = `/v1/subscriptions/${missing}`;
    const asked = await seller.api.patch(path, { quantity: 2 }, anyVersion(near.accountId));
    expect(said(asked)).toBe("404 not-found");
    const failed = "/v1/audit?action=subscription.edit&outcome=failed&limit=100";
    const told = async (who: Person) =>
      expectStatus(await who.api.get<{ data: { resource: { id: string } }[] }>(failed), 200).body.data.map(
        ({ resource }) => resource.id,
      );
    expect([await told(seller), await told(near)]).toEqual([[missing], []]);
  });

  it("is in the history of the members who reach it, and of no other", async () => {
    expectStatus(
      await seller.api.patch(`/v1/organizations/${far.accountId}`, { name: "Far away" }, anyVersion()),
      200,
    );
    // What one tried oneself stays in one's own log.
    const told = async (who: Person, path: string) =>
      JSON.stringify(
        expectStatus(
          await who.api.get<{ data: { actor?: { memberId: string } }[] }>(`/v1/${path}`),
          200,
        ).body.data.filter(({ actor }) => actor?.memberId !== who.memberId),
      );
    const manager = await newSellerMember(fetch, where, "account_manager");
    for (const path of ["audit?limit=100", "object-log?limit=100"]) {
      expect(await told(manager, path)).toContain(far.accountId);
      expect(await told(agent, path)).not.toContain(far.accountId);
    }
    expectStatus(await seller.api.get(`/v1/organizations/${far.accountId}`), 200);
    const callers = async (who: Person) =>
      new Set(
        expectStatus(
          await who.api.get<{ data: { memberId: string }[] }>("/v1/calls?limit=100"),
          200,
        ).body.data.map((row) => row.memberId),
      );
    // The call log comes a moment later.
    await expect
      .poll(async () => [...(await callers(seller))], { timeout: 20_000 })
      .toEqual(expect.arrayContaining([seller.memberId, agent.memberId, manager.memberId]));
    expect(await callers(agent)).toEqual(new Set([agent.memberId]));
  });
});

describe("what is the seller's own business", () => {
  it("is in no answer to a customer: cards, lists, the catalog, a repeated key", async () => {
    const command = idempotentIn();
    const answers = [
      await customer.api.post<{ id: string }>("/v1/subscriptions", { catalogItemId: item }, command),
      await customer.api.post("/v1/subscriptions", { catalogItemId: item }, command),
    ];
    const { id } = expectStatus(answers[0] as Reply<{ id: string }>, 201).body;
    for (const path of ["subscriptions", `subscriptions/${id}`, "catalog", `catalog/${item}`, "me"])
      answers.push(expectStatus(await customer.api.get(`/v1/${path}`), 200) as never);
    for (const { body } of answers) expect(JSON.stringify(body)).not.toMatch(SECRET);
  });

  it("is not shown again by a repeated key to a member who lost the right since", async () => {
    const manager = await newSellerMember(fetch, where, "account_manager");
    const command = { catalogItemId: item, quantity: 7 };
    const key = idempotentIn(near.accountId);
    expect(expectStatus(await manager.api.post("/v1/subscriptions", command, key), 201).body).toMatchObject({
      costPrice: 1000,
      markup: 50,
    });
    const again = expectStatus(await manager.api.post("/v1/subscriptions", command, key), 201);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(JSON.stringify(again.body)).not.toMatch(/costPrice|markup/);
  });

  it("cannot be filtered, sorted or found by, with the right to see it or without", async () => {
    const id = await createIn(customer.api, "subscriptions", { catalogItemId: item });
    for (const who of [customer, seller]) {
      for (const query of ["costPrice=1000", "markup=50", "sort=costPrice", "margin=40"]) {
        for (const path of ["subscriptions", "catalog"])
          expect(said(await who.api.get(`/v1/${path}?${query}`)), `${path} ${query}`).toBe("422 validation");
      }
    }
    for (const body of [
      { costPrice: 1 },
      { markup: 1 },
      { unitPrice: 1 },
      { quantity: 2, costPrice: 1000 },
    ]) {
      const answer = await customer.api.patch(`/v1/subscriptions/${id}`, body, anyVersion());
      expect(said(answer)).toBe("422 validation");
      expect(JSON.stringify(answer.body)).not.toMatch(/1000/);
    }
  });

  it("is not changed by a member who may not see it, and a guess is answered like any other", async () => {
    const { id: role } = expectStatus(
      await seller.api.post<{ id: string }>(
        "/v1/roles",
        { name: "Editors", description: "d", rights: ["catalog.view", "catalog.edit"], grants: [] },
        idempotentIn(),
      ),
      201,
    ).body;
    const editor = await newMember(fetch, seller, { roles: [role] });
    const tried = [1000, 999, null].map((costPrice) =>
      editor.api.patch(`/v1/catalog/${item}`, { costPrice }, anyVersion()),
    );
    expect((await Promise.all(tried)).map(said)).toEqual([
      "403 access/denied",
      "403 access/denied",
      "403 access/denied",
    ]);
    expect(
      JSON.stringify(
        expectStatus(await editor.api.patch(`/v1/catalog/${item}`, { description: "d" }, anyVersion()), 200)
          .body,
      ),
    ).not.toMatch(/costPrice|margin/);
    expectStatus(await seller.api.patch(`/v1/catalog/${item}`, { costPrice: 1000 }, anyVersion()), 200);
  });

  it("an organization's admin pages through its history without cost, markup, invoice or gap", async () => {
    await createIn(seller.api, "invoices", INVOICE_BODY, near.accountId);
    await createIn(customer.api, "subscriptions", { catalogItemId: item });
    for (const path of ["audit", "object-log"]) {
      const { data } = expectStatus(
        await near.api.get<{ data: { action: string; resource: { type: string } }[] }>(
          `/v1/${path}?limit=100`,
        ),
        200,
      ).body;
      expect(data.map(({ action }) => action)).toContain("subscription.create");
      expect(
        data.filter(({ resource }) => ["invoice", "markup", "billing", "account"].includes(resource.type)),
      ).toEqual([]);
      expect(JSON.stringify(data)).not.toMatch(/costPrice|margin|Secret|invoice/);
      const ids = data.map((row) => (row as unknown as { id: string }).id);
      if (path === "audit") expect(await listIds(near.api, "audit", 3)).toEqual(expect.arrayContaining(ids));
    }
    for (const query of ["action=invoice.*", "resourceType=invoice", "action=markup.create"])
      expect(expectStatus(await near.api.get<{ data: [] }>(`/v1/audit?${query}`), 200).body.data).toEqual([]);
    const seen = expectStatus(
      await seller.api.get<{ data: object[] }>("/v1/audit?action=invoice.create", {
        headers: accountHeader(near.accountId),
      }),
      200,
    ).body.data;
    expect(seen.length).toBeGreaterThan(0);
  });

  it("and the history of a member who may not see markups shows none", async () => {
    const told = async (who: Api) =>
      expectStatus(await who.get<{ data: object[] }>("/v1/audit?action=markup.create"), 200).body.data.length;
    expect([await told(agent.api), await told(seller.api)]).toEqual([0, 1]);
    const { memberId } = await newSellerMember(fetch, where, "account_manager");
    expect(
      await told(credentialed(fetch, await newApiKey(fetch, seller, memberId, { scopes: ["audit.view"] }))),
    ).toBe(1);
  });
});

describe("a refusal reveals nothing", () => {
  it("another seller's item is answered like an unknown one, in a purchase, filter and markup", async () => {
    const theirs = await createIn(where.rival.api, "catalog", MAILBOX_BODY);
    const ids = [theirs, "thm_01ARZ3NDEKTSV4RRFFQ69G5FAV", "nonsense"];
    same(
      await Promise.all(
        ids.map((catalogItemId) => customer.api.post("/v1/subscriptions", { catalogItemId }, idempotentIn())),
      ),
    );
    same(await Promise.all(ids.map((id) => customer.api.get(`/v1/subscriptions?catalogItemId=${id}`))));
    same(
      await Promise.all(
        ids.map((catalogItemId) =>
          seller.api.post("/v1/markups", { name: "x", percent: 1, catalogItemId }, idempotentIn()),
        ),
      ),
    );
    same(
      await Promise.all(
        [where.foreign.accountId, NONE, "nonsense"].map((organizationId) =>
          seller.api.post("/v1/markups", { name: "x", percent: 1, organizationId }, idempotentIn()),
        ),
      ),
    );
  });

  it("an address that is used elsewhere founds an organization like any other", async () => {
    const { email } = expectStatus(await where.foreign.api.get<{ member: { email: string } }>("/v1/me"), 200)
      .body.member;
    const found = (address: string) =>
      seller.api.post(
        "/v1/organizations",
        { name: "Twin", owner: { email: address, firstName: "T", lastName: "T" } },
        idempotentIn(),
      );
    expect([
      (await found(email)).status,
      (await found("unused@example.com")).status,
      (await found(email)).status,
    ]).toEqual([201, 201, 201]);
  });
});

it("an organization's markup shows only to members who reach it, in lists, alone and by filter", async () => {
  const markup = (organizationId: string | null) =>
    createIn(seller.api, "markups", { name: "For", percent: 7, organizationId, catalogItemId: item });
  const [forNear, forFar, forAll] = [
    await markup(near.accountId),
    await markup(far.accountId),
    await markup(null),
  ];
  const biller = await newSellerMember(fetch, where, "seller_billing_admin");
  const seen = async (who: Api, query = "") =>
    ((await listIds(who, `markups?catalogItemId=${item}${query}`)) as string[]).sort();
  expect(await seen(seller.api)).toEqual([forNear, forFar, forAll].sort());
  expect(await seen(biller.api)).toEqual([forNear, forAll].sort());
  expect([
    await seen(seller.api, `&organizationId=${far.accountId}`),
    await seen(biller.api, `&organizationId=${near.accountId}`),
  ]).toEqual([[forFar], [forNear]]);
  same(
    await Promise.all(
      [far.accountId, NONE, "nonsense"].map((id) => biller.api.get(`/v1/markups?organizationId=${id}`)),
    ),
  );
  same(await Promise.all([forFar, "mkp_none"].map((id) => biller.api.get(`/v1/markups/${id}`))));
  for (const id of [forNear, forFar, forAll]) expectStatus(await seller.api.del(`/v1/markups/${id}`), 204);
});

describe("the log is no way around", () => {
  const actions = async (who: Api, path: string) =>
    expectStatus(
      await who.get<{ data: { action: string }[] }>(path, { headers: accountHeader(near.accountId) }),
      200,
    ).body.data.map(({ action }) => action);

  it("a key narrowed to the log reads no more below than the whole key", async () => {
    expectStatus(await near.api.post(`/v1/members/${near.memberId}/api-keys`, { name: "private" }), 201);
    const narrow = credentialed(
      fetch,
      await newApiKey(fetch, seller, seller.memberId, { scopes: ["organization.view", "audit.view"] }),
    );
    const [whole, less] = [
      await actions(seller.api, "/v1/audit?limit=100"),
      await actions(narrow, "/v1/audit?limit=100"),
    ];
    expect(less.filter((action) => !whole.includes(action))).toEqual([]);
    expect(less).toContain("subscription.create");
    for (const who of [seller.api, narrow]) {
      const { data } = expectStatus(
        await who.get<{ data: { memberId: string }[] }>("/v1/calls?limit=100", {
          headers: accountHeader(near.accountId),
        }),
        200,
      ).body;
      expect(data.filter(({ memberId }) => memberId === near.memberId)).toEqual([]);
    }
  });

  it("the report of usage counts nothing that the log hides, whole key or narrowed", async () => {
    await createIn(seller.api, "invoices", INVOICE_BODY, near.accountId);
    const narrow = credentialed(
      fetch,
      await newApiKey(fetch, near, near.memberId, { scopes: ["report.download"] }),
    );
    for (const who of [near.api, narrow]) {
      const counted = expectStatus(
        await who.get<{ rows: { action: string }[] }>("/v1/reports/usage"),
        200,
      ).body.rows.map(({ action }) => action);
      expect(counted).toContain("subscription.create");
      expect(counted.filter((action) => /^(invoice|markup|billing)/.test(action))).toEqual([]);
    }
  });
});
