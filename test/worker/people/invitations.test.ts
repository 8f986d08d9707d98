import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Api,
  api,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
} from "../../harness/client.ts";
import { mailsTo } from "../../harness/mailbox.ts";
import { newMember, type Person } from "../../harness/people.ts";
import {
  OTHER_IP,
  fetch,
  createPlatform,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";
import {
  acceptInvitation,
  confirmCardEmail,
  type Invitation,
  createInvitation,
  newPerson,
  readRows,
} from "./invitations-fixture.ts";

let platform: Api;
let team: Person;
const anybody = api(fetch, null);

beforeAll(async () => {
  platform = await createPlatform();
  team = await createSubscribedAccount(platform, "team");
});

describe("an invitation by mail", () => {
  test("S1.2 needs an address and a role that is known", async () => {
    const ask = (body: object) =>
      team.api.post<Problem>("/v1/invitations", body, { idempotencyKey: newIdempotencyKey() });
    const wrong = [
      { ...newPerson(), email: "no address" },
      { ...newPerson(), email: undefined },
      { ...newPerson(), role: "emperor" },
      { ...newPerson(), role: "member", roles: ["viewer"] },
    ];
    const answers = await Promise.all(wrong.map(ask));
    expect(answers.map((answer) => [answer.status, answer.body.errors?.[0]?.pointer])).toEqual([
      [422, "/email"],
      [422, "/email"],
      [422, "/roles/0"],
      [422, "/role"],
    ]);
    expect(said(await team.api.post("/v1/invitations", newPerson()))).toBe("400 idempotency/missing");
  });

  test("S1.3 sends one mail for each key, with the link, the account, the inviter and the role", async () => {
    const [body, ask] = [{ ...newPerson(), role: "viewer" }, { idempotencyKey: newIdempotencyKey() }];
    const [first, second] = [
      expectStatus(await team.api.post<Invitation>("/v1/invitations", body, ask), 201),
      expectStatus(await team.api.post<Invitation>("/v1/invitations", body, ask), 201),
    ];
    expect(second.body).toEqual(first.body);
    expect(first.body).toMatchObject({
      status: "pending",
      sendCount: 1,
      email: body.email,
      member: { status: "new", roles: ["viewer"] },
      mail: { to: body.email, language: "en" },
    });
    const mails = await mailsTo(fetch, body.email);
    expect(mails.map(({ template }) => template)).toEqual(["invitation"]);
    expect(mails[0]?.link).toContain("/accept#token=");
    expect(mails[0]?.text).toMatch(/Account \d+/);
    expect(mails[0]?.text).toContain("Olga Owner");
    expect(mails[0]?.text).toContain("Viewer");
  });

  test("S2.17, S2.18, S1.4 makes a member at once, who joins by a click, new until a sign-in", async () => {
    const { id, member, token } = await createInvitation(team, { role: "member" });
    const ofMember = async () =>
      expectStatus(
        await team.api.get<{ status: string; acceptedAt: string | null; emailVerified: boolean }>(
          `/v1/members/${member.id}`,
        ),
        200,
      ).body;
    expect(await ofMember()).toMatchObject({ status: "new", acceptedAt: null, emailVerified: false });
    const { body } = expectStatus(await acceptInvitation(token), 200);
    expect(body).toEqual({ memberId: member.id, accountId: team.accountId, status: "new" });
    expect(await ofMember()).toMatchObject({
      status: "new",
      acceptedAt: expect.any(String),
      emailVerified: true,
    });
    expect(said(await acceptInvitation(token))).toBe("409 invitation/used");
    expect(expectStatus(await team.api.get(`/v1/invitations/${id}`), 200).body).toMatchObject({
      status: "accepted",
      acceptedAt: expect.any(String),
    });
    expect(await readRows("SELECT COUNT(*) AS n FROM user WHERE email = ?", member.email)).toEqual([
      { n: 1 },
    ]);
  });

  test("S2.18 signs in with the same click when asked to: active then", async () => {
    const { member, token } = await createInvitation(team, { role: "member" });
    const { body } = expectStatus(await acceptInvitation(token, { signIn: true }), 200);
    expect(body).toMatchObject({ memberId: member.id, status: "active", session: { memberId: member.id } });
    const me = expectStatus(
      await api(fetch, (body as unknown as { session: { access_token: string } }).session.access_token).get<{
        member: { status: string };
      }>("/v1/me"),
      200,
    ).body;
    expect(me.member.status).toBe("active");
  });

  test("tells the inviter, unless they want no such mail; the trail has the member who came", async () => {
    const quiet = await newMember(fetch, team, { roles: ["admin"], notifications: { invitations: false } });
    const loud = await newMember(fetch, team, { roles: ["admin"] });
    for (const { memberId } of [quiet, loud]) await confirmCardEmail(memberId);
    for (const admin of [quiet, loud])
      expectStatus(await acceptInvitation((await createInvitation(admin, { role: "member" })).token), 200);
    const emailOf = async ({ memberId }: Person) =>
      expectStatus(await team.api.get<{ email: string }>(`/v1/members/${memberId}`), 200).body.email;
    const templates = async (who: Person) =>
      (await mailsTo(fetch, await emailOf(who))).map(({ template }) => template).sort();
    // A security mail, here of the claimed key, is sent against a member's settings too.
    expect([await templates(quiet), await templates(loud)]).toEqual([["security"], ["joined", "security"]]);
    const { id, member, token } = await createInvitation(team, { role: "member" });
    expectStatus(await acceptInvitation(token), 200);
    const { body } = expectStatus(
      await team.api.get<{
        data: { action: string; actor: { memberId: string }; resource: { id: string } }[];
      }>("/v1/audit?limit=1&action=invitation.accept"),
      200,
    );
    expect(body.data[0]).toMatchObject({ actor: { memberId: member.id }, resource: { id } });
  });

  test("S1.25 goes to a viewer at any domain, unless the account names its domains", async () => {
    const strict = await createSubscribedAccount(platform, "team");
    const settings = async (patch: object) => {
      const { headers } = expectStatus(await strict.api.get(`/v1/accounts/${strict.accountId}`), 200);
      return strict.api.patch<Problem>(
        `/v1/accounts/${strict.accountId}`,
        { settings: patch },
        { ifMatch: headers.get("etag") ?? "" },
      );
    };
    const ask = (email: string) =>
      strict.api.post<Problem>(
        "/v1/invitations",
        { ...newPerson(), email, role: "viewer" },
        { idempotencyKey: newIdempotencyKey() },
      );
    expectStatus(await ask("client@elsewhere.example"), 201);
    expectStatus(await settings({ allowedEmailDomains: ["Studio.example"] }), 200);
    expect(expectStatus(await ask("b@elsewhere.example"), 422).body.errors?.[0]?.pointer).toBe("/email");
    expectStatus(await ask("c@studio.example"), 201);
    expect(said(await ask("d@sub.studio.example"))).toBe("422 validation");
    for (const wrong of ["no domain", "a@b.example", "-a.example", "*.example", "x".repeat(260)])
      expect(said(await settings({ allowedEmailDomains: [wrong] }))).toBe("422 validation");
    expect(
      said(
        await settings({
          allowedEmailDomains: Array.from({ length: 51 }, (_, index) => `d${index}.example`),
        }),
      ),
    ).toBe("422 validation");
    expect(said(await settings({ invitationTtlMs: 31 * 86_400_000 }))).toBe("422 validation");
    expectStatus(await settings({ allowedEmailDomains: [], invitationTtlMs: 3_600_000 }), 200);
    const { body } = expectStatus(await ask("e@elsewhere.example"), 201) as unknown as Reply<Invitation>;
    expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBe(3_600_000);
  });

  test("is one at a time for an address, and an external id is one member's", async () => {
    const { member } = await createInvitation(team, { role: "member", externalId: "crm-1" });
    const ask = (body: object) =>
      team.api.post(
        "/v1/invitations",
        { ...newPerson(), role: "member", ...body },
        { idempotencyKey: newIdempotencyKey() },
      );
    expect(said(await ask({ email: member.email.toUpperCase() }))).toBe("409 conflict/duplicate-invitation");
    expect(said(await ask({ externalId: "crm-1" }))).toBe("409 conflict/duplicate-member");
    const other = await createSubscribedAccount(platform, "team");
    expectStatus(
      await other.api.post(
        "/v1/invitations",
        { ...newPerson(), email: member.email, role: "member", externalId: "crm-1" },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    );
  });
});

test("K16 a refused second invitation names member and invitation to a caller who sees members", async () => {
  const { id, member } = await createInvitation(team, { role: "member" });
  const again = { ...newPerson(), email: member.email, roles: ["member"] };
  const ask = <Body = Problem>(who: Person, path: string, body: object = again) =>
    who.api.post<Body>(path, body, { idempotencyKey: newIdempotencyKey() });
  for (const path of ["/v1/invitations", "/v1/members"]) {
    const answer = await ask(team, path);
    expect([path, said(answer)]).toEqual([path, "409 conflict/duplicate-invitation"]);
    expect(answer.body).toMatchObject({ memberId: member.id, invitationId: id });
  }
  const rows = { invitations: [again] };
  const bulk = await ask<{ results: { problem: object }[] }>(team, "/v1/invitations/bulk", rows);
  expect(bulk.body.results[0]?.problem).toMatchObject({ memberId: member.id, invitationId: id });
  const blind = await newMember(fetch, team, {
    roles: [],
    rights: ["member.create", "member.edit", "product.view"],
  });
  const hidden = await ask(blind, "/v1/invitations", { ...again, roles: [], rights: ["product.view"] });
  expect(said(hidden)).toBe("409 conflict/duplicate-invitation");
  expect(hidden.body).not.toHaveProperty("invitationId");
  expect(hidden.body).not.toHaveProperty("memberId");
});

describe("an invitation is not accepted", () => {
  test("S1.4 by a token that is unknown, expired, or taken back", async () => {
    expect(said(await acceptInvitation("A".repeat(43)))).toBe("404 not-found");
    const { id, token } = await createInvitation(team, { role: "member" });
    await env.DB.prepare("UPDATE invitation SET expires_at = ? WHERE id = ?")
      .bind(Date.now() - 1, id)
      .run();
    expect(said(await acceptInvitation(token))).toBe("410 invitation/expired");
    expect(expectStatus(await team.api.get(`/v1/invitations/${id}`), 200).body).toMatchObject({
      status: "expired",
    });
    const gone = await createInvitation(team, { role: "member" });
    expectStatus(await team.api.del(`/v1/invitations/${gone.id}`), 204);
    expect(said(await acceptInvitation(gone.token))).toBe("410 invitation/revoked");
  });

  test("S2.21 by a member who was blocked; nor from where account or member do not let in", async () => {
    const blocked = await createInvitation(team, { role: "member" });
    expectStatus(await team.api.post(`/v1/members/${blocked.member.id}/block`), 200);
    expect(said(await acceptInvitation(blocked.token))).toBe("401 auth/blocked");
    const bound = await createInvitation(team, { role: "member", allowedIps: [`${OTHER_IP}/32`] });
    expect(said(await acceptInvitation(bound.token))).toBe("403 ip/not-allowed");
    const { body } = expectStatus(
      await team.api.get<{ data: { outcome: string; reason: string }[] }>(
        "/v1/audit?limit=1&action=invitation.accept",
      ),
      200,
    );
    expect(body.data[0]).toMatchObject({ outcome: "denied", reason: "ip/not-allowed" });
    expectStatus(await anybody.post("/v1/invitations/accept", { token: bound.token }, { ip: OTHER_IP }), 200);
  });

  test("by a person signed in with another address; with the same it is", async () => {
    const first = await createInvitation(team, { role: "member" });
    const { session } = expectStatus(await acceptInvitation(first.token, { signIn: true }), 200)
      .body as unknown as {
      session: { access_token: string };
    };
    const me = api(fetch, session.access_token);
    const foreign = await createInvitation(team, { role: "member" });
    expect(said(await me.post("/v1/invitations/accept", { token: foreign.token }))).toBe(
      "409 conflict/other-address",
    );
    const other = await createSubscribedAccount(platform, "team");
    const again = await createInvitation(other, { role: "viewer", email: first.member.email });
    expectStatus(await me.post("/v1/invitations/accept", { token: again.token }), 200);
  });

  test("by an operator whose account's plan has lapsed", async () => {
    const vendor = await createSubscribedAccount(platform, "vendor");
    const { token } = await createInvitation(vendor, { role: "operator" });
    expectStatus(
      await platform.put(`/v1/accounts/${vendor.accountId}/plan`, {
        restrictedAccounts: false,
        memberLimit: null,
        contactUrl: "mailto:sales@example.com",
      }),
      200,
    );
    const answer = await acceptInvitation(token);
    expect(said(answer)).toBe("402 plan/feature-required");
    expect(answer.body).toMatchObject({ contact: "mailto:sales@example.com" });
  });

  test("by a person who is a member of the account already under another address", async () => {
    const { member, token } = await createInvitation(team, { role: "member" });
    expectStatus(await acceptInvitation(token), 200);
    await env.DB.prepare("UPDATE member SET email = ?, version = version + 1 WHERE id = ?")
      .bind(`moved-${member.email}`, member.id)
      .run();
    const twin = await createInvitation(team, { role: "admin", email: member.email });
    expect(said(await acceptInvitation(twin.token))).toBe("409 conflict/duplicate-member");
  });
});
