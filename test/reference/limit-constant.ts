import { DAY_MS } from "../../src/kernel/clock.ts";

/** A numeric constant of a source file. */
export interface LimitConstant {
  readonly path: string;
  readonly name: string;
  readonly value: number;
}

const NUMBER = /^(?:\d[\d_]*|0x[\da-f_]+)$/;
const CONSTANT = /^(?:export )?const ([A-Z][A-Z0-9_]*)(?:: number)? = ([\w* ]+);/gm;

/** Constants that other files import, as far as limits are products of them. */
const IMPORTED: ReadonlyMap<string, number> = new Map([["DAY_MS", DAY_MS]]);

/** Constants that are a number, or a product of numbers and of constants above them. */
export function constantsOf(path: string, text: string): LimitConstant[] {
  const known = new Map<string, number>();
  for (const [, name = "", product = ""] of text.matchAll(CONSTANT)) {
    const factors = product
      .split("*")
      .map((part) => part.trim())
      .map((part) =>
        NUMBER.test(part) ? Number(part.replaceAll("_", "")) : (known.get(part) ?? IMPORTED.get(part)),
      );
    if (factors.every((factor) => factor !== undefined))
      known.set(
        name,
        factors.reduce((one, other) => one * other, 1),
      );
  }
  return Array.from(known, ([name, value]) => ({ path, name, value }));
}

/** A constant whose name says that it bounds something, or says how long something lasts. */
export const isLimit = ({ name }: LimitConstant): boolean =>
  /(^|_)(MAX|LIMIT|TTL|RETENTION|PER)(_|$)/.test(name);
