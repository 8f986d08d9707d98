/** For bugs only: conditions that the program itself guarantees. A refusal is a value, never an assertion. */
export function assert(holds: boolean, guarantee: string): asserts holds {
  if (!holds) throw new Error(`does not hold: ${guarantee}`);
}
