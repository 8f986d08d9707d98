import { env } from "cloudflare:workers";
import { keyHints, mintKey } from "../../src/identity/api-key.ts";
import { batch, openDb, type Statement } from "../../src/kernel/db.ts";
import { sha256Hex } from "../../src/kernel/digest.ts";
import { type IdKind, newId } from "../../src/kernel/id.ts";
import { DEFAULT_SETTINGS } from "../../src/identity/settings.ts";
import { apiKey } from "../../src/schema/identity.ts";
import { resource } from "../../src/schema/resource.ts";
import { ACCESS_LEVELS, accessGrant, account, member, role } from "../../src/schema/team.ts";
import { type Api, api } from "../harness/client.ts";
import { isViewer } from "../harness/people.ts";
import type { Holder, Place, Thing } from "../harness/policy.ts";
import { type Kind, KNOWN } from "../harness/policy-rights.ts";
import { ROLES } from "../harness/policy-table.ts";
import { signIn } from "../harness/sign-in.ts";
import { fetch } from "./operators-world.ts";
import { type Dice, dice } from "./oracle-world.ts";

/**
 * Accounts of a tree with objects and members, written to the database as rows: whatever rows can say,
 * random.
 */
export interface TreeWorld {
  readonly accounts: readonly Account[];
  readonly items: readonly TreeItem[];
  readonly actors: readonly Actor[];
}

export interface Account extends Place {
  readonly kind: Kind;
  /** Whoever may see every member. */
  readonly top: Api;
}

export interface TreeItem extends Thing {
  readonly accountId: string;
}

export interface Actor {
  readonly holder: Holder & { readonly accountId: string };
  readonly home: Account;
  readonly api: Api;
  readonly apiKey: string;
}

/** A type of objects: where it is found, what stands above it, and what may be asked of one over HTTP. */
export interface Kept {
  readonly path: string;
  readonly id: IdKind;
  readonly under?: string;
  readonly verbs: readonly ("view" | "edit" | "delete")[];
}

const ALL = ["view", "edit", "delete"] as const;
export const KEPT: Readonly<Record<string, Kept>> = {
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

/** Which objects accounts of a kind have, the ones above first. */
const STOCK: Readonly<Record<string, readonly string[]>> = {
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
/** Whose objects accounts of a kind see, where they have none of their own. */
const KEEPERS: Readonly<Record<string, Readonly<Record<string, "platform" | "parent">>>> = {
  team: { catalog: "platform" },
  agency: { tool: "platform" },
  customer_org: { catalog: "parent", cpq: "parent", form: "parent" },
};

export interface Shape {
  readonly kind: Kind;
  /** The place of the account above in the list. */
  readonly parent?: number;
  readonly actors: number;
}

const db = openDb(env.DB);
const addressOf = (memberId: string): string => `${memberId}@example.com`.toLowerCase();
const GROUPS = ["ogr_1", "ogr_2", "ogr_3"];

export async function treeWorld(
  platformId: string,
  shapes: readonly Shape[],
  seed: number,
): Promise<TreeWorld> {
  const roll = dice(seed);
  // What the platform offered in another world.
  await env.DB.prepare("DELETE FROM resource WHERE account_id = ?").bind(platformId).run();
  const accounts: Account[] = [];
  for (const { kind, parent } of shapes)
    accounts.push(await newTreeAccount(kind, parent === undefined ? undefined : accounts[parent]));
  const people = shapes.flatMap(({ actors }, index) =>
    Array.from({ length: actors }, () => ({
      home: accounts[index] as Account,
      memberId: newId("member", Date.now()),
    })),
  );
  const items: TreeItem[] = [];
  for (const place of [{ id: platformId, kind: "platform", parentId: "" }, ...accounts]) {
    for (const type of STOCK[place.kind] ?? [])
      items.push(
        thing(type, place, {
          items,
          platformId,
          roll,
          owners: people.filter(({ home }) => home.id === place.id).map(({ memberId }) => memberId),
        }),
      );
  }
  await batch(db, items.map(insert));
  const actors: Actor[] = [];
  for (const { home, memberId } of people)
    actors.push(await newActor(home, memberId, { accounts, items, roll }));
  return { accounts, items, actors };
}

async function newTreeAccount(kind: Kind, parent: Account | undefined): Promise<Account> {
  const [id, topId, now] = [newId("account", Date.now()), newId("member", Date.now()), Date.now()];
  await batch(db, [
    db.insert(account).values({
      id,
      kind,
      name: kind,
      parentId: parent?.id ?? null,
      ownerMemberId: topId,
      plan: { restrictedAccounts: true, memberLimit: null, contactUrl: null },
      subscription: { status: "active", tier: null, currentPeriodEnd: null },
      settings: DEFAULT_SETTINGS,
      allowedIps: [],
      createdAt: now,
      updatedAt: now,
    }),
  ]);
  const top = await newMemberRow(id, topId, { rights: ["member.view"] });
  return {
    id,
    kind,
    parentId: parent?.id ?? "",
    grandparentId: parent?.parentId === "" ? null : (parent?.parentId ?? null),
    top: api(fetch, top),
  };
}

async function newMemberRow(
  accountId: string,
  id: string,
  fields: Partial<typeof member.$inferInsert>,
  scopes: readonly string[] | null = null,
  more: readonly Statement[] = [],
): Promise<string> {
  const [now, secret] = [Date.now(), mintKey(crypto.getRandomValues(new Uint8Array(32)))];
  await batch(db, [
    db.insert(member).values({
      id,
      accountId,
      username: id,
      firstName: "Mia",
      lastName: "Member",
      email: addressOf(id),
      status: "active",
      roles: [],
      rights: [],
      objectGroupIds: [],
      allowedIps: [],
      createdAt: now,
      updatedAt: now,
      ...fields,
    }),
    db.insert(apiKey).values({
      id: newId("apiKey", now),
      accountId,
      memberId: id,
      createdBy: id,
      name: "key",
      hash: sha256Hex(secret),
      ...keyHints(secret),
      allowedIps: [],
      createdAt: now,
      scopes: scopes === null ? null : [...scopes],
    }),
    ...more,
  ]);
  return secret;
}

/** The account whose objects of a type are seen in this one. */
export function keeper(
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

function thing(
  type: string,
  place: { readonly id: string; readonly kind: string; readonly parentId: string },
  { items, platformId, roll, owners }: Making,
): TreeItem {
  const kept = KEPT[type] as Kept;
  const parents = items.filter(
    (item) => item.type === kept.under && item.accountId === keeper(place, kept.under ?? "", platformId),
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

const insert = ({ accountId, type, id, rootId, ownerId, groupId, status }: TreeItem): Statement =>
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

/** A member with random roles, rights, grants, custom roles, groups and key, each of them possibly none. */
async function newActor(
  home: Account,
  memberId: string,
  { accounts, items, roll }: { accounts: readonly Account[]; items: readonly TreeItem[]; roll: Dice },
): Promise<Actor> {
  const { kind } = home;
  const known = [...KNOWN[kind]];
  const granted =
    kind === "vendor"
      ? ["product", "product", "customer", "analytics", "billing"]
      : ["organization", "tool", "tool", "task", "task"];
  const grants = () => [
    ...new Map(
      Array.from({ length: roll.below(5) }, () => {
        const resourceType = roll.pick(granted);
        const ids =
          resourceType === "organization"
            ? accounts.map(({ id }) => id)
            : items.filter(({ type }) => type === resourceType).map(({ id }) => id);
        const grant = {
          resourceType,
          resourceId: ids.length === 0 || roll.chance(0.15) ? "0" : roll.pick(ids),
          access: kind === "vendor" ? roll.pick(ACCESS_LEVELS) : ("view" as const),
        };
        return [`${grant.resourceType} ${grant.resourceId}`, grant] as const;
      }),
    ).values(),
  ];
  const custom = roll.chance(0.3)
    ? [{ id: newId("role", Date.now()), rights: roll.some(known, 3), grants: grants() }]
    : [];
  const roles = roll.chance(0.85) ? roll.some(Object.keys(ROLES[kind]), 2) : [];
  const given = {
    rights: roll.chance(0.3) ? roll.some(known, 3) : [],
    objectGroupIds: roll.chance(0.15) ? ["all"] : roll.some(GROUPS, 2),
  };
  const own = grants();
  const names = [...roles, ...custom.map(({ id }) => id)];
  // No key of a viewer is of use: a viewer signs in, and a session is not narrowed.
  const viewing = kind === "team" && isViewer(names);
  const narrowed = roll.chance(0.2)
    ? [...roll.some(known, 20), ...known.filter((right) => right.endsWith(".view"))]
    : null;
  const scopes = viewing ? null : narrowed;
  const apiKey = await newMemberRow(home.id, memberId, { ...given, roles: names }, scopes, [
    ...own.map((grant) => db.insert(accessGrant).values({ ...grant, memberId, accountId: home.id })),
    ...custom.map((one) =>
      db.insert(role).values({
        ...one,
        accountId: home.id,
        name: one.id,
        description: "",
        createdBy: memberId,
        createdAt: 0,
        updatedAt: 0,
      }),
    ),
  ]);
  if (viewing) await newPerson(memberId);
  const signedIn = viewing ? await signIn(fetch, addressOf(memberId), home.id) : null;
  const holder = {
    memberId,
    accountId: home.id,
    kind,
    roles,
    ...given,
    grants: own,
    customRoles: custom,
    scopes,
  };
  return { holder, home, api: api(fetch, signedIn?.tokens.access_token ?? apiKey), apiKey };
}

/** Somebody who has come in by mail before, and so may sign in. */
const newPerson = (memberId: string): Promise<unknown> =>
  env.DB.batch([
    env.DB.prepare("INSERT INTO user (id, email, created_at) VALUES (?, ?, 0)").bind(
      `usr_${memberId}`,
      addressOf(memberId),
    ),
    env.DB.prepare("UPDATE member SET user_id = ? WHERE id = ?").bind(`usr_${memberId}`, memberId),
  ]);
