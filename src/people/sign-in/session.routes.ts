import { z } from "zod";
import type { TypeTable } from "../../access/resource-type.ts";
import { endpoint, openEndpoint } from "../../gate/calls/call.ts";
import { idSchema } from "../../kernel/id.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { CODE_FIELDS, LINK_FIELDS } from "./sign-in-code.ts";
import { verifyCodeOrLink } from "./sign-in-code.change.ts";
import { signIn } from "./sign-in.change.ts";
import { refreshSession } from "./session-refresh.change.ts";
import { Tokens } from "./session.card.ts";
import { endSession } from "./session.store.ts";
import { message } from "../../kernel/messages/message.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

const accountId = idSchema("account")
  .optional()
  .describe(
    "Which account, where there are several, or where an invitation waits: naming its account accepts it.",
  );
const Body = z
  .union(
    [z.strictObject({ ...CODE_FIELDS, accountId }), z.strictObject({ ...LINK_FIELDS, accountId })],
    ruleText("signIn.codeOrToken"),
  )
  .meta({ id: "NewSession" });

const signInEndpoint = (types: TypeTable) =>
  openEndpoint(
    {
      method: "POST",
      path: "/v1/auth/sessions",
      operationId: "createSession",
      tag: "Sign-in",
      right: "public",
      status: 201,
      summary:
        "Sign in with the code or the link of a sign-in mail. The first sign-in makes a new member active.",
      body: Body,
      answer: Tokens,
      problems: [
        "auth/invalid-credential",
        "auth/blocked",
        "ip/not-allowed",
        "invitation/revoked",
        "plan/feature-required",
        "conflict/choose-account",
        "conflict/other-address",
        "conflict/duplicate-member",
        "quota-exceeded",
        "stale",
      ],
    },
    async (call) => {
      const { accountId: chosenAccountId, ...codeOrLink } = await call.body();
      const proof = await verifyCodeOrLink(call, codeOrLink);
      return { status: 201, body: await signIn(call, types, proof, chosenAccountId) };
    },
  );

const refreshEndpoint = openEndpoint(
  {
    method: "POST",
    path: "/v1/auth/refresh",
    operationId: "refreshSession",
    tag: "Sign-in",
    right: "public",
    status: 200,
    summary:
      "Exchange a refresh token for new tokens. It is good once: sent again, it ends the session. " +
      "Only within ten seconds, from the same network address and user agent, is the same answered again.",
    body: z.strictObject({ refresh_token: z.string().max(200) }).meta({ id: "RefreshToken" }),
    answer: Tokens,
    problems: ["auth/invalid-credential", "auth/blocked", "ip/not-allowed", "quota-exceeded", "stale"],
  },
  async (call) => ({ status: 200, body: await refreshSession(call, (await call.body()).refresh_token) }),
);

const signOut = endpoint(
  {
    method: "DELETE",
    path: "/v1/auth/session",
    operationId: "endSession",
    tag: "Sign-in",
    right: "self",
    status: 204,
    summary: "Sign out: the session behind this call ends, and its access tokens with it.",
    problems: ["conflict/state"],
  },
  async (call) => {
    const { principal, db, now } = call;
    const { credential, ownAccount, memberId } = principal;
    await call.read();
    call.query();
    if (credential.kind !== "session")
      throw new Problem("conflict/state", {
        detail: message("signIn.keyHasNoSession"),
      });
    const session = { id: credential.id, accountId: ownAccount.accountId, memberId };
    const event = call.event(
      "session.end",
      { type: "session", id: credential.id },
      { accountId: ownAccount.accountId, reason: "signed out" },
    );
    return call.commit({ statements: endSession(db, session, now), events: [event] }, { status: 204 });
  },
);

export const sessionEndpoints = (types: TypeTable) => [signInEndpoint(types), refreshEndpoint, signOut];
