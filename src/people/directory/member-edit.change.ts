import type { LoadedMember } from "../../gate/credentials/member.store.ts";
import { memberRef } from "../../access/decision.ts";
import { diffFields } from "../../audit/chain/difference.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import type { Call } from "../../gate/calls/call.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { omitUndefined } from "../../kernel/http/body.ts";
import { nextVersion } from "../../kernel/version.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { requireGrantsOfRoles } from "../rights/grant.load.ts";
import type { MemberRow } from "../members/member.card.ts";
import {
  requireSafeAddressRules,
  creditLimitOf,
  permitMember,
  requireNoUnseenGroupLoss,
  withLoginAllowed,
} from "../members/member.load.ts";
import { missingNames, usernameAfter } from "../members/person-name.ts";
import { requireKnownGroups } from "../rights/object-group.load.ts";
import { resolveRoles } from "../invitations/new-member-body.load.ts";
import type { MemberCardPatch } from "./member-patch.ts";
import { message } from "../../kernel/messages/message.ts";

interface MemberEdit {
  readonly after: MemberRow;
  readonly permit: Permit;
  /**
   * Other routes report some of these changes under event names of their own. Here they have the same names.
   */
  readonly events: readonly AuditEvent[];
}

/**
 * The member as the patch has it. What another route decides for a part of the card is decided here as there.
 * @throws Problem validation, access/denied, conflict/lockout, plan/feature-required
 */
export async function applyCardPatch(
  call: Call,
  loaded: LoadedMember,
  patch: MemberCardPatch,
): Promise<MemberEdit> {
  const { row, grants } = loaded;
  const { preset } = call.principal;
  const { loginAllowed, objectGroupIds, accountType } = patch;
  if (loginAllowed !== undefined) call.requireRight("member.block", memberRef(row.id));
  if (objectGroupIds !== undefined) call.requireRight("object_group.edit", memberRef(row.id));
  const requestedRoles =
    accountType === undefined
      ? patch.roles
      : resolveRoles(preset, { roles: patch.roles ?? [], role: undefined, accountType });
  const patched = patchRow(call, row, patch, requestedRoles);
  // A role that a switch has taken away is no fault of a change that leaves the roles alone.
  const roles = requestedRoles ?? row.roles.filter((role) => Object.hasOwn(preset.roles, role));
  const after = nextVersion(
    row,
    loginAllowed === undefined ? patched : withLoginAllowed(call, patched, loginAllowed),
    call.now,
  );
  // Older members may have a limit with roles that no longer go with one. They keep it, until a change names
  // roles, rights or limit.
  const changesAccess =
    requestedRoles !== undefined || patch.rights !== undefined || patch.creditLimit !== undefined;
  const creditLimit = changesAccess ? patched.creditLimit : null;
  const permit = await permitMember(call, loaded, after, grants, {
    roles,
    rights: patch.rights ?? [],
    creditLimit,
  });
  requireMissingNames(call, patch, patched);
  if (requestedRoles !== undefined)
    requireGrantsOfRoles(
      preset,
      patched.roles,
      grants,
      accountType === undefined ? "/roles" : "/accountType",
    );
  if (objectGroupIds !== undefined) {
    requireNoUnseenGroupLoss(call, row.objectGroupIds, objectGroupIds);
    await requireKnownGroups(call, objectGroupIds, "/objectGroupIds");
  }
  return { after, permit, events: namedEvents(call, row, after) };
}

/**
 * @param requestedRoles the roles that the patch names, if it names any
 * @throws Problem validation, conflict/lockout
 */
function patchRow(
  call: Call,
  row: MemberRow,
  patch: MemberCardPatch,
  requestedRoles: MemberCardPatch["roles"],
): MemberRow {
  const {
    allowAny,
    confirmLockout,
    loginAllowed: _,
    objectGroupIds,
    notifications,
    accountType: __,
    allowedIps,
    ...cardFields
  } = patch;
  const patched: MemberRow = {
    ...row,
    ...omitUndefined(cardFields),
    roles: requestedRoles ?? row.roles,
    objectGroupIds: objectGroupIds ?? row.objectGroupIds,
    notifications: { ...row.notifications, ...omitUndefined(notifications ?? {}) },
  };
  if (patch.username === undefined) patched.username = usernameAfter(row, patched);
  if (patched.email !== row.email) {
    [patched.emailVerifiedAt, patched.emailChange, patched.emailBy] = [
      null,
      row.version + 1,
      call.principal.memberId,
    ];
  }
  if (patch.creditLimit === undefined) patched.creditLimit = creditLimitOf(call.principal.preset, patched);
  if (allowedIps !== undefined)
    patched.allowedIps = requireSafeAddressRules(
      call,
      allowedIps,
      { allowAny, confirmLockout },
      row.id === call.principal.memberId,
    );
  return patched;
}

/**
 * Names that an invitation left out are asked for at the first edit by another member. A block edits nothing.
 * @throws Problem validation
 */
function requireMissingNames(
  call: Call,
  { allowAny: _, confirmLockout: __, loginAllowed: ___, ...edited }: MemberCardPatch,
  after: MemberRow,
): void {
  const missing = missingNames(after);
  if (missing.length === 0 || after.id === call.principal.memberId || Object.keys(edited).length === 0)
    return;
  throw new Problem("validation", {
    errors: missing.map((name) => ({
      pointer: `/${name}`,
      detail: message("members.leftOutByInvitation"),
    })),
  });
}

function namedEvents(call: Call, row: MemberRow, after: MemberRow): AuditEvent[] {
  const event = (action: "member.block" | "object_group.edit", was: object, is: object) =>
    call.event(action, { type: "member", id: row.id }, { changes: diffFields(was, is) });
  const { status, objectGroupIds } = after;
  return [
    ...(status === row.status ? [] : [event("member.block", { status: row.status }, { status })]),
    ...(objectGroupIds.join() === row.objectGroupIds.join()
      ? []
      : [event("object_group.edit", { objectGroupIds: row.objectGroupIds }, { objectGroupIds })]),
  ];
}
