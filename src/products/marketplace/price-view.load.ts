import { priceOf } from "../billing/price.ts";
import type { Call } from "../../gate/calls/call.ts";
import { ownerAccountIdOfType } from "../../resources/object-reference.load.ts";
import type { RowView } from "../../resources/resource-type.ts";
import type { ResourceRow } from "../../kernel/schema/resource.ts";
import { findMarkups } from "./markup.store.ts";

/**
 * In a customer's organization the catalog shows the price for that organization, so that the price shown is
 * the price billed.
 */
export const loadPriceView = async (call: Call, rows: readonly ResourceRow[]): Promise<RowView> => {
  const { targetAccount, accountId } = call.principal;
  if (targetAccount.kind !== "customer_org" || rows.length === 0) return (row) => row;
  const [markups] = await call.read(
    findMarkups(
      call.db,
      ownerAccountIdOfType(call.principal, "catalog"),
      rows.map(({ id }) => id),
      accountId,
    ),
  );
  return (row) => {
    const price = priceOf(
      row,
      markups.find(({ referenceId }) => referenceId === null || referenceId === row.id),
    );
    return { ...row, attributes: { ...row.attributes, priceAmount: price?.unitPrice ?? null } };
  };
};
