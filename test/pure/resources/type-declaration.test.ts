import { z } from "zod";
import { describe, expect, test } from "vitest";
import { PRESETS } from "../../../src/access/model.ts";
import type { Preset } from "../../../src/access/preset.ts";
import { RIGHT_NAMES, RIGHTS, type Right } from "../../../src/access/right.ts";
import { type Checked, RESOURCE_TYPES } from "../../../src/resources/registry.ts";
import type { ResourceType } from "../../../src/resources/resource-type.ts";
import { declareType, LEVELS, NO_LEVELS } from "../../../src/resources/types/declaration.ts";
import { AREAS } from "../../../src/resources/types/registry.ts";

/** A type that may be looked at, and no more. */
const LAMP = {
  name: "lamp",
  title: "Lamps",
  rights: { view: "See lamps." },
  grants: "none",
  levels: NO_LEVELS,
  derives: {},
  isGrouped: false,
  stored: null,
} as const;

const STORED = {
  path: "lamps",
  idPrefix: "lmp",
  attributes: z.strictObject({}),
  nameAttribute: "name",
  masked: [],
  parents: {},
  reference: null,
  generated: null,
} as const;

const action = <const Verb extends string>(verb: Verb) => ({
  name: "light",
  verb,
  summary: "",
  body: z.strictObject({}),
  run: () => ({ set: {}, status: null }),
});

describe("a resource type in one file", () => {
  test("declares its rights, and they are rights from then on", () => {
    const declared = AREAS.flatMap(({ name, rights }) =>
      Object.keys(rights).map((verb) => `${name}.${verb}`),
    );
    expect(RIGHT_NAMES.filter((right) => declared.includes(right))).toEqual(declared);
    expect(RIGHTS["task.update" satisfies Right]).toBe("Update tasks, for credits.");
    expect(new Set(RESOURCE_TYPES.map(({ name }) => name)).size).toBe(RESOURCE_TYPES.length);
  });

  // Each line below an `@ts-expect-error` compiles only if its fault is found: `npm run types` runs first.
  test("does not compile with a verb that is no right of it", () => {
    declareType({ ...LAMP, grants: "each", levels: { view: ["view"], edit: ["view"], owner: ["view"] } });
    // @ts-expect-error: lamp.edit does not exist
    declareType({ ...LAMP, grants: "each", levels: LEVELS });
    declareType({ ...LAMP, stored: { ...STORED, actions: [action("view")] } });
    // @ts-expect-error: lamp.light does not exist
    declareType({ ...LAMP, stored: { ...STORED, actions: [action("light")] } });
    expect(LAMP.rights).not.toHaveProperty("edit");
  });

  test("does not compile with another type's right that does not exist", () => {
    const lamp = { ...LAMP, derives: { product: LEVELS } } as const;
    const derived: Checked<typeof lamp> = lamp;
    const ghost = { ...LAMP, derives: { ghost: LEVELS } } as const;
    // @ts-expect-error: ghost.view does not exist
    const faulty: Checked<typeof ghost> = ghost;
    const secret = { ...STORED, confidential: { right: "lamp.see_secret", attributes: [] } } as const;
    // @ts-expect-error: lamp.see_secret does not exist
    const hidden: ResourceType["stored"] = secret;
    expect([derived, faulty, hidden]).toEqual([lamp, ghost, secret]);
  });

  test("is named in models by rights that exist", () => {
    // @ts-expect-error: product.paint does not exist
    const role: Preset["roles"][string]["rights"] = { "product.paint": "all" };
    expect(Object.keys(role)).not.toEqual(Object.keys(PRESETS.vendor.roles));
  });
});
