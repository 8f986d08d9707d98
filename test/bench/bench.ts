import { api, ok } from "../harness/client.ts";
import { type Edge, startEdge } from "../harness/edge.ts";
import { type Compared, compareDecisions } from "./decision.ts";
import { extraWorkers } from "./extra-worker.ts";
import { median, table } from "./figure.ts";
import { printLists } from "./list-times.ts";
import { AT_ONCE, CALLS, type Figures, measure, ratioOf, ROUNDS, run } from "./measurement.ts";
import { countRows, describeRows } from "./rows.ts";
import { newWorld, scenarioOf, type World } from "./scenario.ts";

const millions = (perSecond: number, digits: number) => `${(perSecond / 1e6).toFixed(digits)} M/s`;

function print(figures: Figures, decisions: Compared): void {
  console.log(
    `Calls per second, median of ${ROUNDS} interleaved rounds of ${CALLS} calls, ${AT_ONCE} at once,\n` +
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
async function printRows(edge: Edge, world: World): Promise<void> {
  const [, spend] = scenarioOf(world, "spend, API key");
  const settle = async () => {
    await edge.sweep();
    ok(
      await api(edge.at(0), spend.headers["authorization"]?.replace("Bearer ", "") ?? "").get(
        "/v1/audit?limit=1",
      ),
      200,
    );
  };
  await settle();
  const counted = await countRows(edge, world.accountId);
  await run(edge, spend, CALLS);
  await settle();
  console.log(`\nRows written for each of ${CALLS} spends, ${AT_ONCE} at once, until all are in the trail:`);
  console.log(`  in the object: ${describeRows(await counted.object(), CALLS)}`);
  console.log(`  in D1: ${describeRows(await counted.database(), CALLS)}`);
}

// First, while this process has nothing else to do.
const decisions = compareDecisions();
const edge = await startEdge({ isolates: 1, more: extraWorkers });
try {
  const world = await newWorld(edge);
  print(await measure(edge, world.scenarios), decisions);
  await printRows(edge, world);
  await printLists(edge, world);
} finally {
  await edge.close();
}
