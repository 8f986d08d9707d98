import { StaleStamp } from "../../access/stamp.ts";
import { guardStamp } from "../../access/stamp.store.ts";
import { stageEvent } from "../../audit/chain/outbox.store.ts";
import { gatherRefusal } from "../../audit/chain/refusal.store.ts";
import { failedGuard, isUniqueViolation, type Statement } from "../../kernel/db.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { completeGenerated, generatedFieldIn } from "./generated-value.change.ts";
import type { Call, Change } from "./call.ts";
import { IDEMPOTENCY_KEY_COLUMNS, insertRecord } from "./idempotency.store.ts";
import { loadMailQuotaProblem, enqueueMails } from "./mail-quota.change.ts";
import { WriteConflict } from "./turn.ts";

type CommitContext = Pick<Call, "db" | "env" | "now" | "principal" | "conflictPlace">;

/** The answer to remember under the call's Idempotency-Key. */
export interface AnswerToRemember {
  readonly key: string;
  readonly fingerprint: string;
  readonly answer: Answer;
}

/**
 * The one batch of a commit. The stamp's guard is first. The value that the batch generates is last.
 * @param remembered null where the call has no Idempotency-Key, or keeps its own record
 */
export function commitStatements(
  { db, env, now, principal }: CommitContext,
  change: Change,
  remembered: AnswerToRemember | null,
): Statement[] {
  const { generated, events, mails = [], refusalEvents = [] } = change;
  const { SIGNING_KEYS } = env;
  return [
    guardStamp(db, principal.stamp),
    ...(remembered === null ? [] : [recordStatement({ db, now, principal }, remembered)]),
    ...change.statements,
    ...events.map((event) => stageEvent(db, SIGNING_KEYS, event, generatedFieldIn(event, generated))),
    ...refusalEvents.flatMap((event) => gatherRefusal(db, SIGNING_KEYS, event)),
    ...enqueueMails({ db, env, now }, mails, principal.ownAccount),
    ...completeGenerated(db, principal.memberId, change, remembered?.key ?? null),
  ];
}

const recordStatement = (
  { db, now, principal }: Pick<CommitContext, "db" | "now" | "principal">,
  { key, fingerprint, answer }: AnswerToRemember,
): Statement =>
  insertRecord(db, {
    principal: principal.memberId,
    key,
    fingerprint,
    status: answer.status,
    body: answer.replay ?? answer.body ?? null,
    createdAt: now,
  });

/** What to throw for a commit that failed: `StaleStamp` and `WriteConflict` start another run. */
export async function toCommitError(call: CommitContext, error: unknown, change: Change): Promise<unknown> {
  const failed = failedGuard(error);
  if (failed === "stale") return new StaleStamp();
  if (failed === "changed") return new WriteConflict(call.conflictPlace);
  // The other change is written by now. The next run finds it.
  if (
    [IDEMPOTENCY_KEY_COLUMNS, ...(change.retryOnDuplicate ?? [])].some((columns) =>
      isUniqueViolation(error, columns),
    )
  )
    return new WriteConflict(null);
  const tooMany = await loadMailQuotaProblem(call, failed, call.principal.ownAccount);
  if (tooMany !== null) return tooMany;
  const code = failed === null ? undefined : change.guardProblems?.[failed];
  if (code !== undefined) return code instanceof Problem ? code : new Problem(code);
  const duplicate = Object.entries(change.duplicateProblems ?? {}).find(([columns]) =>
    isUniqueViolation(error, columns),
  );
  return duplicate === undefined ? error : new Problem(duplicate[1]);
}
