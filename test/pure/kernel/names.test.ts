import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { servedEndpoints } from "../../../src/app.ts";
import { displayName } from "../../../src/kernel/http/body.ts";
import { RESOLVED_ACTIONS } from "../../../src/channels/webhooks/mapping.ts";
import { breakLinks } from "../../../src/channels/mail/layout.ts";

const ZWSP = "\u200b";

const LINKS = [
  "Refund https://evil.example/r",
  "Confirm at www.evil-site.example/login",
  "evil-site.com/login",
  "http:evil-site.com",
  "evil-site.com：//x",
  "http：//evil",
  "ｈｔｔｐｓ：evil",
  "(www.evil.example)",
  "Go to WWW.evil.example",
  "HTTPS: evil",
  `ht${ZWSP}tp:evil`,
  `evil.com${ZWSP}/login`,
  `w${ZWSP}ww.evil.example`,
  "evil。com/login",
  "evil．com／login",
  "evil.com?x=1",
  "evil.com#x",
  "evil.com@x",
  "bank.com@evil.com",
  "evil.com:8080",
  "10.0.0.1/login",
  "10.0.0.1:80",
  "evil.com./x",
  "Hi evil.com/x bye",
  "bücher.de/x",
  "пример.рф/x",
  "xn--80a1acny.xn--p1ai/x",
  "evil.com\\login",
  "evil.com\u2215login",
  "ev\u00adil.com/x",
  "javascript:alert(1)",
  "mailto:a@b.example",
  "tel:112",
  "Call tel:+1-2",
  "data:text/html",
  "a.b.co/x",
];
const NAMES = [
  "booking.com",
  "Booking.com B.V.",
  "Dr. J. O'Connor-Smith Jr.",
  "Acme Inc.",
  "Node.js Team",
  "Dr: Who",
  "Dr: https fan",
  "Team: Blue",
  "Tel: 112",
  "File: A",
  "A/B Team",
  "Rock & Roll #1",
  "What?",
  "c/o Ann",
  "Version 2.0/3",
  "3.5mm/2.5mm",
  "10:30 Club",
  "Smith / Jones Ltd.",
  "Inc./Ltd.",
  "www",
  "Studio 3 & Co. (www)",
  "nina@example.com",
  "Анна-Мария д. Ёлкина",
  "李",
  "O\u2019Neil",
  "https",
  "http fans",
  "awww. cute",
  "می\u200cخواهم",
  "News: daily",
  "Ratio 1:2",
];

describe("K6 a name that can reach a mail", () => {
  test.each(LINKS)("holds no link: not %j", (name) =>
    expect(displayName(200).safeParse(name).success).toBe(false),
  );
  test.each(NAMES)("may be %j", (name) => expect(displayName(200).safeParse(name).success).toBe(true));
});

/** Members of bodies that are names of accounts, people, roles, keys, links or hooks. */
const NAMED = ["name", "username", "firstName", "middleName", "lastName"];
/** Names of things that no mail shows. A name that a letter begins to show leaves this list. */
const IN_NO_MAIL = [
  "access-tokens",
  "aggregator-licenses",
  "billing",
  "catalog",
  "corporations",
  "cpq",
  "customers",
  "data-objects",
  "forms",
  "license-keys",
  "markups",
  "object-groups",
  "objects",
  "products",
  "tasks",
  "tools",
];

/** Every string schema of a body under one of those members, with its place. */
function nameSchemas(
  schema: z.core.$ZodType,
  place: string,
  found: [string, z.ZodType][] = [],
): [string, z.ZodType][] {
  const { def } = schema._zod;
  const inner =
    "innerType" in def
      ? def.innerType
      : "element" in def
        ? def.element
        : "in" in def
          ? def.in
          : "valueType" in def
            ? def.valueType
            : null;
  if (inner !== null) nameSchemas(inner as z.core.$ZodType, place, found);
  if ("options" in def)
    for (const option of def.options as z.core.$ZodType[]) nameSchemas(option, place, found);
  if ("shape" in def) {
    for (const [member, value] of Object.entries(def.shape as Record<string, z.ZodType>)) {
      if (NAMED.includes(member)) found.push([`${place} ${member}`, value]);
      nameSchemas(value, `${place} ${member}`, found);
    }
  }
  return found;
}

describe("K6 the walk over every operation", () => {
  const bodies: [string, z.ZodType][] = [
    ...servedEndpoints.flatMap(({ operation: { method, path, body } }) =>
      body === undefined ? [] : [[`${method} ${path}`, body] as [string, z.ZodType]],
    ),
    ...Object.entries(RESOLVED_ACTIONS).map(
      ([action, schema]) => [`delivery ${action}`, schema] as [string, z.ZodType],
    ),
  ];
  const found = bodies
    .filter(([place]) => !IN_NO_MAIL.some((path) => place.includes(`/${path}`)))
    .flatMap(([place, body]) => nameSchemas(body, place));

  test("finds the names of accounts, members, roles, links, hooks and keys", () => {
    const wanted = [
      "POST /v1/accounts name",
      "POST /v1/accounts owner firstName",
      "PATCH /v1/accounts/:id name",
      "POST /v1/organizations name",
      "PATCH /v1/organizations/:id name",
      "PATCH /v1/dealers/:id name",
      "POST /v1/members username",
      "PATCH /v1/members/:id middleName",
      "POST /v1/roles name",
      "PATCH /v1/roles/:id name",
      "POST /v1/operator-links name",
      "POST /v1/operator-links/join lastName",
      "POST /v1/hooks name",
      "PATCH /v1/hooks/:id name",
      "POST /v1/members/:id/api-keys name",
      "POST /v1/invitations firstName",
      "delivery invite username",
    ];
    expect(wanted.filter((place) => !found.some(([each]) => each === place))).toEqual([]);
  });

  test("and each of them refuses a link, and takes a company's name", () => {
    const accepts = (schema: z.ZodType, value: string) =>
      [value, { value }].some((each) => schema.safeParse(each).success);
    expect(
      found.filter(([, schema]) => accepts(schema, "evil-site.com/login")).map(([place]) => place),
    ).toEqual([]);
    expect(found.filter(([, schema]) => !accepts(schema, "booking.com")).map(([place]) => place)).toEqual([]);
  });
});

describe("K6 a mail writes a host so that no program links it", () => {
  test.each([
    "booking.com",
    "Node.js",
    "http://evil.example/x",
    "https:evil.example",
    `a${ZWSP}.com`,
    "bücher。de",
  ])("%j", (name) => {
    const written = breakLinks(name);
    // No dot and no colon is next to a character of a host, and nothing else has changed.
    expect(written).not.toMatch(/[^\u200c][.。:]|[.。:][^\u200c]/u);
    expect(written.replaceAll("\u200c", "")).toBe(name);
    const host = written.replace(/^https?\u200c:\u200c(?:\/\/)?/, "").replace(/\/.*/, "");
    expect(URL.canParse(`http://${host}`)).toBe(false);
  });
  test.each(["Acme Inc.", "Dr. J. Smith Jr.", "Team: Blue", "10:30"])("and leaves %j as it is", (name) =>
    expect(breakLinks(name)).toBe(name),
  );
});
