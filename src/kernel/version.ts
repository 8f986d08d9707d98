import { canonical } from "./canonical.ts";

interface Versioned {
  readonly version: number;
  readonly updatedAt: number;
}

/** The changed row under its next version. The row itself where nothing would change: then write nothing. */
export function nextVersion<Row extends Versioned>(row: Row, wanted: Row, now: number): Row {
  const { version, updatedAt } = row;
  if (canonical({ ...wanted, version, updatedAt }) === canonical(row)) return row;
  return { ...wanted, version: version + 1, updatedAt: now };
}
