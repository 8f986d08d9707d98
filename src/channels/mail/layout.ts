import type { FrameText, MailText } from "./messages.ts";

/** What a mail shows between its words. */
export interface MailParts {
  readonly link: string | null;
  /** Eight digits. */
  readonly code: string | null;
  readonly unsubscribe: string | null;
}

/**
 * Control characters, line ends of any kind, and what turns the direction of writing: no name needs them, and
 * all of them deceive.
 */
const DECEIVING = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** One line of text, also from a name with line breaks. */
export const toOneLine = (text: string): string =>
  text.toWellFormed().replaceAll(DECEIVING, " ").replaceAll(/\s+/g, " ").trim();

/**
 * A dot, or the colon of a scheme, before anything but a space. A zero-width non-joiner on both sides keeps
 * programs from making a link: hosts are found by their dots. A browser refuses a host that holds this
 * character, while it drops a zero-width space or a word joiner.
 */
const LINK_CHARACTERS = /[.。．｡](?=\S)|:(?=[^\s\d])/gu;
const NON_JOINER = "\u200c";

/** The same text, of which no mail program makes a link. */
export const breakLinks = (text: string): string =>
  text.replaceAll(LINK_CHARACTERS, (char) => `${NON_JOINER}${char}${NON_JOINER}`);

/** Text as every mail shows it. */
const toDisplayText = (text: string): string => breakLinks(toOneLine(text));

/** A whole e-mail address. */
const ADDRESS = /^[\w.'+-]+@[\w-]+(?:\.[\w-]+)+$/;

/** An address of e-mail, alone in its place, can be copied as it is: it leads to no page. */
const toDisplayFact = (value: string): string => (ADDRESS.test(value) ? value : toDisplayText(value));

const SUBJECT_MAX = 150;

/** Fit for a header: one line, not endless. */
export function subjectLine(text: string): string {
  const points = [...toDisplayText(text)];
  return points.length <= SUBJECT_MAX ? points.join("") : `${points.slice(0, SUBJECT_MAX - 1).join("")}…`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? char);

const escapeText = (text: string): string => escapeHtml(toDisplayText(text));

/** Four and four are easier to read; copied with the space it is taken as well. */
const groupDigits = (code: string): string => `${code.slice(0, 4)} ${code.slice(4)}`;

export function textMail(
  { greeting, lines, facts, action, after }: MailText,
  frame: FrameText,
  { link, code, unsubscribe }: MailParts,
): string {
  const blocks = [
    greeting,
    ...lines.map(toDisplayText),
    ...(code === null ? [] : [`${frame.code}: ${groupDigits(code)}`]),
    ...(link === null || action === null ? [] : [`${action}:\n${link}`]),
    ...(facts.length === 0
      ? []
      : [facts.map(([label, value]) => `${label}: ${toDisplayFact(value)}`).join("\n")]),
    ...after.map(toDisplayText),
    ["--", frame.footer, ...(unsubscribe === null ? [] : [frame.unsubscribe, unsubscribe])].join("\n"),
  ];
  return `${blocks.join("\n\n")}\n`;
}

const FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif";
const SMALL = "margin:0 0 8px;color:#555;font-size:13px;line-height:1.5";
const CODE = "margin:0 0 24px;font-size:28px;letter-spacing:2px;font-family:ui-monospace,Consolas,monospace";
const BUTTON =
  "display:inline-block;padding:12px 20px;background:#18181b;color:#fff;" +
  "border-radius:6px;text-decoration:none;font-size:16px";
const BREAK = "word-break:break-all";

const factRow = ([label, value]: MailText["facts"][number]): string =>
  `<tr><td style="padding:4px 16px 4px 0;color:#555;vertical-align:top">${escapeText(label)}</td>` +
  `<td style="padding:4px 0">${escapeHtml(toDisplayFact(value))}</td></tr>`;

/** No script, no picture, no address but the mail's own links: nothing is fetched when it is opened. */
export function htmlMail(
  { subject, greeting, lines, facts, action, after }: MailText,
  frame: FrameText,
  { link, code, unsubscribe }: MailParts,
  language: string,
): string {
  const paragraph = (text: string) =>
    `<p style="margin:0 0 16px;font-size:16px;line-height:1.5">${escapeText(text)}</p>`;
  const anchor = (href: string, style: string, text: string) =>
    `<a href="${escapeHtml(href)}" style="${style}">${escapeHtml(text)}</a>`;
  return [
    "<!doctype html>",
    `<html lang="${language}"><head><meta charset="utf-8">` +
      `<meta name="viewport" content="width=device-width"><title>${escapeText(subject)}</title></head>`,
    `<body style="margin:0;padding:24px;background:#f4f4f5;color:#18181b;${FONT}">`,
    `<div style="max-width:560px;margin:0 auto;padding:32px;background:#fff;border-radius:8px">`,
    paragraph(greeting),
    ...lines.map(paragraph),
    ...(code === null
      ? []
      : [`<p style="${SMALL}">${escapeText(frame.code)}</p>`, `<p style="${CODE}">${groupDigits(code)}</p>`]),
    ...(link === null || action === null
      ? []
      : [
          `<p style="margin:0 0 24px">${anchor(link, BUTTON, action)}</p>`,
          `<p style="${SMALL}">${escapeText(frame.link)}<br>` +
            `${anchor(link, `color:#1d4ed8;${BREAK}`, link)}</p>`,
        ]),
    ...(facts.length === 0
      ? []
      : [
          '<table style="margin:16px 0;border-collapse:collapse;font-size:14px">' +
            `${facts.map(factRow).join("")}</table>`,
        ]),
    ...after.map((text) => `<p style="${SMALL}">${escapeText(text)}</p>`),
    '<hr style="margin:24px 0 16px;border:0;border-top:1px solid #e4e4e7">' +
      `<p style="${SMALL}">${escapeText(frame.footer)}</p>`,
    ...(unsubscribe === null
      ? []
      : [
          `<p style="${SMALL}">${escapeText(frame.unsubscribe)}<br>` +
            `${anchor(unsubscribe, `color:#555;${BREAK}`, unsubscribe)}</p>`,
        ]),
    "</div></body></html>",
  ].join("\n");
}
