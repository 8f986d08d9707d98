import type { ResourceRow } from "../../kernel/schema/resource.ts";

/** What a unit costs the buyer, and what that is made of. */
export interface Price {
  readonly unitPrice: number;
  readonly costPrice: number | null;
  /** Percent; null: the catalog's own price. */
  readonly markup: number | null;
}

/**
 * A markup comes on top of the cost, or of the catalog's price where the cost is not known. Without a markup
 * it is the catalog's price, or the cost with the item's own margin. Null: not for sale.
 */
export function priceOf(item: ResourceRow, markup: ResourceRow | undefined): Price | null {
  const { priceAmount, costPrice, margin } = item.attributes as Readonly<
    Record<"priceAmount" | "costPrice" | "margin", number | null>
  >;
  if (item.status !== "active") return null;
  const listed =
    priceAmount ?? (costPrice === null || margin === null ? null : addPercent(costPrice, margin));
  const percent = markup?.attributes["percent"] as number | undefined;
  const base = costPrice ?? listed;
  if (percent !== undefined && base !== null)
    return { unitPrice: addPercent(base, percent), costPrice, markup: percent };
  return listed === null ? null : { unitPrice: listed, costPrice, markup: null };
}

const addPercent = (amount: number, percent: number): number => Math.round((amount * (100 + percent)) / 100);
