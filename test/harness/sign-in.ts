import { type Api, api, type CallOptions, type Fetch, expectStatus } from "./client.ts";
import { codeOf, lastMail } from "./mailbox.ts";

/** What a client keeps of a session. */
export interface Tokens {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly refresh_token: string;
  readonly refresh_expires_in: number;
  readonly session: { readonly id: string };
  readonly memberId: string;
  readonly accountId: string;
}

/** A person in a session. */
export interface SignedIn {
  readonly tokens: Tokens;
  readonly api: Api;
}

let count = 0;

/** Another place each time, so that what is counted by address counts nothing across tests. */
export const nextClientIp = (): string => `198.18.${Math.floor((count += 1) / 250)}.${(count % 250) + 1}`;

/** The code of the newest sign-in mail, asked for now. */
export async function requestCode(fetch: Fetch, email: string): Promise<string> {
  expectStatus(await api(fetch, null).post("/v1/auth/codes", { email }, { ip: nextClientIp() }), 202);
  return codeOf(await lastMail(fetch, email, "sign_in"));
}

/**
 * Signs in by mail as a person would. @param accountId where there are several accounts, or an invitation
 * waits
 */
export async function signIn(
  fetch: Fetch,
  email: string,
  accountId?: string,
  ask: CallOptions = {},
): Promise<SignedIn> {
  const body = {
    email,
    code: await requestCode(fetch, email),
    ...(accountId === undefined ? {} : { accountId }),
  };
  const tokens = expectStatus(await api(fetch, null).post<Tokens>("/v1/auth/sessions", body, ask), 201).body;
  return { tokens, api: api(fetch, tokens.access_token) };
}
