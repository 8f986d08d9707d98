import { z } from "zod";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { findRecords } from "../../gate/calls/idempotency.store.ts";
import { validate } from "../../kernel/http/validate.ts";
import type { IdempotencyRecord } from "../../kernel/http/idempotency.ts";
import { Problem, PROBLEMS } from "../../kernel/http/problem.ts";
import { problemBody } from "../../kernel/http/problem-body.ts";
import { requireInvitingAllowed } from "../members/member.load.ts";
import { createInvitation, CreatedInvitation } from "./invitation.change.ts";
import { NewInvitationBody } from "./new-member-body.load.ts";

/** Rows of one call at most. */
const ROWS_MAX = 100;

const Body = z
  .strictObject({
    invitations: z
      .array(z.record(z.string(), z.unknown()))
      .min(1)
      .max(ROWS_MAX)
      .describe("Each as POST /v1/invitations takes it, without dryRun."),
  })
  .meta({ id: "InvitationBatch" });

const ResultRow = z
  .object({
    index: z.number().int(),
    status: z.number().int().describe("What POST /v1/invitations would have answered."),
    invitation: CreatedInvitation.optional(),
    problem: z
      .looseObject({ code: z.string(), status: z.number().int() })
      .optional()
      .describe("Why this row made nothing, as a refusal of POST /v1/invitations."),
  })
  .meta({ id: "InvitationResult" });

type RowResult = z.infer<typeof ResultRow>;

/**
 * Each row is a change of its own, remembered under the call's Idempotency-Key and its index. A wrong row
 * does not affect the others. A repeated call goes on where the first one broke off.
 */
const bulkInvite = endpoint(
  {
    method: "POST",
    path: "/v1/invitations/bulk",
    operationId: "createInvitations",
    tag: "Invitations",
    right: "member.create",
    status: 200,
    summary: "Invite up to 100 people by mail; each row is answered for itself.",
    body: Body,
    answer: z.object({ results: z.array(ResultRow) }).meta({ id: "InvitationBatchResult" }),
    localized: true,
    idempotency: "required",
  },
  async (call) => {
    await call.read();
    requireInvitingAllowed(call);
    call.requireRight("member.create");
    const { invitations } = await call.body();
    const earlierResults = await loadEarlierResults(
      call,
      invitations.map((_, index) => index),
    );
    const results: RowResult[] = [];
    for (const [index, row] of invitations.entries())
      results.push(earlierResults.get(index) ?? (await inviteRow(call, row, index)));
    return call.commit({ statements: [], events: [] }, { status: 200, body: { results } });
  },
);

const rowKey = (call: Call, index: number): string => `${call.idempotencyKey()}#${index}`;

/**
 * Rows that this command made before it broke off, or that the same command makes at the same time.
 * @throws Problem idempotency/mismatch
 */
async function loadEarlierResults(call: Call, indexes: readonly number[]): Promise<Map<number, RowResult>> {
  const [records] = await call.read(
    findRecords(
      call.db,
      call.principal.memberId,
      indexes.map((index) => rowKey(call, index)),
    ),
  );
  if (records.some(({ fingerprint }) => !call.isSameCommand(fingerprint)))
    throw new Problem("idempotency/mismatch");
  const byKey = new Map<string, IdempotencyRecord>(records.map((record) => [record.key, record]));
  return new Map(
    indexes.flatMap((index) => {
      const record = byKey.get(rowKey(call, index));
      return record === undefined
        ? []
        : [
            [
              index,
              { index, status: record.status, invitation: record.body as RowResult["invitation"] },
            ] as const,
          ];
    }),
  );
}

async function inviteRow(call: Call, row: unknown, index: number): Promise<RowResult> {
  try {
    const { status, body } = await createInvitation(call, validate(NewInvitationBody, row, "body"), {
      dryRun: false,
      part: String(index),
    });
    return { index, status, invitation: body as RowResult["invitation"] };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // The same call, running twice at once, refuses its own row. The row of the other run is the answer.
    const twinResult = (await loadEarlierResults(call, [index])).get(index);
    if (twinResult !== undefined) return twinResult;
    const outcome =
      error.code === "access/denied"
        ? "denied"
        : [402, 404, 409].includes(PROBLEMS[error.code].status)
          ? "failed"
          : null;
    if (outcome !== null)
      await call.recordRefusal(
        call.event("member.create", { type: "member", id: null }, { outcome, reason: error.code }),
      );
    return {
      index,
      status: PROBLEMS[error.code].status,
      problem: problemBody(
        error.code,
        error.extra,
        call.origin.requestId,
        call.language,
      ) as RowResult["problem"],
    };
  }
}

export const bulkInvitationEndpoints: readonly Endpoint[] = [bulkInvite];
