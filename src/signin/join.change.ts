import { decide } from "../access/decide.ts";
import { presetOf } from "../access/model.ts";
import { guardStamp } from "../access/stamp.store.ts";
import type { TypeTable } from "../access/type.ts";
import type { AuditEvent } from "../audit/event.ts";
import { publish, stage } from "../audit/outbox.store.ts";
import { admitsAddress, compileRules } from "../identity/address.ts";
import { hasLapsed, requireNewest } from "../identity/admission.ts";
import type { OpenCall } from "../identity/call.ts";
import { NO_ACCESS } from "../identity/access-gain.ts";
import { isAnothers } from "../identity/other-credential.ts";
import { countWithin } from "../identity/limit.change.ts";
import { LIMITS, tooMany, windowEnd } from "../identity/limit.ts";
import { findAddressee } from "../identity/member.store.ts";
import { decidePermit, Permit } from "../identity/permit.ts";
import { postLetters } from "../identity/post-letters.change.ts";
import type { Principal } from "../identity/principal.ts";
import { findPrincipalBehind } from "../identity/principal.store.ts";
import { Met, type Place } from "../identity/turn.ts";
import { DEFAULT_SETTINGS } from "../identity/settings.ts";
import { joinedLetters } from "../invitations/acceptance.change.ts";
import { MEMBER_USER, userIdOf } from "../invitations/acceptance.store.ts";
import { requireDomain } from "../invitations/invite.change.ts";
import { linkStatus } from "../invitations/link.card.ts";
import { findUser } from "./address.store.ts";
import { findLink, findMemberOf, joinByLink, type Link } from "../invitations/link.store.ts";
import { batch, failedGuard, failedUnique } from "../kernel/db.ts";
import { sha256Hex } from "../kernel/digest.ts";
import { newId } from "../kernel/id.ts";
import { Problem } from "../kernel/problem.ts";
import type { Letter } from "../mail/letter.ts";
import { dispatch } from "../mail/outbox.store.ts";
import { askBarred, guardNotBarred } from "../team/former.store.ts";
import type { MemberRow } from "../team/member.card.ts";
import { guardMemberLimit, MEMBER_EMAIL } from "../team/member.store.ts";
import { memberLimit, tooManyMembers } from "../team/member-limit.ts";
import { newMemberRow } from "../team/new-member.change.ts";
import type { Proof } from "./code.ts";
import { prove, wrongCode } from "./code.change.ts";
import { giveTryBack, spend } from "./code.store.ts";
import { actorOf, openSession, type Opened } from "./session.change.ts";
import type { Tokens } from "./session.card.ts";

interface Joining {
  readonly token: string;
  readonly email: string;
  readonly code: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly signIn: boolean;
}

interface Joined {
  readonly memberId: string;
  readonly accountId: string;
  readonly status: "new" | "active";
  readonly session?: Tokens;
}

interface Good {
  readonly link: Link;
  /** As strong as now. */
  readonly maker: Principal;
}

/**
 * Whoever has the link, and reads the mail of the address, becomes a member with the link's role and nothing
 * else. @throws Problem
 */
export async function join(call: OpenCall, types: TypeTable, asked: Joining): Promise<Joined> {
  const hash = sha256Hex(asked.token);
  // What is wrong with the link is told before a try of the code is used up.
  const {
    link: { account },
  } = await requireGood(call, types, (await findLink(call.db, hash))[0]);
  requireDomain(account.settings.allowedEmailDomains ?? [], asked.email);
  const caller = await call.caller();
  const proof = await prove(call, { email: asked.email, code: asked.code });
  await refuseOthers(call, caller, proof);
  return call.untilThrough(async () => {
    const good = await requireGood(call, types, (await findLink(call.db, hash))[0]);
    const [known] = await findMemberOf(call.db, account.id, proof.email);
    if (known !== undefined) {
      await batch(call.db, [giveTryBack(call.db, proof)]);
      throw new Problem("conflict/duplicate-member", {
        detail: "This address is a member's already. Sign in, or accept the invitation that was sent.",
      });
    }
    await requireNotBarred(call, account.id, proof);
    return write(call, good, asked, proof);
  });
}

/** @throws Problem conflict/other-address */
async function refuseOthers({ db }: OpenCall, caller: Principal | null, proof: Proof): Promise<void> {
  const [person] = caller === null ? [] : await findUser(db, proof.email);
  if (!isAnothers(caller, { memberId: null, userId: person?.id ?? null })) return;
  await batch(db, [giveTryBack(db, proof)]);
  throw new Problem("conflict/other-address");
}

/**
 * Whoever was blocked or removed does not come back by a link that they still have. @throws Problem
 * conflict/former-member
 */
async function requireNotBarred({ db }: OpenCall, accountId: string, proof: Proof): Promise<void> {
  const [known] = await askBarred(db, accountId, { email: proof.email, externalId: null });
  if (known?.barred !== 1) return;
  await batch(db, [giveTryBack(db, proof)]);
  throw new Problem("conflict/former-member", {
    detail: "A link brings nobody back. Ask somebody who may add members to invite you.",
  });
}

/** A link by which one may join now, and from here. @throws Problem */
async function requireGood(
  { db, now, origin, env }: OpenCall,
  types: TypeTable,
  found: Link | undefined,
): Promise<Good> {
  if (found === undefined) throw new Problem("not-found", { detail: "No link has this token." });
  const { link, account, inviter } = found;
  requireNewest(account);
  const preset = presetOf(account.kind);
  const status = linkStatus(link, now);
  // A link goes no further than its maker: whoever left, or could not give the role by now, has given
  // nothing.
  const maker = inviter === null ? null : await findPrincipalBehind(db, inviter.memberId, account.id, types);
  if (status === "revoked" || maker === null || permitJoin(maker, found, link.id) === null)
    throw new Problem("invitation/revoked", {
      detail: "This link was ended. Ask whoever gave it to you for another.",
    });
  if (status === "used")
    throw new Problem("invitation/used", {
      detail: "This link was used as often as it may be. Ask whoever gave it to you for another.",
    });
  if (status === "expired") throw new Problem("invitation/expired");
  if (!admitsAddress([compileRules(account.allowedIps)], origin.ip))
    throw new Problem("ip/not-allowed", { detail: "Join from an address that the account allows." });
  if (hasLapsed({ preset, plan: account.plan }, [link.role ?? ""])) {
    throw new Problem("plan/feature-required", {
      members: { feature: "restrictedAccounts", contact: account.plan.contactUrl ?? env.CONTACT_URL },
    });
  }
  return { link: found, maker };
}

/**
 * A permit for a member with the link's role, by what its maker may give now; "plan": the plan has lapsed;
 * null: less.
 */
function permitJoin(maker: Principal, { link }: Link, memberId: string): Permit | "plan" | null {
  if (maker.member.status !== "active" || maker.astray || !decide(maker.grantSet, "member.create").allowed)
    return null;
  const access = { ...NO_ACCESS, roles: [link.role ?? ""], isLetIn: true };
  const answer = decidePermit(maker, { kind: "entry", memberId, access }, "member");
  if (answer instanceof Permit) return answer;
  return answer.kind === "plan" ? "plan" : null;
}

/**
 * @throws Met when the link or the account is no longer what was read; Problem conflict/member-limit,
 * conflict/duplicate-member, auth/invalid-credential
 */
async function write(
  call: OpenCall,
  { link: found, maker }: Good,
  { firstName, lastName, signIn }: Joining,
  proof: Proof,
): Promise<Joined> {
  const { db, env, now } = call;
  const { link, account } = found;
  const preset = presetOf(account.kind);
  const row: MemberRow = {
    ...newMemberRow({ now, principal: { memberId: link.invitedBy } }, account.id, {
      firstName,
      lastName,
      email: proof.email,
      roles: [link.role ?? ""],
    }),
    acceptedAt: now,
    emailVerifiedAt: now,
  };
  const permit = permitJoin(maker, found, row.id);
  // The link says why, once it is asked again.
  if (!(permit instanceof Permit)) throw new Met({ accountId: account.id, object: null });
  const person = {
    id: newId("user", now),
    email: proof.email,
    emailVerifiedAt: now,
    locale: account.settings.locale ?? DEFAULT_SETTINGS.locale,
    createdAt: now,
  };
  const limit = memberLimit(account.plan, preset);
  const opened = signIn ? await openSession(call, row, userIdOf(proof.email)) : null;
  const events = [joinEvent(call, found, row), ...(opened?.events ?? [])];
  const letters = [...joinedLetters(call, found, row, "link"), ...(await ownerLetters(call, found, row))];
  try {
    await batch(db, [
      guardStamp(db, maker.stamp),
      ...(limit === Infinity ? [] : [guardMemberLimit(db, account.id, limit)]),
      ...spend(db, proof, now),
      ...countWithin(call, LIMITS.joinsBy, link.id, "link_joins"),
      guardNotBarred(db, "invitation_changed", account.id, { email: proof.email, externalId: null }),
      ...joinByLink(db, permit, found, row, person, preset.logins === true, now),
      ...(opened?.statements ?? []),
      ...events.map((event) => stage(db, env.SIGNING_KEYS, event)),
      ...postLetters(call, letters, { accountId: account.id, kind: account.kind }),
    ]);
  } catch (error) {
    throw refused(error, found, now);
  }
  call.defer(publish(env.AUDIT, account.id, events));
  call.defer(dispatch(env.MAIL, letters));
  return told(row, opened);
}

/** The account's owner hears of each member who joins by a link, whoever made it. */
async function ownerLetters(call: OpenCall, { account, inviter }: Link, who: MemberRow): Promise<Letter[]> {
  if (inviter?.memberId === account.ownerMemberId) return [];
  const [owner] = await findAddressee(call.db, account.ownerMemberId);
  if (owner === undefined) return [];
  return joinedLetters(
    call,
    { account, inviter: { ...owner, memberId: account.ownerMemberId } },
    who,
    "account_link",
  );
}

const told = ({ id, accountId }: MemberRow, opened: Opened | null): Joined => ({
  memberId: id,
  accountId,
  status: opened === null ? "new" : "active",
  ...(opened === null ? {} : { session: opened.body }),
});

/** What a failed write is answered, or `Met` where all is asked again. */
function refused(error: unknown, { account, link }: Link, now: number): unknown {
  const place: Place = { accountId: account.id, object: link.id };
  const failed = failedGuard(error);
  if (failed === "stale") return new Met({ accountId: place.accountId, object: null });
  if (
    failed === "invitation_changed" ||
    failedUnique(error, MEMBER_EMAIL) ||
    failedUnique(error, MEMBER_USER)
  )
    return new Met(place);
  if (failed === "claim_used") return wrongCode();
  if (failed === "link_joins") {
    return tooMany(
      LIMITS.joinsBy,
      windowEnd(LIMITS.joinsBy, now),
      now,
      "As many people as may joined by this link today.",
    );
  }
  return failed === "member_limit" ? tooManyMembers(account.plan, presetOf(account.kind)) : error;
}

const joinEvent = ({ now, origin }: OpenCall, { link }: Link, row: MemberRow): AuditEvent => ({
  id: newId("event", now),
  accountId: row.accountId,
  at: now,
  actor: actorOf(row, null),
  action: "invitation.accept",
  resource: { type: "invitation", id: link.id },
  outcome: "success",
  reason: null,
  cost: null,
  origin,
  ledgerSeq: null,
  changes: {
    before: {},
    after: {
      memberId: row.id,
      roles: row.roles,
      email: row.email,
      firstName: row.firstName,
      lastName: row.lastName,
    },
  },
});
