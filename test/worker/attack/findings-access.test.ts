import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus, type Reply } from "../../harness/client.ts";
import { newApiKey, newMember, type Person } from "../../harness/people.ts";
import {
  fetch,
  createPlatform,
  HOME_IP,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

const NO = "403 access/denied";
const ANY = { ifMatch: "*" };
const keyed = () => ({ idempotencyKey: newIdempotencyKey() });
const name = () => `Name ${newIdempotencyKey()}`;
const owner = () => ({ email: `${newIdempotencyKey()}@example.com`, firstName: "Olga", lastName: "Owner" });

let platform: Api;
let platformKeys: ReadonlyMap<string, Api>;
beforeAll(async () => {
  platform = await createPlatform();
  const { member } = expectStatus(
    await platform.get<{ member: { id: string; accountId: string } }>("/v1/me"),
    200,
  ).body;
  platformKeys = await restricted({
    accountId: member.accountId,
    memberId: member.id,
    apiKey: "",
    api: platform,
  });
});

/** Rights of every route below, so that only the key's restriction is what refuses. */
const SCOPES = [
  "organization.view",
  "organization.create",
  "account.create",
  "account.manage",
  "account.view",
  "member.view",
  "member.create",
  "member.edit",
  "member.block",
  "role.edit",
  "grant.edit",
  "object_group.edit",
  "object_group.view",
  "object.view",
  "object.edit",
  "api_key.create",
  "hook.edit",
];

/** The same member's key in three forms: bound to an address, with an end, with scopes. */
async function restricted(who: Person): Promise<ReadonlyMap<string, Api>> {
  const rights = new Set(expectStatus(await who.api.get<{ rights: string[] }>("/v1/me"), 200).body.rights);
  const terms = {
    address: { allowedIps: [HOME_IP] },
    end: { expiresAt: new Date(Date.now() + 3_600_000).toISOString() },
    scopes: { scopes: SCOPES.filter((right) => rights.has(right)) },
  };
  return new Map(
    await Promise.all(
      Object.entries(terms).map(
        async ([kind, more]) => [kind, api(fetch, await newApiKey(fetch, who, who.memberId, more))] as const,
      ),
    ),
  );
}

/** Each call is refused with every restricted key, and is right with the whole one. */
async function onlyUnrestricted(
  keys: ReadonlyMap<string, Api>,
  whole: Api,
  call: (who: Api) => Promise<Reply<unknown>>,
) {
  for (const [kind, key] of keys) expect(said(await call(key)), kind).toBe(NO);
  expect(said(await call(whole))).toMatch(/^20[01]$/);
}

describe("K2 a restricted key makes nothing wider than itself", () => {
  test("K2 it founds no organization and gets no claim of an owner's key", async () => {
    const seller = await createSubscribedAccount(platform, "seller");
    const keys = await restricted(seller);
    await onlyUnrestricted(keys, seller.api, (who) =>
      who.post("/v1/organizations", { name: name(), owner: owner() }, keyed()),
    );
    const id = await createObject(seller, "organizations", { name: name(), owner: owner() });
    await onlyUnrestricted(keys, seller.api, (who) => who.post(`/v1/organizations/${id}/owner-claims`));
  });

  test("K2 sibling: nor does the platform's restricted key found accounts, add members, claim", async () => {
    const body = () => ({ kind: "team", name: name(), owner: owner() });
    await onlyUnrestricted(platformKeys, platform, (who) => who.post("/v1/accounts", body(), keyed()));
    const id = await createObject({ api: platform }, "accounts", body());
    await onlyUnrestricted(platformKeys, platform, (who) => who.post(`/v1/accounts/${id}/owner-claims`));
    const person = () => ({ ...owner(), roles: ["viewer"] });
    await onlyUnrestricted(platformKeys, platform, (who) =>
      who.post(`/v1/accounts/${id}/members`, person(), keyed()),
    );
  });

  test("K2 it gives no right, writes no role, unblocks no member, lifts no rule and no limit", async () => {
    const team = await createSubscribedAccount(platform, "team");
    const keys = await restricted(team);
    const patch = (id: string, body: object) => (who: Api) => who.patch(`/v1/members/${id}`, body, ANY);
    const member = await newMember(fetch, team, { roles: ["member"], creditLimit: 5, allowedIps: [HOME_IP] });
    await onlyUnrestricted(keys, team.api, patch(member.memberId, { rights: ["product.view"] }));
    await onlyUnrestricted(keys, team.api, (who) =>
      who.post("/v1/roles", { name: name(), rights: ["product.view"] }, keyed()),
    );
    const role = await createObject(team, "roles", { name: name(), rights: ["product.view"] });
    await onlyUnrestricted(keys, team.api, (who) =>
      who.patch(`/v1/roles/${role}`, { rights: ["product.view", "product.edit"] }, ANY),
    );
    await onlyUnrestricted(keys, team.api, patch(member.memberId, { creditLimit: 6 }));
    await onlyUnrestricted(keys, team.api, patch(member.memberId, { allowedIps: [] }));
    for (const unblock of [
      (who: Api) => who.post(`/v1/members/${member.memberId}/unblock`),
      patch(member.memberId, { loginAllowed: true }),
    ]) {
      expectStatus(await team.api.post(`/v1/members/${member.memberId}/block`), 200);
      await onlyUnrestricted(keys, team.api, unblock);
    }
    const bound = keys.get("address") as Api;
    for (const less of [
      { rights: [] },
      { creditLimit: 1 },
      { allowedIps: [HOME_IP] },
      { city: "Bergen" },
      { loginAllowed: false },
    ]) {
      expectStatus(await patch(member.memberId, less)(bound), 200);
    }
    expectStatus(await bound.patch(`/v1/roles/${role}`, { rights: [] }, ANY), 200);
  });

  test("K2 it gives no object group, moves no object into one and names no owner of an object", async () => {
    const dealer = await createSubscribedAccount(platform, "dealer");
    const keys = await restricted(dealer);
    const user = await newMember(fetch, dealer, { roles: ["dealer_user"] });
    const group = await createObject(dealer, "object-groups", { name: name() });
    await onlyUnrestricted(keys, dealer.api, (who) =>
      who.put(`/v1/members/${user.memberId}/object-groups`, { groupIds: [group] }),
    );
    await onlyUnrestricted(keys, dealer.api, (who) =>
      who.patch(`/v1/members/${user.memberId}`, { objectGroupIds: [group, "all"] }, ANY),
    );
    const corporation = await createObject(dealer, "corporations", { name: name() });
    const objectId = await createObject(dealer, "objects", { name: name(), corporationId: corporation });
    await onlyUnrestricted(keys, dealer.api, (who) =>
      who.post(`/v1/object-groups/${group}/objects`, { objectId }),
    );
    const ownerOf = (who: Api) => who.put(`/v1/objects/${objectId}/owner`, { memberId: user.memberId }, ANY);
    await onlyUnrestricted(keys, dealer.api, ownerOf);
  });

  test("K2 the plan is asked for any access that is given, in any way", async () => {
    const vendor = await createSubscribedAccount(platform, "vendor");
    const [operator, other] = [
      await newMember(fetch, vendor, { roles: ["operator"] }),
      await newMember(fetch, vendor, { roles: ["operator"], rights: ["product.view"] }),
    ];
    expectStatus(await vendor.api.post(`/v1/members/${operator.memberId}/block`), 200);
    expectStatus(
      await platform.put(`/v1/accounts/${vendor.accountId}/plan`, {
        restrictedAccounts: false,
        memberLimit: null,
        contactUrl: null,
      }),
      200,
    );
    const path = `/v1/members/${operator.memberId}`;
    const calls = [
      () => vendor.api.patch(path, { rights: ["product.view"] }, ANY),
      () => vendor.api.put(`${path}/grants`, { grants: [{ resourceType: "product", access: "view" }] }),
      () => vendor.api.post(`${path}/copy-rights`, { fromMemberId: other.memberId }),
      () => vendor.api.post(`${path}/unblock`),
      () => vendor.api.patch(path, { loginAllowed: true }, ANY),
    ];
    for (const call of calls) expect(said(await call())).toBe("402 plan/feature-required");
    expectStatus(await vendor.api.patch(`/v1/members/${other.memberId}`, { rights: [] }, ANY), 200);
  });
});

describe("K3 members do not widen their own access", () => {
  test("K3 not by copying another owner's rights, and a demotion then leaves nothing behind", async () => {
    const vendor = await createSubscribedAccount(platform, "vendor");
    const [me, other] = [
      await newMember(fetch, vendor, { roles: ["owner"] }),
      await newMember(fetch, vendor, { roles: ["owner"] }),
    ];
    const grants = [{ resourceType: "product", resourceId: "0", access: "owner" }];
    expectStatus(await vendor.api.put(`/v1/members/${other.memberId}/grants`, { grants }), 200);
    const self = `/v1/members/${me.memberId}`;
    expect(said(await me.api.post(`${self}/copy-rights`, { fromMemberId: other.memberId }))).toBe(NO);
    expect(said(await me.api.put(`${self}/grants`, { grants }))).toBe(NO);
    expect(said(await me.api.patch(self, { rights: ["product.view"] }, ANY))).toBe(NO);
    const role = await createObject(me, "roles", { name: name(), rights: ["product.view"] });
    expect(said(await me.api.patch(self, { roles: ["owner", role] }, ANY))).toBe(NO);
    expectStatus(await vendor.api.patch(self, { roles: ["operator"] }, ANY), 200);
    expect(said(await me.api.get("/v1/products"))).toBe(NO);
  });

  test("K3 siblings: nor by groups of objects, or by grants that say where", async () => {
    const dealer = await createSubscribedAccount(platform, "dealer");
    const groups = [
      await createObject(dealer, "object-groups", { name: name() }),
      await createObject(dealer, "object-groups", { name: name() }),
    ];
    const user = await newMember(fetch, dealer, {
      roles: ["dealer_user"],
      rights: ["object_group.edit", "member.view", "member.edit"],
      objectGroupIds: groups.slice(0, 1),
    });
    const path = `/v1/members/${user.memberId}`;
    expect(said(await user.api.put(`${path}/object-groups`, { groupIds: groups }))).toBe(NO);
    expect(said(await user.api.patch(path, { objectGroupIds: groups }, ANY))).toBe(NO);
    const agency = await createSubscribedAccount(platform, "agency");
    const toolId = await createObject({ api: platform }, "tools", { key: newIdempotencyKey(), name: "Tool" });
    const second = await newMember(fetch, agency, { roles: ["owner"] });
    expect(said(await second.api.put(`/v1/members/${second.memberId}/tools`, { toolIds: [toolId] }))).toBe(
      NO,
    );
  });
});
