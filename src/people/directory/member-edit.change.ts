import { memberRef } from "../../access/decision.ts";
import { diffFields } from "../../audit/chain/difference.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { hasJoined } from "../../gate/calls/joined-member.ts";
import type { Call } from "../../gate/calls/call.ts";
import type { findMember } from "../../gate/credentials/member.store.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { loadSecurityMails } from "../../gate/calls/security-mail.load.ts";
import { omitUndefined } from "../../kernel/http/body.ts";
import { nextVersion } from "../../kernel/version.ts";
import type { Statement } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import { emailConfirmationToken } from "../../channels/mail/one-time-token.ts";
import type { InvitationRow } from "../../kernel/schema/invitation.ts";
import { requireGrantsOfRoles } from "../rights/grant.load.ts";
import type { MemberRow } from "../members/member.card.ts";
import {
  requireSafeAddressRules,
  requireNotOwnersAddress,
  creditLimitOf,
  permitMember,
  requireNoUnseenGroupLoss,
  withLoginAllowed,
} from "../members/member.load.ts";
import { missingNames, usernameAfter } from "../members/person-name.ts";
import { requireKnownGroups } from "../rights/object-group.load.ts";
import { permitReinvite } from "../invitations/reinvite.load.ts";
import {
  findPendingInvitation,
  guardInvitation,
  updateInvitationToken,
} from "../invitations/invitation.store.ts";
import { prepareDelayedInvitationMail } from "../invitations/invitation-mail.load.ts";
import { resolveRoles } from "../invitations/new-member-body.load.ts";
import type { MemberCardPatch } from "./member-patch.ts";
import { message } from "../../kernel/messages/message.ts";

type LoadedMember = Awaited<ReturnType<typeof findMember>>[number];

interface MemberEdit {
  readonly after: MemberRow;
  readonly permit: Permit;
  /**
   * Other routes report some of these changes under event names of their own. Here they have the same names.
   */
  readonly events: readonly AuditEvent[];
}

/**
 * The member as the patch has it. What another route decides for a part of the card is decided here as there.
 * @throws Problem validation, access/denied, conflict/lockout, plan/feature-required
 */
export async function applyCardPatch(
  call: Call,
  loaded: LoadedMember,
  patch: MemberCardPatch,
): Promise<MemberEdit> {
  const { row, grants } = loaded;
  const { preset } = call.principal;
  const { loginAllowed, objectGroupIds, accountType } = patch;
  if (loginAllowed !== undefined) call.requireRight("member.block", memberRef(row.id));
  if (objectGroupIds !== undefined) call.requireRight("object_group.edit", memberRef(row.id));
  const requestedRoles =
    accountType === undefined
      ? patch.roles
      : resolveRoles(preset, { roles: patch.roles ?? [], role: undefined, accountType });
  const patched = patchRow(call, row, patch, requestedRoles);
  // A role that a switch has taken away is no fault of a change that leaves the roles alone.
  const roles = requestedRoles ?? row.roles.filter((role) => Object.hasOwn(preset.roles, role));
  const after = nextVersion(
    row,
    loginAllowed === undefined ? patched : withLoginAllowed(call, patched, loginAllowed),
    call.now,
  );
  // Older members may have a limit with roles that no longer go with one. They keep it, until a change names
  // roles, rights or limit.
  const changesAccess =
    requestedRoles !== undefined || patch.rights !== undefined || patch.creditLimit !== undefined;
  const creditLimit = changesAccess ? patched.creditLimit : null;
  const permit = await permitMember(call, loaded, after, grants, {
    roles,
    rights: patch.rights ?? [],
    creditLimit,
  });
  requireMissingNames(call, patch, patched);
  if (requestedRoles !== undefined)
    requireGrantsOfRoles(
      preset,
      patched.roles,
      grants,
      accountType === undefined ? "/roles" : "/accountType",
    );
  if (objectGroupIds !== undefined) {
    requireNoUnseenGroupLoss(call, row.objectGroupIds, objectGroupIds);
    await requireKnownGroups(call, objectGroupIds, "/objectGroupIds");
  }
  return { after, permit, events: namedEvents(call, row, after) };
}

/**
 * @param requestedRoles the roles that the patch names, if it names any
 * @throws Problem validation, conflict/lockout
 */
function patchRow(
  call: Call,
  row: MemberRow,
  patch: MemberCardPatch,
  requestedRoles: MemberCardPatch["roles"],
): MemberRow {
  const {
    allowAny,
    confirmLockout,
    loginAllowed: _,
    objectGroupIds,
    notifications,
    accountType: __,
    allowedIps,
    ...cardFields
  } = patch;
  const patched: MemberRow = {
    ...row,
    ...omitUndefined(cardFields),
    roles: requestedRoles ?? row.roles,
    objectGroupIds: objectGroupIds ?? row.objectGroupIds,
    notifications: { ...row.notifications, ...omitUndefined(notifications ?? {}) },
  };
  if (patch.username === undefined) patched.username = usernameAfter(row, patched);
  if (patched.email !== row.email) {
    [patched.emailVerifiedAt, patched.emailChange, patched.emailBy] = [
      null,
      row.version + 1,
      call.principal.memberId,
    ];
  }
  if (patch.creditLimit === undefined) patched.creditLimit = creditLimitOf(call.principal.preset, patched);
  if (allowedIps !== undefined)
    patched.allowedIps = requireSafeAddressRules(
      call,
      allowedIps,
      { allowAny, confirmLockout },
      row.id === call.principal.memberId,
    );
  return patched;
}

/**
 * Names that an invitation left out are asked for at the first edit by another member. A block edits nothing.
 * @throws Problem validation
 */
function requireMissingNames(
  call: Call,
  { allowAny: _, confirmLockout: __, loginAllowed: ___, ...edited }: MemberCardPatch,
  after: MemberRow,
): void {
  const missing = missingNames(after);
  if (missing.length === 0 || after.id === call.principal.memberId || Object.keys(edited).length === 0)
    return;
  throw new Problem("validation", {
    errors: missing.map((name) => ({
      pointer: `/${name}`,
      detail: message("members.leftOutByInvitation"),
    })),
  });
}

function namedEvents(call: Call, row: MemberRow, after: MemberRow): AuditEvent[] {
  const event = (action: "member.block" | "object_group.edit", was: object, is: object) =>
    call.event(action, { type: "member", id: row.id }, { changes: diffFields(was, is) });
  const { status, objectGroupIds } = after;
  return [
    ...(status === row.status ? [] : [event("member.block", { status: row.status }, { status })]),
    ...(objectGroupIds.join() === row.objectGroupIds.join()
      ? []
      : [event("object_group.edit", { objectGroupIds: row.objectGroupIds }, { objectGroupIds })]),
  ];
}

interface EmailChange {
  readonly statements: readonly Statement[];
  readonly events: readonly AuditEvent[];
  readonly mails: readonly MailMessage[];
}

const NO_EMAIL_CHANGE: EmailChange = { statements: [], events: [], mails: [] };

/**
 * What goes with another address. A pending invitation moves there, and is sent there if it was sent before.
 * A member who has joined already is asked to confirm the address.
 * @throws Problem access/denied, validation, conflict/last-admin, plan/feature-required, quota-exceeded
 */
export async function prepareEmailChange(
  call: Call,
  { row, ...access }: LoadedMember,
  after: MemberRow,
): Promise<EmailChange> {
  if (after.email === row.email) return NO_EMAIL_CHANGE;
  requireNotOwnersAddress(call, row);
  // A member who has joined stays the same person, so no invitation moves with the address, in any state of
  // the card.
  if (hasJoined(row)) {
    // The address before hears of it, while it is still the card's.
    const isOwnSession = row.id === call.principal.memberId && call.principal.credential.kind === "session";
    const securityMails = isOwnSession ? [] : await loadSecurityMails(call, row.id, "card_address_changed");
    return { ...NO_EMAIL_CHANGE, mails: [...securityMails, ...confirmationMails(call, after)] };
  }
  const [[pending]] = await call.read(findPendingInvitation(call.db, row.accountId, row.id));
  if (pending !== undefined) return prepareInvitationMove(call, { row: after, ...access }, pending);
  return { ...NO_EMAIL_CHANGE, mails: confirmationMails(call, after) };
}

/**
 * The caller who says where an invitation goes, invites, because the reader of that mail can join as the
 * member.
 */
async function prepareInvitationMove(
  call: Call,
  member: LoadedMember,
  pending: InvitationRow,
): Promise<EmailChange> {
  const { row: after } = member;
  const permit = permitReinvite(call, member);
  const isResent = pending.sendCount > 0 && after.status !== "blocked";
  // The link that went to the old address ends in any case.
  const withoutMail = {
    invitation: {
      ...pending,
      tokenHash: null,
      tokenKid: null,
      invitedBy: call.principal.memberId,
      updatedAt: call.now,
    },
    mails: confirmationMails(call, after),
  };
  const { invitation, mails } = isResent
    ? await prepareDelayedInvitationMail(call, after, pending)
    : withoutMail;
  const moved = { ...invitation, email: after.email };
  const changes = diffFields(
    { sendCount: pending.sendCount, email: pending.email },
    { sendCount: moved.sendCount, email: moved.email },
  );
  return {
    statements: [guardInvitation(call.db, pending), updateInvitationToken(call.db, permit, moved, moved)],
    mails,
    events: isResent
      ? [call.event("invitation.send", { type: "invitation", id: pending.id }, { changes })]
      : [],
  };
}

/** A member who has never joined, or who is blocked, gets no mail. */
function confirmationMails(
  call: Call,
  { id, email, emailChange, language, status, acceptedAt }: MemberRow,
): MailMessage[] {
  if (status === "blocked" || (status === "new" && acceptedAt === null)) return [];
  const { name, settings } = call.principal.targetAccount;
  const { kid } = emailConfirmationToken(call.env.SIGNING_KEYS, null, id, email, emailChange);
  return [
    {
      id: newId("mail", call.now),
      to: email,
      language: language ?? settings.locale,
      template: "confirm_email",
      memberId: id,
      change: emailChange,
      kid,
      account: name,
    },
  ];
}
