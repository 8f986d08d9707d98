import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Api, api, ok, type Problem } from "../harness/client.ts";
import { codeOf, lastMail, mailsTo } from "../harness/mailbox.ts";
import { newAccount, newApiKey, newMember, type Person } from "../harness/people.ts";
import { signIn } from "../harness/sign-in.ts";
import { fetch, foundPlatform, said } from "./operators-world.ts";
import { alsoIn, anybody, arrived, enter, kept, mailedKey, newEmail, notThis, told } from "./sign-in-world.ts";

let platform: Api;
let owner: Person;
beforeAll(async () => {
  platform = await foundPlatform();
  owner = await newAccount(fetch, platform, "team");
});
afterEach(() => { vi.useRealTimers(); });

const code = async (email: string): Promise<string> => codeOf(await lastMail(fetch, email, "change_email"));
const confirm = (who: Api, body: object) => who.post<Problem>("/v1/me/email/confirm", body);
const shown = async (who: Api) => ok(await who.get<{ email: string | null }>("/v1/me/email"), 200).body.email;

/** Both codes of a change. */
async function asked(who: Api, from: string, to: string): Promise<{ email: string; oldCode: string; newCode: string }> {
  ok(await who.post("/v1/me/email", { email: to }), 202);
  return { email: to, oldCode: await code(from), newCode: await code(to) };
}

describe("S4.36: the address that a person signs in with", () => {
  test("is changed by the person, with a code of each address, for every account of theirs, and each trail tells it", async () => {
    const { email, id, api: session } = await arrived(owner);
    const other = await alsoIn(platform, email);
    const next = newEmail();
    const body = await asked(session, email, next);
    expect(ok(await confirm(session, body), 200).body).toEqual({ email: next });
    expect(await shown(session)).toBe(next);
    // The code is used up: it opens no session either.
    expect(said(await enter({ email: next, code: body.newCode, accountId: owner.accountId }))).toBe("401 auth/invalid-credential");
    for (const { accountId } of [owner, other]) {
      expect((await signIn(fetch, next, accountId)).tokens.accountId).toBe(accountId);
      expect((await told(accountId, "email.change")).length).toBe(1);
    }
    const mails = (await mailsTo(fetch, email)).length;
    ok(await anybody.post("/v1/auth/codes", { email }), 202);
    // Nobody signs in with the old one any more; the card is for contact and stays.
    expect((await mailsTo(fetch, email)).length).toBe(mails);
    expect(ok(await owner.api.get<{ email: string }>(`/v1/members/${id}`), 200).body.email).toBe(email);
  });

  test("stays where one code is wrong, missing, used or of another address, and is not changed by a key", async () => {
    const { email, id, api: session } = await arrived(owner);
    const next = newEmail();
    const body = await asked(session, email, next);
    const wrong = [{ ...body, oldCode: notThis(body.oldCode) }, { ...body, newCode: notThis(body.newCode) }, { email: next, newCode: body.newCode }, { ...body, email: newEmail() }, { ...body, oldCode: body.newCode, newCode: body.oldCode }];
    for (const one of wrong) expect(said(await confirm(session, one))).toBe("422 validation");
    const key = api(fetch, await mailedKey(owner, id, email));
    expect([said(await key.post("/v1/me/email", { email: next })), said(await confirm(key, body))]).toEqual(["403 access/denied", "403 access/denied"]);
    expect([await shown(session), await shown(key)]).toEqual([email, email]);
    const again = await asked(session, email, next);
    const answers = await Promise.all(Array.from({ length: 4 }, () => confirm(session, again)));
    expect(answers.filter(({ status }) => status === 200).length).toBe(1);
    expect((await told(owner.accountId, "email.change")).filter(({ resource }) => (resource as { id: string }).id === id).length).toBe(1);
  });

  test("is one person's only", async () => {
    const [one, two] = [await arrived(owner), await arrived(owner)];
    const body = await asked(one.api, one.email, two.email);
    expect(said(await confirm(one.api, body))).toBe("409 conflict/duplicate");
    expect([await shown(one.api), await shown(two.api)]).toEqual([one.email, two.email]);
    expect(said(await one.api.post("/v1/me/email", { email: one.email }))).toBe("422 validation");
  });

  test("is set by an owner who has only called with a key, and who signs in from then on; not by a narrowed key", async () => {
    const account = await newAccount(fetch, platform, "team");
    const next = newEmail();
    expect(await shown(account.api)).toBeNull();
    const narrowed = api(fetch, await newApiKey(fetch, account, account.memberId, { scopes: ["member.view"] }));
    expect(said(await narrowed.post("/v1/me/email", { email: next }))).toBe("403 access/denied");
    ok(await account.api.post("/v1/me/email", { email: next }), 202);
    const body = { email: next, newCode: await code(next) };
    expect([said(await confirm(narrowed, body)), said(await confirm(account.api, body))]).toEqual(["403 access/denied", "200"]);
    expect((await signIn(fetch, next)).tokens.memberId).toBe(account.memberId);
  });

  test("is one that the person may have elsewhere already, but no other member of the account has", async () => {
    const { email, id } = await arrived(owner);
    const [inside, outside] = [await newMember(fetch, owner, { roles: ["member"] }), await newAccount(fetch, platform, "team")];
    for (const [who, answer] of [[inside, "409 conflict/duplicate-member"], [outside, "200"]] as const) {
      ok(await who.api.post("/v1/me/email", { email }), 202);
      expect(said(await confirm(who.api, { email, newCode: await code(email) }))).toBe(answer);
    }
    expect((await kept("SELECT count(DISTINCT user_id) AS n FROM member WHERE id IN (?, ?)", id, outside.memberId))?.["n"]).toBe(1);
    expect((await signIn(fetch, email, outside.accountId)).tokens.memberId).toBe(outside.memberId);
  });

  test("leaves no invitation behind that would make the member another person", async () => {
    const member = await newMember(fetch, owner, { roles: ["member"] });
    const next = newEmail();
    ok(await member.api.post("/v1/me/email", { email: next }), 202);
    ok(await confirm(member.api, { email: next, newCode: await code(next) }), 200);
    expect((await kept("SELECT status FROM invitation WHERE member_id = ?", member.memberId))?.["status"]).toBe("accepted");
  });

  test("is asked for within the limits of every code, and the codes end with their ten minutes", async () => {
    const { email, api: session } = await arrived(owner);
    const next = newEmail();
    const body = await asked(session, email, next);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 9 * 60_000 });
    const { api: later } = await signIn(fetch, email);
    vi.setSystemTime(Date.now() + 60_000);
    expect(said(await confirm(later, body))).toBe("422 validation");
    const answers: string[] = [];
    for (let time = 0; time < 8; time += 1) answers.push(said(await later.post("/v1/me/email", { email: next })));
    expect(answers.at(-1)).toBe("429 quota-exceeded");
    expect(said(await enter({ email, code: "12345678" }))).toBe("401 auth/invalid-credential");
  });
});
