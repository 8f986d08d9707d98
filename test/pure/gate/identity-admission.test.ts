import { BlockList, isIPv4 } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ADDRESS_RULES_MAX,
  admitsAddress,
  clientAddress,
  compileAddressRules,
  normalizeRules,
} from "../../../src/gate/credentials/address-rule.ts";
import { type AccountKind, presetWithSwitches } from "../../../src/access/model.ts";
import { type AdmissionRefusal, checkAdmission } from "../../../src/gate/principals/admission.ts";
import { DEFAULT_SETTINGS } from "../../../src/gate/principals/settings.ts";
import { LruCache } from "../../../src/kernel/lru-cache.ts";
import {
  type CallCredential,
  type KeyRestriction,
  UNRESTRICTED,
  widerThan,
} from "../../../src/gate/credentials/key-restriction.ts";
import type { Principal } from "../../../src/gate/principals/principal.ts";

describe("the address of a caller is what the platform says", () => {
  const ADDRESSES: ReadonlyArray<readonly [headers: Record<string, string>, address: string | null]> = [
    [{ "cf-connecting-ip": "192.0.2.7" }, "192.0.2.7"],
    [{ "cf-connecting-ip": "2001:DB8:0::1" }, "2001:db8::1"],
    [{ "cf-connecting-ip": "::ffff:192.0.2.7" }, "192.0.2.7"],
    [{}, null],
    [{ "cf-connecting-ip": "" }, null],
    [{ "cf-connecting-ip": "unknown" }, null],
    [{ "cf-connecting-ip": "192.0.2.7, 198.51.100.7" }, null],
    [{ "cf-connecting-ip": "192.0.2.07" }, null],
    [{ "cf-connecting-ip": "fe80::1%eth0" }, null],
    [{ "cf-connecting-ip": "192.0.2.0/24" }, null],
    [
      {
        "x-forwarded-for": "192.0.2.7",
        forwarded: "for=192.0.2.7",
        "x-real-ip": "192.0.2.7",
        "true-client-ip": "192.0.2.7",
        "x-client-ip": "192.0.2.7",
        "cf-connecting-ipv6": "2001:db8::1",
      },
      null,
    ],
  ];
  test.each(ADDRESSES)("%j is %j", (headers, address) =>
    expect(clientAddress(new Headers(headers))).toBe(address),
  );
});

/** Lists as they are stored, on account, member and key. */
const admits = (lists: readonly unknown[], ip: string | null) =>
  admitsAddress(lists.map(compileAddressRules), ip);

describe("S4.11 address rules", () => {
  const HOME = ["192.0.2.0/24", "2001:db8::/32"];
  const CASES: ReadonlyArray<
    readonly [title: string, lists: readonly unknown[], ip: string | null, admitted: boolean]
  > = [
    ["no list at all", [], "192.0.2.7", true],
    ["empty lists let in any address", [[], [], []], "192.0.2.7", true],
    ["empty lists let in an unknown address", [[], [], []], null, true],
    ["any rule of a list is enough", [HOME, [], []], "192.0.2.7", true],
    ["any rule of a list is enough, for IPv6", [HOME, [], []], "2001:db8:1::7", true],
    ["a mapped address is its IPv4", [HOME, [], []], "::ffff:192.0.2.7", true],
    ["none of the rules", [HOME, [], []], "198.51.100.7", false],
    ["none of the rules, for IPv6", [HOME, [], []], "2001:db9::7", false],
    ["only rules of the other family", [["192.0.2.0/24"], [], []], "2001:db8::7", false],
    ["every address of one family is none of the other", [["0.0.0.0/0"], [], []], "2001:db8::7", false],
    ["an unknown address and a list", [HOME, [], []], null, false],
    ["an unknown address and a list that lets in any", [["0.0.0.0/0", "::/0"], [], []], null, false],
    ["an address that cannot be read", [HOME, [], []], "192.0.2.07", false],
    ["all three lists let it in", [HOME, ["192.0.2.0/28"], ["192.0.2.7/32"]], "192.0.2.7", true],
    ["the account's does not", [["198.51.100.0/24"], HOME, HOME], "192.0.2.7", false],
    ["the member's does not", [HOME, ["198.51.100.0/24"], HOME], "192.0.2.7", false],
    ["the key's does not", [HOME, HOME, ["198.51.100.0/24"]], "192.0.2.7", false],
    [
      "a rule that cannot be read closes the list, beside a good one too",
      [[...HOME, "192.0.2"], [], []],
      "192.0.2.7",
      false,
    ],
    ["a rule that cannot be read closes for an unknown address too", [["garbage"], [], []], null, false],
    ["a list that is no list", ["192.0.2.7", [], []], "192.0.2.7", false],
    ["a list that is missing", [null, [], []], "192.0.2.7", false],
    ["a rule that is no text", [[7], [], []], "192.0.2.7", false],
    ["a rule inside a rule", [[["192.0.2.7"]], [], []], "192.0.2.7", false],
  ];
  test.each(CASES)("%s", (_, lists, ip, admitted) => expect(admits(lists, ip)).toBe(admitted));

  test("lists agree with Node's own, for all rules and addresses", () => {
    // Few networks, so that rules and addresses meet.
    const host = fc.oneof(
      fc
        .tuple(fc.constantFrom(0, 1, 127, 128), fc.constantFrom(0, 1, 255))
        .map(([a, b]) => `192.0.${a}.${b}`),
      fc
        .tuple(fc.constantFrom("0", "1", "8000"), fc.constantFrom("0", "1", "ffff"))
        .map(([a, b]) => `2001:db8:${a}::${b}`),
    );
    const rule = fc
      .tuple(host, fc.constantFrom(0, 1, 8))
      .map(
        ([address, less]) => `${address}/${(isIPv4(address) ? 32 : 128) - less * (isIPv4(address) ? 1 : 10)}`,
      );
    const lists = fc.array(fc.array(rule, { maxLength: 3 }), { maxLength: 3 });
    fc.assert(
      fc.property(
        lists,
        host,
        (stored, ip) =>
          admits(stored, ip) === stored.every((rules) => rules.length === 0 || nodeAdmits(rules, ip)),
      ),
      { numRuns: 3_000 },
    );
  });

  test("rules are kept in canonical form and without doubles, in the order in which they came", () => {
    const sent = [
      "2001:DB8::/32",
      "192.0.2.7",
      "192.0.2.7/32",
      "::ffff:192.0.2.7",
      "2001:db8:0::/32",
      "10.9.9.9/8",
    ];
    expect(normalizeRules(sent, false)).toEqual({ rules: ["2001:db8::/32", "192.0.2.7/32", "10.0.0.0/8"] });
    expect(normalizeRules([], false)).toEqual({ rules: [] });
    expect(ADDRESS_RULES_MAX).toBe(50);
  });
  test.each(["0.0.0.0/0", "::/0", "1.2.3.4/0", "2001:db8::/0", "::ffff:0:0/96", "::ffff:1.2.3.4/96"])(
    "%s admits every address, and is kept only when that is meant",
    (rule) => {
      expect(normalizeRules(["192.0.2.7", rule], false)).toMatchObject({ fault: { index: 1 } });
      expect(normalizeRules([rule], true)).toMatchObject({ rules: [expect.stringMatching(/\/0$/)] });
    },
  );
  test("the first rule that cannot be read is named", () => {
    expect(normalizeRules(["192.0.2.7", "010.0.0.1", "x"], true)).toMatchObject({ fault: { index: 1 } });
  });
});

function nodeAdmits(rules: readonly string[], ip: string): boolean {
  const family = isIPv4(ip) ? "ipv4" : "ipv6";
  const list = new BlockList();
  for (const [network = "", bits] of rules.map((rule) => rule.split("/")))
    if (isIPv4(network) === isIPv4(ip)) list.addSubnet(network, Number(bits), family);
  return list.check(ip, family);
}

const NOW = 1_800_000_000_000;
const HERE = "192.0.2.7";

const EMPTY: Principal["grantSet"] = {
  memberId: "mem_1",
  extents: new Map(),
  groups: null,
  groupedTypes: new Set(),
};

const SESSION: CallCredential = { kind: "session", id: "ses_1", expiresAt: NOW + 1, endedAt: null };

interface Facts {
  readonly kind?: AccountKind;
  readonly status?: Principal["member"]["status"];
  readonly roles?: readonly string[];
  readonly restrictedAccounts?: boolean;
  readonly key?: { readonly revokedAt?: number | null; readonly expiresAt?: number | null };
  readonly credential?: CallCredential;
  readonly rules?: readonly unknown[];
  readonly restored?: boolean;
}

function principal({
  kind = "vendor",
  status = "active",
  roles = ["owner"],
  restrictedAccounts = true,
  key: { revokedAt = null, expiresAt = null } = {},
  credential,
  rules = [],
  restored = false,
}: Facts): Principal {
  const plan = { restrictedAccounts, memberLimit: null, contactUrl: null };
  const home = {
    accountId: "acc_1",
    name: "A",
    kind,
    preset: presetWithSwitches(kind, DEFAULT_SETTINGS),
    plan,
    settings: DEFAULT_SETTINGS,
    switches: DEFAULT_SETTINGS,
  };
  return {
    stamp: {
      memberId: "mem_1",
      memberVersion: 1,
      accountId: "acc_1",
      accountVersion: 1,
      targetId: null,
      targetVersion: 0,
    },
    memberId: "mem_1",
    userId: null,
    accountId: "acc_1",
    targetAccount: {
      kind,
      name: "A",
      parentId: null,
      plan,
      subscription: { status: "none", tier: null, currentPeriodEnd: null },
      ownerMemberId: "mem_1",
      settings: DEFAULT_SETTINGS,
    },
    preset: home.preset,
    switches: home.switches,
    ownAccount: home,
    targetNotFound: false,
    platformId: null,
    isRestored: restored,
    types: new Map(),
    member: {
      status,
      username: "u",
      email: "u@example.com",
      language: null,
      roles,
      creditLimit: null,
      limitPeriod: "lifetime",
    },
    credential: credential ?? {
      kind: "key",
      id: "key_1",
      sentAs: "key",
      restriction: { ...UNRESTRICTED, expiresAt },
      revokedAt,
    },
    addressRules: rules.map(compileAddressRules),
    grantSet: EMPTY,
    unrestrictedGrantSet: EMPTY,
    actor: {
      type: "member",
      memberId: "mem_1",
      accountId: "acc_1",
      login: "u",
      email: "u@example.com",
      apiKeyId: "key_1",
    },
  };
}

describe("admission: the first fault decides, in the order of the rows", () => {
  const elsewhere = { rules: [["198.51.100.0/24"]] };
  const lapsed = { roles: ["operator"], restrictedAccounts: false };
  const dead = { key: { revokedAt: NOW - 1, expiresAt: NOW - 1 } };
  const ROWS: ReadonlyArray<readonly [title: string, facts: Facts, refused: AdmissionRefusal | null]> = [
    [
      "K9 an older copy of the database, whose blocks may be undone",
      { restored: true, status: "blocked", ...dead, ...elsewhere, ...lapsed },
      "state/restored",
    ],
    [
      "K9 a member of the platform, who has to accept such a copy",
      { kind: "platform", restored: true },
      null,
    ],
    ["S2.21: a blocked member", { status: "blocked", ...dead, ...elsewhere, ...lapsed }, "auth/blocked"],
    [
      "a member who has never come in",
      { status: "new", ...dead, ...elsewhere, ...lapsed },
      "auth/invalid-credential",
    ],
    [
      "a member in an unknown status",
      { status: "" as never, ...elsewhere, ...lapsed },
      "auth/invalid-credential",
    ],
    [
      "S1.41: a revoked key",
      { key: { revokedAt: NOW - 1 }, ...elsewhere, ...lapsed },
      "auth/invalid-credential",
    ],
    [
      "a key that is revoked from later on",
      { key: { revokedAt: NOW + 1_000 }, ...elsewhere, ...lapsed },
      "auth/invalid-credential",
    ],
    ["an expired key", { key: { expiresAt: NOW - 1 }, ...elsewhere, ...lapsed }, "auth/invalid-credential"],
    [
      "a key in the very millisecond of its end",
      { key: { expiresAt: NOW }, ...elsewhere, ...lapsed },
      "auth/invalid-credential",
    ],
    [
      "an ended session",
      {
        credential: { kind: "session", id: "ses_1", expiresAt: NOW + 1, endedAt: NOW - 1 },
        ...elsewhere,
        ...lapsed,
      },
      "auth/invalid-credential",
    ],
    [
      "an expired session",
      {
        credential: { kind: "session", id: "ses_1", expiresAt: NOW, endedAt: null },
        ...elsewhere,
        ...lapsed,
      },
      "auth/invalid-credential",
    ],
    ["S4.11: another address", { key: { expiresAt: NOW + 1 }, ...elsewhere, ...lapsed }, "ip/not-allowed"],
    ["a rule that cannot be read", { rules: [["garbage"]], ...lapsed }, "ip/not-allowed"],
    ["S0.1: an operator, without the plan that has them", lapsed, "plan/feature-required"],
    [
      "K11 an operator who is an owner too, without that plan",
      { ...lapsed, roles: ["owner", "operator"] },
      null,
    ],
    ["an operator with that plan", { roles: ["operator"] }, null],
    ["an owner without that plan", { restrictedAccounts: false }, null],
    ["S1.15 K12 a viewer with a key", { kind: "team", roles: ["viewer"] }, "access/denied"],
    [
      "a viewer of a team without that plan, in a session",
      { kind: "team", roles: ["viewer"], restrictedAccounts: false, credential: SESSION },
      null,
    ],
    ["a member without a role", { roles: [] }, null],
    [
      "a key that still lives, from an address of every list",
      { key: { expiresAt: NOW + 1 }, rules: [[HERE], ["192.0.2.0/24"], [HERE]] },
      null,
    ],
  ];
  test.each(ROWS)("%s", (_, facts, refused) =>
    expect(checkAdmission(principal(facts), { ip: HERE }, NOW, false)).toBe(refused),
  );

  test("what a member is can be read without the plan, and nothing else is forgiven", () => {
    expect(checkAdmission(principal(lapsed), { ip: HERE }, NOW, true)).toBeNull();
    expect(checkAdmission(principal({ ...lapsed, ...elsewhere }), { ip: HERE }, NOW, true)).toBe(
      "ip/not-allowed",
    );
    expect(checkAdmission(principal({ ...lapsed, status: "blocked" }), { ip: HERE }, NOW, true)).toBe(
      "auth/blocked",
    );
  });
  test("an unknown address passes only where no list is", () => {
    expect(checkAdmission(principal({}), { ip: null }, NOW, false)).toBeNull();
    expect(checkAdmission(principal({ rules: [[], [HERE], []] }), { ip: null }, NOW, false)).toBe(
      "ip/not-allowed",
    );
  });
  test("an account of a kind without a model admits no member: none can be loaded", () => {
    for (const kind of ["circus", "__proto__", "constructor", ""])
      expect(() => presetWithSwitches(kind, DEFAULT_SETTINGS)).toThrow(/no access model/);
  });
});

describe("a narrowed key makes only keys that are at least as narrow", () => {
  const free: KeyRestriction = { scopes: null, allowedIps: [], expiresAt: null };
  const narrow: KeyRestriction = {
    scopes: ["product.view", "product.edit"],
    allowedIps: ["192.0.2.0/24", "2001:db8::/32"],
    expiresAt: NOW,
  };
  const CASES: ReadonlyArray<
    readonly [title: string, maker: KeyRestriction, wanted: KeyRestriction, wide: keyof KeyRestriction | null]
  > = [
    ["a free key makes a free one", free, free, null],
    ["a free key makes a narrow one", free, narrow, null],
    ["a key makes its equal", narrow, narrow, null],
    [
      "fewer scopes, fewer addresses, an earlier end",
      narrow,
      { scopes: ["product.view"], allowedIps: ["192.0.2.0/24"], expiresAt: NOW - 1 },
      null,
    ],
    ["no scopes at all", narrow, { ...narrow, scopes: [] }, null],
    ["every scope", narrow, { ...narrow, scopes: null }, "scopes"],
    ["one scope more", narrow, { ...narrow, scopes: ["product.view", "product.delete"] }, "scopes"],
    [
      "any scope from a key that has none",
      { ...free, scopes: [] },
      { ...free, scopes: ["product.view"] },
      "scopes",
    ],
    ["every address", narrow, { ...narrow, allowedIps: [] }, "allowedIps"],
    [
      "one address more",
      narrow,
      { ...narrow, allowedIps: ["192.0.2.0/24", "198.51.100.7/32"] },
      "allowedIps",
    ],
    ["a wider block", narrow, { ...narrow, allowedIps: ["192.0.0.0/16"] }, "allowedIps"],
    ["no end", narrow, { ...narrow, expiresAt: null }, "expiresAt"],
    ["a later end", narrow, { ...narrow, expiresAt: NOW + 1 }, "expiresAt"],
  ];
  test.each(CASES)("%s", (_, maker, wanted, wide) => expect(widerThan(maker, wanted)).toBe(wide));
});

describe("the memory of an isolate", () => {
  test("keeps what was used last, and never more than it may", () => {
    const memory = new LruCache<number>(2);
    memory.set("a", 1);
    memory.set("b", 2);
    expect(memory.get("a")).toBe(1);
    memory.set("c", 3);
    expect(["a", "b", "c"].map((key) => memory.get(key))).toEqual([1, undefined, 3]);
    memory.set("a", 4);
    memory.set("d", 5);
    expect(["a", "c", "d"].map((key) => memory.get(key))).toEqual([4, undefined, 5]);
    memory.delete("a");
    memory.delete("nothing");
    expect(["a", "d"].map((key) => memory.get(key))).toEqual([undefined, 5]);
  });

  test("weighs each value once, when it is set", () => {
    const weighed: string[] = [];
    const memory = new LruCache<string>(6, (value) => {
      weighed.push(value);
      return value.length;
    });
    memory.set("a", "four");
    memory.get("a");
    memory.get("a");
    memory.set("b", "no");
    memory.set("a", "six, all");
    memory.delete("b");
    memory.set("c", "five!");
    expect(weighed).toEqual(["four", "no", "six, all", "five!"]);
    expect(["a", "b", "c"].map((key) => memory.get(key))).toEqual([undefined, undefined, "five!"]);
  });

  test("does what a list with the newest at its end does, for all calls", () => {
    const step = fc.record({
      op: fc.constantFrom("get", "set", "delete"),
      key: fc.constantFrom("a", "b", "c", "d", "__proto__", ""),
      value: fc.nat(),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), (size, steps) => {
        const memory = new LruCache<number>(size);
        let list: [string, number][] = [];
        for (const { op, key, value } of steps) {
          const known = list.find(([name]) => name === key);
          const others = list.filter(([name]) => name !== key);
          if (op === "get") expect(memory.get(key)).toBe(known?.[1]);
          if (op === "set") memory.set(key, value);
          if (op === "delete") memory.delete(key);
          const entry: [string, number] | undefined =
            op === "set" ? [key, value] : op === "get" ? known : undefined;
          list = [...others, ...(entry === undefined ? [] : [entry])].slice(-size);
        }
        for (const [key, value] of list) expect(memory.get(key)).toBe(value);
      }),
    );
  });
});
