/**
 * The text that D1 gives back as it was given: SQLite makes U+FFFD of half a surrogate pair, and its
 * functions end a text at NUL. If a column came back different from what was hashed, an honest row would
 * count as altered for ever.
 */
export const toStorableText = (text: string): string => text.toWellFormed().replaceAll("\0", "\uFFFD");

/**
 * The same for every text in a JSON value, the names of its members too; of two names that become one the
 * first stays.
 */
export function toStorableJson(value: unknown): unknown {
  if (typeof value === "string") return toStorableText(value);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(toStorableJson);
  const fields = new Map<string, unknown>();
  for (const [name, field] of Object.entries(value)) {
    if (!fields.has(toStorableText(name))) fields.set(toStorableText(name), toStorableJson(field));
  }
  return Object.fromEntries(fields);
}
