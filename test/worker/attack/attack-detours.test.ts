import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ok } from "../../harness/client.ts";
import { mailsTo } from "../../harness/mailbox.ts";
import { newAccount, newcomer, newMember, type Person } from "../../harness/people.ts";
import {
  admin,
  ANY,
  asAccepted,
  bound,
  card,
  expectNoFaults,
  fetch,
  founded,
  foundWorld,
  keyed,
  link,
  name,
  narrowed,
  NO,
  offer,
  platform,
  seller,
  take,
  team,
  told,
  vendor,
} from "./attack-world.ts";
import { tokenFor } from "../people/invitations-world.ts";
import { ELSEWHERE, HOME, made, said, subscribed } from "../access/operators-world.ts";
import { arrived, newEmail } from "../people/sign-in-world.ts";

beforeAll(foundWorld);
afterAll(expectNoFaults);

const OWNER_STAYS = "409 conflict/last-admin";
const subjects = async (to: string) => (await mailsTo(fetch, to)).map(({ subject }) => subject);
const remove = async (by: Person, id: string) => ok(await by.api.del(`/v1/members/${id}`), 204);

describe("K4 a way in that was opened once is remembered", () => {
  test("K4 when the helper who wrote the card is removed by the thief or the owner, or leaves", async () => {
    const ends: ((thief: Person, helper: Person) => Promise<unknown>)[] = [
      (thief, helper) => remove(thief, helper.memberId),
      (_, helper) => remove(team, helper.memberId),
      (_, helper) => helper.api.post("/v1/me/leave"),
    ];
    for (const end of ends) {
      const [thief, email] = [await admin(team), newEmail()];
      const helper = await admin(thief);
      ok(await card(helper.api, thief.memberId, { email }), 200);
      await end(thief, helper);
      expect(said(await link(thief.api, email))).toBe(NO);
    }
  });

  test("K4 when the member between the thief and the helper is removed", async () => {
    const thief = await admin(team);
    const first = await admin(thief);
    const second = await admin(first);
    await remove(thief, first.memberId);
    expect(said(await name(second.api, thief.memberId, newEmail()))).toBe(NO);
  });

  test("K4 when the helper, whose key was told, is of another member's adding", async () => {
    const [thief, far] = [await admin(team), await newcomer(team, { roles: ["admin"] })];
    const first = await admin(thief);
    const speaks = await take(await told(first.api, far.memberId));
    await remove(thief, first.memberId);
    expect(said(await name(speaks, thief.memberId, newEmail()))).toBe(NO);
  });

  test.each(["the helper", "the owner"])(
    "K4 when the address that the thief named is overwritten by %s",
    async (by) => {
      const [thief, helper, mine] = [await admin(team), await admin(team), newEmail()];
      ok(await name(thief.api, helper.memberId, mine), 200);
      const session = await asAccepted(await tokenFor(mine));
      ok(await card(by === "the owner" ? team.api : session, helper.memberId, { email: newEmail() }), 200);
      expect(said(await name(session, thief.memberId, newEmail()))).toBe(NO);
      const email = newEmail();
      ok(await card(session, thief.memberId, { email }), 200);
      expect(said(await link(thief.api, email))).toBe(NO);
    },
  );

  test("K4 when the helper owns the account by then; the platform names the address", async () => {
    const owner = await founded();
    const helper = await admin(owner);
    ok(await helper.api.post(`${await offer(owner, helper.memberId)}/accept`), 200);
    expect(said(await name(helper.api, owner.memberId, newEmail()))).toBe(NO);
    const path = `/v1/accounts/${owner.accountId}/members/${owner.memberId}/sign-in-address`;
    ok(await platform.post(path, { email: newEmail() }), 200);
  });

  test("K4 and its rows are neither changed nor removed", async () => {
    for (const sql of ["DELETE FROM opener", "UPDATE opener SET opened_by = 'mem_x'"]) {
      await expect(env.DB.prepare(sql).run()).rejects.toThrow("opener");
    }
  });

  test("K4 the address that stood on the card hears when another takes its place", async () => {
    const member = await arrived(team, { roles: ["member"] });
    ok(await card(team.api, member.id, { email: newEmail() }), 200);
    expect(await subjects(member.email)).toContainEqual(
      expect.stringMatching(/^Your address in .* was changed$/),
    );
  });
});

describe("K1 keys of owners", () => {
  test("K1 are no business of the accounts above, also when a second admin revoked them", async () => {
    const owner = await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId });
    const second = await newMember(fetch, owner, { roles: ["customer_admin"] });
    const keys = ok(
      await owner.api.get<{ data: { id: string }[] }>(`/v1/members/${owner.memberId}/api-keys`),
      200,
    ).body.data;
    const revoked = await second.api.del(`/v1/api-keys/${keys[0]?.id}`);
    expect(said(revoked)).toBe(OWNER_STAYS);
    // The owner revokes it, and is still the owner.
    ok(await owner.api.del(`/v1/api-keys/${keys[0]?.id}`), 204);
    expect(
      said(await seller.api.post(`/v1/organizations/${owner.accountId}/owner-claims`, undefined, keyed())),
    ).toBe("409 conflict/state");
    ok(await platform.post(`/v1/accounts/${owner.accountId}/owner-claims?revokeKeys=true`), 201);
  });

  test("K1 and claims for owners who are in, need account.manage", async () => {
    const clerk = await newMember(
      fetch,
      { ...team, ...(await platformPerson()) },
      { roles: [], rights: ["account.create"] },
    );
    const path = `/v1/accounts/${team.accountId}/owner-claims?revokeKeys=true`;
    expect(said(await clerk.api.post(path))).toBe(NO);
    expect((await team.api.get("/v1/me")).status).toBe(200);
  });

  test("K11 a member hears that another revoked a key of theirs", async () => {
    const { memberId, email } = await newcomer(team, { roles: ["member"] });
    await take(await told(team.api, memberId));
    const keys = ok(await team.api.get<{ data: { id: string }[] }>(`/v1/members/${memberId}/api-keys`), 200)
      .body.data;
    ok(await team.api.del(`/v1/api-keys/${keys[0]?.id}`), 204);
    expect(await subjects(email)).toContainEqual(
      expect.stringMatching(/^An API key of yours in .* was revoked$/),
    );
  });
});

/** The platform's first member, as a person who adds others there. */
async function platformPerson(): Promise<Pick<Person, "accountId" | "memberId" | "api">> {
  const { account, member } = ok(
    await platform.get<{ account: { id: string }; member: { id: string } }>("/v1/me"),
    200,
  ).body;
  return { accountId: account.id, memberId: member.id, api: platform };
}

describe("K11 an owner who is an operator, too", () => {
  const lapse = async ({ accountId }: Person) =>
    ok(
      await platform.put(`/v1/accounts/${accountId}/plan`, {
        restrictedAccounts: false,
        memberLimit: null,
        contactUrl: null,
      }),
      200,
    );

  test("K11 stays in when the plan lapses, however the roles came", async () => {
    const byOffer = await subscribed(platform, "vendor");
    const heir = await newMember(fetch, byOffer, { roles: ["operator"] });
    ok(await heir.api.post(`${await offer(byOffer, heir.memberId)}/accept`), 200);
    const byPlatform = await subscribed(platform, "vendor");
    const named = await newMember(fetch, byPlatform, { roles: ["operator"] });
    ok(
      await platform.put(`/v1/accounts/${byPlatform.accountId}/owner`, {
        memberId: named.memberId,
        reason: "the owner left",
      }),
      200,
    );
    const byEdit = await subscribed(platform, "vendor");
    const second = await newMember(fetch, byEdit, { roles: ["owner"] });
    ok(await card(second.api, byEdit.memberId, { roles: ["owner", "operator"] }), 200);
    for (const [account, owner] of [
      [byOffer, heir],
      [byPlatform, named],
      [byEdit, byEdit],
    ] as const) {
      await lapse(account);
      expect(said(await owner.api.get("/v1/members"))).toBe("200");
    }
    const operator = await newMember(fetch, vendor, { roles: ["operator"] });
    await lapse(vendor);
    expect(said(await operator.api.get("/v1/products"))).toBe("402 plan/feature-required");
  });
});

describe("K2 a restricted key", () => {
  test("K2 shortens no period of a limit", async () => {
    const limited = await newMember(fetch, team, { roles: ["member"], creditLimit: 5 });
    for (const key of [await bound(team), await narrowed(team, { scopes: ["member.view", "member.edit"] })]) {
      expect(said(await card(key, limited.memberId, { limitPeriod: "day" }))).toBe(NO);
    }
    ok(await card(team.api, limited.memberId, { limitPeriod: "day" }), 200);
    expect(said(await card(await bound(team), limited.memberId, { limitPeriod: "week" }))).toBe("200");
  });

  test("K2 takes a role with its limit, and lowers a grant", async () => {
    const limited = await newMember(fetch, team, { roles: ["member"], creditLimit: 5 });
    expect(said(await card(await bound(team), limited.memberId, { roles: [] }))).toBe("200");
    const owner = await subscribed(platform, "vendor");
    const product = await made(owner, "products", { name: "Editor" });
    const operator = await newMember(fetch, owner, { roles: ["operator"] });
    const grant = (access: string) => ({
      grants: [{ resourceType: "product", resourceId: product, access }],
    });
    const path = `/v1/members/${operator.memberId}/grants`;
    ok(await owner.api.put(path, grant("edit")), 200);
    const key = await bound(owner);
    expect([said(await key.put(path, grant("view"))), said(await key.put(path, grant("owner")))]).toEqual([
      "200",
      NO,
    ]);
  });

  test("K2 loosens no setting, and lifts no rule as the platform", async () => {
    ok(
      await team.api.patch(
        `/v1/accounts/${team.accountId}`,
        { settings: { perThemeRestrictions: true } },
        ANY,
      ),
      200,
    );
    const loose = [
      [team, { perThemeRestrictions: false }],
      [seller, { billingAdminVisibleToCustomer: true }],
      [team, { invitationTtlMs: 10 * 86_400_000 }],
    ] as const;
    for (const [who, settings] of loose) {
      expect(
        said(await (await bound(who)).patch(`/v1/accounts/${who.accountId}`, { settings }, ANY)),
        JSON.stringify(settings),
      ).toBe(NO);
    }
    const ruled = await founded();
    ok(await ruled.api.patch(`/v1/accounts/${ruled.accountId}`, { allowedIps: [HOME, ELSEWHERE] }, ANY), 200);
    const key = await bound({ ...team, ...(await platformPerson()) });
    expect(said(await key.del(`/v1/accounts/${ruled.accountId}/allowed-ips`))).toBe(NO);
  });
});
