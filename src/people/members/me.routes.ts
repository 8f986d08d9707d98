import { z } from "zod";
import { findAccount } from "../../gate/credentials/account.store.ts";
import { endpoint } from "../../gate/calls/call.ts";
import { findMember } from "../../gate/credentials/member.store.ts";
import { isoOrNull } from "../../kernel/clock.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { MemberCard, memberCard } from "./member.card.ts";

/** The caller's own card. Its `rights` would be taken for those of the credential beside it. */
const OwnMember = MemberCard.omit({ rights: true })
  .extend({ directRights: z.array(z.string()).describe("Rights beside those of the roles.") })
  .meta({ id: "OwnMember" });

const ownMemberCard = ({ rights, ...card }: ReturnType<typeof memberCard>) => ({
  ...card,
  directRights: rights,
});

const Me = z
  .object({
    member: OwnMember,
    account: z.object({ id: z.string(), kind: z.string(), name: z.string() }),
    rights: z.array(z.string()).describe("What this credential may do, somewhere. Grants say where."),
    key: z
      .object({ id: z.string(), scopes: z.array(z.string()).nullable() })
      .nullable()
      .describe("The API key behind the call; null in a session."),
    session: z.object({ id: z.string(), expiresAt: z.string().nullable() }).nullable(),
  })
  .meta({ id: "Me" });

const me = endpoint(
  {
    method: "GET",
    path: "/v1/me",
    operationId: "getMe",
    tag: "Members",
    right: "self",
    status: 200,
    summary: "Who this credential speaks for, and what it may do.",
    answer: Me,
  },
  async (call) => {
    const { principal, db } = call;
    const { credential } = principal;
    const [[found], [account]] = await call.read(
      findMember(db, principal.ownAccount.accountId, principal.memberId),
      findAccount(db, principal.accountId),
    );
    if (found === undefined || account === undefined) throw new Problem("not-found");
    return {
      status: 200,
      body: {
        member: ownMemberCard(memberCard(found.row, found.grants, principal.ownAccount)),
        account: { id: account.id, kind: account.kind, name: account.name },
        rights: [...principal.grantSet.extents.keys()].sort(),
        key: credential.kind === "key" ? { id: credential.id, scopes: credential.restriction.scopes } : null,
        session:
          credential.kind === "session"
            ? { id: credential.id, expiresAt: isoOrNull(credential.expiresAt) }
            : null,
      },
    };
  },
);

export const meEndpoints = [me];
