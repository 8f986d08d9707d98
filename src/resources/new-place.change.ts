import type { Call } from "../gate/calls/call.ts";
import { ownerAccountIdOf } from "../gate/principals/principal.ts";
import { invalidField, Problem } from "../kernel/http/problem.ts";
import type { ChargeRow, ResourceRow } from "../kernel/schema/resource.ts";
import { findBegun } from "./charge.change.ts";
import { GROUP_MEMBER, groupFor, namedObject, takesGroup } from "./group.ts";
import { type Named, namedBy, referencesOf, requireVisible } from "./named.change.ts";
import { rootOf } from "./resource.card.ts";
import { findNamed } from "./resource.store.ts";
import { type ResourceType, rightOf, type StoredType } from "./type.ts";

/** Where a new object will be, with all rows that the body names. */
export interface NewPlace {
  /** The parent object, if the type has one. */
  readonly row: ResourceRow | undefined;
  readonly groupId: string | null;
  readonly found: readonly ResourceRow[];
  /** Of a type that costs credits: what an earlier call under the same Idempotency-Key has begun. */
  readonly begun: ChargeRow | undefined;
}

/**
 * Loads what the body names and decides whether the caller may create an object there.
 * @throws Problem access/denied, not-found, validation
 */
export async function admitNew(call: Call, type: ResourceType, stored: StoredType): Promise<NewPlace> {
  const right = rightOf(type, "create");
  const named = namedBy(
    call.principal,
    [
      ...Object.entries(stored.parents),
      ...referencesOf(stored),
      ...(takesGroup(type, stored) ? [GROUP_MEMBER] : []),
    ],
    (member) => namedObject(call.peekField(member)),
  );
  const { found, begun } = await readNamed(call, stored, named);
  call.requireRight(right);
  if (ownerAccountIdOf(call.principal, type) !== call.principal.accountId)
    throw new Problem("access/denied", {
      detail: "Another account keeps these, and only its members add to them.",
    });
  const parent = named.find(({ member }) => member in stored.parents);
  requireVisible(
    call,
    named.filter((each) => each !== parent || !stored.parentsDenied),
    found,
    "body",
  );
  const row = found.find(({ id }) => id === parent?.id);
  const groupId = groupOf(call, type, stored, row);
  decideAt(call, type, stored, { parent, row, groupId });
  return { row, groupId, found, begun };
}

/** One guarded read, also when the body names no object. */
async function readNamed(
  call: Call,
  { price }: StoredType,
  named: readonly Named[],
): Promise<Pick<NewPlace, "found" | "begun">> {
  if (price !== undefined) {
    const [found, [begun]] = await call.read(findNamed(call.db, named), findBegun(call));
    return { found, begun };
  }
  const [found = []] = named.length > 0 ? await call.read(findNamed(call.db, named)) : await call.read();
  return { found, begun: undefined };
}

function groupOf(
  call: Call,
  type: ResourceType,
  stored: StoredType,
  row: ResourceRow | undefined,
): string | null {
  if (!takesGroup(type, stored)) return row?.groupId ?? null;
  const groupId = groupFor(call.peekField("groupId"), call.principal.grantSet.groups);
  if (groupId === "unclear")
    throw invalidField("/groupId", "must name one of your object groups: you have several");
  return groupId;
}

function decideAt(
  call: Call,
  type: ResourceType,
  stored: StoredType,
  {
    parent,
    row,
    groupId,
  }: { parent: Named | undefined; row: ResourceRow | undefined; groupId: string | null },
): void {
  const rootId = row === undefined ? (parent?.id ?? null) : rootOf(row);
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
      errors: [{ pointer: `/${parent.member}`, detail: "names nothing that you may see" }],
    });
}
