import { bumpMember } from "../../access/stamp.store.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { iso } from "../../kernel/clock.ts";
import type { Statement } from "../../kernel/db.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import { newId } from "../../kernel/id.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { randomToken } from "../../kernel/secret.ts";
import type { Letter } from "../../channels/mail/letter.ts";
import { keyToken } from "../../channels/mail/one-time.ts";
import type { Locale } from "../../kernel/schema/team.ts";
import { CLAIM_TTL_MS, type ClaimTold } from "../credentials/api-key.card.ts";
import { guardKeyMember, insertKey, type KeyRow } from "./api-key.store.ts";
import { hasArrived } from "../calls/arrival.ts";
import type { Call } from "../calls/call.ts";
import { isGood, isKeyless, NO_KEYS, type StandingKey } from "../credentials/claim.ts";
import { endClaims, endKeys, findStanding, guardNobody } from "../credentials/claim.store.ts";
import type { Holder } from "../credentials/member.store.ts";
import type { Permit } from "../permits/permit.ts";
import { securityLetters } from "../calls/security-letter.change.ts";
import { type KeyRestriction, UNRESTRICTED } from "../credentials/key-restriction.ts";
import type { Preset } from "../../access/preset.ts";

/** The member that the key is for. */
export interface ClaimTarget {
  readonly member: Pick<
    Holder,
    "id" | "accountId" | "roles" | "language" | "version" | "acceptedAt" | "userId"
  >;
  readonly account: {
    readonly name: string;
    readonly preset: Preset;
    readonly locale: Locale;
    readonly ownerMemberId: string;
  };
}

/** The key that is asked for. */
export interface ClaimWish {
  readonly name: string;
  readonly terms: KeyRestriction;
  /** The keys that the member has are revoked in the same batch. */
  readonly revokeKeys: boolean;
}

/** A key under a claim, with everything that its batch writes. */
export interface MadeClaim {
  readonly row: KeyRow;
  readonly statements: readonly Statement[];
  /** In the chain of the member's account. */
  readonly events: readonly AuditEvent[];
  readonly letters: readonly Letter[];
  readonly claim: ClaimTold;
}

/** A member who is made in the same batch has no sign-in address and no keys yet. */
const NOBODY = { email: null, keys: [] };

/** The first key of a member who is made in the same batch. */
export const firstClaim = (call: Call, permit: Permit, target: ClaimTarget): MadeClaim =>
  written(call, permit, target, { name: "First key", terms: UNRESTRICTED, revokeKeys: false }, NOBODY, true);

/** The same for a member who exists already. The older claim ends. */
export const claimAgain = (
  call: Call,
  permit: Permit,
  target: ClaimTarget,
  revokeKeys: boolean,
): Promise<MadeClaim> =>
  claimFor(call, permit, target, { name: "First key", terms: UNRESTRICTED, revokeKeys });

/**
 * Every key that a member makes for another member is made here. Where a person signs in as the member, the
 * token is mailed to that person. Else it is shown to the maker, and only while the member has no good key,
 * because the maker could take the key first.
 * @throws Problem access/denied, conflict/state, conflict/last-admin
 */
export async function claimFor(
  call: Call,
  permit: Permit,
  target: ClaimTarget,
  wish: ClaimWish,
): Promise<MadeClaim> {
  requireKeys(target.account.preset, target.member.roles);
  const [[standing]] = await call.read(findStanding(call.db, target.member.id));
  if (standing === undefined) throw new Problem("not-found");
  if (standing.email === null) requireTelling(call, target, wish, standing.keys);
  const made = written(call, permit, target, wish, standing, false);
  // A member who never came in has no key yet. A person who is mailed the token itself needs no second mail.
  const told = hasArrived(target.member) ? await securityLetters(call, target.member.id, "key_made") : [];
  return { ...made, letters: [...made.letters, ...told.filter(({ to }) => to !== standing.email)] };
}

/** @throws Problem access/denied */
export function requireKeys(preset: Preset, roles: readonly string[]): void {
  if (isKeyless(preset, roles)) throw new Problem("access/denied", { detail: NO_KEYS });
}

/** @throws Problem conflict/last-admin, conflict/state */
function requireTelling(
  { principal, now }: Call,
  { member, account }: ClaimTarget,
  { revokeKeys }: ClaimWish,
  keys: readonly StandingKey[],
): void {
  // Without this check another admin could come in as the owner. Ownership moves in other ways.
  if (member.id === account.ownerMemberId && member.accountId === principal.home.accountId) {
    throw new Problem("conflict/last-admin", {
      detail: "This member owns the account, and no other member of it takes a key in the owner's name.",
    });
  }
  // Keys are no business of the accounts above: an owner whose keys were revoked is still the owner.
  const isFromAbove = member.accountId !== principal.home.accountId && principal.home.kind !== "platform";
  if (isFromAbove && hasArrived(member)) {
    throw new Problem("conflict/state", {
      detail:
        "This member has come in before. Another member of the account makes a key, " +
        "or the platform makes another claim.",
    });
  }
  if (revokeKeys || !keys.some((key) => isGood(key, now))) return;
  throw new Problem("conflict/state", {
    detail:
      "This member calls with an API key. The token of another key is shown to you only " +
      "if the keys that are there end with it: send revokeKeys: true.",
  });
}

function written(
  call: Call,
  permit: Permit,
  { member, account }: ClaimTarget,
  { name, terms, revokeKeys }: ClaimWish,
  { email, keys }: { readonly email: string | null; readonly keys: readonly StandingKey[] },
  isNew: boolean,
): MadeClaim {
  const { db, now } = call;
  const { accountId } = member;
  const keyId = newId("apiKey", now);
  const expiresAt = now + CLAIM_TTL_MS;
  const { token, letters } =
    email === null
      ? { token: randomToken(), letters: [] }
      : mailed(call, { member, account }, { keyId, name, expiresAt, email });
  const claimState = email === null ? "told" : "mailed";
  const row = claimedRow(call, member, { id: keyId, name, terms, token, expiresAt, claimState });
  const replaced = email === null ? keys.filter(({ isMade }) => isMade === 0) : [];
  const revoked = revokeKeys ? keys.filter(({ isMade }) => isMade === 1) : [];
  const after = { name, memberId: member.id, claim: claimState, ...terms };
  return {
    row,
    letters,
    claim: { ...(email === null ? { token } : {}), mailed: email !== null, expiresAt: iso(expiresAt) },
    statements: [
      ...(isNew ? [] : [guardKeyMember(db, member.id, member.version)]),
      ...(revoked.length === 0 ? [] : [endKeys(db, member.id, now)]),
      ...(isNew || email !== null
        ? []
        : [guardNobody(db, member.id, now), endClaims(db, "replace", member.id, now)]),
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

interface Claimed extends Pick<ClaimWish, "name" | "terms"> {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: number;
  readonly claimState: "told" | "mailed";
}

/** The row of a key that has no secret yet. */
const claimedRow = (
  { now, principal }: Call,
  member: ClaimTarget["member"],
  { id, name, terms, token, expiresAt, claimState }: Claimed,
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
  { id, name, claimState }: StandingKey,
  claim: string,
): AuditEvent =>
  call.event(
    "api_key.revoke",
    { type: "api_key", id },
    { accountId, changes: { before: { name, memberId, claim: claimState }, after: { claim } } },
  );

/** The token is mailed to the person who signs in as the member, so that its maker never has it. */
function mailed(
  call: Call,
  { member, account }: ClaimTarget,
  { keyId, name, expiresAt, email }: { keyId: string; name: string; expiresAt: number; email: string },
) {
  const { kid, token } = keyToken(call.env.SIGNING_KEYS, null, keyId);
  const letter: Letter = {
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
  return { token, letters: [letter] };
}
