import { z } from "zod";
import type { TypeTable } from "../../access/resource-type.ts";
import { type Endpoint, openEndpoint } from "../../gate/calls/call.ts";
import { optionalName } from "../../kernel/http/body.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import type { ProblemCode } from "../../kernel/http/problem.ts";
import { acceptInvitation } from "../invitations/acceptance-commit.change.ts";
import { findInvitationByToken, userIdOf } from "../invitations/acceptance.store.ts";
import { MEMBER_STATUSES } from "../../kernel/schema/team.ts";
import { Tokens } from "./session.card.ts";
import { openSession } from "./session.change.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

const Body = z
  .strictObject({
    token: z.string().regex(/^[A-Za-z0-9_-]{43}$/, ruleText("invitations.invitationToken")),
    firstName: optionalName(100)
      .default(null)
      .describe("Taken where the invitation left it out, as the last name is."),
    lastName: optionalName(100).default(null),
    signIn: z.boolean().default(false).describe("Open a session in the same step."),
  })
  .meta({ id: "InvitationAcceptance" });

const AcceptanceCard = z
  .object({
    memberId: z.string(),
    accountId: z.string(),
    status: z.enum(MEMBER_STATUSES).describe("New until the first sign-in."),
    session: Tokens.optional().describe("With signIn."),
  })
  .meta({ id: "AcceptedInvitation" });

const PROBLEMS: readonly ProblemCode[] = [
  "not-found",
  "invitation/used",
  "invitation/expired",
  "invitation/revoked",
  "auth/blocked",
  "auth/invalid-credential",
  "ip/not-allowed",
  "conflict/other-address",
  "conflict/duplicate-member",
  "plan/feature-required",
  "quota-exceeded",
  "stale",
];

/** One click: the token of the mail proves that the caller reads the mail of the invited address. */
const acceptanceEndpoint = (types: TypeTable) =>
  openEndpoint(
    {
      method: "POST",
      path: "/v1/invitations/accept",
      operationId: "acceptInvitation",
      tag: "Sign-in",
      right: "public",
      status: 200,
      summary: "Accept an invitation by the token of its mail, and sign in at once if you like.",
      body: Body,
      answer: AcceptanceCard,
      problems: PROBLEMS,
    },
    async (call) => {
      const { token, signIn, ...names } = await call.body();
      const hash = sha256Hex(token);
      let session: Tokens | undefined;
      const { member } = await acceptInvitation(
        call,
        types,
        async () => (await findInvitationByToken(call.db, hash))[0],
        names,
        async (waiting) => {
          if (!signIn) return { statements: [], events: [] };
          const { body, ...beside } = await openSession(call, waiting.member, userIdOf(waiting.member.email));
          session = body;
          return beside;
        },
      );
      const status = session !== undefined ? ("active" as const) : member.status;
      return {
        status: 200,
        body: {
          memberId: member.id,
          accountId: member.accountId,
          status,
          ...(session === undefined ? {} : { session }),
        },
      };
    },
  );

export const acceptEndpoints = (types: TypeTable): Endpoint[] => [acceptanceEndpoint(types)];
