/** A turn ends by itself after this time, because its call may be gone. */
const LEASE_MS = 5_000;

interface HeldTurn {
  readonly object: string | null;
  readonly lease: ReturnType<typeof setTimeout>;
}

interface WaitingCall {
  readonly id: string;
  readonly object: string | null;
  readonly answer: (isTurn: boolean) => void;
}

/**
 * The line of those whose changes met: one at a time at each object, and alone in the account where no object
 * is named. First come, first served. Memory only: it orders and guards nothing. What may be written is
 * decided by D1 alone, so a turn that is lost or ends too early costs a run and changes no result.
 */
export class TurnLine {
  readonly #held = new Map<string, HeldTurn>();
  #waiting: readonly WaitingCall[] = [];

  /** True when it is this call's turn; false after `patienceMs`. */
  take(id: string, object: string | null, patienceMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#leave(id), patienceMs);
      const answer = (isTurn: boolean): void => {
        clearTimeout(timer);
        resolve(isTurn);
      };
      this.#waiting = [...this.#waiting, { id, object, answer }];
      this.#serve();
    });
  }

  end(id: string): void {
    const held = this.#held.get(id);
    if (held === undefined) {
      this.#leave(id);
      return;
    }
    clearTimeout(held.lease);
    this.#held.delete(id);
    this.#serve();
  }

  #leave(id: string): void {
    const left = this.#waiting.find((one) => one.id === id);
    this.#waiting = this.#waiting.filter((one) => one !== left);
    left?.answer(false);
    if (left !== undefined) this.#serve();
  }

  /** No call passes one that waits for the whole account. */
  #serve(): void {
    for (const { id, object, answer } of this.#waiting) {
      if (this.#isFree(object)) {
        this.#held.set(id, { object, lease: setTimeout(() => this.end(id), LEASE_MS) });
        this.#waiting = this.#waiting.filter((one) => one.id !== id);
        answer(true);
      } else if (object === null) return;
    }
  }

  #isFree(object: string | null): boolean {
    const held = [...this.#held.values()].map((one) => one.object);
    return object === null ? held.length === 0 : !held.includes(null) && !held.includes(object);
  }
}
