/** How the numbers of the card brands begin, and how many digits they have. */
const ISSUERS: ReadonlyArray<readonly [beginning: RegExp, lengths: readonly number[]]> = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^(?:30[0-5]|3[68])/, [14]],
  [/^(?:6011|65|64[4-9]|35|62|220[0-4])/, [16, 17, 18, 19]],
];
const DIGITS_MAX = 19;

/** What a digit of any script counts: Unicode has the ten of a script in a row. */
function digitValue(digit: string): number {
  const code = digit.codePointAt(0) ?? 0;
  let zero = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return (code - zero) % 10;
}

/** The check digit that every card number has (ISO/IEC 7812-1). */
function hasValidCheckDigit(digits: string): boolean {
  const sum = Array.from(digits, Number)
    .reverse()
    .reduce((total, digit, index) => {
      const value = index % 2 === 0 ? digit : digit * 2;
      return total + (value > 9 ? value - 9 : value);
    }, 0);
  return sum % 10 === 0;
}

/** Whether digits begin with the number of a card. */
const startsWithCardNumber = (digits: string): boolean =>
  ISSUERS.some(
    ([beginning, lengths]) =>
      beginning.test(digits) &&
      lengths.some((length) => digits.length >= length && hasValidCheckDigit(digits.slice(0, length))),
  );

/**
 * Does a text hold what looks like a card number, in the digits of any script? Only mails end a number: any
 * other character between digits may be how they were grouped.
 */
export const hasCardNumber = (text: string): boolean =>
  text
    .normalize("NFKC")
    .split(/\p{L}+/u)
    .map((part) => Array.from(part.replaceAll(/\P{Nd}+/gu, ""), digitValue).join(""))
    .some((digits) =>
      Array.from(digits).some((_, start) => startsWithCardNumber(digits.slice(start, start + DIGITS_MAX))),
    );

/** Where a value holds one, as a JSON pointer; null when it holds none. */
export function findCardNumber(value: unknown, pointer = ""): string | null {
  if (typeof value === "string" || typeof value === "number")
    return hasCardNumber(String(value)) ? pointer : null;
  if (value === null || typeof value !== "object") return null;
  for (const [name, field] of Object.entries(value)) {
    const found = findCardNumber(field, `${pointer}/${name}`);
    if (found !== null) return found;
  }
  return null;
}
