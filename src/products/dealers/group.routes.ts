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
import { GROUP_TYPE } from "../../resources/group.ts";
import { moveToGroup } from "../../resources/group.store.ts";
import { NOTHING, requireVisible } from "../../resources/named.change.ts";
import { cardSchema, refOf, resourceCard, trailCard } from "../../resources/resource.card.ts";
import { findNamed, guardPresence, guardResource } from "../../resources/resource.store.ts";
import type { StoredType } from "../../resources/type.ts";
import { object } from "../../resources/types/object.ts";

const stored = object.stored as StoredType;

/**
 * The object, and the group that the path names: none where that is "all". The caller who moves an object
 * sees it.
 */
async function loadBoth(
  call: Call,
  objectId: string | null,
  place: "body" | "query",
): Promise<{ row: ResourceRow; group: ResourceRow | undefined }> {
  const { accountId } = call.principal;
  const groupId = call.params["id"] ?? "";
  const named = { member: "objectId", type: object.name, id: objectId ?? "", accountId };
  const [found] = await call.read(findNamed(call.db, [named, { type: GROUP_TYPE, id: groupId, accountId }]));
  const group = found.find(({ type }) => type === GROUP_TYPE);
  if (groupId === EVERY_GROUP) call.requireRight("object_group.edit");
  else {
    const on = group === undefined ? NOTHING : refOf(group);
    call.requireRight("object_group.edit", on, group === undefined || "object_group.view");
    if (group === undefined) throw new Problem("not-found");
  }
  // A body that names no object is a fault of the body, which is reported now.
  if (objectId === null) await call.body();
  requireVisible(call, [named], found, place);
  return { row: found.find(({ type }) => type === object.name) as ResourceRow, group };
}

/**
 * The caller who moves an object sees both groups. An object is never put into, or taken from, a group that
 * the caller cannot see.
 */
async function move(
  call: Call,
  row: ResourceRow,
  group: ResourceRow | undefined,
  answer: (after: ResourceRow) => Answer,
) {
  const groupId = group?.id ?? EVERY_GROUP;
  const after = nextVersion(row, { ...row, groupId }, call.now);
  call.requireRight("object.view", refOf(after));
  if (after === row) return answer(row);
  const permit = requestPermit(call, { kind: "object", id: row.id });
  const event = call.event(
    "object_group.edit",
    { type: object.name, id: row.id },
    { changes: diffFields(trailCard(stored, row), trailCard(stored, after)) },
  );
  return call.commit(
    {
      statements: [
        guardResource(call.db, row),
        ...(group === undefined ? [] : [guardPresence(call.db, group)]),
        ...moveToGroup(call.db, permit, row, groupId, call.principal.grantSet.groupedTypes, call.now),
      ],
      events: [event],
    },
    answer(after),
  );
}

const answered = (row: ResourceRow): Answer => ({
  status: 200,
  body: resourceCard(stored, row),
  headers: { ETag: versionEtag(row.version) },
});

const put = endpoint(
  {
    method: "POST",
    path: "/v1/object-groups/:id/objects",
    tag: "Object groups",
    right: "object_group.edit",
    status: 200,
    summary:
      "Move an object into this group, with its keys, licenses and requests. " +
      "It leaves the group where it was.",
    body: z.strictObject({ objectId: z.string().max(64) }),
    answer: cardSchema(object, stored),
  },
  async (call) => {
    const { row, group } = await loadBoth(call, call.peekField("objectId"), "body");
    await call.body();
    return row.groupId === call.params["id"] ? answered(row) : move(call, row, group, answered);
  },
);

const take = endpoint(
  {
    method: "DELETE",
    path: "/v1/object-groups/:id/objects/:objectId",
    tag: "Object groups",
    right: "object_group.edit",
    status: 204,
    summary:
      'Take an object out of this group: it is in "all" then, the group of the objects that are in no other.',
    problems: ["conflict/state"],
  },
  async (call) => {
    const { row } = await loadBoth(call, call.params["objectId"] ?? "", "query");
    if (row.groupId !== call.params["id"]) throw new Problem("not-found");
    if (row.groupId === EVERY_GROUP)
      throw new Problem("conflict/state", {
        detail: "It is in no other group. Move it into another instead.",
      });
    return move(call, row, undefined, () => ({ status: 204 }));
  },
);

export const groupEndpoints: readonly Endpoint[] = [put, take];
