import { z } from "zod";
import { describe, expect, test } from "vitest";
import type { Preset } from "../../../src/access/preset.ts";
import { RIGHT_NAMES, RIGHTS, type Right } from "../../../src/access/right.ts";
import { type Checked, RESOURCE_TYPES } from "../../../src/resources/registry.ts";
import type { StoredType } from "../../../src/resources/resource-type.ts";
import { LEVELS, NO_LEVELS, type TypeDeclaration } from "../../../src/resources/types/declaration.ts";
import { AREAS } from "../../../src/resources/types/registry.ts";

/** Whether a value of the one type may be written where the other is asked for. */
type Compiles<Value, Asked> = [Value] extends [Asked] ? true : false;

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
  summary: () => "",
  body: z.strictObject({}),
  run: () => ({ set: {}, status: null }),
});

// The types of these tests are their assertions: `npm run types` fails when an answer is another.
describe("a resource type in one file", () => {
  test("declares its rights, and they are rights from then on", () => {
    const declared = AREAS.flatMap(({ name, rights }) =>
      Object.keys(rights).map((verb) => `${name}.${verb}`),
    );
    expect(RIGHT_NAMES.filter((right) => declared.includes(right))).toEqual(declared);
    expect(RIGHTS["task.update" satisfies Right]).toBe("Update tasks, for credits.");
    expect(new Set(RESOURCE_TYPES.map(({ name }) => name)).size).toBe(RESOURCE_TYPES.length);
  });

  test("does not compile with a level whose verb is no right of it", () => {
    const viewed = { ...LAMP, grants: "each", levels: NO_LEVELS } as const;
    const edited = { ...LAMP, grants: "each", levels: LEVELS } as const;
    const isViewed: Compiles<typeof viewed, TypeDeclaration<"view">> = true;
    const isEdited: Compiles<typeof edited, TypeDeclaration<"view">> = false;
    expect([isViewed, isEdited, edited.levels.edit]).toEqual([true, false, ["view", "edit"]]);
  });

  test("does not compile with an action whose verb is no right of it", () => {
    const viewed = { ...LAMP, stored: { ...STORED, actions: [action("view")] } } as const;
    const lit = { ...LAMP, stored: { ...STORED, actions: [action("light")] } } as const;
    const isViewed: Compiles<typeof viewed, TypeDeclaration<"view">> = true;
    const isLit: Compiles<typeof lit, TypeDeclaration<"view">> = false;
    expect([isViewed, isLit, lit.stored.actions[0].verb]).toEqual([true, false, "light"]);
  });

  test("does not compile with another type's right that does not exist", () => {
    const lamp = { ...LAMP, derives: { product: LEVELS } } as const;
    const ghost = { ...LAMP, derives: { ghost: LEVELS } } as const;
    const secret = { ...STORED, confidential: { right: "lamp.see_secret", attributes: [] } } as const;
    const isDerived: Compiles<typeof lamp, Checked<typeof lamp>> = true;
    const isGhost: Compiles<typeof ghost, Checked<typeof ghost>> = false;
    const isSecret: Compiles<typeof secret, StoredType> = false;
    const isOpen: Compiles<typeof STORED, StoredType> = true;
    expect([isDerived, isGhost, isSecret, isOpen]).toEqual([true, false, false, true]);
    expect([lamp.derives.product, ghost.derives.ghost]).toEqual([LEVELS, LEVELS]);
    expect(RIGHT_NAMES).not.toContain(secret.confidential.right);
  });

  test("is named in models by rights that exist", () => {
    type RoleRight = keyof Preset["roles"][string]["rights"];
    const known: Compiles<"product.view", RoleRight> = true;
    const unknown: Compiles<"product.paint", RoleRight> = false;
    expect([known, unknown]).toEqual([true, false]);
  });
});
