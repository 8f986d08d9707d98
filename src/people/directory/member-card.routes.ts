import { z } from "zod";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { findMember } from "../../gate/credentials/member.store.ts";
import { requireAuthorityToStop, requireAuthorityOver } from "../../gate/calls/required-authority.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { INVITATION_EMAIL_COLUMNS } from "../invitations/invitation.store.ts";
import { isoOrNull } from "../../kernel/clock.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { MemberCard, memberCard } from "../members/member.card.ts";
import { loadMember, requireMember } from "../members/member.load.ts";
import { prepareMemberUpdate } from "../members/member-update.change.ts";
import { AssessmentCard, assessmentCard } from "./assessment.card.ts";
import { type AssessmentRow, listAssessments } from "./assessment.store.ts";
import { findMemberByLogin, findSignIn, type SignIn } from "./member-card.store.ts";
import { applyCardPatch } from "./member-edit.change.ts";
import { prepareEmailChange } from "./email-change.change.ts";
import { CardPatch, isOnlyRemoving } from "./member-patch.ts";

/** The card with the fields that no caller can edit. */
const FullMemberCard = MemberCard.extend({
  signInEmail: z
    .string()
    .nullable()
    .describe("The address that signs in as this member; null when no person does."),
  signInSince: z.string().nullable(),
  assessments: z.array(AssessmentCard).describe("The newest year first. The platform writes them."),
}).meta({ id: "MemberDetails", extends: "Member" });

function fullCardAnswer(
  call: Call,
  { row, grants }: Awaited<ReturnType<typeof findMember>>[number],
  signIn: SignIn | undefined,
  assessments: readonly AssessmentRow[],
): Answer {
  const signInFields = {
    signInEmail: signIn?.signInEmail ?? null,
    signInSince: isoOrNull(signIn?.signInSince ?? null),
  };
  const body = {
    ...memberCard(row, grants, call.principal.targetAccount),
    ...signInFields,
    assessments: assessments.map(assessmentCard),
  };
  return { status: 200, body, headers: { ETag: versionEtag(row.version) } };
}

const card = endpoint(
  {
    method: "GET",
    path: "/v1/members/:id",
    operationId: "getMember",
    tag: "Members",
    right: "member.view",
    status: 200,
    summary: "The card of a member.",
    answer: FullMemberCard,
  },
  async (call) => {
    const { accountId } = call.principal;
    const id = call.params["id"] ?? "";
    const [[found], [signIn], assessments] = await call.read(
      findMember(call.db, accountId, id),
      findSignIn(call.db, accountId, id),
      listAssessments(call.db, accountId, id),
    );
    return fullCardAnswer(call, requireMember(call, "member.view", id, found), signIn, assessments);
  },
);

const cardByLogin = endpoint(
  {
    method: "GET",
    path: "/v1/members/by-login/:login",
    operationId: "getMemberByLogin",
    tag: "Members",
    right: "member.view",
    status: 200,
    summary: "The same card, by the login of four digits.",
    answer: FullMemberCard,
  },
  async (call) => {
    const { accountId } = call.principal;
    const [[found]] = await call.read(findMemberByLogin(call.db, accountId, call.params["login"] ?? ""));
    const seen = requireMember(call, "member.view", found?.row.id ?? "", found);
    const [[signIn], assessments] = await call.read(
      findSignIn(call.db, accountId, seen.row.id),
      listAssessments(call.db, accountId, seen.row.id),
    );
    return fullCardAnswer(call, seen, signIn, assessments);
  },
);

const edit = endpoint(
  {
    method: "PATCH",
    path: "/v1/members/:id",
    operationId: "updateMember",
    tag: "Members",
    right: "member.edit",
    status: 200,
    summary:
      "Change a member's card: characteristics, roles and rights, object groups, addresses, limit, " +
      "and whether the login is allowed. The member's next call obeys.",
    body: CardPatch,
    answer: MemberCard,
    ifMatch: "required",
    problems: [
      "conflict/duplicate-member",
      "conflict/duplicate-invitation",
      "conflict/last-admin",
      "conflict/lockout",
      "plan/feature-required",
      "quota-exceeded",
    ],
  },
  async (call) => {
    const found = await loadMember(call, "member.edit", requireAuthorityToStop);
    const { row, grants } = found;
    const patch = await call.body();
    call.ifMatch(row.version);
    if (!isOnlyRemoving(row, patch)) requireAuthorityOver(call.principal, { ...row, ...found });
    const { after, permit, events } = await applyCardPatch(call, found, patch);
    const moved = await prepareEmailChange(call, found, after);
    const { targetAccount } = call.principal;
    const is = memberCard(after, grants, targetAccount);
    const { duplicateProblems, ...change } = await prepareMemberUpdate(
      call,
      permit,
      row,
      after,
      "member.edit",
      memberCard(row, grants, targetAccount),
      is,
      { statements: moved.statements, events: [...events, ...moved.events] },
    );
    return call.commit(
      {
        ...change,
        duplicateProblems: {
          ...duplicateProblems,
          [INVITATION_EMAIL_COLUMNS]: "conflict/duplicate-invitation",
        },
        mails: [...(change.mails ?? []), ...moved.mails],
      },
      {
        status: 200,
        body: is,
        headers: { ETag: versionEtag(after.version) },
      },
    );
  },
);

export const memberCardEndpoints: readonly Endpoint[] = [card, cardByLogin, edit];
