import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { api, type Api, newKey, ok } from "../harness/client.ts";
import { type Edge, startEdge } from "../harness/edge.ts";
import type { Config } from "../harness/build.ts";
import { giveCredits, newAccount, newMember, newToken, subscribe } from "../harness/people.ts";
import { bookCalls, MEMBERS } from "./book.ts";
import { type Compared, compareDecisions } from "./decision.ts";
import type { Load } from "./driver.ts";
import { printExport } from "./export.ts";
import { median, perSecond, table } from "./figure.ts";
import { listCalls, OBJECTS, warm } from "./list.ts";
import { countRows, describeRows } from "./rows.ts";

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 11);
const CALLS = 300;
const AT_ONCE = 8;
const LIST_ROUNDS = 5;
const LIST_CALLS = 40;
/**
 * The queue delivers within a second: what a scenario left to do after its answers must not slow the next
 * one.
 */
const SETTLE_MS = 1_500;
/** Isolates in the harness: the gate, the bare routes, the driver. */
const DRIVER = 2;

type Scenario = readonly [name: string, load: Omit<Load, "calls" | "atOnce">];

function extra(first: Config): Config[] {
  const { migrations: _, triggers: __, queues: ___, no_bundle: ____, vars: _____, ...rest } = first;
  const bare = {
    ...rest,
    name: "bare",
    main: resolve(import.meta.dirname, "bare.ts"),
    vars: {},
    queues: { producers: [] },
    durable_objects: { bindings: [{ name: "BARE", class_name: "BareObject" }] },
    migrations: [{ tag: "v1", new_sqlite_classes: ["BareObject"] }],
  };
  const driver = {
    ...rest,
    name: "driver",
    main: resolve(import.meta.dirname, "driver.ts"),
    vars: {},
    queues: { producers: [] },
    d1_databases: [],
    durable_objects: { bindings: [] },
    services: [
      { binding: "EDGE", service: first.name },
      { binding: "BARE", service: "bare" },
    ],
  };
  return [bare, driver];
}

interface World {
  readonly accountId: string;
  readonly scenarios: readonly Scenario[];
  readonly platform: Api;
}

async function world(edge: Edge): Promise<World> {
  const platform = api(edge.at(0), edge.platform.apiKey);
  const owner = await newAccount(edge.at(0), platform, "vendor");
  await subscribe(platform, owner.accountId);
  await giveCredits(platform, owner.accountId, 1_000_000);
  const id = ok(
    await owner.api.post<{ id: string }>("/v1/products", { name: "Editor" }, { idempotencyKey: newKey() }),
    201,
  ).body.id;
  const reader = await newMember(edge.at(0), owner, {
    roles: ["operator"],
    grants: [{ resourceType: "product", resourceId: id, access: "view" }],
  });
  const token = await newToken(edge.at(0), reader.apiKey);
  const get = { method: "GET", body: null, keyed: false, status: 200 } as const;
  const post = { method: "POST", body: null, keyed: false, status: 201, headers: {} } as const;
  const bearer = (credential: string) => ({
    authorization: `Bearer ${credential}`,
    "cf-connecting-ip": "203.0.113.7",
  });
  return {
    accountId: owner.accountId,
    platform,
    scenarios: [
      ["bare route", { ...get, target: "BARE", path: "/bare", headers: {} }],
      ["bare + D1 read", { ...get, target: "BARE", path: `/read/${owner.accountId}:${id}`, headers: {} }],
      ["bare + object write", { ...post, target: "BARE", path: "/write" }],
      ["bare + D1 read + object write", { ...post, target: "BARE", path: `/both/${owner.accountId}:${id}` }],
      [
        "authorized read, token",
        { ...get, target: "EDGE", path: `/v1/products/${id}`, headers: bearer(token) },
      ],
      [
        "authorized read, API key",
        { ...get, target: "EDGE", path: `/v1/products/${id}`, headers: bearer(reader.apiKey) },
      ],
      [
        "spend, API key",
        {
          ...post,
          target: "EDGE",
          path: "/v1/credits/spend",
          keyed: true,
          body: '{"amount":1}',
          headers: { ...bearer(owner.apiKey), "content-type": "application/json" },
        },
      ],
    ],
  };
}

async function run(edge: Edge, load: Scenario[1], calls: number, atOnce: number = AT_ONCE): Promise<number> {
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

/**
 * Each round runs every scenario, and begins with another one, so that a slow moment of the machine hits all
 * alike.
 */
async function measure(edge: Edge, chosen: readonly Scenario[]): Promise<Figures> {
  const figures = new Map<string, number[]>(chosen.map(([name]) => [name, []]));
  for (const [, load] of chosen) await run(edge, load, CALLS / 4);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const index of chosen.keys()) {
      const [name, load] = chosen[(index + round) % chosen.length] as Scenario;
      figures.get(name)?.push(await run(edge, load, CALLS));
      if (load.target === "EDGE") await sleep(SETTLE_MS);
    }
  }
  return figures;
}

/** Calls per second in each round. */
type Figures = ReadonlyMap<string, readonly number[]>;

/** The median of the rounds' own ratios: what slows the machine slows both sides of a round. */
function ratioOf(figures: Figures, name: string, base: string): number {
  const below = figures.get(base) ?? [];
  return median((figures.get(name) ?? []).map((value, round) => value / (below[round] ?? NaN)));
}

function print(figures: Figures, decisions: Compared): void {
  console.log(
    `Calls per second, median of ${ROUNDS} interleaved rounds of ${CALLS} calls, ${AT_ONCE} at once, from inside the runtime (no socket, no proxy):\n`,
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
          `decide (${(decisions.ours / 1e6).toFixed(1)} M/s) / @casl/ability (${(decisions.casl / 1e6).toFixed(2)} M/s)`,
          decisions.ratio.toFixed(1),
          ">= 10",
          decisions.ratio >= 10 ? "reached" : "MISSED",
        ],
      ],
    )}`,
  );
  console.log(
    "\nSealing into the trail goes on after the answers and is not in the time of a spend; its rows are counted below.",
  );
}

/**
 * After all timing, because counting takes time itself. The trail is read at the end, so that it is written
 * too.
 */
async function printRows(edge: Edge, { accountId, scenarios }: World): Promise<void> {
  const [, spend] = scenarios.find(([name]) => name === "spend, API key") as Scenario;
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
  const counted = await countRows(edge, accountId);
  await run(edge, spend, CALLS);
  await settle();
  console.log(`\nRows written for each of ${CALLS} spends, ${AT_ONCE} at once, until all are in the trail:`);
  console.log(`  in the object: ${describeRows(await counted.object(), CALLS)}`);
  console.log(`  in D1: ${describeRows(await counted.database(), CALLS)}`);
}

/** One call after another, as a person waits for it, beside one bare read of a row in the same rounds. */
async function printLists(edge: Edge, { platform, scenarios }: World): Promise<void> {
  const [, bare] = scenarios.find(([name]) => name === "bare + D1 read") as Scenario;
  const calls = [...(await listCalls(edge, platform)), ...(await bookCalls(edge, platform))];
  for (const call of calls) await warm(edge, call);
  const loads: Scenario[] = [
    ["bare + D1 read", bare],
    ...calls.map(
      ({ name, path, apiKey }): Scenario => [
        name,
        {
          target: "EDGE",
          method: "GET",
          path,
          body: null,
          keyed: false,
          status: 200,
          headers: { authorization: `Bearer ${apiKey}`, "cf-connecting-ip": "203.0.113.7" },
        },
      ],
    ),
  ];
  const times = new Map<string, number[]>(loads.map(([name]) => [name, []]));
  for (let round = 0; round < LIST_ROUNDS; round += 1) {
    for (const [name, load] of loads) times.get(name)?.push(1000 / (await run(edge, load, LIST_CALLS, 1)));
  }
  const base = times.get("bare + D1 read") ?? [];
  console.log(
    `\nA page of 25 at ${OBJECTS} objects of the type, or at ${MEMBERS} members, one call after another, median of ${LIST_ROUNDS} rounds of ${LIST_CALLS}:\n`,
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

// First, while this process has nothing else to do.
const decisions = compareDecisions();
const edge = await startEdge({ isolates: 1, more: extra });
try {
  const made = await world(edge);
  print(await measure(edge, made.scenarios), decisions);
  await printRows(edge, made);
  await printLists(edge, made);
} finally {
  await edge.close();
}
