import { z } from "zod";
import type { Components } from "./openapi-components.ts";
import { headerRefs } from "./openapi-header.ts";
import { refusals } from "./openapi-refusal.ts";
import { fileMediaType, hasCardAnswer, type Operation } from "./operation.ts";

/** Every answer of one operation by its status. Refusals are references. */
export const operationResponses = (operation: Operation, components: Components): object => ({
  ...successResponses(operation, components),
  ...refusals(operation, components),
});

function successResponses(operation: Operation, components: Components) {
  const { answer, status, idempotency, localized, preview } = operation;
  const headers = headerRefs([
    ...(hasCardAnswer(operation) ? ["ETag" as const] : []),
    ...(hasCardAnswer(operation) && status === 201 ? ["Location" as const] : []),
    ...(idempotency === undefined ? [] : ["Idempotency-Replayed" as const]),
    ...(localized ? ["Content-Language" as const] : []),
  ]);
  const file = fileMediaType(operation);
  if (file !== null) return { [status]: { description: "The file.", headers, content: { [file]: {} } } };
  const body =
    answer instanceof z.ZodType ? components.body(answer, "output") : { schema: { type: "object" } };
  return {
    ...(preview === undefined
      ? {}
      : {
          200: {
            description: "With `dryRun`: what would be made. Nothing is.",
            headers: headerRefs([]),
            content: { "application/json": components.body(preview, "output") },
          },
        }),
    [status]:
      status === 204
        ? noContent(headers, components)
        : { description: "Done.", headers, content: { "application/json": body } },
    ...(hasCardAnswer(operation) && operation.method === "GET"
      ? { 304: notModified(headers, components) }
      : {}),
  };
}

const noContent = (headers: object, components: Components): object =>
  Object.keys(headers).length === 1
    ? components.share("responses", "NoContent", { description: "Done.", headers })
    : { description: "Done.", headers };

const notModified = (headers: object, components: Components): object =>
  components.share("responses", "Content-Language" in headers ? "NotModifiedInLanguage" : "NotModified", {
    description: "The card is what If-None-Match names.",
    headers,
  });
