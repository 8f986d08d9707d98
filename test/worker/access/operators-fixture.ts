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

/** The Worker itself, with the platform's word on where the call comes from. */
export const fetch: Fetch = (path, init) => {
  const headers = new Headers(init?.headers);
  if (!headers.has("cf-connecting-ip")) headers.set("cf-connecting-ip", HOME_IP);
  return (exports as unknown as { default: Fetcher }).default.fetch(`http://127.0.0.1:8787${path}`, {
    ...init,
    headers,
  } as never) as unknown as Promise<Response>;
};

/** The platform account of this file's database. */
export async function createPlatform(): Promise<Api> {
  const { sql, apiKey } = platformSql({
    email: "platform@example.com",
    name: "Platform",
    firstName: "Pia",
    lastName: "Platt",
    now: Date.now(),
  });
  for (const statement of sql) await env.DB.prepare(statement).run();
  return api(fetch, apiKey);
}

/** An account whose plan has operators and whose subscription is active. */
export async function createSubscribedAccount(platform: Api, kind: string): Promise<Person> {
  const owner = await newAccount(fetch, platform, kind);
  await activateSubscription(platform, owner.accountId);
  return owner;
}

/** `403 access/denied`, or the bare status where nothing was refused. */
export const said = ({ status, body }: Reply<unknown>): string => {
  return status < 400 ? String(status) : `${status} ${(body as Problem | undefined)?.code}`;
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
    if (answer.status !== 200) return said(answer);
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
