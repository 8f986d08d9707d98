import { z } from "zod";
import type { SealedRow } from "../chain/chain.ts";
import { revealPersonalValues } from "../chain/personal-value.ts";
import { SECURITY_SETTINGS } from "../../gate/principals/settings.ts";
import { pageFields } from "../../kernel/http/page.ts";
import { iso, isoOrNull } from "../../kernel/clock.ts";
import type { LogVisibility } from "./log-visibility.ts";

const nullableText = z.string().nullable();
const anyFields = z.record(z.string(), z.unknown());

/** A sealed event as it is answered. Of a person who was erased the personal members are null. */
export const AuditRow = z
  .object({
    id: z.string(),
    accountId: z.string(),
    seq: z.int().describe("Its place in the account's log, from 1."),
    prevHash: z.string().describe("The hash of the row before."),
    hash: z.string().describe("SHA-256 over this row and the hash before: it seals both."),
    at: z.iso.datetime(),
    actor: z.object({
      type: z.string(),
      memberId: nullableText,
      accountId: nullableText,
      login: nullableText,
      email: nullableText,
      apiKeyId: nullableText,
      sessionId: nullableText,
      hookId: nullableText,
    }),
    action: z.string().describe("The right that was used or lacking, or an event such as session.create."),
    resource: z.object({ type: z.string(), id: nullableText }).describe("What it was done to."),
    outcome: z.string().describe("success, denied or failed."),
    reason: nullableText.describe("Of a refusal: its problem code. Of some changes: why."),
    cost: z.int().nullable().describe("Credits; null where none are involved."),
    ip: nullableText,
    userAgent: nullableText,
    requestId: nullableText,
    changes: z
      .object({ before: anyFields, after: anyFields })
      .nullable()
      .describe("What changed, secrets masked."),
    repeated: z
      .int()
      .nullable()
      .describe(
        "A refusal that came again within a minute after `at`, so often; the first one has a row of its own.",
      ),
    ledgerSeq: z.int().nullable().describe("The place of its entry in the credit ledger."),
  })
  .meta({ id: "AuditEvent" });

/** The fields of a page of the log. */
export const auditPageFields = <Row extends z.ZodType>(row: Row) => ({
  ...pageFields(row),
  complete: z.boolean().describe("False while events wait that could not be sealed: verify says why."),
});

export const AuditPage = z.object(auditPageFields(AuditRow)).meta({ id: "AuditEventPage" });

interface EventBody {
  readonly actor?: Partial<z.infer<typeof AuditRow>["actor"]>;
  readonly reason?: string | null;
  readonly repeated?: number;
  readonly cost?: number | null;
  readonly origin?: {
    readonly ip?: string | null;
    readonly userAgent?: string | null;
    readonly requestId?: string;
  };
  readonly changes?: z.infer<typeof AuditRow>["changes"];
}

/** Members of what changed on an account that are shown with `account.view_security` only. */
const SECURITY_FIELDS: ReadonlySet<string> = new Set(["allowedIps", ...SECURITY_SETTINGS]);
const ACCOUNT_TYPES: readonly string[] = ["account", "organization", "dealer"];

/**
 * What a reader is shown of a row: of members whom the reader may not see neither login, e-mail, network
 * address nor card, and of an account no security settings. Ids stay.
 */
export function maskForReader(
  row: SealedRow,
  { visibleMembers, canSeeSecurity, logFilter }: RowReader,
): SealedRow {
  const { memberId } = row;
  const isOwn = logFilter.kind === "some" && logFilter.memberId === memberId;
  const canSeeActor =
    memberId === null || visibleMembers === "all" || visibleMembers.includes(memberId) || isOwn;
  const isHidden = (path: string): boolean => {
    const [, part = "", ...steps] = path.split("/");
    if (part === "actor" || part === "origin") return !canSeeActor;
    return visibleMembers !== "all" && steps.includes("owner");
  };
  const personal = Object.fromEntries(
    Object.entries(row.personal).map(([path, kept]) => [path, isHidden(path) ? null : kept]),
  );
  const body =
    canSeeSecurity || !ACCOUNT_TYPES.includes(row.resourceType) ? row.body : omitSecurityFields(row.body);
  return { ...row, body, personal };
}

const omitSecurityFields = (body: string): string => {
  try {
    return JSON.stringify(
      JSON.parse(body, (name: string, value: unknown) => (SECURITY_FIELDS.has(name) ? undefined : value)),
    );
  } catch {
    return body;
  }
};

export type RowReader = Pick<LogVisibility, "visibleMembers" | "canSeeSecurity" | "logFilter">;

/** Shows also rows that were edited: `verify` reports them, and hiding them would help the forger. */
export function auditRow(sealedRow: SealedRow, reader: RowReader) {
  const row = maskForReader(sealedRow, reader);
  const { actor, reason, cost, origin, changes, repeated } = parseEventBody(row);
  return {
    id: row.id,
    accountId: row.accountId,
    seq: row.seq,
    prevHash: row.prevHash,
    hash: row.hash,
    at: toIsoTime(row.at),
    actor: {
      type: actor?.type ?? "unknown",
      memberId: actor?.memberId ?? null,
      accountId: actor?.accountId ?? null,
      login: actor?.login ?? null,
      email: actor?.email ?? null,
      apiKeyId: actor?.apiKeyId ?? null,
      sessionId: actor?.sessionId ?? null,
      hookId: actor?.hookId ?? null,
    },
    action: row.action,
    resource: { type: row.resourceType, id: row.resourceId },
    outcome: row.outcome,
    reason: reason ?? null,
    cost: cost ?? null,
    ip: origin?.ip ?? null,
    userAgent: origin?.userAgent ?? null,
    requestId: origin?.requestId ?? null,
    changes: changes ?? null,
    repeated: repeated ?? null,
    ledgerSeq: row.ledgerSeq,
  };
}

function parseEventBody(row: SealedRow): EventBody {
  try {
    return (revealPersonalValues(JSON.parse(row.body), row.personal) ?? {}) as EventBody;
  } catch {
    return {};
  }
}

/** An edited time need not be one. */
const toIsoTime = (at: number): string => iso(Math.abs(at) <= 8.64e15 ? at : 0);

export const CallLogRow = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    memberId: nullableText,
    apiKeyId: nullableText,
    method: z.string(),
    path: z.string(),
    status: z.int(),
    code: nullableText.describe("The problem code of a refusal."),
    ip: nullableText,
    userAgent: nullableText,
    requestId: z.string(),
    callerRequestId: nullableText.describe("The id that the caller gave the call in X-Request-Id."),
  })
  .meta({ id: "CallLogEntry" });

export const callLogRow = <Row extends { readonly at: number; readonly accountId: string }>({
  accountId: _account,
  ...row
}: Row) => ({ ...row, at: isoOrNull(row.at) });
