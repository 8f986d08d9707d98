import type { TypeTable } from "../../access/resource-type.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { notifyAuditQueue, stageEvent } from "../../audit/chain/outbox.store.ts";
import { admitsAddress, compileAddressRules } from "../../gate/credentials/address-rule.ts";
import { requireAcceptedState } from "../../gate/principals/admission.ts";
import type { OpenCall } from "../../gate/calls/call.ts";
import { WriteConflict } from "../../gate/calls/turn.ts";
import { recordStrangerRefusal } from "../../gate/calls/stranger-refusal.change.ts";
import { NO_NAMES } from "../invitations/acceptance.change.ts";
import { acceptInvitation } from "../invitations/acceptance-commit.change.ts";
import {
  type ValidInvitation,
  findInvitationsByVerifiedEmail,
  userIdOf,
  type PendingInvitation,
} from "../invitations/acceptance.store.ts";
import { batch, failedGuard } from "../../kernel/db.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { EmailProof } from "./sign-in-code.ts";
import { wrongCodeProblem } from "./sign-in-code.change.ts";
import { undoTry, consumeProof } from "./sign-in-code.store.ts";
import { type SignInMember, openSession, sessionEvent } from "./session.change.ts";
import type { Tokens } from "./session.card.ts";
import { findMemberships, guardMembership, type Membership } from "./session.store.ts";
import { message } from "../../kernel/messages/message.ts";

/** Accounts that are offered for a choice at most. Any other can be named all the same. */
const CHOICES_MAX = 20;

/** Where a person may sign in: as a member, or by a pending invitation for the address. */
type SignInTarget = { readonly membership: Membership } | { readonly invitation: ValidInvitation };

/**
 * Signs in the person who has proved an address: in the named account, or in the only one that there is. An
 * invitation is accepted only if its account is named.
 * @throws Problem conflict/choose-account, auth/invalid-credential, auth/blocked, ip/not-allowed, and each
 * problem of an acceptance
 */
export async function signIn(
  call: OpenCall,
  types: TypeTable,
  proof: EmailProof,
  accountId: string | undefined,
): Promise<Tokens> {
  // A change of the member or the account may come between; then everything is read again.
  return call.retryOnConflict(async () => {
    const target = await chooseTarget(call, proof, accountId);
    return "invitation" in target
      ? signInByInvitation(call, types, proof, target.invitation)
      : signInAsMember(call, proof, target.membership);
  });
}

async function chooseTarget(
  call: OpenCall,
  proof: EmailProof,
  accountId: string | undefined,
): Promise<SignInTarget> {
  const { members, invitations } = await loadTargets(call, proof.email, accountId);
  const [onlyMember, secondMember] = members.filter(({ member }) => member.status !== "blocked");
  if (onlyMember !== undefined && secondMember === undefined) return { membership: onlyMember };
  const [invitation] = invitations;
  if (accountId !== undefined && invitation !== undefined) return { invitation };
  if (onlyMember !== undefined || invitation !== undefined)
    throw await askForAccount(call, proof, members, invitations);
  const [blocked] = members;
  if (blocked === undefined) throw wrongCodeProblem();
  requireAcceptedState(blocked.account);
  return refuseSignIn(call, blocked.member, new Problem("auth/blocked"));
}

/** Memberships and good invitations of an address: all of them, or those of one account. */
async function loadTargets(
  { db, now }: OpenCall,
  email: string,
  accountId: string | undefined,
): Promise<{ members: Membership[]; invitations: ValidInvitation[] }> {
  const [members, pending] = await Promise.all([
    findMemberships(db, email),
    findInvitationsByVerifiedEmail(db, email),
  ]);
  const isRequested = (id: string): boolean => accountId === undefined || accountId === id;
  return {
    members: members.filter(({ account }) => isRequested(account.id)),
    invitations: pending.filter(
      (one): one is ValidInvitation => isRequested(one.account.id) && canBeAccepted(one, now),
    ),
  };
}

const canBeAccepted = ({ invitation, member, taken }: PendingInvitation, now: number): boolean =>
  invitation.expiresAt > now &&
  member !== null &&
  member.email === invitation.email &&
  member.status !== "blocked" &&
  !taken;

/** The same code is sent again with an answer to this, so it was no try. */
async function askForAccount(
  { db }: OpenCall,
  proof: EmailProof,
  members: readonly Membership[],
  invitations: readonly ValidInvitation[],
): Promise<Problem> {
  await batch(db, [undoTry(db, proof)]);
  const accountChoice = (account: Membership["account"], invitation: boolean) => ({
    accountId: account.id,
    name: account.name,
    kind: account.kind,
    invitation,
  });
  // Anyone may invite an address, so memberships are listed before pending invitations.
  const accounts = [
    ...members
      .filter(({ member }) => member.status !== "blocked")
      .map(({ account }) => accountChoice(account, false)),
    ...invitations.map(({ account }) => accountChoice(account, true)),
  ];
  return new Problem("conflict/choose-account", { extensions: { accounts: accounts.slice(0, CHOICES_MAX) } });
}

/** @throws WriteConflict when the member or the account is no longer what was read */
async function signInAsMember(call: OpenCall, proof: EmailProof, membership: Membership): Promise<Tokens> {
  const { db, env, now, origin } = call;
  const { member, account, userId } = membership;
  requireAcceptedState(account);
  const rules = [account.allowedIps, member.allowedIps].map(compileAddressRules);
  if (!admitsAddress(rules, origin.ip))
    return refuseSignIn(
      call,
      member,
      new Problem("ip/not-allowed", {
        detail: message("signIn.signInElsewhere"),
      }),
    );
  const { statements, events, body } = await openSession(call, member, userId);
  try {
    await batch(db, [
      ...consumeProof(db, proof, now),
      guardMembership(db, membership),
      ...statements,
      ...events.map((event) => stageEvent(db, env.SIGNING_KEYS, event)),
    ]);
  } catch (error) {
    if (failedGuard(error) === "changed")
      throw new WriteConflict({ accountId: account.id, object: member.id });
    throw toSignInError(error);
  }
  call.defer(notifyAuditQueue(env.AUDIT, account.id, events));
  return body;
}

/** Accepts and signs in, or neither. */
async function signInByInvitation(
  call: OpenCall,
  types: TypeTable,
  proof: EmailProof,
  invitation: ValidInvitation,
): Promise<Tokens> {
  const { db, now } = call;
  let body: Tokens | null = null;
  try {
    await acceptInvitation(
      call,
      types,
      // A change since it was read fails a guard, and then the place is chosen again.
      async () => invitation,
      NO_NAMES,
      async ({ member }) => {
        const opened = await openSession(call, member, userIdOf(proof.email));
        body = opened.body;
        return { statements: [...consumeProof(db, proof, now), ...opened.statements], events: opened.events };
      },
    );
  } catch (error) {
    throw toSignInError(error);
  }
  if (body === null) throw new Error("an accepted invitation opens a session");
  return body;
}

/**
 * Of two calls with one code, the second is too late. A call by an invitation that was taken back meanwhile
 * is too late as well.
 */
const toSignInError = (error: unknown): unknown =>
  failedGuard(error) === "claim_used" || (error instanceof Problem && error.code === "not-found")
    ? wrongCodeProblem()
    : error;

/** Records the refusal of a known member in the account's log. @throws Problem the refusal */
export async function refuseSignIn(
  call: OpenCall,
  member: SignInMember,
  problem: Problem,
  sessionId: string | null = null,
): Promise<never> {
  const event: AuditEvent = {
    ...sessionEvent(call, member, sessionId, sessionId === null ? "session.create" : "session.refresh"),
    outcome: "denied",
    reason: problem.code,
  };
  await recordStrangerRefusal(call, event);
  throw problem;
}
