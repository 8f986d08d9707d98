import { sql } from "drizzle-orm";
import { type Db, type Expression, guard, type GuardName, type Statement } from "../../kernel/db.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import { formerMember } from "../../kernel/schema/directory.ts";

/** The names of a person: an address in lower case, the id in another system, or both. */
export interface PersonIdentifiers {
  readonly email: string | null;
  readonly externalId: string | null;
}

/** Hex SHA-256 of each name. No address begins like an id. */
export const identifierDigests = ({ email, externalId }: PersonIdentifiers): string[] => [
  ...(email === null ? [] : [sha256Hex(email)]),
  ...(externalId === null ? [] : [sha256Hex(`external id ${externalId}`)]),
];

/**
 * A remembered name blocks its holder when its member is gone or blocked. A name that belongs to no member
 * blocks at once.
 */
const isBlocklisted = (
  accountId: string,
  identifiers: PersonIdentifiers,
): Expression => sql`EXISTS (SELECT 1 FROM former_member f
  WHERE f.account_id = ${accountId}
    AND f.known_by IN (SELECT value FROM json_each(${JSON.stringify(identifierDigests(identifiers))}))
    AND NOT EXISTS (SELECT 1 FROM member m WHERE m.id = f.member_id AND m.status <> 'blocked'))`;

/** Whether a person with that name was blocked, removed or kept out, so that only a member can add them. */
export const selectIsBlocklisted = (db: Db, accountId: string, identifiers: PersonIdentifiers) =>
  db.all<{ barred: number }>(sql`SELECT ${isBlocklisted(accountId, identifiers)} AS barred`);

/**
 * Fails the batch if the person was kept out since `askBarred`: of a simultaneous invitation and block, the
 * block wins.
 */
export const guardNotBlocklisted = (
  db: Db,
  name: GuardName,
  accountId: string,
  identifiers: PersonIdentifiers,
): Statement => guard(db, name, sql`NOT ${isBlocklisted(accountId, identifiers)}`);

/**
 * Remembers the names of a person: one row for each name, so that no name replaces another.
 * @param memberId the member with these names, or the id that keeps a person out who never joined
 * @param since milliseconds since the epoch
 */
export const rememberIdentifiers = (
  db: Db,
  accountId: string,
  memberId: string,
  identifiers: readonly PersonIdentifiers[],
  since: number,
): Statement =>
  db
    .insert(formerMember)
    .values(
      [...new Set(identifiers.flatMap(identifierDigests))].map((knownBy) => ({
        accountId,
        knownBy,
        memberId,
        since,
      })),
    )
    .onConflictDoNothing();
