import type { Origin } from "../audit/event.ts";
import { isRestricted } from "../access/preset.ts";
import { admitsAddress } from "./address.ts";
import type { Principal } from "./principal.ts";

export type Refusal = "auth/blocked" | "auth/invalid-credential" | "ip/not-allowed" | "plan/feature-required";

/**
 * May this principal call at all, now and from here? Checks stand in the order in which they decide.
 * @param now milliseconds since the epoch
 * @param aboutItself the call only reads what the member is: open while the plan lacks restricted accounts
 */
export function refusal(principal: Principal, origin: Pick<Origin, "ip">, now: number, aboutItself: boolean): Refusal | null {
  const { member, key, home } = principal;
  if (member.status === "blocked") return "auth/blocked";
  if (member.status !== "active") return "auth/invalid-credential";
  if (key.revokedAt !== null || (key.expiresAt !== null && key.expiresAt <= now)) return "auth/invalid-credential";
  if (!admitsAddress(principal.addressRules, origin.ip)) return "ip/not-allowed";
  const restricted = isRestricted(home.preset, member.roles);
  return restricted && !home.plan.restrictedAccounts && !aboutItself ? "plan/feature-required" : null;
}
