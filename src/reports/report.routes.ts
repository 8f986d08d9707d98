import { z } from "zod";
import { decide, type GrantSet, visible, type Visible } from "../access/decide.ts";
import { type Right, typeOf } from "../access/right.ts";
import { restrictionOf } from "../identity/key-restriction.ts";
import { type Call, type Endpoint, endpoint } from "../identity/call.ts";
import { findClosedBelow } from "../identity/below.change.ts";
import { iso, isoOrNull } from "../kernel/clock.ts";
import { invalidParameter, Problem } from "../kernel/problem.ts";
import { sightOf } from "../trail/sight.ts";
import { drain, type LedgersOf } from "../trail/drain.store.ts";
import type { ResourceRow } from "../schema/resource.ts";
import { RESOURCE_TYPES } from "../resources/registry.ts";
import { type Period, periodOf } from "../kernel/period.ts";
import { tableFile, type TableRow } from "../workbook/table.ts";
import {
  type Report,
  REPORT_NAMES,
  REPORT_ROWS_MAX,
  type ReportName,
  ReportQuery,
  REPORTS,
} from "./report.ts";
import {
  countUsage,
  type Covered,
  findDownloads,
  findExpiring,
  findKeys,
  findMade,
  type Named,
} from "./report.store.ts";

const LIMIT = REPORT_ROWS_MAX + 1;

/** A report that the model has and that one of the caller's rights opens. */
const opens = ({ rights }: Report, set: GrantSet): Right | undefined =>
  rights.find((right) => decide(set, right).allowed);
const exists = ({ of }: Report, rights: ReadonlySet<Right>): boolean => of.some((right) => rights.has(right));

/**
 * Rows of a type in a report: what the caller may see of it. A report that is open to members who may not see
 * the type itself tells them its rows all the same, within their object groups.
 */
function rowsOf({ grantSet }: Call["principal"], type: string, open: Right): Visible {
  const seen = visible(grantSet, `${type}.view` as Right);
  if (seen.kind === "some") return seen;
  const whole = visible(grantSet, open);
  return whole.kind === "none"
    ? whole
    : { ...whole, groups: grantSet.groupedTypes.has(type) ? grantSet.groups : null };
}

/** A report covers the organizations in reach too, below the account that the call acts on. */
async function coveredBy(call: Call): Promise<Covered> {
  const {
    accountId,
    grantSet: { reaches },
  } = call.principal;
  const reach = (["organization.view", "organization.view_reports"] as const).flatMap(
    (right) => reaches.get(right) ?? [],
  );
  const below = reach.some(({ all }) => all) ? null : new Set(reach.flatMap(({ ids }) => [...ids]));
  return { accountId, below, closed: below?.size === 0 ? new Set() : await findClosedBelow(call) };
}

/**
 * Who may read the audit log learns as much from a report. Who may not learns what was done and not by whom;
 * but a key that is narrowed away from the log reads no more than one that is not. Whose reports are of their
 * own reach learns nothing of others.
 */
function namedFor({ principal }: Call): Named {
  const {
    grantSet: { reaches },
    credential,
    memberId,
  } = principal;
  const [reach, reports, sight] = [
    reaches.get("audit.view"),
    reaches.get("report.download"),
    sightOf(principal),
  ];
  if (reach?.all) return { members: "all", memberId, sight };
  if (reach?.own || (reports?.own && !reports.all)) return { members: "one", memberId };
  return {
    members: "none",
    memberId,
    sight:
      restrictionOf(credential).scopes === null ? { ...sight, hidden: [], partly: [], people: "all" } : sight,
  };
}

/** A name that opens doors, such as a license key, is told by its last characters. */
function nameOf({ type, name }: Pick<ResourceRow, "type" | "name">): string {
  const stored = RESOURCE_TYPES.find((each) => each.name === type)?.stored;
  return stored?.masked.includes(stored.label) ? `…${name.slice(-4)}` : name;
}

type Reader = (call: Call, period: Period, open: Right) => Promise<TableRow[]>;

const READERS: Readonly<Record<ReportName, Reader>> = {
  "expiring-licenses": async (call, period, open) => {
    const types = REPORTS["expiring-licenses"].of
      .filter((right) => call.principal.preset.rights.has(right))
      .map(typeOf);
    const accounts = await coveredBy(call);
    const parts = await call.read(
      ...types.map((type) =>
        findExpiring(call.db, accounts, { type, visible: rowsOf(call.principal, type, open) }, period, LIMIT),
      ),
    );
    return parts.flat().map((row) => ({
      accountId: row.accountId,
      type: row.type,
      id: row.id,
      name: nameOf(row),
      expiresAt: isoOrNull(row.expiresAt),
      status: row.status,
    }));
  },
  "requests-and-keys": async (call, period, open) => {
    const [rows] = await call.read(
      findKeys(
        call.db,
        call.principal.accountId,
        { type: "key", visible: rowsOf(call.principal, "key", open) },
        period,
        LIMIT,
      ),
    );
    return rows.map((row) => ({
      keyId: row.id,
      key: nameOf(row),
      objectId: row.parentId,
      status: row.status,
      expiresAt: isoOrNull(row.expiresAt),
      requests: row.requests,
      lastRequestId: row.lastRequestId,
      lastRequestAt: isoOrNull(row.lastRequestAt),
      sosLicenseId: row.sosLicenseId,
      sosExpiresAt: row.sosExpiresAt,
    }));
  },
  subscriptions: async (call, period, open) => {
    const [rows] = await call.read(
      findMade(
        call.db,
        await coveredBy(call),
        { type: "subscription", visible: rowsOf(call.principal, "subscription", open) },
        period,
        LIMIT,
      ),
    );
    return rows.map((row) => ({
      accountId: row.accountId,
      organization: row.accountName,
      id: row.id,
      name: row.name,
      status: row.status,
      createdAt: iso(row.createdAt),
      expiresAt: isoOrNull(row.expiresAt),
    }));
  },
  tasks: async (call, period, open) => {
    const [rows] = await call.read(
      findMade(
        call.db,
        await coveredBy(call),
        { type: "task", visible: rowsOf(call.principal, "task", open) },
        period,
        LIMIT,
      ),
    );
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      toolId: row.parentId,
      status: row.status,
      updates: row.updates ?? 0,
      createdAt: iso(row.createdAt),
      updatedAt: iso(row.updatedAt),
    }));
  },
  usage: async (call, period) =>
    (await call.read(countUsage(call.db, call.principal.accountId, namedFor(call), period, LIMIT)))[0],
  downloads: async (call, period) => {
    const [rows] = await call.read(
      findDownloads(call.db, call.principal.accountId, namedFor(call), period, LIMIT),
    );
    return rows.map((row) => ({ ...row, at: iso(row.at) }));
  },
};

const ReportCard = z.object({ name: z.string(), title: z.string(), columns: z.array(z.string()) });

const list = endpoint(
  {
    method: "GET",
    path: "/v1/reports",
    tag: "Reports",
    right: "member",
    status: 200,
    summary: "The reports that you may download.",
    answer: z.object({ data: z.array(ReportCard) }),
  },
  async (call) => {
    await call.read();
    const { grantSet, preset } = call.principal;
    const isOpenTo = (name: ReportName) =>
      exists(REPORTS[name], preset.rights) && opens(REPORTS[name], grantSet) !== undefined;
    if (!REPORT_NAMES.some(isOpenTo)) call.decide("report.download");
    const data = REPORT_NAMES.filter(isOpenTo).map((name) => ({
      name,
      title: REPORTS[name].title,
      columns: REPORTS[name].columns,
    }));
    return { status: 200, body: { data } };
  },
);

const Answered = z.object({
  report: z.string(),
  from: z.string(),
  to: z.string(),
  rows: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
  complete: z.boolean().describe("False while events wait that could not be sealed yet."),
});

const download = (ledgersOf: LedgersOf) =>
  endpoint(
    {
      method: "GET",
      path: "/v1/reports/:name",
      tag: "Reports",
      right: "report.download",
      status: 200,
      summary: `A report: ${REPORT_NAMES.join(", ")}. format=csv and format=xlsx answer a file for spreadsheets. The download is recorded.`,
      query: ReportQuery,
      answer: Answered,
    },
    async (call) => {
      const { grantSet, preset, accountId } = call.principal;
      const name = REPORT_NAMES.find((each) => each === call.params["name"]);
      const report: Report | null = name === undefined ? null : REPORTS[name];
      const open = report === null ? undefined : opens(report, grantSet);
      // Who may download none is told so whatever they ask for; a model has no report that it has no rows
      // for.
      if (open === undefined) call.decide("report.download");
      if (name === undefined || report === null || open === undefined || !exists(report, preset.rights))
        throw new Problem("not-found");
      const { format, ...asked } = call.query();
      const period = periodOf(asked, report, call.now, call.principal.account.settings.timeZone);
      if (period === null) throw invalidParameter("to", "must not be before from");
      const complete =
        !report.columns.includes("memberId") || (await drain(call.env, call.db, accountId, ledgersOf));
      const rows = await READERS[name](call, period, open);
      if (rows.length > REPORT_ROWS_MAX)
        throw invalidParameter(
          "from",
          `the report has more than ${REPORT_ROWS_MAX} rows: ask for a shorter period`,
        );
      const told = { from: iso(period.from), to: iso(period.to) };
      const event = call.event(
        "report.download",
        { type: "report", id: null },
        { changes: { before: {}, after: { report: name, format, ...told, rows: rows.length } } },
      );
      return call.commit(
        { statements: [], events: [event] },
        {
          status: 200,
          ...(format === "json"
            ? { body: { report: name, ...told, rows, complete } }
            : tableFile(format, name, report.columns, rows, call.now)),
        },
      );
    },
  );

export const reportEndpoints = (ledgersOf: LedgersOf): Endpoint[] => [list, download(ledgersOf)];
