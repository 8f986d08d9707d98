import { sha256Hex } from "../../kernel/digest.ts";
import { canonicalJson } from "../../kernel/canonical-json.ts";
import { digestPaths, type PersonalValues } from "./personal-value.ts";

export const ERASE_ACTION = "audit.erase";

/** Rows that lost the same personal values: `seqs` are single places, and first and last places of runs. */
export interface ErasedRows {
  readonly paths: readonly string[];
  readonly seqs: ReadonlyArray<number | readonly [first: number, last: number]>;
}

/** What the account's object keeps of an erasure, so that no editor of D1 makes one. */
export interface ErasureRecord {
  readonly id: string;
  readonly digest: string;
}

export const erasureDigest = (rows: readonly ErasedRows[]): string => sha256Hex(canonicalJson(rows));

const isUnder = (path: string, ...fields: readonly string[]): boolean =>
  fields.some((field) => path.startsWith(`/${field}/`));

/**
 * Which personal values of a row tell of a member: who and whence where the member acted, and what changed
 * where the row is about the member. What a member did to others is theirs.
 */
export function personalPathsOf(memberId: string, body: unknown, personal: PersonalValues): string[] {
  const { actor, resource, changes } = body as {
    actor?: { memberId?: unknown };
    resource?: unknown;
    changes?: unknown;
  };
  const isActor = actor?.memberId === memberId;
  const isAbout = JSON.stringify([resource, changes]).includes(JSON.stringify(memberId));
  const isTheirs = (path: string): boolean => (isUnder(path, "actor", "origin") ? isActor : isAbout);
  return Object.keys(personal)
    .filter((path) => path.startsWith("/") && personal[path] !== null && isTheirs(path))
    .sort();
}

/** The same in few words: rows by what they lost. @param rows in the order of `seq` */
export function groupByPaths(
  rows: ReadonlyArray<{ readonly seq: number; readonly paths: readonly string[] }>,
): ErasedRows[] {
  const groups = new Map<string, { paths: readonly string[]; seqs: Array<number | [number, number]> }>();
  for (const { seq, paths } of rows) {
    const name = paths.join("\n");
    const group = groups.get(name) ?? { paths, seqs: [] };
    groups.set(name, group);
    const last = group.seqs.at(-1);
    if (typeof last === "number" && last === seq - 1) group.seqs[group.seqs.length - 1] = [last, seq];
    else if (Array.isArray(last) && last[1] === seq - 1) last[1] = seq;
    else group.seqs.push(seq);
  }
  return [...groups.values()];
}

/** Whether an erasure names this value of this row. */
export type IsErased = (seq: number, path: string) => boolean;

/**
 * Erasures of the chain that the object knows too. A row that is not as it was sealed is found by the walk.
 */
export function toErasedPredicate(
  events: ReadonlyArray<{ readonly id: string; readonly body: string }>,
  known: readonly ErasureRecord[],
): IsErased {
  const digests = new Map(known.map(({ id, digest }) => [id, digest]));
  const runs = new Map<string, Array<readonly [number, number]>>();
  for (const { id, body } of events) {
    const rows = parseErasedRows(body);
    if (rows === null || digests.get(id) !== erasureDigest(rows)) continue;
    for (const { paths, seqs } of rows) {
      const listed = seqs.map((run) => (typeof run === "number" ? ([run, run] as const) : run));
      for (const path of paths) runs.set(path, [...(runs.get(path) ?? []), ...listed]);
    }
  }
  return (seq, path) => runs.get(path)?.some(([first, last]) => first <= seq && seq <= last) ?? false;
}

function parseErasedRows(body: string): readonly ErasedRows[] | null {
  try {
    const rows: unknown = JSON.parse(body)?.changes?.after?.rows;
    return Array.isArray(rows) ? rows : null;
  } catch {
    return null;
  }
}

/** Values whose digest was sealed and that are gone. */
export const blankedPaths = (body: unknown, personal: PersonalValues): string[] =>
  digestPaths(body).filter((path) => (Object.hasOwn(personal, path) ? personal[path] : null) === null);
