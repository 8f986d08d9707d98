import { sha256Base64 } from "../../kernel/digest.ts";
import type { Locale } from "../../kernel/schema/team.ts";
import { PAGE_SCRIPT } from "./page-script.ts";

/** What a person types. */
export interface PageField {
  readonly name: "email" | "code" | "firstName" | "lastName";
  readonly type: "email" | "text";
  readonly autocomplete: string;
}

/**
 * One button: where it posts to, and what. A text that begins with `$` stands for what was typed, or for the
 * token of the link.
 */
export interface PageStep {
  readonly text: string;
  readonly fields: readonly PageField[];
  readonly button: string;
  readonly path: string;
  readonly body: Readonly<Record<string, string | true>>;
}

/** What one page does, from its first button to its last word. */
export interface PageFlow {
  readonly title: string;
  /** With the token in the link's fragment. */
  readonly withToken: readonly PageStep[];
  /** Without one; none is a link that is not whole. */
  readonly without: readonly PageStep[];
  readonly done: string;
}

/** What every page may have to say. */
export interface PageTexts {
  readonly labels: Readonly<Record<PageField["name"], string>>;
  readonly notWhole: string;
  readonly choose: string;
  /** Beside the name of an account that is joined by choosing it. */
  readonly invited: string;
  readonly unreachable: string;
  /** Above the access token of a signed-in person. */
  readonly signedIn: string;
  /** Above an API key. */
  readonly key: string;
  readonly needsScript: string;
  /** Problems in this language, by their code. For any other the text of the API is shown. */
  readonly problems: Readonly<Record<string, string>>;
}

export const PAGE_NAMES = ["accept", "sign-in", "join", "confirm", "key", "unsubscribe"] as const;
export type PageName = (typeof PAGE_NAMES)[number];

const STYLE =
  "body{margin:0;padding:24px;background:#f4f4f5;color:#18181b;" +
  "font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif}" +
  "main{max-width:480px;margin:48px auto;padding:32px;background:#fff;border-radius:8px}" +
  "h1{margin:0 0 16px;font-size:22px}label{display:block;margin:0 0 16px}" +
  "input,textarea{box-sizing:border-box;display:block;width:100%;margin-top:4px;padding:8px;" +
  "border:1px solid #a1a1aa;border-radius:6px;font:inherit}" +
  "textarea{height:120px;font:13px/1.4 ui-monospace,Consolas,monospace}" +
  "button{margin:0 8px 8px 0;padding:12px 20px;border:0;border-radius:6px;background:#18181b;color:#fff;" +
  "font:inherit;cursor:pointer}" +
  "button:disabled{opacity:.5;cursor:default}.refused{color:#b91c1c}";

/** Allows only this script, this style and calls to this gate: injected code would have no effect. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `script-src 'sha256-${sha256Base64(PAGE_SCRIPT)}'`,
  `style-src 'sha256-${sha256Base64(STYLE)}'`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** A page that does nothing until its button is pressed, so that no mail scanner accepts an invitation. */
export function pageHtml(flow: PageFlow, { needsScript, ...sayings }: PageTexts, language: Locale): string {
  // No `<` in the data: nothing in it can end its element.
  const data = JSON.stringify({ flow, sayings }).replaceAll("<", "\\u003c");
  return [
    "<!doctype html>",
    `<html lang="${language}"><head><meta charset="utf-8">` +
      '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">' +
      `<title>${flow.title}</title>`,
    `<style>${STYLE}</style></head>`,
    `<body><main><h1>${flow.title}</h1><noscript>${needsScript}</noscript>` +
      '<form id="form"></form><p id="said" role="status"></p></main>',
    `<script id="data" type="application/json">${data}</script>`,
    `<script>${PAGE_SCRIPT}</script></body></html>`,
  ].join("\n");
}
