import { type Api, expectStatus } from "./client.ts";
import { withoutReferences } from "./description.ts";

/** A route as /openapi.json tells it. */
export interface Operation {
  readonly method: string;
  /** With `{name}` for each parameter. */
  readonly path: string;
  readonly name: string;
  readonly isPublic: boolean;
  /** Any active member about itself. */
  readonly isSelf: boolean;
  /** The right that it names; null where it needs none. */
  readonly right: string | null;
  readonly body: Schema | null;
  readonly headers: readonly string[];
  readonly query: readonly Parameter[];
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
}

interface OpenApiDocument {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly security?: readonly unknown[];
            readonly description: string;
            readonly parameters: readonly Parameter[];
            readonly requestBody?: {
              readonly content: { readonly "application/json"?: { readonly schema: Schema } };
            };
          }
        >
      >
    >
  >;
}

/** Every operation that the gate says it serves: a new route joins the walks by being there. */
export async function loadOperations(client: Api): Promise<Operation[]> {
  const { paths } = withoutReferences(
    expectStatus(await client.get<OpenApiDocument>("/openapi.json"), 200).body,
  );
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, description]) => ({
      method: method.toUpperCase(),
      path,
      name: `${method.toUpperCase()} ${path}`,
      isPublic: description.security?.length === 0,
      isSelf: description.description.startsWith("Any active member."),
      right: /`([^`]+)`/.exec(description.description)?.[1] ?? null,
      body: description.requestBody?.content["application/json"]?.schema ?? null,
      headers: description.parameters.filter((one) => one.in === "header").map(({ name }) => name),
      query: description.parameters.filter((one) => one.in === "query"),
    })),
  );
}

/** A value that the schema accepts, as plain as possible. */
export function sampleValue(schema: Schema): unknown {
  const choice = schema.anyOf?.[0] ?? schema.oneOf?.[0];
  if (choice !== undefined) return sampleValue(choice);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object")
    return Object.fromEntries(
      (schema.required ?? []).map((name) => [name, sampleValue(schema.properties?.[name] ?? {})]),
    );
  if (type === "array")
    return Array.from({ length: schema.minItems ?? 0 }, () => sampleValue(schema.items ?? {}));
  if (type === "integer" || type === "number") return Math.max(schema.minimum ?? 1, 1);
  if (type === "boolean") return false;
  return sampleText(schema);
}

/** A ULID that no object has. */
export const UNKNOWN_ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

function sampleText(schema: Schema): string {
  const prefix = /^\^([a-z]{3})_/.exec(schema.pattern ?? "")?.[1];
  if (prefix !== undefined) return `${prefix}_${UNKNOWN_ULID}`;
  if (schema.format === "email") return "unknown@example.com";
  if (schema.format === "date-time") return "2030-01-01T00:00:00.000Z";
  return "text".padEnd(schema.minLength ?? 4, "x");
}
