import { and, asc, eq, gt, ne, or, sql } from "drizzle-orm";
import { excludeAccounts } from "../gate/calls/below.store.ts";
import type { Permit } from "../gate/permits/permit.ts";
import { type Db, guard, type Statement } from "../kernel/db.ts";
import { foldForSearch } from "../kernel/text/search-fold.ts";
import { account } from "../kernel/schema/team.ts";
import type { AccountRow } from "./account.card.ts";

/** Every tenant, oldest first, beginning after the id `after`: for the platform only. */
export const listAccounts = (db: Db, after: string | null, limit: number) =>
  db
    .select()
    .from(account)
    .where(and(ne(account.kind, "platform"), after === null ? undefined : gt(account.id, after)))
    .orderBy(asc(account.id))
    .limit(limit);

/** Which accounts of a family are asked for. */
interface FamilyQuery {
  readonly accountId: string;
  readonly includesSelf: boolean;
  readonly includesBelow: boolean;
  readonly closedIds: ReadonlySet<string>;
}

/** An account and those directly below it, as far as they are asked for, oldest first. */
export const listFamily = (
  db: Db,
  { accountId, includesSelf, includesBelow, closedIds }: FamilyQuery,
  after: string | null,
  limit: number,
) =>
  db
    .select()
    .from(account)
    .where(
      and(
        or(
          ...(includesSelf ? [eq(account.id, accountId)] : []),
          ...(includesBelow ? [eq(account.parentId, accountId)] : []),
        ),
        excludeAccounts(account.id, closedIds),
        after === null ? undefined : gt(account.id, after),
      ),
    )
    .orderBy(asc(account.id))
    .limit(limit);

/** The account that this one stands under. */
export const findParent = (db: Db, accountId: string) =>
  db
    .select()
    .from(account)
    .where(sql`${account.id} = (SELECT parent_id FROM account WHERE id = ${accountId})`);

export const insertAccount = (db: Db, permit: Permit, row: AccountRow): Statement => {
  permit.requireFor(row.id);
  return db.insert(account).values(row);
};

/** Fails the batch when the row is no longer the one that was read. */
export const guardAccount = (db: Db, row: Pick<AccountRow, "id" | "version">): Statement =>
  guard(db, "changed", sql`EXISTS (SELECT 1 FROM account WHERE id = ${row.id} AND version = ${row.version})`);

/** The next call of every member of the account sees what changed. */
export const updateAccount = (db: Db, row: AccountRow): Statement => {
  const { id, version: _, createdAt: __, ...rest } = row;
  return db
    .update(account)
    .set({ ...rest, nameFolded: foldForSearch(rest.name), version: sql`${account.version} + 1` })
    .where(eq(account.id, id));
};
