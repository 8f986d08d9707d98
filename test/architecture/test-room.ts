import type { Fault, Source } from "./parsed-source.ts";

/**
 * What each folder of test/ may import beside itself. The harness is the ground: it knows no tests. Tests
 * end to end meet the service through the harness only.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  test: ["test/architecture", "test/reference"],
  "test/architecture": [],
  "test/harness": ["src"],
  "test/bench": ["test/harness", "src"],
  "test/description": ["test/harness", "src"],
  "test/mutation": [],
  "test/pure": ["test", "test/architecture", "test/harness", "test/reference", "src"],
  "test/reference": ["test", "src", "test/architecture"],
  "test/worker": ["test/harness", "src"],
  "test/e2e": ["test/harness"],
};

/** `src`, or the folder below test/; files that lie in test/ itself are of the room `test`. */
const testRoomOf = (path: string): string => /^(?:src(?=\/)|test(?:\/[^/]+)?(?=\/))/.exec(path)?.[0] ?? path;

/** Folders of test/ import what the table names, and nothing else of the repository. */
export function testRoomFaults(source: Source): Fault[] {
  const from = testRoomOf(source.path);
  if (!source.path.startsWith("test/")) return [];
  const allowed = MAY_IMPORT[from];
  const fault = (line: number, advice: string): Fault => ({
    rule: "test room",
    path: source.path,
    line,
    advice,
  });
  if (allowed === undefined)
    return [fault(1, `${from} is no room; name it in test/architecture/test-room.ts`)];
  return source.imports.flatMap(({ path, line }) => {
    if (path === null) return [];
    const to = testRoomOf(path);
    return to === from || allowed.includes(to) ? [] : [fault(line, `${from} does not import ${to}`)];
  });
}
