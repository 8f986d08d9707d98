import { z } from "zod";
import type { GrantSet, ResourceRef } from "../access/decision.ts";
import type { Principal } from "../gate/principals/principal.ts";
import { iso } from "../kernel/clock.ts";
import { ID_PREFIXES } from "../kernel/id.ts";
import type { ResourceRow } from "../kernel/schema/resource.ts";
import type { ResourceType, StoredType } from "./type.ts";

export const refOf = (row: ResourceRow): ResourceRef => ({
  id: row.id,
  rootId: row.rootId,
  ownerId: row.ownerId,
  groupId: row.groupId,
  status: row.status,
});

/** The object under which a child of this one stands: a grant on it reaches the child. */
export const rootOf = (parent: ResourceRow): string => parent.rootId ?? parent.id;

/** What the columns of a row repeat of its attributes, so that the database can look for it. */
export function completeRow(type: StoredType, row: ResourceRow): ResourceRow {
  const { parentId } = row;
  const attributes = { ...row.attributes, ...type.computed?.(row.attributes) };
  const { expiresAt } = attributes;
  return {
    ...row,
    attributes,
    name: String(attributes[type.label] ?? ""),
    expiresAt: typeof expiresAt === "string" ? Date.parse(expiresAt) : null,
    uniqueKey: type.unique?.(attributes, parentId, row.referenceId) ?? null,
  };
}

/**
 * The fields of an object in an answer. @param viewer the member whose rights decide on confidential
 * attributes; without a viewer they are left out
 */
export function resourceCard(
  type: StoredType,
  row: ResourceRow,
  viewer: GrantSet | null = null,
): Record<string, unknown> {
  const { confidential } = type;
  const hidden =
    confidential === undefined || viewer?.extents.has(confidential.right) ? [] : confidential.attributes;
  return {
    id: row.id,
    ...Object.fromEntries(
      Object.entries(row.attributes).filter(([name]) => !name.startsWith("#") && !hidden.includes(name)),
    ),
    ...parentMembers(type, row.parentId),
    ...(type.reference === null ? {} : { [type.reference.member]: row.referenceId }),
    ...(row.groupId === null ? {} : { groupId: row.groupId }),
    ...(type.ownerShown ? { ownerId: row.ownerId } : {}),
    status: row.status,
    createdBy: row.createdBy,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
    version: row.version,
  };
}

/** What a repeated Idempotency-Key is answered: the caller may have lost the right to the rest since. */
export const openPart = (
  { confidential }: StoredType,
  card: Record<string, unknown>,
): Record<string, unknown> =>
  Object.fromEntries(Object.entries(card).filter(([name]) => !confidential?.attributes.includes(name)));

/** Secrets are shown by their last four characters. */
const maskCard = ({ masked }: StoredType, card: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(card).map(([name, value]) => [
      name,
      masked.includes(name) ? `…${String(value).slice(-4)}` : value,
    ]),
  );

/**
 * The card as this caller may see it. The member's rights decide what is masked, also when the key of the
 * call has fewer.
 */
export function shownCard(
  { grantSet, unrestrictedGrantSet }: Pick<Principal, "grantSet" | "unrestrictedGrantSet">,
  type: StoredType,
  row: ResourceRow,
): Record<string, unknown> {
  const card = resourceCard(type, row, grantSet);
  const isWhole = type.maskedUnless?.some((right) => unrestrictedGrantSet.extents.has(right)) ?? true;
  return isWhole ? card : maskCard(type, card);
}

/** The same for the trail, which more people read and which is never rewritten. */
export const trailCard = (type: StoredType, row: ResourceRow): Record<string, unknown> =>
  maskCard(type, resourceCard(type, row));

/**
 * An id tells its type by its prefix, so the parent stands under the member that it was sent as: where there
 * are several.
 */
function parentMembers(type: StoredType, parentId: string | null): Record<string, string | null> {
  const members = Object.keys(type.parents);
  return Object.fromEntries(
    members.map((member) => {
      if (members.length === 1) return [member, parentId];
      const prefix = `${ID_PREFIXES[member.slice(0, -2) as keyof typeof ID_PREFIXES]}_`;
      return [member, parentId?.startsWith(prefix) ? parentId : null];
    }),
  );
}

const id = z.string().max(64);

/**
 * The body of POST: the attributes, one parent where there are any, and the reference or the new object it
 * may make.
 */
export function newBody(
  { isGrouped }: ResourceType,
  type: StoredType,
  embedded: StoredType | null,
): z.ZodType<Record<string, unknown>> {
  const parents = Object.keys(type.parents);
  const { reference } = type;
  const shape = {
    ...type.attributes.shape,
    ...Object.fromEntries(parents.map((member) => [member, parents.length === 1 ? id : id.optional()])),
    ...(isGrouped && parents.length === 0
      ? {
          groupId: id
            .optional()
            .describe('An object group, or "all": the group of objects that are in no other.'),
        }
      : {}),
    ...(reference === null ? {} : { [reference.member]: id.nullable().optional() }),
    ...(reference?.embedded && embedded
      ? { [reference.embedded.member]: embedded.attributes.optional() }
      : {}),
  };
  return z.strictObject(shape).superRefine((body: Record<string, unknown>, context) => {
    if (parents.length > 1 && parents.filter((member) => body[member] !== undefined).length !== 1) {
      context.addIssue({
        code: "custom",
        message: `send exactly one of ${parents.join(", ")}`,
        path: [parents[0] ?? ""],
      });
    }
    const both =
      reference?.embedded && body[reference.member] != null && body[reference.embedded.member] !== undefined;
    if (both)
      context.addIssue({
        code: "custom",
        message: `send either ${reference.member} or ${reference.embedded?.member}`,
        path: [reference.embedded?.member ?? ""],
      });
  });
}

/**
 * The body of PATCH: attributes and the reference. Parents never change. Defaults are for new objects only.
 */
export function patchBody(type: StoredType): z.ZodType<Record<string, unknown>> {
  const attributes = Object.entries(type.attributes.shape).map(([name, schema]) => [
    name,
    withoutDefault(schema as z.ZodType).optional(),
  ]);
  return z.strictObject({
    ...Object.fromEntries(attributes),
    ...(type.reference === null ? {} : { [type.reference.member]: id.nullable().optional() }),
  });
}

const withoutDefault = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema;

function attributesShown({ attributes, generated, confidential }: StoredType): Record<string, z.ZodType> {
  const shape: Record<string, z.ZodType> = { ...attributes.shape, ...generated?.kept.shape };
  return Object.fromEntries(
    Object.entries(shape).map(([name, schema]) => [
      name,
      confidential?.attributes.includes(name) ? schema.optional() : schema,
    ]),
  );
}

/** The shape of `resourceCard`, for OpenAPI. */
export const cardSchema = (type: ResourceType, stored: StoredType) =>
  z
    .object({
      id: z.string(),
      ...attributesShown(stored),
      ...(type.isGrouped ? { groupId: z.string() } : {}),
      ...(stored.ownerShown ? { ownerId: z.string().nullable() } : {}),
      ...Object.fromEntries(Object.keys(stored.parents).map((member) => [member, z.string().nullable()])),
      ...(stored.reference === null ? {} : { [stored.reference.member]: z.string().nullable() }),
      status: z.string(),
      createdBy: z.string(),
      createdAt: z.string(),
      updatedAt: z.string(),
      version: z.number(),
    })
    .describe(type.title);

/** The shape of what POST answers: the card, what is shown once, and the object that came with it. */
export const madeSchema = (type: ResourceType, stored: StoredType, embedded: StoredType | null) => {
  const member = stored.reference?.embedded?.member;
  return cardSchema(type, stored).extend({
    ...z.object(stored.generated?.once.shape ?? {}).partial().shape,
    ...(member === undefined || embedded === null
      ? {}
      : { [member]: z.object({ id: z.string(), ...embedded.attributes.shape }).optional() }),
  });
};
