import { eq, sql } from "drizzle-orm";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { type OwnershipOfferRow, ownershipOffer } from "../../kernel/schema/ownership.ts";

/** The unique column of a second offer. */
export const ONE_OFFER = "ownership_offer.account_id";

/** The offer of the account, expired or not: there is one at most. */
export const findOffer = (db: Db, accountId: string) =>
  db.select().from(ownershipOffer).where(eq(ownershipOffer.accountId, accountId));

export const insertOffer = (db: Db, row: OwnershipOfferRow): Statement =>
  db.insert(ownershipOffer).values(row);

/**
 * Fails the batch under "changed" when the offer ended meanwhile, or when its maker no longer owns the
 * account.
 */
export const guardOffer = (db: Db, { id, accountId }: OwnershipOfferRow): Statement =>
  guard(
    db,
    "changed",
    sql`EXISTS (SELECT 1 FROM ownership_offer o
    JOIN account a ON a.id = o.account_id AND a.owner_member_id = o.offered_by
    WHERE o.id = ${id} AND o.account_id = ${accountId})`,
  );

/** Ends the offer of an account. */
export const endOffer = (db: Db, accountId: string): Statement =>
  db.delete(ownershipOffer).where(eq(ownershipOffer.accountId, accountId));

/** Ends an offer to this member. It does not come back with the member. */
export const endOfferTo = (db: Db, memberId: string): Statement =>
  db.delete(ownershipOffer).where(eq(ownershipOffer.memberId, memberId));
