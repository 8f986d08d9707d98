import { env, exports } from "cloudflare:workers";
import { platformSql } from "../../../src/commands/platform.ts";
import {
  type Api,
  api,
  type CallOptions,
  type Fetch,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
} from "../../harness/client.ts";

export const ORIGIN = "http://127.0.0.1:8787";

/** The Worker itself. What the platform says of the caller's address is only there when the test says it. */
export const fetch: Fetch = (path, init) =>
  (exports as unknown as { default: Fetcher }).default.fetch(
    `${ORIGIN}${path}`,
    init as never,
  ) as unknown as Promise<Response>;

/** The platform account of this file's database. */
export async function createPlatform(): Promise<Api & { readonly apiKey: string }> {
  const { sql, apiKey } = platformSql({
    email: "platform@example.com",
    name: "Platform",
    firstName: "Pia",
    lastName: "Platt",
    now: Date.now(),
  });
  for (const statement of sql) await env.DB.prepare(statement).run();
  return { ...api(fetch, apiKey), apiKey };
}

/** `403 access/denied`, or the bare status where nothing was refused. */
export const statusOf = ({ status, body }: Reply<unknown>): string => {
  const code = (body as Problem | undefined)?.code;
  return code === undefined ? String(status) : `${status} ${code}`;
};

/** What `GET /v1/me` answers that credential. */
export const identityOf = async (credential: string, ask: CallOptions = {}): Promise<string> =>
  statusOf(await api(fetch, credential).get("/v1/me", ask));

/** A key of that member with an id, to be changed behind the API. */
export async function keyIdOf(credential: string, ask: CallOptions = {}): Promise<string> {
  return expectStatus(await api(fetch, credential).get<{ key: { id: string } }>("/v1/me", ask), 200).body.key
    .id;
}

/** Changes columns of a row and the version of its member, as a change through the API would. */
export async function updateKeyRow(keyId: string, columns: Record<string, unknown>): Promise<void> {
  const names = Object.keys(columns);
  await env.DB.batch([
    env.DB.prepare(`UPDATE api_key SET ${names.map((name) => `${name} = ?`).join(", ")} WHERE id = ?`).bind(
      ...Object.values(columns),
      keyId,
    ),
    env.DB.prepare(
      "UPDATE member SET version = version + 1 WHERE id = (SELECT member_id FROM api_key WHERE id = ?)",
    ).bind(keyId),
  ]);
}

/** Edits a card of the API with its current version. */
export async function edit(
  who: Api,
  path: string,
  patch: object,
  ask: CallOptions = {},
): Promise<Reply<Problem>> {
  const { headers } = expectStatus(await who.get(path, ask), 200);
  return who.patch<Problem>(path, patch, { ...ask, ifMatch: headers.get("etag") ?? "" });
}

/** A product of that account. */
export const newProduct = async (who: Api, ask: CallOptions = {}): Promise<string> =>
  expectStatus(
    await who.post<{ id: string }>(
      "/v1/products",
      { name: "Editor" },
      { idempotencyKey: newIdempotencyKey(), ...ask },
    ),
    201,
  ).body.id;

/** Ids of every event, staged or sealed, of one account or of all. */
export async function listEventIds(accountId?: string): Promise<string[]> {
  const where = accountId === undefined ? "" : "WHERE account_id = ?1";
  const query = env.DB.prepare(
    `SELECT id FROM audit_outbox ${where} UNION SELECT id FROM audit_event ${where} ORDER BY id`,
  );
  const { results } = await (accountId === undefined ? query : query.bind(accountId)).all<{ id: string }>();
  return results.map(({ id }) => id);
}

/** The newest event that an account's owner reads. */
export async function lastEvent(
  owner: Api,
  query = "",
  ask: CallOptions = {},
): Promise<Record<string, unknown>> {
  const { body } = expectStatus(
    await owner.get<{ data: Record<string, unknown>[] }>(`/v1/audit?limit=1${query}`, ask),
    200,
  );
  return body.data[0] ?? {};
}

/** All of a refusal but what names this one call. */
export function comparableRefusal({ status, body, headers }: Reply<unknown>): object {
  const { requestId: _, instance: __, ...rest } = body as Record<string, unknown>;
  return {
    contentType: headers.get("content-type"),
    challenge: headers.get("www-authenticate"),
    ...rest,
    status,
  };
}
