/** The versions of the rows that went into a grant set. While they hold, the set may be used. */
export interface Stamp {
  readonly memberId: string;
  readonly memberVersion: number;
  readonly accountId: string;
  readonly accountVersion: number;
  /** The account below the member's own that the call acts on, or null. */
  readonly targetId: string | null;
  readonly targetVersion: number;
}

/** The stamp no longer holds: drop what was cached, load it again, decide again. Never leaves the gate. */
export class StaleStamp extends Error {
  constructor() {
    super("the stamp no longer holds");
  }
}
