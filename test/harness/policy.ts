/**
 * The policy written a second time, by hand and as slowly as possible, from the tables that people agreed on. It knows
 * nothing of how the program compiles or caches rights: where the two differ, one of them is wrong.
 */

export type Level = "view" | "edit" | "owner";
export type Verb = "view" | "edit" | "create" | "delete";
export const EACH_VERB: readonly Verb[] = ["view", "edit", "create", "delete"];

export interface GivenGrant {
  readonly resourceType: string;
  readonly resourceId: string;
  readonly access: string;
}

/** Whoever asks: what was given, in the words of the card, and what the key is narrowed to. */
export interface Holder {
  readonly memberId: string;
  readonly kind: "vendor" | "team";
  readonly roles: readonly string[];
  readonly rights: readonly string[];
  readonly grants: readonly GivenGrant[];
  readonly scopes: readonly string[] | null;
}

/** An object; one that is yet to be made has no id. `productId` is the product that it belongs to, however far up. */
export interface Thing {
  readonly type: string;
  readonly id: string;
  readonly productId: string | null;
  readonly ownerId: string;
  readonly status: string;
}

const GRANTABLE = ["product", "customer", "analytics", "billing"];
const BELOW_PRODUCT = ["license_key", "machine_code", "data_object"];

/** What a level on a type gives on a type: the table of derivation, row by row. `create` of the type itself needs id 0. */
export function given(grantType: string, level: string, type: string): readonly Verb[] {
  if (!["view", "edit", "owner"].includes(level)) return [];
  if (grantType === "product" && type === "product") return bySelf(level as Level);
  if (grantType === "product" && BELOW_PRODUCT.includes(type)) return level === "view" ? ["view"] : ["view", "create", "edit"];
  if (grantType === "customer" && type === "customer") return bySelf(level as Level);
  if (grantType === "analytics" && type === "analytics") return ["view"];
  if (grantType === "billing" && type === "billing") return level === "view" ? ["view"] : ["view", "edit"];
  if (grantType === "billing" && type === "invoice") return ["view"];
  return [];
}

const bySelf = (level: Level): readonly Verb[] =>
  level === "view" ? ["view"] : level === "edit" ? ["view", "edit"] : ["view", "edit", "create", "delete"];

/** Types of which a single object may be granted. */
const ofOne = (type: string) => type === "product" || type === "customer";

function byGrant(grant: GivenGrant, verb: Verb, type: string, thing: Thing | null): boolean {
  if (!GRANTABLE.includes(grant.resourceType) || !given(grant.resourceType, grant.access, type).includes(verb)) return false;
  if (grant.resourceId === "0") return true;
  if (!ofOne(grant.resourceType)) return false;
  if (type === grant.resourceType) return verb !== "create" && (thing === null || thing.id === grant.resourceId);
  return thing === null || thing.productId === grant.resourceId;
}

/** A team's roles; what is in no row belongs to the admin alone. */
const TEAM: Readonly<Record<string, Readonly<Record<string, "all" | "own" | "active">>>> = {
  member: {
    "catalog.view": "all", "license.provision": "all", "license.view": "own", "theme.download": "all", "api_key.view": "own", "api_key.revoke": "own",
    "audit.view": "own", "credits.view": "own", "credits.spend": "all",
  },
  viewer: { "catalog.view": "all", "license.view": "active", "report.download": "all" },
};

const OF_THE_PLATFORM = ["account.create", "account.manage", "credits.grant"];
const TOP = { vendor: "owner", team: "admin" };

function byRole(holder: Holder, role: string, right: string, thing: Thing | null): boolean {
  if (role === TOP[holder.kind]) return true;
  const scope = holder.kind === "team" && Object.hasOwn(TEAM, role) ? TEAM[role]?.[right] : undefined;
  if (scope === undefined) return false;
  return thing === null || scope === "all" || (scope === "own" ? thing.ownerId === holder.memberId : thing.status === "active");
}

/** May they? Without a thing: on any object of the type at all? */
export function may(holder: Holder, verb: string, type: string, thing: Thing | null = null): boolean {
  const right = `${type}.${verb}`;
  if (OF_THE_PLATFORM.includes(right) || (holder.scopes !== null && !holder.scopes.includes(right))) return false;
  return holder.rights.includes(right)
    || holder.roles.some((role) => byRole(holder, role, right, thing))
    || holder.grants.some((grant) => byGrant(grant, verb as Verb, type, thing));
}

/** What a call on one object is answered: what may not be seen is not there; what may be seen but not done is refused. */
export function answerOne(holder: Holder, verb: "view" | "edit" | "delete", thing: Thing): "yes" | 403 | 404 {
  if (may(holder, verb, thing.type, thing)) return "yes";
  return may(holder, "view", thing.type, thing) ? 403 : 404;
}

/** What adding an object is answered. The parent is null where the type has none. */
export function answerNew(holder: Holder, type: string, parent: Thing | null): "yes" | 403 | 404 {
  if (!may(holder, "create", type)) return 403;
  if (parent !== null && !may(holder, "view", parent.type, parent)) return 404;
  const productId = parent === null ? null : parent.productId ?? parent.id;
  return may(holder, "create", type, { type, id: "", productId, ownerId: holder.memberId, status: "active" }) ? "yes" : 403;
}

/** The rows of a list, or 403 where nothing of the type may be seen at all. */
export const answerList = (holder: Holder, type: string, things: readonly Thing[]): readonly Thing[] | 403 =>
  may(holder, "view", type) ? things.filter((thing) => thing.type === type && may(holder, "view", type, thing)) : 403;
