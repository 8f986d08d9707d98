import { type Actor, actorLogin, type AuditEvent } from "../../audit/chain/event.ts";
import { mintToken, TOKEN_TTL_SECONDS } from "../../gate/credentials/access-token.ts";
import type { OpenCall } from "../../gate/calls/call.ts";
import { loadKeyring } from "../../gate/credentials/keyring.ts";
import type { Expression, Statement } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import type { Env } from "../../env.ts";
import { deriveRefreshToken, sessionEnd } from "./refresh-token.ts";
import { activateOnFirstSignIn, insertSession } from "./session.store.ts";
import type { Tokens } from "./session.card.ts";

type SessionContext = Pick<OpenCall, "db" | "env" | "now" | "origin">;

/** Who comes in: a member as loaded. */
export interface SignInMember {
  readonly id: string;
  readonly accountId: string;
  readonly login: string | null;
  readonly username: string;
  readonly email: string;
  readonly status: "new" | "active" | "blocked";
}

/**
 * A session on its way. Who writes it guards that the member is the one that was loaded, accepted and not
 * blocked.
 */
export interface OpenedSession {
  readonly statements: readonly Statement[];
  readonly events: readonly AuditEvent[];
  /** What the person is answered. */
  readonly body: Tokens;
}

/**
 * Opens a session; the first one makes a new member active. @param userId the person, as far as known before
 * the batch
 */
export async function openSession(
  call: SessionContext,
  member: SignInMember,
  userId: string | Expression,
): Promise<OpenedSession> {
  const { db, env, now, origin } = call;
  const id = newId("session", now);
  const { kid, token } = deriveRefreshToken(env.SIGNING_KEYS, null, id, 0);
  const expiresAt = sessionEnd(now, now);
  const row = {
    id,
    accountId: member.accountId,
    memberId: member.id,
    userId,
    kid,
    rotations: 0,
    expiresAt,
    endedAt: null,
    ip: origin.ip,
    userAgent: origin.userAgent,
    createdAt: now,
    refreshedAt: now,
    refreshedIp: null,
    refreshedUserAgent: null,
  };
  const activation = { changes: { before: { status: "new" }, after: { status: "active" } } };
  return {
    statements: [insertSession(db, row), activateOnFirstSignIn(db, member, now)],
    events: [
      sessionEvent(call, member, id, "session.create"),
      ...(member.status === "new"
        ? [
            {
              ...sessionEvent(call, member, id, "member.activate"),
              resource: { type: "member", id: member.id },
              ...activation,
            },
          ]
        : []),
    ],
    body: await issueTokens(
      env,
      { id, accountId: member.accountId, memberId: member.id, expiresAt },
      token,
      now,
    ),
  };
}

/** What a client keeps of a session. */
export async function issueTokens(
  env: Env,
  session: {
    readonly id: string;
    readonly accountId: string;
    readonly memberId: string;
    readonly expiresAt: number;
  },
  refreshTokenText: string,
  now: number,
): Promise<Tokens> {
  const { id, accountId, memberId, expiresAt } = session;
  const subject = { memberId, accountId, source: { kind: "session" as const, id }, jti: newId("token", now) };
  const accessToken = await mintToken(
    await loadKeyring(env.SIGNING_KEYS),
    { issuer: env.ISSUER, audience: env.AUDIENCE },
    subject,
    now,
  );
  return {
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: TOKEN_TTL_SECONDS,
    refresh_token: refreshTokenText,
    refresh_expires_in: Math.floor((expiresAt - now) / 1000),
    session: { id },
    memberId,
    accountId,
  };
}

export const memberActorOf = (member: Omit<SignInMember, "status">, sessionId: string | null): Actor => ({
  type: "member",
  memberId: member.id,
  accountId: member.accountId,
  login: actorLogin(member),
  email: member.email,
  apiKeyId: null,
  ...(sessionId === null ? {} : { sessionId }),
});

/** An event in the chain of the member's own account. */
export const sessionEvent = (
  call: SessionContext,
  member: Omit<SignInMember, "status">,
  sessionId: string | null,
  action: "session.create" | "session.end" | "session.refresh" | "member.activate",
): AuditEvent => ({
  id: newId("event", call.now),
  accountId: member.accountId,
  at: call.now,
  actor: memberActorOf(member, sessionId),
  action,
  resource: { type: "session", id: sessionId },
  outcome: "success",
  reason: null,
  cost: null,
  origin: call.origin,
  changes: null,
  ledgerSeq: null,
});
