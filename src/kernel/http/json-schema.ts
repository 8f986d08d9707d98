import { z } from "zod";

/**
 * The JSON Schema (2020-12) of what a route takes ("input") or answers ("output"), made from the schema that
 * validates.
 */
export function toJsonSchema(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Record<
    string,
    unknown
  >;
  return rest;
}
