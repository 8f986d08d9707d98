import type { Fault, Node, Source } from "./parsed-source.ts";

/** Words that make a riddle of a sentence for a reader of English as a second language. */
const RIDDLE_WORDS = /\b(whoever|whatever|somebody|nobody|anew|is told|stands in|unless told)\b/gi;

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*/g;

/** What people read of a source: comments, and texts that are sentences. */
export function wordFaults(source: Source): Fault[] {
  const texts = source.nodes.filter(isText);
  const withoutTexts = texts.reduce((text, { start, end }) => blankOut(text, start, end), source.text);
  const comments = Array.from(withoutTexts.matchAll(COMMENT), ({ 0: comment, index }) => ({
    start: index,
    end: index + comment.length,
  }));
  const sentences = texts.filter(
    ({ start, end, ...node }) => !("regex" in node) && source.text.slice(start + 1, end - 1).includes(" "),
  );
  return [...comments, ...sentences].flatMap(({ start, end }) =>
    findRiddles(source.path, source.text, start, end),
  );
}

/** The same for a document. */
export const documentFaults = (path: string, text: string): Fault[] =>
  findRiddles(path, text, 0, text.length);

const isText = ({ type, ...node }: Node): boolean =>
  type === "TemplateElement" ||
  (type === "Literal" && (typeof node["value"] === "string" || "regex" in node));

const blankOut = (text: string, start: number, end: number): string =>
  text.slice(0, start) + text.slice(start, end).replaceAll(/[^\n]/g, " ") + text.slice(end);

function findRiddles(path: string, text: string, start: number, end: number): Fault[] {
  return Array.from(text.slice(start, end).matchAll(RIDDLE_WORDS), ({ 0: word, index }) => ({
    rule: "plain words",
    path,
    line: text.slice(0, start + index).split("\n").length,
    advice: `"${word}": say who or what is meant`,
  }));
}
