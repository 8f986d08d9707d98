import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isApiKey, keyHints, mintKey } from "../../../src/gate/credentials/api-key.ts";
import { maskSecrets } from "../../../src/gate/pipeline/secret-mask.ts";
import { credentialOf } from "../../../src/gate/credentials/credential.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const random = fc.uint8Array({ minLength: 32, maxLength: 32 });
const runs = { numRuns: 2_000 };

/** The number that base62 characters stand for. */
const numberOf = (text: string): bigint =>
  [...text].reduce((sum, char) => sum * 62n + BigInt(ALPHABET.indexOf(char)), 0n);

describe("K16 what logs keep of a caller's text", () => {
  test("has no secret in it, however often it is encoded, and is the same where there is none", () => {
    const encode = (text: string, times: number): string =>
      times === 0 ? text : encode(encodeURIComponent(text), times - 1);
    fc.assert(
      fc.property(
        random,
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 9, max: 53 }),
        (bytes, times, length) => {
          const secret = mintKey(bytes).slice(0, length);
          const kept = maskSecrets(`/v1/${encode(`a/${secret}`, times)}`);
          return !decodeURIComponent(kept).includes(secret);
        },
      ),
      { numRuns: 300 },
    );
    for (const plain of [
      "/v1/members/mem_01ARZ3NDEKTSV4RRFFQ69G5FAV/api-keys",
      "/v1/catalog/x/files/a%20b.zip",
      "curl/8.5.0",
      "/%zz%",
    ])
      expect(maskSecrets(plain)).toBe(plain);
  });
});

describe("an API key", () => {
  test("has a mark that scanners find, 256 random bits and their CRC-32", () => {
    fc.assert(
      fc.property(random, (bytes) => {
        const secret = mintKey(bytes);
        expect(secret).toMatch(/^tgk_[0-9A-Za-z]{49}$/);
        expect(numberOf(secret.slice(4, 47))).toBe(BigInt(`0x${Buffer.from(bytes).toString("hex")}`));
        // Node's own CRC shares no code with ours.
        expect(numberOf(secret.slice(47))).toBe(BigInt(crc32(secret.slice(4, 47))));
        return isApiKey(secret);
      }),
      { numRuns: 500 },
    );
  });

  test("of the least and the most random bits has the same form", () => {
    expect([0, 255].map((byte) => mintKey(new Uint8Array(32).fill(byte)))).toSatisfy((keys: string[]) =>
      keys.every(isApiKey),
    );
  });

  test("with one changed character is refused, for each place and character", () => {
    fc.assert(
      fc.property(
        random,
        fc.nat({ max: 52 }),
        fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 1 }),
        (bytes, at, char) => {
          const secret = mintKey(bytes);
          return secret[at] === char || !isApiKey(`${secret.slice(0, at)}${char}${secret.slice(at + 1)}`);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test("with each single character changed to each other one of the alphabet is refused", () => {
    const secret = mintKey(Uint8Array.from({ length: 32 }, (_, index) => index * 7));
    const accepted: string[] = [];
    for (let at = 4; at < secret.length; at += 1) {
      for (const char of ALPHABET)
        if (secret[at] !== char && isApiKey(`${secret.slice(0, at)}${char}${secret.slice(at + 1)}`))
          accepted.push(`${at} ${char}`);
    }
    expect(accepted).toEqual([]);
  });

  test("with two neighbours exchanged, cut short or made longer is refused", () => {
    fc.assert(
      fc.property(random, fc.integer({ min: 4, max: 51 }), (bytes, at) => {
        const secret = mintKey(bytes);
        const swapped = `${secret.slice(0, at)}${secret[at + 1]}${secret[at]}${secret.slice(at + 2)}`;
        return (
          (swapped === secret || !isApiKey(swapped)) &&
          !isApiKey(secret.slice(0, at)) &&
          !isApiKey(`${secret}0`) &&
          !isApiKey(`${secret}\n`) &&
          !isApiKey(` ${secret}`)
        );
      }),
      runs,
    );
  });

  test("shows of itself its first eight and last four characters, and no more", () => {
    const secret = mintKey(new Uint8Array(32).fill(5));
    expect(keyHints(secret)).toEqual({ prefix: secret.slice(0, 8), last4: secret.slice(-4) });
  });
});

const key = mintKey(new Uint8Array(32).fill(1));
const badKey = `${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}`;
const token = "eyJhbGciOiJFZERTQSJ9.e30.c2ln";

describe("one credential of a call", () => {
  const GOOD: ReadonlyArray<readonly [title: string, headers: Record<string, string>, credential: object]> = [
    ["a key as a bearer", { authorization: `Bearer ${key}` }, { kind: "key", secret: key }],
    [
      "a key as a bearer, the scheme in small letters (RFC 9110 section 11.1)",
      { authorization: `bearer ${key}` },
      { kind: "key", secret: key },
    ],
    ["a key in its own header", { "x-api-key": key }, { kind: "key", secret: key }],
    ["a token as a bearer", { authorization: `Bearer ${token}` }, { kind: "token", token }],
    // The checksum shows it without a query, and the refusal says what to look for.
    ["a key with a wrong checksum, as a bearer", { authorization: `Bearer ${badKey}` }, { kind: "mistyped" }],
    ["a key with a wrong checksum, in its own header", { "x-api-key": badKey }, { kind: "mistyped" }],
    ["two keys in one header", { "x-api-key": `${key}, ${key}` }, { kind: "mistyped" }],
    ["a key without its scheme", { authorization: key }, { kind: "bare" }],
  ];
  test.each(GOOD)("is read: %s", (_, headers, credential) =>
    expect(credentialOf(new Headers(headers))).toEqual(credential),
  );

  const NONE: ReadonlyArray<Record<string, string>> = [
    {},
    { cookie: `token=${key}` },
    { "proxy-authorization": `Bearer ${key}` },
    { "x-auth-token": key },
  ];
  test.each(NONE)("is not there: %j", (headers) =>
    expect(credentialOf(new Headers(headers))).toEqual({ kind: "none" }),
  );

  const UNREADABLE: ReadonlyArray<Record<string, string>> = [
    { authorization: "" },
    { authorization: "Bearer" },
    { authorization: "Bearer " },
    { authorization: `Basic ${btoa("a:b")}` },
    { authorization: `Token ${key}` },
    { authorization: `Bearer  ${key}` },
    { authorization: `Bearer ${key} ${key}` },
    { authorization: `Bearer ${key}, Bearer ${key}` },
    { authorization: `Bearer "${key}"` },
    { authorization: `Bearer\t${key}` },
    { authorization: "Bearer ===" },
    { authorization: `Bearer ${"x".repeat(4_097)}` },
    { authorization: "Bearer \u00e9" },
    { "x-api-key": "" },
    { "x-api-key": token },
    { "x-api-key": `Bearer ${key}` },
    // Ways in that other accounts will have; not here, and never unseen beside another.
    { usr: "MTtiNTliNjdiZjt4" },
    { usr: key },
    { aggregatorauthentication: token },
    { aggregatorauthentication: key },
  ];
  test.each(UNREADABLE)("cannot be read: %j", (headers) =>
    expect(credentialOf(new Headers(headers))).toEqual({ kind: "unreadable" }),
  );

  test("a header that is sent twice is no credential", () => {
    const headers = new Headers({ authorization: `Bearer ${key}` });
    headers.append("authorization", `Bearer ${key}`);
    expect(credentialOf(headers)).toEqual({ kind: "unreadable" });
  });
});

describe("two credentials in one call are refused, whether good, bad or empty", () => {
  const CARRIERS = {
    authorization: `Bearer ${key}`,
    "x-api-key": key,
    usr: "MTt4O3k=",
    aggregatorauthentication: `Token ${token}`,
  };
  const names = Object.keys(CARRIERS) as (keyof typeof CARRIERS)[];
  const pairs = names.flatMap((first, index) =>
    names.slice(index + 1).map((second) => [first, second] as const),
  );
  test("every pair is here", () => expect(pairs).toHaveLength(6));
  test.each(pairs)("%s and %s", (first, second) => {
    for (const [one, other] of [
      [first, second],
      [second, first],
    ] as const) {
      expect(credentialOf(new Headers({ [one]: CARRIERS[one], [other]: CARRIERS[other] }))).toEqual({
        kind: "several",
      });
      expect(credentialOf(new Headers({ [one.toUpperCase()]: CARRIERS[one], [other]: "" }))).toEqual({
        kind: "several",
      });
    }
  });
  test("all of them", () => expect(credentialOf(new Headers(CARRIERS))).toEqual({ kind: "several" }));
});
