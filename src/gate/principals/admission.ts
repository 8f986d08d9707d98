import type { Origin } from "../../audit/chain/event.ts";
import { isRestrictedMember } from "../../access/preset.ts";
import type { Operation } from "../../kernel/http/operation.ts";
import { restoredProblem as restoredState } from "../../kernel/http/problem.ts";
import { admitsAddress } from "../credentials/address-rule.ts";
import { isKeyless } from "../credentials/claim.ts";
import { hasEnded } from "../credentials/key-restriction.ts";
import type { Principal } from "./principal.ts";

export type AdmissionRefusal =
  | "state/restored"
  | "auth/blocked"
  | "auth/invalid-credential"
  | "ip/not-allowed"
  | "access/denied"
  | "plan/feature-required";

/**
 * May this principal call at all, now and from here? Checks stand in the order in which they decide.
 * @param now milliseconds since the epoch
 * @param isAboutSelf the call only reads what the member is: open while the plan lacks restricted accounts
 */
export function checkAdmission(
  principal: Principal,
  origin: Pick<Origin, "ip">,
  now: number,
  isAboutSelf: boolean,
): AdmissionRefusal | null {
  const { member, credential, ownAccount } = principal;
  // First, because in an older copy everything that follows may be out of date.
  if (isStoppedByRestore(ownAccount.kind, principal.isRestored)) return "state/restored";
  const statusCode = checkStatus(member.status);
  if (statusCode !== null) return statusCode;
  if (hasEnded(credential, now)) return "auth/invalid-credential";
  if (!admitsAddress(principal.addressRules, origin.ip)) return "ip/not-allowed";
  if (credential.kind === "key" && isKeyless(ownAccount.preset, member.roles)) return "access/denied";
  return !isAboutSelf && hasLapsedPlan(ownAccount, member.roles) ? "plan/feature-required" : null;
}

/**
 * Blocks and revocations may be undone in an older copy, so it answers no call. The platform, which has to
 * accept it, is not locked out.
 */
export const isStoppedByRestore = (kind: string, restored: boolean): boolean =>
  restored && kind !== "platform";

/**
 * For callers who come in without a call of their own.
 * @throws Problem state/restored
 */
export function requireAcceptedState({
  kind,
  restoredAt,
}: {
  readonly kind: string;
  readonly restoredAt: number | null;
}): void {
  if (isStoppedByRestore(kind, restoredAt !== null)) throw restoredState();
}

/** While its own state waits, the platform reads, ends access, and accepts: nothing else. */
export const isAllowedWhileRestored = ({
  method,
  allowedWhileRestored,
}: Pick<Operation, "method" | "allowedWhileRestored">): boolean =>
  method === "GET" || allowedWhileRestored === true;

/**
 * A blocked member learns that they are blocked. The credential of one who has not signed in yet is not
 * valid.
 */
export const checkStatus = (
  status: Principal["member"]["status"],
): "auth/blocked" | "auth/invalid-credential" | null =>
  status === "active" ? null : status === "blocked" ? "auth/blocked" : "auth/invalid-credential";

/** The roles need a plan that the account does not have any more. */
export const hasLapsedPlan = (
  { preset, plan }: Pick<Principal["ownAccount"], "preset" | "plan">,
  roles: readonly string[],
): boolean => isRestrictedMember(preset, roles) && !plan.restrictedAccounts;
