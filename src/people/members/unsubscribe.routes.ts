import { z } from "zod";
import { actorLogin, type AuditEvent } from "../../audit/chain/event.ts";
import { notifyAuditQueue, stageEvent } from "../../audit/chain/outbox.store.ts";
import { type Endpoint, type OpenCall, openEndpoint } from "../../gate/calls/call.ts";
import { WriteConflict } from "../../gate/calls/turn.ts";
import { loadKeyring } from "../../gate/credentials/keyring.ts";
import { batch, failedGuard } from "../../kernel/db.ts";
import { isSameSecret } from "../../kernel/digest.ts";
import { newId } from "../../kernel/id.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { DEFAULT_NOTIFICATIONS } from "../../channels/mail/notice.ts";
import { idInToken, unsubscribeToken } from "../../channels/mail/one-time-token.ts";
import { findSubscriber, type Subscriber, unsubscribe } from "./unsubscribe.store.ts";
import { message } from "../../kernel/messages/message.ts";

const Body = z
  .strictObject({
    token: z.string().min(1).max(200).describe("The token in the fragment of the link."),
  })
  .meta({ id: "UnsubscribeToken" });

const unsubscribeByLink = openEndpoint(
  {
    method: "POST",
    path: "/v1/unsubscribe",
    operationId: "unsubscribe",
    tag: "Mail",
    right: "public",
    status: 204,
    summary: "End the notices to a member, by the link in any of them. Mails for signing in still come.",
    body: Body,
    problems: ["not-found", "stale"],
  },
  async (call) => endNotices(call, (await call.body()).token),
);

/**
 * What mail programs do for their readers (RFC 8058 section 3.1): the form that they send says nothing that
 * the path does not.
 */
const unsubscribeInOneClick = openEndpoint(
  {
    method: "POST",
    path: "/v1/unsubscribe/:token",
    operationId: "unsubscribeByLink",
    tag: "Mail",
    right: "public",
    status: 204,
    summary:
      "The same as mail programs do it, in one click (RFC 8058). Any form is taken, and none is needed.",
    upload: { mediaTypes: ["application/x-www-form-urlencoded", "multipart/form-data"], maxBytes: 1_024 },
    problems: ["not-found", "stale"],
  },
  async (call) => {
    call.query();
    return endNotices(call, call.params["token"] ?? "");
  },
);

/** The same answer however often it is asked. @throws Problem not-found, stale */
const endNotices = (call: OpenCall, token: string): Promise<Answer> =>
  call.retryOnConflict(() => tryEndNotices(call, token));

/** @throws WriteConflict when the card is no longer what was read; Problem not-found */
async function tryEndNotices(call: OpenCall, token: string): Promise<Answer> {
  const { db, env, now } = call;
  const [member] = await findSubscriber(db, idInToken(token));
  const kids = [...(await loadKeyring(env.SIGNING_KEYS)).verifiers.keys()];
  if (
    member === undefined ||
    !kids.some((kid) => isSameSecret(token, unsubscribeToken(env.SIGNING_KEYS, kid, member.id).token))
  ) {
    throw new Problem("not-found", {
      detail: message("members.noNotices"),
    });
  }
  if (member.notifications.unsubscribed === true) return { status: 204 };
  const event = unsubscribeEvent(call, member);
  try {
    await batch(db, [...unsubscribe(db, member, now), stageEvent(db, env.SIGNING_KEYS, event)]);
  } catch (error) {
    throw failedGuard(error) === "changed"
      ? new WriteConflict({ accountId: member.accountId, object: member.id })
      : error;
  }
  call.defer(notifyAuditQueue(env.AUDIT, member.accountId, [event]));
  return { status: 204 };
}

/** The holder of the link acts for the member. */
const unsubscribeEvent = (
  { now, origin }: OpenCall,
  { id, accountId, login, username, email, notifications }: Subscriber,
): AuditEvent => ({
  id: newId("event", now),
  accountId,
  at: now,
  actor: {
    type: "member",
    memberId: id,
    accountId,
    login: actorLogin({ login, username }),
    email,
    apiKeyId: null,
  },
  action: "member.edit",
  resource: { type: "member", id },
  outcome: "success",
  reason: null,
  cost: null,
  origin,
  changes: {
    before: { notifications: { ...DEFAULT_NOTIFICATIONS, ...notifications } },
    after: { notifications: { ...DEFAULT_NOTIFICATIONS, ...notifications, unsubscribed: true } },
  },
  ledgerSeq: null,
});

export const unsubscribeEndpoints: Endpoint[] = [unsubscribeByLink, unsubscribeInOneClick];
