import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { app } from "../../../src/app.ts";
import type { Fetch } from "../../harness/client.ts";
import { HOME_IP } from "../access/operators-fixture.ts";

/** The Worker in this test's own process, with a count of each time that it goes to D1. */
export interface Counter {
  readonly fetch: Fetch;
  /** Round trips since the last time that it was asked: `batch 3` or `batch 1, all 2`. */
  take(): string;
}

/** The methods of a statement that go to the database. */
const RUNS: readonly (string | symbol)[] = ["all", "raw", "run", "first"];

type Method = (...values: unknown[]) => unknown;

export function counter(): Counter {
  const trips: string[] = [];
  const native = new WeakMap<object, D1PreparedStatement>();

  const watched = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get: (target, name) => {
        const method = (Reflect.get(target, name) as Method).bind(target);
        if (name === "bind") return (...values: unknown[]) => watched(target.bind(...values));
        return RUNS.includes(name)
          ? (...values: unknown[]) => {
              trips.push(String(name));
              return method(...values);
            }
          : method;
      },
    });
    native.set(proxy, statement);
    return proxy;
  };

  // A native batch takes native statements only.
  const plain = (statement: D1PreparedStatement): D1PreparedStatement => native.get(statement) ?? statement;
  const replaced: Readonly<Record<string, Method>> = {
    prepare: (text) => watched(env.DB.prepare(String(text))),
    batch: (statements) => {
      trips.push("batch");
      return env.DB.batch((statements as D1PreparedStatement[]).map(plain));
    },
  };
  const DB = new Proxy(env.DB, {
    get: (target, name) => replaced[String(name)] ?? (Reflect.get(target, name) as Method).bind(target),
  });

  return {
    fetch: async (path, init) => {
      const headers = new Headers(init?.headers);
      if (!headers.has("cf-connecting-ip")) headers.set("cf-connecting-ip", HOME_IP);
      const context = createExecutionContext();
      const request = new Request(`http://127.0.0.1:8787${path}`, { ...init, headers } as never);
      const answer = await app.fetch(request, { ...env, DB }, context);
      await waitOnExecutionContext(context);
      return answer as unknown as Response;
    },
    take: () => {
      const counts = Map.groupBy(trips.splice(0), (name) => name);
      return [...counts].map(([name, { length }]) => `${name} ${length}`).join(", ");
    },
  };
}
