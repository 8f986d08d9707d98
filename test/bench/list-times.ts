import type { Edge } from "../harness/edge.ts";
import { memberListCalls, MEMBERS } from "./member-list.ts";
import { printExport } from "./export.ts";
import { median, table } from "./figure.ts";
import { listCalls, OBJECTS, checkList } from "./resource-list.ts";
import { runLoad } from "./measurement.ts";
import { readLoad, type Scenario, findScenario, type BenchFixture } from "./scenario.ts";

const LIST_ROUNDS = 5;
const LIST_CALLS = 40;

/** One call after another, as a person waits for it. The same rounds have a bare read of a row. */
export async function printListTimes(edge: Edge, world: BenchFixture): Promise<void> {
  const { platform } = world;
  const [, bare] = findScenario(world, "bare + D1 read");
  const calls = [...(await listCalls(edge, platform)), ...(await memberListCalls(edge, platform))];
  for (const call of calls) await checkList(edge, call);
  const loads: Scenario[] = [
    ["bare + D1 read", bare],
    ...calls.map(({ name, path, apiKey }): Scenario => [name, readLoad(apiKey, path)]),
  ];
  const times = new Map<string, number[]>(loads.map(([name]) => [name, []]));
  for (let round = 0; round < LIST_ROUNDS; round += 1) {
    for (const [name, load] of loads)
      times.get(name)?.push(1000 / (await runLoad(edge, load, LIST_CALLS, 1)));
  }
  const base = times.get("bare + D1 read") ?? [];
  console.log(
    `\nA page of 25 at ${OBJECTS} objects of the type, or at ${MEMBERS} members, one call after another,\n` +
      `median of ${LIST_ROUNDS} rounds of ${LIST_CALLS}:\n`,
  );
  console.log(
    table(
      ["", "ms", "x bare read", "aim", ""],
      Array.from(times, ([name, list]) => {
        const [ms, ratio] = [median(list), median(list.map((value, round) => value / (base[round] ?? NaN)))];
        return [
          name,
          ms.toFixed(2),
          ratio.toFixed(1),
          name.startsWith("list") ? "<= 20 ms" : "",
          name.startsWith("list") ? (ms <= 20 ? "reached" : "MISSED") : "",
        ];
      }),
    ),
  );
  for (const call of calls.filter(({ path }) => path === "/v1/members")) await printExport(edge, call);
}
