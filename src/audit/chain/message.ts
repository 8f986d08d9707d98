import { z } from "zod";
import type { AuditEvent, AuditMessage } from "./event.ts";
import { withGeneratedValue, findMacFault, type StagedRow } from "./staged-row.ts";

/** A queue takes 128 KB per message; the rest is left for the envelope. */
const BYTES_MAX = 120_000;
const ENTRIES_MAX = 100;

const encoder = new TextEncoder();

/**
 * Ledger entries as messages that fit the queue, in order. An entry that is too large alone has a message of
 * its own: the queue refuses it, and it is pulled from the object by the next one.
 */
export function packEntries(accountId: string, entries: readonly AuditEvent[]): AuditMessage[] {
  const groups: AuditEvent[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = encoder.encode(JSON.stringify(entry)).length + 1;
    const last = groups.at(-1);
    if (last === undefined || last.length >= ENTRIES_MAX || bytes + size > BYTES_MAX) {
      groups.push([entry]);
      bytes = size;
    } else {
      last.push(entry);
      bytes += size;
    }
  }
  return groups.map((events) => ({ kind: "entries", accountId, events }));
}

const optionalText = z.string().nullable();
const values = z.record(z.string(), z.unknown());

const ENTRY = z.strictObject({
  id: z.string().min(1),
  accountId: z.string().min(1),
  at: z.int(),
  actor: z.strictObject({
    type: z.enum(["member", "system"]),
    memberId: optionalText,
    accountId: optionalText,
    login: optionalText,
    email: optionalText,
    apiKeyId: optionalText,
    sessionId: z.string().optional(),
    hookId: z.string().optional(),
  }),
  action: z.string().min(1),
  resource: z.strictObject({ type: z.string().min(1), id: optionalText }),
  outcome: z.enum(["success", "denied", "failed"]),
  reason: optionalText,
  cost: z.int().nullable(),
  origin: z.strictObject({ requestId: z.string(), ip: optionalText, userAgent: optionalText }),
  changes: z.strictObject({ before: values, after: values }).nullable(),
  repeated: z.int().min(1).optional(),
  ledgerSeq: z.int().min(1),
});

/** Entries come from their object only: a staged one would stand where a real one belongs. */
const STAGED = ENTRY.extend({ ledgerSeq: z.null("must be null outside the ledger") });

/**
 * An attacker who can write D1 can put anything there.
 * @returns the event of a row of the outbox, or the reason why it is none of this gate's
 */
export function parseStagedRow(
  signingKeys: string,
  accountId: string,
  row: StagedRow,
): AuditEvent | { readonly reason: string } {
  let event: unknown;
  try {
    event = JSON.parse(String(row.event));
  } catch {
    return { reason: "no JSON" };
  }
  const { data, error } = STAGED.safeParse(event);
  if (data === undefined)
    return {
      reason: `malformed: ${error.issues[0]?.path.join("/")} ${error.issues[0]?.message}`.slice(0, 500),
    };
  if (data.accountId !== accountId) return { reason: "an event of another account" };
  if (data.id !== row.id) return { reason: "an event of another row" };
  const reason = findMacFault(signingKeys, accountId, row);
  // As it was staged: a copy could lose members that have the names of JavaScript's own.
  return reason === null ? withGeneratedValue(event as AuditEvent, row) : { reason };
}

const CALL = z.strictObject({
  id: z.string().min(1),
  accountId: z.string(),
  at: z.int(),
  memberId: optionalText,
  apiKeyId: optionalText,
  method: z.string(),
  path: z.string(),
  status: z.int(),
  code: optionalText,
  ip: optionalText,
  userAgent: optionalText,
  requestId: z.string(),
  callerRequestId: optionalText.default(null),
});

/** Every message is checked: one poisoned message must neither stop its batch nor enter a chain. */
export const AUDIT_MESSAGE: z.ZodType<AuditMessage> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("staged"), accountId: z.string().min(1) }),
  z
    .strictObject({ kind: z.literal("entries"), accountId: z.string().min(1), events: z.array(ENTRY) })
    .refine(
      (message) => message.events.every((entry) => entry.accountId === message.accountId),
      "an entry of another account",
    ),
  z.strictObject({ kind: z.literal("calls"), calls: z.array(CALL) }),
]);
