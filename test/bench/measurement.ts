import { setTimeout as sleep } from "node:timers/promises";
import type { Edge } from "../harness/edge.ts";
import type { Load } from "./driver-worker.ts";
import { DRIVER } from "./extra-worker.ts";
import { median, perSecond } from "./figure.ts";
import type { Scenario } from "./scenario.ts";

export const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 11);
export const CALLS = 300;
export const CONCURRENCY = 8;
/** The queue delivers within a second. The work that a scenario leaves to it must not slow the next one. */
const SETTLE_MS = 1_500;

/** Calls per second in each round. */
export type Figures = ReadonlyMap<string, readonly number[]>;

/** Calls per second of one load, made by the driver. @throws Error when an answer has another status */
export async function runLoad(
  edge: Edge,
  load: Scenario[1],
  calls: number,
  atOnce: number = CONCURRENCY,
): Promise<number> {
  const start = performance.now();
  const answer = await edge.fetch(DRIVER, "/", {
    method: "POST",
    body: JSON.stringify({ ...load, calls, atOnce } satisfies Load),
  });
  const { wrong } = (await answer.json()) as { wrong: number };
  if (wrong > 0)
    throw new Error(
      `${wrong} of ${calls} calls of ${load.method} ${load.path} did not answer ${load.status}`,
    );
  return perSecond(calls, performance.now() - start);
}

/** Each round runs every scenario and starts with another: a slow moment of the machine hits all alike. */
export async function measure(edge: Edge, scenarios: readonly Scenario[]): Promise<Figures> {
  const figures = new Map<string, number[]>(scenarios.map(([name]) => [name, []]));
  for (const [, load] of scenarios) await runLoad(edge, load, CALLS / 4);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const index of scenarios.keys()) {
      const [name, load] = scenarios[(index + round) % scenarios.length] as Scenario;
      figures.get(name)?.push(await runLoad(edge, load, CALLS));
      if (load.target === "EDGE") await sleep(SETTLE_MS);
    }
  }
  return figures;
}

/** The median of the rounds' own ratios: what slows the machine slows both sides of a round. */
export function ratioOf(figures: Figures, name: string, base: string): number {
  const below = figures.get(base) ?? [];
  return median((figures.get(name) ?? []).map((value, round) => value / (below[round] ?? NaN)));
}
