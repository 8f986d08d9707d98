import { z } from "zod";
import { decide, memberRef } from "../../access/decision.ts";
import { canActOn, compileGrantSet, compileGrantSetBelow } from "../../access/grant-set.ts";
import { presetWithSwitches, presetOfKind } from "../../access/model.ts";
import type { TypeTable } from "../../access/resource-type.ts";
import { canMakeKeyFor } from "../principals/holdings.ts";
import { resolveSettings } from "../principals/settings.ts";
import { actorLogin, type AuditEvent } from "../../audit/chain/event.ts";
import { notifyAuditQueue, stageEvent } from "../../audit/chain/outbox.store.ts";
import { batch, failedGuard, type Statement } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { randomBytes } from "../../kernel/random.ts";
import { admitsAddress, compileAddressRules } from "../credentials/address-rule.ts";
import { requireAcceptedState } from "../principals/admission.ts";
import { keyCard, CreatedKeyCard } from "../credentials/api-key.card.ts";
import type { Settings } from "../../kernel/schema/team.ts";
import { claimStateOf, isKeyless, KEYLESS_DETAIL } from "../credentials/claim.ts";
import { type Claim, exchangeClaim, findClaim } from "../credentials/claim.store.ts";
import { keyHints, mintKey } from "../credentials/api-key.ts";
import { type OpenCall, openEndpoint } from "../calls/call.ts";
import { notifyMailQueue } from "../../channels/mail/outbox.store.ts";
import { isOtherMembersCredential } from "../principals/other-credential.ts";
import { endOfferTo } from "../credentials/ownership-offer.store.ts";
import { enqueueMails } from "../calls/mail-quota.change.ts";
import type { Principal } from "../principals/principal.ts";
import { loadSecurityMails } from "../calls/security-mail.load.ts";
import { recordStrangerRefusal } from "../calls/stranger-refusal.change.ts";
import { CLAIM_MACHINE } from "../credentials/state-machine.ts";
import { message } from "../../kernel/messages/message.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

const Body = z
  .strictObject({ token: z.string().regex(/^[A-Za-z0-9_-]{43}$/, ruleText("keys.claimToken")) })
  .meta({ id: "KeyClaimToken" });

/** The secret is made here, at the claim, so that the maker of the key never had it. */
const claim = (types: TypeTable) =>
  openEndpoint(
    {
      method: "POST",
      path: "/v1/auth/claims",
      operationId: "redeemKeyClaim",
      tag: "Sign-in",
      right: "public",
      status: 201,
      summary: "Exchange a one-time claim token for the API key that was made for you.",
      body: Body,
      answer: CreatedKeyCard,
      problems: [
        "not-found",
        "invitation/used",
        "invitation/expired",
        "ip/not-allowed",
        "auth/blocked",
        "auth/invalid-credential",
        "access/denied",
        "conflict/other-address",
        "quota-exceeded",
      ],
    },
    async (call) => {
      const { token } = await call.body();
      const claimHash = sha256Hex(token);
      const [first] = await findClaim(call.db, claimHash);
      if (first === undefined)
        throw new Problem("not-found", {
          detail: message("keys.noWaitingKey"),
        });
      const caller = await call.findCaller();
      const made = await takeClaim(call, first, types, caller);
      if (made !== null) return made;
      // Another call was faster, or the member, the account or the maker changed meanwhile. The claim is read
      // and checked again.
      const [again] = await findClaim(call.db, claimHash);
      const second = again === undefined ? null : await takeClaim(call, again, types, caller);
      if (second === null) throw new Problem("invitation/used");
      return second;
    },
  );

/**
 * Null when the claim is no longer what was read. @throws Problem when it may not be taken, or not from here
 */
async function takeClaim(
  call: OpenCall,
  found: Claim,
  types: TypeTable,
  caller: Principal | null,
): Promise<Answer | null> {
  requireAcceptedState(found.account);
  const event = claimEvent(call, found);
  const refused = findClaimRefusal(call, found, types, caller);
  if (refused !== null) {
    await recordStrangerRefusal(call, { ...event, outcome: "denied", reason: refused.code });
    throw refused;
  }
  const secret = mintKey(randomBytes(32));
  const made = { hash: sha256Hex(secret), ...keyHints(secret) };
  const mails = await loadSecurityMails(call, found.member.id, "key_claimed");
  try {
    await batch(call.db, [
      ...exchangeClaim(call.db, found, made, call.now),
      ...endOfferIfShown(call, found),
      stageEvent(call.db, call.env.SIGNING_KEYS, event),
      ...enqueueMails(call, mails, null),
    ]);
  } catch (error) {
    if (failedGuard(error) === "claim_used") return null;
    throw error;
  }
  call.defer(notifyAuditQueue(call.env.AUDIT, event.accountId, [event]));
  call.defer(notifyMailQueue(call.env.MAIL, mails));
  return { status: 201, body: { ...keyCard({ ...found.key, ...made }, call.now), secret } };
}

/**
 * A claim whose token was shown to its maker is another way in. An offer of ownership was made to the person
 * who acted as the member until then, so it ends.
 */
const endOfferIfShown = ({ db }: OpenCall, { key, member }: Claim): Statement[] =>
  key.claimState === "told" ? [endOfferTo(db, member.id)] : [];

function findClaimRefusal(
  call: OpenCall,
  found: Claim,
  types: TypeTable,
  caller: Principal | null,
): Problem | null {
  const { key, member, account, maker } = found;
  if (isOtherMembersCredential(caller, { memberId: member.id, userId: member.userId })) {
    return new Problem("conflict/other-address", {
      detail: message("keys.otherMembersKey"),
    });
  }
  if (member.status === "blocked") return new Problem("auth/blocked");
  const state = claimStateOf(key, call.now);
  const isOpen = CLAIM_MACHINE[state].exchange !== undefined && (key.expiresAt ?? Infinity) > call.now;
  // The maker saw the token. Without this check they could come in as the owner of their own account, when
  // the member has become its owner since.
  const isOfOwner =
    state === "told" && member.id === account.ownerMemberId && found.makerAccount.id === account.id;
  const mayStill =
    !isOfOwner &&
    maker.status === "active" &&
    (found.makerAccount.kind === "platform" || canMakerStillMakeKey(found, types));
  if (!isOpen || !mayStill) return new Problem("invitation/expired");
  if (isKeyless(presetOfKind(account.kind), member.roles))
    return new Problem("access/denied", { detail: KEYLESS_DETAIL });
  const rules = [account.allowedIps, member.allowedIps, key.allowedIps].map(compileAddressRules);
  return admitsAddress(rules, call.origin.ip) ? null : new Problem("ip/not-allowed");
}

/**
 * Whether the maker could still make this key, in their own account or in one below that they act on. A claim
 * needs that.
 */
function canMakerStillMakeKey(
  {
    member,
    grants,
    customRoles,
    account,
    grandparentId,
    maker,
    makerGrants,
    makerRoles,
    makerAccount,
    aboveMaker,
  }: Claim,
  types: TypeTable,
): boolean {
  const preset = presetWithSwitches(
    makerAccount.kind,
    resolveSettings(makerAccount, aboveMaker as Partial<Settings> | null).switches,
  );
  const own = compileGrantSet(
    { ...maker, memberId: maker.id, customRoles: makerRoles, grants: makerGrants, scopes: null },
    preset,
    types,
  );
  const inside = makerAccount.id === account.id;
  if (!inside && !canActOn(own, preset, makerAccount.id, account, grandparentId)) return false;
  const grantSet = inside ? own : compileGrantSetBelow(own, preset);
  // A member makes no keys below their own account, except the first one of an account that they found.
  const mayStill = inside
    ? decide(grantSet, "api_key.create", memberRef(member.id))
    : decide(grantSet, "organization.create");
  return (
    mayStill.allowed &&
    canMakeKeyFor(
      { preset, roles: maker.roles, grantSet },
      { ...member, grants, customRoles },
      { memberId: member.id, accountId: account.id, preset: presetOfKind(account.kind), types },
    )
  );
}

const claimEvent = (call: OpenCall, { key, member }: Claim): AuditEvent => ({
  id: newId("event", call.now),
  accountId: key.accountId,
  at: call.now,
  actor: {
    type: "member",
    memberId: member.id,
    accountId: key.accountId,
    login: actorLogin(member),
    email: member.email,
    apiKeyId: key.id,
  },
  action: "api_key.claim",
  resource: { type: "api_key", id: key.id },
  outcome: "success",
  reason: null,
  cost: null,
  origin: call.origin,
  changes: null,
  ledgerSeq: null,
});

export const claimEndpoints = (types: TypeTable) => [claim(types)];
