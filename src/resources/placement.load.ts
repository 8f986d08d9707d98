import type { Call } from "../gate/calls/call.ts";
import { ownerAccountIdOf } from "../gate/principals/principal.ts";
import { invalidField, Problem } from "../kernel/http/problem.ts";
import type { ChargeRow, ResourceRow } from "../kernel/schema/resource.ts";
import { findEarlierCharge } from "./charge-key.load.ts";
import { GROUP_FIELD, chooseGroup, nullIfEveryGroup, hasOwnGroup } from "./object-group.ts";
import {
  type ObjectReference,
  collectReferences,
  referenceFields,
  requireVisible,
} from "./object-reference.load.ts";
import { childRootId } from "./resource.card.ts";
import { findReferenced } from "./resource.store.ts";
import { type ResourceType, rightOf, type StoredType } from "./resource-type.ts";
import { message } from "../kernel/messages/message.ts";

/** Where a new object will be, with all rows that the body names. */
export interface LoadedPlacement {
  /** The parent object, if the type has one. */
  readonly parent: ResourceRow | undefined;
  readonly groupId: string | null;
  readonly referenced: readonly ResourceRow[];
  /** Of a type that costs credits: what an earlier call under the same Idempotency-Key has begun. */
  readonly earlierCharge: ChargeRow | undefined;
}

/**
 * Loads what the body names and decides whether the caller may create an object there.
 * @throws Problem access/denied, not-found, validation
 */
export async function loadPlacement(
  call: Call,
  type: ResourceType,
  stored: StoredType,
): Promise<LoadedPlacement> {
  const right = rightOf(type, "create");
  const references = collectReferences(
    call.principal,
    [
      ...Object.entries(stored.parents),
      ...referenceFields(stored),
      ...(hasOwnGroup(type, stored) ? [GROUP_FIELD] : []),
    ],
    (member) => nullIfEveryGroup(call.peekField(member)),
  );
  const { referenced, earlierCharge } = await readReferences(call, stored, references);
  call.requireRight(right);
  if (ownerAccountIdOf(call.principal, type) !== call.principal.accountId)
    throw new Problem("access/denied", {
      detail: message("resources.otherAccountAdds"),
    });
  const parent = references.find(({ field }) => field in stored.parents);
  requireVisible(
    call,
    references.filter((each) => each !== parent || !stored.hidesMissingParent),
    referenced,
    "body",
  );
  const row = referenced.find(({ id }) => id === parent?.id);
  const groupId = groupOfNewObject(call, type, stored, row);
  requireCreateRight(call, type, stored, { parent, row, groupId });
  return { parent: row, groupId, referenced, earlierCharge };
}

/** One guarded read, also when the body names no object. */
async function readReferences(
  call: Call,
  { price }: StoredType,
  references: readonly ObjectReference[],
): Promise<Pick<LoadedPlacement, "referenced" | "earlierCharge">> {
  if (price !== undefined) {
    const [referenced, [earlierCharge]] = await call.read(
      findReferenced(call.db, references),
      findEarlierCharge(call),
    );
    return { referenced, earlierCharge };
  }
  const [referenced = []] =
    references.length > 0 ? await call.read(findReferenced(call.db, references)) : await call.read();
  return { referenced, earlierCharge: undefined };
}

function groupOfNewObject(
  call: Call,
  type: ResourceType,
  stored: StoredType,
  row: ResourceRow | undefined,
): string | null {
  if (!hasOwnGroup(type, stored)) return row?.groupId ?? null;
  const groupId = chooseGroup(call.peekField("groupId"), call.principal.grantSet.groups);
  if (groupId === "unclear") throw invalidField("/groupId", message("resources.severalGroups"));
  return groupId;
}

function requireCreateRight(
  call: Call,
  type: ResourceType,
  stored: StoredType,
  {
    parent,
    row,
    groupId,
  }: { parent: ObjectReference | undefined; row: ResourceRow | undefined; groupId: string | null },
): void {
  const rootId = row === undefined ? (parent?.id ?? null) : childRootId(row);
  // A parent that is missing in the body is a fault of the body. Validation reports it later.
  if (parent !== undefined || Object.keys(stored.parents).length === 0)
    call.requireRight(rightOf(type, "create"), {
      id: "",
      rootId,
      ownerId: call.principal.memberId,
      groupId,
      status: "active",
    });
  if (parent !== undefined && row === undefined)
    throw new Problem("not-found", {
      errors: [{ pointer: `/${parent.field}`, detail: message("resources.hidden") }],
    });
}
