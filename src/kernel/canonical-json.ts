/**
 * The one JSON text of a value (RFC 8785): members in the order of their names, no spaces, so that equal
 * values hash equally.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  // Compared as UTF-16 code units, as section 3.2.3 asks; a locale would order them differently on another
  // machine.
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(",")}}`;
}
