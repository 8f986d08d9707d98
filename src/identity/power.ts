import { mayManage, type Target } from "../access/invite.ts";
import { presetOf } from "../access/model.ts";
import type { Right } from "../access/right.ts";
import type { Principal } from "./principal.ts";

/** Whether the caller may edit, block or make keys for a member with these roles, rights and grants. */
export const hasPowerOver = ({ account, member, grantSet }: Principal, target: Target): boolean =>
  mayManage(presetOf(account.kind), { roles: member.roles, holds: (right) => grantSet.reaches.has(right as Right) }, target);
