export interface Changes {
  readonly before: Record<string, unknown>;
  readonly after: Record<string, unknown>;
}

/** Members that every change touches and that say nothing. */
const BOOKKEEPING: readonly string[] = ["version", "updatedAt"];

/**
 * The difference of two objects, for the audit log: only the fields that differ, null where one was missing.
 */
export function diffFields(before: object, after: object): Changes {
  const oldValues = new Map(Object.entries(before));
  const changed = Object.entries(after).filter(
    ([name, value]) =>
      !BOOKKEEPING.includes(name) && JSON.stringify(oldValues.get(name)) !== JSON.stringify(value),
  );
  return {
    before: Object.fromEntries(
      changed.filter(([name]) => oldValues.has(name)).map(([name]) => [name, oldValues.get(name)]),
    ),
    after: Object.fromEntries(changed.map(([name, value]) => [name, value ?? null])),
  };
}
