import { z } from "zod";
import { Stale } from "../access/stamp.ts";
import { type Call, type Endpoint, endpoint } from "../identity/call.ts";
import type { Answer } from "../kernel/operation.ts";
import { invalid, stale } from "../kernel/problem.ts";
import { loadMember, refuseUnseenLoss } from "../team/member.change.ts";
import { farewell, finishCharges, holdStill, loadOwned, refuseOwnerAndSelf, removalEvents, removalStatements, settleTasks } from "./removal.change.ts";
import { TASK_FATES } from "./removal.ts";

const Query = z.strictObject({
  tasks: z.enum(TASK_FATES).optional().describe("Agencies only: what becomes of the member's tasks. `transfer` makes them the account owner's."),
});

/** What others do meanwhile, a removal waits for so often before the caller has to ask again. */
const ROUNDS_MAX = 8;
/** And for what the member begins anew each time, so often. */
const PATIENT_ROUNDS = 3;

/** A change that costs credits is neither cut in two nor paid without its object. */
const UNPAID = stale();

/** Null: the member or the tasks are others by now than were read, or something was unpaid, and it has to be tried once more. */
async function removeOnce(call: Call<unknown, z.infer<typeof Query>>, round: number, held: { version: number | null }): Promise<Answer | null> {
  const found = await loadMember(call, "member.delete");
  const { row, grants } = found;
  const { tasks: fate = null } = call.query();
  if (fate !== null && call.principal.preset.removal !== "tasks") throw invalid("tasks", "is for accounts whose members own tasks: leave it out");
  // Of the block that this call itself made, the caller could not know.
  if (row.version !== held.version) call.ifMatch(row.version);
  refuseOwnerAndSelf(call, row);
  refuseUnseenLoss(call, grants, []);
  const tasks = await settleTasks(call, found, fate);
  const owned = { tasks, owned: await loadOwned(call, row) };
  const statements = await removalStatements(call, row, owned, fate);
  try {
    return await call.commit({
      statements, events: removalEvents(call, found, owned, fate), letters: await farewell(call, row),
      refusals: { last_admin: "conflict/last-admin", charges_pending: UNPAID },
    }, { status: 204 });
  } catch (error) {
    if (error === UNPAID && round === PATIENT_ROUNDS) held.version = await holdStill(call, row);
    if (error === UNPAID) await finishCharges(call, row, tasks);
    if (round === ROUNDS_MAX || !(error === UNPAID || error instanceof Stale)) throw error;
    return null;
  }
}

const remove = endpoint({
  method: "DELETE", path: "/v1/members/:id", tag: "Members", right: "member.delete", status: 204,
  summary: "Remove a member for good, with keys, sessions, grants and hooks; the trail and the ledger stay. Whether the member has to be blocked and emptied first depends on the account's model.",
  query: Query, ifMatch: "optional", problems: ["conflict/not-removable", "conflict/last-admin", "conflict/lockout"],
}, async (call) => {
  const held = { version: null };
  for (let round = 1; ; round += 1) {
    const answer = await removeOnce(call, round, held);
    if (answer !== null) return answer;
  }
});

export const removalEndpoints: readonly Endpoint[] = [remove];
