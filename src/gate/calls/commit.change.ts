import { Stale } from "../../access/stamp.ts";
import { guardStamp } from "../../access/stamp.store.ts";
import { stage } from "../../audit/chain/outbox.store.ts";
import { gather } from "../../audit/chain/refusal.store.ts";
import { failedGuard, failedUnique, type Statement } from "../../kernel/db.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { completion, openIn } from "./assigned.change.ts";
import type { Call, Change } from "./call.ts";
import { IDEMPOTENCY_KEY, insertRecord } from "./idempotency.store.ts";
import { mailRefusal, postLetters } from "./post-letters.change.ts";
import { Met } from "./turn.ts";

type Committing = Pick<Call, "db" | "env" | "now" | "principal" | "place">;

/** The answer to remember under the call's Idempotency-Key. */
export interface Remembered {
  readonly key: string;
  readonly fingerprint: string;
  readonly answer: Answer;
}

/**
 * The one batch of a commit. The stamp's guard is first. The value that the batch generates is last.
 * @param remembered null where the call has no Idempotency-Key, or keeps its own record
 */
export function commitStatements(
  { db, env, now, principal }: Committing,
  change: Change,
  remembered: Remembered | null,
): Statement[] {
  const { assigned, events, letters = [], refused = [] } = change;
  const { SIGNING_KEYS } = env;
  return [
    guardStamp(db, principal.stamp),
    ...(remembered === null ? [] : [recordStatement({ db, now, principal }, remembered)]),
    ...change.statements,
    ...events.map((event) => stage(db, SIGNING_KEYS, event, openIn(event, assigned))),
    ...refused.flatMap((event) => gather(db, SIGNING_KEYS, event)),
    ...postLetters({ db, env, now }, letters, principal.home),
    ...completion(db, principal.memberId, change, remembered?.key ?? null),
  ];
}

const recordStatement = (
  { db, now, principal }: Pick<Committing, "db" | "now" | "principal">,
  { key, fingerprint, answer }: Remembered,
): Statement =>
  insertRecord(db, {
    principal: principal.memberId,
    key,
    fingerprint,
    status: answer.status,
    body: answer.replay ?? answer.body ?? null,
    createdAt: now,
  });

/** What to throw for a commit that failed: `Stale` and `Met` start another run. */
export async function commitRefusal(call: Committing, error: unknown, change: Change): Promise<unknown> {
  const failed = failedGuard(error);
  if (failed === "stale") return new Stale();
  if (failed === "changed") return new Met(call.place);
  // The other change is written by now. The next run finds it.
  if ([IDEMPOTENCY_KEY, ...(change.again ?? [])].some((columns) => failedUnique(error, columns)))
    return new Met(null);
  const tooMany = await mailRefusal(call, failed, call.principal.home);
  if (tooMany !== null) return tooMany;
  const code = failed === null ? undefined : change.refusals?.[failed];
  if (code !== undefined) return code instanceof Problem ? code : new Problem(code);
  const duplicate = Object.entries(change.duplicates ?? {}).find(([columns]) => failedUnique(error, columns));
  return duplicate === undefined ? error : new Problem(duplicate[1]);
}
