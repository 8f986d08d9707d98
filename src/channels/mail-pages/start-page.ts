import { sha256Base64 } from "../../kernel/digest.ts";
import type { Locale } from "../../kernel/schema/team.ts";

const STYLE =
  "body{margin:0;padding:24px;background:#f4f4f5;color:#18181b;" +
  "font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif}" +
  "main{max-width:480px;margin:48px auto;padding:32px;background:#fff;border-radius:8px}" +
  "h1{margin:0 0 16px;font-size:22px}a{color:#1d4ed8}";

/** No script, and nothing from elsewhere. */
export const START_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${sha256Base64(STYLE)}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

interface StartTexts {
  readonly says: string;
  readonly document: string;
  readonly problems: string;
  readonly signIn: string;
  readonly mailbox: string;
}

const START_TEXTS: Readonly<Record<Locale, StartTexts>> = {
  en: {
    says: "This is a gate: it decides who may call, what it costs, and keeps the proof.",
    document: "Documentation of the API (OpenAPI)",
    problems: "What each refusal means",
    signIn: "Sign in",
    mailbox: "Local mailbox",
  },
  ru: {
    says: "Это шлюз: он решает, кому что можно и сколько это стоит, и хранит доказательства.",
    document: "Описание API (OpenAPI)",
    problems: "Что значит каждый отказ",
    signIn: "Войти",
    mailbox: "Локальный почтовый ящик",
  },
};

/**
 * What anyone sees who opens the gate in a browser. @param mailbox this gate keeps its mails, to be read here
 */
export function startPageHtml(language: Locale, mailbox: boolean): string {
  const { says, document, problems, signIn, mailbox: mails } = START_TEXTS[language];
  const links = [
    ["/openapi.json", document],
    ["/problems", problems],
    ["/sign-in", signIn],
    ...(mailbox ? [["/dev/mail", mails]] : []),
  ];
  return [
    "<!doctype html>",
    `<html lang="${language}"><head><meta charset="utf-8">` +
      '<meta name="viewport" content="width=device-width"><title>Tollgate</title>',
    `<style>${STYLE}</style></head>`,
    `<body><main><h1>Tollgate</h1><p>${says}</p><ul>`,
    ...links.map(([href, text]) => `<li><a href="${href}">${text}</a></li>`),
    "</ul></main></body></html>",
  ].join("\n");
}
