import { z } from "zod";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { findRecords } from "../../gate/calls/idempotency.store.ts";
import { validate } from "../../kernel/http/body.ts";
import type { IdempotencyRecord } from "../../kernel/http/idempotency.ts";
import { Problem, PROBLEMS } from "../../kernel/http/problem.ts";
import { problemBody } from "../../kernel/http/problem-body.ts";
import { requireInviting } from "../members/member.change.ts";
import { createInvitation, MadeInvitation } from "./invitation.change.ts";
import { WantedInvitation } from "./wanted.change.ts";

/** Rows of one call at most. */
const ROWS_MAX = 100;

const Body = z.strictObject({
  invitations: z
    .array(z.record(z.string(), z.unknown()))
    .min(1)
    .max(ROWS_MAX)
    .describe("Each as POST /v1/invitations takes it, without dryRun."),
});

const Row = z.object({
  index: z.number().int(),
  status: z.number().int().describe("What POST /v1/invitations would have answered."),
  invitation: MadeInvitation.optional(),
  problem: z
    .looseObject({ code: z.string(), status: z.number().int() })
    .optional()
    .describe("Why this row made nothing, as a refusal of POST /v1/invitations."),
});

type Result = z.infer<typeof Row>;

/**
 * Each row is a change of its own, remembered under the call's Idempotency-Key and its index. A wrong row
 * does not affect the others. A repeated call goes on where the first one broke off.
 */
const bulk = endpoint(
  {
    method: "POST",
    path: "/v1/invitations/bulk",
    tag: "Invitations",
    right: "member.create",
    status: 200,
    summary: "Invite up to 100 people by mail; each row is answered for itself.",
    body: Body,
    answer: z.object({ results: z.array(Row) }),
    idempotency: "required",
  },
  async (call) => {
    await call.read();
    requireInviting(call);
    call.requireRight("member.create");
    const { invitations } = await call.body();
    const made = await madeBefore(
      call,
      invitations.map((_, index) => index),
    );
    const results: Result[] = [];
    for (const [index, row] of invitations.entries())
      results.push(made.get(index) ?? (await one(call, row, index)));
    return call.commit({ statements: [], events: [] }, { status: 200, body: { results } });
  },
);

const partKey = (call: Call, index: number): string => `${call.idempotencyKey()}#${index}`;

/**
 * Rows that this command made before it broke off, or that the same command makes at the same time.
 * @throws Problem idempotency/mismatch
 */
async function madeBefore(call: Call, indexes: readonly number[]): Promise<Map<number, Result>> {
  const [records] = await call.read(
    findRecords(
      call.db,
      call.principal.memberId,
      indexes.map((index) => partKey(call, index)),
    ),
  );
  if (records.some(({ fingerprint }) => !call.isSameCommand(fingerprint)))
    throw new Problem("idempotency/mismatch");
  const byKey = new Map<string, IdempotencyRecord>(records.map((record) => [record.key, record]));
  return new Map(
    indexes.flatMap((index) => {
      const record = byKey.get(partKey(call, index));
      return record === undefined
        ? []
        : [
            [
              index,
              { index, status: record.status, invitation: record.body as Result["invitation"] },
            ] as const,
          ];
    }),
  );
}

async function one(call: Call, row: unknown, index: number): Promise<Result> {
  try {
    const { status, body } = await createInvitation(call, validate(WantedInvitation, row, "body"), {
      dryRun: false,
      part: String(index),
    });
    return { index, status, invitation: body as Result["invitation"] };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // The same call, running twice at once, refuses its own row. The row of the other run is the answer.
    const twin = (await madeBefore(call, [index])).get(index);
    if (twin !== undefined) return twin;
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
      problem: problemBody(error.code, error.extra, call.origin.requestId) as Result["problem"],
    };
  }
}

export const bulkEndpoints: readonly Endpoint[] = [bulk];
