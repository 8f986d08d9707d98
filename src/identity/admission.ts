import type { Origin } from "../audit/event.ts";
import { isRestricted } from "../access/preset.ts";
import { admitsAddress } from "./address.ts";
import { isKeyless } from "./claim.ts";
import { hasEnded } from "./key-restriction.ts";
import type { Principal } from "./principal.ts";

export type Refusal = "auth/blocked" | "auth/invalid-credential" | "ip/not-allowed" | "access/denied" | "plan/feature-required";

/**
 * May this principal call at all, now and from here? Checks stand in the order in which they decide.
 * @param now milliseconds since the epoch
 * @param aboutItself the call only reads what the member is: open while the plan lacks restricted accounts
 */
export function refusal(principal: Principal, origin: Pick<Origin, "ip">, now: number, aboutItself: boolean): Refusal | null {
  const { member, credential, home } = principal;
  const stopped = statusRefusal(member.status);
  if (stopped !== null) return stopped;
  if (hasEnded(credential, now)) return "auth/invalid-credential";
  if (!admitsAddress(principal.addressRules, origin.ip)) return "ip/not-allowed";
  if (credential.kind === "key" && isKeyless(home.preset, member.roles)) return "access/denied";
  return !aboutItself && hasLapsed(home, member.roles) ? "plan/feature-required" : null;
}

/** Whoever is blocked is told so; whoever has not signed in yet has no credential that counts. */
export const statusRefusal = (status: Principal["member"]["status"]): "auth/blocked" | "auth/invalid-credential" | null =>
  status === "active" ? null : status === "blocked" ? "auth/blocked" : "auth/invalid-credential";

/** The roles need a plan that the account does not have any more. */
export const hasLapsed = ({ preset, plan }: Pick<Principal["home"], "preset" | "plan">, roles: readonly string[]): boolean =>
  isRestricted(preset, roles) && !plan.restrictedAccounts;
