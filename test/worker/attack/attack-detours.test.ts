import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectStatus } from "../../harness/client.ts";
import { mailsTo } from "../../harness/mailbox.ts";
import { newAccount, newMemberWithoutKey, newMember, type Person } from "../../harness/people.ts";
import {
  createAdmin,
  ANY_VERSION,
  callerOfInvitation,
  createAddressBoundKey,
  patchCard,
  expectNoFaults,
  fetch,
  createTeamAccount,
  createAttackFixture,
  idempotent,
  confirmEmailChange,
  setSignInAddress,
  createRestrictedKey,
  DENIED,
  createOffer,
  platform,
  seller,
  takeKey,
  team,
  requestClaimToken,
  vendor,
} from "./attack-fixture.ts";
import { invitationToken } from "../people/invitations-fixture.ts";
import {
  OTHER_IP,
  HOME_IP,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";
import { addSignedInMember, newEmail } from "../people/sign-in-fixture.ts";

beforeAll(createAttackFixture);
afterAll(expectNoFaults);

const OWNER_STAYS = "409 conflict/last-admin";
const subjects = async (to: string) => (await mailsTo(fetch, to)).map(({ subject }) => subject);
const remove = async (by: Person, id: string) => expectStatus(await by.api.del(`/v1/members/${id}`), 204);

describe("K4 a way in that was opened once is remembered", () => {
  test("K4 when the helper who wrote the card is removed by the thief or the owner, or leaves", async () => {
    const ends: ((thief: Person, helper: Person) => Promise<unknown>)[] = [
      (thief, helper) => remove(thief, helper.memberId),
      (_, helper) => remove(team, helper.memberId),
      (_, helper) => helper.api.post("/v1/me/leave"),
    ];
    for (const end of ends) {
      const [thief, email] = [await createAdmin(team), newEmail()];
      const helper = await createAdmin(thief);
      expectStatus(await patchCard(helper.api, thief.memberId, { email }), 200);
      await end(thief, helper);
      expect(said(await confirmEmailChange(thief.api, email))).toBe(DENIED);
    }
  });

  test("K4 when the member between the thief and the helper is removed", async () => {
    const thief = await createAdmin(team);
    const first = await createAdmin(thief);
    const second = await createAdmin(first);
    await remove(thief, first.memberId);
    expect(said(await setSignInAddress(second.api, thief.memberId, newEmail()))).toBe(DENIED);
  });

  test("K4 when the helper, whose key was told, is of another member's adding", async () => {
    const [thief, far] = [await createAdmin(team), await newMemberWithoutKey(team, { roles: ["admin"] })];
    const first = await createAdmin(thief);
    const speaks = await takeKey(await requestClaimToken(first.api, far.memberId));
    await remove(thief, first.memberId);
    expect(said(await setSignInAddress(speaks, thief.memberId, newEmail()))).toBe(DENIED);
  });

  test.each(["the helper", "the owner"])(
    "K4 when the address that the thief named is overwritten by %s",
    async (by) => {
      const [thief, helper, mine] = [await createAdmin(team), await createAdmin(team), newEmail()];
      expectStatus(await setSignInAddress(thief.api, helper.memberId, mine), 200);
      const session = await callerOfInvitation(await invitationToken(mine));
      expectStatus(
        await patchCard(by === "the owner" ? team.api : session, helper.memberId, { email: newEmail() }),
        200,
      );
      expect(said(await setSignInAddress(session, thief.memberId, newEmail()))).toBe(DENIED);
      const email = newEmail();
      expectStatus(await patchCard(session, thief.memberId, { email }), 200);
      expect(said(await confirmEmailChange(thief.api, email))).toBe(DENIED);
    },
  );

  test("K4 when the helper owns the account by then; the platform names the address", async () => {
    const owner = await createTeamAccount();
    const helper = await createAdmin(owner);
    expectStatus(await helper.api.post(`${await createOffer(owner, helper.memberId)}/accept`), 200);
    expect(said(await setSignInAddress(helper.api, owner.memberId, newEmail()))).toBe(DENIED);
    const path = `/v1/accounts/${owner.accountId}/members/${owner.memberId}/sign-in-address`;
    expectStatus(await platform.post(path, { email: newEmail() }), 200);
  });

  test("K4 and its rows are neither changed nor removed", async () => {
    for (const sql of ["DELETE FROM opener", "UPDATE opener SET opened_by = 'mem_x'"]) {
      await expect(env.DB.prepare(sql).run()).rejects.toThrow("opener");
    }
  });

  test("K4 the address that stood on the card hears when another takes its place", async () => {
    const member = await addSignedInMember(team, { roles: ["member"] });
    expectStatus(await patchCard(team.api, member.id, { email: newEmail() }), 200);
    expect(await subjects(member.email)).toContainEqual(
      expect.stringMatching(/^Your address in .* was changed$/),
    );
  });
});

describe("K1 keys of owners", () => {
  test("K1 are no business of the accounts above, also when a second admin revoked them", async () => {
    const owner = await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId });
    const second = await newMember(fetch, owner, { roles: ["customer_admin"] });
    const keys = expectStatus(
      await owner.api.get<{ data: { id: string }[] }>(`/v1/members/${owner.memberId}/api-keys`),
      200,
    ).body.data;
    const revoked = await second.api.del(`/v1/api-keys/${keys[0]?.id}`);
    expect(said(revoked)).toBe(OWNER_STAYS);
    // The owner revokes it, and is still the owner.
    expectStatus(await owner.api.del(`/v1/api-keys/${keys[0]?.id}`), 204);
    expect(
      said(
        await seller.api.post(`/v1/organizations/${owner.accountId}/owner-claims`, undefined, idempotent()),
      ),
    ).toBe("409 conflict/state");
    expectStatus(await platform.post(`/v1/accounts/${owner.accountId}/owner-claims?revokeKeys=true`), 201);
  });

  test("K1 and claims for owners who are in, need account.manage", async () => {
    const clerk = await newMember(
      fetch,
      { ...team, ...(await platformPerson()) },
      { roles: [], rights: ["account.create"] },
    );
    const path = `/v1/accounts/${team.accountId}/owner-claims?revokeKeys=true`;
    expect(said(await clerk.api.post(path))).toBe(DENIED);
    expect((await team.api.get("/v1/me")).status).toBe(200);
  });

  test("K11 a member hears that another revoked a key of theirs", async () => {
    const { memberId, email } = await newMemberWithoutKey(team, { roles: ["member"] });
    await takeKey(await requestClaimToken(team.api, memberId));
    const keys = expectStatus(
      await team.api.get<{ data: { id: string }[] }>(`/v1/members/${memberId}/api-keys`),
      200,
    ).body.data;
    expectStatus(await team.api.del(`/v1/api-keys/${keys[0]?.id}`), 204);
    expect(await subjects(email)).toContainEqual(
      expect.stringMatching(/^An API key of yours in .* was revoked$/),
    );
  });
});

/** The platform's first member, as a person who adds others there. */
async function platformPerson(): Promise<Pick<Person, "accountId" | "memberId" | "api">> {
  const { account, member } = expectStatus(
    await platform.get<{ account: { id: string }; member: { id: string } }>("/v1/me"),
    200,
  ).body;
  return { accountId: account.id, memberId: member.id, api: platform };
}

describe("K11 an owner who is an operator, too", () => {
  const lapse = async ({ accountId }: Person) =>
    expectStatus(
      await platform.put(`/v1/accounts/${accountId}/plan`, {
        restrictedAccounts: false,
        memberLimit: null,
        contactUrl: null,
      }),
      200,
    );

  test("K11 stays in when the plan lapses, however the roles came", async () => {
    const byOffer = await createSubscribedAccount(platform, "vendor");
    const heir = await newMember(fetch, byOffer, { roles: ["operator"] });
    expectStatus(await heir.api.post(`${await createOffer(byOffer, heir.memberId)}/accept`), 200);
    const byPlatform = await createSubscribedAccount(platform, "vendor");
    const named = await newMember(fetch, byPlatform, { roles: ["operator"] });
    expectStatus(
      await platform.put(`/v1/accounts/${byPlatform.accountId}/owner`, {
        memberId: named.memberId,
        reason: "the owner left",
      }),
      200,
    );
    const byEdit = await createSubscribedAccount(platform, "vendor");
    const second = await newMember(fetch, byEdit, { roles: ["owner"] });
    expectStatus(await patchCard(second.api, byEdit.memberId, { roles: ["owner", "operator"] }), 200);
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
    for (const key of [
      await createAddressBoundKey(team),
      await createRestrictedKey(team, { scopes: ["member.view", "member.edit"] }),
    ]) {
      expect(said(await patchCard(key, limited.memberId, { limitPeriod: "day" }))).toBe(DENIED);
    }
    expectStatus(await patchCard(team.api, limited.memberId, { limitPeriod: "day" }), 200);
    expect(
      said(await patchCard(await createAddressBoundKey(team), limited.memberId, { limitPeriod: "week" })),
    ).toBe("200");
  });

  test("K2 takes a role with its limit, and lowers a grant", async () => {
    const limited = await newMember(fetch, team, { roles: ["member"], creditLimit: 5 });
    expect(said(await patchCard(await createAddressBoundKey(team), limited.memberId, { roles: [] }))).toBe(
      "200",
    );
    const owner = await createSubscribedAccount(platform, "vendor");
    const product = await createObject(owner, "products", { name: "Editor" });
    const operator = await newMember(fetch, owner, { roles: ["operator"] });
    const grant = (access: string) => ({
      grants: [{ resourceType: "product", resourceId: product, access }],
    });
    const path = `/v1/members/${operator.memberId}/grants`;
    expectStatus(await owner.api.put(path, grant("edit")), 200);
    const key = await createAddressBoundKey(owner);
    expect([said(await key.put(path, grant("view"))), said(await key.put(path, grant("owner")))]).toEqual([
      "200",
      DENIED,
    ]);
  });

  test("K2 loosens no setting, and lifts no rule as the platform", async () => {
    expectStatus(
      await team.api.patch(
        `/v1/accounts/${team.accountId}`,
        { settings: { perThemeRestrictions: true } },
        ANY_VERSION,
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
        said(
          await (await createAddressBoundKey(who)).patch(
            `/v1/accounts/${who.accountId}`,
            { settings },
            ANY_VERSION,
          ),
        ),
        JSON.stringify(settings),
      ).toBe(DENIED);
    }
    const ruled = await createTeamAccount();
    expectStatus(
      await ruled.api.patch(
        `/v1/accounts/${ruled.accountId}`,
        { allowedIps: [HOME_IP, OTHER_IP] },
        ANY_VERSION,
      ),
      200,
    );
    const key = await createAddressBoundKey({ ...team, ...(await platformPerson()) });
    expect(said(await key.del(`/v1/accounts/${ruled.accountId}/allowed-ips`))).toBe(DENIED);
  });
});
