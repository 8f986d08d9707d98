import { env } from "cloudflare:workers";
import { type Api, api, type Ask, newKey, ok, type Reply } from "../harness/client.ts";
import { newAccount, newMember, type Person } from "../harness/people.ts";
import { fetch, made } from "./operators-world.ts";

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
 * A dealer with a member of each role, who all see group G, and with objects in G, in H and in no group; a sub-dealer
 * below it; and another dealer.
 */
export interface DealerWorld {
  readonly platform: Api;
  readonly people: Readonly<Record<DealerRole, Person>>;
  readonly manager: Person;
  readonly subdealer: Person;
  readonly other: Person;
  readonly groups: { readonly G: string; readonly H: string };
  readonly corporation: string;
  readonly inG: Stand; readonly inH: Stand; readonly inNone: Stand;
  /** In G too, and the aggregator's own. */
  readonly own: Stand;
  readonly below: Stand;
  readonly elsewhere: Stand;
}

let serial = 0;

/** A key of its own, so that it has had no SOS license. */
export const newKeyOf = (who: { readonly api: Api }, objectId: string, more: object = {}): Promise<string> => made(who, "keys", { objectId, serial: `S-${serial += 1}`, ...more });

export async function stand(who: Person, groupId: string): Promise<Stand> {
  const object = await made(who, "objects", { name: "Shop", groupId });
  const key = await newKeyOf(who, object);
  const request = await made(who, `keys/${key}/licenses`, { days: 30 });
  return { object, key, request, sos: await made(who, "sos-licenses", { keyId: key, days: 20, reason: "weekend" }) };
}

/** What nobody gives over HTTP: roles that no member may give, and what a sub-dealer's own account holds. */
export async function set(memberId: string, fields: { roles?: readonly string[]; rights?: readonly string[]; objectGroupIds?: readonly string[] }): Promise<void> {
  const columns = { roles: "roles", rights: "rights", objectGroupIds: "object_group_ids" } as const;
  for (const [name, value] of Object.entries(fields)) {
    await env.DB.prepare(`UPDATE member SET ${columns[name as keyof typeof columns]} = ?, version = version + 1 WHERE id = ?`).bind(JSON.stringify(value), memberId).run();
  }
}

/** An object of the dealer with all under it becomes the sub-dealer's. */
export async function handOver({ object }: Stand, accountId: string): Promise<void> {
  await env.DB.prepare("UPDATE resource SET account_id = ?1 WHERE id = ?2 OR root_id = ?2").bind(accountId, object).run();
}

export async function dealerWorld(platform: Api): Promise<DealerWorld> {
  const manager = await newAccount(fetch, platform, "dealer");
  const subdealer = await newAccount(fetch, platform, "subdealer", { parentId: manager.accountId });
  const other = await newAccount(fetch, platform, "dealer");
  const groups = { G: await made(manager, "object-groups", { name: "G" }), H: await made(manager, "object-groups", { name: "H" }) };
  const member = async (role: DealerRole): Promise<Person> => {
    const person = await newMember(fetch, manager, { roles: [role === "client" ? "client" : "dealer_user"] });
    await set(person.memberId, { roles: [role], objectGroupIds: [groups.G] });
    return person;
  };
  const people = {
    dealer_manager: manager, dealer_user: await member("dealer_user"), subdealer: await member("subdealer"),
    client: await member("client"), aggregator: await member("aggregator"),
  };
  const own = await stand(manager, groups.G);
  ok(await manager.api.put(`/v1/objects/${own.object}/owner`, { memberId: people.aggregator.memberId }), 200);
  const below = await stand(manager, "all");
  await handOver(below, subdealer.accountId);
  return {
    platform, manager, subdealer, other, groups, people, own, below,
    corporation: await made(manager, "corporations", { name: "Mall" }),
    inG: await stand(manager, groups.G), inH: await stand(manager, groups.H), inNone: await stand(manager, "all"), elsewhere: await stand(other, "all"),
  };
}

/** The same caller, who acts on that account. */
export function at(who: Person, accountId: string): Api {
  const there = (ask: Ask = {}): Ask => ({ ...ask, headers: { ...ask.headers, "tollgate-account": accountId } });
  const caller = api(fetch, who.apiKey);
  return {
    get: (path, ask) => caller.get(path, there(ask)), del: (path, ask) => caller.del(path, there(ask)),
    post: (path, body, ask) => caller.post(path, body, there(ask)), put: (path, body, ask) => caller.put(path, body, there(ask)),
    patch: (path, body, ask) => caller.patch(path, body, there(ask)), via: () => { throw new Error("stays where it is"); },
  };
}

/** A command that is never a replay. */
export const command = (who: Api, path: string, body: object): Promise<Reply<{ id: string; [member: string]: unknown }>> => who.post(`/v1/${path}`, body, { idempotencyKey: newKey() });
