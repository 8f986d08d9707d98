import type { Call } from "../gate/calls/call.ts";
import { newIdWith } from "../kernel/id.ts";
import type { ResourceRow } from "../kernel/schema/resource.ts";
import { fillDerivedColumns, childRootId } from "./resource.card.ts";
import type { ResourceType, StoredType } from "./resource-type.ts";

/** Where a new object will be: under a parent, in a group. */
export interface Placement {
  readonly parent: ResourceRow | undefined;
  readonly groupId: string | null;
}

/** A new object of the account that the call acts on, owned by the caller. */
export function newResourceRow(
  call: Call,
  type: Pick<ResourceType, "name">,
  stored: StoredType,
  attributes: Record<string, unknown>,
  { parent, groupId }: Placement,
  referenceId: string | null = null,
): ResourceRow {
  const { accountId, memberId } = call.principal;
  return fillDerivedColumns(stored, {
    accountId,
    type: type.name,
    id: newIdWith(stored.idPrefix, call.now),
    parentId: parent?.id ?? null,
    rootId: parent === undefined ? null : childRootId(parent),
    ownerId: memberId,
    groupId,
    referenceId,
    status: stored.initialStatus ?? "active",
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
