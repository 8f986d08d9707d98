import { type Api, newIdempotencyKey, expectStatus, type Reply } from "../../harness/client.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";
import { addMemberByPlatform } from "../people/invite-fixture.ts";
import { fetch, createObject } from "../access/operators-fixture.ts";

/** An object with a key, a request and an SOS license under it. */
export interface ObjectTree {
  readonly object: string;
  readonly key: string;
  readonly request: string;
  readonly sos: string;
}

export const ROLES = ["dealer_manager", "dealer_user", "subdealer", "client", "aggregator"] as const;
export type DealerRole = (typeof ROLES)[number];

/**
 * A dealer with a member of each role, who all see group G, and with objects in G, in H and in no group; a
 * sub-dealer below it; and another dealer.
 */
export interface DealerFixture {
  readonly platform: Api;
  readonly people: Readonly<Record<DealerRole, Person>>;
  readonly manager: Person;
  readonly subdealer: Person;
  readonly other: Person;
  readonly groups: { readonly G: string; readonly H: string };
  readonly corporation: string;
  readonly inG: ObjectTree;
  readonly inH: ObjectTree;
  readonly inNone: ObjectTree;
  /** In G too, and the aggregator's own. */
  readonly own: ObjectTree;
  readonly below: ObjectTree;
  readonly elsewhere: ObjectTree;
}

let serial = 0;

/** A key of its own, so that it has had no SOS license. */
export const createDealerKey = (
  who: { readonly api: Api },
  objectId: string,
  more: object = {},
): Promise<string> => createObject(who, "keys", { objectId, serial: `S-${(serial += 1)}`, ...more });

export async function createObjectTree(who: Person, groupId: string): Promise<ObjectTree> {
  const object = await createObject(who, "objects", { name: "Shop", groupId });
  const key = await createDealerKey(who, object);
  const request = await createObject(who, `keys/${key}/licenses`, { days: 30 });
  return {
    object,
    key,
    request,
    sos: await createObject(who, "sos-licenses", { keyId: key, days: 20, reason: "weekend" }),
  };
}

/** Hands an object with all below it to the sub-dealer, because no member can add objects there. */
export async function transferObject(
  dealer: Person,
  { object }: ObjectTree,
  accountId: string,
): Promise<void> {
  expectStatus(await dealer.api.post(`/v1/objects/${object}/transfer`, { accountId }), 200);
}

export async function createDealer(platform: Api): Promise<DealerFixture> {
  const manager = await newAccount(fetch, platform, "dealer");
  const subdealer = await newAccount(fetch, platform, "subdealer", { parentId: manager.accountId });
  const other = await newAccount(fetch, platform, "dealer");
  const groups = {
    G: await createObject(manager, "object-groups", { name: "G" }),
    H: await createObject(manager, "object-groups", { name: "H" }),
  };
  const member = async (role: DealerRole): Promise<Person> => {
    const person = await (role === "dealer_user" || role === "client"
      ? newMember(fetch, manager, { roles: [role] })
      : addMemberByPlatform(fetch, platform, manager.accountId, [role]));
    expectStatus(
      await manager.api.put(`/v1/members/${person.memberId}/object-groups`, { groupIds: [groups.G] }),
      200,
    );
    return person;
  };
  const people = {
    dealer_manager: manager,
    dealer_user: await member("dealer_user"),
    subdealer: await member("subdealer"),
    client: await member("client"),
    aggregator: await member("aggregator"),
  };
  const own = await createObjectTree(manager, groups.G);
  expectStatus(
    await manager.api.put(`/v1/objects/${own.object}/owner`, { memberId: people.aggregator.memberId }),
    200,
  );
  const below = await createObjectTree(manager, "all");
  await transferObject(manager, below, subdealer.accountId);
  return {
    platform,
    manager,
    subdealer,
    other,
    groups,
    people,
    own,
    below,
    corporation: await createObject(manager, "corporations", { name: "Mall" }),
    inG: await createObjectTree(manager, groups.G),
    inH: await createObjectTree(manager, groups.H),
    inNone: await createObjectTree(manager, "all"),
    elsewhere: await createObjectTree(other, "all"),
  };
}

/** The same caller, who acts on that account. */
export function actingIn(who: Person, accountId: string): Api {
  const there = (path: string, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    headers.set("tollgate-account", accountId);
    return fetch(path, { ...init, headers });
  };
  return who.api.via(there);
}

/** A command that is never a replay. */
export const postOnce = (
  who: Api,
  path: string,
  body: object,
): Promise<Reply<{ id: string; [member: string]: unknown }>> =>
  who.post(`/v1/${path}`, body, { idempotencyKey: newIdempotencyKey() });

interface AuditedAction {
  readonly action: string;
  readonly outcome: string;
  readonly resource: { readonly id: string };
  readonly changes: unknown;
}

/** The newest events of one action in the caller's trail. */
export async function listActions(who: Api, action: string): Promise<AuditedAction[]> {
  const { body } = expectStatus(
    await who.get<{ data: AuditedAction[]; complete: boolean }>(`/v1/audit?limit=100&action=${action}`),
    200,
  );
  if (!body.complete) throw new Error("the trail is not complete");
  return body.data;
}
