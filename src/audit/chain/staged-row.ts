import { isSameSecret } from "../../kernel/digest.ts";
import { deriveSecret } from "../../kernel/derived-secret.ts";
import type { AuditEvent } from "./event.ts";

/**
 * What may be written beside a signed event: a login number that the batch gives out, and how often a refusal
 * was repeated.
 */
const GENERATED_PATTERNS: Readonly<Record<string, RegExp>> = { login: /^\d{4}$/, repeated: /^[1-9]\d{0,9}$/ };

/**
 * A row of the outbox. `open` names what is written into `given`; the event's text stays as it was signed.
 */
export interface StagedRow {
  readonly id: string;
  readonly event: unknown;
  readonly open: string | null;
  readonly given: unknown;
  readonly mac: string | null;
}

/** The event with what was written beside it in its place. */
export function withGeneratedValue(
  event: AuditEvent,
  { open, given }: Pick<StagedRow, "open" | "given">,
): AuditEvent {
  if (open === null) return event;
  if (open === "repeated") return { ...event, repeated: Number(given) };
  const { changes } = event;
  return changes === null
    ? event
    : { ...event, changes: { ...changes, after: { ...changes.after, [open]: given } } };
}

type SignedContent = Pick<StagedRow, "id" | "open"> & { readonly accountId: string; readonly text: string };

const signStaged = (signingKeys: string, kid: string | null, { accountId, id, open, text }: SignedContent) =>
  deriveSecret(signingKeys, kid, "audit-outbox", JSON.stringify([accountId, id, open, text]));

/** An attacker who can write D1 cannot make one, because it follows from the first signing key. */
export function macOf(signingKeys: string, signed: SignedContent): string {
  const { kid, secret } = signStaged(signingKeys, null, signed);
  return `${kid}.${secret}`;
}

/** Why a row is none that this gate has staged; null when it is one. A dropped key signs nothing any more. */
export function findMacFault(signingKeys: string, accountId: string, row: StagedRow): string | null {
  const { id, event, open, given, mac } = row;
  if (mac === null) return "no signature: no event that this gate has staged";
  const kid = mac.slice(0, mac.lastIndexOf("."));
  const made = signStaged(signingKeys, kid, { accountId, id, open, text: String(event) });
  const isOurs = isSameSecret(mac, `${made.kid}.${made.secret}`);
  if (!isOurs) return "another signature: no event that this gate has staged";
  if (open === null) return given === null ? null : "a value that no batch gave out";
  const isGood = typeof given === "string" && GENERATED_PATTERNS[open]?.test(given) === true;
  return isGood ? null : "the value that its batch gives out is none";
}
