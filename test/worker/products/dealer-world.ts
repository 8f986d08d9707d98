import { type Api, newKey, ok, type Reply } from "../../harness/client.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";
import { addedByPlatform } from "../people/invite-world.ts";
import { fetch, made } from "../access/operators-world.ts";

/** An object with a key, a request and an SOS license under it. */
export interface Stand {
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
export interface DealerWorld {
  readonly platform: Api;
  readonly people: Readonly<Record<DealerRole, Person>>;
  readonly manager: Person;
  readonly subdealer: Person;
  readonly other: Person;
  readonly groups: { readonly G: string; readonly H: string };
  readonly corporation: string;
  readonly inG: Stand;
  readonly inH: Stand;
  readonly inNone: Stand;
  /** In G too, and the aggregator's own. */
  readonly own: Stand;
  readonly below: Stand;
  readonly elsewhere: Stand;
}

let serial = 0;

/** A key of its own, so that it has had no SOS license. */
export const newKeyOf = (who: { readonly api: Api }, objectId: string, more: object = {}): Promise<string> =>
  made(who, "keys", { objectId, serial: `S-${(serial += 1)}`, ...more });

export async function stand(who: Person, groupId: string): Promise<Stand> {
  const object = await made(who, "objects", { name: "Shop", groupId });
  const key = await newKeyOf(who, object);
  const request = await made(who, `keys/${key}/licenses`, { days: 30 });
  return {
    object,
    key,
    request,
    sos: await made(who, "sos-licenses", { keyId: key, days: 20, reason: "weekend" }),
  };
}

/** Hands an object with all below it to the sub-dealer, because no member can add objects there. */
export async function handOver(dealer: Person, { object }: Stand, accountId: string): Promise<void> {
  ok(await dealer.api.post(`/v1/objects/${object}/transfer`, { accountId }), 200);
}

export async function dealerWorld(platform: Api): Promise<DealerWorld> {
  const manager = await newAccount(fetch, platform, "dealer");
  const subdealer = await newAccount(fetch, platform, "subdealer", { parentId: manager.accountId });
  const other = await newAccount(fetch, platform, "dealer");
  const groups = {
    G: await made(manager, "object-groups", { name: "G" }),
    H: await made(manager, "object-groups", { name: "H" }),
  };
  const member = async (role: DealerRole): Promise<Person> => {
    const person = await (role === "dealer_user" || role === "client"
      ? newMember(fetch, manager, { roles: [role] })
      : addedByPlatform(fetch, platform, manager.accountId, [role]));
    ok(await manager.api.put(`/v1/members/${person.memberId}/object-groups`, { groupIds: [groups.G] }), 200);
    return person;
  };
  const people = {
    dealer_manager: manager,
    dealer_user: await member("dealer_user"),
    subdealer: await member("subdealer"),
    client: await member("client"),
    aggregator: await member("aggregator"),
  };
  const own = await stand(manager, groups.G);
  ok(await manager.api.put(`/v1/objects/${own.object}/owner`, { memberId: people.aggregator.memberId }), 200);
  const below = await stand(manager, "all");
  await handOver(manager, below, subdealer.accountId);
  return {
    platform,
    manager,
    subdealer,
    other,
    groups,
    people,
    own,
    below,
    corporation: await made(manager, "corporations", { name: "Mall" }),
    inG: await stand(manager, groups.G),
    inH: await stand(manager, groups.H),
    inNone: await stand(manager, "all"),
    elsewhere: await stand(other, "all"),
  };
}

/** The same caller, who acts on that account. */
export function at(who: Person, accountId: string): Api {
  const there = (path: string, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    headers.set("tollgate-account", accountId);
    return fetch(path, { ...init, headers });
  };
  return who.api.via(there);
}

/** A command that is never a replay. */
export const command = (
  who: Api,
  path: string,
  body: object,
): Promise<Reply<{ id: string; [member: string]: unknown }>> =>
  who.post(`/v1/${path}`, body, { idempotencyKey: newKey() });

interface Told {
  readonly action: string;
  readonly outcome: string;
  readonly resource: { readonly id: string };
  readonly changes: unknown;
}

/** The newest events of one action in the caller's trail. */
export async function actionsIn(who: Api, action: string): Promise<Told[]> {
  const { body } = ok(
    await who.get<{ data: Told[]; complete: boolean }>(`/v1/audit?limit=100&action=${action}`),
    200,
  );
  if (!body.complete) throw new Error("the trail is not complete");
  return body.data;
}
