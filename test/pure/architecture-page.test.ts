import { expect, test } from "vitest";
import { readRepositoryFile } from "../architecture/repository-file.ts";
import { COMMANDS, FLOORS } from "../architecture/rooms.ts";

const page = readRepositoryFile("docs/architecture.md");
const [, picture = ""] = /```\n( index [\s\S]*?)```/.exec(page) ?? [];

/** Names of rooms in a line of the picture: two lines explain their room behind its name. */
const roomsIn = (line: string): string[] => {
  const names = line.trim().split(/\s+/);
  return /^(index|app)$/.test(names[0] ?? "") ? names.slice(0, 1) : names;
};

test("the picture of the architecture has the floors, from the top down", () => {
  const drawn = picture
    .split("\n")
    .filter((line) => /\w/.test(line))
    .map((line) => roomsIn(line).sort());
  expect(drawn).toEqual(FLOORS.map((floor) => [...floor].sort()).reverse());
});

test("the table of the architecture has the groups", () => {
  const [, table = ""] = /\| Group \|[^\n]*\n\|[-|]+\n([\s\S]*?)\n\n/.exec(page) ?? [];
  const listed = Array.from(table.matchAll(/^\| `(\w+)` \|/gm), ([, name]) => name);
  const groups = new Set([...FLOORS.flat(), COMMANDS].map((room) => room.split("/")[0]));
  for (const entry of ["app", "index"]) groups.delete(entry);
  expect([...listed].sort()).toEqual([...groups].sort());
});
