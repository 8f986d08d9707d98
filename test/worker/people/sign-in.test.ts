import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount, type Person, activateSubscription } from "../../harness/people.ts";
import { signIn } from "../../harness/sign-in.ts";
import { OTHER_IP, fetch, createPlatform, HOME_IP, said } from "../access/operators-fixture.ts";
import {
  joinOtherAccount,
  anonymousCaller,
  addSignedInMember,
  signInWith,
  inviteMember,
  addMember,
  readRow,
  requestMail,
  newEmail,
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

const cardOf = async (who: Person, id: string) =>
  expectStatus(await who.api.get<Record<string, unknown>>(`/v1/members/${id}`), 200);
const edit = async (who: Person, path: string, patch: object) =>
  expectStatus(
    await who.api.patch(path, patch, {
      ifMatch: expectStatus(await who.api.get(path), 200).headers.get("etag") ?? "",
    }),
    200,
  );

describe("the first sign-in", () => {
  test("S2.17, S2.18, S2.19: makes a new member active once, with one row of the trail", async () => {
    const { id, email } = await addMember(owner);
    expect((await cardOf(owner, id)).body).toMatchObject({
      status: "new",
      lastLoginAt: null,
      acceptedAt: null,
    });
    const { code } = await requestMail(email);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => signInWith({ email, code, accountId: owner.accountId })),
    );
    expect(answers.filter(({ status }) => status === 201).length).toBe(1);
    const first = await cardOf(owner, id);
    expect(first.body).toMatchObject({
      status: "active",
      lastLoginAt: expect.any(String),
      acceptedAt: expect.any(String),
      emailVerified: true,
    });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
    await signIn(fetch, email);
    const second = await cardOf(owner, id);
    expect(second.body["version"]).toBe(first.body["version"]);
    expect(second.headers.get("etag")).not.toBe(first.headers.get("etag"));
    expect(Date.parse(String(second.body["lastLoginAt"]))).toBeGreaterThan(
      Date.parse(String(first.body["lastLoginAt"])),
    );
    const activations = (await listEvents(owner.accountId, "member.activate")).filter(
      ({ resource }) => (resource as { id: string }).id === id,
    );
    expect(activations).toMatchObject([
      { outcome: "success", changes: { before: { status: "new" }, after: { status: "active" } } },
    ]);
    expect(
      (await listEvents(owner.accountId, "session.create"))
        .filter(({ actor }) => (actor as { memberId: string }).memberId === id)
        .map(({ outcome }) => outcome),
    ).toEqual(["success", "success"]);
    expect((await readRow("SELECT count(*) AS n FROM user WHERE email = ?", email))?.["n"]).toBe(1);
  });

  test("S2.18: an acceptance alone leaves the member new; the next sign-in names no account", async () => {
    const { id, email } = await addMember(owner);
    await readRow(
      "INSERT INTO user (id, email, email_verified_at, created_at) VALUES (?1, ?2, 1, 1) RETURNING id",
      `usr_${id.slice(4)}`,
      email,
    );
    await readRow(
      "UPDATE member SET user_id = ?2, accepted_at = 1, version = version + 1 WHERE id = ?1 RETURNING id",
      id,
      `usr_${id.slice(4)}`,
    );
    expect((await cardOf(owner, id)).body["status"]).toBe("new");
    await signIn(fetch, email);
    expect((await cardOf(owner, id)).body["status"]).toBe("active");
  });

  test("and a key that is claimed meanwhile make one transition, whichever is first", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id, email } = await addMember(owner);
      const { code } = await requestMail(email);
      const { claim } = expectStatus(
        await owner.api.post<{ claim: { token: string } }>(
          `/v1/members/${id}/api-keys`,
          { name: "key" },
          { idempotencyKey: newIdempotencyKey() },
        ),
        201,
      ).body;
      const [answer] = await Promise.all([
        signInWith({ email, code, accountId: owner.accountId }),
        anonymousCaller.post("/v1/auth/claims", { token: claim.token }),
      ]);
      // A member who joined by the key waits for no invitation any more.
      const isPerson =
        (await readRow("SELECT user_id AS person FROM member WHERE id = ?", id))?.["person"] !== null;
      expect(said(answer)).toBe(isPerson ? "201" : "401 auth/invalid-credential");
      expect((await cardOf(owner, id)).body["status"]).toBe("active");
      const activations = (await listEvents(owner.accountId, "member.activate")).filter(
        ({ resource }) => (resource as { id: string }).id === id,
      );
      expect(activations.length).toBeLessThanOrEqual(1);
    }
  });

  test("S1.4: accepts and signs in, or neither: a wrong address keeps invitation and code", async () => {
    const { id, email } = await addMember(owner, { allowedIps: [OTHER_IP] });
    const { code } = await requestMail(email);
    expect(said(await signInWith({ email, code, accountId: owner.accountId }, { ip: HOME_IP }))).toBe(
      "403 ip/not-allowed",
    );
    expect(
      await readRow(
        `SELECT m.status, m.user_id, i.status AS invitation
          FROM member m JOIN invitation i ON i.member_id = m.id WHERE m.id = ?`,
        id,
      ),
    ).toEqual({ status: "new", user_id: null, invitation: "pending" });
    expectStatus(await signInWith({ email, code, accountId: owner.accountId }, { ip: OTHER_IP }), 201);
    expect((await readRow("SELECT status FROM invitation WHERE member_id = ?", id))?.["status"]).toBe(
      "accepted",
    );
  });
});

describe("which account", () => {
  test("S1.37: is asked where there are several, and the same code answers", async () => {
    const { email, id } = await addSignedInMember(owner);
    const other = await joinOtherAccount(platform, email);
    const { code } = await requestMail(email);
    const asked = await signInWith({ email, code });
    expect(said(asked)).toBe("409 conflict/choose-account");
    expect(asked.body["accounts"]).toEqual([
      { accountId: owner.accountId, name: expect.any(String), kind: "team", invitation: false },
      { accountId: other.accountId, name: expect.any(String), kind: "team", invitation: false },
    ]);
    const person = expectStatus(await signInWith({ email, code, accountId: owner.accountId }), 201).body;
    expect([person.accountId, person.memberId]).toEqual([owner.accountId, id]);
    // One user, two members.
    expect(
      (await readRow("SELECT count(DISTINCT user_id) AS n FROM member WHERE email = ?", email))?.["n"],
    ).toBe(1);
  });

  test("is the one that has accepted, while an invitation elsewhere waits to be named", async () => {
    const { email } = await addSignedInMember(owner);
    const other = await newAccount(fetch, platform, "team");
    const id = await inviteMember(other, email);
    expect((await signIn(fetch, email)).tokens.accountId).toBe(owner.accountId);
    expect((await cardOf(other, id)).body["status"]).toBe("new");
    expect((await signIn(fetch, email, other.accountId)).tokens.memberId).toBe(id);
    expect((await cardOf(other, id)).body["status"]).toBe("active");
  });

  test("is asked for a single invitation too: no person joins without saying so", async () => {
    const { email } = await addMember(owner);
    const { token } = await requestMail(email);
    const asked = (await signInWith({ token })).body;
    expect([asked["title"], asked.detail]).toEqual([
      "The account has to be named",
      expect.stringMatching(
        /accountId of one of `accounts`\. Where invitation is true, that accepts the invitation/,
      ),
    ]);
    expect(asked["accounts"]).toEqual([
      { accountId: owner.accountId, name: expect.any(String), kind: "team", invitation: true },
    ]);
  });

  test("is none where the person is no member: refused like a wrong code", async () => {
    const { email } = await addSignedInMember(owner);
    const stranger = await newAccount(fetch, platform, "team");
    const { code } = await requestMail(email);
    const before = (await listEvents(stranger.accountId, "session.create")).length;
    expect(said(await signInWith({ email, code, accountId: stranger.accountId }))).toBe(
      "401 auth/invalid-credential",
    );
    expect(said(await signInWith({ email, code, accountId: "acc_01ARZ3NDEKTSV4RRFFQ69G5FAV" }))).toBe(
      "401 auth/invalid-credential",
    );
    expect((await listEvents(stranger.accountId, "session.create")).length).toBe(before);
    expectStatus(await signInWith({ email, code }), 201);
  });

  test("is none by the address on a card: only the person who accepted signs in", async () => {
    const { id, email } = await addSignedInMember(owner);
    const another = newEmail();
    await edit(owner, `/v1/members/${id}`, { email: another });
    const answer = await signInWith({ email: another, code: "12345678" });
    expect(said(answer)).toBe("401 auth/invalid-credential");
    expect((await signIn(fetch, email)).tokens.memberId).toBe(id);
  });
});

describe("who may not", () => {
  test("S2.21, S2.22: a blocked member learns it after a right code only; an unblock ends it", async () => {
    const { id, email } = await addSignedInMember(owner);
    expectStatus(await owner.api.post(`/v1/members/${id}/block`), 200);
    const { code, token } = await requestMail(email);
    expect(said(await signInWith({ email, code: code === "00000000" ? "00000001" : "00000000" }))).toBe(
      "401 auth/invalid-credential",
    );
    expect([
      said(await signInWith({ email, code })),
      said(await signInWith({ token, accountId: owner.accountId })),
    ]).toEqual(Array(2).fill("401 auth/blocked"));
    const denials = (await listEvents(owner.accountId, "session.create")).filter(
      ({ outcome, actor }) => outcome === "denied" && (actor as { memberId: string }).memberId === id,
    );
    // K8: the second within a minute is counted beside the trail.
    expect(denials.map(({ reason }) => reason)).toEqual(["auth/blocked"]);
    expectStatus(await owner.api.post(`/v1/members/${id}/unblock`), 200);
    expectStatus(await signInWith({ email, code }), 201);
  });

  test("S2.21: one who was blocked before the acceptance cannot accept", async () => {
    const { id, email } = await addMember(owner);
    const { code } = await requestMail(email);
    expectStatus(await owner.api.post(`/v1/members/${id}/block`), 200);
    expect(said(await signInWith({ email, code, accountId: owner.accountId }))).toBe(
      "401 auth/invalid-credential",
    );
    expect((await readRow("SELECT user_id FROM member WHERE id = ?", id))?.["user_id"]).toBeNull();
  });

  test("a block in one account is no block in another", async () => {
    const { id, email } = await addSignedInMember(owner);
    const other = await joinOtherAccount(platform, email);
    expectStatus(await owner.api.post(`/v1/members/${id}/block`), 200);
    expect((await signIn(fetch, email)).tokens.accountId).toBe(other.accountId);
    const { code } = await requestMail(email);
    expect(said(await signInWith({ email, code, accountId: owner.accountId }))).toBe("401 auth/blocked");
  });

  test("S4.11: the address rules of member and account hold, and a refusal is in the trail", async () => {
    const account = await newAccount(fetch, platform, "team");
    const { id, email } = await addSignedInMember(account);
    const { code } = await requestMail(email);
    await edit(account, `/v1/members/${id}`, { allowedIps: ["198.51.100.0/24"] });
    const answers = [
      await signInWith({ email, code }, { ip: HOME_IP }),
      await signInWith({ email, code }, { ip: "unreadable" }),
    ];
    expect(answers.map(said)).toEqual(Array(2).fill("403 ip/not-allowed"));
    await edit(account, `/v1/members/${id}`, { allowedIps: [] });
    await edit(account, `/v1/accounts/${account.accountId}`, { allowedIps: [HOME_IP] });
    expect(said(await signInWith({ email, code }, { ip: OTHER_IP }))).toBe("403 ip/not-allowed");
    // K8: of one kind within a minute, so one row.
    expect(
      (await listEvents(account.accountId, "session.create")).filter(
        ({ reason }) => reason === "ip/not-allowed",
      ).length,
    ).toBe(1);
    expectStatus(await signInWith({ email, code }, { ip: HOME_IP }), 201);
  });

  test("an operator without the plan signs in, reads their card, signs out, and nothing else", async () => {
    const vendor = await newAccount(fetch, platform, "vendor");
    await activateSubscription(platform, vendor.accountId);
    const { email } = await addSignedInMember(vendor, { roles: ["operator"] });
    expectStatus(
      await platform.put(`/v1/accounts/${vendor.accountId}/plan`, {
        restrictedAccounts: false,
        memberLimit: null,
        contactUrl: null,
      }),
      200,
    );
    const { api: session } = await signIn(fetch, email);
    expect([
      said(await session.get("/v1/me")),
      said(await session.get("/v1/products")),
      said(await session.del("/v1/auth/session")),
    ]).toEqual(["200", "402 plan/feature-required", "204"]);
  });

  test("accepting while signed in as another person is refused", async () => {
    const [other, { email }] = [await addSignedInMember(owner), await addMember(owner)];
    const { code } = await requestMail(email);
    const answer = await api(fetch, other.tokens.access_token).post("/v1/auth/sessions", {
      email,
      code,
      accountId: owner.accountId,
    });
    expect(said(answer)).toBe("409 conflict/other-address");
    expectStatus(await signInWith({ email, code, accountId: owner.accountId }), 201);
  });
});
