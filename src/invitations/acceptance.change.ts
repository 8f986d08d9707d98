import { presetOf } from "../access/model.ts";
import type { Stamp } from "../access/stamp.ts";
import { guardStamp } from "../access/stamp.store.ts";
import type { TypeTable } from "../access/type.ts";
import { actorLogin, type AuditEvent } from "../audit/event.ts";
import { publish, stage } from "../audit/outbox.store.ts";
import { admitsAddress, compileRules } from "../identity/address.ts";
import { hasLapsed, requireNewest } from "../identity/admission.ts";
import { hasArrived, hasArrivedSince } from "../identity/arrival.ts";
import type { OpenCall } from "../identity/call.ts";
import { effectsOf } from "../identity/effect.change.ts";
import { isAnothers } from "../identity/other-credential.ts";
import type { Principal } from "../identity/principal.ts";
import { securityLetters } from "../identity/security-letter.change.ts";
import { recordStranger } from "../identity/stranger-refusal.change.ts";
import { postLetters } from "../identity/post-letters.change.ts";
import { Met } from "../identity/turn.ts";
import { batch, failedGuard, failedUnique, type Statement } from "../kernel/db.ts";
import { newId } from "../kernel/id.ts";
import { Problem } from "../kernel/problem.ts";
import type { JoinedBy, Letter } from "../mail/letter.ts";
import { confirmedAddress, wants } from "../mail/notice.ts";
import { dispatch } from "../mail/outbox.store.ts";
import {
  type Acceptable,
  acceptInvitation,
  MEMBER_USER,
  type Names,
  type Waiting,
} from "./acceptance.store.ts";
import { usernameAfter } from "../team/person-name.ts";
import { isAllowed } from "./invite.change.ts";
import { inviterStamp } from "./inviter.change.ts";

/**
 * What one acceptance writes and tells. The person's id is known in the batch only: `userIdOf` of the
 * address.
 */
export interface Acceptance {
  /** The guard `invitation_changed` first. `MEMBER_USER` may fail, too. */
  readonly statements: readonly Statement[];
  readonly events: readonly AuditEvent[];
  readonly letters: readonly Letter[];
}

type Asked = Pick<OpenCall, "db" | "env" | "now" | "origin">;

/** How those who accept call themselves; null where they do not say. */
export interface ToldNames {
  readonly firstName: string | null;
  readonly lastName: string | null;
}

export const NO_NAMES: ToldNames = { firstName: null, lastName: null };

/** Names that the invitation left out are taken from whoever accepts; others stay. */
function namesAfter(member: Acceptable["member"], told: ToldNames): Names {
  const after = {
    ...member,
    firstName: member.firstName || (told.firstName ?? ""),
    lastName: member.lastName || (told.lastName ?? ""),
  };
  return { firstName: after.firstName, lastName: after.lastName, username: usernameAfter(member, after) };
}

const changedNames = (before: Names, after: Names): Partial<Names> =>
  Object.fromEntries(
    (["firstName", "lastName", "username"] as const)
      .filter((name) => after[name] !== before[name])
      .map((name) => [name, after[name]]),
  );

/** A member who accepts stays new until the first sign-in. */
export function acceptance(call: Asked, waiting: Acceptable, told: ToldNames = NO_NAMES): Acceptance {
  const { invitation, member, account } = waiting;
  const names = namesAfter(member, told);
  const { db, now } = call;
  const person = {
    id: newId("user", now),
    email: member.email,
    emailVerifiedAt: now,
    locale: member.language ?? account.settings.locale ?? "en",
    createdAt: now,
  };
  const after = { status: "accepted", memberId: member.id, ...changedNames(member, names) };
  const accepted = {
    ...acceptEvent(call, waiting),
    changes: { before: { status: invitation.status }, after },
  };
  const effects = effectsOf(
    db,
    "accept",
    { id: member.id, accountId: invitation.accountId, keys: waiting.keys },
    accepted,
  );
  return {
    statements: [...acceptInvitation(db, waiting, person, names, now), ...effects.statements],
    events: [accepted, ...effects.events],
    letters: joinedLetters(call, waiting, { ...member, ...names }),
  };
}

/** Whoever invited, or made the link, hears of it, if they want to. */
export function joinedLetters(
  { now }: Pick<Asked, "now">,
  { account, inviter }: Pick<Waiting, "account"> & { readonly inviter: Inviter | null },
  who: { readonly username: string; readonly email: string },
  by: JoinedBy = "invitation",
): Letter[] {
  if (inviter === null || inviter.status !== "active" || !wants(inviter.notifications, "joined")) return [];
  const to = confirmedAddress(inviter);
  return to === null
    ? []
    : [
        {
          id: newId("mail", now),
          to,
          language: inviter.language ?? account.settings.locale ?? "en",
          template: "joined",
          by,
          memberId: inviter.memberId,
          account: account.name,
          name: who.username,
          email: who.email,
        },
      ];
}

type Inviter = NonNullable<Waiting["inviter"]>;

const acceptEvent = (call: Asked, { invitation, member }: Acceptable): AuditEvent => ({
  id: newId("event", call.now),
  accountId: invitation.accountId,
  at: call.now,
  actor: {
    type: "member",
    memberId: member.id,
    accountId: invitation.accountId,
    login: actorLogin(member),
    email: member.email,
    apiKeyId: null,
  },
  action: "invitation.accept",
  resource: { type: "invitation", id: invitation.id },
  outcome: "success",
  reason: null,
  cost: null,
  origin: call.origin,
  changes: null,
  ledgerSeq: null,
});

/** @throws Problem not-found, invitation/used, invitation/revoked: there is nobody who could accept it */
export function acceptable(waiting: Waiting | undefined): Acceptable {
  if (waiting === undefined)
    throw new Problem("not-found", {
      detail: "No invitation has this token. A newer mail may hold another one.",
    });
  const {
    invitation: { status, email },
    member,
  } = waiting;
  if (
    status === "accepted" ||
    (status === "pending" && member !== null && hasArrivedSince(member, waiting.invitation))
  ) {
    const byKey = member !== null && member.userId === null;
    throw new Problem("invitation/used", {
      detail: byKey
        ? "Its member has come in with an API key, and names the address to sign in with: POST /v1/me/email."
        : "This invitation was accepted already. Sign in with its address.",
    });
  }
  // A card that has another address by now is another person's invitation: it is sent once more, to that
  // address.
  if (status === "revoked" || member === null || member.email !== email)
    throw new Problem("invitation/revoked");
  return { ...waiting, member };
}

/**
 * Why it may not be accepted now, or from here; null when it may. In the order in which it decides.
 * @param inviter under which stamp whoever sent it could still give it; null when they could not
 * @param caller whose credential the call carries; null without one
 */
export function acceptanceRefusal(
  call: Asked,
  { invitation, member, account, userId, taken }: Acceptable,
  caller: Principal | null,
  inviter: Stamp | null,
): Problem | null {
  if (invitation.expiresAt <= call.now)
    return new Problem("invitation/expired", {
      detail: "This invitation has expired. Ask whoever invited you to send it once more.",
    });
  if (member.status === "blocked") return new Problem("auth/blocked");
  if (inviter === null)
    return new Problem("invitation/revoked", {
      detail:
        "Whoever sent this invitation may not give what it gives any more. Ask for it to be sent once more.",
    });
  if (!isAllowed(account.settings.allowedEmailDomains ?? [], member.email)) {
    return new Problem("invitation/revoked", {
      detail: "The account does not invite this address any more: its settings name other domains.",
    });
  }
  if (isAnothers(caller, { memberId: member.id, userId })) return new Problem("conflict/other-address");
  if (!admitsAddress([account.allowedIps, member.allowedIps].map(compileRules), call.origin.ip)) {
    return new Problem("ip/not-allowed", {
      detail: "Accept it from an address that the account and the member allow.",
    });
  }
  if (hasLapsed({ preset: presetOf(account.kind), plan: account.plan }, member.roles)) {
    return new Problem("plan/feature-required", {
      members: { feature: "restrictedAccounts", contact: account.plan.contactUrl ?? call.env.CONTACT_URL },
    });
  }
  return taken ? samePerson() : null;
}

const samePerson = () =>
  new Problem("conflict/duplicate-member", {
    detail: "You are a member of this account already, under another address on the card.",
  });

/** A refusal stands in the account's trail, under the member who was invited. */
export async function recordRefusal(call: OpenCall, waiting: Acceptable, { code }: Problem): Promise<void> {
  const event: AuditEvent = { ...acceptEvent(call, waiting), outcome: "denied", reason: code };
  await recordStranger(call, event);
}

/** What is written beside an acceptance, in its batch and after it. */
export interface Beside {
  readonly statements: readonly Statement[];
  readonly events: readonly AuditEvent[];
}

/**
 * Accepts what `load` finds; what else belongs to it is written in the same batch.
 * @throws Problem not-found, invitation/used, invitation/revoked, invitation/expired, auth/blocked,
 * conflict/other-address, ip/not-allowed, plan/feature-required, conflict/duplicate-member
 */
export async function accept(
  call: OpenCall,
  types: TypeTable,
  load: () => Promise<Waiting | undefined>,
  names: ToldNames = NO_NAMES,
  beside: (waiting: Acceptable) => Beside | Promise<Beside> = () => ({ statements: [], events: [] }),
): Promise<Acceptable> {
  const caller = await call.caller();
  // Somebody was faster, or a change of the member, the account or the invitation came between: then it is
  // asked anew.
  return call.untilThrough(async () => {
    const waiting = acceptable(await load());
    requireNewest(waiting.account);
    const inviter = await inviterStamp(call.db, types, waiting);
    const refusal = acceptanceRefusal(call, waiting, caller, inviter);
    if (refusal !== null || inviter === null) {
      const refused = refusal ?? new Problem("invitation/revoked");
      await recordRefusal(call, waiting, refused);
      throw refused;
    }
    const { letters, ...accepted } = acceptance(call, waiting, names);
    // Whoever called with keys until now hears who signs in from now on.
    const told = hasArrived(waiting.member)
      ? await securityLetters(call, waiting.member.id, "sign_in_address_changed", [waiting.member.email])
      : [];
    await write(
      call,
      waiting,
      inviter,
      { ...accepted, letters: [...letters, ...told] },
      await beside(waiting),
    );
    return waiting;
  });
}

/** @throws Met when it is no longer what was read; Problem conflict/duplicate-member */
async function write(
  call: OpenCall,
  waiting: Acceptable,
  inviter: Stamp,
  { statements, events, letters }: Acceptance,
  beside: Beside,
): Promise<void> {
  const { db, env } = call;
  const { account, invitation } = waiting;
  const told = [...events, ...beside.events];
  try {
    await batch(db, [
      guardStamp(db, inviter),
      ...statements,
      ...beside.statements,
      ...told.map((event) => stage(db, env.SIGNING_KEYS, event)),
      ...postLetters(call, letters, { accountId: account.id, kind: account.kind }),
    ]);
  } catch (error) {
    const failed = failedGuard(error);
    if (failed === "invitation_changed")
      throw new Met({ accountId: invitation.accountId, object: invitation.id });
    if (failed === "stale") throw new Met({ accountId: invitation.accountId, object: null });
    if (failedUnique(error, MEMBER_USER)) throw samePerson();
    throw error;
  }
  call.defer(publish(env.AUDIT, invitation.accountId, told));
  call.defer(dispatch(env.MAIL, letters));
}
