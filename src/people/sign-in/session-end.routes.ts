import { sessionIdOf } from "../../gate/credentials/key-restriction.ts";
import { bumpMember } from "../../access/stamp.store.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { requireAuthorityToStop } from "../../gate/calls/required-authority.ts";
import { countSessions, endSessionsOf } from "../../gate/credentials/session.store.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { loadMember } from "../members/member.load.ts";

/** Asked again, it has nothing left to end, and tells of nothing. */
async function endSessionsExcept(
  call: Call,
  accountId: string,
  memberId: string,
  exceptSessionId: string | null,
  reason: string,
): Promise<Answer> {
  const { db, now } = call;
  const [[openSessions]] = await call.read(countSessions(db, memberId, exceptSessionId, now));
  call.query();
  if ((openSessions?.count ?? 0) === 0) return { status: 204 };
  return call.commit(
    {
      statements: [
        endSessionsOf(db, memberId, exceptSessionId, now),
        bumpMember(db, accountId, memberId, now),
      ],
      events: [call.event("session.end", { type: "member", id: memberId }, { accountId, reason })],
    },
    { status: 204 },
  );
}

const endOwnSessions = endpoint(
  {
    method: "DELETE",
    path: "/v1/me/sessions",
    operationId: "endOwnOtherSessions",
    tag: "Sign-in",
    right: "self",
    status: 204,
    allowedWhileRestored: true,
    summary:
      "Sign out everywhere else: every other session of yours in this account ends. " +
      "With an API key, every session.",
  },
  (call) =>
    endSessionsExcept(
      call,
      call.principal.ownAccount.accountId,
      call.principal.memberId,
      sessionIdOf(call.principal.credential),
      "ended by the member",
    ),
);

const endMemberSessions = endpoint(
  {
    method: "DELETE",
    path: "/v1/members/:id/sessions",
    operationId: "endMemberSessions",
    tag: "Members",
    right: "member.block",
    status: 204,
    allowedWhileRestored: true,
    summary: "End every session of a member, who signs in again. API keys stay: they are revoked one by one.",
  },
  endSessionsOfPathMember,
);

/** Ends the sessions of the member that the path names. */
export async function endSessionsOfPathMember(call: Call): Promise<Answer> {
  const { row } = await loadMember(call, "member.block", requireAuthorityToStop);
  const isOwn = row.id === call.principal.memberId;
  const exceptSessionId = isOwn ? sessionIdOf(call.principal.credential) : null;
  return endSessionsExcept(
    call,
    row.accountId,
    row.id,
    exceptSessionId,
    isOwn ? "ended by the member" : "ended by another member",
  );
}

export const sessionEndEndpoints: Endpoint[] = [endOwnSessions, endMemberSessions];
