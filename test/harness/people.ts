import { type Api, api, type Ask, type Fetch, newKey, ok } from "./client.ts";

/** A member who can call: made over HTTP as a person would be. */
export interface Person {
  readonly accountId: string;
  readonly memberId: string;
  readonly apiKey: string;
  readonly api: Api;
}

export interface NewMember {
  readonly roles?: readonly string[];
  readonly allowedIps?: readonly string[];
  readonly creditLimit?: number | null;
  readonly [field: string]: unknown;
}

let count = 0;
const nextEmail = () => `person-${process.pid}-${count += 1}@example.com`;

/** An account of that kind with its first owner, who has claimed an API key. */
export async function newAccount(fetch: Fetch, platform: Api, kind: string, more: object = {}): Promise<Person> {
  const owner = { email: nextEmail(), firstName: "Olga", lastName: "Owner" };
  const made = ok(await platform.post<Made>("/v1/accounts", { kind, name: `Account ${count}`, owner, ...more }, { idempotencyKey: newKey() }), 201).body;
  return person(fetch, made.id, made.owner.id, await claim(fetch, made.claim.token));
}

interface Made {
  readonly id: string;
  readonly owner: { readonly id: string };
  readonly claim: { readonly token: string };
}

/** The plan that operators need, and a subscription that is active. */
export async function subscribe(platform: Api, accountId: string): Promise<void> {
  ok(await platform.put(`/v1/accounts/${accountId}/plan`, { restrictedAccounts: true, memberLimit: null, contactUrl: null }), 200);
  ok(await platform.put(`/v1/accounts/${accountId}/subscription`, { status: "active", tier: null, currentPeriodEnd: null }), 200);
}

export async function giveCredits(platform: Api, accountId: string, amount: number): Promise<void> {
  ok(await platform.post(`/v1/accounts/${accountId}/credits`, { kind: "top_up", amount }, { idempotencyKey: newKey() }), 201);
}

/**
 * A member of the owner's account, active at once, with an API key of their own.
 * @param ip where the member claims the key from: address rules hold there too
 */
export async function newMember(fetch: Fetch, owner: Person, fields: NewMember, ip?: string): Promise<Person> {
  const card = { firstName: "Mia", lastName: "Member", email: nextEmail(), ...fields };
  const { body } = ok(await owner.api.post<{ id: string }>("/v1/members", card, { idempotencyKey: newKey() }), 201);
  return person(fetch, owner.accountId, body.id, await newApiKey(fetch, owner, body.id, {}, ip));
}

/** The owner makes a key for a member; only the member, who claims it, sees the secret. */
export async function newApiKey(fetch: Fetch, owner: Person, memberId: string, fields: Record<string, unknown> = {}, ip?: string): Promise<string> {
  const { body } = ok(await owner.api.post<{ claim?: { token: string }; secret?: string }>(
    `/v1/members/${memberId}/api-keys`, { name: "test key", ...fields }, { idempotencyKey: newKey() }), 201);
  if (body.secret !== undefined) return body.secret;
  if (body.claim === undefined) throw new Error(`neither a secret nor a claim: ${JSON.stringify(body)}`);
  return claim(fetch, body.claim.token, ip === undefined ? {} : { ip });
}

async function claim(fetch: Fetch, token: string, ask: Ask = {}): Promise<string> {
  return ok(await api(fetch, null).post<{ secret: string }>("/v1/auth/claims", { token }, ask), 201).body.secret;
}

const person = (fetch: Fetch, accountId: string, memberId: string, apiKey: string): Person => ({ accountId, memberId, apiKey, api: api(fetch, apiKey) });

/** @returns an access token for that key */
export async function newToken(fetch: Fetch, apiKey: string, ask: Ask = {}): Promise<string> {
  return ok(await api(fetch, apiKey).post<{ access_token: string }>("/v1/auth/token", undefined, ask), 200).body.access_token;
}
