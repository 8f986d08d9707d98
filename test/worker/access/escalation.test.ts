import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import {
  giveCredits,
  newAccount,
  newApiKey,
  newMemberWithoutKey,
  newMember,
  newToken,
  type Person,
  activateSubscription,
} from "../../harness/people.ts";
import { addMemberByPlatform, actingIn } from "../people/invite-fixture.ts";
import {
  OTHER_IP,
  fetch,
  createPlatform,
  replaceGrants,
  HOME_IP,
  said,
  createSubscribedAccount,
} from "./operators-fixture.ts";

const NO = "403 access/denied";
const GONE = "404 not-found";
const WRONG = "422 validation";

let platform: Api;
let distributor: Person;
let seller: Person;
/** Two organizations of the seller's customers. */
let north: Person;
let south: Person;
/** Lets into the first organization: may edit users and their grants. */
let agent: Person;

beforeAll(async () => {
  platform = await createPlatform();
});
beforeEach(async () => {
  distributor = await newAccount(fetch, platform, "distributor");
  seller = await newAccount(fetch, platform, "seller", { parentId: distributor.accountId });
  north = await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId });
  south = await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId });
  agent = await newMember(fetch, seller, { roles: ["seller_agent_admin"], grants: [reach(north)] });
});

const reach = (organization: Person | "0") => ({
  resourceType: "organization",
  resourceId: organization === "0" ? "0" : organization.accountId,
  access: "view",
});
const person = (more: object) => ({
  firstName: "Nina",
  lastName: "New",
  email: `${newIdempotencyKey()}@example.com`,
  ...more,
});
const path = (whom: Person, rest = "") => `/v1/members/${whom.memberId}${rest}`;
const put = async (who: Person, whom: Person, list: readonly object[], ask: object = {}) =>
  said(await who.api.put(path(whom, "/grants"), { grants: list }, ask));
const patch = async (who: Person, whom: Person, body: object, ask: object = {}) =>
  said(await who.api.patch(path(whom), body, { ifMatch: "*", ...ask }));
const copy = async (who: Person, whom: Person, from: Person, ask: object = {}) =>
  said(await who.api.post(path(whom, "/copy-rights"), { fromMemberId: from.memberId }, ask));

test("no member gives grants to themselves: one about to lose a role would keep what it gave", async () => {
  const vendor = await createSubscribedAccount(platform, "vendor");
  const all = { resourceType: "product", resourceId: "0", access: "owner" };
  expect(await put(vendor, vendor, [all])).toBe(NO);
  expect(await put(vendor, await newMember(fetch, vendor, { roles: ["owner"] }), [all])).toBe("200");
  expect(await put(vendor, vendor, [])).toBe("200");
});

describe("reach over organizations", () => {
  test("is granted within one's own, on existing organizations, and never as more than view", async () => {
    const manager = await newMember(fetch, seller, { roles: ["subscriptions_manager"] });
    const foreign = await newAccount(fetch, platform, "seller");
    const foreignOrg = await newAccount(fetch, platform, "customer_org", { parentId: foreign.accountId });
    expect(await put(agent, manager, [reach(north)])).toBe("200");
    for (const wider of [[reach(south)], [reach("0")], [reach(north), reach(south)], [reach(foreignOrg)]])
      expect(await put(agent, manager, wider), JSON.stringify(wider)).toBe(NO);
    for (const none of [
      [reach(foreignOrg)],
      [reach(seller)],
      [reach(distributor)],
      [{ ...reach(north), resourceId: "acc_none" }],
      [{ ...reach(north), access: "owner" }],
    ]) {
      expect(await put(seller, manager, none), JSON.stringify(none)).toBe(WRONG);
    }
    for (const far of [[reach(south)], [reach("0")]]) expect(await put(seller, manager, far)).toBe("200");
    // By no other way either.
    expect(
      await copy(agent, await newMember(fetch, seller, { roles: ["seller_billing_admin"] }), manager),
    ).toBe(NO);
    expect(
      said(
        await agent.api.post(
          "/v1/members",
          person({ roles: ["subscriptions_manager"], grants: [reach(south)] }),
        ),
      ),
    ).toBe(NO);
    for (const self of [[reach(south)], [reach("0")]]) expect(await put(agent, agent, self)).toBe(NO);
    // A distributor reaches two levels down.
    const auditor = await newMember(fetch, distributor, { roles: ["distributor_read_only"] });
    for (const below of [seller, north]) expect(await put(distributor, auditor, [reach(below)])).toBe("200");
    expect(await put(distributor, auditor, [reach(foreignOrg)])).toBe(WRONG);
  });

  test("is not taken from others by callers who do not see it", async () => {
    const colleague = await newMember(fetch, seller, {
      roles: ["subscriptions_manager"],
      grants: [reach(south)],
    });
    const bare = await newMember(fetch, seller, { roles: ["subscriptions_manager"] });
    expect([
      await put(agent, colleague, [reach(north)]),
      await put(agent, colleague, []),
      await copy(agent, colleague, bare),
    ]).toEqual([NO, NO, NO]);
    expect(said(await colleague.api.get("/v1/subscriptions", actingIn(south.accountId)))).toBe("200");
    expect([
      await put(agent, colleague, [reach(south), reach(north)]),
      await put(seller, colleague, [reach(north)]),
      await put(agent, colleague, []),
    ]).toEqual([NO, "200", "200"]);
  });

  test("that is taken away is gone from the next call on, for the key and the token", async () => {
    const callers = [agent.api, api(fetch, await newToken(fetch, agent.apiKey))];
    const look = () =>
      Promise.all(callers.map(async (who) => said(await who.get("/v1/members", actingIn(north.accountId)))));
    for (let round = 0; round < 3; round += 1) {
      expect(await look()).toEqual(["200", "200"]);
      await replaceGrants(seller, agent.memberId, []);
      expect(await look()).toEqual([GONE, GONE]);
      await replaceGrants(seller, agent.memberId, [reach(north)]);
    }
    expectStatus(
      await seller.api.patch(path(agent), { roles: ["report_viewer_360"] }, { ifMatch: "*" }),
      200,
    );
    expect(await look()).toEqual([GONE, GONE]);
  });
});

describe("acting on an account below", () => {
  test("no member acts on an account above, beside, of another tree, or on a missing one", async () => {
    const other = await newAccount(fetch, platform, "seller");
    const team = await newAccount(fetch, platform, "team");
    const astray: [Person, string[]][] = [
      [north, [south.accountId, seller.accountId, distributor.accountId]],
      [seller, [distributor.accountId, other.accountId, team.accountId]],
      [agent, [south.accountId, distributor.accountId]],
      [other, [north.accountId, seller.accountId]],
      [team, [north.accountId]],
      [distributor, [other.accountId, team.accountId]],
      [seller, ["acc_none", "*", "0", north.memberId, `${north.accountId} `.toLowerCase(), "' OR 1=1 --"]],
    ];
    for (const [who, targets] of astray) {
      for (const target of targets) {
        for (const route of ["/v1/members", "/v1/me", `/v1/accounts/${target}`, path(north)])
          expect(said(await who.api.get(route, actingIn(target))), `${route} on ${target}`).toBe(GONE);
      }
    }
    expect(said(await seller.api.get("/v1/members", actingIn(""))), "an empty name").toBe(GONE);
    for (const [who, target] of [
      [seller, north],
      [distributor, seller],
      [distributor, south],
      [agent, north],
    ] as const) {
      expect(said(await who.api.get(path(target), actingIn(target.accountId))), "below").toBe("200");
      // Another account's member is not there, at home or below.
      expect(said(await who.api.get(path(target))), "at home").toBe(GONE);
      expect(said(await who.api.get(path(who), actingIn(target.accountId)))).toBe(GONE);
    }
  });

  test("keys, custom roles and spending stay in one's own account, for any caller", async () => {
    await activateSubscription(platform, north.accountId);
    await giveCredits(platform, north.accountId, 100);
    for (const who of [seller, distributor]) {
      const ask = { ...actingIn(north.accountId), idempotencyKey: newIdempotencyKey() };
      expect(said(await who.api.post(path(north, "/api-keys"), { name: "mine" }, ask)), "key").toBe(NO);
      expect(said(await who.api.get(path(north, "/api-keys"), actingIn(north.accountId))), "keys").toBe(NO);
      expect(
        said(
          await who.api.post(
            "/v1/roles",
            { name: "Deputy", description: "All", rights: ["member.view"], grants: [] },
            ask,
          ),
        ),
        "role",
      ).toBe(NO);
      expect(
        said(await who.api.post("/v1/credits/spend", { amount: 1, description: "x" }, ask)),
        "spend",
      ).toBe(NO);
      for (const right of ["api_key.create", "role.edit", "credits.spend", "account.manage"]) {
        expect(["403", "422"]).toContain(
          said(
            await who.api.post(
              "/v1/members",
              person({ roles: ["customer"], rights: [right] }),
              actingIn(north.accountId),
            ),
          ).slice(0, 3),
        );
      }
      expect(
        said(
          await who.api.post(
            "/v1/members",
            person({ roles: ["customer"], rights: ["invoice.view"] }),
            actingIn(north.accountId),
          ),
        ),
      ).toBe("201");
    }
    expect(
      said(
        await agent.api.post(
          "/v1/members",
          person({ roles: ["customer"], rights: ["billing.edit"] }),
          actingIn(north.accountId),
        ),
      ),
    ).toBe(NO);
  });

  test("a narrowed key is as narrow below; one without sight of organizations acts in none", async () => {
    const keyed = async (scopes: readonly string[]) =>
      api(fetch, await newApiKey(fetch, seller, seller.memberId, { scopes }));
    const look = async (who: Api, route: string) => said(await who.get(route, actingIn(north.accountId)));
    const narrow = await keyed(["organization.view", "account.view"]);
    expect([
      await look(narrow, `/v1/accounts/${north.accountId}`),
      await look(narrow, "/v1/members"),
    ]).toEqual(["200", NO]);
    expect(await look(await keyed(["member.view", "account.view"]), "/v1/members")).toBe(GONE);
    const adds = await keyed(["organization.view", "member.view", "member.create"]);
    expect(
      said(await adds.post("/v1/members", person({ roles: ["customer_admin"] }), actingIn(north.accountId))),
    ).toBe(NO);
  });

  test("a token that is asked for from above is the member's own, and so is the trail of it", async () => {
    const { access_token } = expectStatus(
      await agent.api.post<{ access_token: string }>("/v1/auth/token", undefined, actingIn(north.accountId)),
      200,
    ).body;
    const who = api(fetch, access_token);
    expect([
      said(await who.get("/v1/me")),
      said(await who.get("/v1/members", actingIn(north.accountId))),
      said(await who.get("/v1/members", actingIn(south.accountId))),
    ]).toEqual(["200", "200", GONE]);
    const signed = async (of: Person) =>
      expectStatus(
        await of.api.get<{ data: object[] }>(`/v1/audit?action=token.create&actor=${agent.memberId}`),
        200,
      ).body.data.length;
    expect([await signed(seller), await signed(north)]).toEqual([1, 0]);
  });

  test("the address rules of the own account, the one acted on and the key hold together", async () => {
    const rule = (who: Person, allowedIps: readonly string[], ip = HOME_IP) =>
      seller.api.patch(
        `/v1/accounts/${who.accountId}`,
        { allowedIps, confirmLockout: true },
        { ifMatch: "*", ip, ...(who === seller ? {} : actingIn(who.accountId)) },
      );
    const from = async (ip: string, ask: object = actingIn(north.accountId)) =>
      said(await agent.api.get("/v1/members", { ...ask, ip }));
    expect([await from(HOME_IP), await from(OTHER_IP)]).toEqual(["200", "200"]);
    expectStatus(await rule(north, [`${HOME_IP}/32`]), 200);
    expect([await from(HOME_IP), await from(OTHER_IP), await from(OTHER_IP, {})]).toEqual([
      "200",
      "403 ip/not-allowed",
      "200",
    ]);
    expectStatus(await rule(seller, [`${HOME_IP}/32`, `${OTHER_IP}/32`]), 200);
    expect([await from(HOME_IP), await from(OTHER_IP)]).toEqual(["200", "403 ip/not-allowed"]);
    expectStatus(await rule(north, [`${OTHER_IP}/32`]), 200);
    expectStatus(await rule(seller, [`${HOME_IP}/32`]), 200);
    expect([await from(HOME_IP), await from(OTHER_IP), await from(HOME_IP, {})]).toEqual([
      "403 ip/not-allowed",
      "403 ip/not-allowed",
      "200",
    ]);
  });

  test("an Idempotency-Key of one account is no replay in another", async () => {
    const [body, command] = [person({ roles: ["customer"] }), { idempotencyKey: newIdempotencyKey() }];
    const send = (target: Person) =>
      seller.api.post<{ id: string; accountId: string }>("/v1/members", body, {
        ...command,
        ...actingIn(target.accountId),
      });
    const first = expectStatus(await send(north), 201).body;
    expect(first.accountId).toBe(north.accountId);
    expect(said(await send(south))).toBe("422 idempotency/mismatch");
    expect(said(await seller.api.post("/v1/members", body, command))).toBe("422 idempotency/mismatch");
    expect(expectStatus(await send(north), 201).body.id).toBe(first.id);
    expect(expectStatus(await south.api.get<{ data: object[] }>("/v1/members"), 200).body.data).toHaveLength(
      1,
    );
    // Every other caller in that account has a record of their own.
    expect(said(await north.api.post("/v1/members", body, command))).toBe("409 conflict/duplicate-member");
  });

  test("what is done below is in the trail of the account it was done to, with its author", async () => {
    const { id } = expectStatus(
      await agent.api.post<{ id: string }>(
        "/v1/members",
        person({ roles: ["customer"] }),
        actingIn(north.accountId),
      ),
      201,
    ).body;
    const trail = async (who: Person) =>
      expectStatus(
        await who.api.get<{ data: { resource: { id: string }; actor: { memberId: string } }[] }>(
          "/v1/audit?action=member.create&limit=100",
        ),
        200,
      ).body.data;
    expect(await trail(north)).toContainEqual(
      expect.objectContaining({
        resource: expect.objectContaining({ id }),
        actor: expect.objectContaining({ memberId: agent.memberId }),
      }),
    );
    expect((await trail(south)).map(({ resource }) => resource.id)).not.toContain(id);
  });
});

describe("no member rises", () => {
  test("by giving themselves roles, rights, grants, or what another member has", async () => {
    const admin = await newMember(fetch, seller, { roles: ["seller_admin"] });
    const manager = await newMember(fetch, seller, { roles: ["account_manager"] });
    for (const who of [agent, manager]) {
      for (const body of [
        { roles: ["seller_admin"] },
        { roles: [] },
        { rights: ["markup.delete"] },
        { position: "Boss" },
      ])
        expect(await patch(who, who, body), JSON.stringify(body)).toBe(NO);
      for (const whom of [who, manager, agent]) expect(await copy(who, whom, admin)).toBe(NO);
    }
    for (const [body, answer] of [
      [{ rights: ["report.every_organization"] }, NO],
      [{ rights: ["account.manage"] }, WRONG],
      [{ roles: ["seller_admin", "ghost"] }, WRONG],
    ] as const) {
      expect([NO, WRONG, answer]).toContain(await patch(admin, admin, body));
    }
    // Nor by raising another member beyond themselves.
    const support = await newMember(fetch, seller, { roles: ["subscriptions_manager"] });
    for (const body of [
      { roles: ["seller_admin"] },
      { roles: ["account_manager"] },
      { rights: ["billing.edit"] },
      { rights: ["account.edit"] },
    ])
      expect(await patch(agent, support, body), JSON.stringify(body)).toBe(NO);
    expect(await patch(agent, support, { rights: ["invoice.view"] })).toBe("200");
  });

  test("by a custom role, given, copied or kept: not beyond what the giver holds", async () => {
    const owner = await createSubscribedAccount(platform, "team");
    const custom = async (rights: readonly string[]) =>
      expectStatus(
        await owner.api.post<{ id: string }>("/v1/roles", {
          name: `R ${newIdempotencyKey().slice(0, 8)}`,
          description: "Made here",
          rights,
        }),
        201,
      ).body.id;
    const [strong, weak] = [await custom(["billing.edit", "member.view"]), await custom(["member.view"])];
    const helper = await newMember(fetch, owner, {
      roles: [],
      rights: ["member.view", "member.edit", "member.create"],
    });
    const [plain, holder] = [
      await newMember(fetch, owner, { roles: [] }),
      await newMember(fetch, owner, { roles: [strong] }),
    ];
    expect(await patch(helper, plain, { roles: [weak] })).toBe("200");
    expect(await patch(helper, plain, { roles: [strong] })).toBe(NO);
    expect(await copy(helper, plain, holder)).toBe(NO);
    expect(said(await helper.api.post("/v1/members", person({ roles: [strong] })))).toBe(NO);
    for (const body of [{ roles: [] }, { firstName: "X" }])
      expect(await patch(helper, holder, body)).toBe(NO);
    const other = await createSubscribedAccount(platform, "team");
    expect(await patch(other, await newMember(fetch, other, { roles: [] }), { roles: [strong] })).toBe(WRONG);
  });

  test("by the scopes of a key, one's own or another's", async () => {
    const narrow = api(
      fetch,
      await newApiKey(fetch, seller, seller.memberId, {
        scopes: ["api_key.create", "member.view", "member.edit", "grant.edit"],
      }),
    );
    const who = { ...seller, api: narrow };
    for (const scopes of [null, ["markup.edit"], ["api_key.create", "markup.view"]])
      expect(said(await narrow.post(path(seller, "/api-keys"), { name: "wider", scopes }))).toBe(NO);
    expect(said(await narrow.post(path(agent, "/api-keys"), { name: "whole", scopes: null }))).toBe(NO);
    expect(await patch(who, agent, { roles: ["seller_admin"] })).toBe(NO);
    expect(await put(who, agent, [reach(south)])).toBe(NO);
    expect(await copy(who, agent, seller)).toBe(NO);
  });
});

test("the account's owner keeps the top role and stays active, in every model, from every side", async () => {
  const dealer = await createSubscribedAccount(platform, "dealer");
  const accounts: [Person, string, string][] = [
    [await createSubscribedAccount(platform, "vendor"), "owner", "operator"],
    [await createSubscribedAccount(platform, "team"), "admin", "viewer"],
    [distributor, "distributor_admin", "distributor_read_only"],
    [seller, "seller_admin", "support_agent"],
    [north, "customer_admin", "customer"],
    [dealer, "dealer_manager", "client"],
    [await newAccount(fetch, platform, "subdealer", { parentId: dealer.accountId }), "subdealer", "client"],
    [await createSubscribedAccount(platform, "agency"), "owner", "specialist"],
  ];
  for (const [owner, top, low] of accounts) {
    const [peer, below] = [
      await addMemberByPlatform(fetch, platform, owner.accountId, [top]),
      await addMemberByPlatform(fetch, platform, owner.accountId, [low]),
    ];
    // Managers of dealers and sub-dealers have no power over each other, or over themselves.
    const kept = top === "dealer_manager" || top === "subdealer" ? NO : "409 conflict/last-admin";
    for (const who of [owner, peer]) {
      expect(await patch(who, owner, { roles: [low] }), top).toBe(kept);
      // What only takes away the owner may do, but not to themselves.
      const takes = who === owner && top === "dealer_manager" ? "409 conflict/last-admin" : kept;
      expect(await patch(who, owner, { roles: [] }), top).toBe(takes);
      expect(await copy(who, owner, below), top).toBe(kept);
    }
    expect(said(await peer.api.post(path(owner, "/block"))), top).toBe(kept);
    expect(said(await owner.api.post(path(owner, "/block"))), top).toBe("409 conflict/lockout");
    expect(expectStatus(await owner.api.get<{ member: object }>("/v1/me"), 200).body.member).toMatchObject({
      roles: [top],
      status: "active",
    });
  }
  for (const who of [seller, distributor]) {
    expect(await patch(who, north, { roles: ["customer"] }, actingIn(north.accountId))).toBe(
      "409 conflict/last-admin",
    );
    expect(said(await who.api.post(path(north, "/block"), undefined, actingIn(north.accountId)))).toBe(
      "409 conflict/last-admin",
    );
  }
});

describe("a claim goes no further than its maker does by then", () => {
  const claim = async (token: string) => said(await api(fetch, null).post("/v1/auth/claims", { token }));
  const found = async (who: Person) =>
    expectStatus(
      await who.api.post<{ id: string; claim: { token: string } }>(
        "/v1/organizations",
        { name: "Found", owner: person({}) },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;

  test("an owner's, of a founder who lost the reach, or the right to found", async () => {
    const [kept, lost] = [await found(agent), await found(agent)];
    expect(await claim(kept.claim.token)).toBe("201");
    await replaceGrants(seller, agent.memberId, [reach(north)]);
    expect(await claim(lost.claim.token)).toBe("410 invitation/expired");
    const manager = await newMember(fetch, seller, { roles: ["account_manager"] });
    const founded = await found(manager);
    expectStatus(await seller.api.patch(path(manager), { roles: ["support_agent"] }, { ifMatch: "*" }), 200);
    await replaceGrants(seller, manager.memberId, [reach("0")]);
    expect(await claim(founded.claim.token)).toBe("410 invitation/expired");
    expect(await claim((await found(distributor)).claim.token), "of a seller, from one level above").toBe(
      "201",
    );
  });

  test("any, of a maker who lost the right to make keys, or whose member rose since", async () => {
    const manager = await newMember(fetch, seller, {
      roles: ["account_manager"],
      rights: ["api_key.create"],
    });
    const [first, billing, other] = await Promise.all(
      [1, 2, 3].map(() => newMemberWithoutKey(seller, { roles: ["seller_billing_admin"] })),
    );
    if (first === undefined || billing === undefined || other === undefined) throw new Error("three of them");
    const wait = async (whom: { memberId: string }) =>
      expectStatus(
        await manager.api.post<{ claim: { token: string } }>(`/v1/members/${whom.memberId}/api-keys`, {
          name: "k",
        }),
        201,
      ).body.claim.token;
    const [good, risen, bare] = [await wait(first), await wait(billing), await wait(other)];
    expect(await claim(good)).toBe("201");
    expectStatus(
      await seller.api.patch(
        `/v1/members/${billing.memberId}`,
        { rights: ["markup.delete"] },
        { ifMatch: "*" },
      ),
      200,
    );
    expect([
      await claim(risen),
      said(await manager.api.post(`/v1/members/${billing.memberId}/api-keys`, { name: "k" })),
    ]).toEqual(["410 invitation/expired", NO]);
    expectStatus(await seller.api.patch(path(manager), { rights: [] }, { ifMatch: "*" }), 200);
    expect(await claim(bare)).toBe("410 invitation/expired");
  });
});

test("no member locks an account's owner out by address rules but the owner", async () => {
  const deputy = await newMember(fetch, north, { roles: ["customer_admin"] });
  const manager = await newMember(fetch, seller, { roles: ["account_manager"] });
  const rules = { allowedIps: [OTHER_IP] };
  expect([
    await patch(deputy, north, rules),
    await patch(manager, north, rules, actingIn(north.accountId)),
  ]).toEqual(["409 conflict/lockout", "409 conflict/lockout"]);
  expect([
    await patch(deputy, north, { allowedIps: [], phone: "1" }),
    await patch(north, north, { allowedIps: [HOME_IP] }),
    await patch(north, deputy, rules),
  ]).toEqual(["200", "200", "200"]);
});
