import { notifyAuditQueue, stageEvent } from "../../audit/chain/outbox.store.ts";
import { admitsAddress, compileAddressRules } from "../../gate/credentials/address-rule.ts";
import { requireAcceptedState, checkStatus } from "../../gate/principals/admission.ts";
import type { OpenCall } from "../../gate/calls/call.ts";
import { WriteConflict } from "../../gate/calls/turn.ts";
import { batch, failedGuard, type Statement } from "../../kernel/db.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { denied } from "./entry.change.ts";
import { isOurs, readRefreshToken, refreshToken, sessionEnd } from "./refresh-token.ts";
import type { Tokens } from "./session.card.ts";
import { sessionEvent, tokens } from "./session.change.ts";
import { endSession, findSession, type Found, guardSession, rotate } from "./session.store.ts";

/**
 * Milliseconds in which the newest used token may come once more, because a client lost the answer or asked
 * twice at once.
 */
const REPEATED_MS = 10_000;

/**
 * The next tokens of a session. A used token ends the session: a thief or the owner came late, and the gate
 * cannot tell which. The only exception is a repeat, which gets the same refresh token as the first time.
 * @throws Problem auth/invalid-credential, auth/blocked, ip/not-allowed
 */
export async function refresh(call: OpenCall, token: string): Promise<Tokens> {
  const told = readRefreshToken(token);
  // Another refresh was faster, or a change of the member or the account came between: what holds by then is
  // asked.
  const refreshed =
    told === null
      ? null
      : await call.retryOnConflict(async () => {
          const [found] = await findSession(call.db, told.sessionId);
          if (found === undefined || !isOurs(call.env.SIGNING_KEYS, found.session.kid, token)) return null;
          const { session } = found;
          requireAcceptedState(found.account);
          if (session.endedAt !== null || session.expiresAt <= call.now) return null;
          const isNewest = session.rotations === told.rotation;
          if (isNewest || isRepeat(call, session, told.rotation)) return nextTokens(call, found, isNewest);
          await endStolen(call, found);
          return null;
        });
  if (refreshed !== null) return refreshed;
  throw new Problem("auth/invalid-credential", {
    detail: "The refresh token is not valid, was used already, or its session has ended. Sign in again.",
  });
}

/**
 * From the same network address and user agent as the first time, while the token of the first answer is
 * unused.
 */
const isRepeat = (
  { now, origin: { ip, userAgent } }: OpenCall,
  session: Found["session"],
  rotation: number,
): boolean =>
  rotation === session.rotations - 1 &&
  now - session.refreshedAt < REPEATED_MS &&
  ip !== null &&
  ip === session.refreshedIp &&
  userAgent === session.refreshedUserAgent;

/**
 * @param rotates whether the refresh token is used now; else it was, and its successor is answered again
 * @throws Met when it is no longer what was read
 */
async function nextTokens(call: OpenCall, found: Found, rotates: boolean): Promise<Tokens> {
  const { db, env, now, origin } = call;
  const { session, member, account } = found;
  const stopped = checkStatus(member.status);
  if (stopped !== null) return denied(call, member, new Problem(stopped), session.id);
  if (!admitsAddress([account.allowedIps, member.allowedIps].map(compileAddressRules), origin.ip))
    return denied(call, member, new Problem("ip/not-allowed"), session.id);
  const expiresAt = rotates ? sessionEnd(session.createdAt, now) : session.expiresAt;
  const reason = rotates ? null : "the same token again";
  const event = { ...sessionEvent(call, member, session.id, "session.refresh"), reason };
  const next = rotates ? rotate(db, found, expiresAt, now, origin) : [guardSession(db, found)];
  if (!(await holds(call, [...next, stageEvent(db, env.SIGNING_KEYS, event)])))
    throw new WriteConflict({ accountId: account.id, object: session.id });
  call.defer(notifyAuditQueue(env.AUDIT, session.accountId, [event]));
  const { token } = refreshToken(
    env.SIGNING_KEYS,
    session.kid,
    session.id,
    session.rotations + (rotates ? 1 : 0),
  );
  return tokens(env, { ...session, expiresAt }, token, now);
}

async function endStolen(call: OpenCall, { session, member }: Found): Promise<void> {
  const event = {
    ...sessionEvent(call, member, session.id, "session.end"),
    reason: "refresh token used twice",
  };
  if (
    await holds(call, [
      ...endSession(call.db, session, call.now),
      stageEvent(call.db, call.env.SIGNING_KEYS, event),
    ])
  )
    call.defer(notifyAuditQueue(call.env.AUDIT, session.accountId, [event]));
}

/** False when the guard of the batch failed. */
async function holds({ db }: OpenCall, statements: readonly Statement[]): Promise<boolean> {
  try {
    await batch(db, statements);
    return true;
  } catch (error) {
    if (failedGuard(error) === "changed") return false;
    throw error;
  }
}
