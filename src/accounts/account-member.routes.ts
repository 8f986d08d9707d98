import { z } from "zod";
import { EVERY_GROUP } from "../access/grant-set.ts";
import { presetWithSwitches } from "../access/model.ts";
import { isRestrictedMember, type Preset } from "../access/preset.ts";
import type { Right } from "../access/right.ts";
import type { TypeTable } from "../access/resource-type.ts";
import { diffFields } from "../audit/chain/difference.ts";
import type { AuditEvent } from "../audit/chain/event.ts";
import { type Call, endpoint } from "../gate/calls/call.ts";
import { findMember } from "../gate/credentials/member.store.ts";
import { UNRESTRICTED } from "../gate/credentials/key-restriction.ts";
import { requestPermit } from "../gate/permits/permit-request.ts";
import { versionEtag } from "../gate/calls/gate-request.ts";
import { resolveSettings } from "../gate/principals/settings.ts";
import { invalidField, Problem } from "../kernel/http/problem.ts";
import { type AccountRow, ClaimQuery, OwnerClaim } from "./account.card.ts";
import { ClaimCard } from "../gate/credentials/api-key.card.ts";
import { createFirstClaim } from "../gate/api-keys/claim.change.ts";
import { isKeyless } from "../gate/credentials/claim.ts";
import { findParent } from "./account.store.ts";
import { insertInvitation, INVITATION_EMAIL_COLUMNS } from "../people/invitations/invitation.store.ts";
import { prepareInvitationMail } from "../people/invitations/invitation-mail.load.ts";
import { newInvitation } from "../people/invitations/new-invitation.change.ts";
import { MemberCard, memberCard, NewMember } from "../people/members/member.card.ts";
import { accessOf } from "../people/members/member-access.ts";
import {
  guardMemberLimit,
  insertMember,
  generatedLoginOf,
  MEMBER_EMAIL_COLUMNS,
} from "../people/members/member.store.ts";
import { memberLimit, memberLimitProblem } from "../people/members/member-limit.ts";
import { reissueClaim, claimAccountOf } from "./new-account.change.ts";
import { requireReadOnlyAccess } from "../people/rights/read-only-role.ts";
import { newMemberRow } from "../people/members/new-member.change.ts";
import { loadTenant } from "./tenant.load.ts";
import { message } from "../kernel/messages/message.ts";

const Body = NewMember.pick({
  username: true,
  firstName: true,
  lastName: true,
  email: true,
  phone: true,
  mobilePhone: true,
  position: true,
  language: true,
  rights: true,
})
  .extend({
    roles: NewMember.shape.roles.unwrap().min(1),
    notify: z.boolean().default(false).describe("Send the invitation by mail."),
    objectGroupIds: z
      .array(z.literal(EVERY_GROUP))
      .max(1)
      .default([])
      .describe(
        'Dealers: ["all"] lets the member see every object group; single groups are given by a manager.',
      ),
  })
  .meta({ id: "NewAccountMember" });

const CreatedMember = MemberCard.extend({
  claim: ClaimCard.optional().describe("For the member's first API key. None for a viewer, who has no key."),
}).meta({ id: "CreatedAccountMember", extends: "Member" });

/** @throws Problem validation */
function requireValidAccess(
  preset: Preset,
  types: TypeTable,
  { roles, rights }: { readonly roles: readonly string[]; readonly rights: readonly string[] },
): void {
  const unknownRole = roles.findIndex(
    (role, index) => !Object.hasOwn(preset.roles, role) || roles.indexOf(role) !== index,
  );
  if (unknownRole >= 0)
    throw invalidField(
      `/roles/${unknownRole}`,
      message("access.unknownRoleOnce", { roles: Object.keys(preset.roles) }),
    );
  const unknownRight = rights.findIndex((right) => !preset.rights.has(right as Right));
  if (unknownRight >= 0) throw invalidField(`/rights/${unknownRight}`, message("access.rightUnknown"));
  requireReadOnlyAccess({ preset, types }, { roles, rights, customRoles: [], grants: [] });
}

/** @throws Problem plan/feature-required */
function requirePlanForRoles(
  { env }: Pick<Call, "env">,
  { plan }: Pick<AccountRow, "plan">,
  preset: Preset,
  roles: readonly string[],
): void {
  if (!isRestrictedMember(preset, roles) || plan.restrictedAccounts) return;
  throw new Problem("plan/feature-required", {
    extensions: { feature: "restrictedAccounts", contact: plan.contactUrl ?? env.CONTACT_URL },
  });
}

/** What the platform does to a tenant is in the audit log of both. */
const createEventsOfBoth = (
  call: Pick<Call, "event" | "principal">,
  tenantId: string,
  answer: ReturnType<typeof memberCard>,
): AuditEvent[] =>
  [tenantId, call.principal.accountId].map((accountId) =>
    call.event(
      "member.create",
      { type: "member", id: answer.id },
      { accountId, changes: diffFields({}, answer) },
    ),
  );

/**
 * For roles that no member of the account may give, such as further managers of a dealer, users of a
 * sub-dealer and aggregators.
 */
const add = endpoint(
  {
    method: "POST",
    path: "/v1/accounts/:id/members",
    operationId: "createAccountMember",
    tag: "Accounts",
    right: "account.manage",
    status: 201,
    summary: "Platform: add a member to an account, with any role of its model.",
    body: Body,
    answer: CreatedMember,
    idempotency: "optional",
    problems: [
      "conflict/duplicate-member",
      "conflict/duplicate-invitation",
      "conflict/member-limit",
      "plan/feature-required",
    ],
  },
  async (call) => {
    const [account, [parent]] = await loadTenant(call, findParent(call.db, call.params["id"] ?? ""));
    const { notify, ...body } = await call.body();
    const { settings, switches } = resolveSettings(account, parent?.settings ?? null);
    const preset = presetWithSwitches(account.kind, switches);
    requireValidAccess(preset, call.principal.types, body);
    requirePlanForRoles(call, account, preset, body.roles);
    const limit = memberLimit(account.plan, preset);
    const row = newMemberRow(call, account.id, body);
    const answer = memberCard(row, [], account);
    const unsent = newInvitation(call, row);
    const { invitation, mails } = notify
      ? await prepareInvitationMail(call, row, unsent, { name: account.name, preset, settings })
      : { invitation: unsent, mails: [] };
    const permit = requestPermit(
      call,
      { kind: "entry", memberId: row.id, access: accessOf(row, [], []) },
      "platform",
    );
    const firstKeyClaim = isKeyless(preset, row.roles)
      ? null
      : createFirstClaim(call, permit, { member: row, account: claimAccountOf(account) });
    return call.commit(
      {
        statements: [
          ...(limit === Infinity ? [] : [guardMemberLimit(call.db, account.id, limit)]),
          ...insertMember(call.db, permit, row, [], preset.hasLoginNumbers === true),
          insertInvitation(call.db, permit, invitation),
          ...(firstKeyClaim?.statements ?? []),
        ],
        mails,
        events: createEventsOfBoth(call, account.id, answer),
        ...(preset.hasLoginNumbers
          ? { generated: { member: "login", value: generatedLoginOf(row.id) } }
          : {}),
        guardProblems: { member_limit: memberLimitProblem(account.plan, preset) },
        duplicateProblems: {
          [MEMBER_EMAIL_COLUMNS]: "conflict/duplicate-member",
          [INVITATION_EMAIL_COLUMNS]: "conflict/duplicate-invitation",
        },
      },
      {
        status: 201,
        replay: answer,
        body: { ...answer, ...(firstKeyClaim === null ? {} : { claim: firstKeyClaim.claim }) },
        headers: { ETag: versionEtag(row.version), Location: `/v1/members/${row.id}` },
      },
    );
  },
);

/**
 * For when the answer was lost, or the claim has run out. Perhaps no member of the account is able to make
 * this member a key.
 */
const reissue = endpoint(
  {
    method: "POST",
    path: "/v1/accounts/:id/members/:memberId/claims",
    operationId: "createAccountMemberClaim",
    tag: "Accounts",
    right: "account.manage",
    status: 201,
    summary:
      "Platform: a new claim for a member's key. The older claim ends. " +
      "It is mailed to a member who signs in by mail.",
    query: ClaimQuery,
    answer: OwnerClaim,
    problems: ["conflict/state"],
  },
  async (call) => {
    const memberId = call.params["memberId"] ?? "";
    const [account, [found]] = await loadTenant(call, findMember(call.db, call.params["id"] ?? "", memberId));
    if (found === undefined) throw new Problem("not-found");
    const holdings = { ...found.row, ...found };
    const permit = requestPermit(call, { kind: "key", memberId, holdings, terms: UNRESTRICTED }, "platform");
    return reissueClaim(call, permit, account, found.row, call.query().revokeKeys === "true");
  },
);

export const accountMemberEndpoints = [add, reissue];
