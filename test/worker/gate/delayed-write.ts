import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { app } from "../../../src/app.ts";
import type { Fetch } from "../../harness/client.ts";

/**
 * A caller whose write is held back at the door of the database, after it was decided, until `between` is
 * done and acknowledged: the moment that the guard of a write batch is for.
 * @param write which of the caller's questions to the database it is
 */
export function fetchWithDelayedWrite(between: () => Promise<unknown>, write = WRITE): Fetch {
  let batches = 0;
  const DB = new Proxy(env.DB, {
    get: (target, name) =>
      name === "batch"
        ? async (statements: D1PreparedStatement[]) => {
            if ((batches += 1) === write) await between();
            return target.batch(statements);
          }
        : (Reflect.get(target, name) as (...values: unknown[]) => unknown).bind(target),
  });
  return async (path, init) => {
    const context = createExecutionContext();
    const request = new Request(
      `http://127.0.0.1:8787${path}`,
      init as RequestInit<IncomingRequestCfProperties>,
    );
    const answer = await app.fetch(request, { ...env, DB }, context);
    await waitOnExecutionContext(context);
    return answer;
  };
}

/** A known caller's edit of an object asks the database twice: the guarded read, and the guarded write. */
const WRITE = 2;
