import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  displayName,
  instant,
  multilineText,
  optionalName,
  optionalMultilineText,
  optionalText,
  singleLineText,
} from "../../../src/kernel/http/body.ts";
import { message } from "../../../src/kernel/messages/message.ts";
import { validate } from "../../../src/kernel/http/validate.ts";
import { emailAddress, optionalEmailAddress } from "../../../src/kernel/text/email.ts";
import { toJsonSchema } from "../../../src/kernel/http/json-schema.ts";
import {
  periodStart,
  dayOrTime,
  periodEnd,
  isTimeZone,
  lastMillisecondOf,
} from "../../../src/kernel/time-zone.ts";
import { Grant } from "../../../src/people/rights/grant.card.ts";

const taken = (schema: z.ZodType, value: unknown): unknown => {
  const result = schema.safeParse(value);
  return result.success ? result.data : "refused";
};

describe("K15 an e-mail address", () => {
  test.each([
    ["u@xn--80a1acny.xn--p1ai", "u@xn--80a1acny.xn--p1ai"],
    ["u@почта.рф", "u@xn--80a1acny.xn--p1ai"],
    [" U@ПОЧТА.РФ ", "u@xn--80a1acny.xn--p1ai"],
    ["ann@münchen.de", "ann@xn--mnchen-3ya.de"],
    ["a+b@EXAMPLE.com", "a+b@example.com"],
    [`${"a".repeat(64)}@example.com`, `${"a".repeat(64)}@example.com`],
    ["u@почта。рф", "u@xn--80a1acny.xn--p1ai"],
    ["o'neil@example.co.uk", "o'neil@example.co.uk"],
  ])("%j is stored as %j", (written, stored) => expect(taken(emailAddress, written)).toBe(stored));

  test.each([
    `${"a".repeat(65)}@example.com`,
    "я@example.com",
    "\u212aate@example.com",
    "a@ｅxample.com",
    "a@exam\u200bple.com",
    "a@gree\u212a.com",
    "a@example",
    "a@1.2.3.4",
    "a@[1.2.3.4]",
    "a@xn--.com",
    "a@example.com/x",
    "a@evil.com@example.com",
    "@example.com",
    "a@",
    "",
    "a b@example.com",
    "a..b@example.com",
    ".a@example.com",
    "a@-x.com",
    "a@x.c",
    `a@${"x".repeat(64)}.com`,
    `a@${"x.".repeat(130)}com`,
    "a@example.com\u0000",
    "a@пример.1",
    "a\u00a0@example.com",
  ])("%j is none", (written) => expect(taken(emailAddress, written)).toBe("refused"));

  test("may be left out where it is optional, by null or an empty text", () =>
    expect([null, "", "u@почта.рф", "x"].map((one) => taken(optionalEmailAddress, one))).toEqual([
      null,
      null,
      "u@xn--80a1acny.xn--p1ai",
      "refused",
    ]));

  test("a fault names the member, and the document says what is taken", () => {
    expect(() => validate(z.strictObject({ email: emailAddress }), { email: "x" }, "body")).toThrow(
      expect.objectContaining({
        extra: { errors: [{ pointer: "/email", detail: message("validation.email") }] },
      }),
    );
    expect(toJsonSchema(emailAddress, "input")).toMatchObject({ type: "string", format: "email" });
    expect(toJsonSchema(optionalText(40), "input")).toEqual({ type: ["string", "null"], maxLength: 40 });
    expect(toJsonSchema(optionalMultilineText(40), "output")).toEqual({ type: ["string", "null"] });
    expect(toJsonSchema(instant, "output")).toMatchObject({ type: "string", format: "date-time" });
  });
});

describe("K15 a text", () => {
  test.each([optionalText(20), optionalMultilineText(20), optionalName(20)])(
    "that is optional is null when it is empty (%#)",
    (schema) =>
      expect(["", "  ", null, " a "].map((one) => taken(schema, one))).toEqual([null, null, null, "a"]),
  );
  test.each([singleLineText(20), displayName(20)])("that is needed is not empty (%#)", (schema) =>
    expect(["", "  ", null].map((one) => taken(schema, one))).toEqual(["refused", "refused", "refused"]),
  );

  test.each([
    ["a\nb", "a\nb"],
    ["a\r\nb\rc", "a\nb\nc"],
    ["a\tb", "a\tb"],
    ["\na\n", "a"],
    ["a\n\n\nb", "a\n\n\nb"],
  ])("of several lines may be %j", (written, stored) =>
    expect([taken(optionalMultilineText(20), written), taken(multilineText(20), written)]).toEqual([
      stored,
      stored,
    ]),
  );
  test.each(["a\u0000", "a\u0007b", "a\u001bb", "a\u0085b", "\u202ea", "\ud800", "x".repeat(21), "\u200b"])(
    "of several lines is not %j",
    (written) =>
      expect([taken(optionalMultilineText(20), written), taken(multilineText(20), written)]).toEqual([
        "refused",
        "refused",
      ]),
  );
  test.each(["a\nb", "a\r\nb", "a\tb", "x".repeat(21), "\u200b"])("of one line is not %j", (written) =>
    expect(
      [singleLineText(20), optionalText(20), optionalName(20), displayName(20)].map((schema) =>
        taken(schema, written),
      ),
    ).toEqual(Array(4).fill("refused")),
  );
});

describe("K15 a time", () => {
  test.each([
    ["2026-11-21T03:00:00+03:00", "2026-11-21T00:00:00.000Z"],
    ["2026-11-21T00:00:00Z", "2026-11-21T00:00:00Z"],
    ["2026-11-21T00:00:00-00:30", "2026-11-21T00:30:00.000Z"],
  ])("%s is stored as %s", (written, stored) => expect(taken(instant, written)).toBe(stored));
  test.each([
    "2026-11-21",
    "2026-11-21T00:00:00",
    "2026-02-30T00:00:00Z",
    "0000-01-01T00:00:00+03:00",
    "9999-12-31T23:00:00-03:00",
    "",
    "x",
    5,
    null,
  ])("%j is none", (written) => expect(taken(instant, written)).toBe("refused"));
  test.each(["2026-11-21", "2026-11-21T03:00:00+03:00", "2026-11-21T00:00:00Z"])(
    "a filter takes %s",
    (written) => expect(taken(dayOrTime, written)).toBe(written),
  );
  test.each(["2026-11-31", "2026-11", "21.11.2026", "2026-11-21T00:00:00", ""])(
    "a filter does not take %j",
    (written) => expect(taken(dayOrTime, written)).toBe("refused"),
  );
});

describe("K15 a day", () => {
  test.each([
    ["2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"],
    ["2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"],
    ["2026-11-21", "Asia/Kathmandu", "2026-11-20T18:15:00Z", "2026-11-21T18:15:00Z"],
    ["2026-12-31", "Pacific/Kiritimati", "2026-12-30T10:00:00Z", "2026-12-31T10:00:00Z"],
    // Clocks went from 23:59:59 to 01:00:00: the day began an hour late.
    ["2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"],
    ["2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"],
    ["2026-11-21", "UTC", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"],
    // Days up to 1970 are those of UTC in every zone.
    ["1969-12-30", "Europe/Berlin", "1969-12-30T00:00:00Z", "1969-12-31T00:00:00Z"],
    ["1969-12-31", "Europe/Berlin", "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"],
    ["1970-01-02", "Europe/Berlin", "1970-01-01T23:00:00Z", "1970-01-02T23:00:00Z"],
  ])("%s in %s is from %s to %s", (day, zone, from, to) => {
    expect([periodStart(day, zone), periodEnd(day, zone), lastMillisecondOf(day, zone)]).toEqual([
      Date.parse(from),
      Date.parse(to),
      Date.parse(to) - 1,
    ]);
  });
  test.each([
    ["Europe/Berlin", true],
    ["UTC", true],
    ["America/Argentina/Buenos_Aires", true],
    ["Etc/GMT+3", true],
    ["+03:00", false],
    ["Mars/Base", false],
    ["", false],
    ["../etc", false],
  ])("%j is a time zone: %s", (name, known) => expect(isTimeZone(name)).toBe(known));
});

test("K15 0 as a number is every object", () => {
  expect(
    [0, "0", "prd_1", 1, -0, null, "x".repeat(65)].map((resourceId) =>
      taken(Grant, { resourceType: "product", resourceId, access: "view" }),
    ),
  ).toEqual([
    ...["0", "0", "prd_1"].map((resourceId) => ({ resourceType: "product", resourceId, access: "view" })),
    "refused",
    { resourceType: "product", resourceId: "0", access: "view" },
    "refused",
    "refused",
  ]);
});
