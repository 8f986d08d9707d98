import { decide, memberRef } from "../access/decide.ts";
import { isCustomRole } from "../access/invite.ts";
import { ROLE_TEXTS } from "../access/role-text.ts";
import type { GrantRow, Preset } from "../access/preset.ts";
import { difference } from "../audit/difference.ts";
import type { Call, Change } from "../identity/call.ts";
import { requestPermit } from "../identity/permit.change.ts";
import { definite } from "../kernel/body.ts";
import { sha256Hex } from "../kernel/digest.ts";
import { newId } from "../kernel/id.ts";
import { invalid, Problem } from "../kernel/problem.ts";
import type { Letter } from "../mail/letter.ts";
import { invitationToken } from "../mail/one-time.ts";
import type { InvitationRow } from "../schema/invitation.ts";
import type { Locale, Settings } from "../schema/team.ts";
import { requireGranted, requireNeeded } from "../team/grant.change.ts";
import { memberCard, type MemberRow } from "../team/member.card.ts";
import { accessOf, addressRules, loadCustomRoles, requireInviting } from "../team/member.change.ts";
import {
  guardMemberLimit,
  insertMember,
  loginOf,
  MEMBER_EMAIL,
  MEMBER_EXTERNAL,
} from "../team/member.store.ts";
import { memberLimit, tooManyMembers } from "../team/member-limit.ts";
import { requireReading } from "../team/reader.change.ts";
import { newMemberRow } from "../team/new-member.change.ts";
import { requireKnownGroups } from "../team/object-group.change.ts";
import { findRoles } from "../team/role.store.ts";
import type { z } from "zod";
import { mailed, type Mailed, sentTooOften } from "./invitation.card.ts";
import { countMembers, findKnown, insertInvitation, INVITATION_PENDING } from "./invitation.store.ts";
import { completed, type Wanted } from "./left-out.change.ts";

/** Milliseconds between two mails of one invitation at least, to whatever address. */
const PAUSE_MS = 60_000;

/** How the invitation comes about. */
export interface Manner {
  /**
   * A mail goes out with it. Without, the member can sign in with the address that is on the card, or be sent
   * one later.
   */
  readonly send: boolean;
  /** The hook that brought it; its members come from elsewhere. */
  readonly hookId: string | null;
  /** Without any role, right or grant: what an invitation would be for is to be said. */
  readonly mayBeEmpty: boolean;
}

export interface Invited {
  readonly row: MemberRow;
  readonly invitation: InvitationRow;
  /** The member's card, but for the login, which is given out when it is written. */
  readonly card: ReturnType<typeof memberCard>;
  readonly mail: z.infer<typeof Mailed>;
  readonly change: Change;
}

/**
 * A new member with the invitation that waits for them, as one change; nothing is written yet. Whoever asks
 * has read the body already; everything that is to be decided is decided here, so that the user book, bulk,
 * links and hooks refuse alike.
 * @throws Problem access/denied, validation, conflict/duplicate-member, conflict/duplicate-invitation,
 * conflict/lockout, plan/feature-required
 */
export async function invite(
  call: Call,
  asked: Wanted,
  { send, hookId, mayBeEmpty }: Manner,
): Promise<Invited> {
  const { accountId, account, preset } = call.principal;
  requireInviting(call);
  call.decide("member.create");
  const { grants, allowAny, ...wanted } = completed(call, asked, mayBeEmpty);
  decideBeside(call, wanted, grants);
  const row = newMemberRow(call, accountId, {
    ...wanted,
    firstName: wanted.firstName ?? "",
    lastName: wanted.lastName ?? "",
    notifications: definite(wanted.notifications),
    allowedIps: addressRules(call, wanted.allowedIps, { allowAny }, false),
    source: hookId === null ? "local" : "external",
  });
  const access = accessOf(row, grants, await loadCustomRoles(call, row.roles));
  const permit = requestPermit(call, { kind: "entry", memberId: row.id, access });
  await requireGranted(call, grants);
  requireNeeded(preset, wanted.roles, grants, "/grants");
  requireReading(call.principal, access);
  await requireKnownGroups(call, wanted.objectGroupIds, "/objectGroupIds");
  requireDomain(account.settings.allowedEmailDomains, wanted.email);
  const limit = memberLimit(account.plan, preset);
  await refuseKnown(call, wanted, limit);
  const waiting = { ...newInvitation(call, row), hookId };
  const { invitation, letters } = send
    ? await sent(call, row, waiting)
    : { invitation: waiting, letters: [] };
  const card = memberCard(row, grants, account.name);
  const events = [
    call.event("member.create", { type: "member", id: row.id }, { changes: difference({}, card) }),
    // The object log tells what access was given to objects, however it was given.
    ...(grants.length === 0
      ? []
      : [
          call.event(
            "grant.edit",
            { type: "member", id: row.id },
            { changes: difference({ grants: [] }, { grants: card.grants }) },
          ),
        ]),
    ...(send
      ? [
          call.event(
            "invitation.send",
            { type: "invitation", id: invitation.id },
            { changes: difference({}, { memberId: row.id, email: row.email, sendCount: 1 }) },
          ),
        ]
      : []),
  ];
  return {
    row,
    invitation,
    card,
    mail: mailed(letters),
    change: {
      statements: [
        ...(limit === Infinity ? [] : [guardMemberLimit(call.db, accountId, limit)]),
        ...insertMember(call.db, permit, row, grants, preset.logins === true),
        insertInvitation(call.db, permit, invitation),
      ],
      events,
      letters,
      refusals: { member_limit: tooManyMembers(account.plan, preset) },
      duplicates: {
        [MEMBER_EMAIL]: "conflict/duplicate-member",
        [MEMBER_EXTERNAL]: "conflict/duplicate-member",
        [INVITATION_PENDING]: "conflict/duplicate-invitation",
      },
      ...(preset.logins ? { assigned: { member: "login", value: loginOf(row.id) } } : {}),
    },
  };
}

/**
 * What goes beyond the roles that one may give is given by whoever may edit members, grants and groups.
 * @throws Problem access/denied
 */
export function decideBeside(
  call: Call,
  { rights, roles, objectGroupIds }: Pick<MemberRow, "rights" | "roles" | "objectGroupIds">,
  grants: readonly GrantRow[],
): void {
  if (rights.length > 0 || roles.some(isCustomRole)) call.decide("member.edit");
  if (grants.length > 0) call.decide("grant.edit");
  if (objectGroupIds.length > 0) call.decide("object_group.edit");
}

/** No domains are all domains. */
export const isAllowed = (domains: readonly string[], email: string): boolean =>
  domains.length === 0 || domains.includes(email.slice(email.lastIndexOf("@") + 1));

/** @throws Problem validation */
export function requireDomain(domains: readonly string[], email: string): void {
  if (!isAllowed(domains, email))
    throw invalid("/email", `must be an address at ${domains.join(", ")}: the account's settings say so`);
}

/**
 * What the batch would refuse, so that a preview refuses it too. The batch asks again.
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
    throw new Problem(code, allowed ? { members } : {});
  }
  if ((count?.[0]?.count ?? 0) >= limit)
    throw tooManyMembers(call.principal.account.plan, call.principal.preset);
}

/** The invitation of a new member, not sent yet. */
export const newInvitation = (
  call: Pick<Call, "now" | "principal">,
  row: Pick<MemberRow, "id" | "accountId" | "email" | "externalId">,
): InvitationRow => ({
  id: newId("invitation", call.now),
  accountId: row.accountId,
  kind: "email",
  memberId: row.id,
  email: row.email,
  name: null,
  role: null,
  tokenHash: null,
  tokenKid: null,
  status: "pending",
  expiresAt: call.now + call.principal.account.settings.invitationTtlMs,
  maxUses: null,
  uses: 0,
  sendCount: 0,
  mailAt: 0,
  externalId: row.externalId,
  invitedBy: call.principal.memberId,
  hookId: null,
  createdAt: call.now,
  acceptedAt: null,
  revokedAt: null,
  updatedAt: call.now,
});

/** The account that invites, where it is not the one that the call acts on. */
export interface Inviting {
  readonly name: string;
  readonly preset: Preset;
  readonly settings: Pick<Settings, "invitationTtlMs" | "locale">;
}

const invitingOf = ({ principal: { account, preset } }: Call): Inviting => ({
  name: account.name,
  preset,
  settings: account.settings,
});

/**
 * When the next mail of an invitation may leave. It takes the place of one that has not left yet, whose link
 * has ended.
 */
const nextMailAt = ({ mailAt }: Pick<InvitationRow, "mailAt">, now: number): number =>
  mailAt > now ? mailAt : Math.max(now, mailAt + PAUSE_MS);

type Receiver = Pick<MemberRow, "email" | "language" | "roles" | "login">;
type Sent = { readonly invitation: InvitationRow; readonly letters: readonly Letter[] };

/**
 * The same once more: another token, which ends the one before, and a mail with it. The caller becomes its
 * inviter.
 * @throws Problem quota-exceeded
 */
export function sent(
  call: Call,
  row: Receiver,
  before: InvitationRow,
  account: Inviting = invitingOf(call),
): Promise<Sent> {
  const wait = nextMailAt(before, call.now) - call.now;
  if (wait > 0) {
    throw sentTooOften(
      "resend",
      1,
      PAUSE_MS,
      wait,
      "It was sent a moment ago. An invitation is sent once a minute at most.",
    );
  }
  return sentLater(call, row, before, account);
}

/**
 * The same, however short ago the last mail left: the link before ends now, and the mail leaves when it may.
 */
export async function sentLater(
  call: Call,
  row: Receiver,
  before: InvitationRow,
  account: Inviting = invitingOf(call),
): Promise<Sent> {
  const { member } = call.principal;
  const mailAt = nextMailAt(before, call.now);
  const sendCount = before.sendCount + 1;
  const { kid, token } = invitationToken(call.env.SIGNING_KEYS, null, before.id, sendCount);
  const expiresAt = mailAt + account.settings.invitationTtlMs;
  const language = row.language ?? account.settings.locale;
  const letter: Letter = {
    id: newId("mail", call.now),
    to: row.email,
    language,
    notBefore: mailAt,
    template: "invitation",
    invitationId: before.id,
    kid,
    sendCount,
    account: account.name,
    inviter: member.username,
    roles: await roleNames(call, account.preset, row.roles, language),
    login: row.login,
    expiresAt,
  };
  return {
    invitation: {
      ...before,
      tokenHash: sha256Hex(token),
      tokenKid: kid,
      sendCount,
      mailAt,
      expiresAt,
      status: "pending",
      invitedBy: call.principal.memberId,
      updatedAt: call.now,
    },
    letters: [letter],
  };
}

async function roleNames(
  call: Call,
  preset: Preset,
  roles: readonly string[],
  language: Locale,
): Promise<string[]> {
  const own = roles.filter(isCustomRole);
  const custom =
    own.length === 0 ? [] : (await call.read(findRoles(call.db, call.principal.accountId, own)))[0];
  return roles.map(
    (role) =>
      ROLE_TEXTS[preset.model]?.[role]?.name[language] ?? custom.find(({ id }) => id === role)?.name ?? role,
  );
}
