/**
 * Real bodies as examples: lists are cut short, and ids, times and secrets are replaced by steady ones, so
 * that two recordings differ only where the API does.
 */

/** A secret in an example says that it is one. */
const MARK = "EXAMPLE";
const TOKEN = `${MARK}-TOKEN-`;
/** The moment of every example. */
const MOMENT = Date.parse("2026-01-15T09:30:00.000Z");
const TEN_MINUTES_MS = 10 * 60 * 1_000;
/** Times that a caller chose stay. Those near the recording are moved. */
const NEAR_MS = 2 * 366 * 24 * 60 * 60 * 1_000;

const LONGEST_TEXT_LIST = 3;

/** The first row of each list, and the first of many texts. */
export function shorten(value: unknown): unknown {
  if (Array.isArray(value)) {
    const isTexts = value.every((one) => typeof one === "string");
    return value.slice(0, isTexts ? LONGEST_TEXT_LIST : 1).map(shorten);
  }
  return typeof value === "object" && value !== null ? mapFields(value, (_, one) => shorten(one)) : value;
}

const mapFields = (value: object, map: (name: string, one: unknown) => unknown): object =>
  Object.fromEntries(Object.entries(value).map(([name, one]) => [name, map(name, one)]));

/** @param recordedAt milliseconds since the epoch: when the bodies were recorded */
export function steady(
  bodies: Readonly<Record<string, unknown>>,
  recordedAt: number,
): Record<string, unknown> {
  const names = new Map<string, string>();
  const numbered = (found: string, name: (number: number) => string): string => {
    const known = names.get(found);
    if (known !== undefined) return known;
    const made = name(names.size + 1);
    names.set(found, made);
    return made;
  };
  const replace = (value: unknown, field: string): unknown => {
    if (Array.isArray(value)) return value.map((one) => replace(one, field));
    if (typeof value === "object" && value !== null)
      return mapFields(value, (name, one) => replace(one, name));
    return typeof value === "string" ? replaceText(value, field, recordedAt, numbered) : value;
  };
  const sorted = Object.entries(bodies).sort(([one], [two]) => (one < two ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, body]) => [name, replace(body, "")]));
}

type Numbered = (found: string, name: (number: number) => string) => string;

const ULID = /\b([a-z]{3})_[0-9A-HJKMNP-TV-Z]{26}\b/g;
const UUID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

function replaceText(text: string, field: string, recordedAt: number, numbered: Numbered): string {
  if (TIME.test(text)) return steadyTime(text, recordedAt);
  const secret = steadySecret(text, field);
  if (secret !== null) return secret;
  return text
    .replaceAll(ULID, (id, prefix: string) =>
      numbered(id, (number) => `${prefix}_01J${String(number).padStart(23, "0")}`),
    )
    .replaceAll(UUID, (id) =>
      numbered(id, (number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`),
    )
    .replaceAll(/\bperson-\w*-?\d+@/g, (address) => numbered(address, (number) => `person-${number}@`))
    .replaceAll(/[\w-]{40,}(?:\.[\w-]{40,})*/g, (run) =>
      run.includes("_01J000") ? run : tokenOf(run.length),
    );
}

function steadyTime(text: string, recordedAt: number): string {
  const distance = Date.parse(text) - recordedAt;
  if (Math.abs(distance) > NEAR_MS) return text;
  return new Date(MOMENT + Math.round(distance / TEN_MINUTES_MS) * TEN_MINUTES_MS).toISOString();
}

/** As long as a token of 256 random bits where it can be: their length is checked. */
const tokenOf = (length: number): string => TOKEN.repeat(4).slice(0, Math.min(length, 43));

/** By the form of a secret, else by the name of its field. */
function steadySecret(text: string, field: string): string | null {
  if (field === "refresh_token") return `${MARK}.REFRESH.TOKEN`;
  if (/^[0-9a-f]{64}$/.test(text)) return "0123456789abcdef".repeat(4);
  if (/^[\w-]+\.[\w-]+\.[\w-]{40,}$/.test(text)) return `${MARK}.ACCESS.TOKEN`;
  if (/^tgk_\w{8,}$/.test(text)) return `tgk_${MARK}_KEY`;
  if (/^(?:whsec|pm)_/.test(text)) return text.replace(/_.*$/, `_${MARK}`);
  if (/^[0-9A-Z]{5}(?:-[0-9A-Z]{5}){3}$/.test(text)) return "ABCDE-FGHJK-LMNPQ-RSTVW";
  if (/^(?:code|newCode|oldCode)$/.test(field) && /^[\d ]+$/.test(text)) return "1234 5678";
  if (field === "prefix") return `tgk_${MARK.slice(0, 4)}`;
  if (field === "last4" && /\D/.test(text)) return MARK.slice(-4);
  if (field === "nextCursor") return `${MARK}-CURSOR`;
  return null;
}

/** Texts that look like a secret of a real gate: long, of letters and digits, and without the mark. */
export const isSecretLike = (text: string): boolean =>
  (/(?=\w*\d)(?=\w*[A-Za-z])[A-Za-z0-9_-]{24,}/.test(text) && !STEADY.test(text)) ||
  /^(?:tgk_|whsec_|pm_|eyJ)(?!EXAM)/.test(text);

const STEADY = /EXAMPLE|_01J000|^(?:0123456789abcdef){4}$|0000-4000-8000/;
