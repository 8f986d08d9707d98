import { sql } from "drizzle-orm";
import { type Db, type Expression, guard, type GuardName, type Statement } from "../kernel/db.ts";
import { sha256Hex } from "../kernel/digest.ts";
import { formerMember } from "../schema/book.ts";

/** By what somebody is known: an address in lower case, the id of another system, or both. */
export interface Whom {
  readonly email: string | null;
  readonly externalId: string | null;
}

/** Hex SHA-256 of each name. No address begins like an id. */
export const digestsOf = ({ email, externalId }: Whom): string[] => [
  ...(email === null ? [] : [sha256Hex(email)]),
  ...(externalId === null ? [] : [sha256Hex(`external id ${externalId}`)]),
];

/**
 * A name counts against whoever has it once its member is gone or blocked; one that is remembered for nobody
 * counts at once.
 */
const barred = (accountId: string, whom: Whom): Expression => sql`EXISTS (SELECT 1 FROM former_member f
  WHERE f.account_id = ${accountId}
    AND f.known_by IN (SELECT value FROM json_each(${JSON.stringify(digestsOf(whom))}))
    AND NOT EXISTS (SELECT 1 FROM member m WHERE m.id = f.member_id AND m.status <> 'blocked'))`;

/**
 * Whether somebody of that name was blocked, removed or kept out, and so does not come in without a person
 * who adds them.
 */
export const askBarred = (db: Db, accountId: string, whom: Whom) =>
  db.all<{ barred: number }>(sql`SELECT ${barred(accountId, whom)} AS barred`);

/**
 * Fails the batch when somebody was kept out since it was asked: of an invitation and a block at once, the
 * block holds.
 */
export const guardNotBarred = (db: Db, name: GuardName, accountId: string, whom: Whom): Statement =>
  guard(db, name, sql`NOT ${barred(accountId, whom)}`);

/**
 * Remembers by what somebody went: each name in a row of its own, so that none takes the place of another.
 * @param memberId whose names they are, or what keeps somebody out who never came in
 * @param since milliseconds since the epoch
 */
export const rememberNames = (
  db: Db,
  accountId: string,
  memberId: string,
  names: readonly Whom[],
  since: number,
): Statement =>
  db
    .insert(formerMember)
    .values(
      [...new Set(names.flatMap(digestsOf))].map((knownBy) => ({ accountId, knownBy, memberId, since })),
    )
    .onConflictDoNothing();
