/** One call to make, and the status that belongs to it. */
export interface ExpectedCall {
  readonly method: string;
  readonly path: string;
  readonly expect: number;
  /** The problem code of an expected refusal. */
  readonly code?: string;
  readonly body?: unknown;
  /** A file, sent as it is instead of a JSON body. */
  readonly file?: { readonly type: string; readonly text: string };
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly etag: string | null;
}

/** A caller: a gate, a credential and an address. */
export interface Caller {
  readonly url: string;
  readonly credential: string | null;
  /** Sent as CF-Connecting-IP, which a local gate takes from the caller; null is 127.0.0.1. */
  readonly address: string | null;
  /** The caller's name, for the reader of the output. */
  readonly who?: string;
  readonly usesToken?: boolean;
  readonly onAnswer?: (caller: Caller, ask: ExpectedCall, answer: Answer) => void;
}

/** @throws Error when the answer is not the expected one */
export async function expectCall(caller: Caller, expected: ExpectedCall): Promise<Answer> {
  const answer = await send(caller, expected);
  caller.onAnswer?.(caller, expected, answer);
  const code = valueAt(answer.body, "code");
  if (answer.status !== expected.expect || (expected.code !== undefined && code !== expected.code)) {
    const expectedText =
      expected.code === undefined ? String(expected.expect) : `${expected.expect} ${expected.code}`;
    throw new Error(
      `${expected.method} ${expected.path}: expected ${expectedText}, got ${answer.status} ${JSON.stringify(answer.body)}`,
    );
  }
  return answer;
}

async function send({ url, credential, address }: Caller, call: ExpectedCall): Promise<Answer> {
  const type = call.file?.type ?? (call.body === undefined ? undefined : "application/json");
  const response = await fetch(`${url}${call.path}`, {
    method: call.method,
    headers: {
      ...(credential === null ? {} : { authorization: `Bearer ${credential}` }),
      ...(address === null ? {} : { "cf-connecting-ip": address }),
      ...(type === undefined ? {} : { "content-type": type }),
      ...call.headers,
    },
    ...(type === undefined ? {} : { body: call.file?.text ?? JSON.stringify(call.body) }),
  });
  const text = await response.text();
  return { status: response.status, body: parse(text), etag: response.headers.get("etag") };
}

function parse(text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return text;
  }
}

/** @param path names joined by dots, e.g. `claim.token` */
export const valueAt = (body: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (value, name) =>
        value !== null && typeof value === "object" ? (value as Record<string, unknown>)[name] : undefined,
      body,
    );

/** @throws Error when there is no text at that place */
export function textAt(answer: Answer, path: string): string {
  const value = valueAt(answer.body, path);
  if (typeof value !== "string") throw new Error(`the answer has no ${path}: ${JSON.stringify(answer.body)}`);
  return value;
}

/** A step of a story that must be so. @throws Error */
export function checkThat(condition: boolean, sentence: string): void {
  if (!condition) throw new Error(`Not as expected: ${sentence}.`);
}

/** The rows of a list. */
export const rowsOf = <Row>(answer: Answer): readonly Row[] => valueAt(answer.body, "data") as readonly Row[];
