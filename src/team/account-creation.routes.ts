import { type AccountKind, PARENT_KINDS, presetOf } from "../access/model.ts";
import { CLAIM_TTL_MS } from "../identity/api-key.card.ts";
import { insertKey, replaceWaiting } from "../identity/api-key.store.ts";
import { findAccount } from "../identity/account.store.ts";
import { DEFAULT_SETTINGS } from "../identity/settings.ts";
import { type Call, endpoint } from "../identity/call.ts";
import { etag } from "../identity/request.ts";
import { iso } from "../kernel/clock.ts";
import { newId } from "../kernel/id.ts";
import { sha256Hex } from "../kernel/digest.ts";
import { invalid, Problem } from "../kernel/problem.ts";
import { randomToken } from "../kernel/secret.ts";
import { z } from "zod";
import { AccountCard, accountCard, type AccountRow, DEFAULT_PLAN, NewAccount, NO_SUBSCRIPTION, toSubscription } from "./account.card.ts";
import { insertAccount } from "./account.store.ts";
import { MemberCard, memberCard, type MemberRow } from "./member.card.ts";
import { insertMember } from "./member.store.ts";

const Claim = z.object({ token: z.string(), expiresAt: z.string() });
const OwnerClaim = z.object({ memberId: z.string(), claim: Claim });

const MadeAccount = AccountCard.extend({
  owner: MemberCard,
  claim: Claim.optional()
    .describe("For the owner, who exchanges it for the first API key with POST /v1/auth/claims. Shown once."),
});

/** The first key of an account's owner, which only the owner will see: it waits under a claim. */
function firstKey(call: Call, accountId: string, memberId: string) {
  const claim = { token: randomToken(), expiresAt: call.now + CLAIM_TTL_MS };
  const key = {
    id: newId("apiKey", call.now), accountId, memberId, createdBy: call.principal.memberId, name: "First key", hash: null, prefix: null,
    last4: null, claimHash: sha256Hex(claim.token), claimExpiresAt: claim.expiresAt, scopes: null, allowedIps: [], createdAt: call.now,
  };
  return { key, claim: { token: claim.token, expiresAt: iso(claim.expiresAt) } };
}

/** An account stands under one of the kind that its own kind says, and some cannot stand alone. @throws Problem validation */
function checkParent(kind: AccountKind, parentId: string | null, parentKind: string | undefined): void {
  const rule = PARENT_KINDS[kind];
  if (parentId === null && rule?.required) throw invalid("/parentId", `a ${kind} stands under a ${rule.kind}`);
  if (parentId !== null && (rule === undefined || parentKind !== rule.kind)) {
    throw invalid("/parentId", rule === undefined ? `a ${kind} stands on its own` : `must name a ${rule.kind}`);
  }
}

const create = endpoint({
  method: "POST", path: "/v1/accounts", tag: "Accounts", right: "account.create", status: 201,
  summary: "Platform: create an account with its first owner.", body: NewAccount, answer: MadeAccount, idempotency: "optional",
}, async (call) => {
  const parentId = call.named("parentId");
  const [parents] = await call.read(findAccount(call.db, parentId ?? ""));
  call.decide("account.create");
  const body = await call.body();
  checkParent(body.kind as AccountKind, parentId, parents[0]?.kind);
  const { now } = call;
  const accountId = newId("account", now);
  const owner: MemberRow = {
    ...body.owner, id: newId("member", now), accountId, userId: null, username: `${body.owner.firstName} ${body.owner.lastName}`,
    phone: null, mobilePhone: null, position: null, status: "active", source: "local", roles: [presetOf(body.kind).topRole], rights: [],
    objectGroupIds: [], allowedIps: [], creditLimit: null, limitPeriod: "lifetime", language: null, invitedBy: call.principal.memberId, version: 1,
    createdAt: now, acceptedAt: now, lastLoginAt: null, blockedAt: null, updatedAt: now,
  };
  const account: AccountRow = {
    id: accountId, kind: body.kind, name: body.name, parentId: body.parentId, ownerMemberId: owner.id, plan: body.plan ?? DEFAULT_PLAN,
    subscription: body.subscription === undefined ? NO_SUBSCRIPTION : toSubscription(body.subscription), settings: DEFAULT_SETTINGS,
    allowedIps: [], profile: {}, version: 1, createdAt: now, updatedAt: now,
  };
  const { key, claim } = firstKey(call, accountId, owner.id);
  const answer = { ...accountCard(account), owner: memberCard(owner, []) };
  const changes = { before: {}, after: { kind: account.kind, name: account.name, ownerMemberId: owner.id } };
  const event = (chain: string) => call.event("account.create", { type: "account", id: accountId }, { accountId: chain, changes });
  return call.commit({
    statements: [insertAccount(call.db, account), ...insertMember(call.db, owner, []), insertKey(call.db, key)],
    events: [event(accountId), event(call.principal.accountId)],
  }, {
    status: 201, replay: answer, body: { ...answer, claim },
    headers: { ETag: etag(account.version), Location: `/v1/accounts/${accountId}` },
  });
});

/** For when the answer that made the account was lost, or the claim has run out: an account that nobody can enter is of no use. */
const reissue = endpoint({
  method: "POST", path: "/v1/accounts/:id/owner-claims", tag: "Accounts", right: "account.create", status: 201,
  summary: "Platform: a new claim for the owner's first key, while the owner has never had one. The older claim ends.",
  answer: OwnerClaim, problems: ["invitation/used"],
}, async (call) => {
  const [[account]] = await call.read(findAccount(call.db, call.params["id"] ?? ""));
  call.decide("account.create");
  if (account === undefined || account.kind === "platform") throw new Problem("not-found");
  const { key, claim } = firstKey(call, account.id, account.ownerMemberId);
  const event = (chain: string) => call.event("account.create", { type: "api_key", id: key.id }, { accountId: chain });
  return call.commit({
    statements: [...replaceWaiting(call.db, account.ownerMemberId, call.now), insertKey(call.db, key)],
    events: [event(account.id), event(call.principal.accountId)], refusals: { claim_used: "invitation/used" },
  }, { status: 201, body: { memberId: account.ownerMemberId, claim } });
});

export const accountCreationEndpoints = [create, reissue];
