import ipaddr from "ipaddr.js";

/** An address or a block, parsed once and matched many times. */
export interface Block {
  readonly address: ipaddr.IPv4 | ipaddr.IPv6;
  readonly bits: number;
}

const IPV4 = /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/;
const IPV6 = /^[0-9a-f:]+(?:\d+\.\d+\.\d+\.\d+)?$/i;

/** Strict: no leading zeros, no hex or short IPv4, no zone id. `::ffff:a.b.c.d` is its IPv4. Null when unreadable. */
export function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
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

/** The canonical text of an address; null when unreadable. Strict IPv4 is canonical as it stands, and is what most callers have. */
export function canonicalAddress(text: string): string | null {
  if (IPV4.test(text)) return text.split(".").every((octet) => Number(octet) <= 255) ? text : null;
  return parseAddress(text)?.toString() ?? null;
}

/** An address alone is a block of one. Null when unreadable. */
export function parseBlock(text: string): Block | null {
  const [host = "", length, ...rest] = text.split("/");
  if (rest.length > 0) return null;
  const address = parseAddress(host);
  if (address === null) return null;
  const width = address.kind() === "ipv4" ? 32 : 128;
  if (length === undefined) return { address, bits: width };
  if (!/^(?:0|[1-9]\d{0,2})$/.test(length)) return null;
  // A mapped rule counts its bits from the front of the IPv6 form, where 96 bits are the mark.
  const bits = Number(length) - (width === 32 && host.includes(":") ? 96 : 0);
  return bits < 0 || bits > width ? null : { address, bits };
}

/** RFC 5952 text of the block, host bits cleared. */
export function canonical(block: Block): string {
  const { address, bits } = block;
  const kind = address.kind() === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6;
  const network = kind.networkAddressFromCIDR(`${address.toString()}/${bits}`);
  return `${network.toString()}/${bits}`;
}

export const isAny = (block: Block): boolean => block.bits === 0;

export const contains = (block: Block, address: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
  block.address.kind() === address.kind() && address.match(block.address as never, block.bits);
