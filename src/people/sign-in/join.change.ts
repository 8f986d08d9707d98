import { presetOfKind } from "../../access/model.ts";
import { guardStamp } from "../../access/stamp.store.ts";
import type { TypeTable } from "../../access/resource-type.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { notifyAuditQueue, stageEvent } from "../../audit/chain/outbox.store.ts";
import type { OpenCall } from "../../gate/calls/call.ts";
import { isOtherMembersCredential } from "../../gate/principals/other-credential.ts";
import { countInBatch } from "../../gate/calls/rate-limit.change.ts";
import { RATE_LIMITS } from "../../gate/calls/rate-limit.ts";
import { findMailRecipient } from "../../gate/credentials/member.store.ts";
import { Permit } from "../../gate/permits/permit.ts";
import { enqueueMails } from "../../gate/calls/mail-quota.change.ts";
import type { Principal } from "../../gate/principals/principal.ts";
import { WriteConflict } from "../../gate/calls/turn.ts";
import { DEFAULT_SETTINGS } from "../../gate/principals/settings.ts";
import { joinedMails } from "../invitations/acceptance.change.ts";
import { userIdOf } from "../invitations/acceptance.store.ts";
import { requireAllowedEmailDomain } from "../invitations/invite-rule.ts";
import { findUser } from "./sign-in-address.store.ts";
import {
  findMemberByEmailOrPerson,
  joinStatements,
  type LinkWithAccount,
} from "../invitations/link.store.ts";
import { batch } from "../../kernel/db.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import { newId } from "../../kernel/id.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import { notifyMailQueue } from "../../channels/mail/outbox.store.ts";
import { selectIsBlocklisted, guardNotBlocklisted } from "../members/blocklist.store.ts";
import type { MemberRow } from "../members/member.card.ts";
import { guardMemberLimit } from "../members/member.store.ts";
import { memberLimit } from "../members/member-limit.ts";
import { newMemberRow } from "../members/new-member.change.ts";
import type { EmailProof } from "./sign-in-code.ts";
import { verifyCodeOrLink } from "./sign-in-code.change.ts";
import { undoTry, consumeProof } from "./sign-in-code.store.ts";
import { memberActorOf, openSession, type OpenedSession } from "./session.change.ts";
import type { Tokens } from "./session.card.ts";
import { permitJoin, loadUsableLink, type UsableLink } from "./usable-link.load.ts";
import { message } from "../../kernel/messages/message.ts";
import { toJoinError } from "./join-error.change.ts";

interface JoinRequest {
  readonly token: string;
  readonly email: string;
  readonly code: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly signIn: boolean;
}

interface JoinAnswer {
  readonly memberId: string;
  readonly accountId: string;
  readonly status: "new" | "active";
  readonly session?: Tokens;
}

/**
 * A person who has the link and proves the address becomes a member with the link's role and nothing else.
 * @throws Problem
 */
export async function joinByLink(
  call: OpenCall,
  types: TypeTable,
  request: JoinRequest,
): Promise<JoinAnswer> {
  const hash = sha256Hex(request.token);
  // A fault of the link is reported before a try of the code is used up.
  const {
    link: { account },
  } = await loadUsableLink(call, types, hash);
  requireAllowedEmailDomain(account.settings.allowedEmailDomains ?? [], request.email);
  const caller = await call.findCaller();
  const proof = await verifyCodeOrLink(call, { email: request.email, code: request.code });
  await requireNotOtherMember(call, caller, proof);
  return call.retryOnConflict(async () => {
    const usable = await loadUsableLink(call, types, hash);
    const [existing] = await findMemberByEmailOrPerson(call.db, account.id, proof.email);
    if (existing !== undefined) {
      await batch(call.db, [undoTry(call.db, proof)]);
      throw new Problem("conflict/duplicate-member", {
        detail: message("invitations.membersAddress"),
      });
    }
    await requireNotBlocklisted(call, account.id, proof);
    return tryJoin(call, usable, request, proof);
  });
}

/** @throws Problem conflict/other-address */
async function requireNotOtherMember(
  { db }: OpenCall,
  caller: Principal | null,
  proof: EmailProof,
): Promise<void> {
  const [person] = caller === null ? [] : await findUser(db, proof.email);
  if (!isOtherMembersCredential(caller, { memberId: null, userId: person?.id ?? null })) return;
  await batch(db, [undoTry(db, proof)]);
  throw new Problem("conflict/other-address");
}

/**
 * A blocked or removed person cannot come back by a link that they still have. @throws Problem
 * conflict/former-member
 */
async function requireNotBlocklisted({ db }: OpenCall, accountId: string, proof: EmailProof): Promise<void> {
  const [match] = await selectIsBlocklisted(db, accountId, { email: proof.email, externalId: null });
  if (match?.barred !== 1) return;
  await batch(db, [undoTry(db, proof)]);
  throw new Problem("conflict/former-member", {
    detail: message("invitations.formerMember"),
  });
}

/**
 * @throws WriteConflict when the link or the account is no longer what was read; Problem
 * conflict/member-limit, conflict/duplicate-member, auth/invalid-credential
 */
async function tryJoin(
  call: OpenCall,
  { link: linkWithAccount, maker }: UsableLink,
  request: JoinRequest,
  proof: EmailProof,
): Promise<JoinAnswer> {
  const { db, env, now } = call;
  const { link, account } = linkWithAccount;
  const preset = presetOfKind(account.kind);
  const row = joinedMemberRow(now, linkWithAccount, request, proof);
  const permit = permitJoin(maker, linkWithAccount, row.id);
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
  const opened = request.signIn ? await openSession(call, row, userIdOf(proof.email)) : null;
  const events = [joinEvent(call, linkWithAccount, row), ...(opened?.events ?? [])];
  const mails = [
    ...joinedMails(call, linkWithAccount, row, "link"),
    ...(await loadOwnerMails(call, linkWithAccount, row)),
  ];
  try {
    await batch(db, [
      guardStamp(db, maker.stamp),
      ...(limit === Infinity ? [] : [guardMemberLimit(db, account.id, limit)]),
      ...consumeProof(db, proof, now),
      ...countInBatch(call, RATE_LIMITS.joinsPerLink, link.id, "link_joins"),
      guardNotBlocklisted(db, "invitation_changed", account.id, { email: proof.email, externalId: null }),
      ...joinStatements(db, permit, linkWithAccount, row, person, preset.hasLoginNumbers === true, now),
      ...(opened?.statements ?? []),
      ...events.map((event) => stageEvent(db, env.SIGNING_KEYS, event)),
      ...enqueueMails(call, mails, { accountId: account.id, kind: account.kind }),
    ]);
  } catch (error) {
    throw toJoinError(error, linkWithAccount, now);
  }
  call.defer(notifyAuditQueue(env.AUDIT, account.id, events));
  call.defer(notifyMailQueue(env.MAIL, mails));
  return toJoinAnswer(row, opened);
}

const joinedMemberRow = (
  now: number,
  { link, account }: LinkWithAccount,
  { firstName, lastName }: JoinRequest,
  { email }: EmailProof,
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
async function loadOwnerMails(
  call: OpenCall,
  { account, inviter }: LinkWithAccount,
  joinedMember: MemberRow,
): Promise<MailMessage[]> {
  if (inviter?.memberId === account.ownerMemberId) return [];
  const [owner] = await findMailRecipient(call.db, account.ownerMemberId);
  if (owner === undefined) return [];
  return joinedMails(
    call,
    { account, inviter: { ...owner, memberId: account.ownerMemberId } },
    joinedMember,
    "account_link",
  );
}

const toJoinAnswer = ({ id, accountId }: MemberRow, opened: OpenedSession | null): JoinAnswer => ({
  memberId: id,
  accountId,
  status: opened === null ? "new" : "active",
  ...(opened === null ? {} : { session: opened.body }),
});

const joinEvent = ({ now, origin }: OpenCall, { link }: LinkWithAccount, row: MemberRow): AuditEvent => ({
  id: newId("event", now),
  accountId: row.accountId,
  at: now,
  actor: memberActorOf(row, null),
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
