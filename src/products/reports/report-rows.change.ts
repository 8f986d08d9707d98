import { accessFilter, type AccessFilter } from "../../access/decision.ts";
import { type Right, resourceTypeOf } from "../../access/right.ts";
import { loadClosedBelow } from "../../gate/calls/below.load.ts";
import type { Call } from "../../gate/calls/call.ts";
import { restrictionOf } from "../../gate/credentials/key-restriction.ts";
import { iso, isoOrNull } from "../../kernel/clock.ts";
import type { Period } from "../../kernel/period.ts";
import { RESOURCE_TYPES } from "../../resources/registry.ts";
import type { ResourceRow } from "../../kernel/schema/resource.ts";
import { logVisibilityOf } from "../../audit/log/log-visibility.ts";
import type { TableRow } from "../../channels/workbook/table.ts";
import { REPORT_ROWS_MAX, type ReportName, REPORTS } from "./report.ts";
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

/**
 * Rows of a type in a report: what the caller may see of it. A report may be open to members who may not see
 * the type itself. It shows them its rows all the same, within their object groups.
 */
function rowsOf({ grantSet }: Call["principal"], type: string, open: Right): AccessFilter {
  const seen = accessFilter(grantSet, `${type}.view` as Right);
  if (seen.kind === "some") return seen;
  const whole = accessFilter(grantSet, open);
  return whole.kind === "none"
    ? whole
    : { ...whole, groups: grantSet.groupedTypes.has(type) ? grantSet.groups : null };
}

/** A report covers the organizations in reach too, below the account that the call acts on. */
async function coveredBy(call: Call): Promise<Covered> {
  const {
    accountId,
    grantSet: { extents },
  } = call.principal;
  const reach = (["organization.view", "organization.view_reports"] as const).flatMap(
    (right) => extents.get(right) ?? [],
  );
  const below = reach.some(({ all }) => all) ? null : new Set(reach.flatMap(({ ids }) => [...ids]));
  return { accountId, below, closed: below?.size === 0 ? new Set() : await loadClosedBelow(call) };
}

/**
 * A member who may read the audit log learns as much from a report. Any other member learns what was done,
 * but not by whom; a key that is restricted to less than the log reads no more than one without restriction.
 * A member whose reports are of their own reach learns nothing of others.
 */
function namedFor({ principal }: Call): Named {
  const {
    grantSet: { extents },
    credential,
    memberId,
  } = principal;
  const [reach, reports, sight] = [
    extents.get("audit.view"),
    extents.get("report.download"),
    logVisibilityOf(principal),
  ];
  if (reach?.all) return { members: "all", memberId, sight };
  if (reach?.own || (reports?.own && !reports.all)) return { members: "one", memberId };
  return {
    members: "none",
    memberId,
    sight:
      restrictionOf(credential).scopes === null
        ? { ...sight, hiddenTypes: [], partlyVisibleTypes: [], visibleMembers: "all" }
        : sight,
  };
}

/** Of a name that gives access, such as a license key, only the last characters are shown. */
function nameOf({ type, name }: Pick<ResourceRow, "type" | "name">): string {
  const stored = RESOURCE_TYPES.find((each) => each.name === type)?.stored;
  return stored?.masked.includes(stored.label) ? `…${name.slice(-4)}` : name;
}

type Reader = (call: Call, period: Period, open: Right) => Promise<TableRow[]>;

/** The rows of each report: at most one more than `REPORT_ROWS_MAX`, which shows that there are too many. */
export const READERS: Readonly<Record<ReportName, Reader>> = {
  "expiring-licenses": async (call, period, open) => {
    const types = REPORTS["expiring-licenses"].of
      .filter((right) => call.principal.preset.rights.has(right))
      .map(resourceTypeOf);
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
