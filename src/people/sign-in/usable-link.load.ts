import { decide } from "../../access/decision.ts";
import { presetOfKind } from "../../access/model.ts";
import type { TypeTable } from "../../access/resource-type.ts";
import { NO_ACCESS } from "../../gate/permits/access-gain.ts";
import { admitsAddress, compileAddressRules } from "../../gate/credentials/address-rule.ts";
import { hasLapsedPlan, requireAcceptedState } from "../../gate/principals/admission.ts";
import type { OpenCall } from "../../gate/calls/call.ts";
import { decidePermit, Permit } from "../../gate/permits/permit.ts";
import type { Principal } from "../../gate/principals/principal.ts";
import { findPrincipalOnBehalf } from "../../gate/principals/principal.store.ts";
import { linkStatus } from "../invitations/link.card.ts";
import { findLink, type LinkWithAccount } from "../invitations/link.store.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { message } from "../../kernel/messages/message.ts";

/** An operator link that can be used now. */
export interface UsableLink {
  readonly link: LinkWithAccount;
  /** The member who created it, with the rights that they have now. */
  readonly maker: Principal;
}

/** The link with this token, if the caller can join by it now and from this IP address. @throws Problem */
export async function loadUsableLink(
  { db, now, origin, env }: OpenCall,
  types: TypeTable,
  tokenHash: string,
): Promise<UsableLink> {
  const [found] = await findLink(db, tokenHash);
  if (found === undefined) throw new Problem("not-found", { detail: message("invitations.noLink") });
  const { link, account, inviter } = found;
  requireAcceptedState(account);
  const preset = presetOfKind(account.kind);
  const status = linkStatus(link, now);
  // A link gives no more than its maker may give now. It ends when the maker leaves or may not give the role.
  const maker =
    inviter === null ? null : await findPrincipalOnBehalf(db, inviter.memberId, account.id, types);
  if (status === "revoked" || maker === null || permitJoin(maker, found, link.id) === null)
    throw new Problem("invitation/revoked", {
      detail: message("invitations.linkStopped"),
    });
  if (status === "used")
    throw new Problem("invitation/used", {
      detail: message("invitations.linkSpent"),
    });
  if (status === "expired") throw new Problem("invitation/expired");
  if (!admitsAddress([compileAddressRules(account.allowedIps)], origin.ip))
    throw new Problem("ip/not-allowed", { detail: message("invitations.joinElsewhere") });
  if (hasLapsedPlan({ preset, plan: account.plan }, [link.role ?? ""])) {
    throw new Problem("plan/feature-required", {
      extensions: { feature: "restrictedAccounts", contact: account.plan.contactUrl ?? env.CONTACT_URL },
    });
  }
  return { link: found, maker };
}

/**
 * A permit for a member with the link's role, if its maker may give that role now. "plan": the plan lapsed.
 * Null: the maker may not.
 */
export function permitJoin(
  maker: Principal,
  { link }: LinkWithAccount,
  memberId: string,
): Permit | "plan" | null {
  if (
    maker.member.status !== "active" ||
    maker.targetNotFound ||
    !decide(maker.grantSet, "member.create").allowed
  )
    return null;
  const access = { ...NO_ACCESS, roles: [link.role ?? ""], isUnblocked: true };
  const decision = decidePermit(maker, { kind: "entry", memberId, access }, "member");
  if (decision instanceof Permit) return decision;
  return decision.kind === "plan" ? "plan" : null;
}
