import { z } from "zod";
import { Stale } from "../access/stamp.ts";
import { type Call, type Endpoint, endpoint } from "../identity/call.ts";
import type { Answer } from "../kernel/operation.ts";
import { findMember } from "../identity/member.store.ts";
import { requireAuthorityToStop, requireUnrestricted, stopsEveryMember } from "../identity/refusal.change.ts";
import { invalid, Problem, stale } from "../kernel/problem.ts";
import { loadMember, refuseUnseenLoss } from "../team/member.change.ts";
import {
  type Departure, farewell, finishCharges, type Found, holdStill, loadOwned, refuseOwnerAndSelf, removalEvents, removalStatements, settleTasks,
} from "./removal.change.ts";
import { TASK_FATES } from "./removal.ts";

export const RemovalQuery = z.strictObject({
  tasks: z.enum(TASK_FATES).optional().describe("Agencies only: what becomes of the member's tasks. `transfer` makes them the account owner's."),
});

/** What others do meanwhile, a removal waits for so often before the caller has to ask again. */
const ROUNDS_MAX = 8;
/** And for what the member begins anew each time, so often. */
const PATIENT_ROUNDS = 3;

/** A change that costs credits is neither cut in two nor paid without its object. */
const UNPAID = stale();

/** Null: the member or the tasks have changed since they were read, or something was unpaid: try again. */
async function removeOnce(
  call: Call, found: Found, departure: Departure, round: number, held: { version: number | null },
): Promise<Answer | null> {
  const { row, grants } = found;
  // The caller could not know of the block that this call made itself.
  if (row.version !== held.version) call.ifMatch(row.version);
  refuseOwnerAndSelf(call, row, departure);
  if (!departure.isLeaving && !stopsEveryMember(call.principal)) refuseUnseenLoss(call, grants, []);
  const tasks = await settleTasks(call, found, departure);
  const owned = { tasks, owned: await loadOwned(call, row) };
  const statements = await removalStatements(call, row, owned, departure);
  try {
    return await call.commit({
      statements, events: removalEvents(call, found, owned, departure),
      letters: await farewell(call, row, departure),
      refusals: { last_admin: "conflict/last-admin", charges_pending: UNPAID },
    }, { status: 204 });
  } catch (error) {
    // A member who leaves is not blocked: a blocked member could not go on with this call.
    const isToBeHeld = error === UNPAID && round === PATIENT_ROUNDS && !departure.isLeaving;
    if (isToBeHeld) held.version = await holdStill(call, found);
    if (error === UNPAID) await finishCharges(call, row, tasks);
    if (round === ROUNDS_MAX || !(error === UNPAID || error instanceof Stale)) throw error;
    return null;
  }
}

/** @param load reads the member for each try @param departure is asked once the caller's authority is known */
async function removeMember(call: Call, load: () => Promise<Found>, departure: () => Departure): Promise<Answer> {
  const held = { version: null };
  for (let round = 1; ; round += 1) {
    const found = await load();
    const answer = await removeOnce(call, found, departure(), round, held);
    if (answer !== null) return answer;
  }
}

/** Removes the member that the path names, for a caller with authority over it. */
export function removeNamed(call: Call<unknown, z.infer<typeof RemovalQuery>>): Promise<Answer> {
  const load = () => loadMember(call as Call, "member.delete", requireAuthorityToStop);
  return removeMember(call as Call, load, () => {
    const { tasks: fate = null } = call.query();
    if (fate !== null && call.principal.preset.removal !== "tasks") {
      throw invalid("tasks", "is for accounts whose members own tasks: leave it out");
    }
    return { isLeaving: false, fate };
  });
}

const remove = endpoint({
  method: "DELETE", path: "/v1/members/:id", tag: "Members", right: "member.delete", status: 204,
  summary: "Remove a member for good, with keys, sessions, grants and hooks; the trail and the ledger stay. Whether the member has to be blocked and emptied first depends on the account's model.",
  query: RemovalQuery, ifMatch: "optional", problems: ["conflict/not-removable", "conflict/last-admin", "conflict/lockout"],
}, removeNamed);

/** The caller as a member of their own account. @throws Problem conflict/state */
async function loadSelf(call: Call): Promise<Found> {
  const { accountId, home, memberId } = call.principal;
  const [[found]] = await call.read(findMember(call.db, home.accountId, memberId));
  if (found === undefined) throw new Problem("not-found");
  if (accountId !== home.accountId) {
    throw new Problem("conflict/state", { detail: "You leave your own account: send no Tollgate-Account." });
  }
  requireUnrestricted(call.principal, "Leaving cannot be undone.");
  return found;
}

const leave = endpoint({
  method: "POST", path: "/v1/me/leave", tag: "Members", right: "self", status: 204, withoutPlan: true,
  summary: "Leave your account for good, with a session or an unrestricted key. Your keys, sessions, grants and hooks end. "
    + "What you own becomes the account owner's.",
  problems: ["conflict/last-admin", "conflict/state"],
}, (call) => removeMember(call, () => loadSelf(call), () => ({ isLeaving: true, fate: "transfer" })));

export const removalEndpoints: readonly Endpoint[] = [remove, leave];
