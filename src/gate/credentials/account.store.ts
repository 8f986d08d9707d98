import { type AnyColumn, eq, sql } from "drizzle-orm";
import { type Db, type Expression, pickColumns } from "../../kernel/db.ts";
import { account } from "../../kernel/schema/team.ts";

/**
 * Any account by its id. A caller who asks for another account than their own needs a right of the platform.
 */
export const findAccount = (db: Db, accountId: string) =>
  db.select().from(account).where(eq(account.id, accountId));

const ACCOUNT_COLUMNS = [
  "id",
  "kind",
  "name",
  "parentId",
  "ownerMemberId",
  "plan",
  "subscription",
  "settings",
  "allowedIps",
  "restoredAt",
  "version",
] as const;
export type AccountColumn = (typeof ACCOUNT_COLUMNS)[number];

/**
 * The columns that decide about calls on an account and name it. A result has 100 columns at most.
 * @param table `account`, or an alias of it
 */
export const accountColumns = <Table extends Readonly<Record<AccountColumn, AnyColumn>>>(table: Table) =>
  pickColumns(table, ACCOUNT_COLUMNS);

/** Mails a day that an account may cause: what the platform set, else `standard`. */
export const accountMailQuota = (id: string, standard: number): Expression =>
  sql`coalesce((SELECT mails_per_day FROM account WHERE id = ${id}), ${standard})`;

export const findMailQuota = (db: Db, id: string, standard: number) =>
  db
    .select({ quota: sql<number>`coalesce(${account.mailsPerDay}, ${standard})`.as("quota") })
    .from(account)
    .where(eq(account.id, id));
