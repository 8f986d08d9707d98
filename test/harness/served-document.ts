import { servedEndpoints } from "../../src/app.ts";
import examples from "../../src/kernel/http/openapi-examples.json" with { type: "json" };
import { openApiDocument } from "../../src/kernel/http/openapi.ts";
import { TAGS } from "../../src/kernel/http/openapi-tag.ts";
import type { Operation } from "../../src/kernel/http/operation.ts";
import { withoutReferences } from "./description.ts";

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: { readonly pattern?: string };
}
export interface Media {
  readonly content?: Record<string, { readonly schema: object }>;
  readonly description?: string;
  readonly required?: boolean;
  readonly headers?: object;
}
export interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: string[];
  readonly parameters: Parameter[];
  readonly requestBody?: Media;
  readonly responses: Record<string, Media>;
  readonly security?: object[];
}
export interface Document {
  readonly openapi: string;
  readonly info: { readonly description: string };
  readonly tags: readonly object[];
  readonly paths: Record<string, Record<string, Described>>;
  readonly security: object[];
  readonly components: {
    schemas: { Problem: { properties: { code: { enum: string[] } } } } & Record<string, object>;
    headers: object;
    securitySchemes: object;
  };
}

/** The description of these operations as it is served: what JSON leaves of it. */
export const writeDocument = (operations: readonly Operation[]) =>
  JSON.parse(
    JSON.stringify(
      openApiDocument(operations, {
        server: "https://gate.example",
        contact: "mailto:api@gate.example",
        tags: TAGS,
        examples,
      }),
    ),
  ) as Document;
export const operations = servedEndpoints.map(({ operation }) => operation);
/** As it is served, with its references. */
export const served = writeDocument(operations);
/** The same without references. */
export const document = withoutReferences(served);
export const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, one]) => ({ path, method, one })),
);
