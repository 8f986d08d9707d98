import { INVITERS } from "./policy-marketplace.ts";
import { type AccountKind, MODEL_RIGHTS, type RightExtent } from "./policy-rights.ts";
import { EVERY_GROUP_ROLES, GROUPED_TYPES, ROLES, TREE, ROOT_TYPES } from "./policy-table.ts";

/**
 * The policy written a second time, by hand and as slowly as possible, from the tables that people agreed on.
 * It knows nothing of how the program compiles or caches rights: where the two differ, one of them is wrong.
 */

export type Level = "view" | "edit" | "owner";
export type Verb = "view" | "edit" | "create" | "delete";
export const VERBS: readonly Verb[] = ["view", "edit", "create", "delete"];

export interface PolicyGrant {
  readonly resourceType: string;
  readonly resourceId: string;
  readonly access: string;
}

/** The member who asks: what their card says that they were given, and the scopes of their key. */
export interface PolicyMember {
  readonly memberId: string;
  readonly accountId?: string;
  readonly kind: AccountKind;
  readonly roles: readonly string[];
  readonly rights: readonly string[];
  readonly grants: readonly PolicyGrant[];
  readonly customRoles?: readonly {
    readonly rights: readonly string[];
    readonly grants: readonly PolicyGrant[];
  }[];
  readonly objectGroupIds?: readonly string[];
  readonly scopes: readonly string[] | null;
  /** Settings that change who may give which role, as far as they are on. */
  readonly switches?: readonly (
    | "inviteOnlyAdmins"
    | "customersMayInviteBillingAdmin"
    | "billingAdminVisibleToCustomer"
  )[];
}

/**
 * An object; one that is yet to be made has no id. `rootId` is the object at the top that it belongs to,
 * however far up.
 */
export interface PolicyObject {
  readonly type: string;
  readonly id: string;
  readonly rootId: string | null;
  readonly ownerId: string;
  readonly groupId?: string | null;
  readonly status: string;
}

const BELOW_PRODUCT = ["license_key", "machine_code", "data_object"];

/**
 * What a level on a type gives on a type: the table of derivation, row by row. `create` of the type itself
 * needs id 0.
 */
export function grantedVerbs(grantType: string, level: string, type: string): readonly string[] {
  if (!["view", "edit", "owner"].includes(level)) return [];
  if (grantType === "product" && type === "product") return verbsOfLevel(level as Level);
  if (grantType === "product" && BELOW_PRODUCT.includes(type))
    return level === "view" ? ["view"] : ["view", "create", "edit"];
  if (grantType === "customer" && type === "customer") return verbsOfLevel(level as Level);
  if (grantType === "analytics" && type === "analytics") return ["view"];
  if (grantType === "billing" && type === "billing") return level === "view" ? ["view"] : ["view", "edit"];
  if (grantType === "billing" && type === "invoice") return ["view"];
  // Where themes are restricted one by one, a grant of any level is the permission.
  if (grantType === "theme" && type === "theme") return ["license"];
  return [];
}

const verbsOfLevel = (level: Level): readonly Verb[] =>
  level === "view" ? ["view"] : level === "edit" ? ["view", "edit"] : ["view", "edit", "create", "delete"];

/** Types of which a single object may be granted. */
const canBeGrantedSingly = (type: string) => ["product", "customer", "theme"].includes(type);

function isAllowedByGrant(
  grant: PolicyGrant,
  verb: string,
  type: string,
  thing: PolicyObject | null,
): boolean {
  if (!grantedVerbs(grant.resourceType, grant.access, type).includes(verb)) return false;
  if (grant.resourceId === "0") return true;
  if (!canBeGrantedSingly(grant.resourceType)) return false;
  if (type === grant.resourceType)
    return verb !== "create" && (thing === null || thing.id === grant.resourceId);
  return thing === null || thing.rootId === grant.resourceId;
}

/** Has the member a grant on that object of that type, or on all? From whichever of their rows. */
const isGranted = (holder: PolicyMember, type: string, id: string | null): boolean =>
  [...holder.grants, ...(holder.customRoles ?? []).flatMap((role) => role.grants)].some(
    (grant) =>
      grant.resourceType === type && (grant.resourceId === "0" || (id !== null && grant.resourceId === id)),
  );

function isInExtent(holder: PolicyMember, where: RightExtent, thing: PolicyObject): boolean {
  const isOwn = thing.ownerId === holder.memberId;
  const granted = isGranted(holder, thing.type, thing.id);
  const inGranted = isGranted(holder, ROOT_TYPES[thing.type] ?? "", thing.rootId);
  switch (where) {
    case "all":
      return true;
    case "own":
      return isOwn;
    case "active":
      return thing.status === "active";
    case "home":
      return thing.id === holder.accountId;
    case "granted":
      return granted;
    case "granted + below":
      return granted || inGranted;
    case "own + granted":
      return isOwn || granted;
    case "own + granted, in granted":
      return (isOwn || granted) && inGranted;
  }
}

const PLATFORM_RIGHTS = ["account.create", "account.manage", "credits.grant"];

/**
 * The switches of the account take away whole roles. A role that may give no role any more may not add
 * members either.
 */
function isSwitchedOff({ kind, switches = [] }: PolicyMember, role: string, right: string): boolean {
  if (!["seller", "customer_org", "distributor"].includes(kind)) return false;
  if (role === "customer_billing_admin" && !switches.includes("billingAdminVisibleToCustomer")) return true;
  if (right !== "member.create") return false;
  if (role === "customer" && !switches.includes("customersMayInviteBillingAdmin")) return true;
  return (
    switches.includes("inviteOnlyAdmins") &&
    INVITERS.includes(role) &&
    !["seller_admin", "distributor_admin"].includes(role)
  );
}

function isAllowedByRole(
  holder: PolicyMember,
  role: string,
  right: string,
  thing: PolicyObject | null,
): boolean {
  const table = ROLES[holder.kind];
  if (!Object.hasOwn(table, role) || isSwitchedOff(holder, role, right)) return false;
  const rights = table[role];
  const where = rights === "all" ? "all" : rights?.[right];
  return where !== undefined && (thing === null || isInExtent(holder, where, thing));
}

/** What is kept in groups is seen by those of the group; "all" stands for each of them. */
function isInGroups(holder: PolicyMember, thing: PolicyObject): boolean {
  if (!GROUPED_TYPES.includes(thing.type)) return true;
  const groups = holder.objectGroupIds ?? [];
  if (
    groups.includes("all") ||
    holder.roles.some((role) => EVERY_GROUP_ROLES.includes(`${holder.kind} ${role}`))
  )
    return true;
  return thing.groupId != null && groups.includes(thing.groupId);
}

/** May they? Without a thing: on any object of the type at all? */
export function isAllowed(
  holder: PolicyMember,
  verb: string,
  type: string,
  thing: PolicyObject | null = null,
): boolean {
  const right = `${type}.${verb}`;
  if (
    PLATFORM_RIGHTS.includes(right) ||
    !MODEL_RIGHTS[holder.kind].includes(right) ||
    (holder.scopes !== null && !holder.scopes.includes(right))
  )
    return false;
  if (thing !== null && !isInGroups(holder, thing)) return false;
  const { rights, grants, customRoles = [] } = holder;
  return (
    rights.includes(right) ||
    holder.roles.some((role) => isAllowedByRole(holder, role, right, thing)) ||
    customRoles.some((role) => role.rights.includes(right)) ||
    [...grants, ...customRoles.flatMap((role) => role.grants)].some((grant) =>
      isAllowedByGrant(grant, verb, type, thing),
    )
  );
}

/** An account as the tree knows it. */
export interface TreeAccount {
  readonly id: string;
  readonly parentId: string;
  readonly grandparentId: string | null;
}

/** May they act in that account below their own: in itself, or in the one that it stands under? */
export function canActIn(holder: PolicyMember, { id, parentId, grandparentId }: TreeAccount): boolean {
  const tree = TREE[holder.kind];
  if (tree === undefined || (parentId !== holder.accountId && grandparentId !== holder.accountId))
    return false;
  const [type = "", verb = ""] = tree.by.split(".");
  const canReach = (account: string) =>
    isAllowed(holder, verb, type, {
      type,
      id: account,
      rootId: null,
      ownerId: "",
      groupId: null,
      status: "",
    });
  return canReach(id) || (parentId !== holder.accountId && canReach(parentId));
}

/**
 * What they may do there: what they may do everywhere at home, of the rights that go along. Groups are each
 * account's own.
 */
export function isAllowedBelow(
  holder: PolicyMember,
  verb: string,
  type: string,
  thing: PolicyObject | null = null,
): boolean {
  const tree = TREE[holder.kind];
  const right = `${type}.${verb}`;
  if (tree === undefined || !tree.rights.includes(right)) return false;
  const isScoped = holder.scopes === null || holder.scopes.includes(right);
  if (tree.shows && isScoped && isAllowed(holder, "view_entities", "subdealer")) return true;
  const unrestricted = { ...holder, objectGroupIds: ["all"] };
  const anywhere: PolicyObject = { type, id: "?", rootId: "?", ownerId: "?", groupId: "?", status: "?" };
  return (
    isAllowed(unrestricted, verb, type, anywhere) ||
    (right === tree.by && isAllowed(unrestricted, verb, type, thing))
  );
}
