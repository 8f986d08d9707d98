import { compile } from "../access/grant-set.ts";
import { mayManage } from "../access/invite.ts";
import type { CustomRole } from "../access/contribution.ts";
import { invalid, Problem } from "../kernel/problem.ts";
import type { GrantRow } from "../access/preset.ts";
import { normalizeRules } from "./address.ts";
import type { Principal } from "./principal.ts";

/** What a member was given. */
export interface Holdings {
  readonly roles: readonly string[];
  readonly rights: readonly string[];
  readonly grants: readonly GrantRow[];
  readonly customRoles: readonly CustomRole[];
}

/** What custom roles alone give in the account that the call acts on. */
export const customSet = ({ memberId, accountId, preset, types }: Pick<Principal, "memberId" | "accountId" | "preset" | "types">, customRoles: readonly CustomRole[]) =>
  compile({ memberId, accountId, roles: [], customRoles, rights: [], grants: [], objectGroupIds: [], scopes: null }, preset, types);

/** Whoever edits or blocks a member, or makes or takes its keys, has power over it. @throws Problem access/denied */
export function requirePower(principal: Principal, target: Holdings): void {
  const actor = { preset: principal.home.preset, roles: principal.member.roles, grantSet: principal.grantSet };
  if (mayManage(actor, { ...target, custom: customSet(principal, target.customRoles) })) return;
  throw new Problem("access/denied", { detail: "This member has a role that you could not give, or rights beyond yours." });
}

/** The plan lacks restricted accounts; whoever sells them is named. @param contactUrl of the platform, where the plan names none */
export const withoutRestrictedAccounts = ({ home }: Principal, contactUrl: string): Problem =>
  new Problem("plan/feature-required", { members: { feature: "restrictedAccounts", contact: home.plan.contactUrl ?? contactUrl } });

/** Address rules of a body in canonical form. @throws Problem validation */
export function canonicalRules(rules: readonly string[], allowAny: boolean): string[] {
  const normal = normalizeRules(rules, allowAny);
  if ("fault" in normal) throw invalid(`/allowedIps/${normal.fault.index}`, normal.fault.detail);
  return normal.rules;
}
