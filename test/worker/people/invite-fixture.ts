import { type Api, api, type Fetch, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import type { Person } from "../../harness/people.ts";
import { signIn } from "../../harness/sign-in.ts";
import type { CellCheck, ExpectedAnswer } from "../access/policy-matrix.ts";

/**
 * A member whom the platform adds, with any role of the account's model, and who has claimed the first key; a
 * viewer signs in.
 */
export async function addMemberByPlatform(
  fetch: Fetch,
  platform: Api,
  accountId: string,
  roles: readonly string[],
  more: object = {},
): Promise<Person> {
  const person = {
    firstName: "Paul",
    lastName: "Placed",
    email: `${newIdempotencyKey()}@example.com`,
    roles,
    ...more,
  };
  const { id, claim } = expectStatus(
    await platform.post<{ id: string; claim?: { token: string } }>(
      `/v1/accounts/${accountId}/members`,
      person,
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body;
  if (claim === undefined) {
    const { tokens, api: session } = await signIn(fetch, person.email, accountId);
    return { accountId, memberId: id, apiKey: tokens.access_token, api: session };
  }
  const { secret } = expectStatus(
    await api(fetch, null).post<{ secret: string }>("/v1/auth/claims", { token: claim.token }),
    201,
  ).body;
  return { accountId, memberId: id, apiKey: secret, api: api(fetch, secret) };
}

/** The same, who has taken no key. */
export async function addMemberWithoutKey(
  platform: Api,
  accountId: string,
  roles: readonly string[],
): Promise<{ readonly memberId: string }> {
  const person = {
    firstName: "Paul",
    lastName: "Placed",
    email: `${newIdempotencyKey()}@example.com`,
    roles,
  };
  return {
    memberId: expectStatus(
      await platform.post<{ id: string }>(`/v1/accounts/${accountId}/members`, person, {
        idempotencyKey: newIdempotencyKey(),
      }),
      201,
    ).body.id,
  };
}

/** The account that a call acts on. */
export const actingIn = (accountId: string) => ({ headers: { "tollgate-account": accountId } });

/** A guest of an agency has at least one task. */
export const requiredFields = (role: string) =>
  role === "guest" ? { grants: [{ resourceType: "task", resourceId: "0", access: "view" }] } : {};

let count = 0;

/** May this person add a member with this role in that account? */
export const inviteCell = (
  who: Person,
  role: string,
  accountId: string,
  cell: string,
  expected: ExpectedAnswer,
): CellCheck => ({
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
        ...requiredFields(role),
      },
      accountId === who.accountId ? {} : actingIn(accountId),
    ),
});
