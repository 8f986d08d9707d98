import { type GrantSet, type AccessFilter, accessFilter } from "../../access/decision.ts";
import type { Preset } from "../../access/preset.ts";
import { type CallCredential, restrictionOf } from "../../gate/credentials/key-restriction.ts";
import { RIGHT_NAMES, type Right, resourceTypeOf } from "../../access/right.ts";

/**
 * What of an account's log a member sees: rows of their own always, and of others none that tells of what
 * they may not see.
 */
export interface LogVisibility {
  readonly logFilter: AccessFilter;
  /** Types of which the member may see nothing. */
  readonly hiddenTypes: readonly string[];
  /** Types of which the member may see these objects only. */
  readonly partlyVisibleTypes: readonly { readonly type: string; readonly ids: readonly string[] }[];
  /**
   * Types that are kept in object groups, and the groups of which the member sees; null is no such narrowing.
   */
  readonly groupFilter: { readonly types: readonly string[]; readonly groups: readonly string[] } | null;
  /**
   * Members whom the reader may see: all, or these. Of others no row tells a name, an e-mail or an address.
   */
  readonly visibleMembers: "all" | readonly string[];
  /** Address rules and other security settings of the account are shown. */
  readonly canSeeSecurity: boolean;
  /** Nothing of the account is hidden: then the paths of others' calls tell nothing new. */
  readonly canSeeEverything: boolean;
}

interface LogReader {
  readonly grantSet: GrantSet;
  readonly accountId: string;
  readonly preset: Preset;
  readonly ownAccount: { readonly accountId: string; readonly preset: Preset };
  readonly member: { readonly roles: readonly string[] };
  readonly credential: CallCredential;
}

/**
 * Which rows about a type a reader may read. If every role of the account sees only own objects of the type,
 * such as an aggregator's licenses, the top role reads all rows: the account must be able to read what was
 * done there.
 */
function visibleRowsOf(viewer: LogReader, right: Right): ReturnType<typeof visibleIdsOf> {
  const { roles, topRole } = viewer.preset;
  const isTop = viewer.accountId === viewer.ownAccount.accountId && viewer.member.roles.includes(topRole);
  const scopes = Object.values(roles).map(({ rights }) => rights[right]);
  const isOwnOnly = scopes.includes("own") && !scopes.includes("all");
  return isTop && isOwnOnly ? "all" : visibleIdsOf(viewer, right);
}

/**
 * A key that is made for reading the log only reads what its member could: there the roles say what that is,
 * and below how far they go.
 */
function visibleIdsOf(
  { grantSet, accountId, ownAccount, member, credential }: LogReader,
  right: Right,
): "all" | "none" | readonly string[] {
  const holdsHere = accountId === ownAccount.accountId || ownAccount.preset.tree?.rights.has(right) === true;
  const byRole =
    holdsHere &&
    restrictionOf(credential).scopes !== null &&
    member.roles.some((role) => ownAccount.preset.roles[role]?.rights[right] === "all");
  const extent = grantSet.extents.get(right);
  if (byRole || extent?.all) return "all";
  return extent === undefined ? "none" : [...extent.ids];
}

export function logVisibilityOf(viewer: LogReader): LogVisibility {
  const typeViews = RIGHT_NAMES.filter(
    (right) => right.endsWith(".view") && viewer.preset.rights.has(right),
  ).map((right) => ({ type: resourceTypeOf(right), reach: visibleRowsOf(viewer, right) }));
  const { groups, groupedTypes } = viewer.grantSet;
  const types = typeViews.map(({ type }) => type).filter((type) => groupedTypes.has(type));
  const grouped = groups === null || types.length === 0 ? null : { types, groups: [...groups] };
  const people = visibleIdsOf(viewer, "member.view");
  return {
    visibleMembers: people === "none" ? [] : people,
    canSeeSecurity: visibleIdsOf(viewer, "account.view_security") === "all",
    logFilter: accessFilter(viewer.grantSet, "audit.view"),
    hiddenTypes: typeViews.filter(({ reach }) => reach === "none").map(({ type }) => type),
    partlyVisibleTypes: typeViews.flatMap(({ type, reach }) =>
      typeof reach === "string" ? [] : [{ type, ids: reach }],
    ),
    groupFilter: grouped,
    canSeeEverything: grouped === null && typeViews.every(({ reach }) => reach === "all"),
  };
}
