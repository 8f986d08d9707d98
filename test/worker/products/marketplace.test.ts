import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openDb } from "../../../src/kernel/db.ts";
import { presetOfKind } from "../../../src/access/model.ts";
import { listOrganizations } from "../../../src/resources/organization.store.ts";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { fetchWithDelayedWrite } from "../gate/delayed-write.ts";
import {
  anyVersion,
  accountHeader,
  newSellerMember,
  FORM_BODY,
  createIn,
  INVOICE_BODY,
  idempotentIn,
  MAILBOX_BODY,
  type MarketFixture,
  createMarket,
  OFFER_BODY,
} from "./marketplace-fixture.ts";
import { fetch, createPlatform, HOME_IP, listIds, said } from "../access/operators-fixture.ts";

interface Invoice {
  readonly id: string;
  readonly amount: number;
  readonly billedTo: string;
  readonly lines: readonly { quantity: number; unitPrice: number }[];
  readonly status: string;
}
interface Subscription {
  readonly id: string;
  readonly unitPrice: number;
  readonly amount: number;
  readonly quantity: number;
  readonly costPrice?: number;
  readonly markup?: number | null;
}

let platform: Api;
let where: MarketFixture;
let seller: Person;
let near: Person;
let item: string;

beforeAll(async () => {
  platform = await createPlatform();
});
beforeEach(async () => {
  where = await createMarket(fetch, platform);
  ({ seller, near } = where);
  item = await createIn(seller.api, "catalog", MAILBOX_BODY);
});

const buy = async (who: Person, quantity = 1, accountId?: string) =>
  expectStatus(
    await who.api.post<Subscription>(
      "/v1/subscriptions",
      { catalogItemId: item, quantity },
      idempotentIn(accountId),
    ),
    201,
  ).body;
const invoicesOf = async (accountId: string) =>
  expectStatus(
    await seller.api.get<{ data: Invoice[] }>("/v1/invoices", { headers: accountHeader(accountId) }),
    200,
  ).body.data;
const markup = (body: object) => createIn(seller.api, "markups", { name: "Markup", ...body });

describe("roles", () => {
  it("S2.1 the role that an admin gave decides, and only who may give roles changes it", async () => {
    const [manager, agent] = [
      await newSellerMember(fetch, where, "product_manager"),
      await newSellerMember(fetch, where, "support_agent"),
    ];
    const rights = async ({ api: who }: Person) =>
      expectStatus(await who.get<{ rights: string[] }>("/v1/me"), 200).body.rights;
    expect(await rights(manager)).toContain("form.edit");
    expect(await rights(agent)).not.toContain("form.edit");
    const wanted = { roles: ["product_manager"] };
    for (const who of [manager, agent])
      expect(said(await who.api.patch(`/v1/members/${agent.memberId}`, wanted, anyVersion()))).toBe(
        "403 access/denied",
      );
    expectStatus(await seller.api.patch(`/v1/members/${agent.memberId}`, wanted, anyVersion()), 200);
    expect(await rights(agent)).toContain("form.edit");
  });

  it("S2.4 a product manager edits products, quotes and forms; a subscriptions manager no form", async () => {
    const [product, subscriptions] = [
      await newSellerMember(fetch, where, "product_manager"),
      await newSellerMember(fetch, where, "subscriptions_manager"),
    ];
    for (const kind of ["product", "service"]) {
      const id = await createIn(product.api, "cpq", { ...OFFER_BODY, kind });
      expect(expectStatus(await product.api.get<{ kind: string }>(`/v1/cpq/${id}`), 200).body.kind).toBe(
        kind,
      );
      expectStatus(await product.api.patch(`/v1/cpq/${id}`, { price: 400 }, anyVersion()), 200);
    }
    expect(await listIds(product.api, "cpq?kind=service")).toHaveLength(1);
    const form = await createIn(product.api, "forms", FORM_BODY);
    expectStatus(
      await product.api.patch(
        `/v1/forms/${form}`,
        { fields: [{ name: "date", label: "Date", kind: "date", required: true }] },
        anyVersion(),
      ),
      200,
    );
    expect(said(await product.api.post("/v1/markups", { name: "x", percent: 1 }, idempotentIn()))).toBe(
      "403 access/denied",
    );
    expect(said(await subscriptions.api.patch(`/v1/forms/${form}`, { name: "x" }, anyVersion()))).toBe(
      "403 access/denied",
    );
  });

  it("an agent admin sees settings without currency and authentication, a manager all", async () => {
    for (const [role, seen] of [
      ["seller_agent_admin", false],
      ["account_manager", true],
    ] as const) {
      const who = await newSellerMember(fetch, where, role);
      const { body } = expectStatus(
        await who.api.get<{ settings: object }>(`/v1/accounts/${seller.accountId}`),
        200,
      );
      expect(["currency", "membersMayCreateKeys"].map((name) => name in body.settings)).toEqual([seen, seen]);
      expect("allowedIps" in body).toBe(seen);
      expect(said(await who.api.patch(`/v1/accounts/${seller.accountId}`, { name: "x" }, anyVersion()))).toBe(
        "403 access/denied",
      );
    }
  });

  it("reports of a reseller cover every organization; with grants, the granted ones", async () => {
    for (const { accountId } of [near, where.far]) await buy(seller, 1, accountId);
    const covered = async (role: string) => {
      const { api: who } = await newSellerMember(fetch, where, role);
      return expectStatus(await who.get<{ rows: { accountId: string }[] }>("/v1/reports/subscriptions"), 200)
        .body.rows.map((row) => row.accountId)
        .sort();
    };
    const all = [near.accountId, where.far.accountId].sort();
    for (const [role, expected] of [
      ["reseller_report", all],
      ["account_manager", all],
      ["seller_agent_admin", [near.accountId]],
    ] as const)
      expect(await covered(role), role).toEqual(expected);
  });
});

describe("subscriptions", () => {
  it("S2.12 a customer purchases and manages, and sees neither cost nor markup nor invoice", async () => {
    await markup({ percent: 50 });
    const customer = await newMember(fetch, near, { roles: ["customer"] });
    const bought = await buy(customer, 3);
    expect(bought).toMatchObject({
      unitPrice: 1500,
      amount: 4500,
      quantity: 3,
      status: "active",
      catalogItemId: item,
    });
    const changed = expectStatus(
      await customer.api.patch<Subscription>(`/v1/subscriptions/${bought.id}`, { quantity: 2 }, anyVersion()),
      200,
    ).body;
    const canceled = expectStatus(
      await customer.api.post(`/v1/subscriptions/${bought.id}/cancel`, {}),
      200,
    ).body;
    for (const card of [
      bought,
      changed,
      canceled,
      expectStatus(await customer.api.get(`/v1/subscriptions/${bought.id}`), 200).body,
    ]) {
      expect(
        Object.keys(card).filter((name) => /cost|markup|margin|invoice|organization|accountId/i.test(name)),
      ).toEqual([]);
    }
    expect(
      Object.keys(expectStatus(await customer.api.get(`/v1/catalog/${item}`), 200).body).filter((name) =>
        /cost|margin/i.test(name),
      ),
    ).toEqual([]);
    expect(said(await customer.api.get("/v1/invoices"))).toBe("403 access/denied");
    expect(
      expectStatus(
        await seller.api.get(`/v1/subscriptions/${bought.id}`, { headers: accountHeader(near.accountId) }),
        200,
      ).body,
    ).toMatchObject({ costPrice: 1000, markup: 50, status: "canceled" });
  });

  it("a purchase is billed to the organization's owner in the same batch, once for all repeats", async () => {
    const customer = await newMember(fetch, near, { roles: ["customer"] });
    const command = idempotentIn();
    const answers = await Promise.all(
      [1, 2, 3].map(() =>
        customer.api.post<Subscription>("/v1/subscriptions", { catalogItemId: item, quantity: 2 }, command),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await invoicesOf(near.accountId)).toMatchObject([
      { amount: 4000, billedTo: near.memberId, status: "open", lines: [{ quantity: 2, unitPrice: 2000 }] },
    ]);
    expect(await invoicesOf(where.far.accountId)).toEqual([]);
    expect(said(await customer.api.post("/v1/subscriptions", { catalogItemId: item }))).toBe(
      "400 idempotency/missing",
    );
  });

  it("more units cost the price of the purchase; fewer are not paid back; canceled is final", async () => {
    const { id } = await buy(near, 2);
    expectStatus(await seller.api.patch(`/v1/catalog/${item}`, { priceAmount: 9000 }, anyVersion()), 200);
    for (const quantity of [5, 1, 1])
      expectStatus(await near.api.patch(`/v1/subscriptions/${id}`, { quantity }, anyVersion()), 200);
    expect((await invoicesOf(near.accountId)).map(({ amount }) => amount)).toEqual([6000, 4000]);
    expectStatus(await near.api.post(`/v1/subscriptions/${id}/cancel`, {}), 200);
    expect(said(await near.api.patch(`/v1/subscriptions/${id}`, { quantity: 9 }, anyVersion()))).toBe(
      "409 conflict/state",
    );
    expect(said(await near.api.post(`/v1/subscriptions/${id}/cancel`, {}))).toBe("409 conflict/state");
    for (const body of [
      { quantity: 0 },
      { quantity: 1.5 },
      { unitPrice: 1 },
      { costPrice: 1 },
      { markup: 0 },
    ])
      expect(said(await near.api.patch(`/v1/subscriptions/${id}`, body, anyVersion()))).toBe(
        "422 validation",
      );
  });

  it("a retired item gets no more units, also if retired at that moment; fewer are allowed", async () => {
    const { id } = await buy(near, 2);
    const change = (quantity: number, who = near.api) =>
      who.patch(`/v1/subscriptions/${id}`, { quantity }, { ...anyVersion(), ip: HOME_IP });
    expectStatus(
      await near.api.via(fetchWithDelayedWrite(async () => {})).get("/v1/subscriptions", { ip: HOME_IP }),
      200,
    );
    expect(
      said(
        await change(
          3,
          near.api.via(
            fetchWithDelayedWrite(async () => {
              expectStatus(await seller.api.post(`/v1/catalog/${item}/retire`, {}), 200);
            }, 3),
          ),
        ),
      ),
    ).toBe("409 conflict/state");
    expect([said(await change(3)), said(await change(2)), said(await change(1))]).toEqual([
      "409 conflict/state",
      "200",
      "200",
    ]);
    expectStatus(await seller.api.post(`/v1/catalog/${item}/offer`, {}), 200);
    expect(said(await change(2))).toBe("200");
  });

  it("a purchase is answered exactly, and its invoice has only what an invoice may have", async () => {
    const dear = await createIn(seller.api, "catalog", {
      ...MAILBOX_BODY,
      name: "M".repeat(200),
      priceAmount: 1_000_000_000_000,
      costPrice: null,
      margin: null,
    });
    const tried = async (quantity: number) =>
      said(await near.api.post("/v1/subscriptions", { catalogItemId: dear, quantity }, idempotentIn()));
    expect([await tried(9_007), await tried(9_008), await tried(1_000_000)]).toEqual([
      "201",
      "409 conflict/state",
      "409 conflict/state",
    ]);
    const { id } = expectStatus(await near.api.get<{ data: [Subscription] }>("/v1/subscriptions"), 200).body
      .data[0];
    expect(said(await near.api.patch(`/v1/subscriptions/${id}`, { quantity: 18_000 }, anyVersion()))).toBe(
      "409 conflict/state",
    );
    await markup({ percent: 10, catalogItemId: dear });
    expect(await tried(1)).toBe("409 conflict/state");
    const [bill] = await invoicesOf(near.accountId);
    const { lines, title } = bill as Invoice & { title: string };
    expect(
      expectStatus(
        await seller.api.patch<Invoice>(
          `/v1/invoices/${bill?.id}`,
          { lines, title },
          anyVersion(near.accountId),
        ),
        200,
      ).body.amount,
    ).toBe(9_007_000_000_000_000);
    for (const more of [[...lines, ...lines], [{ ...lines[0], quantity: 9_008 }]])
      expect(
        said(await seller.api.patch(`/v1/invoices/${bill?.id}`, { lines: more }, anyVersion(near.accountId))),
      ).toBe("422 validation");
  });

  it("the price is the catalog's, or the cost with the most exact markup on top", async () => {
    const { accountId } = near;
    const prices = async () => [(await buy(near)).unitPrice, (await buy(where.far)).unitPrice];
    expect(await prices()).toEqual([2000, 2000]);
    await markup({ percent: 40 });
    expect(await prices()).toEqual([1400, 1400]);
    await markup({ percent: 45, catalogItemId: item });
    expect(await prices()).toEqual([1450, 1450]);
    await markup({ percent: 60.05, organizationId: accountId });
    expect(await prices()).toEqual([1601, 1450]);
    await markup({ percent: 10, organizationId: accountId, catalogItemId: item });
    expect(await prices()).toEqual([1100, 1450]);
  });

  it("the catalog shows a customer the billed price, and the seller its own entries", async () => {
    const shown = async (who: Person) => {
      const one = expectStatus(await who.api.get<{ priceAmount: number | null }>(`/v1/catalog/${item}`), 200)
        .body.priceAmount;
      const listed = expectStatus(
        await who.api.get<{ data: { id: string; priceAmount: number | null }[] }>("/v1/catalog"),
        200,
      ).body.data.find(({ id }) => id === item)?.priceAmount;
      expect(listed).toBe(one);
      return one;
    };
    const change = async (body: object) =>
      expectStatus(await seller.api.patch(`/v1/catalog/${item}`, body, anyVersion()), 200);
    for (const [step, price] of [
      [async () => {}, 2000],
      [() => markup({ percent: 40 }), 1400],
      [() => change({ costPrice: null }), 2800],
      [() => change({ priceAmount: null }), null],
      [() => change({ costPrice: 500 }), 700],
    ] as const) {
      await step();
      expect(await shown(near)).toBe(price);
      if (price !== null) expect((await buy(near)).unitPrice).toBe(price);
    }
    expect(await shown(seller)).toBe(null);
  });

  it("one markup for an item and an organization: a second is refused", async () => {
    await markup({ percent: 40, catalogItemId: item });
    expect(
      said(
        await seller.api.post(
          "/v1/markups",
          { name: "Again", percent: 50, catalogItemId: item },
          idempotentIn(),
        ),
      ),
    ).toBe("409 conflict/duplicate");
    expect(said(await seller.api.post("/v1/markups", { name: "Gift", percent: -100 }, idempotentIn()))).toBe(
      "422 validation",
    );
  });

  it("retired and unpriced items are not for sale, and another seller's are not found", async () => {
    const free = await createIn(seller.api, "catalog", {
      ...MAILBOX_BODY,
      priceAmount: null,
      costPrice: null,
    });
    const theirs = await createIn(where.rival.api, "catalog", MAILBOX_BODY);
    expectStatus(await seller.api.post(`/v1/catalog/${item}/retire`, {}), 200);
    const tried = async (catalogItemId: string) =>
      said(await near.api.post("/v1/subscriptions", { catalogItemId }, idempotentIn()));
    expect([await tried(item), await tried(free), await tried(theirs), await tried("thm_none")]).toEqual([
      "409 conflict/state",
      "409 conflict/state",
      "404 not-found",
      "404 not-found",
    ]);
  });
});

describe("invoices", () => {
  it("are summed and billed by the server, settled or canceled once, and then change no more", async () => {
    const { accountId, memberId } = near;
    const ask = { headers: accountHeader(accountId) };
    const make = () => seller.api.post<Invoice>("/v1/invoices", INVOICE_BODY, idempotentIn(accountId));
    const [paid, dropped] = [expectStatus(await make(), 201).body, expectStatus(await make(), 201).body];
    expect(paid).toMatchObject({ amount: 300, billedTo: memberId, status: "open" });
    const lines = [{ description: "Setup", quantity: 3, unitPrice: 7 }];
    expect(
      expectStatus(
        await seller.api.patch<Invoice>(`/v1/invoices/${paid.id}`, { lines }, anyVersion(accountId)),
        200,
      ).body.amount,
    ).toBe(21);
    for (const body of [
      { amount: 1 },
      { billedTo: seller.memberId },
      { status: "paid" },
      { lines: [] },
      { lines: [{ ...lines[0], unitPrice: -1 }] },
    ]) {
      expect(said(await seller.api.patch(`/v1/invoices/${paid.id}`, body, anyVersion(accountId)))).toBe(
        "422 validation",
      );
    }
    for (const [id, verb, status] of [
      [paid.id, "settle", "paid"],
      [dropped.id, "cancel", "canceled"],
    ] as const) {
      expect(
        expectStatus(await seller.api.post<Invoice>(`/v1/invoices/${id}/${verb}`, {}, ask), 200).body.status,
      ).toBe(status);
      for (const again of ["settle", "cancel"])
        expect(said(await seller.api.post(`/v1/invoices/${id}/${again}`, {}, ask))).toBe(
          "409 conflict/state",
        );
      expect(said(await seller.api.patch(`/v1/invoices/${id}`, { title: "x" }, anyVersion(accountId)))).toBe(
        "409 conflict/state",
      );
      expect(said(await seller.api.del(`/v1/invoices/${id}`, ask))).toBe("405 method-not-allowed");
    }
    expect(await listIds(seller.api, "invoices?status=open", 3, ask)).toEqual([]);
  });
});

describe("organizations", () => {
  const founding = {
    name: "Films",
    owner: { email: "films@example.com", firstName: "Fay", lastName: "Film" },
  };
  interface Made {
    readonly id: string;
    readonly kind: string;
    readonly owner: { id: string; roles: string[] };
    readonly claim: { token: string };
  }

  const enter = async (token: string) =>
    (await api(fetch, null).post<{ secret: string }>("/v1/auth/claims", { token })).status;

  it("a seller founds a customer's organization, whose owner claims a key and administers it", async () => {
    const made = expectStatus(
      await seller.api.post<Made>("/v1/organizations", founding, { idempotencyKey: newIdempotencyKey() }),
      201,
    ).body;
    expect(made).toMatchObject({ kind: "customer_org", owner: { roles: ["customer_admin"] } });
    const { secret } = expectStatus(
      await api(fetch, null).post<{ secret: string }>("/v1/auth/claims", { token: made.claim.token }),
      201,
    ).body;
    expect(await listIds(api(fetch, secret), "organizations")).toEqual([made.id]);
    expectStatus(await api(fetch, secret).get(`/v1/organizations/${made.id}`), 200);
    expect(await listIds(seller.api, "organizations", 1)).toEqual([
      made.id,
      where.far.accountId,
      near.accountId,
    ]);
    expect(await listIds(where.rival.api, "organizations")).not.toContain(made.id);
  });

  it("K6 an organization's name holds no link, new or changed", async () => {
    for (const name of ["Refund https://evil.example/r", "http:evil-site.com"]) {
      expect(said(await seller.api.post("/v1/organizations", { ...founding, name }, idempotentIn()))).toBe(
        "422 validation",
      );
      expect(
        said(await seller.api.patch(`/v1/organizations/${near.accountId}`, { name }, { ifMatch: "*" })),
      ).toBe("422 validation");
    }
  });

  it("a member who acts by grants reaches what they found at the next call, and nothing else", async () => {
    const agent = await newSellerMember(fetch, where, "seller_agent_admin");
    const { id, claim } = expectStatus(
      await agent.api.post<Made>("/v1/organizations", founding, idempotentIn()),
      201,
    ).body;
    expect(await enter(claim.token)).toBe(201);
    expect(await listIds(agent.api, "organizations")).toEqual([id, near.accountId]);
    expectStatus(await agent.api.get("/v1/subscriptions", { headers: accountHeader(id) }), 200);
    expect(
      said(await agent.api.get("/v1/subscriptions", { headers: accountHeader(where.far.accountId) })),
    ).toBe("404 not-found");
  });

  it("a distributor founds sellers, and customers in those", async () => {
    const { distributor } = where;
    const made = expectStatus(
      await distributor.api.post<Made>("/v1/organizations", founding, idempotentIn()),
      201,
    ).body;
    expect(made).toMatchObject({ kind: "seller", owner: { roles: ["seller_admin"] } });
    expect(await enter(made.claim.token)).toBe(201);
    expect(
      expectStatus(
        await distributor.api.post<Made>("/v1/organizations", founding, idempotentIn(seller.accountId)),
        201,
      ).body,
    ).toMatchObject({ kind: "customer_org" });
    expect(said(await seller.api.post("/v1/organizations", founding, idempotentIn(near.accountId)))).toBe(
      "403 access/denied",
    );
  });

  it("a lost claim is made again, until the owner has a key; the older one ends", async () => {
    const { id, claim, owner } = expectStatus(
      await seller.api.post<Made>("/v1/organizations", founding, idempotentIn()),
      201,
    ).body;
    const claimAgain = () =>
      seller.api.post<{ memberId: string; claim: { token: string } }>(`/v1/organizations/${id}/owner-claims`);
    const { body } = expectStatus(await claimAgain(), 201);
    expect(body.memberId).toBe(owner.id);
    expect([await enter(claim.token), await enter(body.claim.token)]).toEqual([404, 201]);
    expect(said(await claimAgain())).toBe("409 conflict/state");
    const [agent, reader] = [
      await newSellerMember(fetch, where, "seller_agent_admin"),
      await newSellerMember(fetch, where, "support_agent"),
    ];
    expect(said(await agent.api.post(`/v1/organizations/${id}/owner-claims`))).toBe("404 not-found");
    expect(said(await reader.api.post(`/v1/organizations/${near.accountId}/owner-claims`))).toBe(
      "403 access/denied",
    );
  });

  it("S2.3 a member who has every organization has new ones too", async () => {
    const [manager, granted] = [
      await newSellerMember(fetch, where, "account_manager"),
      await newMember(fetch, seller, {
        roles: ["support_agent"],
        grants: [{ resourceType: "organization", resourceId: "0", access: "view" }],
      }),
    ];
    const { id } = expectStatus(
      await seller.api.post<Made>("/v1/organizations", founding, idempotentIn()),
      201,
    ).body;
    for (const who of [manager, granted])
      expect(await listIds(who.api, "organizations"), who.memberId).toContain(id);
  });

  it("a list of organizations is one query along the parent's index", async () => {
    const visible = {
      kind: "some",
      memberId: "m",
      groups: null,
      reach: {
        all: true,
        own: false,
        active: false,
        ids: new Set<string>(),
        roots: new Set<string>(),
        inside: null,
      },
    } as const;
    const { sql, params } = listOrganizations(
      openDb(env.DB),
      { accountId: seller.accountId, preset: presetOfKind("seller") },
      visible,
      new Set(),
      null,
      10,
    ).toSQL();
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind(...params)
      .all<{ detail: string }>();
    expect(results.map(({ detail }) => detail)).toEqual([
      expect.stringContaining("USING INDEX account_parent (parent_id=?)"),
    ]);
  });
});
