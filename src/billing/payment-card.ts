/** Digits with nothing between them but what people put between the groups of a card number. */
const RUN = /\p{Nd}(?:[\s.,:;/\\_\-–—]*\p{Nd})*/gu;
const LENGTHS = [13, 14, 15, 16, 17, 18, 19];

/** The check digit that every card number has (ISO/IEC 7812-1). */
function checks(digits: string): boolean {
  const sum = Array.from(digits, Number).reverse().reduce((total, digit, place) => {
    const value = place % 2 === 0 ? digit : digit * 2;
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** Does a text hold what looks like a card number, in whatever digits and groups it is written? */
export const holdsCardNumber = (text: string): boolean =>
  Array.from(text.normalize("NFKC").matchAll(RUN), ([run]) => run.replaceAll(/[^\p{Nd}]/gu, "")).some((digits) =>
    LENGTHS.some((length) => Array.from({ length: Math.max(0, [...digits].length - length + 1) }, (_, start) => [...digits].slice(start, start + length).join(""))
      .some((part) => !/^[0-9]+$/.test(part) || checks(part))));

/** Where a value holds one, as a JSON pointer; null when it holds none. */
export function cardNumberIn(value: unknown, pointer = ""): string | null {
  if (typeof value === "string" || typeof value === "number") return holdsCardNumber(String(value)) ? pointer : null;
  if (value === null || typeof value !== "object") return null;
  for (const [name, member] of Object.entries(value)) {
    const found = cardNumberIn(member, `${pointer}/${name}`);
    if (found !== null) return found;
  }
  return null;
}
