import { env } from "cloudflare:workers";
import {
  api,
  type CallOptions,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
} from "../../harness/client.ts";
import { codeOf, lastMail, tokenOf } from "../../harness/mailbox.ts";
import { newAccount, type Person } from "../../harness/people.ts";
import { nextClientIp, signIn, type SignedIn, type Tokens } from "../../harness/sign-in.ts";
import { fetch } from "../access/operators-fixture.ts";

export const anonymousCaller = api(fetch, null);

/** An address of no member. */
export const newEmail = (): string => `${newIdempotencyKey()}@example.com`;

/** A member whom the owner has added and who waits for their first sign-in. */
export async function addMember(
  owner: Person,
  more: object = {},
): Promise<{ readonly id: string; readonly email: string }> {
  const email = newEmail();
  const card = { firstName: "Nora", lastName: "New", email, roles: ["member"], ...more };
  const { id } = expectStatus(
    await owner.api.post<{ id: string }>("/v1/members", card, { idempotencyKey: newIdempotencyKey() }),
    201,
  ).body;
  return { id, email };
}

/** The same, signed in. */
export async function addSignedInMember(
  owner: Person,
  more: object = {},
): Promise<SignedIn & { readonly id: string; readonly email: string }> {
  const { id, email } = await addMember(owner, more);
  return { id, email, ...(await signIn(fetch, email, owner.accountId)) };
}

/** Asks for a code from a place of its own. */
export const requestCode = (
  email: string,
  more: object = {},
  from: CallOptions = { ip: nextClientIp() },
): Promise<Reply<Problem>> => anonymousCaller.post<Problem>("/v1/auth/codes", { email, ...more }, from);

/** Asks, and reads the mail. */
export async function requestMail(email: string): Promise<{ readonly code: string; readonly token: string }> {
  expectStatus(await requestCode(email), 202);
  const mail = await lastMail(fetch, email, "sign_in");
  return { code: codeOf(mail), token: tokenOf(mail) };
}

/** From an address of its own by default, so that wrong ones are not counted together. */
export const signInWith = (
  body: object,
  from: CallOptions = { ip: nextClientIp() },
): Promise<Reply<Problem & Tokens>> =>
  anonymousCaller.post<Problem & Tokens>("/v1/auth/sessions", body, from);

export const refreshSession = (token: string, from: CallOptions = {}): Promise<Reply<Problem & Tokens>> =>
  anonymousCaller.post<Problem & Tokens>("/v1/auth/refresh", { refresh_token: token }, from);

/** A code of eight digits that is not this one. */
export const otherCode = (code: string, step = 1): string =>
  String((Number(code) + step) % 100_000_000).padStart(8, "0");

/** A key that another member made for a person. The person takes it by the mail that only they read. */
export async function createMailedKey(by: Person, memberId: string, email: string): Promise<string> {
  expectStatus(
    await by.api.post(
      `/v1/members/${memberId}/api-keys`,
      { name: "test key" },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  );
  const token = tokenOf(await lastMail(fetch, email, "api_key"));
  return expectStatus(await anonymousCaller.post<{ secret: string }>("/v1/auth/claims", { token }), 201).body
    .secret;
}

/** Another account of which this address is a member as well, accepted already. */
export async function joinOtherAccount(
  platform: Parameters<typeof newAccount>[1],
  email: string,
): Promise<Person> {
  const owner = await newAccount(fetch, platform, "team");
  await inviteMember(owner, email);
  await signIn(fetch, email, owner.accountId);
  return owner;
}

export const inviteMember = async (owner: Person, email: string): Promise<string> =>
  expectStatus(
    await owner.api.post<{ id: string }>(
      "/v1/members",
      { firstName: "Nora", lastName: "New", email, roles: ["member"] },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body.id;

/** Events of an account's chain, staged or sealed, by their action. */
export async function listEvents(accountId: string, action: string): Promise<Record<string, unknown>[]> {
  const { results } = await env.DB.prepare(
    `SELECT event AS body FROM audit_outbox WHERE account_id = ?1
      UNION ALL SELECT body FROM audit_event WHERE account_id = ?1`,
  )
    .bind(accountId)
    .all<{ body: string }>();
  return results
    .map(({ body }) => JSON.parse(body) as Record<string, unknown>)
    .filter((event) => event["action"] === action);
}

/** A column of a row, as it is kept. */
export const readRow = (sql: string, ...values: unknown[]): Promise<Record<string, unknown> | null> =>
  env.DB.prepare(sql)
    .bind(...values)
    .first();
