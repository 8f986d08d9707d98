import { env } from "cloudflare:workers";
import { openDb, type Statement } from "../../../src/kernel/db.ts";
import { type IdKind, newId } from "../../../src/kernel/id.ts";
import { resource } from "../../../src/kernel/schema/resource.ts";
import type { PolicyObject } from "../../harness/policy.ts";
import type { Dice } from "./oracle-fixture.ts";

export interface TreeItem extends PolicyObject {
  readonly accountId: string;
}

/** A type of objects: its path, the kind of its ids, its parent type, and what HTTP offers on one. */
export interface StoredKind {
  readonly path: string;
  readonly id: IdKind;
  readonly under?: string;
  readonly verbs: readonly ("view" | "edit" | "delete")[];
}

const ALL = ["view", "edit", "delete"] as const;
export const STORED_KINDS: Readonly<Record<string, StoredKind>> = {
  object: { path: "objects", id: "object", verbs: ALL },
  key: { path: "keys", id: "key", under: "object", verbs: ALL },
  request: { path: "requests", id: "licenseRequest", under: "object", verbs: ["view"] },
  corporation: { path: "corporations", id: "corporation", verbs: ALL },
  tool: { path: "tools", id: "tool", verbs: ALL },
  task: { path: "tasks", id: "task", under: "tool", verbs: ALL },
  catalog: { path: "catalog", id: "theme", verbs: ALL },
  license: { path: "licenses", id: "license", under: "catalog", verbs: ["view"] },
  subscription: { path: "subscriptions", id: "subscription", under: "catalog", verbs: ["view"] },
  invoice: { path: "invoices", id: "invoice", verbs: ["view", "edit"] },
  product: { path: "products", id: "product", verbs: ALL },
  license_key: { path: "license-keys", id: "licenseKey", under: "product", verbs: ALL },
  data_object: { path: "data-objects", id: "dataObject", under: "product", verbs: ALL },
  customer: { path: "customers", id: "customer", verbs: ALL },
  access_token: { path: "access-tokens", id: "accessToken", verbs: ALL },
  cpq: { path: "cpq", id: "cpq", verbs: ALL },
  form: { path: "forms", id: "form", verbs: ALL },
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
    id: newId(kept.id, Date.now()),
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
