import type { Change } from "../../gate/calls/call.ts";
import type { HookCredit } from "./hook-credit.ts";
import type { Outcome } from "./delivery.card.ts";

/** What an action comes to: nothing is written yet. */
export interface ActionResult {
  readonly outcome: Outcome;
  readonly change: Change;
  readonly memberId?: string;
  readonly invitationId?: string;
  readonly accountId?: string;
  /**
   * Credits for `accountId`, which are given once this is written, under the name of the message: giving them
   * again does nothing.
   */
  readonly credit?: HookCredit;
  /** Credits of the tier that the account has now: they are given once this is written. */
  readonly givesCredits?: boolean;
}
