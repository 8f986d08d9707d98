import { ENGLISH } from "./en/catalogue.ts";
import { PROBLEM as ENGLISH_PROBLEMS } from "./en/problem.ts";
import { RUSSIAN } from "./ru/catalogue.ts";
import { PROBLEM as RUSSIAN_PROBLEMS } from "./ru/problem.ts";

type Catalogue = typeof ENGLISH;

/** Group and name of a text in the catalogue, such as `members.blockSelf`. */
export type MessageKey = {
  [Group in keyof Catalogue]: `${Group}.${string & keyof Catalogue[Group]}`;
}[keyof Catalogue];

type TextOf<Key> = Key extends `${infer Group extends keyof Catalogue}.${infer Name}`
  ? Catalogue[Group][Name & keyof Catalogue[Group]]
  : never;

/** The values of a text; none where it is one sentence. */
export type ValuesOf<Key> = TextOf<Key> extends (values: infer Values) => string ? [values: Values] : [];

/**
 * A sentence that has no language yet: a key of the catalogue, and the values in it. It is JSON, so that it
 * can be stored. It becomes text when an answer is written.
 */
export interface Message {
  readonly key: MessageKey;
  readonly values?: object;
}

/** One sentence, or several that stand one after the other. */
export type Sentences = Message | readonly Message[];

/** @param values those of the text, if it has any */
export const message = <Key extends MessageKey>(key: Key, ...[values]: ValuesOf<Key>): Message =>
  values === undefined ? { key } : { key, values: values as object };

const CATALOGUES = { en: ENGLISH, ru: RUSSIAN };
const PROBLEM_TEXTS = { en: ENGLISH_PROBLEMS, ru: RUSSIAN_PROBLEMS };

/** A language that has a catalogue. */
export type MessageLanguage = keyof typeof CATALOGUES;

export function renderMessage(sentences: Sentences, language: MessageLanguage): string {
  if (!("key" in sentences)) return sentences.map((each) => renderMessage(each, language)).join(" ");
  const [group = "", name = ""] = sentences.key.split(".");
  const texts: Record<string, Record<string, unknown>> = CATALOGUES[language];
  const text = texts[group]?.[name];
  // A stored message may be of a version of the gate that had other texts.
  if (text === undefined) return sentences.key;
  return typeof text === "function" ? String(text(sentences.values ?? {})) : String(text);
}

/** Title and detail of a problem that says nothing more exact. */
export const problemTexts = (code: keyof typeof ENGLISH_PROBLEMS, language: MessageLanguage) =>
  PROBLEM_TEXTS[language][code];
