import { z } from "zod";
import { loadTenant } from "../../accounts/tenant.load.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { findMember } from "../../gate/credentials/member.store.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { loadSelfOrMember } from "../members/member.load.ts";
import { guardMember } from "../members/member.store.ts";
import { AssessmentCard, assessmentCard, NewAssessmentBody, parseYear } from "./assessment.card.ts";
import { listAssessments, upsertAssessment, removeAssessment } from "./assessment.store.ts";

const PATH = "/v1/accounts/:id/members/:memberId/assessments/:year";

/**
 * A member of a tenant with what was written of them so far.
 * @throws Problem access/denied, not-found, validation
 */
async function loadAssessedMember(call: Call) {
  const { id = "", memberId = "", year: text = "" } = call.params;
  const [, [member], assessments] = await loadTenant(
    call,
    findMember(call.db, id, memberId),
    listAssessments(call.db, id, memberId),
  );
  if (member === undefined) throw new Problem("not-found");
  const year = parseYear(text);
  return { row: member.row, year, before: assessments.find((each) => each.year === year) };
}

/** What the platform does to a tenant is in the trail of both. */
const eventsInBothChains = (
  call: Call,
  action: "assessment.edit" | "assessment.delete",
  accountId: string,
  id: string,
  changes: AuditEvent["changes"],
): AuditEvent[] =>
  [accountId, call.principal.accountId].map((chain) =>
    call.event(action, { type: "member", id }, { accountId: chain, changes }),
  );

const write = endpoint(
  {
    method: "PUT",
    path: PATH,
    operationId: "putAssessment",
    tag: "Accounts",
    right: "account.manage",
    status: 200,
    summary: "Platform: write a member's assessment of a year, in place of the one before.",
    body: NewAssessmentBody,
    answer: AssessmentCard,
  },
  async (call) => {
    const { row, year, before } = await loadAssessedMember(call);
    const { result } = await call.body();
    if (before?.result === result) return { status: 200, body: assessmentCard(before) };
    const written = {
      accountId: row.accountId,
      memberId: row.id,
      year,
      result,
      at: call.now,
      writtenBy: call.principal.memberId,
    };
    return call.commit(
      {
        statements: [guardMember(call.db, row), upsertAssessment(call.db, written)],
        events: eventsInBothChains(call, "assessment.edit", row.accountId, row.id, {
          before: before === undefined ? {} : { year, result: before.result },
          after: { year, result },
        }),
      },
      { status: 200, body: assessmentCard(written) },
    );
  },
);

const remove = endpoint(
  {
    method: "DELETE",
    path: PATH,
    operationId: "deleteAssessment",
    tag: "Accounts",
    right: "account.manage",
    status: 204,
    summary: "Platform: remove a member's assessment of a year.",
  },
  async (call) => {
    const { row, year, before } = await loadAssessedMember(call);
    if (before === undefined) throw new Problem("not-found");
    return call.commit(
      {
        statements: [guardMember(call.db, row), removeAssessment(call.db, before)],
        events: eventsInBothChains(call, "assessment.delete", row.accountId, row.id, {
          before: { year, result: before.result },
          after: {},
        }),
      },
      { status: 204 },
    );
  },
);

const list = endpoint(
  {
    method: "GET",
    path: "/v1/members/:id/assessments",
    operationId: "listMemberAssessments",
    tag: "Members",
    right: "member.view",
    status: 200,
    summary:
      "A member's yearly assessments, the newest first. The platform writes them. " +
      "About yourself without any right.",
    answer: z.object({ data: z.array(AssessmentCard) }).meta({ id: "AssessmentList" }),
  },
  async (call) => {
    const { row } = await loadSelfOrMember(call);
    const [rows] = await call.read(listAssessments(call.db, row.accountId, row.id));
    return { status: 200, body: { data: rows.map(assessmentCard) } };
  },
);

export const assessmentEndpoints: readonly Endpoint[] = [write, remove, list];
