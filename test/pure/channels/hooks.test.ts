import { generateKeyPairSync } from "node:crypto";
import { sign as githubSign } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { message } from "../../../src/kernel/messages/message.ts";
import { isOpenable, openSecret, sealSecret } from "../../../src/gate/credentials/sealed-secret.ts";
import { signingKeyBytes, findSecretFault } from "../../../src/channels/webhooks/hook-secret.ts";
import { Mapping } from "../../../src/channels/webhooks/mapping.ts";
import { valueAtPointer } from "../../../src/channels/webhooks/json-pointer.ts";
import { parseByMapping } from "../../../src/channels/webhooks/parsed-message.ts";
import { TOLERANCE_MS, verifySignature } from "../../../src/channels/webhooks/signature.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("Standard Webhooks", () => {
  const SECRET = "whsec_plJ3nmyCDGBKInavdOK15jsl";
  const BODY = `{"event_type":"ping","data":{"success":true}}`;
  const AT = 1_731_705_121_000;
  const headers = {
    "webhook-id": "msg_loFOjxBNrRLzqYUf",
    "webhook-timestamp": "1731705121",
    "webhook-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
  };
  const verdict = (at: number, more: Record<string, string> = {}, body = BODY) =>
    verifySignature(
      "standard",
      [signingKeyBytes("standard", SECRET)],
      new Headers({ ...headers, ...more }),
      bytes(body),
      at,
    );

  test("the vector of its specification", async () => {
    expect(await verdict(AT)).toEqual({
      kind: "signed",
      headerId: "msg_loFOjxBNrRLzqYUf",
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(new Webhook(SECRET).sign("msg_loFOjxBNrRLzqYUf", new Date(AT), BODY)).toBe(
      headers["webhook-signature"],
    );
  });

  test.each([
    ["svix-", {}, "signed"],
    ["webhook- and svix-", headers, "headers_malformed"],
    ["webhook- and svix-signature", { "webhook-id": "msg_loFOjxBNrRLzqYUf" }, "headers_malformed"],
    ["svix- and an empty webhook-id", { "webhook-id": "" }, "headers_malformed"],
    ["half of svix-", { "svix-id": null }, "headers_missing"],
    [
      "one set mixed from both",
      { "svix-id": null, "webhook-id": headers["webhook-id"] },
      "headers_malformed",
    ],
  ])("K13 under the names %s", async (_, more, expected) => {
    const svix = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.replace("webhook-", "svix-"), value]),
    );
    const sent = Object.entries({ ...svix, ...more }).filter(
      (entry): entry is [string, string] => entry[1] !== null,
    );
    const answer = await verifySignature(
      "standard",
      [signingKeyBytes("standard", SECRET)],
      new Headers(sent),
      bytes(BODY),
      AT,
    );
    expect(answer.kind === "signed" ? answer : answer.reason).toEqual(
      expected === "signed" ? await verdict(AT) : expected,
    );
  });

  test.each([
    ["another body", AT, {}, `${BODY} `, "wrong_signature"],
    ["another name", AT, { "webhook-id": "msg_other" }, BODY, "wrong_signature"],
    ["another time", AT, { "webhook-timestamp": "1731705122" }, BODY, "wrong_signature"],
    ["a time that is none", AT, { "webhook-timestamp": "now" }, BODY, "headers_malformed"],
    ["no signature", AT, { "webhook-signature": "" }, BODY, "headers_missing"],
    ["five minutes and a second later", AT + TOLERANCE_MS + 1_000, {}, BODY, "too_old"],
    ["five minutes and a second earlier", AT - TOLERANCE_MS - 1_000, {}, BODY, "too_new"],
  ])("%s", async (_, at, more, body, reason) => {
    expect(await verdict(at, more, body)).toEqual({ kind: "refused", reason });
  });

  test.each([
    [-1, true],
    [0, true],
    [1, false],
  ])("the tolerance ends after five minutes: %s s beyond", async (seconds, isTaken) => {
    for (const sign of [1, -1])
      expect((await verdict(AT + sign * (TOLERANCE_MS + seconds * 1_000))).kind).toBe(
        isTaken ? "signed" : "refused",
      );
  });
});

test("bytes that are no text are verified as they came", async () => {
  const raw = Uint8Array.of(0xff, 0xfe, 0x00, 0x80);
  const key = bytes("a secret of GitHub");
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  const hex = Buffer.from(await crypto.subtle.sign("HMAC", imported, raw)).toString("hex");
  const headers = new Headers({ "x-github-delivery": "1", "x-hub-signature-256": `sha256=${hex}` });
  expect((await verifySignature("github", [key], headers, raw, 0)).kind).toBe("signed");
  expect(
    (await verifySignature("github", [key], headers, Uint8Array.of(0xff, 0xfe, 0x00, 0x81), 0)).kind,
  ).toBe("refused");
  expect(hex).not.toBe(await githubSign("a secret of GitHub", new TextDecoder().decode(raw)));
});

describe("a secret", () => {
  test.each([
    ["standard", `whsec_${btoa("x".repeat(24))}`, true],
    ["standard", `whsec_${btoa("x".repeat(64))}`, true],
    ["standard", `whsec_${btoa("x".repeat(23))}`, false],
    ["standard", `whsec_${btoa("x".repeat(65))}`, false],
    ["standard", btoa("x".repeat(32)), false],
    ["standard", "whsec_????", false],
    ["standard", "whsec_", false],
    ["stripe", "whsec_0123456789", true],
    ["stripe", "short", false],
    ["github", "with a space and more", false],
    ["github", "x".repeat(201), false],
  ] as const)("of %s: %s", (scheme, secret, isGood) =>
    expect(findSecretFault(scheme, secret) === null).toBe(isGood),
  );

  const keyOf = (kid: string) => ({
    ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }),
    kid,
  });
  const [one, two] = [keyOf("one"), keyOf("two")];
  const ring = (...keys: object[]) => JSON.stringify(keys);

  test("is sealed under the newest key, opens while that is listed, and for its own row only", async () => {
    const sealed = await sealSecret(ring(one), "hook secret", "hok_1", "whsec_x");
    expect(sealed).not.toContain("whsec_x");
    expect(await openSecret(ring(one), "hook secret", "hok_1", sealed)).toBe("whsec_x");
    expect(await openSecret(ring(two, one), "hook secret", "hok_1", sealed)).toBe("whsec_x");
    expect([isOpenable(ring(two, one), sealed), isOpenable(ring(two), sealed)]).toEqual([true, false]);
    expect(await openSecret(ring(two), "hook secret", "hok_1", sealed)).toBeNull();
    expect(await openSecret(ring(one), "hook secret", "hok_2", sealed)).toBeNull();
    expect(await openSecret(ring(one), "another purpose", "hok_1", sealed)).toBeNull();
    expect(await openSecret(ring({ ...two, kid: "one" }), "hook secret", "hok_1", sealed)).toBeNull();
    expect(await openSecret(ring(one), "hook secret", "hok_1", `${sealed.slice(0, -2)}AA`)).toBeNull();
    expect(await openSecret(ring(one), "hook secret", "hok_1", "nothing")).toBeNull();
  });

  test("is sealed again each time", async () => {
    const seal = () => sealSecret(ring(one), "hook secret", "hok_1", "whsec_x");
    expect(await seal()).not.toBe(await seal());
  });
});

describe("a JSON pointer (RFC 6901, section 5)", () => {
  const document = {
    foo: ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
  };
  test.each([
    ["", document],
    ["/foo", ["bar", "baz"]],
    ["/foo/0", "bar"],
    ["/", 0],
    ["/a~1b", 1],
    ["/c%d", 2],
    ["/e^f", 3],
    ["/g|h", 4],
    ["/i\\j", 5],
    ['/k"l', 6],
    ["/ ", 7],
    ["/m~0n", 8],
  ])("%j", (pointer, value) => expect(valueAtPointer(document, pointer)).toEqual(value));
  test.each([
    "/foo/2",
    "/foo/-",
    "/foo/01",
    "/foo/length",
    "/foo/1/x",
    "/toString",
    "/__proto__",
    "/constructor/name",
    "/foo/0/length",
    "/m~1n",
  ])("%s finds nothing", (pointer) => {
    expect(valueAtPointer(document, pointer)).toBeUndefined();
  });
});

describe("a body, read by a mapping", () => {
  const mapping = Mapping.parse({
    typeAt: "/type",
    rules: [
      {
        when: {
          type: "a",
          equals: [
            { pointer: "/data/plan", value: "pro" },
            { pointer: "/live", value: true },
          ],
        },
        then: { action: "block", email: { pointer: "/data/email" } },
      },
      { when: { type: "a" }, then: { action: "block", externalId: { pointer: "/data/id" } } },
    ],
  });
  test.each([
    [
      "the first rule that fits",
      { type: "a", live: true, data: { plan: "pro", email: "A@Example.com", id: 7 } },
      { rule: 0, action: { email: "a@example.com", externalId: null } },
    ],
    [
      "a condition that does not hold",
      { type: "a", live: "true", data: { plan: "pro", email: "a@example.com", id: 7 } },
      { rule: 1, action: { externalId: "7" } },
    ],
    ["no rule", { type: "b" }, { kind: "ignored", eventType: "b" }],
    ["no type", { data: {} }, { kind: "failed", errors: [{ pointer: "/type" }] }],
    ["a type that is no text", { type: 1 }, { kind: "failed", errors: [{ pointer: "/type" }] }],
    ["a list", [], { kind: "failed", errors: [{ pointer: "/type" }] }],
    ["null", null, { kind: "failed", errors: [{ pointer: "/type" }] }],
    [
      "a pointer that finds nothing",
      { type: "a" },
      { kind: "failed", errors: [{ pointer: "/data/id", detail: message("webhooks.notThere") }] },
    ],
    [
      "a value of another kind",
      { type: "a", data: { id: { $ne: "" } } },
      { kind: "failed", errors: [{ pointer: "/data/id" }] },
    ],
    ["a value of null", { type: "a", data: { id: null } }, { kind: "failed" }],
    [
      "an address that is none",
      { type: "a", live: true, data: { plan: "pro", email: "nobody" } },
      { kind: "failed", errors: [{ pointer: "/data/email" }] },
    ],
  ])("%s", (_, body, expected) => expect(parseByMapping(mapping, body, null)).toMatchObject(expected));
});
