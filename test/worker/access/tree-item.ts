import { env } from "cloudflare:workers";
import { openDb, type Statement } from "../../../src/kernel/db.ts";
import { newIdWith } from "../../../src/kernel/id.ts";
import { resource } from "../../../src/kernel/schema/resource.ts";
import type { PolicyObject } from "../../harness/policy.ts";
import type { Dice } from "./oracle-fixture.ts";

export interface TreeItem extends PolicyObject {
  readonly accountId: string;
}

/** A type of objects: its path, the prefix of its ids, its parent type, and what HTTP offers on one. */
export interface StoredKind {
  readonly path: string;
  readonly idPrefix: string;
  readonly under?: string;
  readonly verbs: readonly ("view" | "edit" | "delete")[];
}

const ALL = ["view", "edit", "delete"] as const;
export const STORED_KINDS: Readonly<Record<string, StoredKind>> = {
  object: { path: "objects", idPrefix: "obj", verbs: ALL },
  key: { path: "keys", idPrefix: "dky", under: "object", verbs: ALL },
  request: { path: "requests", idPrefix: "lrq", under: "object", verbs: ["view"] },
  corporation: { path: "corporations", idPrefix: "crp", verbs: ALL },
  tool: { path: "tools", idPrefix: "tol", verbs: ALL },
  task: { path: "tasks", idPrefix: "tsk", under: "tool", verbs: ALL },
  catalog: { path: "catalog", idPrefix: "thm", verbs: ALL },
  license: { path: "licenses", idPrefix: "lic", under: "catalog", verbs: ["view"] },
  subscription: { path: "subscriptions", idPrefix: "sub", under: "catalog", verbs: ["view"] },
  invoice: { path: "invoices", idPrefix: "ivc", verbs: ["view", "edit"] },
  product: { path: "products", idPrefix: "prd", verbs: ALL },
  license_key: { path: "license-keys", idPrefix: "lky", under: "product", verbs: ALL },
  data_object: { path: "data-objects", idPrefix: "dat", under: "product", verbs: ALL },
  customer: { path: "customers", idPrefix: "cus", verbs: ALL },
  access_token: { path: "access-tokens", idPrefix: "atk", verbs: ALL },
  cpq: { path: "cpq", idPrefix: "cpq", verbs: ALL },
  form: { path: "forms", idPrefix: "frm", verbs: ALL },
};

/** The types of the objects that an account of a kind has; parents come first. */
export const TYPES_BY_KIND: Readonly<Record<string, readonly string[]>> = {
  platform: ["tool", "tool", "tool", "catalog", "catalog"],
  agency: Array.from({ length: 10 }, () => "task"),
  team: Array.from({ length: 8 }, () => "license"),
  vendor: [
    "product",
    "product",
    "product",
    "license_key",
    "license_key",
    "license_key",
    "data_object",
    "data_object",
    "customer",
    "customer",
    "access_token",
    "invoice",
  ],
  dealer: ["object", "object", "object", "object", "key", "key", "key", "request", "corporation"],
  subdealer: ["object", "object", "key", "corporation"],
  distributor: ["catalog", "cpq"],
  seller: ["catalog", "catalog", "cpq", "form", "invoice", "subscription"],
  customer_org: ["subscription", "subscription", "invoice"],
};
/** The account whose objects of a type are visible, for kinds that have none of their own. */
const KEEPERS: Readonly<Record<string, Readonly<Record<string, "platform" | "parent">>>> = {
  team: { catalog: "platform" },
  agency: { tool: "platform" },
  customer_org: { catalog: "parent", cpq: "parent", form: "parent" },
};

/** The object groups that objects are in and members are given. */
export const GROUPS = ["ogr_1", "ogr_2", "ogr_3"];
const db = openDb(env.DB);

/** The account whose objects of a type are visible in this one. */
export function ownerAccountOf(
  place: { readonly id: string; readonly kind: string; readonly parentId: string },
  type: string,
  platformId: string,
): string {
  const whose = KEEPERS[place.kind]?.[type];
  return whose === undefined ? place.id : whose === "platform" ? platformId : place.parentId;
}

interface Making {
  readonly items: readonly TreeItem[];
  readonly platformId: string;
  readonly roll: Dice;
  readonly owners: readonly string[];
}

/** One object, below a random parent and of a random owner, group and status. */
export function newTreeItem(
  type: string,
  place: { readonly id: string; readonly kind: string; readonly parentId: string },
  { items, platformId, roll, owners }: Making,
): TreeItem {
  const kept = STORED_KINDS[type] as StoredKind;
  const parents = items.filter(
    (item) =>
      item.type === kept.under && item.accountId === ownerAccountOf(place, kept.under ?? "", platformId),
  );
  const parent = parents.length === 0 ? null : roll.pick(parents);
  const grouped = ["object", "key", "request"].includes(type);
  return {
    type,
    accountId: place.id,
    id: newIdWith(kept.idPrefix, Date.now()),
    rootId: parent?.id ?? null,
    ownerId: owners.length > 0 && roll.chance(0.7) ? roll.pick(owners) : "mem_nobody",
    groupId: !grouped ? null : (parent?.groupId ?? roll.pick([...GROUPS, "all"])),
    status: roll.chance(0.6) ? "active" : "revoked",
  };
}

export const insertItem = ({ accountId, type, id, rootId, ownerId, groupId, status }: TreeItem): Statement =>
  db.insert(resource).values({
    accountId,
    type,
    id,
    parentId: rootId,
    rootId,
    ownerId,
    groupId: groupId ?? null,
    status,
    attributes: {},
    createdBy: ownerId,
    createdAt: 0,
    updatedAt: 0,
  });
