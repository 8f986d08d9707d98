/**
 * Sends calls from inside the runtime, so that neither sockets nor a client on the same machine are measured.
 */
export interface Load {
  readonly target: "EDGE" | "BARE";
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Each call gets an Idempotency-Key of its own. */
  readonly keyed: boolean;
  readonly calls: number;
  readonly atOnce: number;
  readonly status: number;
}

type Bindings = Readonly<Record<Load["target"], Fetcher>>;

async function run(env: Bindings, load: Load): Promise<number> {
  let [left, wrong] = [load.calls, 0];
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      const answer = await env[load.target].fetch(`http://127.0.0.1:8787${load.path}`, {
        method: load.method,
        body: load.body,
        headers: load.keyed ? { ...load.headers, "idempotency-key": crypto.randomUUID() } : load.headers,
      });
      await answer.arrayBuffer();
      if (answer.status !== load.status) wrong += 1;
    }
  };
  await Promise.all(Array.from({ length: load.atOnce }, caller));
  return wrong;
}

export default {
  fetch: async (request, env) => Response.json({ wrong: await run(env, await request.json<Load>()) }),
} satisfies ExportedHandler<Bindings>;
