import { type Locale, LOCALES } from "../../kernel/schema/team.ts";

/** `ru-RU;q=0.8` as a supported language and its weight; null for any other language. */
function parseLanguageRange(part: string): { language: Locale; quality: number } | null {
  const [, tag = "", quality = "1"] =
    /^\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9-]{1,60})?\s*(?:;\s*[qQ]\s*=\s*([01](?:\.\d{0,3})?)\s*)?$/.exec(part) ??
    [];
  const language = LOCALES.find((each) => each === tag.toLowerCase());
  return language === undefined ? null : { language, quality: Number(quality) };
}

/** Entries of a header that are looked at; a browser sends a handful. */
const ENTRIES_MAX = 50;

/**
 * The language of the answer: the one that Accept-Language wants most (RFC 9110 section 12.5.4; of
 * equals the first), else the first of `fallbacks` that it does not rule out, else English. What cannot be
 * read of the header is not there.
 */
export function languageOf(header: string | null, fallbacks: readonly (Locale | null)[]): Locale {
  const wishes = (header ?? "").split(",", ENTRIES_MAX).flatMap((part) => parseLanguageRange(part) ?? []);
  const [first] = wishes.filter(({ quality }) => quality > 0).sort((one, two) => two.quality - one.quality);
  const ruledOut = wishes.filter(({ quality }) => quality === 0).map(({ language }) => language);
  return (
    first?.language ?? fallbacks.find((language) => language !== null && !ruledOut.includes(language)) ?? "en"
  );
}
