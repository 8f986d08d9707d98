import { z } from "zod";
import { decide, type GrantSet } from "../../access/decision.ts";
import type { Right } from "../../access/right.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { iso } from "../../kernel/clock.ts";
import { periodOf } from "../../kernel/period.ts";
import { invalidParameter, Problem } from "../../kernel/http/problem.ts";
import { sealPending, type LedgerOutboxesOf } from "../../audit/log/pending-seal.store.ts";
import { tableFile } from "../../channels/workbook/table.ts";
import {
  type Report,
  REPORT_NAMES,
  REPORT_ROWS_MAX,
  type ReportName,
  ReportQuery,
  REPORTS,
} from "./report.ts";
import { LOADERS } from "./report-rows.load.ts";
import { message } from "../../kernel/messages/message.ts";

/** A report that the model has and that one of the caller's rights opens. */
const findOpeningRight = ({ rights }: Report, set: GrantSet): Right | undefined =>
  rights.find((right) => decide(set, right).allowed);
const existsIn = ({ modelRights }: Report, rights: ReadonlySet<Right>): boolean =>
  modelRights.some((right) => rights.has(right));

const ReportCard = z
  .object({ name: z.string(), title: z.string(), columns: z.array(z.string()) })
  .meta({ id: "ReportType" });

const list = endpoint(
  {
    method: "GET",
    path: "/v1/reports",
    operationId: "listReports",
    tag: "Reports",
    right: "member",
    status: 200,
    summary: "The reports that you may download.",
    answer: z.object({ data: z.array(ReportCard) }).meta({ id: "ReportTypeList" }),
  },
  async (call) => {
    await call.read();
    const { grantSet, preset } = call.principal;
    const isOpenTo = (name: ReportName) =>
      existsIn(REPORTS[name], preset.rights) && findOpeningRight(REPORTS[name], grantSet) !== undefined;
    if (!REPORT_NAMES.some(isOpenTo)) call.requireRight("report.download");
    const data = REPORT_NAMES.filter(isOpenTo).map((name) => ({
      name,
      title: REPORTS[name].title,
      columns: REPORTS[name].columns,
    }));
    return { status: 200, body: { data } };
  },
);

const ReportAnswer = z
  .object({
    report: z.string(),
    from: z.string(),
    to: z.string(),
    rows: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
    complete: z.boolean().describe("False while events wait that could not be sealed yet."),
  })
  .meta({ id: "Report" });

/**
 * The report that the path names, and the right that opens it. A model has no report that it has no rows for.
 * @throws Problem access/denied for every name, where the caller may download no report; not-found
 */
function requireOpenReport(call: Call): { name: ReportName; report: Report; openingRight: Right } {
  const { grantSet, preset } = call.principal;
  const name = REPORT_NAMES.find((each) => each === call.params["name"]);
  const report: Report | null = name === undefined ? null : REPORTS[name];
  const open = report === null ? undefined : findOpeningRight(report, grantSet);
  if (open === undefined) call.requireRight("report.download");
  if (name === undefined || report === null || open === undefined || !existsIn(report, preset.rights))
    throw new Problem("not-found");
  return { name, report, openingRight: open };
}

const download = (ledgersOf: LedgerOutboxesOf) =>
  endpoint(
    {
      method: "GET",
      path: "/v1/reports/:name",
      operationId: "getReport",
      tag: "Reports",
      right: "report.download",
      status: 200,
      summary:
        `A report: ${REPORT_NAMES.join(", ")}. ` +
        "format=csv and format=xlsx answer a file for spreadsheets. The download is recorded.",
      query: ReportQuery,
      answer: ReportAnswer,
    },
    async (call) => {
      const { name, report, openingRight } = requireOpenReport(call);
      const { format, ...periodQuery } = call.query();
      const period = periodOf(periodQuery, report, call.now, call.principal.targetAccount.settings.timeZone);
      if (period === null) throw invalidParameter("to", message("validation.beforeFrom"));
      const complete =
        !report.columns.includes("memberId") ||
        (await sealPending(call.env, call.db, call.principal.accountId, ledgersOf));
      const rows = await LOADERS[name](call, period, openingRight);
      if (rows.length > REPORT_ROWS_MAX)
        throw invalidParameter("from", message("products.reportRows", { max: REPORT_ROWS_MAX }));
      const periodFields = { from: iso(period.from), to: iso(period.to) };
      const event = call.event(
        "report.download",
        { type: "report", id: null },
        { changes: { before: {}, after: { report: name, format, ...periodFields, rows: rows.length } } },
      );
      return call.commit(
        { statements: [], events: [event] },
        {
          status: 200,
          ...(format === "json"
            ? { body: { report: name, ...periodFields, rows, complete } }
            : tableFile(format, name, report.columns, rows, call.now)),
        },
      );
    },
  );

export const reportEndpoints = (ledgersOf: LedgerOutboxesOf): Endpoint[] => [list, download(ledgersOf)];
