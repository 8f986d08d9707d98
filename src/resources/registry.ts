import type { TypeTable } from "../access/resource-type.ts";
import type { Right } from "../access/right.ts";
import type { AccessLevel } from "../kernel/schema/team.ts";
import type { ResourceType } from "./resource-type.ts";
import { DECLARED_TYPES } from "./types/registry.ts";

/** The rights that grants on a type give on other types. */
type DerivedRight<Type> = Type extends { readonly derives: infer Derives }
  ? {
      [Name in keyof Derives & string]: Derives[Name] extends Readonly<
        Record<AccessLevel, readonly (infer Verb extends string)[]>
      >
        ? `${Name}.${Verb}`
        : never;
    }[keyof Derives & string]
  : never;

/** No type when one of them derives a right that does not exist. */
export type Checked<Type> = [Exclude<DerivedRight<Type>, Right>] extends [never] ? Type : never;

/** Every resource type. Each names rights that exist, or this does not compile. */
export const RESOURCE_TYPES: readonly ResourceType[] = DECLARED_TYPES satisfies readonly Checked<
  (typeof DECLARED_TYPES)[number]
>[];

/** What the compiler of grant sets and the validation of grants read. */
export const TYPE_TABLE: TypeTable = new Map(RESOURCE_TYPES.map((type) => [type.name, type]));
