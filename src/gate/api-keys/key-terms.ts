import { memberRef } from "../../access/decision.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import type { z } from "zod";
import type { NewKeyBody } from "../credentials/api-key.card.ts";
import type { Call } from "../calls/call.ts";
import type { Holdings } from "../principals/holdings.ts";
import { isPlatformInTenant } from "../principals/authority.ts";
import { restrictionOf } from "../credentials/key-restriction.ts";
import type { Principal } from "../principals/principal.ts";
import { requestPermit } from "../permits/permit-request.ts";
import { parseAddressRules } from "../calls/required-authority.ts";
import { message } from "../../kernel/messages/message.ts";

/** A missing key is decided like one that the caller may not see. */
export const NO_KEY = memberRef("");

/**
 * A key for oneself needs the right, or the account's leave; a key for another needs power over that member
 * too.
 */
export function requireKeyRight(call: Call, targetId: string, target: Holdings | undefined): void {
  const { principal } = call;
  const {
    preset: { roles },
    settings,
  } = principal.ownAccount;
  const { scopes } = restrictionOf(principal.credential);
  const ownKeys =
    settings.membersMayCreateKeys &&
    principal.member.roles.some((role) => roles[role]?.canMakeOwnKeys) &&
    (scopes === null || scopes.includes("api_key.create"));
  if (targetId === principal.memberId && ownKeys) return;
  call.requireRight("api_key.create");
  call.requireRight("api_key.create", memberRef(targetId), true);
  // The terms are not known yet. Here the power over the member decides.
  if (target !== undefined)
    requestPermit(call, {
      kind: "key",
      memberId: targetId,
      holdings: target,
      terms: restrictionOf(principal.credential),
    });
}

export function parseKeyTerms(call: Call, body: Omit<z.infer<typeof NewKeyBody>, "revokeKeys">) {
  const allowedIps = parseAddressRules(body.allowedIps, body.allowAny);
  const expiresAt = body.expiresAt === null ? null : Date.parse(body.expiresAt);
  if (expiresAt !== null && expiresAt <= call.now)
    throw invalidField("/expiresAt", message("validation.futureTime"));
  const terms = { scopes: body.scopes, allowedIps, expiresAt };
  const beyond = body.scopes?.find((scope) => !call.principal.grantSet.extents.has(scope));
  if (beyond !== undefined)
    throw new Problem("access/denied", {
      detail: message("keys.scopeBeyondRights", { right: beyond }),
    });
  return terms;
}

/**
 * Else another admin could silence an owner who calls by key, again and again. @throws Problem
 * conflict/last-admin
 */
export function requireNotOwnersKey(principal: Principal, memberId: string): void {
  if (memberId !== principal.targetAccount.ownerMemberId || isPlatformInTenant(principal)) return;
  throw new Problem("conflict/last-admin", {
    detail: message("keys.ownersKeys"),
  });
}
