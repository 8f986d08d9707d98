/** Where changes meet: one object of an account, or the account as a whole. */
export interface ConflictPlace {
  readonly accountId: string;
  readonly object: string | null;
}

/**
 * Another change came first, so this run failed and is made again. Never leaves the gate. `place` is where
 * the two met: the next run waits for its turn there. Null: it runs again without waiting.
 */
export class WriteConflict extends Error {
  readonly place: ConflictPlace | null;

  constructor(place: ConflictPlace | null) {
    super("another change came first");
    this.place = place;
  }
}

/** Whether a turn at `held` includes one at `place`. */
export const coversPlace = (held: ConflictPlace, place: ConflictPlace): boolean =>
  held.accountId === place.accountId && (held.object === null || held.object === place.object);
