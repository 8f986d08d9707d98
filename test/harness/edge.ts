import { createTestHarness, type TestHarness } from "wrangler";
import { platformSql } from "../../src/commands/platform.ts";
import type { Env } from "../../src/env.ts";
import { buildWorker, type WorkerConfig, workerConfig, ROOT, signingKeys } from "./worker-build.ts";
import type { Fetch } from "./client.ts";

/**
 * The built Worker as several isolates over one D1, one queue and one set of objects, all on this machine.
 */
export interface Edge {
  readonly isolates: number;
  /** A call to one isolate, straight into the runtime. */
  fetch(isolate: number, path: string, init?: RequestInit): Promise<Response>;
  /** The same, bound to an isolate. */
  at(isolate: number): Fetch;
  /** Over a socket, through wrangler's proxy: for requests that no client library would send. */
  readonly url: URL;
  readonly platform: { readonly accountId: string; readonly memberId: string; readonly apiKey: string };
  /** The bindings of the first isolate, to look behind the API. */
  env(): Promise<Env>;
  /** The cron trigger, which never fires by itself here. */
  sweep(): Promise<void>;
  readonly harness: TestHarness;
  close(): Promise<void>;
}

const ORIGIN = "http://127.0.0.1:8787";

/** @param options.more further Workers in the same runtime, such as the bare routes of a benchmark */
export async function startEdge(options: {
  isolates: number;
  more?: (main: WorkerConfig) => WorkerConfig[];
}): Promise<Edge> {
  const first = workerConfig(await buildWorker(), {
    SIGNING_KEYS: signingKeys(),
    ISSUER: ORIGIN,
    APP_URL: ORIGIN,
    DEV_MAIL: "on",
  });
  const workers = [
    first,
    ...Array.from({ length: options.isolates - 1 }, (_, index) => isolateConfig(first, index + 1)),
    ...(options.more?.(first) ?? []),
  ];
  const harness = createTestHarness({ root: ROOT, workers: workers.map((one) => ({ config: { ...one } })) });
  const { url } = await harness.listen();
  await harness.getWorker().applyD1Migrations("DB");
  const fetch = (isolate: number, path: string, init?: RequestInit) =>
    harness
      .getWorker(workers[isolate]?.name)
      .fetch(new URL(path, ORIGIN).href, init as never) as unknown as Promise<Response>;
  const env = async () => (await harness.getWorker().getEnv()) as unknown as Env;
  const { sql, ...platform } = platformSql({
    email: "platform@example.com",
    name: "Platform",
    firstName: "Pia",
    lastName: "Platt",
    now: Date.now(),
  });
  const { DB } = await env();
  for (const statement of sql) await DB.prepare(statement).run();
  return {
    isolates: options.isolates,
    fetch,
    url,
    platform,
    env,
    harness,
    at: (isolate) => (path, init) => fetch(isolate, path, init),
    sweep: async () => {
      await harness.getWorker().scheduled({ cron: "* * * * *" });
    },
    close: () => harness.close(),
  };
}

/** Another isolate of the same Worker: the objects live in the first, and a queue has one consumer. */
function isolateConfig(first: WorkerConfig, index: number): WorkerConfig {
  const { migrations: _, triggers: __, queues, durable_objects, ...rest } = first;
  return {
    ...rest,
    name: `${first.name}-${index}`,
    queues: { producers: queues.producers },
    durable_objects: {
      bindings: durable_objects.bindings.map((one) => ({ ...one, script_name: first.name })),
    },
  };
}
