import type { Right } from "../../access/right.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import type { Call, EventName } from "../../gate/calls/call.ts";
import { memberCard, type MemberRow } from "../members/member.card.ts";
import type { LoadedMember } from "../../gate/credentials/member.store.ts";
import type { Departure, OwnedObjects } from "./removal.change.ts";
import { MEMBER_LICENSE_TYPE, type OwnedObject, TASK_TYPE, groupForEvents } from "./removal.ts";

/** The member's event, and what became of the tasks and of what else was the member's. */
export function removalEvents(
  call: Call,
  { row, grants }: LoadedMember,
  { tasks, others }: OwnedObjects,
  { fate, isLeaving }: Departure,
): AuditEvent[] {
  const { targetAccount } = call.principal;
  const taskEvents = groupForEvents(tasks).map((group) => {
    const [first] = group;
    const isOne = group.length === 1 && first !== undefined;
    const objectFields = isOne
      ? { name: first.name, toolId: first.rootId }
      : { ids: group.map((task) => task.id) };
    const changes =
      fate === "delete"
        ? { before: { ...objectFields, ownerId: row.id }, after: {} }
        : {
            before: { ...(isOne ? {} : objectFields), ownerId: row.id },
            after: { ownerId: targetAccount.ownerMemberId },
          };
    return call.event(
      fate === "delete" ? "task.delete" : "task.edit",
      { type: TASK_TYPE, id: isOne ? first.id : null },
      { changes },
    );
  });
  const changes = { before: memberCard(row, grants, targetAccount), after: {} };
  const memberEvent = call.event(
    "member.delete",
    { type: "member", id: row.id },
    { changes, reason: isLeaving ? "left" : null },
  );
  return [memberEvent, ...taskEvents, ...ownedEvents(call, row, others)];
}

/**
 * An event for each. Where they are many, hundreds of one type share an event. It leaves out the ids of
 * objects in groups, because not every reader may see those.
 */
function ownedEvents(call: Call, row: MemberRow, owned: readonly OwnedObject[]): AuditEvent[] {
  const { ownerMemberId } = call.principal.targetAccount;
  return [...Map.groupBy(owned, ({ type }) => type)].flatMap(([type, all]) =>
    groupForEvents(all).map((group) => {
      const [first] = group;
      const isOne = group.length === 1 && first !== undefined;
      const objectFields = isOne
        ? {}
        : { count: group.length, ids: group.filter(({ groupId }) => groupId === null).map(({ id }) => id) };
      const isEnded = type === MEMBER_LICENSE_TYPE;
      const name = isEnded ? ("aggregator_license.revoke" as const) : (`${type}.edit` as Right | EventName);
      return call.event(
        name,
        { type, id: isOne ? first.id : null },
        {
          changes: {
            before: { ...objectFields, ownerId: row.id },
            after: isEnded ? {} : { ownerId: ownerMemberId },
          },
        },
      );
    }),
  );
}
