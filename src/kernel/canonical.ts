/**
 * The one JSON text of a value (RFC 8785): members in the order of their names, no spaces, so that equal
 * values hash equally.
 */
export function canonical(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // Compared as UTF-16 code units, as section 3.2.3 asks; a locale would order them differently on another
  // machine.
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
}
