import { z } from "zod";
import { diffFields } from "../../audit/chain/difference.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { requireAuthorityToStop } from "../../gate/calls/required-authority.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import { decodeCursor, listQuery, toPage, pageSchema } from "../../kernel/http/page.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { invitationToken } from "../../channels/mail/one-time-token.ts";
import { requireInvitingAllowed } from "../members/member.load.ts";
import {
  endInvitation,
  findInvitation,
  guardInvitation,
  insertInvitation,
  listInvitations,
} from "./invitation.store.ts";
import { LinkCard, linkCard, linkStatus } from "./link.card.ts";
import { LinkBody, prepareLink } from "./new-link.change.ts";
import { message } from "../../kernel/messages/message.ts";

const CreatedLink = LinkCard.extend({
  url: z
    .string()
    .optional()
    .describe("The address to share. GET /v1/operator-links/{id}/url shows it again."),
}).meta({ id: "CreatedOperatorLink", extends: "OperatorLink" });

const joinUrl = ({ env }: Call, token: string): string =>
  `${env.APP_URL.replace(/\/+$/, "")}/join#token=${token}`;

const create = endpoint(
  {
    method: "POST",
    path: "/v1/operator-links",
    operationId: "createOperatorLink",
    tag: "Invitations",
    right: "member.create",
    status: 201,
    summary: "A link by which employees join by themselves, with no access until you grant it.",
    body: LinkBody,
    answer: CreatedLink,
    idempotency: "optional",
    problems: ["plan/feature-required"],
  },
  async (call) => {
    await call.read();
    requireInvitingAllowed(call);
    call.requireRight("member.create");
    const { row, permit, token } = prepareLink(call, await call.body());
    const card = linkCard(row, call.now);
    return call.commit(
      {
        statements: [insertInvitation(call.db, permit, row)],
        events: [
          call.event(
            "invitation.create",
            { type: "invitation", id: row.id },
            { changes: diffFields({}, card) },
          ),
        ],
      },
      { status: 201, replay: card, body: { ...card, url: joinUrl(call, token) } },
    );
  },
);

const list = endpoint(
  {
    method: "GET",
    path: "/v1/operator-links",
    operationId: "listOperatorLinks",
    tag: "Invitations",
    right: "member.view",
    status: 200,
    summary: "The links by which employees join, newest first.",
    query: z.strictObject(listQuery),
    answer: pageSchema(LinkCard),
  },
  async (call) => {
    call.requireRight("member.view");
    const { limit, cursor } = call.query();
    const [rows] = await call.read(
      listInvitations(
        call.db,
        call.principal.accountId,
        { kind: "link" },
        call.now,
        decodeCursor(cursor, z.string()),
        limit + 1,
      ),
    );
    return {
      status: 200,
      body: toPage(
        rows,
        limit,
        (row) => linkCard(row, call.now),
        (row) => row.id,
      ),
    };
  },
);

/**
 * The token is not stored: it is derived from a signing key. Each read of it is in the trail, because the
 * address opens the account to new members.
 */
const url = endpoint(
  {
    method: "GET",
    path: "/v1/operator-links/:id/url",
    operationId: "getOperatorLinkUrl",
    tag: "Invitations",
    right: "member.view",
    status: 200,
    summary: "The address of a link that is still good, shown again. Each time is in the trail.",
    answer: z.object({ url: z.string() }).meta({ id: "OperatorLinkUrl" }),
    problems: ["invitation/used", "invitation/expired", "invitation/revoked", "conflict/state"],
  },
  async (call) => {
    const { db, env, principal, params } = call;
    const [[row]] = await call.read(findInvitation(db, principal.accountId, "link", params["id"] ?? ""));
    call.requireRight("member.view");
    if (row === undefined) throw new Problem("not-found");
    const status = linkStatus(row, call.now);
    if (status !== "pending")
      throw new Problem(`invitation/${status}`, { detail: message("invitations.linkEnded") });
    const { token } = invitationToken(env.SIGNING_KEYS, row.tokenKid, row.id, row.sendCount);
    if (sha256Hex(token) !== row.tokenHash) {
      const detail = message("invitations.linkKeyGone");
      throw new Problem("conflict/state", { detail });
    }
    const events = [call.event("invitation.show", { type: "invitation", id: row.id })];
    return call.commit({ statements: [], events }, { status: 200, body: { url: joinUrl(call, token) } });
  },
);

const revoke = endpoint(
  {
    method: "DELETE",
    path: "/v1/operator-links/:id",
    operationId: "revokeOperatorLink",
    tag: "Invitations",
    right: "member.create",
    status: 204,
    summary: "End a link. Members who joined by it stay.",
    problems: ["invitation/revoked"],
  },
  async (call) => {
    const { db, now, principal, params } = call;
    const [[row]] = await call.read(findInvitation(db, principal.accountId, "link", params["id"] ?? ""));
    requireInvitingAllowed(call);
    call.requireRight("member.create");
    call.requireRight("member.view", undefined, true);
    if (row === undefined) throw new Problem("not-found");
    requireAuthorityToStop(principal, { roles: [row.role ?? ""], rights: [], grants: [], customRoles: [] });
    if (row.status === "revoked")
      throw new Problem("invitation/revoked", { detail: message("invitations.linkEndedAlready") });
    return call.commit(
      {
        statements: [
          guardInvitation(db, row),
          endInvitation(db, row, { status: "revoked", revokedAt: now, updatedAt: now }),
        ],
        events: [
          call.event(
            "invitation.revoke",
            { type: "invitation", id: row.id },
            { changes: { before: { status: row.status }, after: { status: "revoked" } } },
          ),
        ],
      },
      { status: 204 },
    );
  },
);

export const linkEndpoints: readonly Endpoint[] = [create, list, url, revoke];
