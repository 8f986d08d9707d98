import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  PERSONAL_FIELDS,
  isPersonalIntact,
  protectPersonalValues,
  revealPersonalValues,
} from "../../../src/audit/chain/personal-value.ts";
import { AUDIT_MESSAGE } from "../../../src/audit/chain/message.ts";
import { newEntry, newEvent, newSalt } from "./audit-example.ts";

const parsed = async (...args: Parameters<typeof newEvent>) => {
  const { body, personal } = await protectPersonalValues(newEvent(...args), newSalt);
  return { body: JSON.parse(body) as Record<string, never>, text: body, personal };
};

describe("what the hash covers names no person", () => {
  test("login, e-mail, address, user agent and names in changes are salted digests", async () => {
    const after = {
      firstName: "Ada",
      deep: [{ lastName: "Lovelace", "a/b~c": { phone: "+44" } }],
      roles: ["owner"],
      username: null,
    };
    const { text, personal } = await parsed(1, {
      resource: { type: "member", id: "mem_2" },
      changes: { before: {}, after },
    });
    for (const secret of ["ada@example.com", '"0001"', "192.0.2.7", "curl/8", "Ada", "Lovelace", "+44"])
      expect(text).not.toContain(secret);
    expect(Object.keys(personal).sort()).toEqual([
      "/actor/email",
      "/actor/login",
      "/changes/after/deep/0/a~1b~0c/phone",
      "/changes/after/deep/0/lastName",
      "/changes/after/firstName",
      "/origin/ip",
      "/origin/userAgent",
    ]);
    expect(new Set(Object.values(personal).map((kept) => kept?.[0])).size).toBe(7);
    expect(text).toContain('"roles":["owner"]');
  });

  test.each([
    ["customer", true],
    ["product", false],
  ])("the name of a %s is personal: %s", async (type, isPersonal) => {
    const { personal } = await parsed(1, {
      resource: { type, id: "x" },
      changes: { before: {}, after: { name: "Acme" } },
    });
    expect("/changes/after/name" in personal).toBe(isPersonal);
  });

  test("equal values under two salts have two digests", async () => {
    const [a, b] = [await parsed(1), await parsed(1)];
    expect(a.text).not.toBe(b.text);
  });
});

describe("what was protected", () => {
  const json = fc.dictionary(
    fc.oneof(fc.constantFrom(...PERSONAL_FIELDS, "name", "__proto__", "~/", ""), fc.string()),
    fc.jsonValue(),
  );

  test("is shown again as it was, and holds; erased it is null, and holds", async () => {
    await fc.assert(
      fc.asyncProperty(json, json, async (before, after) => {
        const one = newEvent(1, { resource: { type: "customer", id: "cus_1" }, changes: { before, after } });
        const { body, personal } = await protectPersonalValues(one, newSalt);
        expect(await isPersonalIntact(JSON.parse(body), personal)).toBe(true);
        const { accountId: _, ...shown } = one;
        expect(JSON.stringify(sorted(revealPersonalValues(JSON.parse(body), personal)))).toBe(
          JSON.stringify(sorted(JSON.parse(JSON.stringify(shown)))),
        );
        const erased = Object.fromEntries(Object.keys(personal).map((path) => [path, null]));
        expect(await isPersonalIntact(JSON.parse(body), erased)).toBe(true);
        expect(revealPersonalValues(JSON.parse(body), erased)).toMatchObject({
          actor: { email: null, login: null },
          origin: { ip: null },
        });
      }),
    );
  });

  test("may be nested as deep as JSON goes without stopping the sealing", async () => {
    const deep = JSON.parse(`${"[".repeat(3_000)}"x"${"]".repeat(3_000)}`) as unknown;
    const { body, personal } = await protectPersonalValues(
      newEvent(1, { changes: { before: {}, after: { deep } } }),
      newSalt,
    );
    expect(await isPersonalIntact(JSON.parse(body), personal)).toBe(true);
  });

  test("hides nothing behind a value that looks like a digest", async () => {
    const { body, personal } = await parsed(1, { changes: { before: {}, after: { note: "sha256:0000" } } });
    expect(revealPersonalValues(body, personal)).toMatchObject({
      changes: { after: { note: "sha256:0000" } },
    });
  });

  test.each(["/actor/unknown", "/__proto__/polluted", "", "/", "actor"])(
    "is not written to a path that is not there: %j",
    async (path) => {
      const { body } = await parsed(1);
      revealPersonalValues(body, { [path]: ["salt", "x"] });
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
      expect(await isPersonalIntact(body, { [path]: ["salt", "x"] })).toBe(false);
    },
  );
});

describe("a message is checked before it is used", () => {
  const call = {
    id: "cal_1",
    accountId: "",
    at: 1,
    memberId: null,
    apiKeyId: null,
    method: "GET",
    path: "/",
    status: 401,
    code: null,
    ip: null,
    userAgent: null,
    requestId: "r",
  };
  test.each<[string, unknown, boolean]>([
    ["a nudge", { kind: "staged", accountId: "acc_1" }, true],
    ["entries", { kind: "entries", accountId: "acc_1", events: [newEntry(1)] }, true],
    ["calls", { kind: "calls", calls: [call] }, true],
    ["nothing", undefined, false],
    ["text", "hello", false],
    ["an unknown kind", { kind: "other" }, false],
    ["a nudge for no account", { kind: "staged", accountId: "" }, false],
    ["entries of another account", { kind: "entries", accountId: "acc_2", events: [newEntry(1)] }, false],
    ["entries that are none", { kind: "entries", accountId: "acc_1", events: [newEvent(1)] }, false],
    [
      "an entry with an unknown member",
      { kind: "entries", accountId: "acc_1", events: [{ ...newEntry(1), extra: 1 }] },
      false,
    ],
    [
      "an entry before the first",
      { kind: "entries", accountId: "acc_1", events: [{ ...newEntry(1), ledgerSeq: 0 }] },
      false,
    ],
    ["a call without a status", { kind: "calls", calls: [{ ...call, status: "200" }] }, false],
  ])("%s", (_, body, isGood) => {
    expect(AUDIT_MESSAGE.safeParse(body).success).toBe(isGood);
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => [name, sorted(member)]);
}
