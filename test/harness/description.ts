const COMPONENT = "#/components/";

/**
 * A description of the API with each reference replaced by what it names, and with the parameters of a path
 * among those of its operations.
 */
export function withoutReferences<Document extends object>(document: Document): Document {
  const find = (reference: string): unknown =>
    reference
      .slice("#/".length)
      .split("/")
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== "object" || value === null) return value;
    const { $ref: reference, ...beside } = value as Record<string, unknown>;
    if (typeof reference === "string" && reference.startsWith(COMPONENT)) {
      const found = find(reference);
      if (found === undefined) throw new Error(`${reference} leads nowhere`);
      return { ...(resolve(found) as object), ...(resolve(beside) as object) };
    }
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one)]));
  };
  const { paths, ...rest } = resolve(document) as { readonly paths?: Readonly<Record<string, PathItem>> };
  if (paths === undefined) return rest as Document;
  const described = Object.entries(paths).map(([path, item]) => [path, withParameters(item)]);
  return { ...rest, paths: Object.fromEntries(described) as unknown } as unknown as Document;
}

type PathItem = Readonly<Record<string, object>> & { readonly parameters?: readonly object[] };

const withParameters = ({ parameters: common = [], ...methods }: PathItem): object =>
  Object.fromEntries(
    Object.entries(methods).map(([method, one]) => {
      const { parameters: own = [] } = one as { readonly parameters?: readonly object[] };
      return [method, { ...one, parameters: [...common, ...own] }];
    }),
  );

type Schema = Readonly<Record<string, unknown>>;

/**
 * The schema, but no field may come that it does not name. Clients have to read over new fields; the gate's
 * own tests do not. @param schema without references
 */
export function exactSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(exactSchema);
  if (typeof schema !== "object" || schema === null) return schema;
  const { allOf, ...one } = joined(schema as Schema);
  const exact = Object.fromEntries(Object.entries(one).map(([key, value]) => [key, exactSchema(value)]));
  const isObject = typeof exact["properties"] === "object" && exact["type"] !== undefined;
  return {
    ...exact,
    ...(allOf === undefined ? {} : { allOf }),
    ...(isObject && !("additionalProperties" in exact) ? { additionalProperties: false } : {}),
  };
}

/** One object for the parts of `allOf`. */
function joined(schema: Schema): Schema {
  const { allOf, ...rest } = schema;
  if (!Array.isArray(allOf)) return schema;
  const parts = (allOf as Schema[]).map(joined);
  return {
    ...rest,
    type: "object",
    properties: Object.assign({}, ...parts.map((part) => part["properties"])) as unknown,
    required: parts.flatMap((part) => (part["required"] ?? []) as string[]),
  };
}
