import { z } from "zod";

type JsonSchema = Record<string, unknown>;

/**
 * The JSON Schema (2020-12) of what a route takes ("input") or answers ("output"), made from the schema that
 * validates.
 */
export function toJsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override: ({ jsonSchema }) => simplify(jsonSchema as JsonSchema, io),
  }) as JsonSchema;
  return rest;
}

/** Says the same in fewer words. */
function simplify(schema: JsonSchema, io: "input" | "output"): void {
  describeItself(schema);
  // An answer may get further fields later; clients have to read over them.
  if (io === "output" && schema["additionalProperties"] === false) delete schema["additionalProperties"];
  // The format says it; the pattern is 300 characters long.
  if (schema["format"] === "date-time" || schema["format"] === "email") delete schema["pattern"];
  if (schema["minimum"] === Number.MIN_SAFE_INTEGER) delete schema["minimum"];
  if (schema["maximum"] === Number.MAX_SAFE_INTEGER) delete schema["maximum"];
  joinNull(schema);
}

/** In a query an integer is read by a pattern. Its schema says in `described` what it is. */
function describeItself(schema: JsonSchema): void {
  const { described, description } = schema;
  if (typeof described !== "object") return;
  for (const key of Object.keys(schema)) delete schema[key];
  Object.assign(schema, described, { description });
}

const NULL = '{"type":"null"}';

/** `anyOf` within `anyOf` is one list; a text or null is one type. */
function joinNull(schema: JsonSchema): void {
  if (!Array.isArray(schema["anyOf"])) return;
  const listed = (schema["anyOf"] as JsonSchema[]).flatMap((one) =>
    Array.isArray(one["anyOf"]) && Object.keys(one).length === 1 ? (one["anyOf"] as JsonSchema[]) : [one],
  );
  const anyOf = listed.filter((one, at) => !listed.slice(0, at).some((other) => isSame(one, other)));
  schema["anyOf"] = anyOf;
  const one = anyOf.find((each) => JSON.stringify(each) !== NULL);
  const isPlain = typeof one?.["type"] === "string" && !("enum" in one) && !("const" in one);
  if (!isPlain || anyOf.length !== 2 || !anyOf.some((each) => JSON.stringify(each) === NULL)) return;
  delete schema["anyOf"];
  const { description } = schema;
  const about = description === undefined ? {} : { description };
  Object.assign(schema, one, { type: [one["type"], "null"] }, about);
}

const isSame = (one: JsonSchema, other: JsonSchema): boolean => JSON.stringify(one) === JSON.stringify(other);
