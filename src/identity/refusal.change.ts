import { presetOf } from "../access/model.ts";
import { mayManage, type Target } from "../access/invite.ts";
import type { Right } from "../access/right.ts";
import { invalid, Problem } from "../kernel/problem.ts";
import { normalizeRules } from "./address.ts";
import type { Principal } from "./principal.ts";

/** Whoever edits or blocks a member, or makes or takes its keys, has power over it. @throws Problem access/denied */
export function requirePower({ account, member, grantSet }: Principal, target: Target): void {
  const actor = { roles: member.roles, holds: (right: string) => grantSet.reaches.has(right as Right) };
  if (mayManage(presetOf(account.kind), actor, target)) return;
  throw new Problem("access/denied", { detail: "This member has a role that you could not give, or rights beyond yours." });
}

/** The plan lacks restricted accounts; whoever sells them is named. @param contactUrl of the platform, where the plan names none */
export const withoutRestrictedAccounts = ({ account }: Principal, contactUrl: string): Problem =>
  new Problem("plan/feature-required", { members: { feature: "restrictedAccounts", contact: account.plan.contactUrl ?? contactUrl } });

/** Address rules of a body in canonical form. @throws Problem validation */
export function canonicalRules(rules: readonly string[], allowAny: boolean): string[] {
  const normal = normalizeRules(rules, allowAny);
  if ("fault" in normal) throw invalid(`/allowedIps/${normal.fault.index}`, normal.fault.detail);
  return normal.rules;
}
