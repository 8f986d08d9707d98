import type { ResourceRow } from "../schema/resource.ts";

/** What a unit costs whoever buys, and what that is made of. */
export interface Price {
  readonly unitPrice: number;
  readonly costPrice: number | null;
  /** Percent; null: the catalog's own price. */
  readonly markup: number | null;
}

/**
 * A markup comes on top of the cost: what the catalog asks of everybody else says nothing of either then. Without a markup,
 * or a known cost, it is the catalog's price. Null: not for sale.
 */
export function priceOf(item: ResourceRow, markup: ResourceRow | undefined): Price | null {
  const { priceAmount, costPrice } = item.attributes as { priceAmount: number | null; costPrice: number | null };
  if (item.status !== "active" || priceAmount === null) return null;
  const percent = markup?.attributes["percent"] as number | undefined;
  if (percent === undefined || costPrice === null) return { unitPrice: priceAmount, costPrice, markup: null };
  return { unitPrice: Math.round(costPrice * (100 + percent) / 100), costPrice, markup: percent };
}
