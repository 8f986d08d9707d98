import { canonical } from "./canonical.ts";

interface Versioned {
  readonly version: number;
  readonly updatedAt: number;
}

/**
 * The row as it is wanted, under its next version. The row itself where nothing would change: write nothing
 * then.
 */
export function nextVersion<Row extends Versioned>(row: Row, wanted: Row, now: number): Row {
  const { version, updatedAt } = row;
  if (canonical({ ...wanted, version, updatedAt }) === canonical(row)) return row;
  return { ...wanted, version: version + 1, updatedAt: now };
}
