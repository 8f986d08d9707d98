import { diffFields } from "../../audit/chain/difference.ts";
import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import type { Principal } from "../../gate/principals/principal.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import type { ResourceRow } from "../../kernel/schema/resource.ts";
import { findChoice } from "../../accounts/tiers/tier.store.ts";
import { giveTierCredits } from "../../accounts/tiers/tier-credit.change.ts";
import {
  BillingCard,
  billingCard,
  toBilling,
  BillingPatch,
  choiceCard,
  applyBillingPatch,
  publicBilling,
} from "./billing.card.ts";
import { prepareTierChoice, loadTiers } from "./tier-choice.change.ts";
import {
  findResource,
  guardResource,
  insertResource,
  RESOURCE_KEY_COLUMNS,
  updateResource,
} from "../../resources/resource.store.ts";
import { canonicalJson } from "../../kernel/canonical-json.ts";

const path = "/v1/billing";
const tag = "Billing";

const card = endpoint(
  {
    method: "GET",
    path,
    operationId: "getBilling",
    tag,
    right: "billing.view",
    status: 200,
    summary: "Tier, what was chosen beside it, billing address and attached card of the account.",
    answer: BillingCard,
  },
  async (call) => {
    const { accountId, targetAccount } = call.principal;
    call.requireRight("billing.view");
    const [[row], [choice]] = await call.read(
      findResource(call.db, accountId, "billing", accountId),
      findChoice(call.db, accountId),
    );
    const tiers = { tier: targetAccount.subscription.tier, choice };
    return {
      status: 200,
      body: billingCard(toBilling(row), tiers, row, targetAccount.ownerMemberId),
      headers: { ETag: versionEtag(row?.version ?? 0) },
    };
  },
);

/** The row that follows `row`. There is one for each account, under the account's own id. */
const billingRow = (
  { accountId, memberId }: Principal,
  now: number,
  row: ResourceRow | undefined,
  after: ReturnType<typeof applyBillingPatch>,
): ResourceRow => ({
  accountId,
  type: "billing",
  id: accountId,
  parentId: null,
  rootId: null,
  ownerId: null,
  groupId: null,
  referenceId: null,
  status: "active",
  name: "",
  expiresAt: null,
  uniqueKey: null,
  createdBy: memberId,
  createdAt: now,
  ...row,
  attributes: { ...after },
  version: (row?.version ?? 0) + 1,
  updatedAt: now,
});

const edit = endpoint(
  {
    method: "PATCH",
    path,
    operationId: "updateBilling",
    tag,
    right: "billing.edit",
    status: 200,
    summary: "Choose a tier, or change the billing address or the attached card. What is not sent stays.",
    body: BillingPatch,
    answer: BillingCard,
    ifMatch: "required",
    problems: ["conflict/state"],
  },
  async (call) => {
    const { db, now } = call;
    const { accountId, targetAccount } = call.principal;
    const known = await loadTiers(
      call,
      call.peekField("tier"),
      findResource(db, accountId, "billing", accountId),
    );
    const [row] = known.rest;
    call.requireRight("billing.edit");
    const body = await call.body();
    call.ifMatch(row?.version ?? 0);
    const chosen = body.tier === undefined ? null : await prepareTierChoice(call, known, body.tier);
    const before = toBilling(row);
    const after = applyBillingPatch(before, body);
    const tiers = chosen?.tiers ?? { tier: targetAccount.subscription.tier, choice: known.choice };
    if (chosen === null && canonicalJson(after) === canonicalJson(before)) {
      return {
        status: 200,
        body: billingCard(before, tiers, row, targetAccount.ownerMemberId),
        headers: { ETag: versionEtag(row?.version ?? 0) },
      };
    }
    const next = billingRow(call.principal, now, row, after);
    const changes = diffFields(
      { ...publicBilling(before), tier: targetAccount.subscription.tier, choice: choiceCard(known.choice) },
      { ...publicBilling(after), tier: tiers.tier, choice: choiceCard(tiers.choice) },
    );
    const event = call.event("billing.edit", { type: "billing", id: accountId }, { changes });
    const statements =
      row === undefined ? [insertResource(db, next)] : [guardResource(db, row), updateResource(db, next)];
    const answer = await call.commit(
      {
        statements: [...statements, ...(chosen?.change.statements ?? [])],
        events: [event, ...(chosen?.change.events ?? [])],
        retryOnDuplicate: [RESOURCE_KEY_COLUMNS],
      },
      {
        status: 200,
        body: billingCard(after, tiers, next, targetAccount.ownerMemberId),
        headers: { ETag: versionEtag(next.version) },
      },
    );
    if (chosen?.givesCredits) await giveTierCredits(call.env, db, accountId);
    return answer;
  },
);

export const billingEndpoints: readonly Endpoint[] = [card, edit];
