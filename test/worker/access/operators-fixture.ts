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
import { newAccount, type Person, activateSubscription } from "../../harness/people.ts";

/** The address of all calls by default. */
export const HOME_IP = "203.0.113.7";
export const OTHER_IP = "198.51.100.9";

export const ORIGIN = "http://127.0.0.1:8787";

/** The Worker itself. The platform says where the call comes from only when the test says it. */
export const fetchWithoutAddress: Fetch = (path, init) =>
  (exports as unknown as { default: Fetcher }).default.fetch(
    `${ORIGIN}${path}`,
    init as never,
  ) as unknown as Promise<Response>;

/** The Worker itself. By default the platform says that the call comes from HOME_IP. */
export const fetch: Fetch = (path, init) => {
  const headers = new Headers(init?.headers);
  if (!headers.has("cf-connecting-ip")) headers.set("cf-connecting-ip", HOME_IP);
  return fetchWithoutAddress(path, { ...init, headers });
};

/** The first key of the platform account of this file's database. */
export async function createPlatformKey(): Promise<string> {
  const { sql, apiKey } = platformSql({
    email: "platform@example.com",
    name: "Platform",
    firstName: "Pia",
    lastName: "Platt",
    now: Date.now(),
  });
  for (const statement of sql) await env.DB.prepare(statement).run();
  return apiKey;
}

/** The platform account of this file's database. */
export const createPlatform = async (via: Fetch = fetch): Promise<Api> => api(via, await createPlatformKey());

/** An account whose plan has operators and whose subscription is active. */
export async function createSubscribedAccount(platform: Api, kind: string): Promise<Person> {
  const owner = await newAccount(fetch, platform, kind);
  await activateSubscription(platform, owner.accountId);
  return owner;
}

/** `403 access/denied`, or the bare status where nothing was refused. */
export const statusOf = ({ status, body }: Reply<unknown>): string => {
  const code = (body as Problem | undefined)?.code;
  return status < 400 || code === undefined ? String(status) : `${status} ${code}`;
};

/** Replaces the grants of a member. */
export const replaceGrants = async (
  owner: Person,
  memberId: string,
  list: readonly { resourceType: string; resourceId?: string; access: string }[],
) => expectStatus(await owner.api.put(`/v1/members/${memberId}/grants`, { grants: list }), 200);

/** The id of a new object. */
export const createObject = async (who: { readonly api: Api }, path: string, body: object): Promise<string> =>
  expectStatus(
    await who.api.post<{ id: string }>(`/v1/${path}`, body, { idempotencyKey: newIdempotencyKey() }),
    201,
  ).body.id;

export interface ProductTree {
  readonly product: string;
  readonly key: string;
  readonly machine: string;
  readonly ofProduct: string;
  readonly ofKey: string;
  readonly ofMachine: string;
}

/** A product with a key, a machine code, and a data object under each of the three. */
export async function createProductTree(owner: Person, name: string): Promise<ProductTree> {
  const product = await createObject(owner, "products", { name });
  const key = await createObject(owner, "license-keys", { productId: product });
  const machine = await createObject(owner, "machine-codes", { licenseKeyId: key, code: `${name}-1` });
  const [ofProduct, ofKey, ofMachine] = [
    await createObject(owner, "data-objects", { productId: product, name: "p" }),
    await createObject(owner, "data-objects", { licenseKeyId: key, name: "k" }),
    await createObject(owner, "data-objects", { machineCodeId: machine, name: "m" }),
  ];
  return { product, key, machine, ofProduct, ofKey, ofMachine };
}

/** The ids of a whole list, all of its pages put together, or what was answered instead. */
export async function listIds(
  who: Api,
  path: string,
  limit = 3,
  ask: CallOptions = {},
): Promise<string[] | string> {
  const ids: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query: string = `limit=${limit}${cursor === "" ? "" : `&cursor=${cursor}`}`;
    const answer: Reply<{ data: { id: string }[]; nextCursor: string | null }> = await who.get(
      `/v1/${path}${path.includes("?") ? "&" : "?"}${query}`,
      ask,
    );
    if (answer.status !== 200) return statusOf(answer);
    ids.push(...answer.body.data.map((row) => row.id));
    cursor = answer.body.nextCursor;
  }
  return ids;
}

/** All of a refusal but what names this one call. */
export function comparableRefusal({ status, body, headers }: Reply<unknown>): string {
  const { requestId: _, instance: __, ...rest } = body as Record<string, unknown>;
  return JSON.stringify([status, headers.get("content-type"), rest]);
}
