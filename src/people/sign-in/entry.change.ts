import type { TypeTable } from "../../access/resource-type.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { notifyAuditQueue, stageEvent } from "../../audit/chain/outbox.store.ts";
import { admitsAddress, compileAddressRules } from "../../gate/credentials/address-rule.ts";
import { requireAcceptedState } from "../../gate/principals/admission.ts";
import type { OpenCall } from "../../gate/calls/call.ts";
import { WriteConflict } from "../../gate/calls/turn.ts";
import { recordStrangerRefusal } from "../../gate/calls/stranger-refusal.change.ts";
import { NO_NAMES } from "../invitations/acceptance.change.ts";
import { accept } from "../invitations/acceptance-commit.change.ts";
import {
  type Acceptable,
  findByVerifiedAddress,
  userIdOf,
  type Waiting,
} from "../invitations/acceptance.store.ts";
import { batch, failedGuard } from "../../kernel/db.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { Proof } from "./code.ts";
import { wrongCode } from "./code.change.ts";
import { giveTryBack, spend } from "./code.store.ts";
import { type Comer, openSession, sessionEvent } from "./session.change.ts";
import type { Tokens } from "./session.card.ts";
import { findMemberships, guardMembership, type Membership } from "./session.store.ts";

/** Accounts that are offered for a choice at most. Any other can be named all the same. */
const CHOICES_MAX = 20;

/** Where a person may sign in: as a member, or by a pending invitation for the address. */
type Door = { readonly membership: Membership } | { readonly invitation: Acceptable };

/**
 * Signs in the person who has proved an address: in the named account, or in the only one that there is. An
 * invitation is accepted only if its account is named.
 * @throws Problem conflict/choose-account, auth/invalid-credential, auth/blocked, ip/not-allowed, and each
 * problem of an acceptance
 */
export async function enter(
  call: OpenCall,
  types: TypeTable,
  proof: Proof,
  accountId: string | undefined,
): Promise<Tokens> {
  // A change of the member or the account may come between; then everything is read again.
  return call.retryOnConflict(async () => {
    const door = await choose(call, proof, accountId);
    return "invitation" in door
      ? byInvitation(call, types, proof, door.invitation)
      : asMember(call, proof, door.membership);
  });
}

async function choose(call: OpenCall, proof: Proof, accountId: string | undefined): Promise<Door> {
  const { members, invitations } = await doors(call, proof.email, accountId);
  const [only, another] = members.filter(({ member }) => member.status !== "blocked");
  if (only !== undefined && another === undefined) return { membership: only };
  const [invitation] = invitations;
  if (accountId !== undefined && invitation !== undefined) return { invitation };
  if (only !== undefined || invitation !== undefined) throw await question(call, proof, members, invitations);
  const [blocked] = members;
  if (blocked === undefined) throw wrongCode();
  requireAcceptedState(blocked.account);
  return denied(call, blocked.member, new Problem("auth/blocked"));
}

/** Memberships and good invitations of an address: all of them, or those of one account. */
async function doors(
  { db, now }: OpenCall,
  email: string,
  accountId: string | undefined,
): Promise<{ members: Membership[]; invitations: Acceptable[] }> {
  const [members, waiting] = await Promise.all([
    findMemberships(db, email),
    findByVerifiedAddress(db, email),
  ]);
  const isAsked = (id: string): boolean => accountId === undefined || accountId === id;
  return {
    members: members.filter(({ account }) => isAsked(account.id)),
    invitations: waiting.filter((one): one is Acceptable => isAsked(one.account.id) && isOpen(one, now)),
  };
}

const isOpen = ({ invitation, member, taken }: Waiting, now: number): boolean =>
  invitation.expiresAt > now &&
  member !== null &&
  member.email === invitation.email &&
  member.status !== "blocked" &&
  !taken;

/** The same code is sent again with an answer to this, so it was no try. */
async function question(
  { db }: OpenCall,
  proof: Proof,
  members: readonly Membership[],
  invitations: readonly Acceptable[],
): Promise<Problem> {
  await batch(db, [giveTryBack(db, proof)]);
  const place = (account: Membership["account"], invitation: boolean) => ({
    accountId: account.id,
    name: account.name,
    kind: account.kind,
    invitation,
  });
  // Anyone may invite an address, so memberships are listed before pending invitations.
  const accounts = [
    ...members
      .filter(({ member }) => member.status !== "blocked")
      .map(({ account }) => place(account, false)),
    ...invitations.map(({ account }) => place(account, true)),
  ];
  return new Problem("conflict/choose-account", { extensions: { accounts: accounts.slice(0, CHOICES_MAX) } });
}

/** @throws Met when the member or the account is no longer what was read */
async function asMember(call: OpenCall, proof: Proof, found: Membership): Promise<Tokens> {
  const { db, env, now, origin } = call;
  const { member, account, userId } = found;
  requireAcceptedState(account);
  const rules = [account.allowedIps, member.allowedIps].map(compileAddressRules);
  if (!admitsAddress(rules, origin.ip))
    return denied(
      call,
      member,
      new Problem("ip/not-allowed", {
        detail: "Sign in from an address that the account and the member allow.",
      }),
    );
  const { statements, events, body } = await openSession(call, member, userId);
  try {
    await batch(db, [
      ...spend(db, proof, now),
      guardMembership(db, found),
      ...statements,
      ...events.map((event) => stageEvent(db, env.SIGNING_KEYS, event)),
    ]);
  } catch (error) {
    if (failedGuard(error) === "changed")
      throw new WriteConflict({ accountId: account.id, object: member.id });
    throw spentAlready(error);
  }
  call.defer(notifyAuditQueue(env.AUDIT, account.id, events));
  return body;
}

/** Accepts and signs in, or neither. */
async function byInvitation(
  call: OpenCall,
  types: TypeTable,
  proof: Proof,
  invitation: Acceptable,
): Promise<Tokens> {
  const { db, now } = call;
  let body: Tokens | null = null;
  try {
    await accept(
      call,
      types,
      // A change since it was read fails a guard, and then the place is chosen again.
      async () => invitation,
      NO_NAMES,
      async ({ member }) => {
        const opened = await openSession(call, member, userIdOf(proof.email));
        body = opened.body;
        return { statements: [...spend(db, proof, now), ...opened.statements], events: opened.events };
      },
    );
  } catch (error) {
    throw spentAlready(error);
  }
  if (body === null) throw new Error("an accepted invitation opens a session");
  return body;
}

/**
 * Of two calls with one code, the second is too late. A call by an invitation that was taken back meanwhile
 * is too late as well.
 */
const spentAlready = (error: unknown): unknown =>
  failedGuard(error) === "claim_used" || (error instanceof Problem && error.code === "not-found")
    ? wrongCode()
    : error;

/** Records the refusal of a known member in the account's log. @throws Problem the refusal */
export async function denied(
  call: OpenCall,
  member: Comer,
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
