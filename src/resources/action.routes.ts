import type { z } from "zod";
import { diffFields } from "../audit/chain/difference.ts";
import { type Call, type Endpoint, endpoint } from "../gate/calls/call.ts";
import { versionEtag } from "../gate/calls/gate-request.ts";
import type { Answer } from "../kernel/http/operation.ts";
import { Problem } from "../kernel/http/problem.ts";
import type { ResourceRow } from "../kernel/schema/resource.ts";
import { CHARGE_PROBLEMS, chargeAndApply, resumeCharge } from "./charge.change.ts";
import { completeOtherCharges } from "./charge-payment.change.ts";
import { selectPendingKeysOn } from "./charge.store.ts";
import { cardSchema, fillDerivedColumns, publicFields, resourceCard, auditCard } from "./resource.card.ts";
import { loadResource } from "./resource.routes.ts";
import { ownerAccountIdOfType } from "./object-reference.load.ts";
import { findResource, guardResource, UNIQUE_KEY_COLUMNS, updateResource } from "./resource.store.ts";
import { type ResourceAction, type ResourceType, rightOf, type StoredType } from "./resource-type.ts";

/** The actions that a type declares. */
export const actionEndpoints = (type: ResourceType, stored: StoredType): Endpoint[] =>
  (stored.actions ?? []).map((action) => actionEndpoint(type, stored, action));

const actionEndpoint = (type: ResourceType, stored: StoredType, action: ResourceAction): Endpoint =>
  endpoint(
    {
      method: "POST",
      path: `/v1/${stored.path}/:id/${action.name}`,
      tag: type.title,
      right: rightOf(type, action.verb),
      status: 200,
      summary: action.summary,
      body: optionalBody(action.body),
      answer: cardSchema(type, stored),
      idempotency: action.price ? "ledger" : "optional",
      ifMatch: "optional",
      problems: [
        "conflict/state",
        ...(stored.uniqueKeyOf ? ["conflict/duplicate" as const] : []),
        ...(action.price ? CHARGE_PROBLEMS : []),
      ],
    },
    async (call) => {
      const { row } = await loadResource(call, type, action.verb);
      const body = await call.body();
      if (action.price)
        return runPricedAction(call, type, stored, row, body, { ...action, price: action.price });
      const { after, event, answer } = prepareActionChange(call, type, stored, row, body, action);
      return call.commit(
        {
          statements: [guardResource(call.db, row), updateResource(call.db, after)],
          events: [event],
          duplicateProblems: { [UNIQUE_KEY_COLUMNS]: "conflict/duplicate" },
        },
        answer,
      );
    },
  );

/** A body is optional if it has no required fields. */
export const optionalBody = (body: z.ZodObject): z.ZodType<Record<string, unknown>> =>
  body.safeParse({}).success ? body.default({}) : body;

/**
 * What an action makes of an object: the change and its answer. @throws Problem precondition-failed,
 * conflict/state
 */
export function prepareActionChange(
  call: Call,
  type: ResourceType,
  stored: StoredType,
  row: ResourceRow,
  input: Record<string, unknown>,
  action: ResourceAction,
) {
  call.ifMatch(row.version);
  const change = action.run(row, input, { now: call.now, memberId: call.principal.memberId });
  if ("conflict" in change) throw new Problem("conflict/state", { detail: change.conflict });
  const after = fillDerivedColumns(stored, {
    ...row,
    attributes: { ...row.attributes, ...change.set },
    status: change.status ?? row.status,
    version: row.version + 1,
    updatedAt: call.now,
  });
  const event = call.event(
    rightOf(type, action.verb),
    { type: type.name, id: row.id },
    { changes: diffFields(auditCard(stored, row), auditCard(stored, after)) },
  );
  const body = resourceCard(stored, after, call.principal.grantSet);
  const answer = {
    status: 200,
    body,
    replay: publicFields(stored, body),
    headers: { ETag: versionEtag(after.version) },
  };
  return { change, event, after, answer };
}

/**
 * The same for credits: what was paid under this key is asked for before what has become of the object since.
 */
async function runPricedAction(
  call: Call,
  type: ResourceType,
  stored: StoredType,
  row: ResourceRow,
  body: Record<string, unknown>,
  action: ResourceAction & Required<Pick<ResourceAction, "price">>,
): Promise<Answer> {
  const resumed = await resumeCharge(call);
  if (resumed !== null) return resumed;
  const [parentType = ""] = Object.values(stored.parents);
  const [pendingCharges, [parent]] = await call.read(
    selectPendingKeysOn(call.db, row.id),
    findResource(call.db, ownerAccountIdOfType(call.principal, parentType), parentType, row.parentId ?? ""),
  );
  if (pendingCharges.length > 0) await completeOtherCharges(call, row.id);
  if (parent === undefined) throw new Problem("conflict/state", { detail: "What it belongs to is gone." });
  const { change, event, answer } = prepareActionChange(call, type, stored, row, body, action);
  const guards = [guardResource(call.db, row), guardResource(call.db, parent)];
  return chargeAndApply(
    call,
    {
      change: { kind: "set", type: type.name, id: row.id, ...change },
      parentId: parent.id,
      amount: action.price(parent),
      guards,
      event,
    },
    answer,
  );
}
