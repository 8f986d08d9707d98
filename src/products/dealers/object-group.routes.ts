import { z } from "zod";
import { EVERY_GROUP } from "../../access/grant-set.ts";
import { diffFields } from "../../audit/chain/difference.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { requestPermit } from "../../gate/permits/permit-request.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { nextVersion } from "../../kernel/version.ts";
import type { ResourceRow } from "../../kernel/schema/resource.ts";
import { GROUP_TYPE } from "../../resources/object-group.ts";
import { moveToGroup } from "../../resources/group.store.ts";
import { NO_OBJECT, requireVisible } from "../../resources/object-reference.load.ts";
import { cardSchema, toResourceRef, resourceCard, auditCard } from "../../resources/resource.card.ts";
import { findReferenced, guardResourceExists, guardResource } from "../../resources/resource.store.ts";
import type { StoredType } from "../../resources/resource-type.ts";
import { objectType } from "../../resources/types/object.ts";
import { message } from "../../kernel/messages/message.ts";

const stored = objectType.stored as StoredType;

/**
 * The object, and the group that the path names: none where that is "all". The caller who moves an object
 * sees it.
 */
async function loadObjectAndGroup(
  call: Call,
  objectId: string | null,
  source: "body" | "query",
): Promise<{ row: ResourceRow; group: ResourceRow | undefined }> {
  const { accountId } = call.principal;
  const groupId = call.params["id"] ?? "";
  const reference = { field: "objectId", type: objectType.name, id: objectId ?? "", accountId };
  const [found] = await call.read(
    findReferenced(call.db, [reference, { type: GROUP_TYPE, id: groupId, accountId }]),
  );
  const group = found.find(({ type }) => type === GROUP_TYPE);
  if (groupId === EVERY_GROUP) call.requireRight("object_group.edit");
  else {
    const ref = group === undefined ? NO_OBJECT : toResourceRef(group);
    call.requireRight("object_group.edit", ref, group === undefined || "object_group.view");
    if (group === undefined) throw new Problem("not-found");
  }
  // A body that names no object is a fault of the body, which is reported now.
  if (objectId === null) await call.body();
  requireVisible(call, [reference], found, source);
  return { row: found.find(({ type }) => type === objectType.name) as ResourceRow, group };
}

/**
 * The caller who moves an object sees both groups. An object is never put into, or taken from, a group that
 * the caller cannot see.
 */
async function moveObject(
  call: Call,
  row: ResourceRow,
  group: ResourceRow | undefined,
  answer: (after: ResourceRow) => Answer,
) {
  const groupId = group?.id ?? EVERY_GROUP;
  const after = nextVersion(row, { ...row, groupId }, call.now);
  call.requireRight("object.view", toResourceRef(after));
  if (after === row) return answer(row);
  const permit = requestPermit(call, { kind: "object", id: row.id });
  const event = call.event(
    "object_group.edit",
    { type: objectType.name, id: row.id },
    { changes: diffFields(auditCard(stored, row), auditCard(stored, after)) },
  );
  return call.commit(
    {
      statements: [
        guardResource(call.db, row),
        ...(group === undefined ? [] : [guardResourceExists(call.db, group)]),
        ...moveToGroup(call.db, permit, row, groupId, call.principal.grantSet.groupedTypes, call.now),
      ],
      events: [event],
    },
    answer(after),
  );
}

const objectAnswer = (row: ResourceRow): Answer => ({
  status: 200,
  body: resourceCard(stored, row),
  headers: { ETag: versionEtag(row.version) },
});

const putIntoGroup = endpoint(
  {
    method: "POST",
    path: "/v1/object-groups/:id/objects",
    operationId: "addObjectToGroup",
    tag: "Object groups",
    right: "object_group.edit",
    status: 200,
    summary:
      "Move an object into this group, with its keys, licenses and requests. " +
      "It leaves the group where it was.",
    body: z.strictObject({ objectId: z.string().max(64) }).meta({ id: "GroupedObject" }),
    answer: cardSchema(objectType, stored),
  },
  async (call) => {
    const { row, group } = await loadObjectAndGroup(call, call.peekField("objectId"), "body");
    await call.body();
    return row.groupId === call.params["id"] ? objectAnswer(row) : moveObject(call, row, group, objectAnswer);
  },
);

const takeFromGroup = endpoint(
  {
    method: "DELETE",
    path: "/v1/object-groups/:id/objects/:objectId",
    operationId: "removeObjectFromGroup",
    tag: "Object groups",
    right: "object_group.edit",
    status: 204,
    summary:
      'Take an object out of this group: it is in "all" then, the group of the objects that are in no other.',
    problems: ["conflict/state"],
  },
  async (call) => {
    const { row } = await loadObjectAndGroup(call, call.params["objectId"] ?? "", "query");
    if (row.groupId !== call.params["id"]) throw new Problem("not-found");
    if (row.groupId === EVERY_GROUP)
      throw new Problem("conflict/state", {
        detail: message("products.lastGroup"),
      });
    return moveObject(call, row, undefined, () => ({ status: 204 }));
  },
);

export const groupEndpoints: readonly Endpoint[] = [putIntoGroup, takeFromGroup];
