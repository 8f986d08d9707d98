import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Api, api, expectStatus, type Problem } from "../../harness/client.ts";
import { codeOf, lastMail, mailsTo, tokenOf } from "../../harness/mailbox.ts";
import { newAccount, newApiKey, newMember, type Person } from "../../harness/people.ts";
import { nextClientIp, signIn } from "../../harness/sign-in.ts";
import { fetch, createPlatform, said } from "../access/operators-fixture.ts";
import {
  joinOtherAccount,
  anonymousCaller,
  addSignedInMember,
  signInWith,
  readRow,
  createMailedKey,
  newEmail,
  otherCode,
  listEvents,
} from "./sign-in-fixture.ts";

let platform: Api;
let owner: Person;
beforeAll(async () => {
  platform = await createPlatform();
  owner = await newAccount(fetch, platform, "team");
});
afterEach(() => {
  vi.useRealTimers();
});

const code = async (email: string): Promise<string> => codeOf(await lastMail(fetch, email, "change_email"));
const confirm = (who: Api, body: object) => who.post<Problem>("/v1/me/email/confirm", body);
const shown = async (who: Api) =>
  expectStatus(await who.get<{ email: string | null }>("/v1/me/email"), 200).body.email;

/** Both codes of a change. */
async function asked(
  who: Api,
  from: string,
  to: string,
): Promise<{ email: string; oldCode: string; newCode: string }> {
  expectStatus(await who.post("/v1/me/email", { email: to }), 202);
  return { email: to, oldCode: await code(from), newCode: await code(to) };
}

describe("S4.36: the address that a person signs in with", () => {
  test("K8 is changed by the person in all their accounts, with a code of each address", async () => {
    const { email, id, api: session } = await addSignedInMember(owner);
    const other = await joinOtherAccount(platform, email);
    const next = newEmail();
    const body = await asked(session, email, next);
    expect(expectStatus(await confirm(session, body), 200).body).toEqual({ email: next });
    expect(await shown(session)).toBe(next);
    // The code is used up: it opens no session either.
    expect(said(await signInWith({ email: next, code: body.newCode, accountId: owner.accountId }))).toBe(
      "401 auth/invalid-credential",
    );
    const wishes = (await listEvents(owner.accountId, "email.ask")).filter(
      ({ resource }) => (resource as { id: string }).id === id,
    );
    expect(wishes.map(({ outcome }) => outcome)).toEqual(["success"]);
    for (const { accountId } of [owner, other]) {
      expect((await signIn(fetch, next, accountId)).tokens.accountId).toBe(accountId);
      expect((await listEvents(accountId, "email.change")).length).toBe(1);
    }
    const mails = (await mailsTo(fetch, email)).length;
    expectStatus(await anonymousCaller.post("/v1/auth/codes", { email }), 202);
    // The old one signs in no more; the card's address is for contact and stays.
    expect((await mailsTo(fetch, email)).length).toBe(mails);
    expect(expectStatus(await owner.api.get<{ email: string }>(`/v1/members/${id}`), 200).body.email).toBe(
      email,
    );
  });

  test("stays if a code is wrong, missing, used or of another address, and for a key", async () => {
    const { email, id, api: session } = await addSignedInMember(owner);
    const next = newEmail();
    const body = await asked(session, email, next);
    const wrong = [
      { ...body, oldCode: otherCode(body.oldCode) },
      { ...body, newCode: otherCode(body.newCode) },
      { email: next, newCode: body.newCode },
      { ...body, email: newEmail() },
      { ...body, oldCode: body.newCode, newCode: body.oldCode },
    ];
    for (const one of wrong) expect(said(await confirm(session, one))).toBe("422 validation");
    const key = api(fetch, await createMailedKey(owner, id, email));
    expect([said(await key.post("/v1/me/email", { email: next })), said(await confirm(key, body))]).toEqual([
      "403 access/denied",
      "403 access/denied",
    ]);
    expect([await shown(session), await shown(key)]).toEqual([email, email]);
    const again = await asked(session, email, next);
    const answers = await Promise.all(Array.from({ length: 4 }, () => confirm(session, again)));
    expect(answers.filter(({ status }) => status === 200).length).toBe(1);
    expect(
      (await listEvents(owner.accountId, "email.change")).filter(
        ({ resource }) => (resource as { id: string }).id === id,
      ).length,
    ).toBe(1);
  });

  test("is one person's only", async () => {
    const [one, two] = [await addSignedInMember(owner), await addSignedInMember(owner)];
    const body = await asked(one.api, one.email, two.email);
    expect(said(await confirm(one.api, body))).toBe("409 conflict/duplicate");
    expect([await shown(one.api), await shown(two.api)]).toEqual([one.email, two.email]);
    expect(said(await one.api.post("/v1/me/email", { email: one.email }))).toBe("422 validation");
  });

  test("is set by an owner who has only a key and signs in from then on; not by a narrowed key", async () => {
    const next = newEmail();
    const account = await newAccount(fetch, platform, "team", {
      owner: { email: next, firstName: "Olga", lastName: "Owner" },
    });
    expect(await shown(account.api)).toBeNull();
    const narrowed = api(
      fetch,
      await newApiKey(fetch, account, account.memberId, { scopes: ["member.view"] }),
    );
    expect(said(await narrowed.post("/v1/me/email", { email: next }))).toBe("403 access/denied");
    expectStatus(await account.api.post("/v1/me/email", { email: next }), 202);
    const body = { email: next, newCode: await code(next) };
    expect([said(await confirm(narrowed, body)), said(await confirm(account.api, body))]).toEqual([
      "403 access/denied",
      "200",
    ]);
    expect((await signIn(fetch, next)).tokens.memberId).toBe(account.memberId);
  });

  test("may be the person's in another account, but not another member's of this one", async () => {
    const { email, id, api: session } = await addSignedInMember(owner);
    const next = newEmail();
    expectStatus(await confirm(session, await asked(session, email, next)), 200);
    // The card of another member has the address by which this one signs in by now.
    const [inside, outside] = [
      await newMember(fetch, owner, { roles: ["member"], email: next }),
      await newAccount(fetch, platform, "team", { owner: { email: next, firstName: "O", lastName: "O" } }),
    ];
    for (const [who, answer] of [
      [inside, "409 conflict/duplicate-member"],
      [outside, "200"],
    ] as const) {
      expectStatus(await who.api.post("/v1/me/email", { email: next }), 202);
      expect(said(await confirm(who.api, { email: next, newCode: await code(next) }))).toBe(answer);
    }
    expect(
      (
        await readRow(
          "SELECT count(DISTINCT user_id) AS n FROM member WHERE id IN (?, ?)",
          id,
          outside.memberId,
        )
      )?.["n"],
    ).toBe(1);
    expect((await signIn(fetch, next, outside.accountId)).tokens.memberId).toBe(outside.memberId);
  });

  test("leaves no invitation behind that would make the member another person", async () => {
    const next = newEmail();
    const member = await newMember(fetch, owner, { roles: ["member"], email: next });
    expectStatus(await member.api.post("/v1/me/email", { email: next }), 202);
    expectStatus(await confirm(member.api, { email: next, newCode: await code(next) }), 200);
    expect(
      (await readRow("SELECT status FROM invitation WHERE member_id = ?", member.memberId))?.["status"],
    ).toBe("accepted");
  });

  test("is asked for within the limits of every code, and the codes end with their ten minutes", async () => {
    const { email, api: session } = await addSignedInMember(owner);
    const next = newEmail();
    const body = await asked(session, email, next);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 9 * 60_000 });
    const { api: later } = await signIn(fetch, email);
    vi.setSystemTime(Date.now() + 60_000);
    expect(said(await confirm(later, body))).toBe("422 validation");
    const answers: string[] = [];
    for (let time = 0; time < 8; time += 1)
      answers.push(said(await later.post("/v1/me/email", { email: next })));
    expect(answers.at(-1)).toBe("429 quota-exceeded");
    expect(said(await signInWith({ email, code: "12345678" }))).toBe("401 auth/invalid-credential");
  });
});

describe("K4 a stolen key does not become a person", () => {
  const NO = "403 access/denied";
  const ANY = { ifMatch: "*" };
  const ask = (who: Api, email: string) =>
    who.post<Problem>("/v1/me/email", { email }, { ip: nextClientIp() });
  const security = async (email: string) =>
    (await mailsTo(fetch, email))
      .filter(({ template }) => template === "security")
      .map(({ subject }) => subject);
  const founded = async () => {
    const email = newEmail();
    return {
      email,
      ...(await newAccount(fetch, platform, "team", {
        owner: { email, firstName: "Olga", lastName: "Owner" },
      })),
    };
  };

  test("K4 by another address than the card's, nor by one that the member's key wrote there", async () => {
    const [one, thief] = [await founded(), newEmail()];
    const refused = await ask(one.api, thief);
    expect([said(refused), refused.body.detail, await mailsTo(fetch, thief)]).toEqual([
      NO,
      expect.stringContaining("sign-in-address"),
      [],
    ]);
    expectStatus(await ask(one.api, one.email), 202);
    expect((await security(one.email))[0]).toContain("requested");
    const body = { email: one.email, newCode: await code(one.email) };
    // An owner's key may edit the own card, and gains nothing by it: not with a code that was asked for
    // before either.
    expectStatus(await one.api.patch(`/v1/members/${one.memberId}`, { email: thief }, ANY), 200);
    expect([
      said(await ask(one.api, thief)),
      said(await ask(one.api, one.email)),
      said(await confirm(one.api, body)),
    ]).toEqual([NO, NO, NO]);
    expectStatus(await one.api.patch(`/v1/members/${one.memberId}`, { email: one.email }, ANY), 200);
    expect([said(await ask(one.api, one.email)), said(await confirm(one.api, body))]).toEqual([NO, NO]);
    expect(await shown(one.api)).toBeNull();
  });

  test("K4 with the help of a member it added; but by an address that a member above wrote", async () => {
    const [admin, thief, right] = [
      await newMember(fetch, owner, { roles: ["admin"] }),
      newEmail(),
      newEmail(),
    ];
    const helper = await newMember(fetch, admin, { roles: ["admin"] });
    expectStatus(await helper.api.patch(`/v1/members/${admin.memberId}`, { email: thief }, ANY), 200);
    expect(said(await ask(admin.api, thief))).toBe(NO);
    expectStatus(await owner.api.patch(`/v1/members/${admin.memberId}`, { email: right }, ANY), 200);
    expectStatus(await ask(admin.api, right), 202);
    expectStatus(await confirm(admin.api, { email: right, newCode: await code(right) }), 200);
    expect((await security(right))[0]).toContain("sign-in address was changed");
    expect((await signIn(fetch, right)).tokens.memberId).toBe(admin.memberId);
  });

  test("K4 only the platform names an address for an owner without a person", async () => {
    const [one, right] = [await founded(), newEmail()];
    const other = await newMember(fetch, one, { roles: ["admin"] });
    const path = (id: string) => `/v1/members/${id}/sign-in-address`;
    const byPlatform = `/v1/accounts/${one.accountId}/members/${one.memberId}/sign-in-address`;
    expect([
      said(await one.api.post(path(one.memberId), { email: right })),
      said(await other.api.post(path(one.memberId), { email: right })),
    ]).toEqual([NO, "409 conflict/last-admin"]);
    expect([
      said(await other.api.del(path(one.memberId))),
      said(await one.api.del(path(one.memberId))),
    ]).toEqual(["409 conflict/last-admin", NO]);
    expect([
      said(await one.api.post(byPlatform, { email: right })),
      said(await one.api.del(byPlatform)),
      said(await owner.api.post(path(one.memberId), { email: right })),
    ]).toEqual([NO, NO, "404 not-found"]);
    expectStatus(await platform.post(byPlatform, { email: right }), 200);
    expect([(await security(one.email))[0], await shown(one.api)]).toEqual([
      expect.stringContaining("requested"),
      null,
    ]);
    expectStatus(
      await anonymousCaller.post("/v1/invitations/accept", {
        token: tokenOf(await lastMail(fetch, right, "invitation")),
        signIn: true,
      }),
      200,
    );
    expect(said(await one.api.get("/v1/me"))).toBe("401 auth/invalid-credential");
    const { tokens } = await signIn(fetch, right);
    expect([tokens.memberId, said(await platform.post(byPlatform, { email: newEmail() }))]).toEqual([
      one.memberId,
      "409 conflict/state",
    ]);
    expectStatus(await platform.del(byPlatform), 204);
    expect([(await security(right))[0], said(await api(fetch, tokens.access_token).get("/v1/me"))]).toEqual([
      expect.stringContaining("removed"),
      "401 auth/invalid-credential",
    ]);
    for (const chain of [one.accountId, null]) {
      const of =
        chain ?? expectStatus(await platform.get<{ account: { id: string } }>("/v1/me"), 200).body.account.id;
      expect(
        (await listEvents(of, "email.change")).some(
          ({ resource }) => (resource as { id: string }).id === one.memberId,
        ),
        String(chain),
      ).toBe(true);
    }
  });

  test("K4 only callers who may revoke a member's keys unlink the member's address", async () => {
    const [one, member] = [
      await addSignedInMember(owner),
      await newMember(fetch, owner, { roles: ["member"] }),
    ];
    const path = `/v1/members/${one.id}/sign-in-address`;
    const card = async () =>
      expectStatus(
        await owner.api.get<{ signInEmail: string | null; signInSince: string | null }>(
          `/v1/members/${one.id}`,
        ),
        200,
      ).body;
    expect(await card()).toMatchObject({ signInEmail: one.email, signInSince: expect.stringMatching(/Z$/) });
    const stranger = await newAccount(fetch, platform, "team");
    expect([said(await member.api.del(path)), said(await stranger.api.del(path))]).toEqual([
      "404 not-found",
      "404 not-found",
    ]);
    expectStatus(await owner.api.del(path), 204);
    expectStatus(await owner.api.del(path), 204);
    expect(await card()).toMatchObject({ signInEmail: null, signInSince: null });
    expect([said(await one.api.get("/v1/me")), (await security(one.email))[0]]).toEqual([
      "401 auth/invalid-credential",
      expect.stringContaining("removed"),
    ]);
    expect(said(await owner.api.patch(`/v1/members/${one.id}`, { signInEmail: newEmail() }, ANY))).toBe(
      "422 validation",
    );
    expect(
      (await listEvents(owner.accountId, "email.change")).filter(
        ({ resource }) => (resource as { id: string }).id === one.id,
      ),
    ).toHaveLength(1);
  });
});
