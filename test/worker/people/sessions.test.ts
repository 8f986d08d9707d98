import { env } from "cloudflare:workers";
import { importJWK, type JWK, SignJWT } from "jose";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import worker from "../../../src/index.ts";
import { type Api, api, type CallOptions, expectStatus } from "../../harness/client.ts";
import { newAccount, type Person } from "../../harness/people.ts";
import { nextClientIp, signIn, type SignedIn, type Tokens } from "../../harness/sign-in.ts";
import {
  OTHER_IP,
  fetch,
  createPlatform,
  HOME_IP,
  said,
  comparableRefusal,
} from "../access/operators-fixture.ts";
import { addSignedInMember, readRow, requestMail, refreshSession, listEvents } from "./sign-in-fixture.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

let platform: Api;
let owner: Person;
beforeAll(async () => {
  platform = await createPlatform();
  owner = await newAccount(fetch, platform, "team");
});
afterEach(() => {
  vi.useRealTimers();
});

const seen = async (credential: string, path = "/v1/me"): Promise<string> =>
  said(await api(fetch, credential).get(path));
const at = (time: number): void => {
  vi.useFakeTimers({ toFake: ["Date"], now: time });
};
const GONE = "401 auth/invalid-credential";

describe("a session", () => {
  test("is as strong as its member, on every kind of route, and makes keys for the member", async () => {
    const admin = await addSignedInMember(owner, { roles: ["admin"] });
    expect(expectStatus(await admin.api.get("/v1/me"), 200).body).toMatchObject({
      member: { id: admin.id },
      key: null,
      session: { id: admin.tokens.session.id, expiresAt: expect.any(String) },
    });
    expectStatus(await admin.api.get("/v1/members"), 200);
    const made = expectStatus(
      await admin.api.post<{ id: string; secret: string }>(`/v1/members/${admin.id}/api-keys`, {
        name: "mine",
      }),
      201,
    ).body;
    expect(expectStatus(await api(fetch, made.secret).get("/v1/me"), 200).body).toMatchObject({
      member: { id: admin.id },
      session: null,
      key: { id: made.id },
    });
    const [event] = (await listEvents(owner.accountId, "api_key.create")).filter(
      ({ resource }) => (resource as { id: string }).id === made.id,
    );
    expect(event?.["actor"]).toMatchObject({
      memberId: admin.id,
      sessionId: admin.tokens.session.id,
      apiKeyId: null,
    });
    expect(said(await admin.api.post("/v1/auth/token"))).toBe(GONE);
  });

  test("and a right that is given or taken in the middle of it meet at the next call", async () => {
    const admin = await addSignedInMember(owner, { roles: ["admin"] });
    const path = `/v1/members/${admin.id}`;
    expect(await seen(admin.tokens.access_token, "/v1/audit")).toBe("200");
    const tag = async () => expectStatus(await owner.api.get(path), 200).headers.get("etag") ?? "";
    expectStatus(await owner.api.patch(path, { roles: ["viewer"] }, { ifMatch: await tag() }), 200);
    expect(await seen(admin.tokens.access_token, "/v1/audit")).toBe("403 access/denied");
    expectStatus(await owner.api.patch(path, { roles: ["admin"] }, { ifMatch: await tag() }), 200);
    expect(await seen(admin.tokens.access_token, "/v1/audit")).toBe("200");
  });

  test("ends when its person signs out: access and refresh at the next call, no other session", async () => {
    const one = await addSignedInMember(owner);
    const two = await signIn(fetch, one.email);
    expect([await seen(one.tokens.access_token), await seen(two.tokens.access_token)]).toEqual([
      "200",
      "200",
    ]);
    expectStatus(await one.api.del("/v1/auth/session"), 204);
    expect([
      await seen(one.tokens.access_token),
      said(await refreshSession(one.tokens.refresh_token)),
      said(await one.api.del("/v1/auth/session")),
    ]).toEqual([GONE, GONE, GONE]);
    expect(await seen(two.tokens.access_token)).toBe("200");
    const [event] = (await listEvents(owner.accountId, "session.end")).filter(
      ({ resource }) => (resource as { id: string }).id === one.tokens.session.id,
    );
    expect(event).toMatchObject({
      outcome: "success",
      reason: "signed out",
      actor: { memberId: one.id, sessionId: one.tokens.session.id },
    });
  });

  test("is what is signed out of: an API key has none", async () => {
    expect(said(await owner.api.del("/v1/auth/session"))).toBe("409 conflict/state");
    expect(await seen(owner.apiKey)).toBe("200");
  });

  test("S2.21, S2.22: of a blocked member ends at the next call; once unblocked, they sign in", async () => {
    const { id, email, tokens } = await addSignedInMember(owner);
    expectStatus(await owner.api.post(`/v1/members/${id}/block`), 200);
    expect([await seen(tokens.access_token), said(await refreshSession(tokens.refresh_token))]).toEqual([
      "401 auth/blocked",
      GONE,
    ]);
    expectStatus(await owner.api.post(`/v1/members/${id}/unblock`), 200);
    expect([await seen(tokens.access_token), said(await refreshSession(tokens.refresh_token))]).toEqual([
      GONE,
      GONE,
    ]);
    expect(await seen((await signIn(fetch, email)).tokens.access_token)).toBe("200");
  });

  test("S4.11: is asked for its address at each call and at each refresh", async () => {
    const { id, tokens } = await addSignedInMember(owner);
    const path = `/v1/members/${id}`;
    expectStatus(
      await owner.api.patch(
        path,
        { allowedIps: [OTHER_IP] },
        { ifMatch: expectStatus(await owner.api.get(path), 200).headers.get("etag") ?? "" },
      ),
      200,
    );
    expect([
      await seen(tokens.access_token),
      said(await refreshSession(tokens.refresh_token, { ip: HOME_IP })),
    ]).toEqual(["403 ip/not-allowed", "403 ip/not-allowed"]);
    const next = expectStatus(await refreshSession(tokens.refresh_token, { ip: OTHER_IP }), 200).body;
    expect(said(await api(fetch, next.access_token).get("/v1/me", { ip: OTHER_IP }))).toBe("200");
  });
});

describe("a refresh", () => {
  test("K8 answers new tokens for the same session, each good once, with a row of the trail", async () => {
    let { tokens } = await addSignedInMember(owner);
    const used: Tokens[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      used.push(tokens);
      tokens = expectStatus(await refreshSession(tokens.refresh_token), 200).body;
    }
    expect(new Set([...used, tokens].map(({ refresh_token }) => refresh_token)).size).toBe(5);
    expect(new Set([...used, tokens].map(({ session }) => session.id)).size).toBe(1);
    expect(tokens).toMatchObject({ token_type: "Bearer", expires_in: 600, refresh_expires_in: 604_800 });
    const told4 = (await listEvents(owner.accountId, "session.refresh")).filter(
      ({ resource }) => (resource as { id: string }).id === tokens.session.id,
    );
    expect(told4.map(({ outcome }) => outcome)).toEqual(Array(4).fill("success"));
    // Access tokens are good for their ten minutes: only refresh tokens rotate.
    expect(await Promise.all([...used, tokens].map(({ access_token }) => seen(access_token)))).toEqual(
      Array(5).fill("200"),
    );
  });

  test.each<[string, (first: Tokens, second: Tokens) => Promise<unknown>, CallOptions]>([
    ["from another network address", async () => undefined, { ip: "198.51.100.9" }],
    ["by another user agent", async () => undefined, { headers: { "user-agent": "Other/1.0" } }],
    ["after ten seconds", async () => at(Date.now() + 10_000), {}],
    ["after its successor was used", (_, second) => refreshSession(second.refresh_token), {}],
    [
      "of the rotation before",
      async (_, second) =>
        refreshSession(expectStatus(await refreshSession(second.refresh_token), 200).body.refresh_token),
      {},
    ],
  ])(
    "K16 with a used token, %s, ends the session, and the trail says why; others of the member go on",
    async (_, between, from) => {
      const first = await addSignedInMember(owner);
      const other = await signIn(fetch, first.email);
      const second = expectStatus(await refreshSession(first.tokens.refresh_token), 200).body;
      await between(first.tokens, second);
      expect(said(await refreshSession(first.tokens.refresh_token, from))).toBe(GONE);
      expect([
        await seen(first.tokens.access_token),
        await seen(second.access_token),
        said(await refreshSession(second.refresh_token)),
      ]).toEqual([GONE, GONE, GONE]);
      const ends = (await listEvents(owner.accountId, "session.end")).filter(
        ({ resource }) => (resource as { id: string }).id === first.tokens.session.id,
      );
      expect(ends.map(({ reason }) => reason)).toEqual(["refresh token used twice"]);
      expect(await seen(other.tokens.access_token)).toBe("200");
      expectStatus(await refreshSession(other.tokens.refresh_token), 200);
    },
  );

  test("K16 repeated from the same address answers the same refresh token, a new access token", async () => {
    const { tokens, id } = await addSignedInMember(owner);
    const answers = [
      await refreshSession(tokens.refresh_token),
      ...(await Promise.all(Array.from({ length: 8 }, () => refreshSession(tokens.refresh_token)))),
    ];
    expect([new Set(answers.map(said)), new Set(answers.map(({ body }) => body.refresh_token)).size]).toEqual(
      [new Set(["200"]), 1],
    );
    expect(new Set(answers.map(({ body }) => body.access_token)).size).toBe(answers.length);
    for (const { body } of answers) expect(await seen(body.access_token)).toBe("200");
    expectStatus(await refreshSession(answers[0]?.body.refresh_token ?? ""), 200);
    // A repeat is refused for what any refresh is refused for.
    const last = await signIn(
      fetch,
      (await readRow("SELECT email FROM member WHERE id = ?", id))?.["email"] as string,
    );
    expectStatus(await refreshSession(last.tokens.refresh_token), 200);
    expectStatus(
      await owner.api.patch(`/v1/members/${id}`, { allowedIps: ["203.0.113.200"] }, { ifMatch: "*" }),
      200,
    );
    expect(said(await refreshSession(last.tokens.refresh_token))).toBe("403 ip/not-allowed");
  });

  test("at once with one token from many addresses succeeds once at most, the session ends", async () => {
    for (let round = 0; round < 3; round += 1) {
      const { tokens } = await addSignedInMember(owner);
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => refreshSession(tokens.refresh_token, { ip: nextClientIp() })),
      );
      const won = answers.filter(({ status }) => status === 200);
      expect(won.length).toBeLessThanOrEqual(1);
      expect(answers.filter(({ status }) => status !== 200).map(said)).toEqual(
        Array(8 - won.length).fill(GONE),
      );
      for (const { body } of won)
        expect([await seen(body.access_token), said(await refreshSession(body.refresh_token))]).toEqual([
          GONE,
          GONE,
        ]);
      expect(
        (await listEvents(owner.accountId, "session.end")).filter(
          ({ resource }) => (resource as { id: string }).id === tokens.session.id,
        ).length,
      ).toBe(1);
    }
  });

  test("is needed within seven days, and ends thirty days after the sign-in", async () => {
    const start = Date.now();
    const idle = await addSignedInMember(owner);
    at(start + 7 * DAY_MS + 60_000);
    expect(said(await refreshSession(idle.tokens.refresh_token))).toBe(GONE);
    vi.useRealTimers();
    let { tokens } = await addSignedInMember(owner);
    for (const days of [6, 12, 18, 24, 29]) {
      at(start + days * DAY_MS);
      tokens = expectStatus(await refreshSession(tokens.refresh_token), 200).body;
    }
    expect(tokens.refresh_expires_in).toBeLessThanOrEqual(86_401);
    at(start + 30 * DAY_MS - 60_000);
    tokens = expectStatus(await refreshSession(tokens.refresh_token), 200).body;
    expect(await seen(tokens.access_token)).toBe("200");
    at(start + 30 * DAY_MS + 60_000);
    // The access token has minutes left by its own time; its session has not.
    expect([await seen(tokens.access_token), said(await refreshSession(tokens.refresh_token))]).toEqual([
      GONE,
      GONE,
    ]);
  });

  test("with a token of another issuer is refused alike, ends nothing and is in no trail", async () => {
    const [mine, theirs] = [await addSignedInMember(owner), await addSignedInMember(owner)];
    const [id, number, secret] = mine.tokens.refresh_token.split(".") as [string, string, string];
    const wrong = [
      `${id}.1.${secret}`,
      `${id}.00.${secret}`,
      `${theirs.tokens.session.id}.${number}.${secret}`,
      `${id}.${number}.${secret.slice(0, -1)}`,
      `${id}.${number}.${secret.startsWith("A") ? "B" : "A"}${secret.slice(1)}`,
      `ses_01ARZ3NDEKTSV4RRFFQ69G5FAV.0.${secret}`,
      `${id}.999999999.${secret}`,
      "",
      "x",
      mine.tokens.access_token.slice(0, 200),
      mine.email,
    ];
    const answers = await Promise.all(wrong.map((token) => refreshSession(token)));
    expect(new Set(answers.map(comparableRefusal)).size).toBe(1);
    expect(said(answers[0] ?? expect.fail())).toBe(GONE);
    expect([await seen(mine.tokens.access_token), await seen(theirs.tokens.access_token)]).toEqual([
      "200",
      "200",
    ]);
    expectStatus(await refreshSession(mine.tokens.refresh_token), 200);
    expect(await seen(mine.tokens.refresh_token)).toBe(GONE);
  });
});

describe("an access token of a session", () => {
  let one: SignedIn & { readonly id: string };
  let another: SignedIn & { readonly id: string };
  beforeAll(async () => {
    [one, another] = [await addSignedInMember(owner), await addSignedInMember(owner)];
  });

  /** Signed by us, with these claims beside the good ones. */
  async function token(claims: Record<string, unknown>): Promise<string> {
    const [jwk] = JSON.parse(env.SIGNING_KEYS) as [JWK & { kid: string }];
    const now = Math.floor(Date.now() / 1000);
    const {
      tokens: { memberId, accountId, session },
    } = one;
    const good = {
      iss: "http://127.0.0.1:8787",
      aud: env.AUDIENCE,
      sub: memberId,
      mem: memberId,
      acc: accountId,
      sid: session.id,
      client_id: session.id,
      jti: "jti_x",
      iat: now,
      exp: now + 600,
    };
    return new SignJWT({ ...good, ...claims })
      .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: jwk.kid })
      .sign(await importJWK(jwk, "EdDSA"));
  }

  test("passes as it is minted", async () => expect(await seen(await token({}))).toBe("200"));

  test.each<[string, () => Promise<Record<string, unknown>>]>([
    ["an unknown session", async () => ({ sid: "ses_01ARZ3NDEKTSV4RRFFQ69G5FAV" })],
    ["a session of another member", async () => ({ sid: another.tokens.session.id })],
    ["another member under one's own session", async () => ({ mem: another.id, sub: another.id })],
    [
      "a key in a session's place",
      async () => ({
        sid: expectStatus(await owner.api.get<{ key: { id: string } }>("/v1/me"), 200).body.key.id,
      }),
    ],
    ["a session in a key's place", async () => ({ sid: undefined, key: one.tokens.session.id })],
    [
      "a session and a key",
      async () => ({
        key: expectStatus(await owner.api.get<{ key: { id: string } }>("/v1/me"), 200).body.key.id,
      }),
    ],
    ["neither", async () => ({ sid: undefined })],
    ["a session that is no text", async () => ({ sid: [one.tokens.session.id] })],
    ["another account", async () => ({ acc: (await newAccount(fetch, platform, "team")).accountId })],
  ])("names %s: refused", async (_, claims) => expect(await seen(await token(await claims()))).toBe(GONE));

  test("is good for nothing once the member is another person", async () => {
    const { id, tokens } = await addSignedInMember(owner);
    expect(await seen(tokens.access_token)).toBe("200");
    await readRow("UPDATE member SET user_id = NULL, version = version + 1 WHERE id = ? RETURNING id", id);
    expect([await seen(tokens.access_token), said(await refreshSession(tokens.refresh_token))]).toEqual([
      GONE,
      GONE,
    ]);
  });
});

test("the sweep takes away what signing in leaves behind, and nothing that is still good", async () => {
  const start = Date.now();
  const gone = await addSignedInMember(owner);
  expectStatus(await gone.api.del("/v1/auth/session"), 204);
  await requestMail(gone.email);
  at(start + 31 * DAY_MS);
  const still = await addSignedInMember(owner);
  await worker.scheduled({} as never, env as never);
  expect(await readRow("SELECT count(*) AS n FROM session WHERE id = ?", gone.tokens.session.id)).toEqual({
    n: 0,
  });
  expect(await readRow("SELECT count(*) AS n FROM sign_in WHERE email = ?", gone.email)).toEqual({ n: 0 });
  expect(await readRow("SELECT count(*) AS n FROM tally WHERE window < ?", Date.now())).toEqual({ n: 0 });
  expect(await readRow("SELECT count(*) AS n FROM sign_in WHERE email = ?", still.email)).toEqual({ n: 1 });
  expectStatus(await refreshSession(still.tokens.refresh_token), 200);
});
