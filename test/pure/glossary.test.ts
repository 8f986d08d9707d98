import { describe, expect, test } from "vitest";
import { RIGHTS } from "../../src/access/right.ts";
import { ID_PREFIXES } from "../../src/kernel/id.ts";
import { DECLARED_TYPES } from "../../src/resources/types/registry.ts";
import { isNode, type Node, parseSource } from "../architecture/parsed-source.ts";
import { listRepositoryFiles, readRepositoryFile } from "../architecture/repository-file.ts";
import { COMMANDS, FLOORS, LAYERS } from "../architecture/rooms.ts";

const glossary = readRepositoryFile("docs/glossary.md");

type GlossaryRow = readonly [name: string, meaning: string];

/** The first two cells of each row of the table under a heading. */
function rowsOf(heading: string, text = glossary): GlossaryRow[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const rows = Array.from(
    section.matchAll(/^\| (.+?) \| (.+) \|$/gm),
    ([, name = "", meaning = ""]): GlossaryRow => [name.replaceAll("`", ""), meaning],
  );
  return rows.slice(1);
}
const namesOf = (heading: string): string[] => rowsOf(heading).map(([name]) => name);
const sorted = (names: Iterable<string>): string[] => [...names].sort((one, other) => (one < other ? -1 : 1));

const sources = listRepositoryFiles()
  .filter((path) => /^src\/(?!commands\/).*\.ts$/.test(path) && !path.endsWith(".d.ts"))
  .map((path) => parseSource(path, readRepositoryFile(path)));

/** Names of the union `EventName`: events that have no right of the same name. */
function declaredEvents(): string[] {
  const nodes = sources.flatMap((source) => source.nodes);
  const union = nodes.find(
    (node) =>
      node.type === "TSTypeAliasDeclaration" && isNode(node["id"]) && node["id"]["name"] === "EventName",
  );
  const types = (union?.["typeAnnotation"] as Node | undefined)?.["types"] as Node[] | undefined;
  return (types ?? []).map((one) => String((one["literal"] as Node)["value"]));
}

/** Actions that are written as they are: `action: "audit.quarantine"`. */
const writtenActions = (): string[] =>
  sources
    .flatMap((source) => source.nodes)
    .filter((node) => node.type === "Property" && isNode(node["key"]) && node["key"]["name"] === "action")
    .map((node) => String((node["value"] as Node)["value"]))
    .filter((name) => /^[a-z_]+\.[a-z_]+$/.test(name) && !Object.hasOwn(RIGHTS, name));

/** Actions that are put together, with the file and the words that show it. */
const COMPOSED: Readonly<Record<string, readonly [path: string, words: string]>> = {
  "credits.expire": ["src/credits/ledger-entry.ts", "action: `credits."],
  "gate.enter": ["src/gate/calls/audited-refusal.ts", '"gate.enter"'],
};

describe("the terms of the glossary", () => {
  const terms = namesOf("Terms");
  test("are about sixty or more, each once, in the order of the alphabet", () => {
    expect(terms.length).toBeGreaterThan(60);
    expect(new Set(terms).size).toBe(terms.length);
    expect(terms).toEqual([...terms].sort((one, other) => one.localeCompare(other, "en")));
  });
  test("have one sentence each, of thirty words at most", () => {
    const isSentence = (meaning: string): boolean =>
      /^[A-Z][^|]*\.$/.test(meaning) && !/\. [A-Z]/.test(meaning) && meaning.split(" ").length <= 30;
    expect(rowsOf("Terms").filter(([, meaning]) => !isSentence(meaning))).toEqual([]);
  });
});

describe("the tables of the glossary", () => {
  test("name every room, each once, in the order of the alphabet", () =>
    expect(namesOf("Rooms")).toEqual(sorted([...FLOORS.flat(), COMMANDS])));

  test("name every suffix", () => {
    const layers = LAYERS.flat().filter((layer) => layer !== "rules");
    expect(namesOf("Suffixes")).toEqual(["none", ...sorted([...layers, "card"])]);
    const used = sources.flatMap(({ path }) => /\.([a-z]+)\.ts$/.exec(path)?.[1] ?? []);
    const languages = ["en", "ru"];
    expect(sorted(new Set(used)).filter((suffix) => !languages.includes(suffix))).toEqual(
      sorted([...layers, "card"]),
    );
  });

  test("name every prefix of an id", () => {
    const ofTypes = DECLARED_TYPES.flatMap(({ stored }) => stored?.idPrefix ?? []);
    expect(ofTypes.length).toBeGreaterThan(15);
    expect(namesOf("Id prefixes")).toEqual(sorted([...Object.values(ID_PREFIXES), ...ofTypes]));
  });

  test("name every event that is no right", () => {
    const events = [...declaredEvents(), ...writtenActions(), ...Object.keys(COMPOSED)];
    expect(declaredEvents().length).toBeGreaterThan(25);
    expect(namesOf("Event names")).toEqual(sorted(new Set(events)));
    for (const [path, words] of Object.values(COMPOSED)) expect(readRepositoryFile(path)).toContain(words);
  });

  test("have a meaning in each row", () => {
    for (const heading of ["Rooms", "Suffixes", "Id prefixes", "Event names"])
      expect(rowsOf(heading).filter(([, meaning]) => meaning.length < 3)).toEqual([]);
  });

  test("are read as they are written", () => {
    const text = "## Rooms\n\n| Room | What |\n|---|---|\n| `a` | One. |\n| b | Two. |\n\n## Terms\n";
    expect(rowsOf("Rooms", text)).toEqual([
      ["a", "One."],
      ["b", "Two."],
    ]);
  });
});
