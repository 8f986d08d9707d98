import type { Stamp } from "../../access/stamp.ts";
import { guardStamp } from "../../access/stamp.store.ts";
import type { TypeTable } from "../../access/resource-type.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { notifyAuditQueue, stageEvent } from "../../audit/chain/outbox.store.ts";
import { requireAcceptedState } from "../../gate/principals/admission.ts";
import { hasJoined } from "../../gate/calls/joined-member.ts";
import type { OpenCall } from "../../gate/calls/call.ts";
import { enqueueMails } from "../../gate/calls/mail-quota.change.ts";
import { securityMails } from "../../gate/calls/security-mail.load.ts";
import { WriteConflict } from "../../gate/calls/turn.ts";
import { batch, failedGuard, isUniqueViolation, type Statement } from "../../kernel/db.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { notifyMailQueue } from "../../channels/mail/outbox.store.ts";
import { type Acceptance, acceptance, NO_NAMES, type ToldNames } from "./acceptance.change.ts";
import { type Acceptable, MEMBER_USER, type Waiting } from "./acceptance.store.ts";
import { acceptable, acceptanceRefusal, recordRefusal, samePerson } from "./acceptance-refusal.change.ts";
import { inviterStamp } from "./inviter.change.ts";

/** Further statements and events of an acceptance, in the same batch. */
export interface Beside {
  readonly statements: readonly Statement[];
  readonly events: readonly AuditEvent[];
}

/**
 * Accepts the invitation that `load` finds, and writes `beside` in the same batch.
 * @throws Problem not-found, invitation/used, invitation/revoked, invitation/expired, auth/blocked,
 * conflict/other-address, ip/not-allowed, plan/feature-required, conflict/duplicate-member
 */
export async function accept(
  call: OpenCall,
  types: TypeTable,
  load: () => Promise<Waiting | undefined>,
  names: ToldNames = NO_NAMES,
  beside: (waiting: Acceptable) => Beside | Promise<Beside> = () => ({ statements: [], events: [] }),
): Promise<Acceptable> {
  const caller = await call.findCaller();
  // When another call was faster, or the member, the account or the invitation changed meanwhile, everything
  // is read and checked again.
  return call.retryOnConflict(async () => {
    const waiting = acceptable(await load());
    requireAcceptedState(waiting.account);
    const inviter = inviterStamp(types, waiting);
    const refusal = acceptanceRefusal(call, waiting, caller, inviter);
    if (refusal !== null || inviter === null) {
      const refused = refusal ?? new Problem("invitation/revoked");
      await recordRefusal(call, waiting, refused);
      throw refused;
    }
    const { letters, ...accepted } = acceptance(call, waiting, names);
    // A member who called with keys until now hears which address signs in from now on.
    const told = hasJoined(waiting.member)
      ? securityMails(
          call,
          { ...waiting.member, account: waiting.account },
          waiting.member.id,
          "sign_in_address_changed",
          [waiting.member.email],
        )
      : [];
    await write(
      call,
      waiting,
      inviter,
      { ...accepted, letters: [...letters, ...told] },
      await beside(waiting),
    );
    return waiting;
  });
}

/** @throws Met when it is no longer what was read; Problem conflict/duplicate-member */
async function write(
  call: OpenCall,
  waiting: Acceptable,
  inviter: Stamp,
  { statements, events, letters }: Acceptance,
  beside: Beside,
): Promise<void> {
  const { db, env } = call;
  const { account, invitation } = waiting;
  const told = [...events, ...beside.events];
  try {
    await batch(db, [
      guardStamp(db, inviter),
      ...statements,
      ...beside.statements,
      ...told.map((event) => stageEvent(db, env.SIGNING_KEYS, event)),
      ...enqueueMails(call, letters, { accountId: account.id, kind: account.kind }),
    ]);
  } catch (error) {
    const failed = failedGuard(error);
    if (failed === "invitation_changed")
      throw new WriteConflict({ accountId: invitation.accountId, object: invitation.id });
    if (failed === "stale") throw new WriteConflict({ accountId: invitation.accountId, object: null });
    if (isUniqueViolation(error, MEMBER_USER)) throw samePerson();
    throw error;
  }
  call.defer(notifyAuditQueue(env.AUDIT, invitation.accountId, told));
  call.defer(notifyMailQueue(env.MAIL, letters));
}
