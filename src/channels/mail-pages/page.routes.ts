import { Hono } from "hono";
import type { Env } from "../../env.ts";
import { languageOf } from "../../gate/calls/language.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { isDevMailOn } from "../mail/dev-mail.ts";
import type { Locale } from "../../kernel/schema/team.ts";
import { flows } from "./flow.ts";
import { PAGE_NAMES, pageHtml, type PageName, POLICY, type Sayings } from "./page.ts";
import { START_POLICY, startPage } from "./start.ts";
import { ENGLISH, ENGLISH_FLOWS } from "./words.en.ts";
import { RUSSIAN, RUSSIAN_FLOWS } from "./words.ru.ts";

/** Whole pages as text: the same for everybody, and written once. */
const written = (
  words: Parameters<typeof flows>[0],
  sayings: Sayings,
  language: Locale,
): Record<PageName, string> => {
  const all = flows(words);
  return Object.fromEntries(
    PAGE_NAMES.map((name) => [name, pageHtml(all[name], sayings, language)]),
  ) as Record<PageName, string>;
};

const PAGES: Readonly<Record<Locale, Record<PageName, string>>> = {
  en: written(ENGLISH_FLOWS, ENGLISH, "en"),
  ru: written(RUSSIAN_FLOWS, RUSSIAN, "ru"),
};

/**
 * Where the links of mails lead. No part of the API: each is a button that calls it, and GET changes nothing.
 */
export const pages = new Hono<{ Bindings: Env }>();

pages.get("/", (c) => {
  const language = languageOf(c.req.header("accept-language") ?? null, []);
  return c.body(startPage(language, isDevMailOn(c.env)), 200, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Language": language,
    Vary: "Accept-Language",
    "Content-Security-Policy": START_POLICY,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
  });
});
pages.all("/", () => {
  throw new Problem("method-not-allowed", { headers: { Allow: "GET, HEAD" } });
});

for (const name of PAGE_NAMES) {
  pages.get(`/${name}`, (c) => {
    const language = languageOf(c.req.header("accept-language") ?? null, []);
    return c.body(PAGES[language][name], 200, {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Language": language,
      Vary: "Accept-Language",
      "Content-Security-Policy": POLICY,
      "Referrer-Policy": "no-referrer",
      "Cross-Origin-Opener-Policy": "same-origin",
    });
  });
  pages.all(`/${name}`, () => {
    throw new Problem("method-not-allowed", { headers: { Allow: "GET, HEAD" } });
  });
}
