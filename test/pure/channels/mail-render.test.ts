import fc from "fast-check";
import { Window } from "happy-dom";
import { describe, expect, test } from "vitest";
import { escapeHtml, toOneLine, subjectLine, breakLinks } from "../../../src/channels/mail/layout.ts";
import type {
  MailMessage,
  MailContent,
  SecurityKind,
  Template,
} from "../../../src/channels/mail/mail-message.ts";
import { isNoticeWanted } from "../../../src/channels/mail/notice.ts";
import { type RenderedMail, renderMail } from "../../../src/channels/mail/render.ts";

const KEYS = JSON.stringify([{ kid: "k1", d: "not a key, but a secret" }]);
const PLACES = { appUrl: "https://app.example/", issuer: "https://gate.example" };
const EXPIRES = Date.UTC(2026, 10, 29, 14, 5);

const INVITATION = {
  template: "invitation",
  invitationId: "inv_1",
  kid: "k1",
  sendCount: 1,
  account: "Studio",
  inviter: "Ada Admin",
  roles: ["Member", "Viewer"],
  login: "0042",
  expiresAt: EXPIRES,
} as const;
/** One of each: a template more is a fault of the types here. */
const EACH: { readonly [T in Template]: MailContent & { readonly template: T } } = {
  invitation: INVITATION,
  sign_in: { template: "sign_in", signInId: "sgn_1", kid: "k1", expiresAt: EXPIRES },
  join: { template: "join", signInId: "sgn_1", kid: "k1", account: "Studio", expiresAt: EXPIRES },
  change_email: {
    template: "change_email",
    signInId: "sgn_1",
    kid: "k1",
    email: "ann@new.example",
    expiresAt: EXPIRES,
  },
  confirm_email: { template: "confirm_email", memberId: "mem_1", change: 2, kid: "k1", account: "Studio" },
  api_key: {
    template: "api_key",
    keyId: "key_1",
    kid: "k1",
    account: "Studio",
    by: "Ada Admin",
    name: "Build server",
    expiresAt: EXPIRES,
  },
  joined: {
    template: "joined",
    by: "invitation",
    memberId: "mem_1",
    account: "Studio",
    name: "Ann Arbor",
    email: "ann@example.com",
  },
  access_changed: { template: "access_changed", memberId: "mem_1", account: "Studio", by: "Ada Admin" },
  security: {
    template: "security",
    kind: "blocked",
    memberId: "mem_1",
    account: "Studio",
    isConfirmed: true,
  },
};
/** The same for each kind of a security mail. */
const KINDS: Readonly<Record<SecurityKind, true>> = {
  key_made: true,
  key_claimed: true,
  key_revoked: true,
  card_address_changed: true,
  sign_in_address_requested: true,
  sign_in_address_changed: true,
  sign_in_address_unlinked: true,
  blocked: true,
  removed: true,
  left: true,
  ownership_offered: true,
  ownership_moved: true,
  ownership_received: true,
};
const SECURITY = (Object.keys(KINDS) as SecurityKind[]).map((kind) => ({ ...EACH.security, kind }));
const BY_LINK = { ...EACH.joined, by: "link" } as const;
const CONTENTS: readonly MailContent[] = Object.values(EACH);
const letter = (content: MailContent, language: "en" | "ru" = "en"): MailMessage => ({
  ...content,
  id: "mal_1",
  to: "ann@example.com",
  language,
});
const rendered = (content: MailContent, language: "en" | "ru" = "en"): RenderedMail =>
  renderMail(letter(content, language), KEYS, PLACES);
/** Secrets differ with the key; everything else is as it is read. */
function plain({ subject, text, link, code }: RenderedMail): string {
  const secrets = [
    [link, link?.replace(/token=.*/, "token=…") ?? ""],
    [code === null ? null : `${code.slice(0, 4)} ${code.slice(4)}`, "1234 5678"],
  ] as const;
  const body = secrets.reduce<string>(
    (all, [secret, shown]) => (secret === null ? all : all.replaceAll(secret, shown)),
    text.replaceAll(/(unsubscribe#token=)\S+/g, "$1…"),
  );
  return `${subject}\n\n${body}`;
}

describe.each(["en", "ru"] as const)("S1.3 in %s", (language) => {
  test.each(CONTENTS.map((content) => [content.template, content] as const))(
    "%s is as it was agreed",
    (_, content) => {
      expect(plain(rendered(content, language))).toMatchSnapshot();
    },
  );

  test.each(SECURITY.map((content) => [content.kind, content] as const))(
    "K5 the security mail %s has no text of the tenant but the account's name",
    (_, content) => {
      const mail = rendered(content, language);
      expect(plain(mail)).toMatchSnapshot();
      expect([mail.link, mail.code, mail.headers]).toEqual([null, null, {}]);
    },
  );

  test("text and HTML say the same, and the HTML fetches nothing and runs nothing", () => {
    for (const content of CONTENTS) {
      const { text, html } = rendered(content, language);
      const { document } = new Window();
      document.write(html);
      const shown = document.body.textContent.replaceAll(/\s+/g, "");
      const lines = text
        .split("\n")
        .map((line) => line.replace(/^(?:--|[^:]+:) ?/, "").replaceAll(/\s+/g, ""))
        .filter((line) => line !== "" && !/^https?:/.test(line));
      expect(
        lines.filter((line) => !shown.includes(line)),
        content.template,
      ).toEqual([]);
      expect(
        document.querySelectorAll("script, img, link, iframe, form, object, [src], [onclick]").length,
      ).toBe(0);
      expect(
        [...document.querySelectorAll("a")].filter(
          (anchor) => !anchor.getAttribute("href")?.startsWith("https://app.example/"),
        ).length,
      ).toBe(0);
    }
  });
});

test("S1.3: an invitation has link, account, inviter, roles, login and the end of its time in UTC", () => {
  const { text, html, link } = rendered(INVITATION);
  expect(link).toMatch(/^https:\/\/app\.example\/accept#token=[\w-]{43}$/);
  for (const part of [
    "Studio",
    "Ada Admin",
    "Member, Viewer",
    "0042",
    "29 November 2026 at 14:05 UTC",
    link ?? "",
  ]) {
    expect(text).toContain(part);
    expect(html).toContain(part);
  }
});

test.each([
  ["en", "has joined Studio by a link that you made"],
  ["ru", "По вашей ссылке"],
] as const)("S0.7 in %s: who joined by a link accepted no invitation", (language, words) => {
  const { text, html } = rendered(BY_LINK, language);
  expect([text, html].map((each) => each.includes(words))).toEqual([true, true]);
  const toOwner = rendered({ ...BY_LINK, by: "account_link" }, language).text;
  for (const each of [text, toOwner]) expect(each).not.toMatch(/invit|приглаш/i);
  expect(toOwner).not.toContain(words);
});

test("each sending of an invitation has a link of its own", () => {
  const [first, second] = [1, 2].map((sendCount) => rendered({ ...INVITATION, sendCount }).link);
  expect(first).not.toBe(second);
});

describe("what a person called themselves", () => {
  const HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE member; --",
    "a\r\nBcc: everybody@example.com",
    "Ann\u202Etxt.exe",
    "&lt;b&gt;",
    "\u2028new line",
    "x".repeat(1_000),
    "Привет, как дела 🎉",
  ];
  const named = (name: string): MailContent[] => [
    {
      template: "invitation",
      invitationId: "inv_1",
      kid: "k1",
      sendCount: 1,
      account: name,
      inviter: name,
      roles: [name],
      login: null,
      expiresAt: EXPIRES,
    },
    { template: "joined", by: "link", memberId: "mem_1", account: name, name, email: "ann@example.com" },
    { template: "access_changed", memberId: "mem_1", account: name, by: name },
    { template: "join", signInId: "sgn_1", kid: "k1", account: name, expiresAt: EXPIRES },
    { ...EACH.security, account: name },
    { template: "confirm_email", memberId: "mem_1", change: 2, kid: "k1", account: name },
  ];

  // One window for all: making one costs more than reading a hundred mails.
  const { DOMParser } = new Window();
  const parsed = (html: string) => new DOMParser().parseFromString(html, "text/html");
  const check = (name: string): void => {
    for (const content of named(name)) {
      const { subject, html, text, headers } = rendered(content);
      expect(subject).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
      expect([...subject].length).toBeLessThanOrEqual(150);
      for (const value of Object.values(headers)) expect(value).toMatch(/^[\x21-\x7e]+$/);
      const document = parsed(html);
      expect(document.querySelectorAll("script, img, b, iframe").length).toBe(0);
      expect(document.body.textContent).toContain(breakLinks(toOneLine(name)));
      // No name adds a line to the text.
      expect(text.split("\n").length).toBe(
        rendered(named("A").find(({ template }) => template === content.template) as MailContent).text.split(
          "\n",
        ).length,
      );
    }
  };
  test.each(HOSTILE.map((name) => [name.slice(0, 30), name] as const))(
    "%j writes no markup, no header and no line of its own",
    (_, name) => check(name),
  );
  test("neither does any other", () =>
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", minLength: 1, maxLength: 100 }).filter((name) => toOneLine(name) !== ""),
        check,
      ),
      { numRuns: 60 },
    ));

  test("a subject too long is cut between characters", () => {
    expect(subjectLine("🎉".repeat(200))).toBe(`${"🎉".repeat(149)}…`);
    expect(escapeHtml("<&>\"'")).toBe("&lt;&amp;&gt;&quot;&#39;");
  });
});

describe("S4.9: notices", () => {
  test("carry what a mail program needs to end them (RFC 8058), other mails do not", () => {
    const ends = CONTENTS.filter((content) => Object.keys(rendered(content).headers).length > 0);
    expect(ends.map(({ template }) => template)).toEqual(["joined", "access_changed"]);
    for (const content of ends) {
      const { headers, text } = rendered(content);
      expect(headers).toEqual({
        "List-Unsubscribe": expect.stringMatching(
          /^<https:\/\/gate\.example\/v1\/unsubscribe\/mem_1\.[\w-]{43}>$/,
        ),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      });
      expect(text).toMatch(/https:\/\/app\.example\/unsubscribe#token=mem_1\.[\w-]{43}/);
    }
  });

  test.each([
    [{}, ["joined", "access_changed", "security"]],
    [{ invitations: false }, ["access_changed", "security"]],
    [{ access: false }, ["joined", "security"]],
    [{ unsubscribed: true }, ["security"]],
    [{ unsubscribed: true, access: true, invitations: true }, ["security"]],
  ])("K5 beside codes and invitations, a member with %j gets %j", (notifications, templates) => {
    const needed = ["invitation", "sign_in", "join", "change_email", "confirm_email", "api_key"];
    expect(
      CONTENTS.map(({ template }) => template).filter((template) => isNoticeWanted(notifications, template)),
    ).toEqual([...needed, ...templates]);
  });
});
