import { z } from "zod";
import { memberRef } from "../access/decision.ts";
import { diffFields } from "../audit/chain/difference.ts";
import { type Endpoint, endpoint } from "../gate/calls/call.ts";
import { findMember } from "../gate/credentials/member.store.ts";
import { requestPermit } from "../gate/permits/permit-request.ts";
import { versionEtag } from "../gate/calls/gate-request.ts";
import { Problem } from "../kernel/http/problem.ts";
import { nextVersion } from "../kernel/version.ts";
import { guardMember } from "../people/members/member.store.ts";
import { modelOf, oneOf } from "./noun.ts";
import { cardSchema, resourceCard, auditCard } from "./resource.card.ts";
import { loadResource } from "./resource.routes.ts";
import { assignOwner, guardResource } from "./resource.store.ts";
import { type ResourceType, rightOf, type StoredType } from "./resource-type.ts";
import { message } from "../kernel/messages/message.ts";

const OwnerBody = z.strictObject({ memberId: z.string().max(64) }).meta({ id: "NewOwner" });

const noSuchMember = (): Problem =>
  new Problem("not-found", {
    errors: [{ pointer: "/memberId", detail: message("members.memberHidden") }],
  });

const ownerEndpoint = (type: ResourceType, stored: StoredType): Endpoint =>
  endpoint(
    {
      method: "PUT",
      path: `/v1/${stored.path}/:id/owner`,
      operationId: `set${modelOf(type)}Owner`,
      tag: type.title,
      right: rightOf(type, "edit"),
      status: 200,
      summary: `Make another member the owner of ${oneOf(type)}: one that you may see.`,
      body: OwnerBody,
      answer: cardSchema(type, stored),
      ifMatch: "optional",
    },
    async (call) => {
      const { row } = await loadResource(call, type, "edit");
      const memberId = call.peekField("memberId");
      const missing = noSuchMember();
      if (memberId !== null) call.requireRight("member.view", memberRef(memberId), missing);
      const body = await call.body();
      call.ifMatch(row.version);
      const [[member]] = await call.read(findMember(call.db, row.accountId, body.memberId));
      if (member === undefined) throw missing;
      const after = nextVersion(row, { ...row, ownerId: body.memberId }, call.now);
      const event = call.event(
        rightOf(type, "edit"),
        { type: type.name, id: row.id },
        { changes: diffFields(auditCard(stored, row), auditCard(stored, after)) },
      );
      const answer = {
        status: 200,
        body: resourceCard(stored, after, call.principal.grantSet),
        headers: { ETag: versionEtag(after.version) },
      };
      if (after === row) return answer;
      const permit = requestPermit(call, { kind: "object", id: row.id });
      return call.commit(
        {
          statements: [
            guardResource(call.db, row),
            guardMember(call.db, member.row),
            assignOwner(call.db, permit, after),
          ],
          events: [event],
        },
        answer,
      );
    },
  );

/** For the types whose owner can be made another. */
export const ownerEndpoints = (types: readonly ResourceType[]): Endpoint[] =>
  types.flatMap((type) => (type.stored?.hasAssignableOwner ? [ownerEndpoint(type, type.stored)] : []));
