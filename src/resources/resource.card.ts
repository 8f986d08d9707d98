import { z } from "zod";
import type { GrantSet, ResourceRef } from "../access/decision.ts";
import type { Principal } from "../gate/principals/principal.ts";
import { iso } from "../kernel/clock.ts";
import type { ResourceRow } from "../kernel/schema/resource.ts";
import { modelOf } from "./noun.ts";
import type { ResourceType, StoredType } from "./resource-type.ts";
import { idPrefixOf } from "./types/registry.ts";
import { ruleText } from "../kernel/messages/rule-text.ts";

export const toResourceRef = (row: ResourceRow): ResourceRef => ({
  id: row.id,
  rootId: row.rootId,
  ownerId: row.ownerId,
  groupId: row.groupId,
  status: row.status,
});

/** The object under which a child of this one stands: a grant on it reaches the child. */
export const childRootId = (parent: ResourceRow): string => parent.rootId ?? parent.id;

/** What the columns of a row repeat of its attributes, so that the database can look for it. */
export function fillDerivedColumns(type: StoredType, row: ResourceRow): ResourceRow {
  const { parentId } = row;
  const attributes = { ...row.attributes, ...type.computeAttributes?.(row.attributes) };
  const { expiresAt } = attributes;
  return {
    ...row,
    attributes,
    name: String(attributes[type.nameAttribute] ?? ""),
    expiresAt: typeof expiresAt === "string" ? Date.parse(expiresAt) : null,
    uniqueKey: type.uniqueKeyOf?.(attributes, parentId, row.referenceId) ?? null,
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
    ...parentFields(type, row.parentId),
    ...(type.reference === null ? {} : { [type.reference.field]: row.referenceId }),
    ...(row.groupId === null ? {} : { groupId: row.groupId }),
    ...(type.showsOwner ? { ownerId: row.ownerId } : {}),
    status: row.status,
    createdBy: row.createdBy,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
    version: row.version,
  };
}

/** What a repeated Idempotency-Key is answered: the caller may have lost the right to the rest since. */
export const publicFields = (
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
export function visibleCard(
  { grantSet, unrestrictedGrantSet }: Pick<Principal, "grantSet" | "unrestrictedGrantSet">,
  type: StoredType,
  row: ResourceRow,
): Record<string, unknown> {
  const card = resourceCard(type, row, grantSet);
  const isUnmasked = type.unmaskingRights?.some((right) => unrestrictedGrantSet.extents.has(right)) ?? true;
  return isUnmasked ? card : maskCard(type, card);
}

/** The same for the trail, which more people read and which is never rewritten. */
export const auditCard = (type: StoredType, row: ResourceRow): Record<string, unknown> =>
  maskCard(type, resourceCard(type, row));

/**
 * An id tells its type by its prefix, so the parent stands under the member that it was sent as: where there
 * are several.
 */
function parentFields(type: StoredType, parentId: string | null): Record<string, string | null> {
  const fields = Object.keys(type.parents);
  return Object.fromEntries(
    fields.map((field) => {
      if (fields.length === 1) return [field, parentId];
      const prefix = `${idPrefixOf(type.parents[field])}_`;
      return [field, parentId?.startsWith(prefix) ? parentId : null];
    }),
  );
}

const idText = z.string().max(64);

/**
 * The body of POST: the attributes, one parent where there are any, and the reference or the new object it
 * may make.
 */
export function creationBody(
  resourceType: ResourceType,
  type: StoredType,
  embedded: StoredType | null,
): z.ZodType<Record<string, unknown>> {
  const parents = Object.keys(type.parents);
  const { reference } = type;
  const { isGrouped } = resourceType;
  const shape = {
    ...type.attributes.shape,
    ...Object.fromEntries(parents.map((field) => [field, parents.length === 1 ? idText : idText.optional()])),
    ...(isGrouped && parents.length === 0
      ? {
          groupId: idText
            .optional()
            .describe('An object group, or "all": the group of objects that are in no other.'),
        }
      : {}),
    ...(reference === null ? {} : { [reference.field]: idText.nullable().optional() }),
    ...(reference?.embedded && embedded
      ? { [reference.embedded.field]: embedded.attributes.optional() }
      : {}),
  };
  const check = (body: Record<string, unknown>, context: z.RefinementCtx): void => {
    if (parents.length > 1 && parents.filter((member) => body[member] !== undefined).length !== 1) {
      context.addIssue({
        code: "custom",
        message: ruleText("resources.oneOfParents", { fields: parents }),
        path: [parents[0] ?? ""],
      });
    }
    const both =
      reference?.embedded && body[reference.field] != null && body[reference.embedded.field] !== undefined;
    if (both)
      context.addIssue({
        code: "custom",
        message: ruleText("resources.eitherField", {
          first: reference.field,
          second: reference.embedded?.field ?? "",
        }),
        path: [reference.embedded?.field ?? ""],
      });
  };
  return z
    .strictObject(shape)
    .superRefine(check)
    .meta({ id: `New${modelOf(resourceType)}` });
}

/**
 * The body of PATCH: attributes and the reference. Parents never change. Defaults are for new objects only.
 */
export function patchBody(resourceType: ResourceType, type: StoredType): z.ZodType<Record<string, unknown>> {
  const attributes = Object.entries(type.attributes.shape).map(([name, schema]) => [
    name,
    withoutDefault(schema as z.ZodType).optional(),
  ]);
  return z
    .strictObject({
      ...Object.fromEntries(attributes),
      ...(type.reference === null ? {} : { [type.reference.field]: idText.nullable().optional() }),
    })
    .meta({ id: `${modelOf(resourceType)}Patch` });
}

const withoutDefault = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema;

function attributeSchemas({ attributes, generated, confidential }: StoredType): Record<string, z.ZodType> {
  const shape: Record<string, z.ZodType> = { ...attributes.shape, ...generated?.storedFields.shape };
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
      ...attributeSchemas(stored),
      ...(type.isGrouped ? { groupId: z.string() } : {}),
      ...(stored.showsOwner ? { ownerId: z.string().nullable() } : {}),
      ...Object.fromEntries(Object.keys(stored.parents).map((field) => [field, z.string().nullable()])),
      ...(stored.reference === null ? {} : { [stored.reference.field]: z.string().nullable() }),
      status: z.string(),
      createdBy: z.string(),
      createdAt: z.string(),
      updatedAt: z.string(),
      version: z.int(),
    })
    .meta({ id: modelOf(type) });

/** The shape of what POST answers: the card, what is shown once, and the object that came with it. */
export const createdSchema = (type: ResourceType, stored: StoredType, embedded: StoredType | null) => {
  const field = stored.reference?.embedded?.field;
  const shownOnce = {
    ...z.object(stored.generated?.shownOnce.shape ?? {}).partial().shape,
    ...(field === undefined || embedded === null
      ? {}
      : { [field]: z.object({ id: z.string(), ...embedded.attributes.shape }).optional() }),
  };
  const card = cardSchema(type, stored);
  return Object.keys(shownOnce).length === 0
    ? card
    : card.extend(shownOnce).meta({ id: `Created${modelOf(type)}`, extends: modelOf(type) });
};
