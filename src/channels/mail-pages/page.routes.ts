import { Hono } from "hono";
import type { Env } from "../../env.ts";
import { languageOf } from "../../gate/calls/language.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { isDevMailOn } from "../mail/dev-mail.ts";
import type { Locale } from "../../kernel/schema/team.ts";
import { pageFlows } from "./page-flow.ts";
import { PAGE_NAMES, pageHtml, type PageName, PAGE_POLICY, type PageTexts } from "./page.ts";
import { START_POLICY, startPageHtml } from "./start-page.ts";
import { ENGLISH_PAGE_TEXTS, ENGLISH_FLOW_TEXTS } from "./messages.en.ts";
import { RUSSIAN_PAGE_TEXTS, RUSSIAN_FLOW_TEXTS } from "./messages.ru.ts";

/** Whole pages as text: the same for everybody, and written once. */
const renderPages = (
  texts: Parameters<typeof pageFlows>[0],
  pageTexts: PageTexts,
  language: Locale,
): Record<PageName, string> => {
  const all = pageFlows(texts);
  return Object.fromEntries(
    PAGE_NAMES.map((name) => [name, pageHtml(all[name], pageTexts, language)]),
  ) as Record<PageName, string>;
};

const PAGES: Readonly<Record<Locale, Record<PageName, string>>> = {
  en: renderPages(ENGLISH_FLOW_TEXTS, ENGLISH_PAGE_TEXTS, "en"),
  ru: renderPages(RUSSIAN_FLOW_TEXTS, RUSSIAN_PAGE_TEXTS, "ru"),
};

/**
 * Where the links of mails lead. No part of the API: each is a button that calls it, and GET changes nothing.
 */
export const mailPages = new Hono<{ Bindings: Env }>();

mailPages.get("/", (c) => {
  const language = languageOf(c.req.header("accept-language") ?? null, []);
  return c.body(startPageHtml(language, isDevMailOn(c.env)), 200, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Language": language,
    Vary: "Accept-Language",
    "Content-Security-Policy": START_POLICY,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
  });
});
mailPages.all("/", () => {
  throw new Problem("method-not-allowed", { headers: { Allow: "GET, HEAD" } });
});

for (const name of PAGE_NAMES) {
  mailPages.get(`/${name}`, (c) => {
    const language = languageOf(c.req.header("accept-language") ?? null, []);
    return c.body(PAGES[language][name], 200, {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Language": language,
      Vary: "Accept-Language",
      "Content-Security-Policy": PAGE_POLICY,
      "Referrer-Policy": "no-referrer",
      "Cross-Origin-Opener-Policy": "same-origin",
    });
  });
  mailPages.all(`/${name}`, () => {
    throw new Problem("method-not-allowed", { headers: { Allow: "GET, HEAD" } });
  });
}
