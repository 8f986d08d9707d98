import type { Stamp } from "../../access/stamp.ts";
import { guardStamp } from "../../access/stamp.store.ts";
import type { TypeTable } from "../../access/resource-type.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { notifyAuditQueue, stageEvent } from "../../audit/chain/outbox.store.ts";
import { requireAcceptedState } from "../../gate/principals/admission.ts";
import { hasJoined } from "../../gate/calls/joined-member.ts";
import type { OpenCall } from "../../gate/calls/call.ts";
import { enqueueMails } from "../../gate/calls/mail-quota.change.ts";
import { toSecurityMails } from "../../gate/calls/security-mail.load.ts";
import { WriteConflict } from "../../gate/calls/turn.ts";
import { batch, failedGuard, isUniqueViolation, type Statement } from "../../kernel/db.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { notifyMailQueue } from "../../channels/mail/outbox.store.ts";
import { type Acceptance, prepareAcceptance, NO_NAMES, type GivenNames } from "./acceptance.change.ts";
import { type ValidInvitation, MEMBER_USER_COLUMNS, type PendingInvitation } from "./acceptance.store.ts";
import {
  requireValidInvitation,
  findAcceptanceProblem,
  recordAcceptanceRefusal,
  samePersonProblem,
} from "./acceptance-refusal.change.ts";
import { inviterStampOf } from "./inviter.change.ts";

/** Further statements and events of an acceptance, in the same batch. */
export interface ExtraWrites {
  readonly statements: readonly Statement[];
  readonly events: readonly AuditEvent[];
}

/**
 * Accepts the invitation that `load` finds, and writes what `loadExtraWrites` returns in the same batch.
 * @throws Problem not-found, invitation/used, invitation/revoked, invitation/expired, auth/blocked,
 * conflict/other-address, ip/not-allowed, plan/feature-required, conflict/duplicate-member
 */
export async function acceptInvitation(
  call: OpenCall,
  types: TypeTable,
  load: () => Promise<PendingInvitation | undefined>,
  names: GivenNames = NO_NAMES,
  loadExtraWrites: (validInvitation: ValidInvitation) => ExtraWrites | Promise<ExtraWrites> = () => ({
    statements: [],
    events: [],
  }),
): Promise<ValidInvitation> {
  const caller = await call.findCaller();
  // When another call was faster, or the member, the account or the invitation changed meanwhile, everything
  // is read and checked again.
  return call.retryOnConflict(async () => {
    const waiting = requireValidInvitation(await load());
    requireAcceptedState(waiting.account);
    const inviter = inviterStampOf(types, waiting);
    const refusal = findAcceptanceProblem(call, waiting, caller, inviter);
    if (refusal !== null || inviter === null) {
      const problem = refusal ?? new Problem("invitation/revoked");
      await recordAcceptanceRefusal(call, waiting, problem);
      throw problem;
    }
    const { mails, ...acceptanceWrites } = prepareAcceptance(call, waiting, names);
    // A member who called with keys until now hears which address signs in from now on.
    const securityMails = hasJoined(waiting.member)
      ? toSecurityMails(
          call,
          { ...waiting.member, account: waiting.account },
          waiting.member.id,
          "sign_in_address_changed",
          [waiting.member.email],
        )
      : [];
    await tryWriteAcceptance(
      call,
      waiting,
      inviter,
      { ...acceptanceWrites, mails: [...mails, ...securityMails] },
      await loadExtraWrites(waiting),
    );
    return waiting;
  });
}

/** @throws WriteConflict when it is no longer what was read; Problem conflict/duplicate-member */
async function tryWriteAcceptance(
  call: OpenCall,
  validInvitation: ValidInvitation,
  inviter: Stamp,
  { statements, events, mails }: Acceptance,
  extraWrites: ExtraWrites,
): Promise<void> {
  const { db, env } = call;
  const { account, invitation } = validInvitation;
  const auditEvents = [...events, ...extraWrites.events];
  try {
    await batch(db, [
      guardStamp(db, inviter),
      ...statements,
      ...extraWrites.statements,
      ...auditEvents.map((event) => stageEvent(db, env.SIGNING_KEYS, event)),
      ...enqueueMails(call, mails, { accountId: account.id, kind: account.kind }),
    ]);
  } catch (error) {
    const failed = failedGuard(error);
    if (failed === "invitation_changed")
      throw new WriteConflict({ accountId: invitation.accountId, object: invitation.id });
    if (failed === "stale") throw new WriteConflict({ accountId: invitation.accountId, object: null });
    if (isUniqueViolation(error, MEMBER_USER_COLUMNS)) throw samePersonProblem();
    throw error;
  }
  call.defer(notifyAuditQueue(env.AUDIT, invitation.accountId, auditEvents));
  call.defer(notifyMailQueue(env.MAIL, mails));
}
