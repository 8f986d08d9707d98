import { canGiveAssignment } from "../../access/assignment.ts";
import { decide } from "../../access/decision.ts";
import { isReservedName } from "../../access/reserved-name.ts";
import { bumpAccount } from "../../access/stamp.store.ts";
import type { Changes } from "../../audit/chain/difference.ts";
import type { Call } from "../../gate/calls/call.ts";
import type { Principal } from "../../gate/principals/principal.ts";
import type { Statement } from "../../kernel/db.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { areNamesAlike } from "../../kernel/text/look-alike.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import type { RoleRow } from "../../kernel/schema/team.ts";
import { findRoles, ROLE_NAME_COLUMNS } from "./role.store.ts";
import { message } from "../../kernel/messages/message.ts";

/** Custom roles an account has at most. */
export const ROLES_MAX = 100;

type RoleContent = Pick<RoleRow, "rights" | "grants">;

/** Custom roles are shown to members who may view members or edit roles. */
export const canSeeCustomRoles = ({ grantSet }: Principal): boolean =>
  decide(grantSet, "member.view").allowed || decide(grantSet, "role.edit").allowed;

/** Everything that the role gives, the caller holds too. What the model does not know gives nothing. */
export function isWithinOwnRights(
  { ownAccount, member, grantSet, accountId, preset, types }: Principal,
  { rights, grants }: RoleContent,
): boolean {
  const modelRights = rights.filter((right) => preset.rights.has(right as never));
  return canGiveAssignment(
    { preset: ownAccount.preset, roles: member.roles, grantSet },
    { roles: [], customRoles: [], rights: modelRights, grants, creditLimit: null },
    accountId,
    preset,
    types,
  );
}

/**
 * One guarded read of a custom role. @param forChange to change it: the caller must hold all of it @throws
 * Problem not-found, access/denied
 */
export async function loadRole(call: Call, forChange: boolean): Promise<RoleRow> {
  const [[found]] = await call.read(findRoles(call.db, call.principal.accountId, [call.params["id"] ?? ""]));
  if (!canSeeCustomRoles(call.principal)) call.requireRight("member.view", undefined, true);
  if (forChange) call.requireRight("role.edit");
  if (found === undefined) throw new Problem("not-found");
  if (forChange && !isWithinOwnRights(call.principal, found))
    throw new Problem("access/denied", { detail: message("members.strongerRole") });
  return found;
}

/**
 * No two roles of an account have names that a reader takes for the same, and none is called like one of the
 * model. A role from before keeps its name. Changes of roles at once are kept apart by `saveRole`. @throws
 * Problem validation, conflict/duplicate
 */
export function requireDistinctRoleName(
  { principal }: Call,
  rows: readonly RoleRow[],
  { id, name }: RoleRow,
): void {
  if (isReservedName(principal.preset.model, name))
    throw invalidField("/name", message("members.reservedName"));
  if (rows.some((row) => row.id !== id && areNamesAlike(row.name, name)))
    throw new Problem("conflict/duplicate");
}

/**
 * Writes a role, so that it applies from the next call of each member who has it. That also separates two
 * simultaneous changes of roles: the second finds the account changed and starts again.
 */
export function saveRole(
  call: Call,
  id: string,
  statements: readonly Statement[],
  changes: Changes,
  answer: Answer,
): Promise<Answer> {
  return call.commit(
    {
      statements: [...statements, ...bumpAccount(call.db, call.principal.accountId)],
      events: [call.event("role.edit", { type: "role", id }, { changes })],
      guardProblems: { has_dependents: "conflict/not-removable" },
      duplicateProblems: { [ROLE_NAME_COLUMNS]: "conflict/duplicate" },
    },
    answer,
  );
}
