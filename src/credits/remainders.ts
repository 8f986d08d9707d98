import type { Lot } from "./lot.ts";

/** Up to so many open lots, each entry carries the remainders of all. */
const FULL_MAX = 32;
/** Beyond it an entry carries those that differ from an earlier entry which has all: at most so many. */
const CHANGED_MAX = 32;

/** The remainders of all open lots after an entry, by the lots' seqs. */
export interface FullRemainders {
  readonly seq: number;
  readonly remainders: ReadonlyMap<number, number>;
}

export interface PackedRemainders {
  /**
   * As it is stored: remainders by seq, 0 for a lot that is gone, and in `since` the entry that has the
   * others.
   */
  readonly text: string;
  /** What later entries may differ from; null while they carry all themselves. */
  readonly base: FullRemainders | null;
}

export interface UnpackedRemainders extends Pick<PackedRemainders, "base"> {
  readonly remainders: ReadonlyMap<number, number>;
}

/** The state of the lots after entry `seq`, in as few bytes as a large account allows. */
export function packRemainders(
  seq: number,
  lots: readonly Lot[],
  base: FullRemainders | null,
): PackedRemainders {
  if (lots.length <= FULL_MAX)
    return { text: JSON.stringify(Object.fromEntries(remaindersOf(lots))), base: null };
  const remainders = remaindersOf(lots);
  const changed = base === null ? null : changedRemainders(base.remainders, remainders);
  if (base !== null && changed !== null && changed.length <= CHANGED_MAX) {
    return { text: JSON.stringify({ since: base.seq, ...Object.fromEntries(changed) }), base };
  }
  return { text: JSON.stringify(Object.fromEntries(remainders)), base: { seq, remainders } };
}

/** @param textOf what another entry carries */
export function unpackRemainders(
  seq: number,
  text: string,
  textOf: (seq: number) => string,
): UnpackedRemainders {
  const { since, ...ownRemainders } = JSON.parse(text) as Record<string, number>;
  if (since === undefined) {
    const remainders = toNumberKeys(ownRemainders);
    return { remainders, base: remainders.size > FULL_MAX ? { seq, remainders } : null };
  }
  const base = { seq: since, remainders: toNumberKeys(JSON.parse(textOf(since)) as Record<string, number>) };
  const all = new Map([...base.remainders, ...toNumberKeys(ownRemainders)]);
  return { remainders: new Map([...all].filter(([, remainder]) => remainder > 0)), base };
}

const remaindersOf = (lots: readonly Lot[]): Map<number, number> =>
  new Map(lots.map(({ seq, remainder }) => [seq, remainder]));
const toNumberKeys = (remainders: Readonly<Record<string, number>>): Map<number, number> =>
  new Map(Object.entries(remainders).map(([seq, remainder]) => [Number(seq), remainder]));

function changedRemainders(
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
): [seq: number, remainder: number][] {
  const changed = [...after].filter(([seq, remainder]) => before.get(seq) !== remainder);
  const gone = [...before.keys()].filter((seq) => !after.has(seq)).map((seq): [number, number] => [seq, 0]);
  return [...changed, ...gone];
}
