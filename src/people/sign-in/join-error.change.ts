import { presetOfKind } from "../../access/model.ts";
import { RATE_LIMITS, quotaExceeded, windowEnd } from "../../gate/calls/rate-limit.ts";
import { WriteConflict, type ConflictPlace } from "../../gate/calls/turn.ts";
import { MEMBER_USER_COLUMNS } from "../invitations/acceptance.store.ts";
import type { LinkWithAccount } from "../invitations/link.store.ts";
import { failedGuard, isUniqueViolation } from "../../kernel/db.ts";
import { MEMBER_EMAIL_COLUMNS } from "../members/member.store.ts";
import { memberLimitProblem } from "../members/member-limit.ts";
import { wrongCodeProblem } from "./sign-in-code.change.ts";
import { message } from "../../kernel/messages/message.ts";

/** The problem that a failed write is answered with, or `WriteConflict` to run again. */
export function toJoinError(error: unknown, { account, link }: LinkWithAccount, now: number): unknown {
  const conflictPlace: ConflictPlace = { accountId: account.id, object: link.id };
  const guardName = failedGuard(error);
  if (guardName === "stale") return new WriteConflict({ accountId: conflictPlace.accountId, object: null });
  if (
    guardName === "invitation_changed" ||
    isUniqueViolation(error, MEMBER_EMAIL_COLUMNS) ||
    isUniqueViolation(error, MEMBER_USER_COLUMNS)
  )
    return new WriteConflict(conflictPlace);
  if (guardName === "claim_used") return wrongCodeProblem();
  if (guardName === "link_joins") {
    return quotaExceeded(
      RATE_LIMITS.joinsPerLink,
      windowEnd(RATE_LIMITS.joinsPerLink, now),
      now,
      message("invitations.joinsToday"),
    );
  }
  return guardName === "member_limit" ? memberLimitProblem(account.plan, presetOfKind(account.kind)) : error;
}
