import { z } from "zod";
import { diffFields } from "../../audit/chain/difference.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { quantity } from "../../kernel/http/body.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { nextVersion } from "../../kernel/version.ts";
import type { ResourceRow } from "../../kernel/schema/resource.ts";
import { prepareOwnerInvoice } from "../billing/invoice.change.ts";
import { findMarkups } from "./markup.store.ts";
import {
  ownerAccountIdOfType,
  collectReferences,
  requireVisible,
} from "../../resources/object-reference.load.ts";
import { newResourceRow } from "../../resources/resource-row.change.ts";
import { priceOf } from "../billing/price.ts";
import { cardSchema, fillDerivedColumns, resourceCard, auditCard } from "../../resources/resource.card.ts";
import { loadResource } from "../../resources/resource.routes.ts";
import {
  findReferenced,
  findResource,
  guardResource,
  insertResource,
  updateResource,
} from "../../resources/resource.store.ts";
import type { StoredType } from "../../resources/resource-type.ts";
import { subscriptionType } from "../../resources/types/subscription.ts";
import { message } from "../../kernel/messages/message.ts";

const stored = subscriptionType.stored as StoredType;
const Card = cardSchema(subscriptionType, stored);

/** The item that a purchase names, and the seller's markup for this organization. */
async function loadItem(call: Call) {
  const { accountId } = call.principal;
  const references = collectReferences(call.principal, [["catalogItemId", "catalog"]], (member) =>
    call.peekField(member),
  );
  const [itemReference] = references;
  if (itemReference === undefined) await call.read();
  const [found, markups] =
    itemReference === undefined
      ? [[], []]
      : await call.read(
          findReferenced(call.db, references),
          findMarkups(
            call.db,
            ownerAccountIdOfType(call.principal, "catalog"),
            [itemReference.id],
            accountId,
          ),
        );
  call.requireRight("subscription.create");
  requireVisible(call, references, found, "body");
  return { item: found[0], markup: markups[0] };
}

/** Every unit that is bought is billed, in the batch that buys it. @throws Problem conflict/state */
function prepareUnitInvoice(call: Call, row: ResourceRow, units: number) {
  const { name, currency, unitPrice } = row.attributes as {
    name: string;
    currency: string;
    unitPrice: number;
  };
  return prepareOwnerInvoice(call, `Subscription: ${name}`, currency, [
    { description: name, quantity: units, unitPrice },
  ]);
}

const purchase = endpoint(
  {
    method: "POST",
    path: "/v1/subscriptions",
    operationId: "purchaseSubscription",
    tag: subscriptionType.title,
    right: "subscription.create",
    status: 201,
    summary: "Purchase from the catalog, on an invoice to the account's owner.",
    body: z
      .strictObject({ catalogItemId: z.string().max(64), quantity: quantity.default(1) })
      .meta({ id: "NewSubscription" }),
    answer: Card,
    idempotency: "required",
    problems: ["conflict/state"],
  },
  async (call) => {
    const { item, markup } = await loadItem(call);
    const body = await call.body();
    const price = item === undefined ? null : priceOf(item, markup);
    if (item === undefined || price === null)
      throw new Problem("conflict/state", { detail: message("products.notForSale") });
    const { name, currency } = item.attributes as { name: string; currency: string };
    const bought = { quantity: body.quantity, name, currency, ...price, canceledAt: null };
    const made = newResourceRow(call, subscriptionType, stored, bought, { parent: item, groupId: null });
    const invoice = prepareUnitInvoice(call, made, body.quantity);
    const event = call.event(
      "subscription.create",
      { type: "subscription", id: made.id },
      { changes: { before: {}, after: auditCard(stored, made) } },
    );
    return call.commit(
      {
        statements: [guardResource(call.db, item), insertResource(call.db, made), invoice.statement],
        events: [event, invoice.event],
      },
      {
        status: 201,
        body: resourceCard(stored, made, call.principal.grantSet),
        replay: resourceCard(stored, made),
        headers: { ETag: versionEtag(made.version), Location: `/v1/subscriptions/${made.id}` },
      },
    );
  },
);

/**
 * The item of a larger quantity must still be in the catalog.
 * @throws Problem conflict/state
 */
async function requireStillSold(call: Call, { parentId }: ResourceRow): Promise<ResourceRow> {
  const [[item]] = await call.read(
    findResource(call.db, ownerAccountIdOfType(call.principal, "catalog"), "catalog", parentId ?? ""),
  );
  if (item?.status !== "active")
    throw new Problem("conflict/state", {
      detail: message("products.soldNoMore"),
    });
  return item;
}

const edit = endpoint(
  {
    method: "PATCH",
    path: "/v1/subscriptions/:id",
    operationId: "updateSubscription",
    tag: subscriptionType.title,
    right: "subscription.edit",
    status: 200,
    summary:
      "Change the quantity, at the price of the purchase. " +
      "What comes on top is billed; what is given up is not paid back.",
    body: z.strictObject({ quantity: quantity.optional() }).meta({ id: "SubscriptionPatch" }),
    answer: Card,
    ifMatch: "required",
    problems: ["conflict/state"],
  },
  async (call) => {
    const { row } = await loadResource(call, subscriptionType, "edit");
    const body = await call.body();
    call.ifMatch(row.version);
    if (row.status !== "active")
      throw new Problem("conflict/state", {
        detail: message("resources.finalStatus", { status: row.status }),
      });
    const before = row.attributes["quantity"] as number;
    const wanted = fillDerivedColumns(stored, {
      ...row,
      attributes: { ...row.attributes, quantity: body.quantity ?? before },
    });
    const after = nextVersion(row, wanted, call.now);
    const answer = {
      status: 200,
      body: resourceCard(stored, after, call.principal.grantSet),
      headers: { ETag: versionEtag(after.version) },
    };
    if (after === row) return answer;
    const more = (body.quantity ?? before) - before;
    const item = more > 0 ? await requireStillSold(call, row) : null;
    if (!Number.isSafeInteger(after.attributes["amount"]))
      throw new Problem("conflict/state", { detail: message("products.costTooLarge") });
    const invoice = more > 0 ? prepareUnitInvoice(call, row, more) : null;
    const event = call.event(
      "subscription.edit",
      { type: "subscription", id: row.id },
      { changes: diffFields(auditCard(stored, row), auditCard(stored, after)) },
    );
    return call.commit(
      {
        statements: [
          guardResource(call.db, row),
          ...(item === null ? [] : [guardResource(call.db, item)]),
          updateResource(call.db, after),
          ...(invoice === null ? [] : [invoice.statement]),
        ],
        events: [event, ...(invoice === null ? [] : [invoice.event])],
      },
      answer,
    );
  },
);

export const subscriptionEndpoints: readonly Endpoint[] = [purchase, edit];
