import { createHash, generateKeyPairSync } from "node:crypto";
import { readText, SECRETS_FILE } from "./local-state.ts";

/** A private Ed25519 key as a JWK (RFC 8037). */
export interface SigningKey {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly d: string;
  readonly kid: string;
  readonly alg: "EdDSA";
  readonly use: "sig";
}

/** The kid is the key's thumbprint (RFC 7638), so two keys never share one. */
export function newSigningKey(): SigningKey {
  const { kty, crv, x, d } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  if (kty === undefined || crv === undefined || x === undefined || d === undefined)
    throw new Error("Node made an incomplete Ed25519 key");
  const kid = createHash("sha256").update(JSON.stringify({ crv, kty, x })).digest("base64url");
  return { kty, crv, x, d, kid, alg: "EdDSA", use: "sig" };
}

/** The value of the secret SIGNING_KEYS: the first signs, all are published and verify. */
export const toKeySet = (keys: readonly SigningKey[]): string => JSON.stringify(keys);

export type RotationStep = "publish" | "sign" | "drop";

/**
 * The next key set of a rotation: the newest key is published behind the others, then signs before them, then
 * is alone.
 * @param newKey the key that `publish` adds
 */
export function rotateKeys(
  keys: readonly SigningKey[],
  step: RotationStep,
  newKey: SigningKey,
): readonly SigningKey[] {
  switch (step) {
    case "publish":
      return [...keys, newKey];
    case "sign":
      return [...keys.slice(-1), ...keys.slice(0, -1)];
    case "drop":
      return keys.slice(0, 1);
  }
}

/** @throws Error with a sentence for the person at the keyboard */
export function parseKeySet(text: string): readonly SigningKey[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("The key set is not JSON. It is the array that `npm run keys` printed.");
  }
  const isKey = (key: unknown): key is SigningKey =>
    typeof key === "object" &&
    key !== null &&
    ["kty", "crv", "x", "d", "kid"].every(
      (name) => typeof (key as Record<string, unknown>)[name] === "string",
    );
  if (!Array.isArray(value) || value.length === 0 || !value.every(isKey)) {
    throw new Error(
      "The key set must be a JSON array of at least one private JWK with kty, crv, x, d and kid.",
    );
  }
  return value;
}

/** Single quotes keep wrangler's dotenv reader from touching the JSON; base64url holds none. */
export const secretsFileText = (keys: readonly SigningKey[]): string =>
  "# Signing keys of the local gate only; a deployment has its own (docs/operations/deploy.md).\n" +
  `SIGNING_KEYS='${toKeySet(keys)}'\n`;

/** The local key set, or null when there is none yet. */
export const localKeySet = (): string | null => findKeySet(readText(SECRETS_FILE) ?? "");

/** The key set in the text of a .dev.vars. */
export function findKeySet(text: string): string | null {
  const line = text.split("\n").find((one) => one.startsWith("SIGNING_KEYS="));
  return line === undefined
    ? null
    : line
        .slice("SIGNING_KEYS=".length)
        .trim()
        .replace(/^'(.*)'$/, "$1");
}
