import { type Api, api, type CallOptions, type Fetch, newIdempotencyKey, expectStatus } from "./client.ts";
import { codeOf, lastMail, tokenOf } from "./mailbox.ts";
import { nextClientIp, signIn } from "./sign-in.ts";

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
const nextEmail = () => `person-${process.pid}-${(count += 1)}@example.com`;

/** An account of that kind with its first owner, who has claimed an API key. */
export async function newAccount(
  fetch: Fetch,
  platform: Api,
  kind: string,
  more: object = {},
): Promise<Person> {
  const owner = { email: nextEmail(), firstName: "Olga", lastName: "Owner" };
  const made = expectStatus(
    await platform.post<CreatedAccount>(
      "/v1/accounts",
      { kind, name: `Account ${count}`, owner, ...more },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body;
  return toPerson(fetch, made.id, made.owner.id, await claimKey(fetch, made.claim.token));
}

interface CreatedAccount {
  readonly id: string;
  readonly owner: { readonly id: string };
  readonly claim: { readonly token: string };
}

/** The plan that operators need, and a subscription that is active. */
export async function activateSubscription(platform: Api, accountId: string): Promise<void> {
  expectStatus(
    await platform.put(`/v1/accounts/${accountId}/plan`, {
      restrictedAccounts: true,
      memberLimit: null,
      contactUrl: null,
    }),
    200,
  );
  expectStatus(
    await platform.put(`/v1/accounts/${accountId}/subscription`, {
      status: "active",
      tier: null,
      currentPeriodEnd: null,
    }),
    200,
  );
}

export async function giveCredits(platform: Api, accountId: string, amount: number): Promise<void> {
  expectStatus(
    await platform.post(
      `/v1/accounts/${accountId}/credits`,
      { kind: "top_up", amount },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  );
}

/** Viewers hold no API key. */
export const isViewer = (roles: readonly string[]): boolean =>
  roles.includes("viewer") && roles.every((role) => role === "viewer" || role.startsWith("rol_"));

/** A member of the owner's account who has no way in yet. */
export async function newMemberWithoutKey(
  owner: Person,
  fields: NewMember,
): Promise<{ readonly memberId: string; readonly email: string }> {
  const card = { firstName: "Nils", lastName: "New", email: nextEmail(), ...fields };
  return {
    memberId: expectStatus(
      await owner.api.post<{ id: string }>("/v1/members", card, { idempotencyKey: newIdempotencyKey() }),
      201,
    ).body.id,
    email: card.email,
  };
}

/**
 * A member of the owner's account, active at once, with an API key of their own; a viewer with an access
 * token instead.
 * @param ip where the member claims the key from: address rules hold there too
 */
export async function newMember(
  fetch: Fetch,
  owner: Person,
  fields: NewMember,
  ip?: string,
): Promise<Person> {
  const card = { firstName: "Mia", lastName: "Member", email: nextEmail(), ...fields };
  const { body } = expectStatus(
    await owner.api.post<{ id: string }>("/v1/members", card, { idempotencyKey: newIdempotencyKey() }),
    201,
  );
  if (isViewer(fields.roles ?? [])) {
    const { tokens } = await signIn(
      fetch,
      String(card.email),
      owner.accountId,
      ip === undefined ? {} : { ip },
    );
    return toPerson(fetch, owner.accountId, body.id, tokens.access_token);
  }
  const member = toPerson(fetch, owner.accountId, body.id, await newApiKey(fetch, owner, body.id, {}, ip));
  keyHolders.set(member.memberId, { email: String(card.email), api: member.api });
  return member;
}

interface CreatedKey {
  readonly claim?: { readonly token?: string };
  readonly secret?: string;
}

/** Members whom this file gave a key, by their ids: another key is mailed to them. */
const keyHolders = new Map<string, { readonly email: string; readonly api: Api }>();

/**
 * The owner makes a key for a member. The member claims it; only they see the secret. The answer shows the
 * claim's token only when the member has no key yet. A member who has one gets the address on their card as
 * their sign-in address, and the token comes by mail.
 */
export async function newApiKey(
  fetch: Fetch,
  owner: Person,
  memberId: string,
  fields: Record<string, unknown> = {},
  ip?: string,
): Promise<string> {
  const ask = () =>
    owner.api.post<CreatedKey>(
      `/v1/members/${memberId}/api-keys`,
      { name: "test key", ...fields },
      { idempotencyKey: newIdempotencyKey() },
    );
  const known = keyHolders.get(memberId);
  const first = await ask();
  if (first.status === 409 && known !== undefined) await confirmSignInEmail(fetch, known, ip);
  const { body } = first.status === 409 ? expectStatus(await ask(), 201) : expectStatus(first, 201);
  if (body.secret !== undefined) return body.secret;
  const token =
    body.claim?.token ??
    (known === undefined ? undefined : tokenOf(await lastMail(fetch, known.email, "api_key")));
  if (token === undefined) throw new Error(`neither a secret nor a claim: ${JSON.stringify(body)}`);
  return claimKey(fetch, token, ip === undefined ? {} : { ip });
}

/** The person with the address on the card, who has called with a key so far, signs in from now on. */
async function confirmSignInEmail(
  fetch: Fetch,
  { email, api: own }: { readonly email: string; readonly api: Api },
  ip: string = nextClientIp(),
): Promise<void> {
  expectStatus(await own.post("/v1/me/email", { email }, { ip }), 202);
  expectStatus(
    await own.post(
      "/v1/me/email/confirm",
      { email, newCode: codeOf(await lastMail(fetch, email, "change_email")) },
      { ip },
    ),
    200,
  );
}

async function claimKey(fetch: Fetch, token: string, ask: CallOptions = {}): Promise<string> {
  return expectStatus(await api(fetch, null).post<{ secret: string }>("/v1/auth/claims", { token }, ask), 201)
    .body.secret;
}

const toPerson = (fetch: Fetch, accountId: string, memberId: string, apiKey: string): Person => ({
  accountId,
  memberId,
  apiKey,
  api: api(fetch, apiKey),
});

/** @returns an access token for that key */
export async function newToken(fetch: Fetch, apiKey: string, ask: CallOptions = {}): Promise<string> {
  return expectStatus(
    await api(fetch, apiKey).post<{ access_token: string }>("/v1/auth/token", undefined, ask),
    200,
  ).body.access_token;
}
