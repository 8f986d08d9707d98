import type { Call } from "../gate/calls/call.ts";
import { newId } from "../kernel/id.ts";
import type { ResourceRow } from "../kernel/schema/resource.ts";
import { completeRow, rootOf } from "./resource.card.ts";
import type { ResourceType, StoredType } from "./type.ts";

/** Where a new object will be: under a parent, in a group. */
export interface Place {
  readonly row: ResourceRow | undefined;
  readonly groupId: string | null;
}

/** A new object of the account that the call acts on, owned by the caller. */
export function newRow(
  call: Call,
  type: Pick<ResourceType, "name">,
  stored: StoredType,
  attributes: Record<string, unknown>,
  { row: parent, groupId }: Place,
  referenceId: string | null = null,
): ResourceRow {
  const { accountId, memberId } = call.principal;
  return completeRow(stored, {
    accountId,
    type: type.name,
    id: newId(stored.id, call.now),
    parentId: parent?.id ?? null,
    rootId: parent === undefined ? null : rootOf(parent),
    ownerId: memberId,
    groupId,
    referenceId,
    status: stored.firstStatus ?? "active",
    name: "",
    expiresAt: null,
    uniqueKey: null,
    attributes,
    version: 1,
    createdBy: memberId,
    createdAt: call.now,
    updatedAt: call.now,
  });
}
