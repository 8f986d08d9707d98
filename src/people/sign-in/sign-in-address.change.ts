import { actorLogin, type AuditEvent } from "../../audit/chain/event.ts";
import type { Call } from "../../gate/calls/call.ts";
import { addressEventEffects } from "../../gate/calls/address-event.change.ts";
import { sessionIdOf } from "../../gate/credentials/key-restriction.ts";
import { loadSecurityMails } from "../../gate/calls/security-mail.load.ts";
import { iso } from "../../kernel/clock.ts";
import { newId } from "../../kernel/id.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import { signInToken } from "../../channels/mail/one-time-token.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import {
  type CardAddress,
  updateSignInAddress,
  linkPerson,
  type Person,
  USER_EMAIL_COLUMNS,
} from "./sign-in-address.store.ts";
import { CODE_TTL_MS, type EmailProof } from "./sign-in-code.ts";
import { requireWithinCodeLimits, verifyCodeOrLink } from "./sign-in-code.change.ts";
import { insertSignIn, consumeProof } from "./sign-in-code.store.ts";
import { MEMBER_USER_COLUMNS } from "../invitations/acceptance.store.ts";
import { message } from "../../kernel/messages/message.ts";
import { loadAddressSetter } from "./address-setter.load.ts";

/** Mails a code to the new address, and to the old one where there is one. */
export async function requestEmailChange(call: Call, newEmail: string): Promise<Answer> {
  const { db, env, now } = call;
  const setter = await loadAddressSetter(call, newEmail);
  const person = "person" in setter ? setter.person : null;
  if (person?.email === newEmail) throw invalidField("/email", message("signIn.yoursAlready"));
  const addresses = [newEmail, ...(person === null ? [] : [person.email])];
  for (const address of addresses) await requireWithinCodeLimits(call, address);
  const expiresAt = now + CODE_TTL_MS;
  const rows = addresses.map((email) => {
    const id = newId("signIn", now);
    return {
      id,
      email,
      purpose: "change_email" as const,
      kid: signInToken(env.SIGNING_KEYS, null, id).kid,
      expiresAt,
      createdAt: now,
    };
  });
  const mails = rows.map(
    ({ id, kid, email }): MailMessage => ({
      id: newId("mail", now),
      to: email,
      language: call.language,
      template: "change_email",
      signInId: id,
      kid,
      email: newEmail,
      expiresAt,
    }),
  );
  const {
    memberId,
    ownAccount: { accountId },
  } = call.principal;
  const requestEvent = call.event(
    "email.ask",
    { type: "member", id: memberId },
    { accountId, changes: { before: {}, after: { email: newEmail } } },
  );
  const securityMails = await loadSecurityMails(call, call.principal.memberId, "sign_in_address_requested");
  return call.commit(
    {
      statements: rows.map((row) => insertSignIn(db, row)),
      events: [requestEvent],
      mails: [...mails, ...securityMails],
    },
    { status: 202, body: { expiresAt: iso(expiresAt) } },
  );
}

/**
 * Needs both codes at once: a stolen session alone is not enough to take over the person, and the new address
 * must be one whose mail the caller reads.
 */
export async function changeEmail(
  call: Call,
  request: { readonly email: string; readonly newCode: string; readonly oldCode?: string | undefined },
): Promise<Answer> {
  const { db, now } = call;
  const setter = await loadAddressSetter(call, request.email);
  const newProof = await verifyChangeCode(call, request.email, request.newCode, "/newCode");
  if ("card" in setter) return linkAddress(call, newProof, setter.card);
  const { person } = setter;
  const oldProof = await verifyChangeCode(call, person.email, request.oldCode ?? "", "/oldCode");
  const changes = { before: { email: person.email }, after: { email: newProof.email } };
  // An intruder in another session or in the old mailbox loses access: only the session of this call goes on.
  const memberEvents = person.members.map((member) => {
    const event = emailChangeEvent(call, member, changes);
    return {
      event,
      effects: addressEventEffects(db, "change", member, event, sessionIdOf(call.principal.credential)),
    };
  });
  return call.commit(
    {
      statements: [
        ...consumeProof(db, oldProof, now),
        ...consumeProof(db, newProof, now),
        ...updateSignInAddress(db, person, newProof.email, now),
        ...memberEvents.flatMap(({ effects }) => effects.statements),
      ],
      events: memberEvents.flatMap(({ event, effects }) => [event, ...effects.events]),
      mails: (
        await Promise.all(
          person.members.map(({ id }) =>
            loadSecurityMails(call, id, "sign_in_address_changed", [newProof.email]),
          ),
        )
      ).flat(),
      guardProblems: { claim_used: codesUsedProblem() },
      duplicateProblems: { [USER_EMAIL_COLUMNS]: "conflict/duplicate" },
    },
    { status: 200, body: { email: newProof.email } },
  );
}

/**
 * The administrators of an account see with which address its members sign in. Each account's log has the
 * change of its own member only: neither the person's other accounts nor the place of the change.
 */
function emailChangeEvent(
  call: Call,
  { id, accountId, login, username, email }: Person["members"][number],
  changes: AuditEvent["changes"],
): AuditEvent {
  const event = call.event("email.change", { type: "member", id }, { accountId, changes });
  return id === call.principal.memberId
    ? event
    : {
        ...event,
        actor: {
          type: "member",
          memberId: id,
          accountId,
          login: actorLogin({ login, username }),
          email,
          apiKeyId: null,
        },
      };
}

/** A member who has only called with keys becomes a person, who can sign in. */
async function linkAddress(call: Call, newProof: EmailProof, { keys }: CardAddress): Promise<Answer> {
  const { db, now, principal } = call;
  const { memberId, ownAccount, member } = principal;
  const person = {
    id: newId("user", now),
    email: newProof.email,
    emailVerifiedAt: now,
    locale: member.language ?? ownAccount.settings.locale,
    createdAt: now,
  };
  const event = call.event(
    "email.change",
    { type: "member", id: memberId },
    {
      accountId: ownAccount.accountId,
      changes: { before: { email: null }, after: { email: newProof.email } },
    },
  );
  const effects = addressEventEffects(
    db,
    "link",
    { id: memberId, accountId: ownAccount.accountId, keys },
    event,
  );
  return call.commit(
    {
      statements: [
        ...consumeProof(db, newProof, now),
        ...linkPerson(db, { memberId, accountId: ownAccount.accountId }, person, now),
        ...effects.statements,
      ],
      events: [event, ...effects.events],
      mails: await loadSecurityMails(call, memberId, "sign_in_address_changed", [newProof.email]),
      guardProblems: { claim_used: codesUsedProblem() },
      duplicateProblems: { [MEMBER_USER_COLUMNS]: "conflict/duplicate-member" },
    },
    { status: 200, body: { email: newProof.email } },
  );
}

const codesUsedProblem = (): Problem => invalidField("/newCode", message("signIn.otherCode"));

/**
 * A wrong code says which; the credential of the call is another matter. @throws Problem validation,
 * quota-exceeded
 */
async function verifyChangeCode(
  call: Call,
  email: string,
  code: string,
  codePointer: `/${string}`,
): Promise<EmailProof> {
  try {
    return await verifyCodeOrLink(call, { email, code }, "change_email");
  } catch (error) {
    if (error instanceof Problem && error.code === "auth/invalid-credential")
      throw invalidField(codePointer, message("signIn.wrongCode"));
    throw error;
  }
}
