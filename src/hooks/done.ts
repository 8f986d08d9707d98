import type { Change } from "../identity/call.ts";
import type { Outcome } from "./delivery.card.ts";

/** What an action comes to: nothing is written yet. */
export interface Done {
  readonly outcome: Outcome;
  readonly change: Change;
  readonly memberId?: string;
  readonly invitationId?: string;
  readonly accountId?: string;
  /** What is done before the batch, under the name of the message, so that doing it again does nothing. */
  readonly effect?: (name: string) => Promise<void>;
}
