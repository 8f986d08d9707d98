import { z } from "zod";
import { difference } from "../audit/difference.ts";
import { type Call, type Endpoint, endpoint } from "../identity/call.ts";
import { NO_ACCESS } from "../identity/access-gain.ts";
import { requestPermit } from "../identity/permit.change.ts";
import { requireAuthorityToStop } from "../identity/refusal.change.ts";
import { instant, optionalName } from "../kernel/body.ts";
import { sha256Hex } from "../kernel/digest.ts";
import { newId } from "../kernel/id.ts";
import { decodeCursor, listQuery, page, pageOf } from "../kernel/page.ts";
import { invalid, Problem } from "../kernel/problem.ts";
import { invitationToken } from "../mail/one-time.ts";
import type { InvitationRow } from "../schema/invitation.ts";
import { requireInviting } from "../team/member.change.ts";
import {
  endInvitation,
  findInvitation,
  guardInvitation,
  insertInvitation,
  listInvitations,
} from "./invitation.store.ts";
import { LinkCard, linkCard, linkStatus } from "./link.card.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Days for which a link is good at most: one with a number of uses, and a standing one. */
const DAYS_MAX = { counted: 30, standing: 366 };

const NewLink = z.strictObject({
  name: optionalName(100).default(null).describe("What you call it."),
  role: z
    .string()
    .max(40)
    .optional()
    .describe("A role without any access until it is granted; the only one, unless told."),
  maxUses: z
    .number()
    .int()
    .min(1)
    .max(1_000)
    .nullable()
    .default(1)
    .describe("Null makes a standing link: no limit but a hundred joins a day."),
  expiresAt: instant
    .optional()
    .describe("At most 30 days from now, 366 for a standing link; as the account's invitations by default."),
});

const Made = LinkCard.extend({
  url: z
    .string()
    .optional()
    .describe("The address to share. GET /v1/operator-links/{id}/url shows it again."),
});

const urlOf = ({ env }: Call, token: string): string =>
  `${env.APP_URL.replace(/\/+$/, "")}/join#token=${token}`;

/** The role of a link, which must be one that has no access by itself. @throws Problem validation */
function roleOf({ principal: { preset } }: Call, role: string = preset.suggestedRole): string {
  if (preset.restrictedRoles.length === 0) {
    throw invalid(
      "/role",
      "goes with a link only where roles have no access until it is granted, and this account's model has no such role. Invite by mail: POST /v1/invitations",
    );
  }
  if (!preset.restrictedRoles.includes(role))
    throw invalid(
      "/role",
      `must be one of ${preset.restrictedRoles.join(", ")}: a link gives no access by itself`,
    );
  return role;
}

/** Until when, in milliseconds since the epoch. @throws Problem validation */
function endOf({ now, principal }: Call, expiresAt: string | undefined, maxUses: number | null): number {
  const days = maxUses === null ? DAYS_MAX.standing : DAYS_MAX.counted;
  const end =
    expiresAt === undefined ? now + principal.account.settings.invitationTtlMs : Date.parse(expiresAt);
  if (!(end > now) || end > now + days * DAY_MS) {
    throw invalid("/expiresAt", `must be in the future, and within ${days} days`);
  }
  return end;
}

const create = endpoint(
  {
    method: "POST",
    path: "/v1/operator-links",
    tag: "Invitations",
    right: "member.create",
    status: 201,
    summary: "A link by which employees join by themselves, with no access until you grant it.",
    body: NewLink,
    answer: Made,
    idempotency: "optional",
    problems: ["plan/feature-required"],
  },
  async (call) => {
    await call.read();
    requireInviting(call);
    call.decide("member.create");
    const { name, role: told, maxUses, expiresAt } = await call.body();
    const role = roleOf(call, told);
    const { now, env, principal } = call;
    const id = newId("invitation", now);
    const permit = requestPermit(call, {
      kind: "entry",
      memberId: id,
      access: { ...NO_ACCESS, roles: [role], isLetIn: true },
    });
    const { kid, token } = invitationToken(env.SIGNING_KEYS, null, id, 1);
    const row: InvitationRow = {
      id,
      accountId: principal.accountId,
      kind: "link",
      memberId: null,
      email: null,
      name,
      role,
      tokenHash: sha256Hex(token),
      tokenKid: kid,
      status: "pending",
      expiresAt: endOf(call, expiresAt, maxUses),
      maxUses,
      uses: 0,
      sendCount: 1,
      mailAt: 0,
      externalId: null,
      invitedBy: principal.memberId,
      hookId: null,
      createdAt: now,
      acceptedAt: null,
      revokedAt: null,
      updatedAt: now,
    };
    const card = linkCard(row, now);
    return call.commit(
      {
        statements: [insertInvitation(call.db, permit, row)],
        events: [
          call.event("invitation.create", { type: "invitation", id }, { changes: difference({}, card) }),
        ],
      },
      { status: 201, replay: card, body: { ...card, url: urlOf(call, token) } },
    );
  },
);

const list = endpoint(
  {
    method: "GET",
    path: "/v1/operator-links",
    tag: "Invitations",
    right: "member.view",
    status: 200,
    summary: "The links by which employees join, newest first.",
    query: z.strictObject(listQuery),
    answer: pageOf(LinkCard),
  },
  async (call) => {
    call.decide("member.view");
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
      body: page(
        rows,
        limit,
        (row) => linkCard(row, call.now),
        (row) => row.id,
      ),
    };
  },
);

/**
 * The token is kept nowhere: it follows from a signing key. A read of it is in the trail, because the address
 * opens the account to new members.
 */
const url = endpoint(
  {
    method: "GET",
    path: "/v1/operator-links/:id/url",
    tag: "Invitations",
    right: "member.view",
    status: 200,
    summary: "The address of a link that is still good, shown again. Each time is in the trail.",
    answer: z.object({ url: z.string() }),
    problems: ["invitation/used", "invitation/expired", "invitation/revoked", "conflict/state"],
  },
  async (call) => {
    const { db, env, principal, params } = call;
    const [[row]] = await call.read(findInvitation(db, principal.accountId, "link", params["id"] ?? ""));
    call.decide("member.view");
    if (row === undefined) throw new Problem("not-found");
    const status = linkStatus(row, call.now);
    if (status !== "pending")
      throw new Problem(`invitation/${status}`, { detail: "This link is no longer good. Make another one." });
    const { token } = invitationToken(env.SIGNING_KEYS, row.tokenKid, row.id, row.sendCount);
    if (sha256Hex(token) !== row.tokenHash) {
      const detail = "The signing key of this link is gone, so it cannot be shown again. Make another one.";
      throw new Problem("conflict/state", { detail });
    }
    const events = [call.event("invitation.show", { type: "invitation", id: row.id })];
    return call.commit({ statements: [], events }, { status: 200, body: { url: urlOf(call, token) } });
  },
);

const revoke = endpoint(
  {
    method: "DELETE",
    path: "/v1/operator-links/:id",
    tag: "Invitations",
    right: "member.create",
    status: 204,
    summary: "End a link. Whoever joined by it stays.",
    problems: ["invitation/revoked"],
  },
  async (call) => {
    const { db, now, principal, params } = call;
    const [[row]] = await call.read(findInvitation(db, principal.accountId, "link", params["id"] ?? ""));
    requireInviting(call);
    call.decide("member.create");
    call.decide("member.view", undefined, true);
    if (row === undefined) throw new Problem("not-found");
    requireAuthorityToStop(principal, { roles: [row.role ?? ""], rights: [], grants: [], customRoles: [] });
    if (row.status === "revoked")
      throw new Problem("invitation/revoked", { detail: "It was ended already." });
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
