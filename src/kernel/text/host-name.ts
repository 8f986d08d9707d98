/**
 * Labels of letters, digits and hyphens, at least two, the last of them no number: an address is no domain.
 */
const HOST =
  /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$/;

/**
 * A domain in the one form that it is compared in: lower case, ASCII (IDNA), without the dot at its end.
 * Null: no domain.
 */
export function parseHostName(text: string): string | null {
  // What would begin another part of a URL is no part of a name, and URL would drop some of it silently.
  if (/[\s/\\?#@:%[\]]/.test(text)) return null;
  const url = URL.parse(`http://${text.replace(/\.$/, "")}`);
  return url !== null && HOST.test(url.hostname) ? url.hostname : null;
}
