/** Where changes meet: one object of an account, or the account as a whole. */
export interface Place {
  readonly accountId: string;
  readonly object: string | null;
}

/**
 * Another change came first, so this run is not through and is made again. Never leaves the gate.
 * `place` is where the two met: the next run waits for its turn there. Null: to run again is enough.
 */
export class Met extends Error {
  readonly place: Place | null;

  constructor(place: Place | null) {
    super("another change came first");
    this.place = place;
  }
}

/** Whether a turn at `held` is one at `place`, too. */
export const covers = (held: Place, place: Place): boolean =>
  held.accountId === place.accountId && (held.object === null || held.object === place.object);
