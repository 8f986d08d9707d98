import { crc32 } from "../../kernel/deflate.ts";
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET = /^tgk_[0-9A-Za-z]{43}[0-9A-Za-z]{6}$/;

/** What a scanner of source code looks for. */
export const API_KEY_PREFIX = "tgk_";

/**
 * A new secret: `tgk_`, 43 base62 characters for 256 random bits, 6 for their CRC-32. The checksum lets a
 * scanner, and the gate, tell a mistyped key from a real one without the database.
 * @param random 32 random bytes
 */
export function mintKey(random: Uint8Array): string {
  const digits = base62(
    random.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
    43,
  );
  return `${API_KEY_PREFIX}${digits}${checksum(digits)}`;
}

export const isApiKey = (text: string): boolean =>
  SECRET.test(text) && checksum(text.slice(4, 47)) === text.slice(47);

/** What may be shown of a key afterwards. */
export const keyHints = (secret: string) => ({ prefix: secret.slice(0, 8), last4: secret.slice(-4) });

const checksum = (digits: string): string => base62(BigInt(crc32(new TextEncoder().encode(digits), 0)), 6);

function base62(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest /= 62n)
    text = (ALPHABET[Number(rest % 62n)] ?? "") + text;
  return text;
}
