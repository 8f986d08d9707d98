import { z } from "zod";
import { RIGHT_NAMES, resourceTypeOf } from "../../access/right.ts";
import { toSealedRow } from "../chain/chain.store.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { isCallerRequestId } from "../../gate/calls/gate-request.ts";
import { idSchema } from "../../kernel/id.ts";
import { decodeCursor, listLimit, listQuery, pageSchema, toPage } from "../../kernel/http/page.ts";
import { invalidParameter } from "../../kernel/http/problem.ts";
import { periodStart, dayOrTime, periodEnd, lastMillisecondOf } from "../../kernel/time-zone.ts";
import { erasureEndpoint } from "./erasure.routes.ts";
import { findVisibleSeq, listCalls, listEvents, listObjectLog } from "./audit.store.ts";
import { sealPending, type LedgerOutboxesOf } from "./pending-seal.store.ts";
import { logVisibilityOf } from "./log-visibility.ts";
import { AuditPage, auditRow, CallLogRow, callLogRow } from "./audit-row.card.ts";
import { SealedAuditPage, sealedAuditRow, sealedQuery } from "./sealed-text.card.ts";
import { verifyEndpoint } from "./verify.routes.ts";
import { message } from "../../kernel/messages/message.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

const filters = {
  action: z
    .string()
    .regex(/^[a-z_]{1,40}\.(?:[a-z_]{1,40}|\*)$/, ruleText("accounts.action"))
    .optional()
    .describe(
      "An action is the right that was used or lacking, such as `license_key.edit`; " +
        "`license_key.*` is all of a type.",
    ),
  actor: idSchema("member").optional().describe("The member who did it."),
  resourceType: z
    .string()
    .regex(/^[a-z_]{1,40}$/, ruleText("accounts.resourceType"))
    .optional(),
  resourceId: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, ruleText("validation.anyId"))
    .optional(),
  outcome: z.enum(["success", "denied", "failed"]).optional(),
  from: dayOrTime
    .optional()
    .describe("ISO 8601, included; a date is a whole day of the account's time zone."),
  to: dayOrTime.optional().describe("ISO 8601, included, and so is a date."),
};

const AuditQuery = z.strictObject({
  ...listQuery,
  ...filters,
  requestId: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, ruleText("accounts.requestId"))
    .optional()
    .describe("What one call left behind."),
  ...sealedQuery,
});

interface Bounds {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/**
 * Bounds as milliseconds, where they are asked for.
 * @param upperBound reads the upper one: included, or not
 */
function toTimeRange(
  { principal: { targetAccount } }: Call,
  { from, to }: Bounds,
  upperBound: typeof lastMillisecondOf,
) {
  const { timeZone } = targetAccount.settings;
  return {
    from: from === undefined ? undefined : periodStart(from, timeZone),
    to: to === undefined ? undefined : upperBound(to, timeZone),
  };
}

const audit = (ledgersOf: LedgerOutboxesOf) =>
  endpoint(
    {
      method: "GET",
      path: "/v1/audit",
      operationId: "listAuditEvents",
      tag: "Audit",
      right: "audit.view",
      status: 200,
      summary:
        "The audit log, the newest first: changes, denials, sign-ins, spending. " +
        "Members with a narrower right see their own rows.",
      query: AuditQuery,
      answer: SealedAuditPage,
    },
    async (call) => {
      call.requireRight("audit.view");
      const { limit, cursor, from, to, sealed, ...filter } = call.query();
      const before = decodeCursor(cursor, z.int().min(1));
      const complete = await sealPending(call.env, call.db, call.principal.accountId, ledgersOf);
      const visibility = logVisibilityOf(call.principal);
      const [rows] = await call.read(
        listEvents(
          call.db,
          call.principal.accountId,
          visibility,
          { ...filter, ...toTimeRange(call, { from, to }, lastMillisecondOf) },
          before,
          limit + 1,
        ),
      );
      return {
        status: 200,
        body: {
          ...toPage(
            rows,
            limit,
            (row) => sealedAuditRow(toSealedRow(row), visibility, sealed === "true"),
            (row) => row.seq,
          ),
          complete,
        },
      };
    },
  );

/** Rights on these types run the account; all others act on its objects. */
const ADMINISTRATION_TYPES = new Set([
  "account",
  "member",
  "grant",
  "role",
  "api_key",
  "audit",
  "credits",
  "report",
  "subdealer",
]);
const OBJECT_TYPES = [...new Set(RIGHT_NAMES.map(resourceTypeOf))].filter(
  (type) => !ADMINISTRATION_TYPES.has(type),
);

const ObjectLogQuery = z.strictObject({
  ...filters,
  limit: listLimit(10),
  startingAfter: idSchema("event").optional().describe("The id of the last row of the page before."),
});

const objectLog = (ledgersOf: LedgerOutboxesOf) =>
  endpoint(
    {
      method: "GET",
      path: "/v1/object-log",
      operationId: "listObjectLog",
      tag: "Audit",
      right: "audit.view",
      status: 200,
      summary: "What members did to objects and grants, refused attempts too; the newest first.",
      query: ObjectLogQuery,
      answer: AuditPage,
    },
    async (call) => {
      call.requireRight("audit.view");
      const { limit, startingAfter = null, ...filter } = call.query();
      const complete = await sealPending(call.env, call.db, call.principal.accountId, ledgersOf);
      const { accountId } = call.principal;
      const visibility = logVisibilityOf(call.principal);
      const [rows, [lastRow]] = await call.read(
        listObjectLog(
          call.db,
          accountId,
          visibility,
          OBJECT_TYPES,
          { ...filter, ...toTimeRange(call, filter, lastMillisecondOf) },
          startingAfter,
          limit + 1,
        ),
        findVisibleSeq(call.db, accountId, visibility, startingAfter ?? ""),
      );
      if (startingAfter !== null && lastRow === undefined)
        throw invalidParameter("startingAfter", message("accounts.rowId"));
      const data = rows.slice(0, limit).map((row) => auditRow(toSealedRow(row), visibility));
      return {
        status: 200,
        body: { data, nextCursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null, complete },
      };
    },
  );

const CallsQuery = z.strictObject({
  ...listQuery,
  member: idSchema("member").optional().describe("Who called."),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).optional(),
  path: z
    .string()
    .regex(/^\/[\x21-\x7e]{0,200}$/, ruleText("accounts.path"))
    .optional()
    .describe("This path and all below it."),
  status: z
    .string()
    .regex(/^[1-5](?:\d\d|xx)$/, ruleText("accounts.status"))
    .optional(),
  from: dayOrTime
    .optional()
    .describe("ISO 8601, included; a date is a whole day of the account's time zone."),
  to: dayOrTime.optional().describe("ISO 8601; a time is not included, a date is."),
  callerRequestId: z
    .string()
    .refine(isCallerRequestId, ruleText("accounts.callerRequestId"))
    .optional()
    .describe("Calls that brought this X-Request-Id."),
});

const calls = endpoint(
  {
    method: "GET",
    path: "/v1/calls",
    operationId: "listCalls",
    tag: "Audit",
    right: "audit.view",
    status: 200,
    summary:
      "The call log of the last days, the newest first. " +
      "It is not sealed, and a crash may lose its last moments.",
    query: CallsQuery,
    answer: pageSchema(CallLogRow),
  },
  async (call) => {
    call.requireRight("audit.view");
    const { limit, cursor, ...filter } = call.query();
    const before = decodeCursor(cursor, idSchema("call"));
    const [rows] = await call.read(
      listCalls(
        call.db,
        call.principal.accountId,
        logVisibilityOf(call.principal),
        { ...filter, ...toTimeRange(call, filter, periodEnd) },
        before,
        limit + 1,
      ),
    );
    return { status: 200, body: toPage(rows, limit, callLogRow, (row) => row.id) };
  },
);

export const auditLogEndpoints = (ledgersOf: LedgerOutboxesOf): Endpoint[] => [
  audit(ledgersOf),
  verifyEndpoint(ledgersOf),
  erasureEndpoint(ledgersOf),
  objectLog(ledgersOf),
  calls,
];
