import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus, type Problem } from "../../harness/client.ts";
import { mailsTo } from "../../harness/mailbox.ts";
import { newMember, type Person } from "../../harness/people.ts";
import {
  acceptInvitation,
  ageInvitation,
  type Invitation,
  createInvitation,
  newPerson,
  readRows,
  invitationToken,
} from "./invitations-fixture.ts";
import {
  fetch,
  createPlatform,
  listIds,
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

const resend = (who: Person, id: string) =>
  who.api.post<Invitation & Problem>(`/v1/invitations/${id}/resend`);
const revoke = (who: Person, id: string) => who.api.del<Problem>(`/v1/invitations/${id}`);
const expire = (id: string) =>
  env.DB.prepare("UPDATE invitation SET expires_at = 1, mail_at = 1 WHERE id = ?").bind(id).run();

async function edit(memberId: string, patch: object): Promise<void> {
  const { headers } = expectStatus(await team.api.get(`/v1/members/${memberId}`), 200);
  expectStatus(
    await team.api.patch(`/v1/members/${memberId}`, patch, { ifMatch: headers.get("etag") ?? "" }),
    200,
  );
}

describe("an invitation that is sent once more", () => {
  test("keeps its id, turns its token and ends the old link, also when it has expired", async () => {
    const { id, member, token, expiresAt } = await createInvitation(team, { role: "member" });
    await ageInvitation(id);
    const { body } = expectStatus(await resend(team, id), 200);
    expect(body).toMatchObject({ id, status: "pending", sendCount: 2 });
    expect(Date.parse(body.expiresAt)).toBeGreaterThanOrEqual(Date.parse(expiresAt));
    const second = await invitationToken(member.email);
    expect(second).not.toBe(token);
    expect(said(await acceptInvitation(token))).toBe("404 not-found");
    await expire(id);
    expect(said(await acceptInvitation(second))).toBe("410 invitation/expired");
    expect(expectStatus(await resend(team, id), 200).body).toMatchObject({
      id,
      status: "pending",
      sendCount: 3,
    });
    expect(said(await acceptInvitation(second))).toBe("404 not-found");
    expectStatus(await acceptInvitation(await invitationToken(member.email)), 200);
    expect(said(await resend(team, id))).toBe("409 invitation/used");
    expect(
      (await mailsTo(fetch, member.email)).filter(({ template }) => template === "invitation"),
    ).toHaveLength(3);
  });

  test("goes out once a minute at most, however many ask at once", async () => {
    const { id, member } = await createInvitation(team, { role: "member" });
    const early = await resend(team, id);
    expect(said(early)).toBe("429 quota-exceeded");
    expect(Number(early.headers.get("retry-after"))).toBeGreaterThan(0);
    await ageInvitation(id);
    const answers = await Promise.all(Array.from({ length: 5 }, () => resend(team, id)));
    expect(answers.map(said).sort()).toEqual(["200", ...Array(4).fill("429 quota-exceeded")]);
    expect(await mailsTo(fetch, member.email)).toHaveLength(2);
  });

  test("is sent first where the member was added without a mail, to the card's current address", async () => {
    const body = newPerson();
    const { id: memberId, invitationId } = expectStatus(
      await team.api.post<{ id: string; invitationId: string }>("/v1/members", {
        ...body,
        roles: ["member"],
      }),
      201,
    ).body;
    expect(await mailsTo(fetch, body.email)).toEqual([]);
    expectStatus(await resend(team, invitationId), 200);
    const first = await invitationToken(body.email);
    await ageInvitation(invitationId);
    await edit(memberId, { email: `right-${body.email}` });
    expect(said(await acceptInvitation(first))).toBe("404 not-found");
    await ageInvitation(invitationId);
    expect(expectStatus(await resend(team, invitationId), 200).body).toMatchObject({
      email: `right-${body.email}`,
    });
    expect(
      expectStatus(await acceptInvitation(await invitationToken(`right-${body.email}`)), 200).body,
    ).toMatchObject({ memberId });
  });

  test("is not sent to a blocked member, nor where the account's domains leave the address out", async () => {
    const { id, member } = await createInvitation(team, { role: "member" });
    await ageInvitation(id);
    expectStatus(await team.api.post(`/v1/members/${member.id}/block`), 200);
    expect(said(await resend(team, id))).toBe("409 conflict/state");
    expectStatus(await team.api.post(`/v1/members/${member.id}/unblock`), 200);
    expectStatus(await resend(team, id), 200);
  });
});

test("no mailbox is flooded by inviting again and again: ten mails a day from all accounts", async () => {
  const { email } = newPerson();
  const ask = () =>
    team.api.post<Invitation & Problem>(
      "/v1/invitations",
      { ...newPerson(), email, role: "member" },
      { idempotencyKey: newIdempotencyKey() },
    );
  for (let index = 0; index < 10; index += 1)
    expectStatus(await revoke(team, expectStatus(await ask(), 201).body.id), 204);
  const refused = await ask();
  expect(said(refused)).toBe("429 quota-exceeded");
  expect([...refused.headers.keys()]).toEqual(
    expect.arrayContaining(["retry-after", "ratelimit", "ratelimit-policy"]),
  );
  const other = await createSubscribedAccount(platform, "team");
  expect(
    said(
      await other.api.post(
        "/v1/invitations",
        { ...newPerson(), email, role: "member" },
        { idempotencyKey: newIdempotencyKey() },
      ),
    ),
  ).toBe("429 quota-exceeded");
  // The day is over.
  await env.DB.prepare("DELETE FROM tally").run();
  expectStatus(await ask(), 201);
});

describe("an invitation that is taken back", () => {
  test("takes the new member along and frees the login; a second time there is none to take", async () => {
    const dealer = await createSubscribedAccount(platform, "dealer");
    const { id, member, token } = await createInvitation(dealer, { role: "client", grants: [] });
    expect(member.login).toBe("0002");
    expect((await mailsTo(fetch, member.email))[0]?.text).toContain("0002");
    expectStatus(await revoke(dealer, id), 204);
    expect(said(await dealer.api.get(`/v1/members/${member.id}`))).toBe("404 not-found");
    expect(said(await acceptInvitation(token))).toBe("410 invitation/revoked");
    expect([await revoke(dealer, id), await resend(dealer, id)].map(said)).toEqual([
      "410 invitation/revoked",
      "410 invitation/revoked",
    ]);
    expect((await createInvitation(dealer, { role: "client", email: member.email })).member.login).toBe(
      "0002",
    );
    expect(await readRows("SELECT member_id, status FROM invitation WHERE id = ?", id)).toEqual([
      { member_id: null, status: "revoked" },
    ]);
    const { data } = expectStatus(
      await dealer.api.get<{ data: { action: string }[] }>("/v1/audit?limit=5"),
      200,
    ).body;
    expect(data.map(({ action }) => action)).toEqual(
      expect.arrayContaining(["invitation.revoke", "member.delete"]),
    );
  });

  test("leaves members who came in by a key, or accepted; and the owner of an account", async () => {
    const keyed = await newMember(fetch, team, { roles: ["member"] });
    const [{ id }] = (await readRows("SELECT id FROM invitation WHERE member_id = ?", keyed.memberId)) as [
      { id: string },
    ];
    expect(said(await revoke(team, id))).toBe("409 invitation/used");
    expect(said(await keyed.api.get("/v1/me"))).toBe("200");
    const accepted = await createInvitation(team, { role: "member" });
    expectStatus(await acceptInvitation(accepted.token), 200);
    expect(said(await revoke(team, accepted.id))).toBe("409 invitation/used");
    const seller = await createSubscribedAccount(platform, "seller");
    const org = expectStatus(
      await seller.api.post<{ id: string; owner: { id: string } }>(
        "/v1/organizations",
        { name: "New", owner: newPerson() },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;
    const [owners] = (await readRows("SELECT id FROM invitation WHERE member_id = ?", org.owner.id)) as [
      { id: string },
    ];
    expect(
      said(await seller.api.del(`/v1/invitations/${owners.id}`, { headers: { "tollgate-account": org.id } })),
    ).toBe("409 conflict/last-admin");
  });

  test("stays while objects belong to the member", async () => {
    const agency = await createSubscribedAccount(platform, "agency");
    const { id, member } = await createInvitation(agency, { accountType: "specialist" });
    const toolId = await createObject({ api: platform }, "tools", {
      key: `t-${newIdempotencyKey().slice(0, 6)}`,
      name: "Rank",
      createCost: 0,
      updateCost: 0,
    });
    const taskId = await createObject(agency, "tasks", { toolId, name: "Plan" });
    await env.DB.prepare("UPDATE resource SET owner_id = ? WHERE id = ?").bind(member.id, taskId).run();
    expect(said(await revoke(agency, id))).toBe("409 conflict/not-removable");
    expect(said(await agency.api.get(`/v1/members/${member.id}`))).toBe("200");
  });
});

describe("who sees and handles invitations", () => {
  test("another account's is not there; callers who may not add members do neither", async () => {
    const { id } = await createInvitation(team, { role: "member" });
    const stranger = await createSubscribedAccount(platform, "team");
    const calls = (who: Person) => [
      () => who.api.get(`/v1/invitations/${id}`),
      () => resend(who, id),
      () => revoke(who, id),
    ];
    for (const call of calls(stranger)) expect(said(await call())).toBe("404 not-found");
    const viewer = await newMember(fetch, team, { roles: ["viewer"] });
    const answers = await Promise.all(calls(viewer).map(async (call) => said(await call())));
    expect(answers).toEqual(["404 not-found", "403 access/denied", "403 access/denied"]);
    expect(said(await viewer.api.get("/v1/invitations"))).toBe("403 access/denied");
  });

  test("S2.13 no caller handles the invitation of a member whose role they could not give", async () => {
    const seller = await createSubscribedAccount(platform, "seller");
    const manager = await newMember(fetch, seller, { roles: ["account_manager"] });
    const above = await createInvitation(seller, { role: "seller_admin" });
    await ageInvitation(above.id);
    expect([await resend(manager, above.id), await revoke(manager, above.id)].map(said)).toEqual([
      "403 access/denied",
      "403 access/denied",
    ]);
    const below = await createInvitation(manager, { role: "support_agent" });
    await ageInvitation(below.id);
    expectStatus(await resend(manager, below.id), 200);
    expectStatus(await revoke(manager, below.id), 204);
    const { headers } = expectStatus(await seller.api.get(`/v1/accounts/${seller.accountId}`), 200);
    expectStatus(
      await seller.api.patch(
        `/v1/accounts/${seller.accountId}`,
        { settings: { inviteOnlyAdmins: true } },
        { ifMatch: headers.get("etag") ?? "" },
      ),
      200,
    );
    const late = await createInvitation(seller, { role: "support_agent" });
    await ageInvitation(late.id);
    expect([await resend(manager, late.id), await revoke(manager, late.id)].map(said)).toEqual([
      "403 access/denied",
      "403 access/denied",
    ]);
  });

  test("the list goes by status and address, in pages", async () => {
    const owner = await createSubscribedAccount(platform, "team");
    const people = [];
    for (const _ of [1, 2, 3, 4, 5]) people.push(await createInvitation(owner, { role: "member" }));
    const [a, b, c, d, e] = people as [
      (typeof people)[0],
      (typeof people)[0],
      (typeof people)[0],
      (typeof people)[0],
      (typeof people)[0],
    ];
    expectStatus(await acceptInvitation(a.token), 200);
    await expire(b.id);
    expectStatus(await revoke(owner, c.id), 204);
    // The owner of an account is invited, too.
    const [first] = (await readRows("SELECT id FROM invitation WHERE member_id = ?", owner.memberId)) as [
      { id: string },
    ];
    expect(await listIds(owner.api, "invitations?status=pending", 1)).toEqual([e.id, d.id]);
    expect(await listIds(owner.api, "invitations?status=expired")).toEqual([b.id]);
    expect(await listIds(owner.api, "invitations?status=accepted")).toEqual([a.id, first.id]);
    expect(await listIds(owner.api, "invitations?status=revoked")).toEqual([c.id]);
    expect(
      await listIds(owner.api, `invitations?email=${encodeURIComponent(d.member.email.toUpperCase())}`),
    ).toEqual([d.id]);
    expect(await listIds(owner.api, "invitations", 2)).toEqual([e.id, d.id, c.id, b.id, a.id, first.id]);
    for (const query of ["status=blocked", "email=none", "kind=link"])
      expect(said(await owner.api.get(`/v1/invitations?${query}`))).toBe("422 validation");
  });
});
