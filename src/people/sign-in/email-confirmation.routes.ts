import { z } from "zod";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { notifyAuditQueue, stageEvent } from "../../audit/chain/outbox.store.ts";
import { type OpenCall, openEndpoint } from "../../gate/calls/call.ts";
import { WriteConflict } from "../../gate/calls/turn.ts";
import { loadKeyring } from "../../gate/credentials/keyring.ts";
import { batch, failedGuard } from "../../kernel/db.ts";
import { isSameSecret } from "../../kernel/digest.ts";
import { ID_PREFIXES, newId } from "../../kernel/id.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { emailConfirmationToken, idInToken } from "../../channels/mail/one-time-token.ts";
import { confirmEmail, findMemberToConfirm } from "./email-confirmation.store.ts";
import { memberActorOf } from "./session.change.ts";
import { message } from "../../kernel/messages/message.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

const Body = z
  .strictObject({
    token: z
      .string()
      .regex(
        new RegExp(`^${ID_PREFIXES.member}_[0-9A-Z]{26}\\.[A-Za-z0-9_-]{43}$`),
        ruleText("signIn.confirmationToken"),
      ),
  })
  .meta({ id: "EmailConfirmation" });

/** The address on a card is for contact: a confirmed one cannot sign in by itself. */
const confirm = openEndpoint(
  {
    method: "POST",
    path: "/v1/auth/email-confirmations",
    operationId: "confirmEmail",
    tag: "Sign-in",
    right: "public",
    status: 204,
    summary: "Confirm, by the link that was mailed there, the e-mail address on a member's card.",
    body: Body,
    problems: ["not-found", "stale"],
  },
  async (call) => {
    const { token } = await call.body();
    // A change of the card may come between: the address may be another then.
    await call.retryOnConflict(() => tryConfirm(call, token));
    return { status: 204 };
  },
);

/** @throws WriteConflict when the card is no longer what was read; Problem not-found */
async function tryConfirm(call: OpenCall, token: string): Promise<void> {
  const { db, env, now, origin } = call;
  const [member] = await findMemberToConfirm(db, idInToken(token));
  const kids = [...(await loadKeyring(env.SIGNING_KEYS)).verifiers.keys()];
  if (
    member === undefined ||
    !kids.some((kid) =>
      isSameSecret(
        token,
        emailConfirmationToken(env.SIGNING_KEYS, kid, member.id, member.email, member.emailChange).token,
      ),
    )
  ) {
    throw new Problem("not-found", {
      detail: message("signIn.confirmsNothing"),
    });
  }
  if (member.emailVerifiedAt !== null) return;
  const event: AuditEvent = {
    id: newId("event", now),
    accountId: member.accountId,
    at: now,
    actor: memberActorOf(member, null),
    action: "email.verify",
    resource: { type: "member", id: member.id },
    outcome: "success",
    reason: null,
    cost: null,
    origin,
    changes: { before: { emailVerified: false }, after: { emailVerified: true } },
    ledgerSeq: null,
  };
  try {
    await batch(db, [...confirmEmail(db, member, now), stageEvent(db, env.SIGNING_KEYS, event)]);
  } catch (error) {
    throw failedGuard(error) === "changed"
      ? new WriteConflict({ accountId: member.accountId, object: member.id })
      : error;
  }
  call.defer(notifyAuditQueue(env.AUDIT, member.accountId, [event]));
}

export const emailConfirmationEndpoints = [confirm];
