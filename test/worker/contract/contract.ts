import { z } from "zod";
import { api, type Fetch, expectStatus } from "../../harness/client.ts";
import { fetch } from "../access/operators-fixture.ts";

interface Told {
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
  /** Operations that were answered as they should be, as `GET /v1/me`. */
  readonly done: ReadonlySet<string>;
}

/** @param gate how the gate is called */
export async function openContract(gate: Fetch = fetch): Promise<Contract> {
  const document = expectStatus(await api(fetch, null).get<Document>("/openapi.json"), 200).body;
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
    if (template !== null && answer.status < 300 && !(await isEmptyList(answer.clone()))) done.add(template);
    return answer;
  };
  return { document, fetch: watched, faults, done };
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
  const told = document.paths[path]?.[method.toLowerCase()]?.responses[answer.status];
  if (told === undefined) return ["this status is not in the document"];
  const [type, { schema } = { schema: undefined }] = Object.entries(told.content ?? {})[0] ?? [];
  const sent = answer.headers.get("content-type");
  if (sent !== (type ?? null)) return [`${sent} instead of ${type}`];
  return [
    ...headerFaults(document, told, answer),
    ...(schema === undefined ? [] : bodyFaults(document, schema, await answer.json())),
  ];
}

/** A replay carries neither ETag nor Location; a first answer is no replay. A problem has a language. */
function headerFaults({ components }: Document, { headers = {} }: Told, answer: Response): string[] {
  const isReplay = answer.headers.has("idempotency-replayed");
  return Object.keys(components.headers).flatMap((name) => {
    const expected =
      name in headers &&
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

/** The schemas allow no member that they do not name, at any depth. */
export function bodyFaults(
  { components }: Document,
  schema: Record<string, unknown>,
  body: unknown,
): string[] {
  const name = /^#\/components\/schemas\/(\w+)$/.exec(String(schema["$ref"]))?.[1];
  const { success, error } = z
    .fromJSONSchema((name === undefined ? schema : components.schemas[name]) as never)
    .safeParse(body);
  return success ? [] : error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
}
