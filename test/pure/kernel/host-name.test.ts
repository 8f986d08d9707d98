import { describe, expect, test } from "vitest";
import { parseHostName } from "../../../src/kernel/text/host-name.ts";

describe("a domain", () => {
  test.each([
    ["shop.example.com", "shop.example.com"],
    ["SHOP.Example.COM", "shop.example.com"],
    ["example.com.", "example.com"],
    ["münchen.example", "xn--mnchen-3ya.example"],
    ["XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"],
    ["a.b", null],
    ["a.bc", "a.bc"],
    ["ｅｘａｍｐｌｅ.com", "example.com"],
    ["a-b.example.co", "a-b.example.co"],
    [`${"a".repeat(63)}.example.com`, `${"a".repeat(63)}.example.com`],
  ])("%s is %s", (text, host) => expect(parseHostName(text)).toBe(host));

  test.each([
    "",
    ".",
    "localhost",
    "-a.example.com",
    "a-.example.com",
    "a..example.com",
    "http://example.com",
    "example.com/x",
    "example.com:80",
    "user@example.com",
    "example.com?x",
    "example.com#x",
    "1.2.3.4",
    "0x7f.1",
    "1.2.3",
    "[::1]",
    "::1",
    "exam ple.com",
    "exam\tple.com",
    "example.com\n",
    "exam%70le.com",
    "a_b.example.com",
    "*.example.com",
    "example.123",
    `${"a".repeat(64)}.example.com`,
    `${"a.".repeat(126)}example`,
    "\u0000.example.com",
    "xn--.example.com",
    "example\\.com",
    "\ud800.example.com",
  ])("%j is none", (text) => expect(parseHostName(text)).toBe(null));
});
