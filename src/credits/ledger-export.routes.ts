import { z } from "zod";
import { accessFilter } from "../access/decision.ts";
import { type Endpoint, endpoint } from "../gate/calls/call.ts";
import { iso } from "../kernel/clock.ts";
import { idSchema } from "../kernel/id.ts";
import { periodOf } from "../kernel/period.ts";
import { invalidParameter } from "../kernel/http/problem.ts";
import { dayOrTime } from "../kernel/time-zone.ts";
import { TABLE_FORMATS, tableFile } from "../channels/workbook/table.ts";
import { XLSX_MEDIA_TYPE } from "../channels/workbook/workbook.ts";
import { entryCard } from "./credits.card.ts";
import { accountObjectOf } from "./account-stub.object.ts";
import { message } from "../kernel/messages/message.ts";

/** Entries of one file at most: more are asked for in shorter periods, never cut off silently. */
const ENTRIES_MAX = 10_000;
const PERIOD_MS = 30 * 86_400_000;
const OWN_COLUMNS = ["at", "id", "kind", "memberId", "amount", "description", "lotId", "billedTo"];

const query = z.strictObject({
  from: dayOrTime
    .optional()
    .describe(
      "ISO 8601, included; a date is a whole day of the account's zone. By default 30 days before the end.",
    ),
  to: dayOrTime.optional().describe("ISO 8601; a time is not included, a date is. By default now."),
  memberId: idSchema("member").optional().describe("Only what this member spent."),
  format: z.enum(TABLE_FORMATS).default("xlsx"),
});

const download = endpoint(
  {
    method: "GET",
    path: "/v1/credits/ledger/export",
    operationId: "exportLedger",
    tag: "Credits",
    right: "credits.view",
    status: 200,
    summary:
      "What moved credits in a period, the oldest first: as Excel, or as CSV with format=csv. " +
      "The download is recorded.",
    query,
    answer: { file: XLSX_MEDIA_TYPE },
  },
  async (call) => {
    await call.read();
    call.requireRight("credits.view");
    const { format, memberId: memberFilter, ...bounds } = call.query();
    const { accountId, memberId, targetAccount, grantSet } = call.principal;
    const period = periodOf(bounds, { periodMs: -PERIOD_MS }, call.now, targetAccount.settings.timeZone);
    if (period === null) throw invalidParameter("to", message("validation.beforeFrom"));
    const filter = accessFilter(grantSet, "credits.view");
    const all = filter.kind === "some" && filter.reach.all;
    const mayList =
      all || (filter.kind === "some" && filter.reach.own && (memberFilter ?? memberId) === memberId);
    const ledger = accountObjectOf(call.env, accountId);
    const posted = mayList
      ? await ledger.entriesIn(accountId, all ? (memberFilter ?? null) : memberId, period, ENTRIES_MAX + 1)
      : [];
    if (posted.length > ENTRIES_MAX)
      throw invalidParameter("from", message("credits.ledgerPeriod", { max: ENTRIES_MAX }));
    const rows = posted.map((each) => ({ ...entryCard(each, all) }));
    const exported = { format, from: iso(period.from), to: iso(period.to), rows: rows.length };
    const event = call.event(
      "credits.export",
      { type: "credits", id: null },
      { changes: { before: {}, after: exported } },
    );
    const columns = all ? [...OWN_COLUMNS, "balance"] : OWN_COLUMNS;
    return call.commit(
      { statements: [], events: [event] },
      { status: 200, ...tableFile(format, "ledger", columns, rows, call.now) },
    );
  },
);

export const ledgerExportEndpoints: readonly Endpoint[] = [download];
