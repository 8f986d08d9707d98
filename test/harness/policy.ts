import { INVITERS } from "./policy-marketplace.ts";
import { type Kind, KNOWN, type Where } from "./policy-rights.ts";
import { EVERY_GROUP_ROLES, IN_GROUPS, ROLES, TREE, UNDER } from "./policy-table.ts";

/**
 * The policy written a second time, by hand and as slowly as possible, from the tables that people agreed on.
 * It knows nothing of how the program compiles or caches rights: where the two differ, one of them is wrong.
 */

export type Level = "view" | "edit" | "owner";
export type Verb = "view" | "edit" | "create" | "delete";
export const EACH_VERB: readonly Verb[] = ["view", "edit", "create", "delete"];

export interface GivenGrant {
  readonly resourceType: string;
  readonly resourceId: string;
  readonly access: string;
}

/** The member who asks: what their card says that they were given, and the scopes of their key. */
export interface Holder {
  readonly memberId: string;
  readonly accountId?: string;
  readonly kind: Kind;
  readonly roles: readonly string[];
  readonly rights: readonly string[];
  readonly grants: readonly GivenGrant[];
  readonly customRoles?: readonly {
    readonly rights: readonly string[];
    readonly grants: readonly GivenGrant[];
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
export interface Thing {
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
export function given(grantType: string, level: string, type: string): readonly string[] {
  if (!["view", "edit", "owner"].includes(level)) return [];
  if (grantType === "product" && type === "product") return bySelf(level as Level);
  if (grantType === "product" && BELOW_PRODUCT.includes(type))
    return level === "view" ? ["view"] : ["view", "create", "edit"];
  if (grantType === "customer" && type === "customer") return bySelf(level as Level);
  if (grantType === "analytics" && type === "analytics") return ["view"];
  if (grantType === "billing" && type === "billing") return level === "view" ? ["view"] : ["view", "edit"];
  if (grantType === "billing" && type === "invoice") return ["view"];
  // Where themes are restricted one by one, a grant of any level is the permission.
  if (grantType === "theme" && type === "theme") return ["license"];
  return [];
}

const bySelf = (level: Level): readonly Verb[] =>
  level === "view" ? ["view"] : level === "edit" ? ["view", "edit"] : ["view", "edit", "create", "delete"];

/** Types of which a single object may be granted. */
const ofOne = (type: string) => ["product", "customer", "theme"].includes(type);

function byGrant(grant: GivenGrant, verb: string, type: string, thing: Thing | null): boolean {
  if (!given(grant.resourceType, grant.access, type).includes(verb)) return false;
  if (grant.resourceId === "0") return true;
  if (!ofOne(grant.resourceType)) return false;
  if (type === grant.resourceType)
    return verb !== "create" && (thing === null || thing.id === grant.resourceId);
  return thing === null || thing.rootId === grant.resourceId;
}

/** Has the member a grant on that object of that type, or on all? From whichever of their rows. */
const isGranted = (holder: Holder, type: string, id: string | null): boolean =>
  [...holder.grants, ...(holder.customRoles ?? []).flatMap((role) => role.grants)].some(
    (grant) =>
      grant.resourceType === type && (grant.resourceId === "0" || (id !== null && grant.resourceId === id)),
  );

function stands(holder: Holder, where: Where, thing: Thing): boolean {
  const mine = thing.ownerId === holder.memberId;
  const granted = isGranted(holder, thing.type, thing.id);
  const inGranted = isGranted(holder, UNDER[thing.type] ?? "", thing.rootId);
  switch (where) {
    case "all":
      return true;
    case "own":
      return mine;
    case "active":
      return thing.status === "active";
    case "home":
      return thing.id === holder.accountId;
    case "granted":
      return granted;
    case "granted + below":
      return granted || inGranted;
    case "own + granted":
      return mine || granted;
    case "own + granted, in granted":
      return (mine || granted) && inGranted;
  }
}

const OF_THE_PLATFORM = ["account.create", "account.manage", "credits.grant"];

/**
 * The switches of the account take away whole roles. A role that may give no role any more may not add
 * members either.
 */
function isSwitchedOff({ kind, switches = [] }: Holder, role: string, right: string): boolean {
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

function byRole(holder: Holder, role: string, right: string, thing: Thing | null): boolean {
  const table = ROLES[holder.kind];
  if (!Object.hasOwn(table, role) || isSwitchedOff(holder, role, right)) return false;
  const rights = table[role];
  const where = rights === "all" ? "all" : rights?.[right];
  return where !== undefined && (thing === null || stands(holder, where, thing));
}

/** What is kept in groups is seen by those of the group; "all" stands for each of them. */
function inGroups(holder: Holder, thing: Thing): boolean {
  if (!IN_GROUPS.includes(thing.type)) return true;
  const groups = holder.objectGroupIds ?? [];
  if (
    groups.includes("all") ||
    holder.roles.some((role) => EVERY_GROUP_ROLES.includes(`${holder.kind} ${role}`))
  )
    return true;
  return thing.groupId != null && groups.includes(thing.groupId);
}

/** May they? Without a thing: on any object of the type at all? */
export function may(holder: Holder, verb: string, type: string, thing: Thing | null = null): boolean {
  const right = `${type}.${verb}`;
  if (
    OF_THE_PLATFORM.includes(right) ||
    !KNOWN[holder.kind].includes(right) ||
    (holder.scopes !== null && !holder.scopes.includes(right))
  )
    return false;
  if (thing !== null && !inGroups(holder, thing)) return false;
  const { rights, grants, customRoles = [] } = holder;
  return (
    rights.includes(right) ||
    holder.roles.some((role) => byRole(holder, role, right, thing)) ||
    customRoles.some((role) => role.rights.includes(right)) ||
    [...grants, ...customRoles.flatMap((role) => role.grants)].some((grant) =>
      byGrant(grant, verb, type, thing),
    )
  );
}

/** An account as the tree knows it. */
export interface Place {
  readonly id: string;
  readonly parentId: string;
  readonly grandparentId: string | null;
}

/** May they act in that account below their own: in itself, or in the one that it stands under? */
export function mayAct(holder: Holder, { id, parentId, grandparentId }: Place): boolean {
  const tree = TREE[holder.kind];
  if (tree === undefined || (parentId !== holder.accountId && grandparentId !== holder.accountId))
    return false;
  const [type = "", verb = ""] = tree.by.split(".");
  const reached = (account: string) =>
    may(holder, verb, type, { type, id: account, rootId: null, ownerId: "", groupId: null, status: "" });
  return reached(id) || (parentId !== holder.accountId && reached(parentId));
}

/**
 * What they may do there: what they may do everywhere at home, of the rights that go along. Groups are each
 * account's own.
 */
export function mayBelow(holder: Holder, verb: string, type: string, thing: Thing | null = null): boolean {
  const tree = TREE[holder.kind];
  const right = `${type}.${verb}`;
  if (tree === undefined || !tree.rights.includes(right)) return false;
  const isScoped = holder.scopes === null || holder.scopes.includes(right);
  if (tree.shows && isScoped && may(holder, "view_entities", "subdealer")) return true;
  const free = { ...holder, objectGroupIds: ["all"] };
  const anywhere: Thing = { type, id: "?", rootId: "?", ownerId: "?", groupId: "?", status: "?" };
  return may(free, verb, type, anywhere) || (right === tree.by && may(free, verb, type, thing));
}
