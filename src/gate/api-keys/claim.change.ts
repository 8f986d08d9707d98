import { bumpMember } from "../../access/stamp.store.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { iso } from "../../kernel/clock.ts";
import type { Statement } from "../../kernel/db.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import { newId } from "../../kernel/id.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { randomToken } from "../../kernel/random.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import { keyClaimToken } from "../../channels/mail/one-time-token.ts";
import { CLAIM_TTL_MS, type ClaimCard } from "../credentials/api-key.card.ts";
import { guardKeyMember, insertKey, type KeyRow } from "./api-key.store.ts";
import { hasJoined } from "../calls/joined-member.ts";
import type { Call } from "../calls/call.ts";
import type { UnrevokedKey } from "../credentials/claim.ts";
import { endClaims, endKeys, findSignInAndKeys, guardNoCredential } from "../credentials/claim.store.ts";
import type { Permit } from "../permits/permit.ts";
import { loadSecurityMails } from "../calls/security-mail.load.ts";
import { UNRESTRICTED } from "../credentials/key-restriction.ts";
import { type ClaimTarget, type KeyRequest, requireKeysAllowed, requireTokenShowable } from "./claim-rule.ts";

/** A key under a claim, with everything that its batch writes. */
export interface PreparedClaim {
  readonly row: KeyRow;
  readonly statements: readonly Statement[];
  /** In the chain of the member's account. */
  readonly events: readonly AuditEvent[];
  readonly mails: readonly MailMessage[];
  readonly claim: ClaimCard;
}

/** A member who is made in the same batch has no sign-in address and no keys yet. */
const NO_CREDENTIALS = { email: null, keys: [] };

/** The first key of a member who is made in the same batch. */
export const createFirstClaim = (call: Call, permit: Permit, target: ClaimTarget): PreparedClaim =>
  prepareClaim(
    call,
    permit,
    target,
    { name: "First key", terms: UNRESTRICTED, revokeKeys: false },
    NO_CREDENTIALS,
    true,
  );

/** The same for a member who exists already. The older claim ends. */
export const replaceClaim = (
  call: Call,
  permit: Permit,
  target: ClaimTarget,
  revokeKeys: boolean,
): Promise<PreparedClaim> =>
  createClaim(call, permit, target, { name: "First key", terms: UNRESTRICTED, revokeKeys });

/**
 * Every key that a member makes for another member is made here. Where a person signs in as the member, the
 * token is mailed to that person. Else it is shown to the maker, and only while the member has no good key,
 * because the maker could take the key first.
 * @throws Problem access/denied, conflict/state, conflict/last-admin
 */
export async function createClaim(
  call: Call,
  permit: Permit,
  target: ClaimTarget,
  request: KeyRequest,
): Promise<PreparedClaim> {
  requireKeysAllowed(target.account.preset, target.member.roles);
  const [[standing]] = await call.read(findSignInAndKeys(call.db, target.member.id));
  if (standing === undefined) throw new Problem("not-found");
  if (standing.email === null) requireTokenShowable(call, target, request, standing.keys);
  const prepared = prepareClaim(call, permit, target, request, standing, false);
  // A member who never came in has no key yet. A person who is mailed the token itself needs no second mail.
  const securityMails = hasJoined(target.member)
    ? await loadSecurityMails(call, target.member.id, "key_made")
    : [];
  return {
    ...prepared,
    mails: [...prepared.mails, ...securityMails.filter(({ to }) => to !== standing.email)],
  };
}

function prepareClaim(
  call: Call,
  permit: Permit,
  { member, account }: ClaimTarget,
  { name, terms, revokeKeys }: KeyRequest,
  { email, keys }: { readonly email: string | null; readonly keys: readonly UnrevokedKey[] },
  isNew: boolean,
): PreparedClaim {
  const { db, now } = call;
  const { accountId } = member;
  const keyId = newId("apiKey", now);
  const expiresAt = now + CLAIM_TTL_MS;
  const { token, mails } =
    email === null
      ? { token: randomToken(), mails: [] }
      : prepareClaimMail(call, { member, account }, { keyId, name, expiresAt, email });
  const claimState = email === null ? "told" : "mailed";
  const row = claimedRow(call, member, { id: keyId, name, terms, token, expiresAt, claimState });
  const replaced = email === null ? keys.filter(({ isMade }) => isMade === 0) : [];
  const revoked = revokeKeys ? keys.filter(({ isMade }) => isMade === 1) : [];
  const after = { name, memberId: member.id, claim: claimState, ...terms };
  return {
    row,
    mails,
    claim: { ...(email === null ? { token } : {}), mailed: email !== null, expiresAt: iso(expiresAt) },
    statements: [
      ...(isNew ? [] : [guardKeyMember(db, member.id, member.version)]),
      ...(revoked.length === 0 ? [] : [endKeys(db, member.id, now)]),
      ...(isNew || email !== null
        ? []
        : [guardNoCredential(db, member.id, now), endClaims(db, "replace", member.id, now)]),
      // An arrival, or another claim at the same time, depends on what this one changes. Revoked keys are
      // refused from the next call on.
      ...(isNew || (email !== null && revoked.length === 0)
        ? []
        : [bumpMember(db, accountId, member.id, now)]),
      insertKey(db, permit, row),
    ],
    events: [
      ...revoked.map((key) => endEvent(call, accountId, member.id, key, "revoked")),
      ...replaced.map((key) => endEvent(call, accountId, member.id, key, "replaced")),
      call.event(
        "api_key.create",
        { type: "api_key", id: keyId },
        { accountId, changes: { before: {}, after } },
      ),
    ],
  };
}

interface ClaimedKeyInput extends Pick<KeyRequest, "name" | "terms"> {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: number;
  readonly claimState: "told" | "mailed";
}

/** The row of a key that has no secret yet. */
const claimedRow = (
  { now, principal }: Call,
  member: ClaimTarget["member"],
  { id, name, terms, token, expiresAt, claimState }: ClaimedKeyInput,
): KeyRow => ({
  id,
  accountId: member.accountId,
  memberId: member.id,
  createdBy: principal.memberId,
  name,
  ...terms,
  scopes: terms.scopes === null ? null : [...terms.scopes],
  allowedIps: [...terms.allowedIps],
  claimHash: sha256Hex(token),
  claimExpiresAt: expiresAt,
  claimState,
  hash: null,
  prefix: null,
  last4: null,
  revokedAt: null,
  lastUsedAt: null,
  createdAt: now,
});

const endEvent = (
  call: Call,
  accountId: string,
  memberId: string,
  { id, name, claimState }: UnrevokedKey,
  claim: string,
): AuditEvent =>
  call.event(
    "api_key.revoke",
    { type: "api_key", id },
    { accountId, changes: { before: { name, memberId, claim: claimState }, after: { claim } } },
  );

/** The token is mailed to the person who signs in as the member, so that its maker never has it. */
function prepareClaimMail(
  call: Call,
  { member, account }: ClaimTarget,
  { keyId, name, expiresAt, email }: { keyId: string; name: string; expiresAt: number; email: string },
) {
  const { kid, token } = keyClaimToken(call.env.SIGNING_KEYS, null, keyId);
  const letter: MailMessage = {
    id: newId("mail", call.now),
    to: email,
    language: member.language ?? account.locale,
    template: "api_key",
    keyId,
    kid,
    account: account.name,
    by: call.principal.member.username,
    name,
    expiresAt,
  };
  return { token, mails: [letter] };
}
