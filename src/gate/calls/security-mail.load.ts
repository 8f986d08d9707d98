import { newId } from "../../kernel/id.ts";
import type { MailMessage, SecurityKind } from "../../channels/mail/mail-message.ts";
import type { OpenCall } from "./call.ts";
import { findMailRecipient } from "../credentials/member.store.ts";

type Recipient = Pick<
  Awaited<ReturnType<typeof findMailRecipient>>[number],
  "email" | "emailVerifiedAt" | "signIn" | "language" | "account"
>;

/** Read before the batch that makes the change. */
export async function loadSecurityMails(
  call: Pick<OpenCall, "db" | "now">,
  memberId: string,
  kind: SecurityKind,
  confirmed: readonly string[] = [],
): Promise<MailMessage[]> {
  const [recipient] = await findMailRecipient(call.db, memberId);
  return recipient === undefined ? [] : toSecurityMails(call, recipient, memberId, kind, confirmed);
}

/**
 * Letters that report a change of a member's credentials or membership to the member: to the sign-in address
 * and to the card's address, even where that one is not confirmed.
 * @param confirmed further addresses that are known to be the member's, for example the next sign-in address
 */
export function toSecurityMails(
  { now }: Pick<OpenCall, "now">,
  recipient: Recipient,
  memberId: string,
  kind: SecurityKind,
  confirmed: readonly string[],
): MailMessage[] {
  const { email, emailVerifiedAt, signIn, language, account } = recipient;
  const known = new Set([
    ...(signIn === null ? [] : [signIn]),
    ...confirmed,
    ...(emailVerifiedAt === null ? [] : [email]),
  ]);
  return [...new Set([...known, email])].map(
    (to): MailMessage => ({
      id: newId("mail", now),
      to,
      language: language ?? account.settings.locale ?? "en",
      template: "security",
      kind,
      memberId,
      account: account.name,
      isConfirmed: known.has(to),
    }),
  );
}
