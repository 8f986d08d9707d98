import type { LoadedMember } from "../../gate/credentials/member.store.ts";
import { givableRoles, isCustomRole } from "../../access/role-giving.ts";
import type { Right } from "../../access/right.ts";
import { hasJoined } from "../../gate/calls/joined-member.ts";
import type { Call } from "../../gate/calls/call.ts";
import { canStopEveryMember } from "../../gate/calls/required-authority.ts";
import { loadSecurityMails } from "../../gate/calls/security-mail.load.ts";
import type { Statement } from "../../kernel/db.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import { completePendingCharge } from "../../resources/charge-payment.change.ts";
import { findPendingOfMember, guardNoPendingCharge } from "../../resources/charge.store.ts";
import { rememberIdentifiers } from "../members/blocklist.store.ts";
import { loadBlockMails } from "../members/access-mail.load.ts";
import { OWNER_STAYS_DETAIL } from "../members/member.load.ts";
import type { MemberRow } from "../members/member.card.ts";
import { permitMember } from "../members/member.load.ts";
import { guardMember, guardTopRole, updateMember } from "../members/member.store.ts";
import { endOfferTo } from "../../gate/credentials/ownership-offer.store.ts";
import {
  MEMBER_LICENSE_TYPE,
  removalBlockers,
  type OwnedTask,
  type OwnedObject,
  TASK_TYPE,
  type TaskFate,
  typesWithOwners,
} from "./removal.ts";
import {
  deleteMember,
  deleteTasks,
  findEmailsOf,
  findOwnedObjects,
  findTasks,
  guardOwnedObjects,
  guardTasks,
  handOver,
} from "./removal.store.ts";
import { message } from "../../kernel/messages/message.ts";

/** What the member owns, as it was read. */
export interface OwnedObjects {
  readonly tasks: readonly OwnedTask[];
  readonly others: readonly OwnedObject[];
}

/** A batch of D1 takes no more in one go. */
export const TASKS_MAX = 10_000;

/** How a member goes: removed by another, or by themselves. */
export interface Departure {
  readonly isLeaving: boolean;
  /** What becomes of the member's tasks; null: it was not said. */
  readonly fate: TaskFate | null;
}

/**
 * The account's owner always stays. A member who wants to go leaves.
 * @throws Problem conflict/last-admin, conflict/lockout
 */
export function requireRemovable({ principal }: Call, row: MemberRow, { isLeaving }: Departure): void {
  if (row.id === principal.targetAccount.ownerMemberId)
    throw new Problem("conflict/last-admin", { detail: OWNER_STAYS_DETAIL });
  if (row.id === principal.memberId && !isLeaving) {
    throw new Problem("conflict/lockout", {
      detail: message("members.removeSelf"),
    });
  }
}

/**
 * What has to be gone before the removal: the owner and the platform need not take first what they have no
 * way to take.
 */
function remainingAccess({ principal }: Call, { row, grants }: LoadedMember) {
  const { ownAccount, accountId, member } = principal;
  if (!canStopEveryMember(principal)) return { row, grants };
  // By the roles, not by the key: a key with fewer rights must not skip a step.
  const canEdit = (right: Right) =>
    accountId === ownAccount.accountId &&
    member.roles.some((role) => ownAccount.preset.roles[role]?.rights[right] !== undefined);
  const givable = givableRoles(ownAccount.preset, member.roles);
  const canEditCard = canEdit("member.edit");
  return {
    row: {
      status: row.status,
      roles: canEditCard ? row.roles.filter((role) => isCustomRole(role) || givable.has(role)) : [],
      rights: canEditCard ? row.rights : [],
      objectGroupIds: canEdit("object_group.edit") ? row.objectGroupIds : [],
    },
    grants: canEdit("grant.edit") ? grants : [],
  };
}

/**
 * The tasks that go with the member or on to the owner, if that was decided and may be done.
 * @throws Problem conflict/not-removable, access/denied
 */
export async function loadRemovableTasks(
  call: Call,
  found: LoadedMember,
  { isLeaving, fate }: Departure,
): Promise<readonly OwnedTask[]> {
  const { row } = found;
  const { removal } = call.principal.preset;
  const tasks =
    removal === "tasks" ? (await call.read(findTasks(call.db, row.accountId, row.id, TASKS_MAX + 1)))[0] : [];
  const remaining = remainingAccess(call, found);
  const blocking = isLeaving
    ? []
    : removalBlockers(removal, remaining.row, remaining.grants, tasks.length > 0 && fate === null);
  if (blocking.length > 0) {
    const detail = blocking.includes("tasks")
      ? message("members.ownsTasks")
      : message("members.blockAndTakeAway");
    throw new Problem("conflict/not-removable", { detail, extensions: { blocking } });
  }
  if (tasks.length > TASKS_MAX)
    throw new Problem("conflict/not-removable", {
      detail: message("members.tasksMax", { max: TASKS_MAX }),
      extensions: { blocking: ["tasks"] },
    });
  // Other members who may remove members need not be allowed to do this to tasks.
  if (isLeaving || canStopEveryMember(call.principal)) return tasks;
  for (const task of tasks) call.requireRight(fate === "delete" ? "task.delete" : "task.edit", task);
  return tasks;
}

/** What else would be left without an owner, or ends with the member. */
const otherOwnedTypes = ({ principal: { preset } }: Call): ReadonlySet<string> =>
  new Set([...typesWithOwners(preset), MEMBER_LICENSE_TYPE].filter((type) => type !== TASK_TYPE));

/** What is handed over, or ends, beside the tasks. */
export async function loadOtherOwned(call: Call, row: MemberRow): Promise<readonly OwnedObject[]> {
  const [owned] = await call.read(findOwnedObjects(call.db, row.accountId, row.id, otherOwnedTypes(call)));
  return owned;
}

/** Another active member holds the top role too. */
const guardLastTopRole = (
  {
    db,
    principal: {
      preset: { topRole },
    },
  }: Call,
  row: MemberRow,
): Statement[] =>
  row.status === "active" && row.roles.includes(topRole)
    ? [guardTopRole(db, row.accountId, row.id, topRole)]
    : [];

/** Everything that a removal writes, conditions first. */
export async function removalStatements(
  call: Call,
  row: MemberRow,
  { tasks, others }: OwnedObjects,
  { fate }: Departure,
): Promise<Statement[]> {
  const {
    db,
    now,
    principal: { targetAccount, preset },
  } = call;
  const { accountId, id } = row;
  const ids = tasks.map((task) => task.id);
  const [addresses] = await call.read(findEmailsOf(db, row));
  return [
    guardMember(db, row),
    ...guardLastTopRole(call, row),
    guardTasks(db, accountId, id, ids),
    guardOwnedObjects(
      db,
      accountId,
      id,
      otherOwnedTypes(call),
      others.map((one) => one.id),
    ),
    guardNoPendingCharge(db, accountId, id, ids),
    ...(fate === "delete" && ids.length > 0 ? deleteTasks(db, accountId, id, ids) : []),
    ...handOver(db, accountId, id, targetAccount.ownerMemberId, typesWithOwners(preset), now),
    rememberIdentifiers(
      db,
      accountId,
      id,
      [row, ...addresses.map(({ email }) => ({ email, externalId: null }))],
      now,
    ),
    deleteMember(db, row),
  ];
}

/** A member who never came in gets no mail about the end of what never began. */
export const loadFarewellMails = async (
  call: Call,
  row: MemberRow,
  { isLeaving }: Departure,
): Promise<MailMessage[]> =>
  hasJoined(row) ? loadSecurityMails(call, row.id, isLeaving ? "left" : "removed") : [];

/**
 * Blocks a member who goes on starting changes that cost credits, so that the removal can follow.
 * @returns the version of the card from then on
 */
export async function blockBeforeRemoval(call: Call, found: LoadedMember): Promise<number> {
  const { row, grants } = found;
  if (row.status === "blocked") return row.version;
  const after: MemberRow = { ...row, status: "blocked", blockedAt: call.now, updatedAt: call.now };
  const changes = { before: { status: row.status }, after: { status: after.status } };
  const permit = await permitMember(call, found, after, grants);
  await call.commit(
    {
      statements: [
        guardMember(call.db, row),
        ...guardLastTopRole(call, row),
        endOfferTo(call.db, row.id),
        updateMember(call.db, permit, after),
      ],
      events: [call.event("member.block", { type: "member", id: row.id }, { changes })],
      mails: await loadBlockMails(call, row, after),
      guardProblems: { last_admin: "conflict/last-admin" },
    },
    { status: 204 },
  );
  return row.version + 1;
}

/** What the member began and has not paid yet is brought to its end. */
export async function completeMemberCharges(
  call: Call,
  row: MemberRow,
  tasks: readonly OwnedTask[],
): Promise<void> {
  const pending = await findPendingOfMember(
    call.db,
    row.accountId,
    row.id,
    tasks.map(({ id }) => id),
  );
  for (const one of pending)
    await completePendingCharge(call.env, call.db, one, call.now, (work) => call.defer(work));
}
