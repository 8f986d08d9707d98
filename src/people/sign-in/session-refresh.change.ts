import { notifyAuditQueue, stageEvent } from "../../audit/chain/outbox.store.ts";
import { admitsAddress, compileAddressRules } from "../../gate/credentials/address-rule.ts";
import { requireAcceptedState, checkStatus } from "../../gate/principals/admission.ts";
import type { OpenCall } from "../../gate/calls/call.ts";
import { WriteConflict } from "../../gate/calls/turn.ts";
import { batch, failedGuard, type Statement } from "../../kernel/db.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { refuseSignIn } from "./sign-in.change.ts";
import { isIssuedToken, parseRefreshToken, deriveRefreshToken, sessionEnd } from "./refresh-token.ts";
import type { Tokens } from "./session.card.ts";
import { sessionEvent, issueTokens } from "./session.change.ts";
import { endSession, findSession, type LoadedSession, guardSession, rotateSession } from "./session.store.ts";
import { message } from "../../kernel/messages/message.ts";

/**
 * Milliseconds in which the newest used token may come once more, because a client lost the answer or asked
 * twice at once.
 */
const REPEAT_WINDOW_MS = 10_000;

/**
 * The next tokens of a session. A used token ends the session: a thief or the owner came late, and the gate
 * cannot tell which. The only exception is a repeat, which gets the same refresh token as the first time.
 * @throws Problem auth/invalid-credential, auth/blocked, ip/not-allowed
 */
export async function refreshSession(call: OpenCall, token: string): Promise<Tokens> {
  const parts = parseRefreshToken(token);
  // Another refresh was faster, or a change of the member or the account came between: what holds by then is
  // asked.
  const newTokens =
    parts === null
      ? null
      : await call.retryOnConflict(async () => {
          const [found] = await findSession(call.db, parts.sessionId);
          if (found === undefined || !isIssuedToken(call.env.SIGNING_KEYS, found.session.kid, token))
            return null;
          const { session } = found;
          requireAcceptedState(found.account);
          if (session.endedAt !== null || session.expiresAt <= call.now) return null;
          const isNewest = session.rotations === parts.rotation;
          if (isNewest || isRepeat(call, session, parts.rotation))
            return issueNextTokens(call, found, isNewest);
          await endStolenSession(call, found);
          return null;
        });
  if (newTokens !== null) return newTokens;
  throw new Problem("auth/invalid-credential", {
    detail: message("signIn.refreshNotValid"),
  });
}

/**
 * From the same network address and user agent as the first time, while the token of the first answer is
 * unused.
 */
const isRepeat = (
  { now, origin: { ip, userAgent } }: OpenCall,
  session: LoadedSession["session"],
  rotation: number,
): boolean =>
  rotation === session.rotations - 1 &&
  now - session.refreshedAt < REPEAT_WINDOW_MS &&
  ip !== null &&
  ip === session.refreshedIp &&
  userAgent === session.refreshedUserAgent;

/**
 * @param isNewest whether the refresh token is used now; else it was, and its successor is answered again
 * @throws WriteConflict when it is no longer what was read
 */
async function issueNextTokens(call: OpenCall, found: LoadedSession, isNewest: boolean): Promise<Tokens> {
  const { db, env, now, origin } = call;
  const { session, member, account } = found;
  const statusCode = checkStatus(member.status);
  if (statusCode !== null) return refuseSignIn(call, member, new Problem(statusCode), session.id);
  if (!admitsAddress([account.allowedIps, member.allowedIps].map(compileAddressRules), origin.ip))
    return refuseSignIn(call, member, new Problem("ip/not-allowed"), session.id);
  const expiresAt = isNewest ? sessionEnd(session.createdAt, now) : session.expiresAt;
  const reason = isNewest ? null : "the same token again";
  const event = { ...sessionEvent(call, member, session.id, "session.refresh"), reason };
  const next = isNewest ? rotateSession(db, found, expiresAt, now, origin) : [guardSession(db, found)];
  if (!(await tryBatch(call, [...next, stageEvent(db, env.SIGNING_KEYS, event)])))
    throw new WriteConflict({ accountId: account.id, object: session.id });
  call.defer(notifyAuditQueue(env.AUDIT, session.accountId, [event]));
  const { token } = deriveRefreshToken(
    env.SIGNING_KEYS,
    session.kid,
    session.id,
    session.rotations + (isNewest ? 1 : 0),
  );
  return issueTokens(env, { ...session, expiresAt }, token, now);
}

async function endStolenSession(call: OpenCall, { session, member }: LoadedSession): Promise<void> {
  const event = {
    ...sessionEvent(call, member, session.id, "session.end"),
    reason: "refresh token used twice",
  };
  if (
    await tryBatch(call, [
      ...endSession(call.db, session, call.now),
      stageEvent(call.db, call.env.SIGNING_KEYS, event),
    ])
  )
    call.defer(notifyAuditQueue(call.env.AUDIT, session.accountId, [event]));
}

/** False when the guard of the batch failed. */
async function tryBatch({ db }: OpenCall, statements: readonly Statement[]): Promise<boolean> {
  try {
    await batch(db, statements);
    return true;
  } catch (error) {
    if (failedGuard(error) === "changed") return false;
    throw error;
  }
}
