import { z } from "zod";
import { decide, refById } from "../../access/decision.ts";
import { EVERY_GROUP } from "../../access/grant-set.ts";
import { requireOpenToCaller } from "../../gate/calls/below.load.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { requestPermit } from "../../gate/permits/permit-request.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import type { ResourceRow } from "../../kernel/schema/resource.ts";
import type { account } from "../../kernel/schema/team.ts";
import { NO_OBJECT } from "../../resources/object-reference.load.ts";
import { cardSchema, toResourceRef, resourceCard } from "../../resources/resource.card.ts";
import { findReferenced, guardResource, UNIQUE_KEY_COLUMNS } from "../../resources/resource.store.ts";
import type { StoredType } from "../../resources/resource-type.ts";
import { objectType } from "../../resources/types/object.ts";
import { findAccounts, guardReceiver, transferObject } from "./transfer.store.ts";
import { message } from "../../kernel/messages/message.ts";

type AccountRow = typeof account.$inferSelect;

const stored = objectType.stored as StoredType;
const Body = z
  .strictObject({
    accountId: z.string().max(64).describe("Your dealer, or one of its sub-dealers."),
    fromAccountId: z.string().max(64).optional().describe("Where it is now; by default your dealer."),
  })
  .meta({ id: "ObjectTransfer" });

/**
 * One's own dealer, or a sub-dealer whose objects the caller sees, from an address that it allows. Any other
 * is not there.
 */
function requireDealer(call: Call, rows: readonly AccountRow[], field: string, id: string): AccountRow {
  const { accountId, grantSet } = call.principal;
  const row = rows.find((each) => each.id === id);
  const isVisible =
    row?.id === accountId ||
    (row?.parentId === accountId && decide(grantSet, "subdealer.view_entities", refById(row.id)).allowed);
  if (row === undefined || !isVisible)
    throw new Problem("not-found", {
      errors: [{ pointer: `/${field}`, detail: message("products.noDealer") }],
    });
  requireOpenToCaller(call, row);
  return row;
}

/**
 * Object groups are each account's own: an object of a sub-dealer is in none of the caller's.
 * @throws Problem access/denied, not-found
 */
function requireTransferRight(call: Call, row: ResourceRow | undefined, from: string) {
  const { accountId } = call.principal;
  const ref =
    row === undefined
      ? NO_OBJECT
      : { ...toResourceRef(row), groupId: from === accountId ? row.groupId : EVERY_GROUP };
  call.requireRight("object.delete", ref, row === undefined || "object.view");
  return ref;
}

/**
 * An object leaves its account with everything under it, so the caller needs the right to remove it, and sees
 * both accounts. No member adds objects in a sub-dealer's account, so a transfer is how objects get there.
 */
const transfer = endpoint(
  {
    method: "POST",
    path: "/v1/objects/:id/transfer",
    operationId: "transferObject",
    tag: objectType.title,
    right: "object.delete",
    status: 200,
    summary: "Hand an object over to a sub-dealer, or take it back, with its keys, licenses and requests.",
    body: Body,
    answer: cardSchema(objectType, stored),
    ifMatch: "optional",
    idempotency: "optional",
    problems: ["conflict/duplicate"],
  },
  async (call) => {
    const { accountId } = call.principal;
    const [from, to] = [call.peekField("fromAccountId") ?? accountId, call.peekField("accountId") ?? ""];
    const [rows, [row]] = await call.read(
      findAccounts(call.db, [from, to]),
      findReferenced(call.db, [{ accountId: from, type: objectType.name, id: call.params["id"] ?? "" }]),
    );
    call.requireRight("object.delete");
    requireDealer(call, rows, "fromAccountId", from);
    // A body that names no receiver is a fault of the body. What was handed over before is answered now: it
    // is here no more.
    if (call.peekField("accountId") === null) await call.body();
    const receiver = requireDealer(call, rows, "accountId", to);
    await call.body();
    if (from === to) throw invalidField("/accountId", message("products.thereAlready"));
    const on = requireTransferRight(call as Call, row, from);
    if (row === undefined) throw new Problem("not-found");
    call.requireView("object.view", on);
    call.ifMatch(row.version);
    const after = {
      ...row,
      accountId: to,
      groupId: EVERY_GROUP,
      ownerId: receiver.ownerMemberId,
      referenceId: null,
      version: row.version + 1,
      updatedAt: call.now,
    };
    const permit = requestPermit(call, { kind: "object", id: row.id });
    const event = (chain: string) =>
      call.event(
        "object.transfer",
        { type: objectType.name, id: row.id },
        { accountId: chain, changes: { before: { accountId: from }, after: { accountId: to } } },
      );
    return call.commit(
      {
        statements: [
          guardResource(call.db, row),
          guardReceiver(call.db, receiver),
          transferObject(call.db, permit, row, receiver, call.now),
        ],
        events: [...new Set([accountId, from, to])].map(event),
        duplicateProblems: { [UNIQUE_KEY_COLUMNS]: "conflict/duplicate" },
      },
      { status: 200, body: resourceCard(stored, after), headers: { ETag: versionEtag(after.version) } },
    );
  },
);

export const transferEndpoints: readonly Endpoint[] = [transfer];
