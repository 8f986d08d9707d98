import { canonicalName } from "./canonical-name.ts";

/**
 * Latin, Cyrillic and Greek letters that look alike (UTS 39): first what they are compared as. Letters stand
 * in the case in which they look alike; Cyrillic ones in both, because case makes no other name.
 */
const LOOK_ALIKES = `
  a: а А α Α ɑ      b: в В ь Ь β Β    c: с С ϲ Ϲ        d: ԁ Ԁ          e: е Е ε Ε є Є
  g: ԍ Ԍ ɡ          h: н Н һ Һ Η      i: і І ι Ι ı ɩ ɪ  j: ј Ј ϳ        k: к К κ Κ
  l: ӏ Ӏ            m: м М Μ          n: η Ν            o: о О ο Ο σ    p: р Р ρ Ρ
  q: ԛ Ԛ            r: г Г Γ          s: ѕ Ѕ            t: т Т τ Τ      u: υ ʋ
  v: ѵ Ѵ ν          w: ԝ Ԝ ω ѡ Ѡ      x: х Х χ Χ        y: у У ү Ү γ Υ ʏ
  z: ζ Ζ            3: з З ӡ Ӡ        6: б Б            п: π Π          ф: φ Φ          л: Λ
`.replace(/^ {2}/gm, "");

const LETTERS: ReadonlyMap<string, string> = new Map(
  LOOK_ALIKES.trim()
    .split(/\s{2,}|\n/)
    .flatMap((row) => {
      const [letter = "", rest = ""] = row.split(": ");
      return rest.split(" ").map((alike) => [alike, letter] as const);
    }),
);

/** Beside the ignorable characters: controls and formats, and the blank pattern of Braille. */
const INVISIBLE = /[\p{Cf}\p{Cc}\u2800]/gu;
const BLANKS = /[\p{Z}\s]+/gu;

/** Text as a reader sees it, with one space between words. */
const visibleText = (text: string): string =>
  canonicalName(text.replace(BLANKS, " ").replace(INVISIBLE, "")).replace(BLANKS, " ");

/** Full case folding, made of upper and lower case: ß is ss, and both forms of the Greek sigma are one. */
const foldCase = (text: string): string =>
  text.toLowerCase().toUpperCase().toLowerCase().replaceAll("ς", "σ");

const foldLetters = (text: string): string =>
  Array.from(text.normalize("NFD"), (letter) => LETTERS.get(letter) ?? letter)
    .join("")
    .normalize("NFC");

/** The same text in any case, form and width. */
const caselessKey = (text: string): string => visibleText(foldCase(visibleText(text))).trim();

/**
 * A serial number as it is compared: in capitals, without blanks, and with letters that look alike there as
 * one.
 */
export const canonicalSerial = (serial: string): string =>
  caselessKey(foldLetters(foldCase(visibleText(serial)).toUpperCase().normalize("NFKC"))).replace(BLANKS, "");

/**
 * What a name is compared by: as a text in any case, by its letters, and with the digits that look like
 * letters. Letters are compared in the case that was written, because the Greek Ν looks like an N and its ν
 * like a v.
 */
export function lookAlikeKeys(name: string): readonly string[] {
  // Letters come first, too: NFKC makes a sigma of ϲ, which looks like a c.
  const letters = foldLetters(visibleText(foldLetters(name)));
  return [name, letters, letters.replace(/[I1|]/g, "l").replaceAll("0", "o")].map(caselessKey);
}

/** Would a reader take these names for one? */
export function areNamesAlike(name: string, other: string): boolean {
  const keys = lookAlikeKeys(other);
  return lookAlikeKeys(name).some((key, index) => key === keys[index]);
}
