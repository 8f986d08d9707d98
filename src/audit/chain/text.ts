/**
 * The text that D1 gives back as it was given: SQLite makes U+FFFD of half a surrogate pair, and its
 * functions end a text at NUL. If a column came back different from what was hashed, an honest row would
 * count as altered for ever.
 */
export const cleanText = (text: string): string => text.toWellFormed().replaceAll("\0", "\uFFFD");

/**
 * The same for every text in a JSON value, the names of its members too; of two names that become one the
 * first stays.
 */
export function clean(value: unknown): unknown {
  if (typeof value === "string") return cleanText(value);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(clean);
  const members = new Map<string, unknown>();
  for (const [name, member] of Object.entries(value)) {
    if (!members.has(cleanText(name))) members.set(cleanText(name), clean(member));
  }
  return Object.fromEntries(members);
}
