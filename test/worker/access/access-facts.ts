import { env } from "cloudflare:workers";

/**
 * Everything by which anybody may do something, as lines of text: what is new after a call is what the call
 * gave.
 */
export interface AccessFacts {
  readonly lines: ReadonlySet<string>;
  /** Objects that were there, by id: a new object gives its maker nothing that a change could hide. */
  readonly objects: ReadonlySet<string>;
  readonly limits: ReadonlyMap<string, number | null>;
}

const QUERIES = [
  `SELECT 'role ' || m.id || ' ' || r.value AS line FROM member m, json_each(m.roles) r`,
  `SELECT 'right ' || m.id || ' ' || r.value AS line FROM member m, json_each(m.rights) r`,
  `SELECT 'group ' || m.id || ' ' || g.value AS line FROM member m, json_each(m.object_group_ids) g`,
  `SELECT 'let in ' || id AS line FROM member WHERE status <> 'blocked'`,
  `SELECT 'from anywhere ' || id AS line FROM member WHERE allowed_ips = '[]'`,
  `SELECT 'from ' || m.id || ' ' || i.value AS line FROM member m, json_each(m.allowed_ips) i`,
  `SELECT 'grant ' || member_id || ' ' || resource_type || ' ' || resource_id || ' ' || access AS line
   FROM access_grant`,
  `SELECT 'role right ' || r.id || ' ' || x.value AS line FROM role r, json_each(r.rights) x`,
  `SELECT 'role grant ' || r.id || ' ' || x.value AS line FROM role r, json_each(r.grants) x`,
  `SELECT 'invitation ' || id || ' ' || token_hash AS line FROM invitation
   WHERE status = 'pending' AND token_hash IS NOT NULL`,
  `SELECT 'key ' || id AS line FROM api_key
   WHERE revoked_at IS NULL AND (hash IS NOT NULL OR claim_hash IS NOT NULL)`,
  `SELECT 'hook ' || id || ' ' || mapping AS line FROM hook WHERE active = 1`,
  `SELECT 'account ' || id AS line FROM account`,
  `SELECT 'owner ' || id || ' ' || owner_id AS line FROM resource WHERE owner_id IS NOT NULL`,
  `SELECT 'object group ' || id || ' ' || group_id AS line FROM resource WHERE group_id IS NOT NULL`,
];

export async function readAccessFacts(): Promise<AccessFacts> {
  const limits = env.DB.prepare("SELECT id, credit_limit AS amount FROM member");
  const objects = env.DB.prepare("SELECT id FROM resource");
  // One by one: D1 joins few queries into one.
  const all = QUERIES.map((query) => env.DB.prepare(query));
  const answers = await env.DB.batch<Record<string, unknown>>([limits, objects, ...all]);
  const [amounts, ids, ...lines] = answers.map(({ results }) => results);
  return {
    lines: new Set(lines.flat().map((row) => String(row["line"]))),
    objects: new Set(ids?.map((row) => String(row["id"]))),
    limits: new Map(amounts?.map((row) => [String(row["id"]), row["amount"] as number | null])),
  };
}

/** What anybody may do after a change and could not do before. */
export function findNewFacts(before: AccessFacts, after: AccessFacts): string[] {
  const lines = [...after.lines].filter((line) => !before.lines.has(line) && isWider(line, before));
  const raised = [...after.limits].filter(([id, amount]) => {
    const was = before.limits.get(id);
    return typeof was === "number" && (amount === null || amount > was);
  });
  return [...lines, ...raised.map(([id]) => `limit ${id}`)];
}

function isWider(line: string, before: AccessFacts): boolean {
  const [owner, object] = [/^(?:owner|object group) (\S+)/.exec(line), /^from (mem_\S+)/.exec(line)];
  if (owner !== null) return before.objects.has(owner[1] ?? "");
  // One address more is more, unless the member could call from anywhere.
  return object === null || !before.lines.has(`from anywhere ${object[1]}`);
}
