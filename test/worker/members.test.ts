import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newKey, ok } from "../harness/client.ts";
import { newAccount, newApiKey, newMember, newToken, type Person } from "../harness/people.ts";
import { newTask, newTool } from "./charge-world.ts";
import { actionsIn, at } from "./dealer-world.ts";
import { LEAVE, newHook } from "../harness/webhook.ts";
import { addedByPlatform } from "./invite-world.ts";
import { fetch, foundPlatform, grants, made, said, subscribed } from "./operators-world.ts";

let platform: Api;
beforeAll(async () => { platform = await foundPlatform(); });

const card = (who: Api, id: string, body: object) => who.patch(`/v1/members/${id}`, body, { ifMatch: "*" });
const keyOf = async (who: Api, id: string): Promise<string> =>
  ok(await who.get<{ data: { id: string }[] }>(`/v1/members/${id}/api-keys`), 200).body.data[0]?.id ?? "";

/** Members whose roles, or whose role's rights, their account's owner cannot give. */
async function beyond(owner: Person): Promise<Readonly<Record<string, Person>>> {
  const placed = (role: string, more: object = {}) => addedByPlatform(fetch, platform, owner.accountId, [role], more);
  const manager = await placed("dealer_manager", { rights: ["member.generate_api_token"] });
  const custom = await newMember(fetch, owner, { roles: ["dealer_user"] });
  const role = await made(manager, "roles", { name: `Tokens ${newKey()}`, rights: ["member.generate_api_token"] });
  ok(await card(manager.api, custom.memberId, { roles: ["dealer_user", role] }), 200);
  return { manager, aggregator: await placed("aggregator"), subdealer: await placed("subdealer"), custom };
}

describe("K11 the account's owner stops every other member", () => {
  const NAMES = ["manager", "aggregator", "subdealer", "custom"];
  let owner: Person;
  let people: Readonly<Record<string, Person>>;
  beforeAll(async () => {
    owner = await newAccount(fetch, platform, "dealer");
    people = await beyond(owner);
  });

  test.each(NAMES)("S3.30 K11 block by a call and by loginAllowed: false, end sessions, revoke keys, take roles, remove: %s", async (name) => {
    const { memberId, api: theirs, apiKey } = people[name] ?? expect.fail();
    const path = `/v1/members/${memberId}`;
    const token = api(fetch, await newToken(fetch, apiKey));
    ok(await owner.api.del(`${path}/sessions`), 204);
    ok(await owner.api.post(`${path}/block`), 200);
    for (const who of [theirs, token]) expect(said(await who.get("/v1/me"))).toBe("401 auth/blocked");
    // What gives back or edits asks for power over the roles: the platform has it.
    for (const change of [{ loginAllowed: true }, { phone: "1" }, { loginAllowed: false, city: "Minsk" }]) {
      expect(said(await card(owner.api, memberId, change))).toBe("403 access/denied");
    }
    expect(said(await owner.api.post(`${path}/unblock`))).toBe("403 access/denied");
    ok(await platform.post(`/v1/accounts/${owner.accountId}/members/${memberId}/unblock`), 200);
    ok(await theirs.get("/v1/me"), 200);
    expect(ok(await card(owner.api, memberId, { loginAllowed: false }), 200).body).toMatchObject({ status: "blocked", loginAllowed: false });
    expect(said(await theirs.get("/v1/me"))).toBe("401 auth/blocked");

    ok(await owner.api.del(`/v1/api-keys/${await keyOf(owner.api, memberId)}`), 204);
    const { roles } = ok(await owner.api.get<{ roles: string[] }>(path), 200).body;
    ok(await card(owner.api, memberId, { roles: roles.slice(1), rights: [] }), 200);
    expect(said(await card(owner.api, memberId, { roles }))).toBe("403 access/denied");
    ok(await card(owner.api, memberId, { roles: [] }), 200);
    ok(await owner.api.del(path), 204);
    expect(said(await owner.api.get(path))).toBe("404 not-found");
  });

  test("K11 a role that only the platform gives goes with the removal; what the owner gave is taken first", async () => {
    const [fresh, both] = [await addedByPlatform(fetch, platform, owner.accountId, ["aggregator"]), (await beyond(owner))["custom"] ?? expect.fail()];
    for (const { memberId } of [fresh, both]) {
      expect(said(await owner.api.del(`/v1/members/${memberId}`))).toBe("409 conflict/not-removable");
      ok(await owner.api.post(`/v1/members/${memberId}/block`), 200);
    }
    ok(await owner.api.del(`/v1/members/${fresh.memberId}`), 204);
    expect(ok(await owner.api.del(`/v1/members/${both.memberId}`), 409).body).toMatchObject({ blocking: ["roles"] });
  });

  test("K11 siblings: the hook and the invitation of such a member end", async () => {
    const manager = (await beyond(owner))["manager"] ?? expect.fail();
    const [one, two] = [await newHook(manager.api, "standard", LEAVE), await newHook(manager.api, "standard", LEAVE)];
    ok(await owner.api.patch(`/v1/hooks/${one.id}`, { active: false }, { ifMatch: "*" }), 200);
    expect(said(await owner.api.patch(`/v1/hooks/${one.id}`, { active: true }, { ifMatch: "*" }))).toBe("403 access/denied");
    ok(await owner.api.del(`/v1/hooks/${two.id}`), 204);

    const body = { firstName: "Ivo", lastName: "Invited", email: `${newKey()}@example.com`, roles: ["aggregator"], notify: true };
    ok(await platform.post(`/v1/accounts/${owner.accountId}/members`, body, { idempotencyKey: newKey() }), 201);
    const invited = ok(await owner.api.get<{ data: { id: string }[] }>(`/v1/invitations?email=${body.email}`), 200).body.data[0]?.id;
    expect(said(await owner.api.post(`/v1/invitations/${invited}/resend`))).toBe("403 access/denied");
    ok(await owner.api.del(`/v1/invitations/${invited}`), 204);
  });

  test("K11 a second holder of the owner's role stops none of these, and nobody stops the owner", async () => {
    const { manager, subdealer } = await beyond(owner);
    if (manager === undefined || subdealer === undefined) expect.fail();
    const path = `/v1/members/${subdealer.memberId}`;
    const key = await keyOf(manager.api, subdealer.memberId);
    for (const asked of [
      manager.api.post(`${path}/block`), card(manager.api, subdealer.memberId, { loginAllowed: false }), card(manager.api, subdealer.memberId, { roles: [] }),
      manager.api.del(`${path}/sessions`), manager.api.del(`/v1/api-keys/${key}`), manager.api.del(path), manager.api.post(`/v1/members/${owner.memberId}/block`),
    ]) expect(said(await asked)).toBe("403 access/denied");
    expect(said(await manager.api.del(`/v1/members/${owner.memberId}`))).toBe("403 access/denied");
    expect(said(await owner.api.post(`/v1/members/${owner.memberId}/block`))).toBe("409 conflict/lockout");
  });

  test("K11 a sub-dealer's owner stops its members, whose role has no such right; the dealer's owner does not", async () => {
    const below = await newAccount(fetch, platform, "subdealer", { parentId: owner.accountId });
    const member = await addedByPlatform(fetch, platform, below.accountId, ["subdealer"], { objectGroupIds: ["all"] });
    const path = `/v1/members/${member.memberId}`;
    for (const who of [owner.api, at(owner, below.accountId), member.api]) {
      expect(said(await who.post(`/v1/members/${below.memberId}/block`))).toMatch(/^40[34] /);
      expect(said(await who.post(`${path}/block`))).toMatch(/^40[34] /);
    }
    const { rights } = ok(await below.api.get<{ rights: { right: string; source: string }[] }>(`/v1/members/${below.memberId}/effective`), 200).body;
    expect(rights.filter(({ source }) => source === "ownership").map(({ right }) => right))
      .toEqual(["api_key.revoke", "api_key.view", "member.block", "member.delete", "member.view"]);
    ok(await below.api.post(`${path}/block`), 200);
    expect(said(await member.api.get("/v1/me"))).toBe("401 auth/blocked");
    for (const who of [below.api, owner.api]) expect(said(await who.post(`${path}/unblock`))).toMatch(/^40[34] /);
    expect(said(await card(below.api, member.memberId, { roles: [] }))).toBe("403 access/denied");
    ok(await below.api.del(`/v1/api-keys/${await keyOf(below.api, member.memberId)}`), 204);
    ok(await below.api.del(path), 204);
  });

  test("K11 an operator keeps what was granted when the owner takes a part, whatever the plan is by then", async () => {
    const vendor = await subscribed(platform, "vendor");
    const operator = await newMember(fetch, vendor, { roles: ["operator"] });
    await grants(vendor, operator.memberId, [{ resourceType: "product", access: "view" }, { resourceType: "customer", access: "view" }]);
    ok(await platform.put(`/v1/accounts/${vendor.accountId}/plan`, { restrictedAccounts: false, memberLimit: null, contactUrl: null }), 200);
    const put = (list: object[]) => vendor.api.put(`/v1/members/${operator.memberId}/grants`, { grants: list });
    ok(await put([{ resourceType: "product", access: "view" }]), 200);
    expect(said(await put([{ resourceType: "product", access: "edit" }]))).toBe("402 plan/feature-required");
    expect(said(await put([{ resourceType: "product", access: "view" }, { resourceType: "product", access: "view" }]))).toBe("422 validation");
    ok(await put([]), 200);
  });
});

describe("K11 a member leaves", () => {
  const leave = (who: Api) => who.post("/v1/me/leave");

  test("K11 what the member owned is the owner's, and all that names them goes as in a removal", async () => {
    const owner = await subscribed(platform, "agency");
    ok(await platform.post(`/v1/accounts/${owner.accountId}/credits`, { kind: "top_up", amount: 100 }, { idempotencyKey: newKey() }), 201);
    const tool = await newTool(platform);
    const member = await newMember(fetch, owner, { roles: ["specialist"], grants: [{ resourceType: "tool", resourceId: "0", access: "view" }] });
    const task = ok(await newTask(member.api, tool), 201).body.id;
    const token = api(fetch, await newToken(fetch, member.apiKey));
    ok(await leave(token), 204);
    for (const who of [member.api, token]) expect(said(await who.get("/v1/me"))).toBe("401 auth/invalid-credential");
    expect(ok(await owner.api.get<{ ownerId: string }>(`/v1/tasks/${task}`), 200).body.ownerId).toBe(owner.memberId);
    expect(said(await owner.api.get(`/v1/members/${member.memberId}`))).toBe("404 not-found");
    expect((await actionsIn(owner.api, "member.delete")).map((event) => [event.resource.id, (event as { reason?: string }).reason])).toEqual([[member.memberId, "left"]]);
  });

  test("K11 not the owner, not the last holder of the top role, not by a narrowed key, not from another account", async () => {
    const owner = await subscribed(platform, "vendor");
    const member = await newMember(fetch, owner, { roles: ["operator"] });
    expect(said(await leave(owner.api))).toBe("409 conflict/last-admin");
    const end = new Date(Date.now() + 3_600_000).toISOString();
    for (const terms of [{ scopes: [] }, { allowedIps: ["203.0.113.0/24"] }, { expiresAt: end }]) {
      expect(said(await leave(api(fetch, await newApiKey(fetch, owner, member.memberId, terms))))).toBe("403 access/denied");
    }
    const seller = await subscribed(platform, "seller");
    const organization = await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId });
    const admin = await newMember(fetch, seller, { roles: ["seller_admin"] });
    expect(said(await leave(at(admin, organization.accountId)))).toBe("409 conflict/state");
    // Leaving needs no plan: an operator of a lapsed one goes too, and the other seller admin.
    ok(await platform.put(`/v1/accounts/${owner.accountId}/plan`, { restrictedAccounts: false, memberLimit: null, contactUrl: null }), 200);
    expect(said(await member.api.get("/v1/products"))).toBe("402 plan/feature-required");
    for (const who of [member, admin]) ok(await leave(who.api), 204);
  });
});
