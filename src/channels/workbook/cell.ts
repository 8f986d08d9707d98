/** Characters that a cell may hold, in UTF-16 units. */
export const CELL_MAX = 32_767;

/** Everything that XML 1.0 section 2.2 leaves out: control characters, lone surrogates, U+FFFE and U+FFFF. */
const NOT_IN_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** Spreadsheets read `_x0041_` in a text as the letter A (ECMA-376 part 1, section 22.9.2.19). */
const LOOKS_ESCAPED = /_(?=x[0-9A-Fa-f]{4}_)/g;

/**
 * A text that becomes a formula when a person edits it, or when the sheet is saved as CSV; full-width forms
 * count in East Asian versions.
 */
const LOOKS_LIKE_FORMULA = /^[=+\-@\t\r\n＝＋－＠]/u;

/** The places of styles in `STYLES`. */
export const STYLE = {
  heading: 1,
  text: 2,
  quoted: 3,
  blocked: 4,
  blockedQuoted: 5,
  time: 6,
  blockedTime: 7,
  number: 8,
  blockedNumber: 9,
} as const;

/**
 * What a cell shows of a text: what XML cannot hold becomes U+FFFD, and what is too long ends in an ellipsis.
 */
export function cellText(text: string): string {
  const clean = text.replace(NOT_IN_XML, "\uFFFD");
  if (clean.length <= CELL_MAX) return clean;
  // No half of a pair stays at the end.
  return `${clean.slice(0, CELL_MAX - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\r": "&#13;",
};

/** Text as XML holds it; a bare carriage return would come back as a line feed. */
export const escapeXml = (text: string): string =>
  text.replace(/[&<>"\r]/g, (char) => ENTITIES[char] ?? char);

/** The letter of a column, counted from 0. A sheet here has at most 26. */
export const columnLetter = (column: number): string => String.fromCharCode(65 + column);

/** A text; a time in milliseconds since the epoch; a number; null for an empty cell. */
export type Cell = string | null | { readonly at: number } | { readonly number: number };

/** A row, and whether it is marked in orange. */
export interface Row {
  readonly cells: readonly Cell[];
  readonly isHighlighted?: boolean;
}

/** A row, never with formulas. @param number counted from 1 */
export function rowXml({ cells, isHighlighted = false }: Row, number: number): string {
  const inside = cells.map((cell, column) =>
    cellXml(cell, `${columnLetter(column)}${number}`, isHighlighted),
  );
  return `<row r="${number}">${inside.join("")}</row>`;
}

export function headingXml(headings: readonly string[]): string {
  const cells = headings.map((text, column) =>
    inlineCellXml(text, `${columnLetter(column)}1`, STYLE.heading),
  );
  return `<row r="1">${cells.join("")}</row>`;
}

/** Spreadsheets count days from the end of 1899. The clocks of a sheet have no zone: they show UTC. */
const serialDateOf = (at: number): number => at / 86_400_000 + 25_569;

function cellXml(text: Cell, at: string, blocked: boolean): string {
  if (typeof text === "object" && text !== null) {
    const [value, plain, marked] =
      "at" in text
        ? [serialDateOf(text.at), STYLE.time, STYLE.blockedTime]
        : [text.number, STYLE.number, STYLE.blockedNumber];
    return `<c r="${at}" s="${blocked ? marked : plain}"><v>${value}</v></c>`;
  }
  // An empty cell of a marked row is coloured too.
  if (text === null || text === "") return blocked ? `<c r="${at}" s="${STYLE.blocked}"/>` : "";
  const quoted = LOOKS_LIKE_FORMULA.test(text);
  const style = blocked ? (quoted ? STYLE.blockedQuoted : STYLE.blocked) : quoted ? STYLE.quoted : STYLE.text;
  return inlineCellXml(text, at, style);
}

const inlineCellXml = (text: string, at: string, style: number): string =>
  `<c r="${at}" s="${style}" t="inlineStr"><is><t xml:space="preserve">` +
  `${escapeXml(cellText(text).replace(LOOKS_ESCAPED, "_x005F_"))}</t></is></c>`;
