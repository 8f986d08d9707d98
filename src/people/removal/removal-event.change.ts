import type { Right } from "../../access/right.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import type { Call, EventName } from "../../gate/calls/call.ts";
import { memberCard, type MemberRow } from "../members/member.card.ts";
import type { Departure, Found, Owned } from "./removal.change.ts";
import { GRANTED_LICENSE, type OwnedThing, TASK, toldTogether } from "./removal.ts";

/** The member's event, and what became of the tasks and of what else was the member's. */
export function removalEvents(
  call: Call,
  { row, grants }: Found,
  { tasks, owned }: Owned,
  { fate, isLeaving }: Departure,
): AuditEvent[] {
  const { targetAccount } = call.principal;
  const told = toldTogether(tasks).map((group) => {
    const [first] = group;
    const isOne = group.length === 1 && first !== undefined;
    const what = isOne ? { name: first.name, toolId: first.rootId } : { ids: group.map((task) => task.id) };
    const changes =
      fate === "delete"
        ? { before: { ...what, ownerId: row.id }, after: {} }
        : {
            before: { ...(isOne ? {} : what), ownerId: row.id },
            after: { ownerId: targetAccount.ownerMemberId },
          };
    return call.event(
      fate === "delete" ? "task.delete" : "task.edit",
      { type: TASK, id: isOne ? first.id : null },
      { changes },
    );
  });
  const changes = { before: memberCard(row, grants, targetAccount.name), after: {} };
  const gone = call.event(
    "member.delete",
    { type: "member", id: row.id },
    { changes, reason: isLeaving ? "left" : null },
  );
  return [gone, ...told, ...ownedEvents(call, row, owned)];
}

/**
 * An event for each. Where they are many, hundreds of one type share an event. It leaves out the ids of
 * objects in groups, because not every reader may see those.
 */
function ownedEvents(call: Call, row: MemberRow, owned: readonly OwnedThing[]): AuditEvent[] {
  const { ownerMemberId } = call.principal.targetAccount;
  return [...Map.groupBy(owned, ({ type }) => type)].flatMap(([type, all]) =>
    toldTogether(all).map((group) => {
      const [first] = group;
      const isOne = group.length === 1 && first !== undefined;
      const what = isOne
        ? {}
        : { count: group.length, ids: group.filter(({ groupId }) => groupId === null).map(({ id }) => id) };
      const ends = type === GRANTED_LICENSE;
      const name = ends ? ("aggregator_license.revoke" as const) : (`${type}.edit` as Right | EventName);
      return call.event(
        name,
        { type, id: isOne ? first.id : null },
        { changes: { before: { ...what, ownerId: row.id }, after: ends ? {} : { ownerId: ownerMemberId } } },
      );
    }),
  );
}
