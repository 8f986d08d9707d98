import { type Api, api, expectStatus } from "../../harness/client.ts";
import { isViewer, newApiKey, newMember, type Person } from "../../harness/people.ts";
import type { PolicyMember, PolicyObject, Verb } from "../../harness/policy.ts";
import { fetch, createObject } from "./operators-fixture.ts";

/** An object of a world, as the test that made it knows it. */
export interface Item extends PolicyObject {
  readonly parentId: string | null;
}

export interface Member {
  readonly holder: PolicyMember;
  readonly api: Api;
  readonly apiKey: string;
}

export interface OracleFixture {
  readonly owner: Person;
  readonly items: Item[];
  readonly members: Member[];
}

export const PATHS: Readonly<Record<string, string>> = {
  product: "products",
  license_key: "license-keys",
  machine_code: "machine-codes",
  data_object: "data-objects",
  customer: "customers",
  access_token: "access-tokens",
};
export const TYPES = Object.keys(PATHS);

/** Which member of the body names a parent of that type. */
export const PARENT_FIELDS: Readonly<Record<string, string>> = {
  product: "productId",
  license_key: "licenseKeyId",
  machine_code: "machineCodeId",
};
/** Which types an object can be put under. */
export const CHILDREN: Readonly<Record<string, readonly string[]>> = {
  product: ["license_key", "data_object"],
  license_key: ["machine_code", "data_object"],
  machine_code: ["data_object"],
};
export const ROOTS = ["product", "customer", "access_token"];

/** What a new object of the type needs beside its parent. */
export const sampleBody = (type: string): Record<string, unknown> =>
  type === "license_key" ? {} : type === "machine_code" ? { code: "C" } : { name: "N" };

/** Numbers that look random and are the same for the same seed: mulberry32. */
export function newDice(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (count: number) => Math.floor(next() * count);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  const some = <T>(from: readonly T[], most: number): T[] => [
    ...new Set(Array.from({ length: below(most + 1) }, () => pick(from))),
  ];
  return { below, pick, some, chance: (of: number) => next() < of };
}
export type Dice = ReturnType<typeof newDice>;

/** A new object, made by `who` and added to the items of the world. */
export async function createItem(
  items: Item[],
  who: Person | { readonly api: Api; readonly memberId: string },
  type: string,
  parent: Item | null,
): Promise<Item> {
  const under = parent === null ? {} : { [PARENT_FIELDS[parent.type] ?? ""]: parent.id };
  const id = await createObject(who, PATHS[type] ?? "", { ...sampleBody(type), ...under });
  const item = newItem(type, id, parent, who.memberId);
  items.push(item);
  return item;
}

export const newItem = (type: string, id: string, parent: Item | null, ownerId: string): Item => ({
  type,
  id,
  parentId: parent?.id ?? null,
  rootId: parent === null ? null : (parent.rootId ?? parent.id),
  ownerId,
  status: "active",
});

/** A few objects of each type, the children under random parents. */
export async function createItems(owner: Person, roll: Dice): Promise<Item[]> {
  const items: Item[] = [];
  for (const type of [
    "product",
    "product",
    "product",
    "customer",
    "customer",
    "access_token",
    "access_token",
  ])
    await createItem(items, owner, type, null);
  for (const type of [
    "license_key",
    "license_key",
    "license_key",
    "machine_code",
    "machine_code",
    "data_object",
    "data_object",
    "data_object",
    "data_object",
  ]) {
    await createItem(
      items,
      owner,
      type,
      roll.pick(items.filter((item) => CHILDREN[item.type]?.includes(type))),
    );
  }
  return items;
}

const VERBS: readonly Verb[] = ["view", "edit", "create", "delete"];
const RIGHTS = TYPES.flatMap((type) => VERBS.map((verb) => `${type}.${verb}`));

/** Members with random roles, rights, grants and keys, each of them possibly none. */
export async function createMembers(
  owner: Person,
  kind: "vendor" | "team",
  items: readonly Item[],
  roll: Dice,
  count: number,
): Promise<Member[]> {
  const roles =
    kind === "vendor"
      ? ["operator", "operator", "operator", "owner"]
      : ["member", "viewer", "viewer", "admin"];
  return Promise.all(
    Array.from({ length: count }, () => ({
      roles: roll.chance(0.8) ? [roll.pick(roles)] : [],
      rights: roll.chance(0.4) ? roll.some(RIGHTS, 4) : [],
      grants: randomGrants(items, roll),
      scopes: roll.chance(0.25) ? [...roll.some(RIGHTS, 12), "product.view"] : null,
    })).map(async ({ scopes: drawn, ...fields }) => {
      // A viewer calls in a session, which is not narrowed.
      const scopes = isViewer(fields.roles) ? null : drawn;
      const person = await newMember(fetch, owner, fields);
      const apiKey =
        scopes === null ? person.apiKey : await newApiKey(fetch, owner, person.memberId, { scopes });
      return {
        holder: { memberId: person.memberId, kind, ...fields, scopes },
        api: api(fetch, apiKey),
        apiKey,
      };
    }),
  );
}

function randomGrants(items: readonly Item[], roll: Dice) {
  const drawn = Array.from({ length: roll.below(5) }, () => {
    const resourceType = roll.pick(["product", "product", "customer", "analytics", "billing"]);
    const each = items.filter((item) => item.type === resourceType);
    const resourceId = each.length === 0 || roll.chance(0.35) ? "0" : roll.pick(each).id;
    return { resourceType, resourceId, access: roll.pick(["view", "edit", "owner"]) };
  });
  return [...new Map(drawn.map((grant) => [`${grant.resourceType} ${grant.resourceId}`, grant])).values()];
}

/** For the message of a failure: who it was, in full. */
export const describeMember = ({ holder }: Member): string => JSON.stringify(holder);

/** The object is gone, and with it every grant on it. */
export function removeItem(world: OracleFixture, gone: Item): void {
  world.items.splice(world.items.indexOf(gone), 1);
  for (const [index, member] of world.members.entries()) {
    const grants = member.holder.grants.filter((grant) => grant.resourceId !== gone.id);
    world.members[index] = { ...member, holder: { ...member.holder, grants } };
  }
}

/** A whole world of one account. */
export async function createOracleFixture(
  owner: Person,
  kind: "vendor" | "team",
  seed: number,
  count: number,
): Promise<OracleFixture> {
  const roll = newDice(seed);
  const items = await createItems(owner, roll);
  const members = await createMembers(owner, kind, items, roll, count);
  expectStatus(await owner.api.get("/v1/me"), 200);
  const own = {
    memberId: owner.memberId,
    kind,
    roles: [kind === "vendor" ? "owner" : "admin"],
    rights: [],
    grants: [],
    scopes: null,
  };
  return { owner, items, members: [...members, { holder: own, api: owner.api, apiKey: owner.apiKey }] };
}
