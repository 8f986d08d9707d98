import { BlockList, isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type CidrBlock,
  canonicalBlock,
  containsIp,
  coversPublic,
  parseIp,
  parseBlock,
} from "../../../src/kernel/cidr.ts";

const block = (text: string): CidrBlock => parseBlock(text) ?? expect.fail(`${text} is unreadable`);

describe("an address rule in its canonical form (RFC 5952), host bits cleared", () => {
  const FORMS: ReadonlyArray<readonly [written: string, canonical: string]> = [
    ["192.0.2.7", "192.0.2.7/32"],
    ["192.0.2.7/24", "192.0.2.0/24"],
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["172.31.255.255/12", "172.16.0.0/12"],
    ["255.255.255.255/31", "255.255.255.254/31"],
    ["1.2.3.4/0", "0.0.0.0/0"],
    ["0.0.0.0", "0.0.0.0/32"],
    ["2001:DB8::1", "2001:db8::1/128"],
    ["2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1/128"],
    ["2001:db8:ffff::1/33", "2001:db8:8000::/33"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0/128"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8/128"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3/128"],
    ["1:0:0:2:3:0:0:4", "1::2:3:0:0:4/128"],
    ["0:0:1:0:0:0:1:0", "0:0:1::1:0/128"],
    ["1:2:3:4:5:6:192.0.2.7", "1:2:3:4:5:6:c000:207/128"],
    ["64:ff9b::192.0.2.7", "64:ff9b::c000:207/128"],
    ["::", "::/128"],
    ["fe80::1/0", "::/0"],
    // A mapped IPv4 address is its IPv4, and its bits are counted from the front of the IPv6 form.
    ["::ffff:192.0.2.7", "192.0.2.7/32"],
    ["::FFFF:c000:207", "192.0.2.7/32"],
    ["0:0:0:0:0:ffff:192.0.2.7", "192.0.2.7/32"],
    ["::ffff:192.0.2.7/128", "192.0.2.7/32"],
    ["::ffff:10.1.2.3/104", "10.0.0.0/8"],
    ["::ffff:0:0/96", "0.0.0.0/0"],
  ];
  test.each(FORMS)("%s is %s", (written, form) => {
    expect(canonicalBlock(block(written))).toBe(form);
    expect(canonicalBlock(block(form))).toBe(form);
  });
});

describe("an address rule that is refused", () => {
  const UNREADABLE = [
    "",
    " ",
    "/",
    "/8",
    "any",
    "*",
    "localhost",
    "[::1]",
    "192.0.2.7:80",
    "192.0.2.7 ",
    " 192.0.2.7",
    "192.0.2.7\n",
    "192.0.2.7\u0000",
    // Short forms, other bases, leading zeros: others read them as another address.
    "1",
    "127.1",
    "192.0.2",
    "192.0.2.7.1",
    "0x7f.0.0.1",
    "0x7f000001",
    "2130706433",
    "010.0.0.1",
    "192.0.02.7",
    "00.0.0.0",
    "256.0.0.1",
    "1e1.0.0.1",
    "-1.0.0.1",
    "١.٢.٣.٤",
    "192.0.2.7/",
    "192.0.2.7/33",
    "192.0.2.7/-1",
    "192.0.2.7/+8",
    "192.0.2.7/08",
    "192.0.2.7/8.0",
    "192.0.2.7/1e1",
    "192.0.2.7/ 8",
    "192.0.2.7/8/8",
    "192.0.2.7/255.255.255.0",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "12345::",
    "::00001",
    "::g",
    "dead:beef",
    "::/129",
    "2001:db8::/032",
    "fe80::1%eth0",
    "fe80::1%25eth0",
    "fe80::1%eth0/64",
    "fe80::%1/10",
    "::ffff:192.0.2.256",
    "::ffff:192.0.02.7",
    "::ffff:0x1.0.0.1",
    "::ffff:1.2.3",
    "::ffff:192.0.2.7/95",
    "::ffff:192.0.2.7/129",
    "1:2:3:4:5:6:7:192.0.2.7",
    "f:1.2.3.4",
    "::1.2.3.4.5",
    // Deprecated, and read as an IPv4 by some and as ::c000:207 by others.
    "::192.0.2.7",
    "::192.0.2.7/120",
  ];
  test.each(UNREADABLE)("%j", (text) => expect(parseBlock(text)).toBeNull());
  test("a block is no address", () =>
    expect([parseIp("192.0.2.0/24"), parseIp("::/0")]).toEqual([null, null]));
});

const ipv4 = fc.ipV4();
const ipv6 = fc.ipV6();
const rule = fc.oneof(
  fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })).map(([host, bits]) => `${host}/${bits}`),
  fc.tuple(ipv6, fc.integer({ min: 0, max: 128 })).map(([host, bits]) => `${host}/${bits}`),
  fc.tuple(ipv4, fc.integer({ min: 96, max: 128 })).map(([host, bits]) => `::ffff:${host}/${bits}`),
  ipv4,
  ipv6,
  ipv4.map((host) => `::ffff:${host}`),
);
const runs = { numRuns: 2_000 };

/** What Node's own list, which shares no code with ours, says of the same question. */
function nodeSays(network: string, address: string): boolean {
  const [host = "", bits] = network.split("/");
  const list = new BlockList();
  list.addSubnet(host, Number(bits), isIPv4(host) ? "ipv4" : "ipv6");
  return isIPv4(host) === isIPv4(address) && list.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

describe("properties of address rules", () => {
  test("what is read is an address to Node too, for all texts", () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."0123456789abcf:./%") }));
    fc.assert(
      fc.property(text, (value) => parseIp(value) === null || isIPv4(value) || isIPv6(value)),
      runs,
    );
  });

  test("an IPv4 or IPv6 address as a machine writes it is read", () => {
    fc.assert(
      fc.property(ipv4, (value) => canonicalBlock(block(value)) === `${value}/32`),
      runs,
    );
    const usual = ipv6.filter((value) => !/^::\d+\.\d+\.\d+\.\d+$/.test(value));
    fc.assert(
      fc.property(usual, (value) => parseIp(value) !== null),
      runs,
    );
  });

  test("the canonical form is stable and holds the very same addresses", () => {
    fc.assert(
      fc.property(rule, fc.oneof(ipv4, ipv6), (written, address) => {
        const [once, client] = [parseBlock(written), parseIp(address)];
        if (once === null || client === null) return true;
        const twice = block(canonicalBlock(once));
        return (
          canonicalBlock(twice) === canonicalBlock(once) &&
          containsIp(once, client) === containsIp(twice, client)
        );
      }),
      runs,
    );
  });

  test("containing agrees with Node, near the edges of the block too", () => {
    const bits = fc.integer({ min: 0, max: 32 });
    fc.assert(
      fc.property(ipv4, bits, fc.integer({ min: 0, max: 31 }), (host, length, flip) => {
        const network = canonicalBlock(block(`${host}/${length}`));
        const near = flipped(host, flip);
        return [host, near].every(
          (address) =>
            containsIp(block(network), parseIp(address) ?? expect.fail()) === nodeSays(network, address),
        );
      }),
      runs,
    );
    fc.assert(
      fc.property(ipv6, ipv6, fc.integer({ min: 0, max: 128 }), (host, other, length) => {
        const written = parseBlock(`${host}/${length}`);
        if (written === null || parseIp(other) === null || canonicalBlock(written).includes(".")) return true;
        return [host, other].every(
          (address) =>
            containsIp(written, parseIp(address) ?? expect.fail()) ===
            nodeSays(canonicalBlock(written), address),
        );
      }),
      runs,
    );
  });

  test("a rule of one family holds no address of the other", () => {
    expect(containsIp(block("::/0"), parseIp("192.0.2.7") ?? expect.fail())).toBe(false);
    expect(containsIp(block("0.0.0.0/0"), parseIp("2001:db8::1") ?? expect.fail())).toBe(false);
    expect(containsIp(block("0.0.0.0/0"), parseIp("::ffff:192.0.2.7") ?? expect.fail())).toBe(true);
  });
});

/** The same IPv4 address with one bit turned. */
function flipped(host: string, bit: number): string {
  const octets = host.split(".").map(Number);
  const index = bit >> 3;
  return octets.map((octet, at) => (at === index ? octet ^ (1 << (bit & 7)) : octet)).join(".");
}

describe("K7 rules that together let in every public address", () => {
  const covers = (...rules: readonly string[]) =>
    (["ipv4", "ipv6"] as const).map((kind) => coversPublic(rules.map(block), kind));

  test.each([
    [["0.0.0.0/0"], [true, false]],
    [
      ["0.0.0.0/1", "128.0.0.0/1"],
      [true, false],
    ],
    [
      ["128.0.0.0/2", "0.0.0.0/1", "192.0.0.0/2"],
      [true, false],
    ],
    [["::/0"], [false, true]],
    [
      ["::/1", "8000::/1"],
      [false, true],
    ],
    [["2000::/3"], [false, true]],
    [
      ["2000::/4", "3000::/4"],
      [false, true],
    ],
    // The gaps are addresses of no list.
    [
      ["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3"],
      [true, false],
    ],
    [["::ffff:0:0/96"], [true, false]],
    [["0.0.0.0/1"], [false, false]],
    [["128.0.0.0/1"], [false, false]],
    [["2000::/4"], [false, false]],
    [
      ["10.0.0.0/8", "192.168.0.0/16"],
      [false, false],
    ],
    [
      ["0.0.0.0/1", "128.0.0.0/1", "2000::/3"],
      [true, true],
    ],
    [[], [false, false]],
  ] as const)("K7 %j: %j", (rules, expected) => {
    expect(covers(...rules)).toEqual(expected);
  });

  test("K7 however the whole is split, and not when a public part is left out", () => {
    /** Halves one of the blocks, the given number of times. */
    const split = (cuts: readonly number[]) =>
      cuts.reduce<(readonly [number, number])[]>(
        (parts, cut) => {
          const index = cut % parts.length;
          const [first, bits] = parts[index] as readonly [number, number];
          return bits === 24
            ? parts
            : [...parts.toSpliced(index, 1), [first, bits + 1], [first + 2 ** (31 - bits), bits + 1]];
        },
        [[0, 0]],
      );
    const text = ([first, bits]: readonly [number, number]) =>
      `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".")}/${bits}`;
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 48 }), fc.nat(), (cuts, out) => {
        const parts = split(cuts).map(text);
        const left = parts.toSpliced(out % parts.length, 1);
        const isPublic = (rule: string | undefined) =>
          rule !== undefined && containsIp(block(rule), parseIp("8.8.8.8") as never);
        return (
          coversPublic(parts.map(block), "ipv4") &&
          !(isPublic(parts[out % parts.length]) && coversPublic(left.map(block), "ipv4"))
        );
      }),
      runs,
    );
  });
});
