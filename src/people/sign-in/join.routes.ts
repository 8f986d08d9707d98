import { z } from "zod";
import type { TypeTable } from "../../access/resource-type.ts";
import { type Endpoint, openEndpoint } from "../../gate/calls/call.ts";
import { displayName } from "../../kernel/http/body.ts";
import { MEMBER_STATUSES } from "../../kernel/schema/team.ts";
import { CODE_FIELDS } from "./sign-in-code.ts";
import { joinByLink } from "./join.change.ts";
import { Tokens } from "./session.card.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

const Body = z
  .strictObject({
    token: z.string().regex(/^[A-Za-z0-9_-]{43}$/, ruleText("invitations.linkToken")),
    ...CODE_FIELDS,
    firstName: displayName(100),
    lastName: displayName(100),
    signIn: z.boolean().default(false).describe("Open a session in the same step."),
  })
  .meta({ id: "OperatorLinkJoin" });

const JoinedMember = z
  .object({
    memberId: z.string(),
    accountId: z.string(),
    status: z.enum(MEMBER_STATUSES),
    session: Tokens.optional().describe("With signIn."),
  })
  .meta({ id: "JoinedMember" });

const joinEndpoint = (types: TypeTable) =>
  openEndpoint(
    {
      method: "POST",
      path: "/v1/operator-links/join",
      operationId: "joinByOperatorLink",
      tag: "Sign-in",
      right: "public",
      status: 201,
      summary:
        "Join by an operator link, with the code that POST /v1/auth/codes mails when it is asked " +
        "with the `link`. There is no access until it is granted.",
      body: Body,
      answer: JoinedMember,
      problems: [
        "not-found",
        "invitation/used",
        "invitation/expired",
        "invitation/revoked",
        "auth/invalid-credential",
        "ip/not-allowed",
        "plan/feature-required",
        "conflict/duplicate-member",
        "conflict/former-member",
        "conflict/member-limit",
        "quota-exceeded",
        "stale",
      ],
    },
    async (call) => ({ status: 201, body: await joinByLink(call, types, await call.body()) }),
  );

export const joinEndpoints = (types: TypeTable): Endpoint[] => [joinEndpoint(types)];
