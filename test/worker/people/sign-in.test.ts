import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Api, api, newKey, ok } from "../../harness/client.ts";
import { newAccount, type Person, subscribe } from "../../harness/people.ts";
import { signIn } from "../../harness/sign-in.ts";
import { ELSEWHERE, fetch, foundPlatform, HOME, said } from "../access/operators-world.ts";
import {
  alsoIn,
  anybody,
  arrived,
  enter,
  invite,
  invited,
  kept,
  mailed,
  newEmail,
  told,
} from "./sign-in-world.ts";

let platform: Api;
let owner: Person;
beforeAll(async () => {
  platform = await foundPlatform();
  owner = await newAccount(fetch, platform, "team");
});
afterEach(() => {
  vi.useRealTimers();
});

const cardOf = async (who: Person, id: string) =>
  ok(await who.api.get<Record<string, unknown>>(`/v1/members/${id}`), 200);
const edit = async (who: Person, path: string, patch: object) =>
  ok(
    await who.api.patch(path, patch, { ifMatch: ok(await who.api.get(path), 200).headers.get("etag") ?? "" }),
    200,
  );

describe("the first sign-in", () => {
  test("S2.17, S2.18, S2.19: makes a new member active once, with one row of the trail", async () => {
    const { id, email } = await invited(owner);
    expect((await cardOf(owner, id)).body).toMatchObject({
      status: "new",
      lastLoginAt: null,
      acceptedAt: null,
    });
    const { code } = await mailed(email);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => enter({ email, code, accountId: owner.accountId })),
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
    const activations = (await told(owner.accountId, "member.activate")).filter(
      ({ resource }) => (resource as { id: string }).id === id,
    );
    expect(activations).toMatchObject([
      { outcome: "success", changes: { before: { status: "new" }, after: { status: "active" } } },
    ]);
    expect(
      (await told(owner.accountId, "session.create"))
        .filter(({ actor }) => (actor as { memberId: string }).memberId === id)
        .map(({ outcome }) => outcome),
    ).toEqual(["success", "success"]);
    expect((await kept("SELECT count(*) AS n FROM user WHERE email = ?", email))?.["n"]).toBe(1);
  });

  test("S2.18: an acceptance alone leaves the member new; the next sign-in names no account", async () => {
    const { id, email } = await invited(owner);
    await kept(
      "INSERT INTO user (id, email, email_verified_at, created_at) VALUES (?1, ?2, 1, 1) RETURNING id",
      `usr_${id.slice(4)}`,
      email,
    );
    await kept(
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
      const { id, email } = await invited(owner);
      const { code } = await mailed(email);
      const { claim } = ok(
        await owner.api.post<{ claim: { token: string } }>(
          `/v1/members/${id}/api-keys`,
          { name: "key" },
          { idempotencyKey: newKey() },
        ),
        201,
      ).body;
      const [answer] = await Promise.all([
        enter({ email, code, accountId: owner.accountId }),
        anybody.post("/v1/auth/claims", { token: claim.token }),
      ]);
      // A member who joined by the key waits for no invitation any more.
      const isPerson =
        (await kept("SELECT user_id AS person FROM member WHERE id = ?", id))?.["person"] !== null;
      expect(said(answer)).toBe(isPerson ? "201" : "401 auth/invalid-credential");
      expect((await cardOf(owner, id)).body["status"]).toBe("active");
      const activations = (await told(owner.accountId, "member.activate")).filter(
        ({ resource }) => (resource as { id: string }).id === id,
      );
      expect(activations.length).toBeLessThanOrEqual(1);
    }
  });

  test("S1.4: accepts and signs in, or neither: a wrong address keeps invitation and code", async () => {
    const { id, email } = await invited(owner, { allowedIps: [ELSEWHERE] });
    const { code } = await mailed(email);
    expect(said(await enter({ email, code, accountId: owner.accountId }, { ip: HOME }))).toBe(
      "403 ip/not-allowed",
    );
    expect(
      await kept(
        `SELECT m.status, m.user_id, i.status AS invitation
          FROM member m JOIN invitation i ON i.member_id = m.id WHERE m.id = ?`,
        id,
      ),
    ).toEqual({ status: "new", user_id: null, invitation: "pending" });
    ok(await enter({ email, code, accountId: owner.accountId }, { ip: ELSEWHERE }), 201);
    expect((await kept("SELECT status FROM invitation WHERE member_id = ?", id))?.["status"]).toBe(
      "accepted",
    );
  });
});

describe("which account", () => {
  test("S1.37: is asked where there are several, and the same code answers", async () => {
    const { email, id } = await arrived(owner);
    const other = await alsoIn(platform, email);
    const { code } = await mailed(email);
    const asked = await enter({ email, code });
    expect(said(asked)).toBe("409 conflict/choose-account");
    expect(asked.body["accounts"]).toEqual([
      { accountId: owner.accountId, name: expect.any(String), kind: "team", invitation: false },
      { accountId: other.accountId, name: expect.any(String), kind: "team", invitation: false },
    ]);
    const person = ok(await enter({ email, code, accountId: owner.accountId }), 201).body;
    expect([person.accountId, person.memberId]).toEqual([owner.accountId, id]);
    // One user, two members.
    expect(
      (await kept("SELECT count(DISTINCT user_id) AS n FROM member WHERE email = ?", email))?.["n"],
    ).toBe(1);
  });

  test("is the one that has accepted, while an invitation elsewhere waits to be named", async () => {
    const { email } = await arrived(owner);
    const other = await newAccount(fetch, platform, "team");
    const id = await invite(other, email);
    expect((await signIn(fetch, email)).tokens.accountId).toBe(owner.accountId);
    expect((await cardOf(other, id)).body["status"]).toBe("new");
    expect((await signIn(fetch, email, other.accountId)).tokens.memberId).toBe(id);
    expect((await cardOf(other, id)).body["status"]).toBe("active");
  });

  test("is asked for a single invitation too: no person joins without saying so", async () => {
    const { email } = await invited(owner);
    const { token } = await mailed(email);
    const asked = (await enter({ token })).body;
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
    const { email } = await arrived(owner);
    const stranger = await newAccount(fetch, platform, "team");
    const { code } = await mailed(email);
    const before = (await told(stranger.accountId, "session.create")).length;
    expect(said(await enter({ email, code, accountId: stranger.accountId }))).toBe(
      "401 auth/invalid-credential",
    );
    expect(said(await enter({ email, code, accountId: "acc_01ARZ3NDEKTSV4RRFFQ69G5FAV" }))).toBe(
      "401 auth/invalid-credential",
    );
    expect((await told(stranger.accountId, "session.create")).length).toBe(before);
    ok(await enter({ email, code }), 201);
  });

  test("is none by the address on a card: only the person who accepted signs in", async () => {
    const { id, email } = await arrived(owner);
    const another = newEmail();
    await edit(owner, `/v1/members/${id}`, { email: another });
    const answer = await enter({ email: another, code: "12345678" });
    expect(said(answer)).toBe("401 auth/invalid-credential");
    expect((await signIn(fetch, email)).tokens.memberId).toBe(id);
  });
});

describe("who may not", () => {
  test("S2.21, S2.22: a blocked member learns it after a right code only; an unblock ends it", async () => {
    const { id, email } = await arrived(owner);
    ok(await owner.api.post(`/v1/members/${id}/block`), 200);
    const { code, token } = await mailed(email);
    expect(said(await enter({ email, code: code === "00000000" ? "00000001" : "00000000" }))).toBe(
      "401 auth/invalid-credential",
    );
    expect([
      said(await enter({ email, code })),
      said(await enter({ token, accountId: owner.accountId })),
    ]).toEqual(Array(2).fill("401 auth/blocked"));
    const denials = (await told(owner.accountId, "session.create")).filter(
      ({ outcome, actor }) => outcome === "denied" && (actor as { memberId: string }).memberId === id,
    );
    // K8: the second within a minute is counted beside the trail.
    expect(denials.map(({ reason }) => reason)).toEqual(["auth/blocked"]);
    ok(await owner.api.post(`/v1/members/${id}/unblock`), 200);
    ok(await enter({ email, code }), 201);
  });

  test("S2.21: one who was blocked before the acceptance cannot accept", async () => {
    const { id, email } = await invited(owner);
    const { code } = await mailed(email);
    ok(await owner.api.post(`/v1/members/${id}/block`), 200);
    expect(said(await enter({ email, code, accountId: owner.accountId }))).toBe(
      "401 auth/invalid-credential",
    );
    expect((await kept("SELECT user_id FROM member WHERE id = ?", id))?.["user_id"]).toBeNull();
  });

  test("a block in one account is no block in another", async () => {
    const { id, email } = await arrived(owner);
    const other = await alsoIn(platform, email);
    ok(await owner.api.post(`/v1/members/${id}/block`), 200);
    expect((await signIn(fetch, email)).tokens.accountId).toBe(other.accountId);
    const { code } = await mailed(email);
    expect(said(await enter({ email, code, accountId: owner.accountId }))).toBe("401 auth/blocked");
  });

  test("S4.11: the address rules of member and account hold, and a refusal is in the trail", async () => {
    const account = await newAccount(fetch, platform, "team");
    const { id, email } = await arrived(account);
    const { code } = await mailed(email);
    await edit(account, `/v1/members/${id}`, { allowedIps: ["198.51.100.0/24"] });
    const answers = [
      await enter({ email, code }, { ip: HOME }),
      await enter({ email, code }, { ip: "unreadable" }),
    ];
    expect(answers.map(said)).toEqual(Array(2).fill("403 ip/not-allowed"));
    await edit(account, `/v1/members/${id}`, { allowedIps: [] });
    await edit(account, `/v1/accounts/${account.accountId}`, { allowedIps: [HOME] });
    expect(said(await enter({ email, code }, { ip: ELSEWHERE }))).toBe("403 ip/not-allowed");
    // K8: of one kind within a minute, so one row.
    expect(
      (await told(account.accountId, "session.create")).filter(({ reason }) => reason === "ip/not-allowed")
        .length,
    ).toBe(1);
    ok(await enter({ email, code }, { ip: HOME }), 201);
  });

  test("an operator without the plan signs in, reads their card, signs out, and nothing else", async () => {
    const vendor = await newAccount(fetch, platform, "vendor");
    await subscribe(platform, vendor.accountId);
    const { email } = await arrived(vendor, { roles: ["operator"] });
    ok(
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
    const [other, { email }] = [await arrived(owner), await invited(owner)];
    const { code } = await mailed(email);
    const answer = await api(fetch, other.tokens.access_token).post("/v1/auth/sessions", {
      email,
      code,
      accountId: owner.accountId,
    });
    expect(said(answer)).toBe("409 conflict/other-address");
    ok(await enter({ email, code, accountId: owner.accountId }), 201);
  });
});
