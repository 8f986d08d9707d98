import { env } from "cloudflare:workers";
import { api, newIdempotencyKey, expectStatus, type Problem, type Reply } from "../../harness/client.ts";
import { lastMail, tokenOf } from "../../harness/mailbox.ts";
import type { Person } from "../../harness/people.ts";
import { fetch } from "../access/operators-fixture.ts";

export interface Invitation {
  readonly id: string;
  readonly status: string;
  readonly sendCount: number;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly member: { readonly id: string; readonly email: string; readonly login: string | null };
}

let count = 0;

/** A person whom no account knows. */
export const newPerson = () => ({
  firstName: "Nina",
  lastName: "New",
  email: `nina-${(count += 1)}-${newIdempotencyKey().slice(0, 8)}@example.com`,
});

/** An invitation that was sent, with the token of its mail. */
export async function createInvitation(
  who: Person,
  fields: object,
  ask: { headers?: Record<string, string> } = {},
): Promise<Invitation & { readonly token: string }> {
  const { body } = expectStatus(
    await who.api.post<Invitation>(
      "/v1/invitations",
      { ...newPerson(), ...fields },
      { idempotencyKey: newIdempotencyKey(), ...ask },
    ),
    201,
  );
  return { ...body, token: await invitationToken(body.member.email) };
}

/** The token of the last mail with an invitation. */
export const invitationToken = async (email: string): Promise<string> =>
  tokenOf(await lastMail(fetch, email, "invitation"));

export const acceptInvitation = (token: string, more: object = {}): Promise<Reply<Problem>> =>
  api(fetch, null).post<Problem>("/v1/invitations/accept", { token, ...more });

/** As if a member had confirmed the address on the card: notices go to no other. */
export const confirmCardEmail = (memberId: string) =>
  env.DB.prepare("UPDATE member SET email_verified_at = 1 WHERE id = ?").bind(memberId).run();

/** As if it had been sent some minutes ago. */
export const ageInvitation = (id: string) =>
  env.DB.prepare(
    "UPDATE invitation SET updated_at = updated_at - 600000, mail_at = mail_at - 600000 WHERE id = ?",
  )
    .bind(id)
    .run();

export const readRows = async (sql: string, ...values: unknown[]): Promise<unknown[]> =>
  (
    await env.DB.prepare(sql)
      .bind(...values)
      .all()
  ).results;
