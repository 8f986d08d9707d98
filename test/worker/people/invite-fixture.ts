import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import type { Person } from "../../harness/people.ts";
import type { CellCheck, ExpectedAnswer } from "../access/policy-matrix.ts";

/** A member whom the platform adds, and who has taken no key. */
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
