import { beforeAll, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount, newApiKey, type Person } from "../../harness/people.ts";
import { type CellCheck, compareCells } from "../access/policy-matrix.ts";
import {
  addMemberByPlatform,
  addMemberWithoutKey,
  inviteCell,
  requiredFields,
  actingIn,
} from "./invite-fixture.ts";
import {
  fetch,
  createPlatform,
  replaceGrants,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

/** The policy, as people wrote it: the roles of each model, and who gives which. */
const MODELS: Readonly<
  Record<
    string,
    { roles: readonly string[]; gives: Readonly<Record<string, readonly string[]>>; more?: object }
  >
> = {
  vendor: { roles: ["owner", "operator"], gives: { owner: ["owner", "operator"] } },
  team: { roles: ["admin", "member", "viewer"], gives: { admin: ["admin", "member", "viewer"] } },
  dealer: {
    roles: ["dealer_manager", "dealer_user", "subdealer", "client", "aggregator"],
    gives: { dealer_manager: ["dealer_user", "client"] },
  },
  subdealer: { roles: ["subdealer", "client", "aggregator"], gives: {} },
  agency: {
    roles: ["owner", "manager", "specialist", "guest"],
    gives: { owner: ["owner", "manager", "specialist", "guest"] },
  },
};

let platform: Api;
const owners: Record<string, Person> = {};
/** A member of each role in an account of each model. */
const actors: Record<string, Record<string, Person>> = {};

beforeAll(async () => {
  platform = await createPlatform();
  for (const [kind, { roles }] of Object.entries(MODELS)) {
    const owner =
      kind === "subdealer"
        ? await newAccount(fetch, platform, kind, { parentId: owners["dealer"]?.accountId })
        : await createSubscribedAccount(platform, kind);
    owners[kind] = owner;
    actors[kind] = Object.fromEntries(
      await Promise.all(
        roles.map(
          async (role) =>
            [role, await addMemberByPlatform(fetch, platform, owner.accountId, [role])] as const,
        ),
      ),
    );
  }
});

const each = <T>(make: (kind: string, role: string, actor: Person) => readonly T[]): T[] =>
  Object.entries(actors).flatMap(([kind, people]) =>
    Object.entries(people).flatMap(([role, actor]) => make(kind, role, actor)),
  );

test("S2.24 who gives which role at home, and none in an account that is not below", async () => {
  const others = Object.values(owners);
  await compareCells(
    "vendor, team, dealer, agency: actor × role × account",
    each((kind, role, actor): CellCheck[] => {
      const { roles, gives } = MODELS[kind] ?? expect.fail();
      const home = roles.map((given) =>
        inviteCell(
          actor,
          given,
          actor.accountId,
          `${kind}: ${role} gives ${given}`,
          gives[role] === undefined ? 403 : gives[role].includes(given) ? "yes" : 403,
        ),
      );
      const unknown = inviteCell(
        actor,
        "reseller_report",
        actor.accountId,
        `${kind}: ${role} gives another model's role`,
        gives[role] === undefined ? 403 : 422,
      );
      // A dealer's manager looks into its sub-dealers; no member adds members there.
      const away = others
        .filter(({ accountId }) => accountId !== actor.accountId)
        .map((other) => {
          const looks = role === "dealer_manager" && other === owners["subdealer"];
          return inviteCell(
            actor,
            "client",
            other.accountId,
            `${kind}: ${role} gives a role in ${other.accountId}`,
            looks ? 403 : 404,
          );
        });
      return [...home, unknown, ...away];
    }),
  );
});

test("a role's member is edited, blocked and given keys by those who may give the role", async () => {
  const cells: CellCheck[] = [];
  for (const [kind, { roles, gives }] of Object.entries(MODELS)) {
    for (const held of roles) {
      const whom = await addMemberWithoutKey(platform, owners[kind]?.accountId ?? "", [held]);
      const path = `/v1/members/${whom.memberId}`;
      for (const [role, actor] of Object.entries(actors[kind] ?? {})) {
        const expected = gives[role]?.includes(held) ? ("yes" as const) : 403;
        cells.push(
          {
            cell: `${kind}: ${role} edits a ${held}`,
            expected,
            ask: () => actor.api.patch(path, { position: "Clerk" }, { ifMatch: "*" }),
          },
          { cell: `${kind}: ${role} blocks a ${held}`, expected, ask: () => actor.api.post(`${path}/block`) },
          {
            cell: `${kind}: ${role} unblocks a ${held}`,
            expected,
            ask: () => actor.api.post(`${path}/unblock`),
          },
        );
        // Without any right to make keys, none is there to be made; an agency's and a team's members see
        // their own keys only.
        const keyed = held === "viewer" ? (403 as const) : expected;
        cells.push({
          cell: `${kind}: ${role} makes a key for a ${held}`,
          expected: keyed,
          ask: () => actor.api.post(`${path}/api-keys`, { name: "k" }),
        });
      }
    }
  }
  await compareCells("actor × holder of a role × edit, block, unblock, make a key", cells);
});

test("a key that the top role makes for a role it gives is claimed by its member, in all", async () => {
  const distributor = await newAccount(fetch, platform, "distributor");
  const seller = await newAccount(fetch, platform, "seller");
  const organization = await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId });
  const marketplace: [Person, string[]][] = [
    [distributor, ["distributor_admin", "distributor_read_only", "report_viewer_360"]],
    [
      seller,
      [
        "seller_admin",
        "account_manager",
        "seller_agent_admin",
        "subscriptions_manager",
        "product_manager",
        "seller_billing_admin",
        "support_agent",
        "reseller_report",
        "report_viewer_360",
      ],
    ],
    [organization, ["customer", "customer_admin"]],
  ];
  const others = Object.entries(MODELS).map(
    ([kind, { gives }]) => [owners[kind] ?? expect.fail(), Object.values(gives).flat()] as [Person, string[]],
  );
  for (const [owner, roles] of [...marketplace, ...others]) {
    for (const role of roles.filter((each) => each !== "viewer")) {
      const { id } = expectStatus(
        await owner.api.post<{ id: string }>("/v1/members", {
          firstName: "Kim",
          lastName: "Key",
          email: `${newIdempotencyKey()}@example.com`,
          roles: [role],
          ...requiredFields(role),
        }),
        201,
      ).body;
      const me = expectStatus(
        await api(fetch, await newApiKey(fetch, owner, id)).get<{ member: { id: string; roles: string[] } }>(
          "/v1/me",
        ),
        200,
      ).body;
      expect(me.member).toMatchObject({ id, roles: [role] });
    }
  }
});

test("the platform adds members with any role and right of the model; both trails have it", async () => {
  const dealer = owners["dealer"] ?? expect.fail();
  const path = `/v1/accounts/${dealer.accountId}/members`;
  const body = (more: object) => ({
    firstName: "Ada",
    lastName: "Agg",
    email: `${newIdempotencyKey()}@example.com`,
    ...more,
  });
  for (const wrong of [
    {},
    { roles: [] },
    { roles: ["admin"] },
    { roles: ["client", "client"] },
    { roles: ["rol_x"] },
    { roles: ["client"], rights: ["product.view"] },
    { roles: ["client"], grants: [] },
    { roles: ["client"], creditLimit: 1 },
  ]) {
    expect(said(await platform.post(path, body(wrong))), JSON.stringify(wrong)).toBe("422 validation");
  }
  const manager = await addMemberByPlatform(fetch, platform, dealer.accountId, ["dealer_manager"], {
    rights: ["member.generate_api_token"],
  });
  expect(expectStatus(await manager.api.get<{ rights: string[] }>("/v1/me"), 200).body.rights).toContain(
    "member.generate_api_token",
  );
  for (const who of [dealer.api, platform]) {
    const { data } = expectStatus(
      await who.get<{ data: { action: string; resource: { id: string } }[] }>(
        `/v1/audit?action=member.create&limit=100`,
      ),
      200,
    ).body;
    expect(data.map(({ resource }) => resource.id)).toContain(manager.memberId);
  }
  // The route is the platform's alone, and for no account that is missing or is the platform itself.
  for (const who of [dealer.api, manager.api])
    expect(said(await who.post(path, body({ roles: ["client"] })))).toBe("403 access/denied");
  for (const id of [
    "acc_none",
    expectStatus(await platform.get<{ account: { id: string } }>("/v1/me"), 200).body.account.id,
  ]) {
    expect(said(await platform.post(`/v1/accounts/${id}/members`, body({ roles: ["owner"] })))).toBe(
      "404 not-found",
    );
  }
  const twin = body({ roles: ["client"] });
  expectStatus(await platform.post(path, twin), 201);
  expect(said(await platform.post(path, twin))).toBe("409 conflict/duplicate-member");
});

test("a lost claim is made again until the member has had a key; plan and limit hold too", async () => {
  const owner = await newAccount(fetch, platform, "vendor");
  const path = `/v1/accounts/${owner.accountId}/members`;
  const body = (roles: string[]) => ({
    firstName: "Ole",
    lastName: "Op",
    email: `${newIdempotencyKey()}@example.com`,
    roles,
  });
  expect(said(await platform.post(path, body(["operator"])))).toBe("402 plan/feature-required");
  expectStatus(
    await platform.put(`/v1/accounts/${owner.accountId}/plan`, { restrictedAccounts: true, memberLimit: 2 }),
    200,
  );
  const { id, claim } = expectStatus(
    await platform.post<{ id: string; claim: { token: string } }>(path, body(["operator"])),
    201,
  ).body;
  expect(said(await platform.post(path, body(["owner"])))).toBe("409 conflict/member-limit");
  const again = expectStatus(
    await platform.post<{ claim: { token: string } }>(`${path}/${id}/claims`),
    201,
  ).body;
  const take = (token: string) => api(fetch, null).post("/v1/auth/claims", { token });
  expect(said(await take(claim.token))).toBe("404 not-found");
  expectStatus(await take(again.claim.token), 201);
  expect(said(await platform.post(`${path}/${id}/claims`))).toBe("409 conflict/state");
  expect(said(await platform.post(`${path}/${owners["team"]?.memberId}/claims`))).toBe("404 not-found");
});

test("no grant shows what a manager sees of a sub-dealer; other roles need the right", async () => {
  const [dealer, sub] = [owners["dealer"] ?? expect.fail(), owners["subdealer"] ?? expect.fail()];
  const user = actors["dealer"]?.["dealer_user"] ?? expect.fail();
  const look = async (who: Person) => said(await who.api.get("/v1/objects", actingIn(sub.accountId)));
  expect([await look(dealer), await look(user)]).toEqual(["200", "404 not-found"]);
  expectStatus(
    await dealer.api.patch(
      `/v1/members/${user.memberId}`,
      { rights: ["subdealer.view_entities"] },
      { ifMatch: "*" },
    ),
    200,
  );
  expect(await look(user)).toBe("200");
  expectStatus(await dealer.api.patch(`/v1/members/${user.memberId}`, { rights: [] }, { ifMatch: "*" }), 200);
  expect(await look(user)).toBe("404 not-found");
  await expect(
    replaceGrants(dealer, user.memberId, [{ resourceType: "organization", access: "view" }]),
  ).rejects.toThrow("422");
});
