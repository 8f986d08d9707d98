import { describe, expect, test } from "vitest";
import { ENGLISH } from "../../../src/kernel/messages/en/catalogue.ts";
import { PROBLEM as ENGLISH_PROBLEMS } from "../../../src/kernel/messages/en/problem.ts";
import {
  type Message,
  message,
  type MessageLanguage,
  problemTexts,
  renderMessage,
} from "../../../src/kernel/messages/message.ts";
import { pluralEn, pluralRu } from "../../../src/kernel/messages/plural.ts";
import { messageOfRule, ruleText } from "../../../src/kernel/messages/rule-text.ts";
import { RUSSIAN } from "../../../src/kernel/messages/ru/catalogue.ts";
import { PROBLEM as RUSSIAN_PROBLEMS } from "../../../src/kernel/messages/ru/problem.ts";
import { PROBLEMS } from "../../../src/kernel/http/problem.ts";

/** A value for each name that a text may have a value under. */
const VALUES = {
  ...Object.fromEntries(["min", "max", "step", "length", "days", "rule"].map((name) => [name, 5])),
  ...Object.fromEntries(
    ["roles", "types", "fields", "values", "domains", "levels"].map((name) => [name, ["0", "1"]]),
  ),
  ...Object.fromEntries(
    ["value", "example", "kind", "parent", "field", "first", "second", "role", "right", "type", "status"].map(
      (name) => [name, "0"],
    ),
  ),
};

const namesOf = (catalogue: object) =>
  Object.entries(catalogue).flatMap(([group, texts]) =>
    Object.keys(texts as object).map((name) => `${group}.${name}`),
  );
const KEYS = namesOf(ENGLISH) as Message["key"][];
const rendered = (key: Message["key"], language: MessageLanguage) =>
  renderMessage({ key, values: VALUES }, language);

/** What stays as it is in every language: names of fields, values, headers, paths and standards. */
const NAMES = new Set(
  (
    "A-Z a-z accountId accounts active Allow allowAny API application application/json ASCII audit " +
    "audit.view Authorization B base64 Bearer Berlin blocking CIDR code confirmLockout " +
    "Content-Length Content-Type database database.hash DE delete effectiveAt email errors ETag EUR " +
    "Europe externalId false from grants hash IANA Idempotency-Key If-Match invitation " +
    "inviteOnlyAdmins IP IPv4 IPv6 ISO JSON json license_key license_key.edit mailto nextCursor null " +
    "offered orderNumber pm_ pointer preset product requestId Retry-After revokeKeys RFC roles " +
    "secret selfService SOS T tasks tgk_ token Tollgate-Account transfer true UTC UTF-8 value verify " +
    "view whsec_ X-Request-Id xx Z"
  ).split(" "),
);

const latinWords = (text: string): string[] =>
  text
    // Calls, paths, hosts, addresses and times are names as a whole.
    .replaceAll(/(?:(?:GET|POST) )?…?\/[\w/{}.…:-]+|[\w.-]*(?:example\.com|https:)[\w./]*|\d{4}-\d\S*/g, "")
    .match(/[A-Za-z][\w.-]*[\w]|[A-Za-z]/g) ?? [];

describe("the catalogue of messages", () => {
  test("has the same texts in both languages", () => {
    expect(namesOf(RUSSIAN)).toEqual(namesOf(ENGLISH));
    expect(Object.keys(RUSSIAN_PROBLEMS)).toEqual(Object.keys(ENGLISH_PROBLEMS));
    expect(Object.keys(ENGLISH_PROBLEMS)).toEqual(Object.keys(PROBLEMS));
  });

  test.each(KEYS)("%s renders in both languages", (key) => {
    for (const language of ["en", "ru"] as const) {
      const text = rendered(key, language);
      expect(text).not.toMatch(/undefined|\[object|NaN|\s{2}|^\s|\s$/);
      expect(text.length).toBeGreaterThan(3);
    }
    // A sentence stays a sentence, and a predicate of a field stays one.
    const [english, russian] = [rendered(key, "en"), rendered(key, "ru")];
    expect(russian.endsWith(".")).toBe(english.endsWith("."));
    expect(/^\p{Ll}/u.test(russian)).toBe(/^\p{Ll}/u.test(english));
  });

  test.each([
    ...KEYS.map((key) => [key, rendered(key, "ru")] as const),
    ...Object.entries(RUSSIAN_PROBLEMS).map(
      ([code, { title, detail }]) => [`problem ${code}`, `${title}. ${detail}`] as const,
    ),
  ])("%s is Russian: only names are in Latin letters", (_, text) => {
    expect(text).toMatch(/[а-яё]/i);
    expect(latinWords(text).filter((word) => !NAMES.has(word))).toEqual([]);
  });

  test("has nothing in Cyrillic letters in English", () =>
    expect(KEYS.filter((key) => /[а-яё]/i.test(rendered(key, "en")))).toEqual([]));

  test("has no text twice in one group", () => {
    for (const texts of Object.values(ENGLISH)) {
      const all = Object.values(texts).filter((text) => typeof text === "string");
      expect(new Set(all).size).toBe(all.length);
    }
  });
});

describe("a message", () => {
  test("is a key with its values, and JSON", () => {
    const roles = message("access.onlyRoles", { roles: ["admin", "viewer"] });
    expect(JSON.parse(JSON.stringify(roles))).toEqual({
      key: "access.onlyRoles",
      values: { roles: ["admin", "viewer"] },
    });
    expect(message("members.blockSelf")).toEqual({ key: "members.blockSelf" });
    expect(renderMessage(roles, "en")).toBe("You may assign these roles only: admin, viewer.");
    expect(renderMessage(roles, "ru")).toBe("Вы можете назначать только эти роли: admin, viewer.");
  });

  test("may be several sentences", () =>
    expect(
      renderMessage(
        [message("access.rightNeeded", { right: "member.view" }), message("access.askForRight")],
        "en",
      ),
    ).toBe("This needs the right member.view. Ask an owner or admin of the account for it."));

  test("of a version with other texts, in a stored row, is named by its key", () => {
    const old = { key: "members.gone" } as unknown as Message;
    expect(renderMessage(old, "ru")).toBe("members.gone");
    expect(renderMessage({ key: "none.at" } as unknown as Message, "en")).toBe("none.at");
  });

  test("of a rule is read back from the text that the validation library carries", () => {
    const text = ruleText("validation.id", { example: "mem_1" });
    expect(messageOfRule(text)).toEqual(message("validation.id", { example: "mem_1" }));
    for (const own of ["Invalid input: expected string", 'Unrecognized key: "key"', ""])
      expect(messageOfRule(own)).toBeNull();
  });

  test.each([
    [1, "1 day", "1 день"],
    [2, "2 days", "2 дня"],
    [5, "5 days", "5 дней"],
    [11, "11 days", "11 дней"],
    [21, "21 days", "21 день"],
    [122, "122 days", "122 дня"],
  ])("counts: %j", (count, english, russian) => {
    expect(`${count} ${pluralEn(count, "day", "days")}`).toBe(english);
    expect(`${count} ${pluralRu(count, "день", "дня", "дней")}`).toBe(russian);
  });

  test("of a problem is in the language of the answer", () =>
    expect([problemTexts("stale", "en").title, problemTexts("stale", "ru").title]).toEqual([
      "Other changes came first",
      "Другие изменения оказались раньше",
    ]));
});
