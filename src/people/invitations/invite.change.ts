import type { z } from "zod";
import { decide, memberRef } from "../../access/decision.ts";
import type { GrantRow } from "../../access/preset.ts";
import { diffFields } from "../../audit/chain/difference.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import type { Call, Change } from "../../gate/calls/call.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { requestPermit } from "../../gate/permits/permit-request.ts";
import { omitUndefined } from "../../kernel/http/body.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import type { InvitationRow } from "../../kernel/schema/invitation.ts";
import { requireGrantTargets, requireGrantsOfRoles } from "../rights/grant.load.ts";
import { memberCard, type MemberRow } from "../members/member.card.ts";
import { accessOf } from "../members/member-access.ts";
import { requireSafeAddressRules, loadCustomRoles, requireInvitingAllowed } from "../members/member.load.ts";
import {
  guardMemberLimit,
  insertMember,
  generatedLoginOf,
  MEMBER_EMAIL_COLUMNS,
  MEMBER_EXTERNAL_ID_COLUMNS,
} from "../members/member.store.ts";
import { memberLimit, memberLimitProblem } from "../members/member-limit.ts";
import { newMemberRow } from "../members/new-member.change.ts";
import { requireKnownGroups } from "../rights/object-group.load.ts";
import { requireReadOnlyAccess } from "../rights/read-only-role.ts";
import { type MailCard, mailCardOf } from "./invitation.card.ts";
import {
  countMembers,
  findMatchingMembers,
  insertInvitation,
  INVITATION_EMAIL_COLUMNS,
} from "./invitation.store.ts";
import { prepareInvitationMail } from "./invitation-mail.load.ts";
import { requireAllowedEmailDomain, requireRightsForExtras } from "./invite-rule.ts";
import { fillDefaults, type NewMemberInput } from "./new-member-input.ts";
import { newInvitation } from "./new-invitation.change.ts";

/** How the invitation comes about. */
export interface InviteOptions {
  /**
   * A mail goes out with it. Without it, the member can sign in with the address on the card, or the
   * invitation is sent later.
   */
  readonly send: boolean;
  /** The hook whose message made it. Members of a hook come from another system. */
  readonly hookId: string | null;
  /** True: the member may be without any role, right or grant. False: the invitation must give something. */
  readonly mayBeEmpty: boolean;
}

export interface PreparedInvite {
  readonly row: MemberRow;
  readonly invitation: InvitationRow;
  /** The member's card without the login, which is generated when it is written. */
  readonly card: ReturnType<typeof memberCard>;
  readonly mail: z.infer<typeof MailCard>;
  readonly change: Change;
}

/**
 * A new member with the invitation that waits for them, as one change. Nothing is written yet. The caller has
 * read the body already. All decisions are made here, so that the user book, bulk, links and hooks refuse in
 * the same way.
 * @throws Problem access/denied, validation, conflict/duplicate-member, conflict/duplicate-invitation,
 * conflict/lockout, plan/feature-required
 */
export async function prepareInvite(
  call: Call,
  input: NewMemberInput,
  { send, hookId, mayBeEmpty }: InviteOptions,
): Promise<PreparedInvite> {
  const { accountId, targetAccount, preset } = call.principal;
  requireInvitingAllowed(call);
  call.requireRight("member.create");
  const { grants, allowAny, ...memberFields } = fillDefaults(call, input, mayBeEmpty);
  requireRightsForExtras(call, memberFields, grants);
  const row = newMemberRow(call, accountId, {
    ...memberFields,
    firstName: memberFields.firstName ?? "",
    lastName: memberFields.lastName ?? "",
    notifications: omitUndefined(memberFields.notifications),
    allowedIps: requireSafeAddressRules(call, memberFields.allowedIps, { allowAny }, false),
    source: hookId === null ? "local" : "external",
  });
  const access = accessOf(row, grants, await loadCustomRoles(call, row.roles));
  const permit = requestPermit(call, { kind: "entry", memberId: row.id, access });
  await requireGrantTargets(call, grants);
  requireGrantsOfRoles(preset, memberFields.roles, grants, "/grants");
  requireReadOnlyAccess(call.principal, access);
  await requireKnownGroups(call, memberFields.objectGroupIds, "/objectGroupIds");
  requireAllowedEmailDomain(targetAccount.settings.allowedEmailDomains, memberFields.email);
  const limit = memberLimit(targetAccount.plan, preset);
  await requireUnknownPerson(call, memberFields, limit);
  const unsent = { ...newInvitation(call, row), hookId };
  const { invitation, mails } = send
    ? await prepareInvitationMail(call, row, unsent)
    : { invitation: unsent, mails: [] };
  const card = memberCard(row, grants, targetAccount);
  const parts = { row, grants, card, invitation, mails };
  return {
    row,
    invitation,
    card,
    mail: mailCardOf(mails),
    change: inviteChange(call, permit, parts, limit),
  };
}

interface InviteParts extends Pick<PreparedInvite, "row" | "card" | "invitation"> {
  readonly grants: readonly GrantRow[];
  /** The mail with the invitation; none where it is not sent. */
  readonly mails: readonly MailMessage[];
}

/** @param limit members at most; Infinity is any number */
function inviteChange(call: Call, permit: Permit, parts: InviteParts, limit: number): Change {
  const { row, grants, invitation, mails } = parts;
  const { targetAccount, preset } = call.principal;
  return {
    statements: [
      ...(limit === Infinity ? [] : [guardMemberLimit(call.db, row.accountId, limit)]),
      ...insertMember(call.db, permit, row, grants, preset.hasLoginNumbers === true),
      insertInvitation(call.db, permit, invitation),
    ],
    events: inviteEvents(call, parts),
    mails,
    guardProblems: { member_limit: memberLimitProblem(targetAccount.plan, preset) },
    duplicateProblems: {
      [MEMBER_EMAIL_COLUMNS]: "conflict/duplicate-member",
      [MEMBER_EXTERNAL_ID_COLUMNS]: "conflict/duplicate-member",
      [INVITATION_EMAIL_COLUMNS]: "conflict/duplicate-invitation",
    },
    ...(preset.hasLoginNumbers ? { generated: { member: "login", value: generatedLoginOf(row.id) } } : {}),
  };
}

function inviteEvents(call: Call, { row, grants, card, invitation, mails }: InviteParts): AuditEvent[] {
  const isSent = mails.length > 0;
  return [
    call.event("member.create", { type: "member", id: row.id }, { changes: diffFields({}, card) }),
    // The object log shows every access that was given to objects, also at an invitation.
    ...(grants.length === 0
      ? []
      : [
          call.event(
            "grant.edit",
            { type: "member", id: row.id },
            { changes: diffFields({ grants: [] }, { grants: card.grants }) },
          ),
        ]),
    ...(isSent
      ? [
          call.event(
            "invitation.send",
            { type: "invitation", id: invitation.id },
            { changes: diffFields({}, { memberId: row.id, email: row.email, sendCount: 1 }) },
          ),
        ]
      : []),
  ];
}

/**
 * Refuses what the batch would refuse, so that a preview refuses it too. The batch checks again.
 * @param limit members at most; Infinity is any number
 * @throws Problem conflict/duplicate-member, conflict/duplicate-invitation, conflict/member-limit
 */
async function requireUnknownPerson(
  call: Call,
  { email, externalId }: Pick<NewMemberInput, "email" | "externalId">,
  limit: number,
): Promise<void> {
  const { accountId } = call.principal;
  const [matches, count] = await call.read(
    findMatchingMembers(call.db, accountId, email, externalId),
    ...(limit === Infinity ? [] : [countMembers(call.db, accountId)]),
  );
  const existing = matches.find((row) => row.email === email) ?? matches[0];
  if (existing !== undefined) {
    // A card may have another address than its invitation by now.
    const isMember =
      existing.email === email
        ? existing.status !== "new" || !existing.waits
        : externalId !== null && existing.externalId === externalId;
    const { allowed } = decide(call.principal.grantSet, "member.view", memberRef(existing.id));
    const extensions = {
      memberId: existing.id,
      ...(isMember ? {} : { invitationId: existing.invitationId }),
    };
    const code = isMember ? "conflict/duplicate-member" : "conflict/duplicate-invitation";
    throw new Problem(code, allowed ? { extensions } : {});
  }
  if ((count?.[0]?.count ?? 0) >= limit)
    throw memberLimitProblem(call.principal.targetAccount.plan, call.principal.preset);
}
