import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { lastMail, mailsTo, tokenOf } from "../../harness/mailbox.ts";
import { newAccount, newApiKey, newMember, type Person } from "../../harness/people.ts";
import { nextClientIp } from "../../harness/sign-in.ts";
import {
  acceptInvitation,
  ageInvitation,
  createInvitation,
  newPerson,
  readRows,
} from "../people/invitations-fixture.ts";
import {
  fetch,
  createPlatform,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

let platform: Api;
let team: Person;
beforeAll(async () => {
  platform = await createPlatform();
  team = await createSubscribedAccount(platform, "team");
});

const move = (who: { readonly api: Api }, id: string, email: string) =>
  who.api.patch(`/v1/members/${id}`, { email }, { ifMatch: "*" });
const resend = (who: { readonly api: Api }, id: string) => who.api.post(`/v1/invitations/${id}/resend`);
const invitationsTo = async (email: string) =>
  (await mailsTo(fetch, email)).filter(({ template }) => template === "invitation").length;
const elsewhere = () => `elsewhere-${newIdempotencyKey().slice(0, 8)}@example.com`;

/** What moving and resending this invitation answers, and how many mails went to the new address. */
async function tried(
  who: { readonly api: Api },
  { id, member }: { readonly id: string; readonly member: { readonly id: string } },
): Promise<[string, string, number]> {
  await ageInvitation(id);
  const email = elsewhere();
  return [said(await move(who, member.id, email)), said(await resend(who, id)), await invitationsTo(email)];
}
const REFUSED = ["403 access/denied", "403 access/denied", 0];

describe("only a caller who could give all that its member has moves or resends an invitation", () => {
  test("a narrowed key that may invite no admin moves no admin's", async () => {
    const narrow = {
      api: api(
        fetch,
        await newApiKey(fetch, team, team.memberId, {
          scopes: ["member.view", "member.edit", "member.create"],
        }),
      ),
    };
    expect(
      said(
        await narrow.api.post(
          "/v1/invitations",
          { ...newPerson(), roles: ["admin"] },
          { idempotencyKey: newIdempotencyKey() },
        ),
      ),
    ).toBe("403 access/denied");
    expect(await tried(narrow, await createInvitation(team, { roles: ["admin"] }))).toEqual(REFUSED);
    expect(await tried(team, await createInvitation(team, { roles: ["admin"] }))).toEqual([
      "200",
      "429 quota-exceeded",
      1,
    ]);
  });

  test("no caller moves one into object groups beyond their own", async () => {
    const manager = await createSubscribedAccount(platform, "dealer");
    const [own, other] = [
      await createObject(manager, "object-groups", { name: "Own" }),
      await createObject(manager, "object-groups", { name: "Other" }),
    ];
    const clerk = await newMember(fetch, manager, {
      roles: ["dealer_user"],
      rights: ["member.view", "member.edit", "member.create", "object_group.edit", "object.view"],
      objectGroupIds: [own],
    });
    expect(
      await tried(
        clerk,
        await createInvitation(manager, { roles: [], rights: ["object.view"], objectGroupIds: [other] }),
      ),
    ).toEqual(REFUSED);
    expect(
      await tried(
        clerk,
        await createInvitation(manager, { roles: [], rights: ["object.view"], objectGroupIds: [own] }),
      ),
    ).toEqual(["200", "429 quota-exceeded", 1]);
  });

  test("no caller moves one with grants on what they do not see", async () => {
    const seller = await createSubscribedAccount(platform, "seller");
    const [near, far] = [
      await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId }),
      await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId }),
    ];
    const grant = (resourceId: string) => [{ resourceType: "organization", resourceId, access: "view" }];
    const agent = await newMember(fetch, seller, {
      roles: ["seller_agent_admin"],
      rights: ["member.view", "member.edit"],
      grants: grant(near.accountId),
    });
    expect(
      await tried(
        agent,
        await createInvitation(seller, { roles: ["subscriptions_manager"], grants: grant(far.accountId) }),
      ),
    ).toEqual(REFUSED);
  });
});

describe("no invitation waits for a member who has come in", () => {
  const claimed = async (owner: Person, memberId: string) =>
    api(fetch, await newApiKey(fetch, owner, memberId));
  const stateOf = (memberId: string) =>
    readRows("SELECT status, accepted_at IS NOT NULL AS at FROM invitation WHERE member_id = ?", memberId);

  test("a member who takes an API key has come in: no invitation is moved, sent or accepted", async () => {
    const { id, member, token } = await createInvitation(team, { role: "member" });
    const key = await claimed(team, member.id);
    expect(await stateOf(member.id)).toEqual([{ status: "accepted", at: 1 }]);
    await ageInvitation(id);
    const email = elsewhere();
    expect([
      said(await move(team, member.id, email)),
      said(await resend(team, id)),
      await invitationsTo(email),
    ]).toEqual(["200", "409 invitation/used", 0]);
    const late = await acceptInvitation(token, { signIn: true });
    expect([said(late), late.body.detail]).toEqual([
      "409 invitation/used",
      expect.stringContaining("API key"),
    ]);
    // The address on the card, which another has changed since, is theirs to link.
    expect(said(await key.post("/v1/me/email", { email }, { ip: nextClientIp() }))).toBe("202");
  });

  test("one that waits all the same, as a row of old would, opens nothing either", async () => {
    const { id, member, token } = await createInvitation(team, { role: "member" });
    await claimed(team, member.id);
    await env.DB.prepare("UPDATE invitation SET status = 'pending', accepted_at = NULL WHERE id = ?")
      .bind(id)
      .run();
    await ageInvitation(id);
    const email = elsewhere();
    expect([
      said(await acceptInvitation(token)),
      said(await resend(team, id)),
      said(await move(team, member.id, email)),
      await invitationsTo(email),
    ]).toEqual(["409 invitation/used", "409 invitation/used", "200", 0]);
  });

  test("only the owner changes the owner's address, before they first come in and later", async () => {
    const owner = await newAccount(fetch, platform, "team");
    const admin = await newMember(fetch, owner, { roles: ["admin"] });
    const email = elsewhere();
    expect([said(await move(admin, owner.memberId, email)), await invitationsTo(email)]).toEqual([
      "409 conflict/last-admin",
      0,
    ]);
    expect(said(await move(owner, owner.memberId, email))).toBe("200");
    const seller = await createSubscribedAccount(platform, "seller");
    const mail = newPerson();
    const org = expectStatus(
      await seller.api.post<{ id: string; owner: { id: string } }>(
        "/v1/organizations",
        { name: "New", owner: mail },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;
    const below = seller.api.patch(
      `/v1/members/${org.owner.id}`,
      { email },
      { ifMatch: "*", headers: { "tollgate-account": org.id } },
    );
    expect([said(await below), await invitationsTo(email)]).toEqual(["409 conflict/last-admin", 0]);
    expectStatus(await acceptInvitation(tokenOf(await lastMail(fetch, mail.email, "invitation"))), 200);
  });
});
