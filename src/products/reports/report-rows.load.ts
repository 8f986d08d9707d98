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
  type CoveredAccounts,
  findDownloads,
  findExpiring,
  findKeysWithRequests,
  findCreated,
  type MemberVisibility,
} from "./report.store.ts";

const ROWS_LIMIT = REPORT_ROWS_MAX + 1;

/**
 * Rows of a type in a report: what the caller may see of it. A report may be open to members who may not see
 * the type itself. It shows them its rows all the same, within their object groups.
 */
function rowFilter({ grantSet }: Call["principal"], type: string, openingRight: Right): AccessFilter {
  const viewFilter = accessFilter(grantSet, `${type}.view` as Right);
  if (viewFilter.kind === "some") return viewFilter;
  const openingFilter = accessFilter(grantSet, openingRight);
  return openingFilter.kind === "none"
    ? openingFilter
    : { ...openingFilter, groups: grantSet.groupedTypes.has(type) ? grantSet.groups : null };
}

/** A report covers the organizations in reach too, below the account that the call acts on. */
async function loadCoveredAccounts(call: Call): Promise<CoveredAccounts> {
  const {
    accountId,
    grantSet: { extents },
  } = call.principal;
  const organizationExtents = (["organization.view", "organization.view_reports"] as const).flatMap(
    (right) => extents.get(right) ?? [],
  );
  const below = organizationExtents.some(({ all }) => all)
    ? null
    : new Set(organizationExtents.flatMap(({ ids }) => [...ids]));
  return { accountId, below, closed: below?.size === 0 ? new Set() : await loadClosedBelow(call) };
}

/**
 * A member who may read the audit log learns as much from a report. Any other member learns what was done,
 * but not by whom; a key that is restricted to less than the log reads no more than one without restriction.
 * A member whose reports are of their own reach learns nothing of others.
 */
function memberVisibilityFor({ principal }: Call): MemberVisibility {
  const {
    grantSet: { extents },
    credential,
    memberId,
  } = principal;
  const [auditExtent, reportExtent, sight] = [
    extents.get("audit.view"),
    extents.get("report.download"),
    logVisibilityOf(principal),
  ];
  if (auditExtent?.all) return { members: "all", memberId, sight };
  if (auditExtent?.own || (reportExtent?.own && !reportExtent.all)) return { members: "one", memberId };
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
function maskedName({ type, name }: Pick<ResourceRow, "type" | "name">): string {
  const stored = RESOURCE_TYPES.find((each) => each.name === type)?.stored;
  return stored?.masked.includes(stored.nameAttribute) ? `…${name.slice(-4)}` : name;
}

type RowLoader = (call: Call, period: Period, open: Right) => Promise<TableRow[]>;

/** The rows of each report: at most one more than `REPORT_ROWS_MAX`, which shows that there are too many. */
export const LOADERS: Readonly<Record<ReportName, RowLoader>> = {
  "expiring-licenses": async (call, period, open) => {
    const types = REPORTS["expiring-licenses"].modelRights
      .filter((right) => call.principal.preset.rights.has(right))
      .map(resourceTypeOf);
    const accounts = await loadCoveredAccounts(call);
    const parts = await call.read(
      ...types.map((type) =>
        findExpiring(
          call.db,
          accounts,
          { type, access: rowFilter(call.principal, type, open) },
          period,
          ROWS_LIMIT,
        ),
      ),
    );
    return parts.flat().map((row) => ({
      accountId: row.accountId,
      type: row.type,
      id: row.id,
      name: maskedName(row),
      expiresAt: isoOrNull(row.expiresAt),
      status: row.status,
    }));
  },
  "requests-and-keys": async (call, period, open) => {
    const [rows] = await call.read(
      findKeysWithRequests(
        call.db,
        call.principal.accountId,
        { type: "key", access: rowFilter(call.principal, "key", open) },
        period,
        ROWS_LIMIT,
      ),
    );
    return rows.map((row) => ({
      keyId: row.id,
      key: maskedName(row),
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
      findCreated(
        call.db,
        await loadCoveredAccounts(call),
        { type: "subscription", access: rowFilter(call.principal, "subscription", open) },
        period,
        ROWS_LIMIT,
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
      findCreated(
        call.db,
        await loadCoveredAccounts(call),
        { type: "task", access: rowFilter(call.principal, "task", open) },
        period,
        ROWS_LIMIT,
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
    (
      await call.read(
        countUsage(call.db, call.principal.accountId, memberVisibilityFor(call), period, ROWS_LIMIT),
      )
    )[0],
  downloads: async (call, period) => {
    const [rows] = await call.read(
      findDownloads(call.db, call.principal.accountId, memberVisibilityFor(call), period, ROWS_LIMIT),
    );
    return rows.map((row) => ({ ...row, at: iso(row.at) }));
  },
};
