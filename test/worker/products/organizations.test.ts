import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openDb } from "../../../src/kernel/db.ts";
import { presetOfKind } from "../../../src/access/model.ts";
import { listOrganizations } from "../../../src/resources/organization.store.ts";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import {
  accountHeader,
  newSellerMember,
  idempotentIn,
  type MarketFixture,
  createMarket,
} from "./marketplace-fixture.ts";
import { fetch, createPlatform, listIds, statusOf } from "../access/operators-fixture.ts";

let platform: Api;
let where: MarketFixture;
let seller: Person;
let near: Person;

beforeAll(async () => {
  platform = await createPlatform();
});
beforeEach(async () => {
  where = await createMarket(fetch, platform);
  ({ seller, near } = where);
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
      expect(
        statusOf(await seller.api.post("/v1/organizations", { ...founding, name }, idempotentIn())),
      ).toBe("422 validation");
      expect(
        statusOf(await seller.api.patch(`/v1/organizations/${near.accountId}`, { name }, { ifMatch: "*" })),
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
      statusOf(await agent.api.get("/v1/subscriptions", { headers: accountHeader(where.far.accountId) })),
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
    expect(statusOf(await seller.api.post("/v1/organizations", founding, idempotentIn(near.accountId)))).toBe(
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
    expect(statusOf(await claimAgain())).toBe("409 conflict/state");
    const [agent, reader] = [
      await newSellerMember(fetch, where, "seller_agent_admin"),
      await newSellerMember(fetch, where, "support_agent"),
    ];
    expect(statusOf(await agent.api.post(`/v1/organizations/${id}/owner-claims`))).toBe("404 not-found");
    expect(statusOf(await reader.api.post(`/v1/organizations/${near.accountId}/owner-claims`))).toBe(
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
