import { encodeTime, monotonicFactory } from "ulid";
import { z } from "zod";
import { ruleText } from "./messages/rule-text.ts";

/**
 * What each id begins with: `<prefix>_<ULID>`. The ULID sorts by time, so a list by id is a list by age. The
 * prefixes of resources are declared with their types.
 */
export const ID_PREFIXES = {
  account: "acc",
  user: "usr",
  role: "rol",
  member: "mem",
  apiKey: "key",
  claim: "clm",
  event: "evt",
  call: "cal",
  request: "req",
  invitation: "inv",
  ownershipOffer: "oof",
  signIn: "sgn",
  session: "ses",
  mail: "mal",
  hook: "hok",
  delivery: "dlv",
  token: "jti",
  lot: "lot",
  entry: "ent",
  deadLetter: "dlq",
  themeFile: "fil",
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

/**
 * Random bytes are fetched many at once: one at a time, as the library does, they cost a call to the gate
 * more than its rules.
 */
const randomPool = new Uint8Array(1_024);
let usedBytes = randomPool.length;

function nextRandom(): number {
  if (usedBytes === randomPool.length) {
    crypto.getRandomValues(randomPool);
    usedBytes = 0;
  }
  return (randomPool[usedBytes++] ?? 0) / 256;
}

const ulid = monotonicFactory(nextRandom);

/** @param at milliseconds since the epoch */
export const newId = (kind: IdKind, at: number): string => newIdWith(ID_PREFIXES[kind], at);

/** The id of a new object of a type that declares its prefix. @param at milliseconds since the epoch */
export const newIdWith = (prefix: string, at: number): string => `${prefix}_${ulid(at)}`;

/** The least id of a moment: ids that sort before it are older. @param at milliseconds since the epoch */
export const firstIdAt = (kind: IdKind, at: number): string =>
  `${ID_PREFIXES[kind]}_${encodeTime(at, 10)}${"0".repeat(16)}`;

const ULID = "[0-7][0-9A-HJKMNP-TV-Z]{25}";
const ANY_ID = new RegExp(`^[a-z]{3}_${ULID}$`);

/** Whether the text has the form of an id. A caller may write any text in place of an id. */
export const isId = (text: string): boolean => ANY_ID.test(text);

/** Accepts exactly the ids that `newId(kind)` makes. */
export const idSchema = (kind: IdKind) =>
  z
    .string()
    .regex(
      new RegExp(`^${ID_PREFIXES[kind]}_${ULID}$`),
      ruleText("validation.id", { example: `${ID_PREFIXES[kind]}_01ARZ3NDEKTSV4RRFFQ69G5FAV` }),
    );
