import type { z } from "zod";
import { decide, memberRef } from "../../access/decision.ts";
import { isCustomRole } from "../../access/role-giving.ts";
import type { GrantRow } from "../../access/preset.ts";
import { diffFields } from "../../audit/chain/difference.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import type { Call, Change } from "../../gate/calls/call.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { requestPermit } from "../../gate/permits/permit-request.ts";
import { omitUndefined } from "../../kernel/http/body.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import type { InvitationRow } from "../../kernel/schema/invitation.ts";
import { requireGranted, requireNeeded } from "../rights/grant.change.ts";
import { memberCard, type MemberRow } from "../members/member.card.ts";
import { accessOf, addressRules, loadCustomRoles, requireInviting } from "../members/member.change.ts";
import {
  guardMemberLimit,
  insertMember,
  loginOf,
  MEMBER_EMAIL,
  MEMBER_EXTERNAL,
} from "../members/member.store.ts";
import { memberLimit, tooManyMembers } from "../members/member-limit.ts";
import { newMemberRow } from "../members/new-member.change.ts";
import { requireKnownGroups } from "../rights/object-group.change.ts";
import { requireReading } from "../rights/reader.change.ts";
import { type Mailed, mailed } from "./invitation.card.ts";
import { countMembers, findKnown, insertInvitation, INVITATION_PENDING } from "./invitation.store.ts";
import { sent } from "./invitation-mail.change.ts";
import { completed, type Wanted } from "./left-out.change.ts";
import { newInvitation } from "./new-invitation.change.ts";

/** How the invitation comes about. */
export interface Manner {
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

export interface Invited {
  readonly row: MemberRow;
  readonly invitation: InvitationRow;
  /** The member's card without the login, which is generated when it is written. */
  readonly card: ReturnType<typeof memberCard>;
  readonly mail: z.infer<typeof Mailed>;
  readonly change: Change;
}

/**
 * A new member with the invitation that waits for them, as one change. Nothing is written yet. The caller has
 * read the body already. All decisions are made here, so that the user book, bulk, links and hooks refuse in
 * the same way.
 * @throws Problem access/denied, validation, conflict/duplicate-member, conflict/duplicate-invitation,
 * conflict/lockout, plan/feature-required
 */
export async function invite(
  call: Call,
  asked: Wanted,
  { send, hookId, mayBeEmpty }: Manner,
): Promise<Invited> {
  const { accountId, targetAccount, preset } = call.principal;
  requireInviting(call);
  call.requireRight("member.create");
  const { grants, allowAny, ...wanted } = completed(call, asked, mayBeEmpty);
  decideBeside(call, wanted, grants);
  const row = newMemberRow(call, accountId, {
    ...wanted,
    firstName: wanted.firstName ?? "",
    lastName: wanted.lastName ?? "",
    notifications: omitUndefined(wanted.notifications),
    allowedIps: addressRules(call, wanted.allowedIps, { allowAny }, false),
    source: hookId === null ? "local" : "external",
  });
  const access = accessOf(row, grants, await loadCustomRoles(call, row.roles));
  const permit = requestPermit(call, { kind: "entry", memberId: row.id, access });
  await requireGranted(call, grants);
  requireNeeded(preset, wanted.roles, grants, "/grants");
  requireReading(call.principal, access);
  await requireKnownGroups(call, wanted.objectGroupIds, "/objectGroupIds");
  requireDomain(targetAccount.settings.allowedEmailDomains, wanted.email);
  const limit = memberLimit(targetAccount.plan, preset);
  await refuseKnown(call, wanted, limit);
  const waiting = { ...newInvitation(call, row), hookId };
  const { invitation, letters } = send
    ? await sent(call, row, waiting)
    : { invitation: waiting, letters: [] };
  const card = memberCard(row, grants, targetAccount.name);
  const made = { row, grants, card, invitation, letters };
  return { row, invitation, card, mail: mailed(letters), change: changeOf(call, permit, made, limit) };
}

interface Made extends Pick<Invited, "row" | "card" | "invitation"> {
  readonly grants: readonly GrantRow[];
  /** The mail with the invitation; none where it is not sent. */
  readonly letters: readonly MailMessage[];
}

/** @param limit members at most; Infinity is any number */
function changeOf(call: Call, permit: Permit, made: Made, limit: number): Change {
  const { row, grants, invitation, letters } = made;
  const { targetAccount, preset } = call.principal;
  return {
    statements: [
      ...(limit === Infinity ? [] : [guardMemberLimit(call.db, row.accountId, limit)]),
      ...insertMember(call.db, permit, row, grants, preset.hasLoginNumbers === true),
      insertInvitation(call.db, permit, invitation),
    ],
    events: eventsOf(call, made),
    mails: letters,
    guardProblems: { member_limit: tooManyMembers(targetAccount.plan, preset) },
    duplicateProblems: {
      [MEMBER_EMAIL]: "conflict/duplicate-member",
      [MEMBER_EXTERNAL]: "conflict/duplicate-member",
      [INVITATION_PENDING]: "conflict/duplicate-invitation",
    },
    ...(preset.hasLoginNumbers ? { generated: { member: "login", value: loginOf(row.id) } } : {}),
  };
}

function eventsOf(call: Call, { row, grants, card, invitation, letters }: Made): AuditEvent[] {
  const isSent = letters.length > 0;
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
 * Access beyond the roles of the model needs its own right: rights and custom roles need `member.edit`,
 * grants `grant.edit`, object groups `object_group.edit`.
 * @throws Problem access/denied
 */
export function decideBeside(
  call: Call,
  { rights, roles, objectGroupIds }: Pick<MemberRow, "rights" | "roles" | "objectGroupIds">,
  grants: readonly GrantRow[],
): void {
  if (rights.length > 0 || roles.some(isCustomRole)) call.requireRight("member.edit");
  if (grants.length > 0) call.requireRight("grant.edit");
  if (objectGroupIds.length > 0) call.requireRight("object_group.edit");
}

/** An empty list allows every domain. */
export const isAllowed = (domains: readonly string[], email: string): boolean =>
  domains.length === 0 || domains.includes(email.slice(email.lastIndexOf("@") + 1));

/** @throws Problem validation */
export function requireDomain(domains: readonly string[], email: string): void {
  if (!isAllowed(domains, email))
    throw invalidField(
      "/email",
      `must be an address at ${domains.join(", ")}: the account's settings say so`,
    );
}

/**
 * Refuses what the batch would refuse, so that a preview refuses it too. The batch checks again.
 * @param limit members at most; Infinity is any number
 * @throws Problem conflict/duplicate-member, conflict/duplicate-invitation, conflict/member-limit
 */
async function refuseKnown(
  call: Call,
  { email, externalId }: Pick<Wanted, "email" | "externalId">,
  limit: number,
): Promise<void> {
  const { accountId } = call.principal;
  const [known, count] = await call.read(
    findKnown(call.db, accountId, email, externalId),
    ...(limit === Infinity ? [] : [countMembers(call.db, accountId)]),
  );
  const same = known.find((row) => row.email === email) ?? known[0];
  if (same !== undefined) {
    // A card may have another address than its invitation by now.
    const isMember =
      same.email === email
        ? same.status !== "new" || !same.waits
        : externalId !== null && same.externalId === externalId;
    const { allowed } = decide(call.principal.grantSet, "member.view", memberRef(same.id));
    const members = { memberId: same.id, ...(isMember ? {} : { invitationId: same.invitationId }) };
    const code = isMember ? "conflict/duplicate-member" : "conflict/duplicate-invitation";
    throw new Problem(code, allowed ? { extensions: members } : {});
  }
  if ((count?.[0]?.count ?? 0) >= limit)
    throw tooManyMembers(call.principal.targetAccount.plan, call.principal.preset);
}
