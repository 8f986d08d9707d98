import type { LoadedMember } from "../../gate/credentials/member.store.ts";
import { z } from "zod";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { WriteConflict } from "../../gate/calls/turn.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { findMember } from "../../gate/credentials/member.store.ts";
import {
  requireAuthorityToStop,
  requireUnrestrictedKey,
  canStopEveryMember,
} from "../../gate/calls/required-authority.ts";
import { invalidParameter, Problem, staleProblem } from "../../kernel/http/problem.ts";
import { loadMember, requireNoUnseenGrantLoss } from "../members/member.load.ts";
import {
  type Departure,
  loadFarewellMails,
  completeMemberCharges,
  blockBeforeRemoval,
  loadOtherOwned,
  requireRemovable,
  removalStatements,
  loadRemovableTasks,
} from "./removal.change.ts";
import { removalEvents } from "./removal-event.change.ts";
import { TASK_FATES } from "./removal.ts";
import { message } from "../../kernel/messages/message.ts";

export const RemovalQuery = z.strictObject({
  tasks: z
    .enum(TASK_FATES)
    .optional()
    .describe(
      "Agencies only: what becomes of the member's tasks. `transfer` makes them the account owner's.",
    ),
});

/** In this run, a member who begins something new each time is blocked first. */
const PATIENT_RUNS = 3;

/** A change that costs credits is neither cut in two nor paid without its object. */
const CHARGES_PENDING = staleProblem();

/** Under this name a run leaves to the next one the version of the card that its own block made. */
const BLOCKED_VERSION = "removal.held";

/**
 * @throws WriteConflict when the member or the tasks have changed since they were read, or something was
 * unpaid
 */
async function tryRemove(call: Call, found: LoadedMember, departure: Departure): Promise<Answer> {
  const { row, grants } = found;
  // The caller could not know of the block that this call made itself.
  if (row.version !== call.runState.get(BLOCKED_VERSION)) call.ifMatch(row.version);
  requireRemovable(call, row, departure);
  if (!departure.isLeaving && !canStopEveryMember(call.principal)) requireNoUnseenGrantLoss(call, grants, []);
  const tasks = await loadRemovableTasks(call, found, departure);
  const owned = { tasks, others: await loadOtherOwned(call, row) };
  const statements = await removalStatements(call, row, owned, departure);
  try {
    return await call.commit(
      {
        statements,
        events: removalEvents(call, found, owned, departure),
        mails: await loadFarewellMails(call, row, departure),
        guardProblems: { last_admin: "conflict/last-admin", charges_pending: CHARGES_PENDING },
      },
      { status: 204 },
    );
  } catch (error) {
    if (error !== CHARGES_PENDING) throw error;
    // A member who leaves is not blocked: a blocked member could not go on with this call.
    const isPatient =
      call.runNumber < PATIENT_RUNS || call.runState.has(BLOCKED_VERSION) || departure.isLeaving;
    if (!isPatient) call.runState.set(BLOCKED_VERSION, await blockBeforeRemoval(call, found));
    await completeMemberCharges(call, row, tasks);
    throw new WriteConflict(call.conflictPlace);
  }
}

/** Removes the member that the path names, for a caller with authority over it. */
export async function removeMember(call: Call<unknown, z.infer<typeof RemovalQuery>>): Promise<Answer> {
  const found = await loadMember(call as Call, "member.delete", requireAuthorityToStop);
  const { tasks: fate = null } = call.query();
  if (fate !== null && call.principal.preset.removal !== "tasks") {
    throw invalidParameter("tasks", message("members.tasksParameter"));
  }
  return tryRemove(call as Call, found, { isLeaving: false, fate });
}

const remove = endpoint(
  {
    method: "DELETE",
    path: "/v1/members/:id",
    operationId: "deleteMember",
    tag: "Members",
    right: "member.delete",
    status: 204,
    summary:
      "Remove a member for good, with keys, sessions, grants and hooks; the trail and the ledger stay. " +
      "Whether the member has to be blocked and emptied first depends on the account's model.",
    query: RemovalQuery,
    ifMatch: "optional",
    problems: ["conflict/not-removable", "conflict/last-admin", "conflict/lockout"],
  },
  removeMember,
);

/** The caller as a member of their own account. @throws Problem conflict/state */
async function loadSelf(call: Call): Promise<LoadedMember> {
  const { accountId, ownAccount, memberId } = call.principal;
  const [[found]] = await call.read(findMember(call.db, ownAccount.accountId, memberId));
  if (found === undefined) throw new Problem("not-found");
  if (accountId !== ownAccount.accountId) {
    throw new Problem("conflict/state", { detail: message("members.leaveOwnAccount") });
  }
  requireUnrestrictedKey(call.principal, message("members.leavingIsFinal"));
  return found;
}

const leave = endpoint(
  {
    method: "POST",
    path: "/v1/me/leave",
    operationId: "leaveAccount",
    tag: "Members",
    right: "self",
    status: 204,
    allowedWithoutPlan: true,
    summary:
      "Leave your account for good, with a session or an unrestricted key. " +
      "Your keys, sessions, grants and hooks end. " +
      "What you own becomes the account owner's.",
    problems: ["conflict/last-admin", "conflict/state"],
  },
  async (call) => tryRemove(call, await loadSelf(call), { isLeaving: true, fate: "transfer" }),
);

export const removalEndpoints: readonly Endpoint[] = [remove, leave];
