import { type Api, api, type Fetch, newKey, ok } from "../../harness/client.ts";
import type { Person } from "../../harness/people.ts";
import { signIn } from "../../harness/sign-in.ts";
import type { Asked, Cell } from "../access/cells.ts";

/**
 * A member whom the platform adds, with any role of the account's model, and who has claimed the first key; a
 * viewer signs in.
 */
export async function addedByPlatform(
  fetch: Fetch,
  platform: Api,
  accountId: string,
  roles: readonly string[],
  more: object = {},
): Promise<Person> {
  const person = { firstName: "Paul", lastName: "Placed", email: `${newKey()}@example.com`, roles, ...more };
  const { id, claim } = ok(
    await platform.post<{ id: string; claim?: { token: string } }>(
      `/v1/accounts/${accountId}/members`,
      person,
      { idempotencyKey: newKey() },
    ),
    201,
  ).body;
  if (claim === undefined) {
    const { tokens, api: session } = await signIn(fetch, person.email, accountId);
    return { accountId, memberId: id, apiKey: tokens.access_token, api: session };
  }
  const { secret } = ok(
    await api(fetch, null).post<{ secret: string }>("/v1/auth/claims", { token: claim.token }),
    201,
  ).body;
  return { accountId, memberId: id, apiKey: secret, api: api(fetch, secret) };
}

/** The same, who has taken no key. */
export async function addedWithoutKey(
  platform: Api,
  accountId: string,
  roles: readonly string[],
): Promise<{ readonly memberId: string }> {
  const person = { firstName: "Paul", lastName: "Placed", email: `${newKey()}@example.com`, roles };
  return {
    memberId: ok(
      await platform.post<{ id: string }>(`/v1/accounts/${accountId}/members`, person, {
        idempotencyKey: newKey(),
      }),
      201,
    ).body.id,
  };
}

/** The account that a call acts on. */
export const on = (accountId: string) => ({ headers: { "tollgate-account": accountId } });

/** A guest of an agency has at least one task. */
export const needed = (role: string) =>
  role === "guest" ? { grants: [{ resourceType: "task", resourceId: "0", access: "view" }] } : {};

let count = 0;

/** May this person add a member with this role in that account? */
export const invites = (
  who: Person,
  role: string,
  accountId: string,
  cell: string,
  expected: Cell,
): Asked => ({
  cell,
  expected,
  ask: () =>
    who.api.post(
      "/v1/members",
      {
        firstName: "Ivo",
        lastName: "Invited",
        email: `invited-${(count += 1)}@example.com`,
        roles: [role],
        ...needed(role),
      },
      accountId === who.accountId ? {} : on(accountId),
    ),
});
