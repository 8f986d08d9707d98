import type { Env } from "../../env.ts";
import { now } from "../../kernel/clock.ts";
import { newId } from "../../kernel/id.ts";
import { staleProblem } from "../../kernel/http/problem.ts";
import { randomBytes } from "../../kernel/random.ts";
import { coversPlace, WriteConflict, type ConflictPlace } from "./turn.ts";

/** Runs of one call at most. In a line few need more than three; D1 answers 1,000 statements of one call. */
const RUNS_MAX = 20;
/** After so many milliseconds a call neither waits nor runs again. */
const WAIT_MAX_MS = 20_000;
const PAUSE_MAX_MS = 400;

/** The methods of the account's object for calls that wait. */
export interface TurnQueue {
  takeTurn(id: string, object: string | null, patienceMs: number): Promise<boolean>;
  endTurn(id: string): Promise<void>;
}

/**
 * The one loop of attempts: a call that meets another change runs again, in its turn, until it is through.
 * The first run does not wait. A run inside another one belongs to that one, so that no bound is
 * multiplied.
 */
export class RetryLoop {
  readonly #env: Env;
  readonly #defer: (work: Promise<unknown>) => void;
  #turn: (ConflictPlace & { readonly id: string }) | null = null;
  /** The number of this run, from 1; 0 outside. */
  runNumber = 0;

  constructor(env: Env, defer: (work: Promise<unknown>) => void) {
    this.#env = env;
    this.#defer = defer;
  }

  /**
   * @param work may have an effect in its last write only
   * @throws Problem stale, and everything that `work` throws except `WriteConflict`
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.runNumber > 0) return work();
    const deadline = now() + WAIT_MAX_MS;
    try {
      for (this.runNumber = 1; this.runNumber <= RUNS_MAX; this.runNumber += 1) {
        const ended = await tryRun(work);
        if ("value" in ended) return ended.value;
        if (now() >= deadline || !(await this.#wait(ended.met, deadline))) break;
      }
    } finally {
      this.#endTurn();
      this.runNumber = 0;
    }
    throw staleProblem();
  }

  /** False when the turn did not come in time. */
  async #wait(place: ConflictPlace | null, deadline: number): Promise<boolean> {
    if (place === null || (this.#turn !== null && coversPlace(this.#turn, place))) return this.#pause();
    this.#endTurn();
    const id = newId("request", now());
    try {
      const isTurn = await this.#turnQueue(place.accountId).takeTurn(id, place.object, deadline - now());
      if (isTurn) this.#turn = { ...place, id };
      return isTurn;
    } catch (error) {
      // Without the object no call waits in line. D1 still lets one of them through at a time.
      console.error({ message: "no turns are given", accountId: place.accountId, error: String(error) });
      return this.#pause();
    }
  }

  async #pause(): Promise<true> {
    if (this.runNumber === 1) return true;
    const [chance = 0] = randomBytes(1);
    const pause = (chance / 255) * Math.min(5 * 2 ** this.runNumber, PAUSE_MAX_MS);
    await new Promise((resolve) => setTimeout(resolve, pause));
    return true;
  }

  #endTurn(): void {
    if (this.#turn === null) return;
    const { id, accountId } = this.#turn;
    this.#turn = null;
    const late = (error: unknown) =>
      console.error({ message: "a turn ends by itself", error: String(error) });
    this.#defer(this.#turnQueue(accountId).endTurn(id).catch(late));
  }

  #turnQueue(accountId: string): TurnQueue {
    return this.#env.ACCOUNTS.getByName(accountId) as unknown as TurnQueue;
  }
}

async function tryRun<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly met: ConflictPlace | null }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof WriteConflict) return { met: error.place };
    throw error;
  }
}
