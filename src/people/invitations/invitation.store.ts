import { and, count, desc, eq, getTableColumns, gt, lt, lte, type SQL, sql } from "drizzle-orm";
import { customRolesOf, grantsOf } from "../../gate/credentials/member.store.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { invitation, type InvitationRow } from "../../kernel/schema/invitation.ts";
import { member } from "../../kernel/schema/team.ts";

/** Columns of the unique key, as a failed write names them. */
export const INVITATION_EMAIL_COLUMNS = "invitation.account_id, invitation.email";

/**
 * The members with this address, external id or invitation in the account, and whether an invitation that was
 * sent waits for them.
 */
export const findMatchingMembers = (db: Db, accountId: string, email: string, externalId: string | null) =>
  db
    .select({
      id: member.id,
      email: member.email,
      externalId: member.externalId,
      status: member.status,
      waits: sql<number>`EXISTS (SELECT 1 FROM invitation i
        WHERE i.member_id = member.id AND i.status = 'pending' AND i.send_count > 0)`.as("waits"),
      invitationId: sql<string | null>`(SELECT i.id FROM invitation i
        WHERE i.member_id = member.id AND i.status = 'pending' LIMIT 1)`.as("invitation_id"),
    })
    .from(member)
    .where(sql`${member.id} IN (
    SELECT id FROM member WHERE account_id = ${accountId} AND email = ${email}
    UNION ALL SELECT id FROM member WHERE account_id = ${accountId} AND external_id = ${externalId}
    UNION ALL SELECT member_id FROM invitation
      WHERE account_id = ${accountId} AND email = ${email} AND status = 'pending')`);

export const countMembers = (db: Db, accountId: string) =>
  db.select({ count: count() }).from(member).where(eq(member.accountId, accountId));

/** A link has no member yet: its permit is for itself. */
export const insertInvitation = (db: Db, permit: Permit, row: InvitationRow): Statement => {
  permit.requireFor(row.memberId ?? row.id);
  return db.insert(invitation).values(row);
};

/** An invitation of the account, of one kind. */
export const findInvitation = (db: Db, accountId: string, kind: InvitationRow["kind"], id: string) =>
  db
    .select()
    .from(invitation)
    .where(and(eq(invitation.accountId, accountId), eq(invitation.id, id), eq(invitation.kind, kind)));

/**
 * The member that waits for it. A statement of its own: in a batch, columns of two tables with one name
 * become one.
 */
export const findInvitedMember = (db: Db, accountId: string, invitationId: string) =>
  db
    .select({ row: member, grants: grantsOf(member), customRoles: customRolesOf(member) })
    .from(member)
    .where(
      and(
        eq(member.accountId, accountId),
        sql`${member.id} = (SELECT member_id FROM invitation
        WHERE id = ${invitationId} AND account_id = ${accountId})`,
      ),
    );

/** The invitation that a member waits for, past its time too. */
export const findPendingInvitation = (db: Db, accountId: string, memberId: string) =>
  db
    .select()
    .from(invitation)
    .where(
      and(
        eq(invitation.accountId, accountId),
        eq(invitation.memberId, memberId),
        eq(invitation.status, "pending"),
        eq(invitation.kind, "email"),
      ),
    );

/** The invitations that a list shows. */
export interface InvitationFilter {
  readonly kind: InvitationRow["kind"];
  readonly status?: "pending" | "accepted" | "revoked" | "expired" | undefined;
  readonly email?: string | undefined;
}

/**
 * The newest first, beginning after the id `after`. @param now milliseconds since the epoch: past its time a
 * pending one is expired
 */
export const listInvitations = (
  db: Db,
  accountId: string,
  { kind, status, email }: InvitationFilter,
  now: number,
  after: string | null,
  limit: number,
) => {
  const byStatus = (): SQL | undefined => {
    if (status === "pending") return and(eq(invitation.status, "pending"), gt(invitation.expiresAt, now));
    if (status === "expired") return and(eq(invitation.status, "pending"), lte(invitation.expiresAt, now));
    return status === undefined ? undefined : eq(invitation.status, status);
  };
  const roles = sql<string[] | null>`(SELECT m.roles FROM member m WHERE m.id = ${invitation.memberId})`
    .mapWith((json: string | null) => (json === null ? null : (JSON.parse(json) as string[])))
    .as("member_roles");
  return db
    .select({ ...getTableColumns(invitation), roles })
    .from(invitation)
    .where(
      and(
        eq(invitation.accountId, accountId),
        eq(invitation.kind, kind),
        byStatus(),
        email === undefined ? undefined : eq(invitation.email, email),
        after === null ? undefined : lt(invitation.id, after),
      ),
    )
    .orderBy(desc(invitation.id))
    .limit(limit);
};

/**
 * Fails the batch under "changed" when the invitation is no longer what was read: sent, accepted or revoked
 * meanwhile.
 */
export const guardInvitation = (
  db: Db,
  { id, accountId, status, sendCount, uses }: InvitationRow,
): Statement =>
  guard(
    db,
    "changed",
    sql`EXISTS (SELECT 1 FROM invitation
    WHERE id = ${id} AND account_id = ${accountId} AND status = ${status}
      AND send_count = ${sendCount} AND uses = ${uses})`,
  );

/** Writes an invitation with another token: a new way in. */
export const updateInvitationToken = (
  db: Db,
  permit: Permit,
  row: InvitationRow,
  change: Partial<InvitationRow>,
): Statement => {
  permit.requireFor(row.memberId ?? row.id);
  return db
    .update(invitation)
    .set(change)
    .where(and(eq(invitation.id, row.id), eq(invitation.accountId, row.accountId)));
};

type InvitationEnd = Omit<Partial<InvitationRow>, "tokenHash" | "tokenKid" | "email">;

/** Accepts it or takes it back. */
export const endInvitation = (
  db: Db,
  { id, accountId }: Pick<InvitationRow, "id" | "accountId">,
  change: InvitationEnd,
): Statement =>
  db
    .update(invitation)
    .set(change)
    .where(and(eq(invitation.id, id), eq(invitation.accountId, accountId)));

/** Fails the batch under "has_dependents" when objects belong to the member: then the member stays. */
export const guardOwnsNothing = (db: Db, accountId: string, memberId: string): Statement =>
  guard(
    db,
    "has_dependents",
    sql`NOT EXISTS (SELECT 1 FROM resource WHERE account_id = ${accountId} AND owner_id = ${memberId})`,
  );

export const deleteMember = (db: Db, accountId: string, memberId: string): Statement =>
  db.delete(member).where(and(eq(member.accountId, accountId), eq(member.id, memberId)));
