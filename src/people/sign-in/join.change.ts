import { presetOfKind } from "../../access/model.ts";
import { guardStamp } from "../../access/stamp.store.ts";
import type { TypeTable } from "../../access/resource-type.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { notifyAuditQueue, stageEvent } from "../../audit/chain/outbox.store.ts";
import type { OpenCall } from "../../gate/calls/call.ts";
import { isOtherMembersCredential } from "../../gate/principals/other-credential.ts";
import { countInBatch } from "../../gate/calls/rate-limit.change.ts";
import { RATE_LIMITS, quotaExceeded, windowEnd } from "../../gate/calls/rate-limit.ts";
import { findMailRecipient } from "../../gate/credentials/member.store.ts";
import { Permit } from "../../gate/permits/permit.ts";
import { enqueueMails } from "../../gate/calls/mail-quota.change.ts";
import type { Principal } from "../../gate/principals/principal.ts";
import { WriteConflict, type ConflictPlace } from "../../gate/calls/turn.ts";
import { DEFAULT_SETTINGS } from "../../gate/principals/settings.ts";
import { joinedLetters } from "../invitations/acceptance.change.ts";
import { MEMBER_USER, userIdOf } from "../invitations/acceptance.store.ts";
import { requireDomain } from "../invitations/invite.change.ts";
import { findUser } from "./address.store.ts";
import { findMemberOf, joinByLink, type Link } from "../invitations/link.store.ts";
import { batch, failedGuard, isUniqueViolation } from "../../kernel/db.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import { newId } from "../../kernel/id.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import { notifyMailQueue } from "../../channels/mail/outbox.store.ts";
import { askBarred, guardNotBarred } from "../members/former.store.ts";
import type { MemberRow } from "../members/member.card.ts";
import { guardMemberLimit, MEMBER_EMAIL } from "../members/member.store.ts";
import { memberLimit, tooManyMembers } from "../members/member-limit.ts";
import { newMemberRow } from "../members/new-member.change.ts";
import type { Proof } from "./code.ts";
import { prove, wrongCode } from "./code.change.ts";
import { giveTryBack, spend } from "./code.store.ts";
import { actorOf, openSession, type Opened } from "./session.change.ts";
import type { Tokens } from "./session.card.ts";
import { permitJoin, requireUsableLink, type UsableLink } from "./usable-link.change.ts";

interface Joining {
  readonly token: string;
  readonly email: string;
  readonly code: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly signIn: boolean;
}

interface Joined {
  readonly memberId: string;
  readonly accountId: string;
  readonly status: "new" | "active";
  readonly session?: Tokens;
}

/**
 * A person who has the link and proves the address becomes a member with the link's role and nothing else.
 * @throws Problem
 */
export async function join(call: OpenCall, types: TypeTable, asked: Joining): Promise<Joined> {
  const hash = sha256Hex(asked.token);
  // A fault of the link is reported before a try of the code is used up.
  const {
    link: { account },
  } = await requireUsableLink(call, types, hash);
  requireDomain(account.settings.allowedEmailDomains ?? [], asked.email);
  const caller = await call.findCaller();
  const proof = await prove(call, { email: asked.email, code: asked.code });
  await refuseOthers(call, caller, proof);
  return call.retryOnConflict(async () => {
    const usable = await requireUsableLink(call, types, hash);
    const [known] = await findMemberOf(call.db, account.id, proof.email);
    if (known !== undefined) {
      await batch(call.db, [giveTryBack(call.db, proof)]);
      throw new Problem("conflict/duplicate-member", {
        detail: "This address is a member's already. Sign in, or accept the invitation that was sent.",
      });
    }
    await requireNotBarred(call, account.id, proof);
    return write(call, usable, asked, proof);
  });
}

/** @throws Problem conflict/other-address */
async function refuseOthers({ db }: OpenCall, caller: Principal | null, proof: Proof): Promise<void> {
  const [person] = caller === null ? [] : await findUser(db, proof.email);
  if (!isOtherMembersCredential(caller, { memberId: null, userId: person?.id ?? null })) return;
  await batch(db, [giveTryBack(db, proof)]);
  throw new Problem("conflict/other-address");
}

/**
 * A blocked or removed person cannot come back by a link that they still have. @throws Problem
 * conflict/former-member
 */
async function requireNotBarred({ db }: OpenCall, accountId: string, proof: Proof): Promise<void> {
  const [known] = await askBarred(db, accountId, { email: proof.email, externalId: null });
  if (known?.barred !== 1) return;
  await batch(db, [giveTryBack(db, proof)]);
  throw new Problem("conflict/former-member", {
    detail: "A former member cannot come back by a link. Ask a member who may add members to invite you.",
  });
}

/**
 * @throws Met when the link or the account is no longer what was read; Problem conflict/member-limit,
 * conflict/duplicate-member, auth/invalid-credential
 */
async function write(
  call: OpenCall,
  { link: found, maker }: UsableLink,
  asked: Joining,
  proof: Proof,
): Promise<Joined> {
  const { db, env, now } = call;
  const { link, account } = found;
  const preset = presetOfKind(account.kind);
  const row = joiningMember(now, found, asked, proof);
  const permit = permitJoin(maker, found, row.id);
  // The next run checks the link again and reports the reason.
  if (!(permit instanceof Permit)) throw new WriteConflict({ accountId: account.id, object: null });
  const person = {
    id: newId("user", now),
    email: proof.email,
    emailVerifiedAt: now,
    locale: account.settings.locale ?? DEFAULT_SETTINGS.locale,
    createdAt: now,
  };
  const limit = memberLimit(account.plan, preset);
  const opened = asked.signIn ? await openSession(call, row, userIdOf(proof.email)) : null;
  const events = [joinEvent(call, found, row), ...(opened?.events ?? [])];
  const letters = [...joinedLetters(call, found, row, "link"), ...(await ownerLetters(call, found, row))];
  try {
    await batch(db, [
      guardStamp(db, maker.stamp),
      ...(limit === Infinity ? [] : [guardMemberLimit(db, account.id, limit)]),
      ...spend(db, proof, now),
      ...countInBatch(call, RATE_LIMITS.joinsPerLink, link.id, "link_joins"),
      guardNotBarred(db, "invitation_changed", account.id, { email: proof.email, externalId: null }),
      ...joinByLink(db, permit, found, row, person, preset.hasLoginNumbers === true, now),
      ...(opened?.statements ?? []),
      ...events.map((event) => stageEvent(db, env.SIGNING_KEYS, event)),
      ...enqueueMails(call, letters, { accountId: account.id, kind: account.kind }),
    ]);
  } catch (error) {
    throw refused(error, found, now);
  }
  call.defer(notifyAuditQueue(env.AUDIT, account.id, events));
  call.defer(notifyMailQueue(env.MAIL, letters));
  return told(row, opened);
}

const joiningMember = (
  now: number,
  { link, account }: Link,
  { firstName, lastName }: Joining,
  { email }: Proof,
): MemberRow => ({
  ...newMemberRow({ now, principal: { memberId: link.invitedBy } }, account.id, {
    firstName,
    lastName,
    email,
    roles: [link.role ?? ""],
  }),
  acceptedAt: now,
  emailVerifiedAt: now,
});

/** The account's owner gets a mail about each member who joins by a link, also by another member's link. */
async function ownerLetters(
  call: OpenCall,
  { account, inviter }: Link,
  who: MemberRow,
): Promise<MailMessage[]> {
  if (inviter?.memberId === account.ownerMemberId) return [];
  const [owner] = await findMailRecipient(call.db, account.ownerMemberId);
  if (owner === undefined) return [];
  return joinedLetters(
    call,
    { account, inviter: { ...owner, memberId: account.ownerMemberId } },
    who,
    "account_link",
  );
}

const told = ({ id, accountId }: MemberRow, opened: Opened | null): Joined => ({
  memberId: id,
  accountId,
  status: opened === null ? "new" : "active",
  ...(opened === null ? {} : { session: opened.body }),
});

/** The problem that a failed write is answered with, or `Met` to run again. */
function refused(error: unknown, { account, link }: Link, now: number): unknown {
  const place: ConflictPlace = { accountId: account.id, object: link.id };
  const failed = failedGuard(error);
  if (failed === "stale") return new WriteConflict({ accountId: place.accountId, object: null });
  if (
    failed === "invitation_changed" ||
    isUniqueViolation(error, MEMBER_EMAIL) ||
    isUniqueViolation(error, MEMBER_USER)
  )
    return new WriteConflict(place);
  if (failed === "claim_used") return wrongCode();
  if (failed === "link_joins") {
    return quotaExceeded(
      RATE_LIMITS.joinsPerLink,
      windowEnd(RATE_LIMITS.joinsPerLink, now),
      now,
      "As many people as may joined by this link today.",
    );
  }
  return failed === "member_limit" ? tooManyMembers(account.plan, presetOfKind(account.kind)) : error;
}

const joinEvent = ({ now, origin }: OpenCall, { link }: Link, row: MemberRow): AuditEvent => ({
  id: newId("event", now),
  accountId: row.accountId,
  at: now,
  actor: actorOf(row, null),
  action: "invitation.accept",
  resource: { type: "invitation", id: link.id },
  outcome: "success",
  reason: null,
  cost: null,
  origin,
  ledgerSeq: null,
  changes: {
    before: {},
    after: {
      memberId: row.id,
      roles: row.roles,
      email: row.email,
      firstName: row.firstName,
      lastName: row.lastName,
    },
  },
});
