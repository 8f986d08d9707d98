import type { HookScheme } from "../../kernel/schema/hook.ts";
import { decodeBase64 } from "./signature.ts";
import { message, type Message } from "../../kernel/messages/message.ts";

/** Milliseconds for which the secret before stays good, so that the sender can get the new one meanwhile. */
export const ROLLOUT_MS = 24 * 60 * 60 * 1000;
/** What a secret is sealed for. */
export const SEALING_PURPOSE = "hook secret";

const PREFIX = "whsec_";

/** A secret of Standard Webhooks. @param random 24 to 64 bytes */
export const formatStandardSecret = (random: Uint8Array): string =>
  `${PREFIX}${btoa(String.fromCharCode(...random))}`;

/** What is wrong with a secret of this scheme, or null. */
export function findSecretFault(scheme: HookScheme, secret: string): Message | null {
  if (scheme !== "standard")
    return /^[\x21-\x7e]{16,200}$/.test(secret) ? null : message("webhooks.secretText");
  const size = secret.startsWith(PREFIX) ? (decodeBase64(secret.slice(PREFIX.length))?.length ?? 0) : 0;
  return size >= 24 && size <= 64 ? null : message("webhooks.secretBytes");
}

/** What the sender computes signatures with: the bytes in it, or its text as it is. */
export const signingKeyBytes = (scheme: HookScheme, secret: string): Uint8Array =>
  (scheme === "standard" ? decodeBase64(secret.slice(PREFIX.length)) : null) ??
  new TextEncoder().encode(secret);
