import { difference } from "../audit/difference.ts";
import { type Endpoint, endpoint } from "../identity/call.ts";
import { etag } from "../identity/request.ts";
import type { ResourceRow } from "../schema/resource.ts";
import { BillingCard, billingCard, billingOf, BillingPatch, patched, shownBilling } from "./billing.ts";
import { findResource, guardResource, insertResource, RESOURCE_KEY, updateResource } from "../resources/resource.store.ts";

const path = "/v1/billing";
const tag = "Billing";

const card = endpoint({
  method: "GET", path, tag, right: "billing.view", status: 200,
  summary: "Tier, billing address and attached card of the account.", answer: BillingCard,
}, async (call) => {
  const { accountId, account } = call.principal;
  call.decide("billing.view");
  const [[row]] = await call.read(findResource(call.db, accountId, "billing", accountId));
  return { status: 200, body: billingCard(billingOf(row, account.subscription.tier), row, account.ownerMemberId), headers: { ETag: etag(row?.version ?? 0) } };
});

/** There is one for each account, under the account's own id. */
const edit = endpoint({
  method: "PATCH", path, tag, right: "billing.edit", status: 200,
  summary: "Change the tier, the billing address or the attached card. What is not sent stays.", body: BillingPatch, answer: BillingCard, ifMatch: "required",
}, async (call) => {
  const { accountId, memberId, account } = call.principal;
  const [[row]] = await call.read(findResource(call.db, accountId, "billing", accountId));
  call.decide("billing.edit");
  const body = await call.body();
  call.ifMatch(row?.version ?? 0);
  const before = billingOf(row, account.subscription.tier);
  const after = patched(before, body);
  const next: ResourceRow = {
    accountId, type: "billing", id: accountId, parentId: null, rootId: null, ownerId: null, groupId: null, referenceId: null, status: "active", name: "",
    expiresAt: null, uniqueKey: null, createdBy: memberId, createdAt: call.now, ...row, attributes: { ...after }, version: (row?.version ?? 0) + 1, updatedAt: call.now,
  };
  const statements = row === undefined ? [insertResource(call.db, next)] : [guardResource(call.db, row), updateResource(call.db, next)];
  const event = call.event("billing.edit", { type: "billing", id: accountId }, { changes: difference(shownBilling(before), shownBilling(after)) });
  return call.commit({ statements, events: [event], again: [RESOURCE_KEY] },
    { status: 200, body: billingCard(after, next, account.ownerMemberId), headers: { ETag: etag(next.version) } });
});

export const billingEndpoints: readonly Endpoint[] = [card, edit];
