import type { Lot } from "../../credits/lot.ts";

/** What a hook gives to an account. */
export interface HookCredit {
  readonly kind: Lot["kind"];
  readonly amount: number;
}
