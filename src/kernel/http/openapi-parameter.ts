import { z } from "zod";
import { listQuery } from "./page.ts";
import type { Components } from "./openapi-components.ts";
import { toJsonSchema } from "./json-schema.ts";
import { hasCardAnswer, type Operation } from "./operation.ts";
import { pascalCase } from "../text/pascal-case.ts";

interface Parameter {
  readonly name: string;
  readonly in: "path" | "header" | "query";
  readonly required?: true;
  readonly schema: object;
  readonly description?: string;
}

/**
 * What one operation takes beside its body. `path` is in OpenAPI's form, with `{name}` for each parameter.
 * Parameters of several operations are references.
 */
export const operationParameters = (operation: Operation, path: string, components: Components): object[] => [
  ...pathParameters(path).map((one) => components.share("parameters", `Path${pascalCase(one.name)}`, one)),
  ...headerParameters(operation).map(([name, one]) => components.share("parameters", name, one)),
  ...queryParameters(operation).map((one) => sharedQuery(one, components)),
];

const pathParameters = (path: string): Parameter[] =>
  Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));

/** The place in a list is the same for most lists. */
const sharedQuery = (one: Parameter, components: Components): object =>
  LIST_PARAMETERS.has(JSON.stringify(one)) ? components.share("parameters", pascalCase(one.name), one) : one;

const IDEMPOTENCY_KEY = "[!#-\\[\\]-~]{1,128}";
const ETAG = '(?:\\*|(?:W/)?"[!#-~]*")';

const idempotencyKeySchema = {
  type: "string",
  minLength: 1,
  maxLength: 130,
  pattern: `^(?:"${IDEMPOTENCY_KEY}"|${IDEMPOTENCY_KEY})$`,
};
const etagSchema = { type: "string", minLength: 1, pattern: `^${ETAG}(?: *, *${ETAG})*$` };

const ACCOUNT_HEADER: Parameter = {
  name: "Tollgate-Account",
  in: "header",
  schema: { type: "string", pattern: "^acc_[0-9A-Z]{26}$" },
  description:
    "Acts on an account below one's own: a seller on an organization, a dealer on a sub-dealer, " +
    "with those of one's rights that hold there. " +
    "Where one may not act is `not-found` (404), like an account that does not exist.",
};

const languageHeader = (localized: boolean): Parameter => ({
  name: "Accept-Language",
  in: "header",
  schema: { type: "string", maxLength: 200 },
  description:
    "`en` or `ru`, with weights where there are several. Problems are in this language, English by default." +
    (localized
      ? " Without one of these, other texts are in the member's language, else in the account's."
      : ""),
});

const IF_NONE_MATCH_HEADER: Parameter = {
  name: "If-None-Match",
  in: "header",
  schema: etagSchema,
  description: "The ETag of the card as it was read: 304 without a body while it still shows the same.",
};

/** Each with its name among the components. */
type NamedParameter = readonly [component: string, Parameter];

function headerParameters(operation: Operation): NamedParameter[] {
  const { right, method, idempotency, ifMatch, localized } = operation;
  return [
    ...(right === "public" ? [] : [["Account", ACCOUNT_HEADER] as const]),
    [localized ? "Language" : "ProblemLanguage", languageHeader(localized === true)],
    ...(method === "GET" && hasCardAnswer(operation) ? [["IfNoneMatch", IF_NONE_MATCH_HEADER] as const] : []),
    ...(idempotency === undefined ? [] : [idempotencyHeader(operation)]),
    ...(ifMatch === undefined ? [] : [ifMatchHeader(ifMatch)]),
  ];
}

function idempotencyHeader({ idempotency, preview }: Operation): NamedParameter {
  const isOptional = idempotency === "optional";
  const isUnlessDryRun = !isOptional && preview !== undefined;
  const retention =
    idempotency === "ledger"
      ? "Remembered for each member for ever, in the ledger."
      : "Remembered for each member for 24 hours.";
  const name = [
    "IdempotencyKey",
    ...(idempotency === "ledger" ? ["InLedger"] : []),
    ...(isOptional ? ["IfAny"] : []),
    ...(isUnlessDryRun ? ["UnlessDryRun"] : []),
  ];
  return [
    name.join(""),
    {
      name: "Idempotency-Key",
      in: "header",
      ...(isOptional || isUnlessDryRun ? {} : { required: true as const }),
      schema: idempotencyKeySchema,
      description:
        '1 to 128 visible ASCII characters but `"` and `\\`, ' +
        `bare or in quotes (a structured-field string). ${retention} ` +
        "The same command again is answered with its first answer and `Idempotency-Replayed: true`, " +
        "without secrets, which are shown once; " +
        "another command under the same key is `idempotency/mismatch` (422)." +
        (isUnlessDryRun ? " Needed but for a `dryRun`." : ""),
    },
  ];
}

const ifMatchHeader = (ifMatch: "required" | "optional"): NamedParameter => [
  ifMatch === "required" ? "IfMatch" : "IfMatchIfAny",
  {
    name: "If-Match",
    in: "header",
    ...(ifMatch === "required" ? { required: true as const } : {}),
    schema: etagSchema,
    description:
      "The ETag of the card as it was read, in its quotes, or `*` for any version. " +
      'A weak tag (`W/"3"`) counts as the strong one. ' +
      "Another version is `precondition-failed` (412)" +
      (ifMatch === "required" ? "; none at all is `precondition-required` (428)." : "."),
  },
];

function queryParameters({ query }: Pick<Operation, "query">): Parameter[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = toJsonSchema(query, "input") as {
    properties?: Record<string, { readonly description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    ...(required.includes(name) ? { required: true as const } : {}),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

const LIST_PARAMETERS: ReadonlySet<string> = new Set(
  queryParameters({ query: z.strictObject(listQuery) }).map((one) => JSON.stringify(one)),
);
