import type { z } from "zod";
import { toJsonSchema } from "./json-schema.ts";

type Kind = "schemas" | "responses" | "parameters" | "examples";

/** Real bodies, by the name of their schema among the components. */
export type Examples = Readonly<Record<string, unknown>>;

/** What stands at `application/json`: a schema, and an example of it. */
type Media = Record<string, unknown>;

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly [keyword: string]: unknown;
}

/** What several operations share: written once, under `components` of the document. */
export class Components {
  readonly #examples: Examples;
  readonly #texts = new Map<string, string>();
  /** The bodies that each example is for. */
  readonly #shownIn = new Map<string, Media[]>();
  readonly #values: Record<Kind, Record<string, object>> = {
    schemas: {},
    responses: {},
    parameters: {},
    examples: {},
  };

  constructor(examples: Examples) {
    this.#examples = examples;
  }

  /** @throws Error when the name is taken by another value: two operations would be described alike */
  share(kind: Kind, name: string, value: object): { readonly $ref: string } {
    const [key, text] = [`${kind}/${name}`, JSON.stringify(value)];
    const known = this.#texts.get(key);
    if (known !== undefined && known !== text) throw new Error(`Two components are called ${key}.`);
    this.#texts.set(key, text);
    this.#values[kind][name] = value;
    return { $ref: `#/components/${key}` };
  }

  /** A body in JSON with an example, where its schema is a component. */
  body(schema: z.ZodType, io: "input" | "output"): Media {
    const described = this.#schema(schema, io) as { readonly $ref?: string };
    return this.withExample({ schema: described }, described.$ref?.split("/").at(-1) ?? "");
  }

  /** @param name of the example */
  withExample(media: Media, name: string): Media {
    if (!(name in this.#examples)) return media;
    this.#shownIn.set(name, [...(this.#shownIn.get(name) ?? []), media]);
    return media;
  }

  /**
   * The JSON Schema of a route's schema. Schemas that have an id become components. What is sent as `NewPlan`
   * is answered as `Plan`, with its defaults.
   */
  #schema(schema: z.ZodType, io: "input" | "output"): object {
    const toName = (id: string) => (io === "input" ? id : id.replace(/^New(?=[A-Z])/, ""));
    const { $defs = {}, ...rest } = toComponentReferences(toJsonSchema(schema, io), toName) as {
      readonly $defs?: Readonly<Record<string, object>>;
    };
    for (const [id, value] of Object.entries($defs)) this.share("schemas", toName(id), value);
    return rest;
  }

  /** By kind and in the order of their names. To be called once, when all operations are described. */
  toJson(): Record<Kind, object> {
    this.#placeExamples();
    const schemas = mapValues(this.#values.schemas, (value) => this.#extending(value));
    const sorted = Object.entries({ ...this.#values, schemas }).map(([kind, values]) => [
      kind,
      Object.fromEntries(Object.entries(values).sort(([one], [two]) => (one < two ? -1 : 1))),
    ]);
    return Object.fromEntries(sorted) as Record<Kind, object>;
  }

  /** An example for several bodies is a component; one for a single body stands there. */
  #placeExamples(): void {
    for (const [name, bodies] of this.#shownIn) {
      const value = this.#examples[name];
      for (const body of bodies)
        if (bodies.length === 1) body["example"] = value;
        else body["examples"] = { [name]: this.share("examples", name, { value }) };
    }
  }

  /** A schema that says which other one it extends names that one, and what it adds. */
  #extending({ extends: name, ...schema }: ObjectSchema): object {
    const base = this.#values.schemas[String(name)] as ObjectSchema | undefined;
    if (base?.properties === undefined || schema.properties === undefined) return schema;
    const { properties: inBase } = base;
    const properties = Object.fromEntries(
      Object.entries(schema.properties).filter(
        ([field, value]) => JSON.stringify(inBase[field]) !== JSON.stringify(value),
      ),
    );
    if (Object.keys(properties).some((field) => field in inBase))
      throw new Error(`A schema contradicts ${String(name)}, which it extends.`);
    const required = schema.required?.filter((field) => field in properties) ?? [];
    const added = { type: "object", properties, ...(required.length === 0 ? {} : { required }) };
    return { allOf: [{ $ref: `#/components/schemas/${String(name)}` }, added] };
  }
}

const mapValues = (values: Record<string, object>, map: (value: ObjectSchema) => object) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value as ObjectSchema)]));

const DEFINITION = /^#\/\$defs\/(.+)$/;

/** Zod writes named schemas below the schema that uses them; OpenAPI has one place for all. */
const toComponentReferences = (schema: object, toName: (id: string) => string): object =>
  JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === "$ref" && typeof value === "string"
      ? value.replace(DEFINITION, (_, id: string) => `#/components/schemas/${toName(id)}`)
      : value,
  ) as object;
