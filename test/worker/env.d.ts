import type { D1Migration } from "cloudflare:test";
import type { Env as WorkerEnv } from "../../src/env.ts";

declare global {
  namespace Cloudflare {
    /**
     * What `env` of "cloudflare:workers" holds in tests: the Worker's bindings and one that only tests get.
     */
    interface Env extends WorkerEnv {
      readonly TEST_MIGRATIONS: D1Migration[];
      /** Takes what the contract test recorded; only `npm run examples` binds it. */
      readonly EXAMPLES?: Fetcher;
    }
  }
}
