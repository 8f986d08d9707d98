import { z } from "zod";
import { api, type Fetch, expectStatus } from "../../harness/client.ts";
import { exactSchema, withoutReferences } from "../../harness/description.ts";
import { type ExampleRecorder, recordExamples } from "./example-recorder.ts";
import { RESPONSE_HEADERS } from "../../../src/kernel/http/openapi-header.ts";
import { fetch } from "../access/operators-fixture.ts";

interface Told {
  readonly description?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: Record<string, unknown> }>>;
}

export interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Told>> }>>>
  >;
  readonly components: {
    readonly headers: Readonly<Record<string, unknown>>;
    readonly schemas: Readonly<Record<string, Record<string, unknown>>>;
  };
}

/** A contract: what the gate says of itself, and what was found to differ while it was called. */
export interface Contract {
  readonly document: Document;
  /** Calls the gate and holds each answer against the document. */
  readonly fetch: Fetch;
  readonly faults: string[];
  readonly examples: ExampleRecorder;
  /** Operations that were answered as they should be, as `GET /v1/me`. */
  readonly done: ReadonlySet<string>;
}

/** @param gate how the gate is called */
export async function openContract(gate: Fetch = fetch): Promise<Contract> {
  const served = expectStatus(await api(fetch, null).get<Document>("/openapi.json"), 200).body;
  const document = withoutReferences(served);
  const examples = recordExamples(served);
  const faults: string[] = [];
  const done = new Set<string>();
  const watched: Fetch = async (path, init) => {
    const answer = await gate(path, init);
    const call = `${init?.method ?? "GET"} ${path.split("?")[0]}`;
    const template = templateOf(document, call);
    const found =
      template === null
        ? ["no operation of the document"]
        : await differences(document, template, answer.clone());
    faults.push(...found.map((fault) => `${call} ${answer.status}: ${fault}`));
    if (template !== null && answer.status < 300 && !(await isEmptyList(answer.clone()))) {
      done.add(template);
      await examples.note(template, parsed(init?.body), answer.clone());
    }
    return answer;
  };
  return { document, fetch: watched, faults, done, examples };
}

/** What a call sent as JSON, if it did. */
function parsed(body: RequestInit["body"]): unknown {
  try {
    return typeof body === "string" ? JSON.parse(body) : undefined;
  } catch {
    return undefined;
  }
}

/** An empty list shows nothing of its rows. */
const isEmptyList = async (answer: Response): Promise<boolean> =>
  /json/.test(answer.headers.get("content-type") ?? "") && /"data":\[\]/.test(await answer.text());

export const operationsOf = ({ paths }: Document): string[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );

/** The most exact operation: one without parameters before one with some. */
const templateOf = (document: Document, call: string): string | null =>
  operationsOf(document)
    .sort((one, two) => one.split("{").length - two.split("{").length)
    .find((template) =>
      new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+").replaceAll(".", "\\.")}$`).test(call),
    ) ?? null;

async function differences(document: Document, template: string, answer: Response): Promise<string[]> {
  const [method = "", path = ""] = template.split(" ");
  const responses = document.paths[path]?.[method.toLowerCase()]?.responses ?? {};
  const told = responses[answer.status] ?? responses[`${String(answer.status).charAt(0)}XX`];
  if (told === undefined) return ["this status is not in the document"];
  const [type, { schema } = { schema: undefined }] = Object.entries(told.content ?? {})[0] ?? [];
  const sent = answer.headers.get("content-type");
  if (sent !== (type ?? null)) return [`${sent} instead of ${type}`];
  if (schema === undefined) return headerFaults(told, answer);
  const body: unknown = await answer.json();
  return [
    ...headerFaults(told, answer),
    ...bodyFaults(schema, body),
    ...(answer.status < 400 ? [] : codeFaults(told, body as { readonly code: string })),
  ];
}

/** A refusal is one of those that the description lists for this answer. */
const codeFaults = ({ description = "" }: Told, { code }: { readonly code: string }): string[] =>
  description.includes(`\`${code}\``) ? [] : [`${code} is not in the document`];

/** In the answer for all other statuses a header comes with one status only. */
const STATUSES: Readonly<Record<string, readonly number[]>> = {
  Allow: [405],
  "WWW-Authenticate": [401],
  "Retry-After": [429, 503],
};

/** A replay carries neither ETag nor Location; a first answer is no replay. A problem has a language. */
function headerFaults({ headers = {} }: Told, answer: Response): string[] {
  const isReplay = answer.headers.has("idempotency-replayed");
  return Object.keys(RESPONSE_HEADERS).flatMap((name) => {
    const expected =
      name in headers &&
      (STATUSES[name]?.includes(answer.status) ?? true) &&
      (name === "Idempotency-Replayed"
        ? isReplay
        : !isReplay ||
          name === "Tollgate-Request-Id" ||
          (name === "Content-Language" && answer.status >= 400));
    return expected === answer.headers.has(name)
      ? []
      : [`${name} is ${expected ? "missing" : "not in the document"}`];
  });
}

/** No field may come that the schema does not name, at any depth. */
export function bodyFaults(schema: Record<string, unknown>, body: unknown): string[] {
  const { success, error } = z.fromJSONSchema(exactSchema(schema) as never).safeParse(body);
  return success ? [] : error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
}
