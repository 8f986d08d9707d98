import type { ResourceRow } from "../kernel/schema/resource.ts";
import type { AttributeChange } from "./types/declaration.ts";

/**
 * What is written once it is paid. Between acceptance and payment it is nowhere but in the charge: no list,
 * no count, no card.
 */
export type PaidChange =
  | { readonly kind: "insert"; readonly row: ResourceRow }
  | ({ readonly kind: "set"; readonly type: string; readonly id: string } & AttributeChange);

/** The object that it makes or changes. */
export const changedId = (change: PaidChange): string =>
  change.kind === "insert" ? change.row.id : change.id;
