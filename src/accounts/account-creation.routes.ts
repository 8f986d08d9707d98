import { type AccountKind, PARENT_KINDS, presetOfKind } from "../access/model.ts";
import { findAccount } from "../gate/credentials/account.store.ts";
import { endpoint } from "../gate/calls/call.ts";
import { hasJoined } from "../gate/calls/joined-member.ts";
import { findMember } from "../gate/credentials/member.store.ts";
import { requestPermit } from "../gate/permits/permit-request.ts";
import { versionEtag } from "../gate/calls/gate-request.ts";
import { invalidField, Problem } from "../kernel/http/problem.ts";
import {
  AccountCard,
  accountCard,
  ClaimQuery,
  NewAccountFields,
  NewAccount,
  OwnerClaim,
  toSubscription,
} from "./account.card.ts";
import { memberCard } from "../people/members/member.card.ts";
import { giveTierCredits } from "./tiers/tier-credit.change.ts";
import { loadTier } from "./tiers/tier.load.ts";
import { reissueClaim, prepareAccount } from "./new-account.change.ts";
import { message } from "../kernel/messages/message.ts";

const CreatedAccount = AccountCard.extend(NewAccountFields).meta({
  id: "CreatedAccount",
  extends: "Account",
});

/**
 * An account stands under one of the kind that its own kind says, and some cannot stand alone.
 * @throws Problem validation
 */
function requireValidParent(
  kind: AccountKind,
  parentId: string | null,
  parentKind: string | undefined,
): void {
  const rule = PARENT_KINDS[kind];
  if (parentId === null && rule?.required)
    throw invalidField("/parentId", message("accounts.parentNeeded", { kind, parent: rule.kind }));
  if (parentId !== null && (rule === undefined || parentKind !== rule.kind)) {
    throw invalidField(
      "/parentId",
      rule === undefined
        ? message("accounts.noParent", { kind })
        : message("accounts.parentKind", { parent: rule.kind }),
    );
  }
}

const create = endpoint(
  {
    method: "POST",
    path: "/v1/accounts",
    operationId: "createAccount",
    tag: "Accounts",
    right: "account.create",
    status: 201,
    summary: "Platform: create an account with its first owner, who is invited by mail.",
    body: NewAccount,
    answer: CreatedAccount,
    idempotency: "optional",
  },
  async (call) => {
    const parentId = call.peekField("parentId");
    const [parents] = await call.read(findAccount(call.db, parentId ?? ""));
    call.requireRight("account.create");
    const body = await call.body();
    requireValidParent(body.kind as AccountKind, parentId, parents[0]?.kind);
    const { subscription } = body;
    const tier = await loadTier(call, subscription?.tier ?? null, "/subscription/tier");
    const prepared = await prepareAccount(call, "platform", {
      ...body,
      subscription: subscription && toSubscription(subscription),
      tier,
    });
    const { account, owner, claim, statements, mails } = prepared;
    const answer = { ...accountCard(account), owner: memberCard(owner, [], account) };
    const changes = {
      before: {},
      after: { kind: account.kind, name: account.name, ownerMemberId: owner.id },
    };
    const event = (chain: string) =>
      call.event("account.create", { type: "account", id: account.id }, { accountId: chain, changes });
    const response = await call.commit(
      {
        statements,
        events: [event(account.id), event(call.principal.accountId)],
        mails,
      },
      {
        status: 201,
        replay: answer,
        body: { ...answer, claim },
        headers: { ETag: versionEtag(account.version), Location: `/v1/accounts/${account.id}` },
      },
    );
    if (prepared.givesCredits) await giveTierCredits(call.env, call.db, account.id);
    return response;
  },
);

/**
 * For when the answer that made the account was lost, or the claim has run out. Without a claim no member
 * could enter the account.
 */
const reissue = endpoint(
  {
    method: "POST",
    path: "/v1/accounts/:id/owner-claims",
    operationId: "createOwnerClaim",
    tag: "Accounts",
    right: "account.create",
    status: 201,
    summary:
      "Platform: a new claim for a key of the owner. The older claim ends. " +
      "It is mailed to an owner who signs in by mail.",
    query: ClaimQuery,
    answer: OwnerClaim,
    problems: ["conflict/state"],
  },
  async (call) => {
    const [[account]] = await call.read(findAccount(call.db, call.params["id"] ?? ""));
    call.requireRight("account.create");
    if (account === undefined || account.kind === "platform") throw new Problem("not-found");
    const [[owner]] = await call.read(findMember(call.db, account.id, account.ownerMemberId));
    if (owner === undefined) throw new Problem("not-found");
    // Who only creates accounts brings their owners in, and takes no key in the name of one who is in.
    if (hasJoined(owner.row)) call.requireRight("account.manage");
    const { topRole } = presetOfKind(account.kind);
    const change = {
      kind: "account",
      accountId: account.id,
      ownerId: account.ownerMemberId,
      topRole,
    } as const;
    const permit = requestPermit(call, change, "platform");
    return reissueClaim(call, permit, account, owner.row, call.query().revokeKeys === "true");
  },
);

export const accountCreationEndpoints = [create, reissue];
