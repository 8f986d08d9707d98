import ipaddr from "ipaddr.js";

/** An address or a block, parsed once and matched many times. */
export interface CidrBlock {
  readonly address: ipaddr.IPv4 | ipaddr.IPv6;
  readonly bits: number;
}

const IPV4 = /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/;
const IPV6 = /^[0-9a-f:]+(?:\d+\.\d+\.\d+\.\d+)?$/i;

/**
 * Strict: no leading zeros, no hex or short IPv4, no zone id. `::ffff:a.b.c.d` is its IPv4. Null when
 * unreadable.
 */
export function parseIp(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  if (IPV4.test(text)) return ipaddr.IPv4.isValid(text) ? ipaddr.IPv4.parse(text) : null;
  if (!IPV6.test(text) || !text.includes(":")) return null;
  const head = text.slice(0, text.lastIndexOf(":") + 1);
  const tail = text.slice(head.length);
  // `::a.b.c.d` was deprecated by RFC 4291 section 2.5.5.1, and is read as two different addresses.
  if (tail.includes(".") && (!IPV4.test(tail) || head === "::")) return null;
  if (!ipaddr.IPv6.isValid(text)) return null;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/**
 * The canonical text of an address; null when unreadable. Strict IPv4 is canonical as it stands, and is what
 * most callers have.
 */
export function canonicalIp(text: string): string | null {
  if (IPV4.test(text)) return text.split(".").every((octet) => Number(octet) <= 255) ? text : null;
  return parseIp(text)?.toString() ?? null;
}

/** An address alone is a block of one. Null when unreadable. */
export function parseBlock(text: string): CidrBlock | null {
  const [host = "", length, ...rest] = text.split("/");
  if (rest.length > 0) return null;
  const address = parseIp(host);
  if (address === null) return null;
  const width = address.kind() === "ipv4" ? 32 : 128;
  if (length === undefined) return { address, bits: width };
  if (!/^(?:0|[1-9]\d{0,2})$/.test(length)) return null;
  // A mapped rule counts its bits from the front of the IPv6 form, where 96 bits are the mark.
  const bits = Number(length) - (width === 32 && host.includes(":") ? 96 : 0);
  return bits < 0 || bits > width ? null : { address, bits };
}

/** RFC 5952 text of the block, host bits cleared. */
export function canonicalBlock(block: CidrBlock): string {
  const { address, bits } = block;
  const kind = address.kind() === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6;
  const network = kind.networkAddressFromCIDR(`${address.toString()}/${bits}`);
  return `${network.toString()}/${bits}`;
}

/** The first and the last address of a block, as numbers. */
function rangeOf({ address, bits }: CidrBlock): readonly [bigint, bigint] {
  const bytes = address.toByteArray();
  const size = 1n << BigInt(bytes.length * 8 - bits);
  const first = (bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) / size) * size;
  return [first, first + size - 1n];
}

const blocksOf = (...texts: readonly string[]): CidrBlock[] =>
  texts.flatMap((text) => parseBlock(text) ?? []);

/**
 * Blocks from which no caller comes: special-purpose blocks (RFC 6890), and of IPv6 all but global unicast.
 */
const NOT_PUBLIC = {
  ipv4: blocksOf(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
  ),
  ipv6: blocksOf("::/3", "4000::/2", "8000::/1", "2001:db8::/32"),
} as const;

/** Do these blocks together hold every public address of the kind? However it is split. */
export function coversPublic(blocks: readonly CidrBlock[], kind: "ipv4" | "ipv6"): boolean {
  const held = [...NOT_PUBLIC[kind], ...blocks.filter(({ address }) => address.kind() === kind)]
    .map(rangeOf)
    .sort(([one], [two]) => (one < two ? -1 : Number(one > two)));
  let next = 0n;
  for (const [first, last] of held) {
    if (first > next) return false;
    if (last >= next) next = last + 1n;
  }
  return next === 1n << (kind === "ipv4" ? 32n : 128n);
}

export const containsIp = (block: CidrBlock, address: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
  block.address.kind() === address.kind() && address.match(block.address as never, block.bits);
