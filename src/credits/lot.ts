import { assert } from "../kernel/assert.ts";

export const LOT_KINDS = ["subscription", "top_up", "promo", "adjustment"] as const;
export type LotKind = (typeof LOT_KINDS)[number];

/**
 * Credits of equal kind, priority, start and end, and what is left of them. A lot is named by the seq of its
 * first grant, so a lower seq is older. The entry of each grant has what the grant gave to it.
 */
export interface Lot {
  readonly seq: number;
  readonly kind: LotKind;
  /** Of all grants that went into it. */
  readonly amount: number;
  /** The lower number burns first. */
  readonly priority: number;
  /** Milliseconds since the epoch, as all times here. */
  readonly effectiveAt: number;
  /**
   * As the grant said it; null: at once. Two grants that begin at once begin alike, whenever they are made.
   */
  readonly start: number | null;
  /** Null: never. */
  readonly expiresAt: number | null;
  /** Above 0: an emptied lot is dropped from the state. */
  readonly remainder: number;
}

/**
 * The open lot that a grant of these terms goes into, if there is one. Lots that differ in any of them are
 * never folded.
 */
export const findMergeableLot = (
  lots: readonly Lot[],
  terms: Pick<Lot, "kind" | "priority" | "start" | "expiresAt">,
  amount: number,
): Lot | undefined =>
  lots.findLast(
    (lot) =>
      lot.kind === terms.kind &&
      lot.priority === terms.priority &&
      lot.start === terms.start &&
      lot.expiresAt === terms.expiresAt &&
      Number.isSafeInteger(lot.amount + amount),
  );

export const isDue = (lot: Lot, at: number): boolean => lot.expiresAt !== null && lot.expiresAt <= at;

const isEffective = (lot: Lot, at: number): boolean => lot.effectiveAt <= at && !isDue(lot, at);

export const totalRemainder = (lots: readonly Lot[]): number =>
  lots.reduce((sum, lot) => sum + lot.remainder, 0);

/** What may be spent now: lots that are already effective and not yet over. */
export const availableCredits = (lots: readonly Lot[], at: number): number =>
  totalRemainder(lots.filter((lot) => isEffective(lot, at)));

/** The earliest end of a lot, or null. */
export const firstExpiryOf = (lots: readonly Lot[]): number | null =>
  lots.reduce<number | null>(
    (first, { expiresAt }) =>
      expiresAt !== null && (first === null || expiresAt < first) ? expiresAt : first,
    null,
  );

/**
 * Takes `amount` from the lots: by priority, then the earlier end, then age. The caller has checked
 * `available`.
 */
export function spendFromLots(lots: readonly Lot[], amount: number, at: number): readonly Lot[] {
  const remainders = new Map<number, number>();
  let leftToSpend = amount;
  for (const lot of lots.filter((candidate) => isEffective(candidate, at)).sort(burnsBefore)) {
    const taken = Math.min(leftToSpend, lot.remainder);
    remainders.set(lot.seq, lot.remainder - taken);
    leftToSpend -= taken;
  }
  assert(leftToSpend === 0, "what is spent was available");
  return lots
    .map((lot) => ({ ...lot, remainder: remainders.get(lot.seq) ?? lot.remainder }))
    .filter((lot) => lot.remainder > 0);
}

const burnsBefore = (one: Lot, other: Lot): number =>
  one.priority - other.priority ||
  (one.expiresAt ?? Number.MAX_SAFE_INTEGER) - (other.expiresAt ?? Number.MAX_SAFE_INTEGER) ||
  one.seq - other.seq;
