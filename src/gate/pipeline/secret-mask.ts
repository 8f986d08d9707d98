/**
 * A text that looks like a secret of this gate: an API key, whole or in part; the secret of a client or a
 * hook; a JWT; and any run as long as a one-time token. Ids are shorter. A run does not begin inside a
 * percent-encoded character.
 */
const SECRET =
  /tg[kt]_[0-9A-Za-z]{5,}|whsec_[\w+/=-]{5,}|eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?|(?<!%[0-9a-f]?)[\w-]{43,}/gi;

/** A text that is percent-encoded up to this many times over is still read. */
const ROUNDS = 4;

/** A caller's text as logs may keep it. Secrets that were written in a wrong place are removed. */
export function maskSecrets(text: string): string {
  let plain = text;
  for (let round = 0; round < ROUNDS; round += 1) {
    const masked = plain.replace(SECRET, "…");
    if (masked !== plain) return masked;
    plain = decodeOnce(plain);
  }
  return text;
}

const decodeOnce = (text: string): string =>
  text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
