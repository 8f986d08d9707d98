export type Fetch = (path: string, init?: RequestInit) => Promise<Response>;

/** What a call answered. `body` is undefined where there is none. */
export interface Reply<Body = unknown> {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

export interface Problem {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly requestId: string;
  readonly errors?: readonly {
    readonly pointer: string;
    readonly parameter?: string;
    readonly header?: string;
    readonly detail: string;
  }[];
  readonly [member: string]: unknown;
}

export interface CallOptions {
  /** The client's address as the platform would see it. */
  readonly ip?: string;
  readonly idempotencyKey?: string;
  readonly ifMatch?: string;
  readonly headers?: Record<string, string>;
}

export interface Api {
  get<T = Record<string, unknown>>(path: string, ask?: CallOptions): Promise<Reply<T>>;
  post<T = Record<string, unknown>>(path: string, body?: unknown, ask?: CallOptions): Promise<Reply<T>>;
  patch<T = Record<string, unknown>>(path: string, body?: unknown, ask?: CallOptions): Promise<Reply<T>>;
  put<T = Record<string, unknown>>(path: string, body?: unknown, ask?: CallOptions): Promise<Reply<T>>;
  del<T = Record<string, unknown>>(path: string, ask?: CallOptions): Promise<Reply<T>>;
  /** The same caller at another place. */
  via(fetch: Fetch): Api;
}

/** A caller with a credential; null has none. */
export function api(fetch: Fetch, credential: string | null): Api {
  const call =
    (method: string) =>
    async (path: string, body: unknown, ask: CallOptions = {}) => {
      const headers = new Headers(ask.headers);
      if (credential !== null) headers.set("authorization", `Bearer ${credential}`);
      if (body !== undefined) headers.set("content-type", "application/json");
      if (ask.ip !== undefined) headers.set("cf-connecting-ip", ask.ip);
      if (ask.idempotencyKey !== undefined) headers.set("idempotency-key", ask.idempotencyKey);
      if (ask.ifMatch !== undefined) headers.set("if-match", ask.ifMatch);
      return toReply(
        await fetch(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
      );
    };
  return {
    get: (path, ask) => call("GET")(path, undefined, ask) as never,
    post: (path, body, ask) => call("POST")(path, body, ask) as never,
    patch: (path, body, ask) => call("PATCH")(path, body, ask) as never,
    put: (path, body, ask) => call("PUT")(path, body, ask) as never,
    del: (path, ask) => call("DELETE")(path, undefined, ask) as never,
    via: (other) => api(other, credential),
  };
}

export async function toReply<T>(answer: Response): Promise<Reply<T>> {
  const text = await answer.text();
  const isJson = /json/.test(answer.headers.get("content-type") ?? "");
  return {
    status: answer.status,
    headers: answer.headers,
    body: (text === "" ? undefined : isJson ? JSON.parse(text) : text) as T,
  };
}

/** A key that no other command of this run has. */
export const newIdempotencyKey = (): string => crypto.randomUUID();

/**
 * @throws Error with the whole answer when it is not the expected one: set-up has to work before anything is
 * shown
 */
export function expectStatus<T>(reply: Reply<T>, status: number): Reply<T> {
  if (reply.status !== status)
    throw new Error(`expected ${status}, got ${reply.status}: ${JSON.stringify(reply.body)}`);
  return reply;
}
