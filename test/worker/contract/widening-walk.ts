import { env } from "cloudflare:workers";
import { sha256Hex } from "../../../src/kernel/digest.ts";
import { keyHints, mintKey } from "../../../src/gate/credentials/api-key.ts";
import { servedEndpoints } from "../../../src/app.ts";
import type { Fetch } from "../../harness/client.ts";
import { readAccessFacts, findNewFacts } from "../access/access-facts.ts";

/** An operation and its how manyeth call: the calls of the contract are the same in each run. */
type Place = string;

const isWrite = (method: string): boolean => !["GET", "HEAD"].includes(method);

/** `POST /v1/members/:id/block`, and its right. */
function operationOf(method: string, path: string) {
  const parts = (path.split("?")[0] ?? "").split("/");
  const fits = (pattern: readonly string[]) =>
    pattern.length === parts.length &&
    pattern.every((part, at) => part.startsWith(":") || part === parts[at]);
  const found = servedEndpoints
    .filter(({ operation }) => operation.method === method && fits(operation.path.split("/")))
    .sort((one, two) => one.operation.path.split(":").length - two.operation.path.split(":").length)[0];
  return found?.operation;
}

function counter(): (name: string) => Place {
  const counts = new Map<string, number>();
  return (name) => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
    return `${name} #${counts.get(name)}`;
  };
}

/** Watches calls, and keeps those that let any member do more than before. */
export function findWidening(fetch: Fetch): { readonly fetch: Fetch; readonly found: Map<Place, string[]> } {
  const [found, place] = [new Map<Place, string[]>(), counter()];
  return {
    found,
    fetch: async (path, init) => {
      const method = init?.method ?? "GET";
      if (!isWrite(method)) return fetch(path, init);
      const at = place(`${method} ${operationOf(method, path)?.path}`);
      const before = await readAccessFacts();
      const answer = await fetch(path, init);
      const more = findNewFacts(before, await readAccessFacts());
      if (more.length > 0) found.set(at, more);
      return answer;
    },
  };
}

export interface Attempt {
  readonly place: Place;
  readonly restriction: string;
  readonly answer: string;
  readonly gave: readonly string[];
}

/** Makes each of those calls with restricted keys of the same member first, and then as it is. */
export function tryRestricted(
  fetch: Fetch,
  widening: ReadonlySet<Place>,
): { readonly fetch: Fetch; readonly attempts: Attempt[] } {
  const [attempts, place]: [Attempt[], (name: string) => Place] = [[], counter()];
  return {
    attempts,
    fetch: async (path, init) => {
      const method = init?.method ?? "GET";
      const operation = operationOf(method, path);
      const at = isWrite(method) ? place(`${method} ${operation?.path}`) : "";
      const secret = /^Bearer (tgk_\w+)$/.exec(new Headers(init?.headers).get("authorization") ?? "")?.[1];
      if (!widening.has(at) || secret === undefined) return fetch(path, init);
      for (const [restriction, key] of await restrictedTwins(secret, operation?.right ?? "")) {
        const headers = new Headers(init?.headers);
        headers.set("authorization", `Bearer ${key}`);
        const before = await readAccessFacts();
        const answer = await fetch(path, { ...init, headers });
        const { code, results } = await answer
          .clone()
          .json<{ code?: string; results?: { problem?: { code: string } }[] }>();
        const rows = results?.map(({ problem }) => problem?.code ?? "made").join();
        const gave = findNewFacts(before, await readAccessFacts());
        attempts.push({ place: at, restriction, answer: `${answer.status} ${code ?? rows}`, gave });
        // Done once is done: the same call again would find what this one made.
        if (gave.length > 0) return answer;
      }
      return fetch(path, init);
    },
  };
}

/**
 * Keys of the same member: bound to addresses (these are all of them), with an end, with the scopes of one
 * right.
 */
async function restrictedTwins(secret: string, right: string): Promise<(readonly [string, string])[]> {
  const restrictions = {
    address: { ips: ["0.0.0.0/0", "::/0"], end: null, scopes: null },
    end: { ips: [], end: Date.now() + 3_600_000, scopes: null },
    scopes: {
      ips: [],
      end: null,
      scopes: [
        ...new Set([
          right,
          right.replace(/\.\w+$/, ".view"),
          "member.view",
          "member.create",
          "organization.view",
          "object.view",
          "object_group.view",
          "subdealer.view_entities",
        ]),
      ],
    },
  };
  return Promise.all(
    Object.entries(restrictions).map(async ([name, { ips, end, scopes }], index) => {
      const twin = mintKey(crypto.getRandomValues(new Uint8Array(32)));
      const { prefix, last4 } = keyHints(twin);
      const id = `key_${crypto.randomUUID()}${index}`;
      await env.DB.prepare(`
        INSERT INTO api_key (id, account_id, member_id, created_by, name,
          hash, prefix, last4, scopes, allowed_ips, expires_at, created_at)
        SELECT ?1, account_id, member_id, member_id, 'twin',
          ?2, ?3, ?4, ?5, ?6, ?7, created_at
        FROM api_key WHERE hash = ?8`)
        .bind(
          id,
          sha256Hex(twin),
          prefix,
          last4,
          scopes === null ? null : JSON.stringify(scopes),
          JSON.stringify(ips),
          end,
          sha256Hex(secret),
        )
        .run();
      return [name, twin] as const;
    }),
  );
}

/** Empties every table, so that the same calls can be made again. */
export async function emptyDatabase(): Promise<void> {
  // Rows of `opener` stay: they name members who are gone.
  const { results } = await env.DB.prepare(
    `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '_cf_*'
      AND name NOT GLOB 'sqlite_*' AND name NOT IN ('d1_migrations', 'opener')`,
  ).all<{ name: string }>();
  await env.DB.batch([
    env.DB.prepare("PRAGMA defer_foreign_keys = on"),
    ...results.map(({ name }) => env.DB.prepare(`DELETE FROM "${name}"`)),
  ]);
}
