import type { Origin } from "../../audit/chain/event.ts";
import { isRestricted } from "../../access/preset.ts";
import type { Operation } from "../../kernel/http/operation.ts";
import { restored as restoredState } from "../../kernel/http/problem.ts";
import { admitsAddress } from "../credentials/address.ts";
import { isKeyless } from "../credentials/claim.ts";
import { hasEnded } from "../credentials/key-restriction.ts";
import type { Principal } from "./principal.ts";

export type Refusal =
  | "state/restored"
  | "auth/blocked"
  | "auth/invalid-credential"
  | "ip/not-allowed"
  | "access/denied"
  | "plan/feature-required";

/**
 * May this principal call at all, now and from here? Checks stand in the order in which they decide.
 * @param now milliseconds since the epoch
 * @param aboutItself the call only reads what the member is: open while the plan lacks restricted accounts
 */
export function refusal(
  principal: Principal,
  origin: Pick<Origin, "ip">,
  now: number,
  aboutItself: boolean,
): Refusal | null {
  const { member, credential, home } = principal;
  // First, because in an older copy everything that follows may be out of date.
  if (isStopped(home.kind, principal.restored)) return "state/restored";
  const stopped = statusRefusal(member.status);
  if (stopped !== null) return stopped;
  if (hasEnded(credential, now)) return "auth/invalid-credential";
  if (!admitsAddress(principal.addressRules, origin.ip)) return "ip/not-allowed";
  if (credential.kind === "key" && isKeyless(home.preset, member.roles)) return "access/denied";
  return !aboutItself && hasLapsed(home, member.roles) ? "plan/feature-required" : null;
}

/**
 * Blocks and revocations may be undone in an older copy, so it answers no call. The platform, which has to
 * accept it, is not locked out.
 */
export const isStopped = (kind: string, restored: boolean): boolean => restored && kind !== "platform";

/**
 * For callers who come in without a call of their own.
 * @throws Problem state/restored
 */
export function requireNewest({
  kind,
  restoredAt,
}: {
  readonly kind: string;
  readonly restoredAt: number | null;
}): void {
  if (isStopped(kind, restoredAt !== null)) throw restoredState();
}

/** While its own state waits, the platform reads, ends access, and accepts: nothing else. */
export const mayWhileRestored = ({
  method,
  whileRestored,
}: Pick<Operation, "method" | "whileRestored">): boolean => method === "GET" || whileRestored === true;

/**
 * A blocked member learns that they are blocked. The credential of one who has not signed in yet is not
 * valid.
 */
export const statusRefusal = (
  status: Principal["member"]["status"],
): "auth/blocked" | "auth/invalid-credential" | null =>
  status === "active" ? null : status === "blocked" ? "auth/blocked" : "auth/invalid-credential";

/** The roles need a plan that the account does not have any more. */
export const hasLapsed = (
  { preset, plan }: Pick<Principal["home"], "preset" | "plan">,
  roles: readonly string[],
): boolean => isRestricted(preset, roles) && !plan.restrictedAccounts;
