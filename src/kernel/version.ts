import { canonicalJson } from "./canonical-json.ts";

interface Versioned {
  readonly version: number;
  readonly updatedAt: number;
}

/** The changed row under its next version. The row itself where nothing would change: then write nothing. */
export function nextVersion<Row extends Versioned>(row: Row, updated: Row, now: number): Row {
  const { version, updatedAt } = row;
  if (canonicalJson({ ...updated, version, updatedAt }) === canonicalJson(row)) return row;
  return { ...updated, version: version + 1, updatedAt: now };
}
