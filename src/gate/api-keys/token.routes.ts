import { z } from "zod";
import { newId } from "../../kernel/id.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { mintToken, TOKEN_TTL_SECONDS } from "../credentials/access-token.ts";
import { endpoint, openEndpoint } from "../calls/call.ts";
import { loadKeyring } from "../credentials/keyring.ts";
import { message } from "../../kernel/messages/message.ts";

const Token = z
  .object({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    expires_in: z.number().int().describe("Seconds."),
  })
  .describe("RFC 6749 section 5.1.")
  .meta({ id: "BearerToken" });

const exchange = endpoint(
  {
    method: "POST",
    path: "/v1/auth/token",
    operationId: "exchangeApiKey",
    tag: "Sign-in",
    right: "self",
    status: 200,
    answer: Token,
    allowedWhileRestored: true,
    summary: "Exchange an API key for an access token (RFC 9068). Every right of the token is asked live.",
  },
  async (call) => {
    const { principal, env, now } = call;
    const { credential } = principal;
    if (credential.kind !== "key" || credential.sentAs !== "key")
      throw new Problem("auth/invalid-credential", {
        detail: message("keys.sendApiKey"),
      });
    const subject = {
      memberId: principal.memberId,
      accountId: principal.ownAccount.accountId,
      source: { kind: "key" as const, id: credential.id },
      jti: newId("token", now),
    };
    const token = await mintToken(
      await loadKeyring(env.SIGNING_KEYS),
      { issuer: env.ISSUER, audience: env.AUDIENCE },
      subject,
      now,
    );
    // A sign-in is recorded in the trail of the member's own account, which its token names. The batch that
    // records it confirms the stamp.
    const events = [
      call.event(
        "token.create",
        { type: "api_key", id: credential.id },
        { accountId: principal.ownAccount.accountId },
      ),
    ];
    return call.commit(
      { statements: [], events },
      { status: 200, body: { access_token: token, token_type: "Bearer", expires_in: TOKEN_TTL_SECONDS } },
    );
  },
);

const jwks = openEndpoint(
  {
    method: "GET",
    path: "/.well-known/jwks.json",
    operationId: "listSigningKeys",
    tag: "Sign-in",
    right: "public",
    status: 200,
    answer: z.object({ keys: z.array(z.record(z.string(), z.string())) }).meta({ id: "KeySet" }),
    summary: "The keys that sign access tokens (RFC 7517).",
  },
  async (call) => ({
    status: 200,
    body: (await loadKeyring(call.env.SIGNING_KEYS)).jwks,
    headers: { "Cache-Control": "public, max-age=300" },
  }),
);

export const tokenEndpoints = [exchange, jwks];
