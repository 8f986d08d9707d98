import { and, asc, eq, gt, sql } from "drizzle-orm";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { tier, tierChoice, type TierChoiceRow, type TierRow } from "../../kernel/schema/tier.ts";

/** The key under which a second tier of the same name fails. */
export const TIER_KEY_COLUMNS = "tier.key";

export const findTier = (db: Db, key: string) => db.select().from(tier).where(eq(tier.key, key));

/** By key, beginning after the key `after`. @param includesUnoffered those that are not offered, too */
export const listTiers = (db: Db, includesUnoffered: boolean, after: string | null, limit: number) =>
  db
    .select()
    .from(tier)
    .where(
      and(
        includesUnoffered ? undefined : eq(tier.offered, true),
        after === null ? undefined : gt(tier.key, after),
      ),
    )
    .orderBy(asc(tier.key))
    .limit(limit);

export const insertTier = (db: Db, row: TierRow): Statement => db.insert(tier).values(row);

/** Fails the batch when the tier is gone or another than was read. */
export const guardTier = (db: Db, { key, version }: TierRow): Statement =>
  guard(db, "changed", sql`EXISTS (SELECT 1 FROM tier WHERE key = ${key} AND version = ${version})`);

export const updateTier = (db: Db, { key, createdAt: _, ...row }: TierRow): Statement =>
  db.update(tier).set(row).where(eq(tier.key, key));

/** Fails under "has_dependents" while an account, a choice or a hook's mapping names it. */
export const removeTier = (db: Db, key: string): Statement[] => [
  guard(
    db,
    "has_dependents",
    sql`NOT EXISTS (SELECT 1 FROM account WHERE subscription ->> 'tier' = ${key})
    AND NOT EXISTS (SELECT 1 FROM tier_choice WHERE tier = ${key})
    AND NOT EXISTS (SELECT 1 FROM hook, json_each(hook.mapping, '$.rules') AS rule
      WHERE rule.value ->> '$.then.tier.value' = ${key})`,
  ),
  db.delete(tier).where(eq(tier.key, key)),
];

/** What an account has chosen and the platform has not settled. */
export const findChoice = (db: Db, accountId: string) =>
  db.select().from(tierChoice).where(eq(tierChoice.accountId, accountId));

export const writeChoice = (db: Db, { accountId, ...row }: TierChoiceRow): Statement =>
  db
    .insert(tierChoice)
    .values({ accountId, ...row })
    .onConflictDoUpdate({ target: tierChoice.accountId, set: row });

/**
 * Fails the batch when the account's choice is another than was read.
 * @param row undefined: there was none
 */
export const guardChoice = (db: Db, accountId: string, row: TierChoiceRow | undefined): Statement =>
  guard(
    db,
    "changed",
    sql`coalesce((SELECT invoice_id FROM tier_choice WHERE account_id = ${accountId}), '')
      = ${row?.invoiceId ?? ""}`,
  );

/** @param key only a choice of this tier; null: any */
export const removeChoice = (db: Db, accountId: string, key: string | null): Statement =>
  db
    .delete(tierChoice)
    .where(and(eq(tierChoice.accountId, accountId), key === null ? undefined : eq(tierChoice.tier, key)));
