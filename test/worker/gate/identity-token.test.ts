import { env } from "cloudflare:workers";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from "jose";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { mintToken, verifyToken } from "../../../src/gate/credentials/access-token.ts";
import { type Keyring, importKeyring } from "../../../src/gate/credentials/keyring.ts";
import { api, expectStatus, toReply } from "../../harness/client.ts";
import {
  newAccount,
  newApiKey,
  newMember,
  newToken,
  type Person,
  activateSubscription,
} from "../../harness/people.ts";
import {
  updateKeyRow,
  edit,
  listEventIds,
  fetch,
  createPlatform,
  keyIdOf,
  newProduct,
  ORIGIN,
  statusOf,
  identityOf,
  comparableRefusal,
} from "./identity-fixture.ts";

type Json = Record<string, unknown>;

let owner: Person;
let stranger: Person;
let ownerKey: string;
let strangerKey: string;

beforeAll(async () => {
  const platform = await createPlatform();
  owner = await newAccount(fetch, platform, "vendor");
  stranger = await newAccount(fetch, platform, "vendor");
  await activateSubscription(platform, owner.accountId);
  [ownerKey, strangerKey] = [await keyIdOf(owner.apiKey), await keyIdOf(stranger.apiKey)];
});
afterEach(() => {
  vi.useRealTimers();
});

const encoder = new TextEncoder();
const base64url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const part = (value: unknown) =>
  base64url(encoder.encode(typeof value === "string" ? value : JSON.stringify(value)));
const seconds = () => Math.floor(Date.now() / 1000);

/** The key that signs here: only a test knows it. */
const ours = () => (JSON.parse(env.SIGNING_KEYS) as [JsonWebKey & { kid: string; x: string }])[0];
const newJwk = async (kid: string) => {
  const { privateKey } = (await crypto.subtle.generateKey("Ed25519", true, [
    "sign",
    "verify",
  ])) as CryptoKeyPair;
  return { ...((await crypto.subtle.exportKey("jwk", privateKey)) as JsonWebKey & { x: string }), kid };
};
const publicOf = ({ kty, crv, x }: JsonWebKey) => ({ kty, crv, x });

async function ed25519(data: string, { kty, crv, x, d }: JsonWebKey): Promise<string> {
  const key = await crypto.subtle.importKey("jwk", { kty, crv, x, d } as JsonWebKey, "Ed25519", false, [
    "sign",
  ]);
  return base64url(new Uint8Array(await crypto.subtle.sign("Ed25519", key, encoder.encode(data))));
}

async function hmac(data: string, secret: string | Uint8Array): Promise<string> {
  const bytes = typeof secret === "string" ? encoder.encode(secret) : secret;
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return base64url(new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(data))));
}

const goodHeader = (): Json => ({ alg: "EdDSA", typ: "at+jwt", kid: ours().kid });
const goodClaims = (): Json => ({
  iss: ORIGIN,
  aud: env.AUDIENCE,
  sub: owner.memberId,
  client_id: ownerKey,
  jti: `jti_${crypto.randomUUID()}`,
  iat: seconds(),
  exp: seconds() + 600,
  acc: owner.accountId,
  mem: owner.memberId,
  key: ownerKey,
});

/** A token that is good but for what is changed; undefined takes a member away. */
async function token(
  claims: Json = {},
  header: Json = {},
  sign: (data: string) => string | Promise<string> = (data) => ed25519(data, ours()),
): Promise<string> {
  const data = `${part({ ...goodHeader(), ...header })}.${part({ ...goodClaims(), ...claims })}`;
  return `${data}.${await sign(data)}`;
}
/** The same, signed by a foreign key. */
async function forged(header: Json, kid = "theirs"): Promise<string> {
  const theirs = await newJwk(kid);
  const given = header["jwk"] === undefined ? header : { ...header, jwk: publicOf(theirs) };
  return token({}, given, (data) => ed25519(data, theirs));
}

/** A good token, put together again from its three parts. */
async function remade(
  make: (head: string, claims: string, signature: string) => string | Promise<string>,
): Promise<string> {
  const [head = "", claims = "", signature = ""] = (await token()).split(".");
  return make(head, claims, signature);
}

/** Signed by us, with any parts. */
const signed = async (head: unknown, claims: unknown) =>
  `${part(head)}.${part(claims)}.${await ed25519(`${part(head)}.${part(claims)}`, ours())}`;
const otherClaims = (claims: Json) => part({ ...goodClaims(), ...claims });
const published = async () => (await fetch("/.well-known/jwks.json")).text();
const rawBytes = (text: string) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));

describe("a token that is as it should be passes, so that what follows is refused for its one fault", () => {
  test.each([
    ["as it is minted", {}, {}],
    ["an audience among several (RFC 7519 section 4.1.3)", { aud: ["other", "tollgate"] }, {}],
    ["the type in full (RFC 9068 section 4)", {}, { typ: "application/at+jwt" }],
    ["a time from which it holds that has come", { nbf: 1 }, {}],
    ["claims that do not exist", { admin: true, scope: "everything" }, {}],
  ])("%s", async (_, claims, header) => expect(await identityOf(await token(claims, header))).toBe("200"));
});

type Forge = () => Promise<string>;
const HOSTILE: ReadonlyArray<readonly [title: string, forge: Forge]> = [
  ["alg none, no signature", () => token({}, { alg: "none" }, () => "")],
  ["alg none in other letters", () => token({}, { alg: "nOnE" }, () => "")],
  ["alg none with our signature", () => token({}, { alg: "none" })],
  ["no alg", () => token({}, { alg: undefined })],
  [
    "HS256 with the bytes of the public key",
    () => token({}, { alg: "HS256" }, (data) => hmac(data, rawBytes(ours().x))),
  ],
  [
    "HS256 with the text of the public key",
    () => token({}, { alg: "HS256" }, (data) => hmac(data, ours().x)),
  ],
  [
    "HS256 with the published key set",
    () => token({}, { alg: "HS256" }, async (data) => hmac(data, await published())),
  ],
  ["HS256 with nothing", () => token({}, { alg: "HS256" }, (data) => hmac(data, new Uint8Array(1)))],
  ["another algorithm over our signature", () => token({}, { alg: "ES256" })],
  ["RS256", () => token({}, { alg: "RS256" })],
  ["no type", () => token({}, { typ: undefined })],
  ["the type of any JWT", () => token({}, { typ: "JWT" })],
  ["the type of a logout token", () => token({}, { typ: "logout+jwt" })],
  ["a type that is no text", () => token({}, { typ: ["at+jwt"] })],
  ["another issuer", () => token({ iss: "https://elsewhere.example" })],
  ["an issuer that begins like ours", () => token({ iss: `${ORIGIN}/` })],
  ["no issuer", () => token({ iss: undefined })],
  ["another audience", () => token({ aud: "elsewhere" })],
  ["audiences without ours", () => token({ aud: ["elsewhere", "tollgate2"] })],
  ["no audience", () => token({ aud: undefined })],
  ["an empty list of audiences", () => token({ aud: [] })],
  ["expired", () => token({ iat: seconds() - 300, exp: seconds() - 1 })],
  ["expired in this very second", () => token({ iat: seconds() - 300, exp: seconds() })],
  ["no end", () => token({ exp: undefined })],
  ["an end that is a text", () => token({ exp: String(seconds() + 600) })],
  ["an end before the beginning of time", () => token({ exp: -1 })],
  ["issued long ago, with a long life", () => token({ iat: seconds() - 86_400, exp: seconds() + 86_400 })],
  ["issued at the beginning of time", () => token({ iat: 0, exp: seconds() + 86_400 })],
  ["issued tomorrow", () => token({ iat: seconds() + 86_400, exp: seconds() + 86_500 })],
  ["no time of issue", () => token({ iat: undefined })],
  ["a time of issue that is a text", () => token({ iat: String(seconds()) })],
  ["not yet", () => token({ nbf: seconds() + 60 })],
  ["not before a text", () => token({ nbf: "0" })],
  ...["sub", "jti", "client_id", "acc", "mem", "key"].map((name): [string, Forge] => [
    `no ${name}`,
    () => token({ [name]: undefined }),
  ]),
  ...["sub", "jti", "acc", "mem", "key"].map((name): [string, Forge] => [
    `${name} that is no text`,
    () => token({ [name]: { $ne: "" } }),
  ]),
  ["an unknown kid", () => token({}, { kid: "test-2" })],
  ["no kid", () => token({}, { kid: undefined })],
  ["a kid that is named like a prototype", () => token({}, { kid: "__proto__" })],
  ["a kid that is no text", () => token({}, { kid: { toString: "test-1" } })],
  ["signed with a key of another ring, under our kid", () => forged({})],
  ["signed with the key that its header brings", () => forged({ kid: "theirs", jwk: {} })],
  ["signed with the key that its header brings, under our kid", () => forged({ jwk: {} }, ours().kid)],
  ["a key set elsewhere (jku)", () => forged({ kid: "theirs", jku: "https://elsewhere.example/jwks.json" })],
  [
    "a certificate elsewhere (x5u)",
    () => forged({ x5u: "https://elsewhere.example/cert.pem", x5c: ["AAAA"] }),
  ],
  [
    "an extension that must be understood",
    () => token({}, { crit: ["https://elsewhere.example/x"], "https://elsewhere.example/x": 1 }),
  ],
  ["an extension list that is empty", () => token({}, { crit: [] })],
  ["a payload that is not encoded (b64)", () => token({}, { b64: false, crit: ["b64"] })],
  [
    "claims changed after signing",
    () => remade((head, _, signature) => `${head}.${otherClaims({ exp: seconds() + 86_400 })}.${signature}`),
  ],
  [
    "another member, changed after signing",
    () => remade((head, _, signature) => `${head}.${otherClaims({ mem: stranger.memberId })}.${signature}`),
  ],
  [
    "a header changed after signing",
    () => remade((_, claims, signature) => `${part({ ...goodHeader(), x: 1 })}.${claims}.${signature}`),
  ],
  [
    "the signature of another token",
    () => remade(async (head, claims) => `${head}.${claims}.${(await token()).split(".")[2]}`),
  ],
  ["half a signature", async () => (await token()).slice(0, -43)],
  ["no signature", () => remade((head, claims) => `${head}.${claims}.`)],
  ["a signature of zeros", () => token({}, {}, () => base64url(new Uint8Array(64)))],
  ["two parts", () => remade((head, claims) => `${head}.${claims}`)],
  ["four parts", async () => `${await token()}.x`],
  [
    "five parts, as an encrypted one has",
    async () => `${part({ alg: "dir", enc: "A256GCM" })}..AAAA.AAAA.AAAA`,
  ],
  ["a header that is no JSON", async () => `${part("{")}.${part(goodClaims())}.AAAA`],
  ["a header that is a list", () => signed([], goodClaims())],
  ...["null", "[]", "{", "1", '"x"', ""].map((text): [string, Forge] => [
    `claims that are ${JSON.stringify(text)}`,
    () => signed(goodHeader(), text),
  ]),
  ["claims of endless depth", () => signed(goodHeader(), "[".repeat(2_000))],
  ["a key that does not exist", () => token({ key: "key_01ARZ3NDEKTSV4RRFFQ69G5FAV" })],
  ["a key of another member", () => token({ key: strangerKey })],
  ["a subject that is not its member", () => token({ sub: stranger.memberId })],
  ["a member of another account", () => token({ mem: stranger.memberId, sub: stranger.memberId })],
  ["another account", () => token({ acc: stranger.accountId })],
  [
    "another account and member, and the key of ours",
    () => token({ acc: stranger.accountId, mem: stranger.memberId }),
  ],
];

describe("a hostile token (RFC 8725) is refused in one form, and leaves no trace in any chain", () => {
  test.each(HOSTILE)("%s", async (_, forge) => {
    const before = await listEventIds();
    const credential = await forge();
    const [first, again] = [
      await api(fetch, credential).get("/v1/me"),
      await api(fetch, credential).post("/v1/auth/token"),
    ];
    expect(comparableRefusal(first)).toEqual({
      status: 401,
      contentType: "application/problem+json",
      challenge: 'Bearer realm="tollgate"',
      type: "/problems/auth/invalid-credential",
      code: "auth/invalid-credential",
      title: "No valid credential",
      detail: expect.stringMatching(/^The (access token|credential) is not /),
    });
    expect(comparableRefusal(again)).toEqual(comparableRefusal(first));
    expect(await listEventIds()).toEqual(before);
  });
});

describe("signing keys", () => {
  const subject = {
    memberId: "mem_1",
    accountId: "acc_1",
    source: { kind: "key" as const, id: "key_1" },
    jti: "jti_1",
  };
  const terms = { issuer: ORIGIN, audience: "tollgate" };

  test("are rotated with overlap: the first signs, old ones verify until they are dropped", async () => {
    const now = Date.now();
    const [old, fresh] = [await newJwk("old"), await newJwk("fresh")];
    const open = (...keys: object[]) => importKeyring(JSON.stringify(keys));
    const [before, published, turned, after] = [
      await open(old),
      await open(old, fresh),
      await open(fresh, old),
      await open(fresh),
    ];
    const [oldToken, freshToken] = [
      await mintToken(before, terms, subject, now),
      await mintToken(turned, terms, subject, now),
    ];
    expect([
      decodeProtectedHeader(await mintToken(published, terms, subject, now)).kid,
      decodeProtectedHeader(freshToken).kid,
    ]).toEqual(["old", "fresh"]);
    const verified = (ring: Keyring, one: string) =>
      verifyToken(ring, terms, one, now).then((claims) => claims !== null);
    expect(
      await Promise.all([before, published, turned, after].map((ring) => verified(ring, oldToken))),
    ).toEqual([true, true, true, false]);
    expect(
      await Promise.all([before, published, turned, after].map((ring) => verified(ring, freshToken))),
    ).toEqual([false, true, true, true]);
    expect(published.jwks.keys.map(({ kid }) => kid)).toEqual(["old", "fresh"]);
  });
  test("are published without their private half, and nothing else of the secret", async () => {
    const key = { ...(await newJwk("a")), key_ops: ["sign"], ext: true, note: "in the safe" };
    const { jwks } = await importKeyring(JSON.stringify([key, await newJwk("b")]));
    expect(jwks.keys.map((one) => Object.keys(one).sort())).toEqual(
      Array(2).fill(["alg", "crv", "kid", "kty", "use", "x"]),
    );
    const served = await (await fetch("/.well-known/jwks.json")).text();
    expect(JSON.parse(served)).toEqual({
      keys: [{ ...publicOf(ours()), kid: ours().kid, alg: "EdDSA", use: "sig" }],
    });
    expect(served).not.toContain(ours().d);
  });

  const SYMMETRIC = JSON.stringify([{ kty: "oct", k: "AAAA", kid: "a" }]);
  const PUBLIC = JSON.stringify([{ kty: "OKP", crv: "Ed25519", x: "AAAA", kid: "a" }]);
  test.each(["", "[]", "{}", "null", "[{}]", SYMMETRIC, PUBLIC])(
    "%j is no key set, and nothing is signed or verified with it",
    async (text) => {
      await expect(importKeyring(text)).rejects.toThrow();
    },
  );
});

describe("a token for a key", () => {
  test("is one of RFC 9068 to another verifier, and lives ten minutes", async () => {
    const { body, headers } = expectStatus(
      await owner.api.post<{ access_token: string; token_type: string; expires_in: number }>(
        "/v1/auth/token",
      ),
      200,
    );
    expect([body.token_type, body.expires_in, headers.get("cache-control")]).toEqual([
      "Bearer",
      600,
      "no-store",
    ]);
    const jwks = (await toReply<JSONWebKeySet>(await fetch("/.well-known/jwks.json"))).body;
    const { payload, protectedHeader } = await jwtVerify(body.access_token, createLocalJWKSet(jwks), {
      issuer: ORIGIN,
      audience: "tollgate",
      typ: "at+jwt",
    });
    expect(protectedHeader).toEqual({ alg: "EdDSA", typ: "at+jwt", kid: "test-1" });
    expect(payload).toEqual({
      iss: ORIGIN,
      aud: "tollgate",
      sub: owner.memberId,
      client_id: ownerKey,
      jti: expect.stringMatching(/^jti_/),
      iat: expect.any(Number),
      exp: (payload.iat ?? 0) + 600,
      acc: owner.accountId,
      mem: owner.memberId,
      key: ownerKey,
    });
  });

  test("is not exchanged for another", async () => {
    const answer = await api(fetch, await newToken(fetch, owner.apiKey)).post("/v1/auth/token");
    expect(comparableRefusal(answer)).toMatchObject({
      status: 401,
      code: "auth/invalid-credential",
      detail: expect.stringContaining("Send the API key"),
    });
  });

  test("ends with its time, where it was seen good a moment before too", async () => {
    const credential = await newToken(fetch, owner.apiKey);
    expect(await identityOf(credential)).toBe("200");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 598_000 });
    expect(await identityOf(credential)).toBe("200");
    vi.setSystemTime(Date.now() + 2_000);
    expect(await identityOf(credential)).toBe("401 auth/invalid-credential");
  });

  test("is never good for longer than ten minutes, with any end, also where it was good before", async () => {
    const credential = await token({ exp: seconds() + 86_400 });
    expect(await identityOf(credential)).toBe("200");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 602_000 });
    expect(await identityOf(credential)).toBe("401 auth/invalid-credential");
  });
});

describe("what holds for the key holds for its token, live", () => {
  async function caller(
    fields: object = {},
  ): Promise<{ member: Person; key: string; credential: string; keyId: string }> {
    const member = await newMember(fetch, owner, { roles: ["owner"] });
    const key = await newApiKey(fetch, owner, member.memberId, { ...fields });
    const credential = await newToken(fetch, key);
    expect([await identityOf(key), await identityOf(credential)]).toEqual(["200", "200"]);
    return { member, key, credential, keyId: await keyIdOf(key) };
  }
  const both = async ({ key, credential }: { key: string; credential: string }) => [
    await identityOf(key),
    await identityOf(credential),
  ];
  const INVALID = ["401 auth/invalid-credential", "401 auth/invalid-credential"];

  test("S1.41: it is revoked, and the member's other keys are not", async () => {
    const one = await caller();
    expectStatus(await owner.api.del(`/v1/api-keys/${one.keyId}`), 204);
    expect(await both(one)).toEqual(INVALID);
    expect(await identityOf(one.member.apiKey)).toBe("200");
    expect(statusOf(await api(fetch, one.key).post("/v1/auth/token"))).toBe(INVALID[0]);
  });

  test("it expires while both are remembered, with no change that anybody made", async () => {
    const one = await caller({ expiresAt: new Date(Date.now() + 60_000).toISOString() });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
    expect(await both(one)).toEqual(INVALID);
    expect(statusOf(await api(fetch, one.key).post("/v1/auth/token"))).toBe(INVALID[0]);
  });

  test("S2.21, S2.22: its member is blocked, and is as before when unblocked", async () => {
    const one = await caller();
    expectStatus(await owner.api.post(`/v1/members/${one.member.memberId}/block`), 200);
    expect(await both(one)).toEqual(["401 auth/blocked", "401 auth/blocked"]);
    expect(statusOf(await api(fetch, one.key).post("/v1/auth/token"))).toBe("401 auth/blocked");
    expectStatus(await owner.api.post(`/v1/members/${one.member.memberId}/unblock`), 200);
    expect(await both(one)).toEqual(["200", "200"]);
  });

  test("S1.41: its scopes narrow what its member may, and follow when they change", async () => {
    const one = await caller({ scopes: ["product.view", "product.create"] });
    const product = await newProduct(owner.api);
    for (const who of [api(fetch, one.key), api(fetch, one.credential)]) {
      expect([
        statusOf(await who.get(`/v1/products/${product}`)),
        statusOf(await who.get("/v1/customers")),
      ]).toEqual(["200", "403 access/denied"]);
      expect(expectStatus(await who.get<{ rights: string[] }>("/v1/me"), 200).body.rights).toEqual([
        "product.create",
        "product.view",
      ]);
    }
    await updateKeyRow(one.keyId, { scopes: JSON.stringify(["product.view"]) });
    for (const who of [api(fetch, one.credential), api(fetch, one.key)]) {
      expect([
        statusOf(await who.get(`/v1/products/${product}`)),
        statusOf(await who.post("/v1/products", { name: "x" })),
      ]).toEqual(["200", "403 access/denied"]);
    }
    await updateKeyRow(one.keyId, { scopes: JSON.stringify([]) });
    expect(statusOf(await api(fetch, one.credential).get(`/v1/products/${product}`))).toMatch(/^40[34]/);
  });

  test("S1.7, S1.41: its member's role changes, and scopes give nothing that the role does not", async () => {
    const one = await caller({ scopes: ["product.create"] });
    const post = () => api(fetch, one.credential).post("/v1/products", { name: "x" });
    expect(statusOf(await post())).toBe("201");
    expectStatus(await edit(owner.api, `/v1/members/${one.member.memberId}`, { roles: ["operator"] }), 200);
    expect(statusOf(await post())).toBe("403 access/denied");
  });
});
