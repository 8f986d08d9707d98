import { DAY_MS } from "../../kernel/clock.ts";
import { z } from "zod";
import { NO_ACCESS } from "../../gate/permits/access-gain.ts";
import type { Call } from "../../gate/calls/call.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { requestPermit } from "../../gate/permits/permit-request.ts";
import { instant, optionalName } from "../../kernel/http/body.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import { newId } from "../../kernel/id.ts";
import { invalidField } from "../../kernel/http/problem.ts";
import { invitationToken } from "../../channels/mail/one-time-token.ts";
import type { InvitationRow } from "../../kernel/schema/invitation.ts";
import { message } from "../../kernel/messages/message.ts";

/** Days for which a link is good at most: one with a number of uses, and a standing one. */
const DAYS_MAX = { counted: 30, standing: 366 };

export const LinkBody = z
  .strictObject({
    name: optionalName(100).default(null).describe("What you call it."),
    role: z
      .string()
      .max(40)
      .optional()
      .describe("A role without any access until it is granted; by default the only one."),
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
      .describe(
        "At most 30 days from now, 366 for a standing link; as the account's invitations by default.",
      ),
  })
  .meta({ id: "NewOperatorLink" });

/**
 * A new link, by the wish of the caller.
 * @throws Problem validation, access/denied, plan/feature-required
 */
export function prepareLink(
  call: Call,
  { name, role: requestedRole, maxUses, expiresAt }: z.infer<typeof LinkBody>,
): { readonly row: InvitationRow; readonly permit: Permit; readonly token: string } {
  const role = linkRoleOf(call, requestedRole);
  const { now, env, principal } = call;
  const id = newId("invitation", now);
  const permit = requestPermit(call, {
    kind: "entry",
    memberId: id,
    access: { ...NO_ACCESS, roles: [role], isUnblocked: true },
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
    expiresAt: linkEnd(call, expiresAt, maxUses),
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
  return { row, permit, token };
}

/** The role of a link, which must be one that has no access by itself. @throws Problem validation */
function linkRoleOf({ principal: { preset } }: Call, role: string = preset.suggestedRole): string {
  if (preset.restrictedRoles.length === 0) {
    throw invalidField("/role", message("invitations.linkInModel"));
  }
  if (!preset.restrictedRoles.includes(role))
    throw invalidField("/role", message("invitations.linkRoles", { roles: preset.restrictedRoles }));
  return role;
}

/**
 * When the link ends, in milliseconds since the epoch.
 * @throws Problem validation
 */
function linkEnd({ now, principal }: Call, expiresAt: string | undefined, maxUses: number | null): number {
  const days = maxUses === null ? DAYS_MAX.standing : DAYS_MAX.counted;
  const end =
    expiresAt === undefined ? now + principal.targetAccount.settings.invitationTtlMs : Date.parse(expiresAt);
  if (!(end > now) || end > now + days * DAY_MS) {
    throw invalidField("/expiresAt", message("invitations.linkExpiry", { days }));
  }
  return end;
}
