import { api, expectStatus } from "../harness/client.ts";
import { type Edge, startEdge } from "../harness/edge.ts";
import { type Comparison, compareDecisions } from "./decision.ts";
import { extraWorkers } from "./extra-worker.ts";
import { median, table } from "./figure.ts";
import { printListTimes } from "./list-times.ts";
import { CONCURRENCY, CALLS, type Figures, measure, ratioOf, ROUNDS, runLoad } from "./measurement.ts";
import { countRows, describeRows } from "./row-count.ts";
import { createBenchFixture, findScenario, type BenchFixture } from "./scenario.ts";

const millions = (perSecond: number, digits: number) => `${(perSecond / 1e6).toFixed(digits)} M/s`;

function printFigures(figures: Figures, decisions: Comparison): void {
  console.log(
    `Calls per second, median of ${ROUNDS} interleaved rounds of ${CALLS} calls, ${CONCURRENCY} at once,\n` +
      "from inside the runtime (no socket, no proxy):\n",
  );
  console.log(
    table(
      ["", "calls/s", "ms"],
      Array.from(figures, ([name, values]) => [
        name,
        median(values).toFixed(0),
        (1000 / median(values)).toFixed(2),
      ]),
    ),
  );
  const ratio = (name: string, base: string, aim: number) => {
    const is = ratioOf(figures, name, base);
    return [`${name} / ${base}`, is.toFixed(2), `>= ${aim}`, is >= aim ? "reached" : "MISSED"];
  };
  console.log(
    `\n${table(
      ["ratio", "is", "aim", ""],
      [
        ratio("authorized read, token", "bare + D1 read", 0.8),
        ratio("authorized read, API key", "bare + D1 read", 0.8),
        ratio("spend, API key", "bare + D1 read + object write", 0.8),
        [
          `decide (${millions(decisions.ours, 1)}) / @casl/ability (${millions(decisions.casl, 2)})`,
          decisions.ratio.toFixed(1),
          ">= 10",
          decisions.ratio >= 10 ? "reached" : "MISSED",
        ],
      ],
    )}`,
  );
  console.log(
    "\nSealing into the trail goes on after the answers and is not in the time of a spend.\n" +
      "Its rows are counted below.",
  );
}

/** After all timing, because counting takes time. The trail is read at the end, so that it is written too. */
async function printRows(edge: Edge, world: BenchFixture): Promise<void> {
  const [, spend] = findScenario(world, "spend, API key");
  const waitUntilSealed = async () => {
    await edge.sweep();
    expectStatus(
      await api(edge.at(0), spend.headers["authorization"]?.replace("Bearer ", "") ?? "").get(
        "/v1/audit?limit=1",
      ),
      200,
    );
  };
  await waitUntilSealed();
  const counted = await countRows(edge, world.accountId);
  await runLoad(edge, spend, CALLS);
  await waitUntilSealed();
  console.log(
    `\nRows written for each of ${CALLS} spends, ${CONCURRENCY} at once, until all are in the trail:`,
  );
  console.log(`  in the object: ${describeRows(await counted.object(), CALLS)}`);
  console.log(`  in D1: ${describeRows(await counted.database(), CALLS)}`);
}

// First, while this process has nothing else to do.
const decisions = compareDecisions();
const edge = await startEdge({ isolates: 1, more: extraWorkers });
try {
  const world = await createBenchFixture(edge);
  printFigures(await measure(edge, world.scenarios), decisions);
  await printRows(edge, world);
  await printListTimes(edge, world);
} finally {
  await edge.close();
}
