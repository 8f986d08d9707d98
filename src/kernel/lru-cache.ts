/**
 * A bounded cache in the isolate's memory: the least recently used entry goes first. It holds values, never
 * promises. It decides nothing: a grant set counts only while its stamp holds.
 */
export class LruCache<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #maxWeight: number;
  readonly #weigh: (value: Value) => number;
  #weight = 0;

  /** @param size what all values may weigh together; @param weigh what one weighs, 1 by default */
  constructor(size: number, weigh: (value: Value) => number = () => 1) {
    this.#maxWeight = size;
    this.#weigh = weigh;
  }

  get(key: string): Value | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  set(key: string, value: Value): void {
    this.delete(key);
    this.#entries.set(key, value);
    this.#weight += this.#weigh(value);
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#maxWeight) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#weight -= this.#weigh(value);
  }
}
