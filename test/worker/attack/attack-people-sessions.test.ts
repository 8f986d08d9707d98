import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, expectStatus } from "../../harness/client.ts";
import { codeOf, lastMail } from "../../harness/mailbox.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { nextClientIp, signIn } from "../../harness/sign-in.ts";
import { fetch, createPlatform, said, createSubscribedAccount } from "../access/operators-fixture.ts";
import {
  joinOtherAccount,
  addSignedInMember,
  signInWith,
  requestMail,
  createMailedKey,
  newEmail,
  refreshSession,
  listEvents,
} from "../people/sign-in-fixture.ts";

let platform: Api;
let team: Person;
beforeAll(async () => {
  platform = await createPlatform();
  team = await createSubscribedAccount(platform, "team");
});

/** Changes the own address with the codes of both mails. */
async function moved(session: Api, from: string): Promise<string> {
  const email = newEmail();
  expectStatus(await session.post("/v1/me/email", { email }, { ip: nextClientIp() }), 202);
  const [newCode, oldCode] = [
    codeOf(await lastMail(fetch, email, "change_email")),
    codeOf(await lastMail(fetch, from, "change_email")),
  ];
  expectStatus(
    await session.post("/v1/me/email/confirm", { email, newCode, oldCode }, { ip: nextClientIp() }),
    200,
  );
  return email;
}

/** Another session of the same person. */
async function again(email: string, accountId?: string) {
  const { code } = await requestMail(email);
  const tokens = expectStatus(
    await signInWith({ email, code, ...(accountId === undefined ? {} : { accountId }) }),
    201,
  ).body;
  return { tokens, api: api(fetch, tokens.access_token) };
}

const seen = async (...sessions: { api: Api }[]) =>
  Promise.all(sessions.map(async (one) => said(await one.api.get("/v1/me"))));
const OUT = "401 auth/invalid-credential";

describe("S4.36: a change of the own address", () => {
  test("tells each account of its own member, and of nothing that is another account's", async () => {
    const one = await addSignedInMember(team, { username: "Name at the team" });
    const other = await joinOtherAccount(platform, one.email);
    const { tokens, api: session } = await signIn(fetch, one.email, team.accountId);
    const email = await moved(session, one.email);
    const [event] = await listEvents(other.accountId, "email.change");
    const text = JSON.stringify(event);
    expect(
      [team.accountId, one.id, "Name at the team", tokens.session.id].filter((each) => text.includes(each)),
    ).toEqual([]);
    expect(event?.["actor"]).toMatchObject({
      type: "member",
      accountId: other.accountId,
      memberId: (event?.["resource"] as { id: string } | undefined)?.id,
    });
    expect(event?.["changes"]).toEqual({ before: { email: one.email }, after: { email } });
    // Where the change was made, the trail tells by which session.
    const [own] = (await listEvents(team.accountId, "email.change")).filter(
      ({ resource }) => (resource as { id: string }).id === one.id,
    );
    expect(own?.["actor"]).toMatchObject({ memberId: one.id, sessionId: tokens.session.id });
  });

  test("ends the person's other sessions, in each account, and no refresh restores one", async () => {
    const one = await addSignedInMember(team);
    const other = await joinOtherAccount(platform, one.email);
    const [stolen, far] = [await again(one.email, team.accountId), await again(one.email, other.accountId)];
    expect(await seen(stolen, far)).toEqual(["200", "200"]);
    await moved(one.api, one.email);
    expect(await seen(one, stolen, far)).toEqual(["200", OUT, OUT]);
    expect([
      said(await refreshSession(stolen.tokens.refresh_token)),
      said(await refreshSession(far.tokens.refresh_token)),
    ]).toEqual([OUT, OUT]);
    expect((await refreshSession(one.tokens.refresh_token)).status).toBe(200);
  });
});

describe("S2.22: a block", () => {
  test("ends the member's sessions, also after an unblock; keys, roles and grants stay", async () => {
    const one = await addSignedInMember(team);
    const key = api(fetch, await createMailedKey(team, one.id, one.email));
    expectStatus(await team.api.post(`/v1/members/${one.id}/block`), 200);
    expect(await seen(one, { api: key })).toEqual(["401 auth/blocked", "401 auth/blocked"]);
    expectStatus(await team.api.post(`/v1/members/${one.id}/unblock`), 200);
    expect(await seen(one, { api: key })).toEqual([OUT, "200"]);
    expect(said(await refreshSession(one.tokens.refresh_token))).toBe(OUT);
    expect(await seen(await again(one.email))).toEqual(["200"]);
  });
});

describe("ending sessions", () => {
  test("one's own, but for the one that asks; by key all of them; each told once", async () => {
    const one = await addSignedInMember(team);
    const [two, three] = [await again(one.email), await again(one.email)];
    expectStatus(await two.api.del("/v1/me/sessions"), 204);
    expectStatus(await two.api.del("/v1/me/sessions"), 204);
    expect(await seen(one, two, three)).toEqual([OUT, "200", OUT]);
    const key = api(fetch, await createMailedKey(team, one.id, one.email));
    expectStatus(await key.del("/v1/me/sessions"), 204);
    expect(await seen(two)).toEqual([OUT]);
    const ended = (await listEvents(team.accountId, "session.end")).filter(
      ({ resource }) => (resource as { id: string }).id === one.id,
    );
    expect(ended.map(({ reason }) => reason)).toEqual(["ended by the member", "ended by the member"]);
  });

  test("another member's, by callers who may block them, and by no others", async () => {
    const one = await addSignedInMember(team);
    const [plain, weak, admin] = [
      await newMember(fetch, team, { roles: ["member"] }),
      await newMember(fetch, team, { roles: ["member"], rights: ["member.view", "member.block"] }),
      await newMember(fetch, team, { roles: ["admin"] }),
    ];
    const stranger = await createSubscribedAccount(platform, "team");
    const path = `/v1/members/${one.id}/sessions`;
    expect([
      said(await plain.api.del(path)),
      said(await stranger.api.del(path)),
      said(await weak.api.del(`/v1/members/${team.memberId}/sessions`)),
    ]).toEqual(["403 access/denied", "404 not-found", "403 access/denied"]);
    expect(await seen(one)).toEqual(["200"]);
    expectStatus(await admin.api.del(path), 204);
    expect(await seen(one)).toEqual([OUT]);
    expect(await seen(await again(one.email))).toEqual(["200"]);
  });
});
