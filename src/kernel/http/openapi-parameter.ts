import { toJsonSchema } from "./json-schema.ts";
import { hasCardAnswer, type Operation } from "./operation.ts";

/**
 * What one operation takes beside its body. `path` is in OpenAPI's form, with `{name}` for each parameter.
 */
export const operationParameters = (operation: Operation, path: string): object[] => [
  ...pathParameters(path),
  ...headerParameters(operation),
  ...queryParameters(operation),
];

const pathParameters = (path: string): object[] =>
  Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));

const IDEMPOTENCY_KEY = "[!#-\\[\\]-~]{1,128}";
const ETAG = '(?:\\*|(?:W/)?"[!#-~]*")';

const idempotencyKeySchema = {
  type: "string",
  minLength: 1,
  maxLength: 130,
  pattern: `^(?:"${IDEMPOTENCY_KEY}"|${IDEMPOTENCY_KEY})$`,
};
const etagSchema = { type: "string", minLength: 1, pattern: `^${ETAG}(?: *, *${ETAG})*$` };

const ACCOUNT_HEADER = {
  name: "Tollgate-Account",
  in: "header",
  required: false,
  schema: { type: "string", pattern: "^acc_[0-9A-Z]{26}$" },
  description:
    "Acts on an account below one's own: a seller on an organization, a dealer on a sub-dealer, " +
    "with those of one's rights that hold there. " +
    "Where one may not act is `not-found` (404), like an account that does not exist.",
};

const languageHeader = (localized: boolean) => ({
  name: "Accept-Language",
  in: "header",
  required: false,
  schema: { type: "string", maxLength: 200 },
  description:
    "`en` or `ru`, with weights where there are several. Problems are in this language, English by default." +
    (localized
      ? " Without one of these, other texts are in the member's language, else in the account's."
      : ""),
});

const IF_NONE_MATCH_HEADER = {
  name: "If-None-Match",
  in: "header",
  required: false,
  schema: etagSchema,
  description: "The ETag of the card as it was read: 304 without a body while it still shows the same.",
};

function headerParameters(operation: Operation): object[] {
  const { right, method, idempotency, ifMatch, localized, preview } = operation;
  const retention =
    idempotency === "ledger"
      ? "Remembered for each member for ever, in the ledger."
      : "Remembered for each member for 24 hours.";
  return [
    ...(right === "public" ? [] : [ACCOUNT_HEADER]),
    languageHeader(localized === true),
    ...(method === "GET" && hasCardAnswer(operation) ? [IF_NONE_MATCH_HEADER] : []),
    ...(idempotency === undefined
      ? []
      : [
          {
            name: "Idempotency-Key",
            in: "header",
            required: idempotency !== "optional" && preview === undefined,
            schema: idempotencyKeySchema,
            description:
              '1 to 128 visible ASCII characters but `"` and `\\`, ' +
              `bare or in quotes (a structured-field string). ${retention} ` +
              "The same command again is answered with its first answer and `Idempotency-Replayed: true`, " +
              "without secrets, which are shown once; " +
              "another command under the same key is `idempotency/mismatch` (422)." +
              (idempotency !== "optional" && preview !== undefined ? " Needed but for a `dryRun`." : ""),
          },
        ]),
    ...(ifMatch === undefined
      ? []
      : [
          {
            name: "If-Match",
            in: "header",
            required: ifMatch === "required",
            schema: etagSchema,
            description:
              "The ETag of the card as it was read, in its quotes, or `*` for any version. " +
              'A weak tag (`W/"3"`) counts as the strong one. ' +
              "Another version is `precondition-failed` (412)" +
              (ifMatch === "required" ? "; none at all is `precondition-required` (428)." : "."),
          },
        ]),
  ];
}

function queryParameters({ query }: Operation): object[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = toJsonSchema(query, "input") as {
    properties?: Record<string, object>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}
