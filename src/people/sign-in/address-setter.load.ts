import type { Call } from "../../gate/calls/call.ts";
import { restrictionOf, UNRESTRICTED, widerThan } from "../../gate/credentials/key-restriction.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { type CardAddress, findCardAddress, findPerson, type Person } from "./sign-in-address.store.ts";
import { message } from "../../kernel/messages/message.ts";

/** Who sets an address, and may. */
type AddressSetter = { readonly person: Person } | { readonly card: CardAddress };

/**
 * An address is changed in a session, by the person. The first one must be the card's address, and is linked
 * by a key that is as strong as its member: a restricted key must not open a sign-in with more rights than
 * its own. The thief of a key would write their own address on the card first.
 * @throws Problem access/denied
 */
export async function loadAddressSetter(call: Call, newEmail: string): Promise<AddressSetter> {
  const { credential, memberId, ownAccount } = call.principal;
  const [[person], [card]] = await call.read(
    findPerson(call.db, ownAccount.accountId, memberId),
    findCardAddress(call.db, ownAccount.accountId, memberId),
  );
  if (person !== undefined) {
    if (credential.kind === "session") return { person };
    throw new Problem("access/denied", {
      detail: message("signIn.ownAddress"),
    });
  }
  if (credential.kind !== "key" || widerThan(restrictionOf(credential), UNRESTRICTED) !== null) {
    throw new Problem("access/denied", { detail: message("signIn.unrestrictedKey") });
  }
  if (card === undefined) throw new Problem("not-found");
  if (card.email !== newEmail)
    throw new Problem("access/denied", {
      detail: [message("signIn.keyLinksCard"), OTHER_WAY_DETAIL],
    });
  if (card.isOwn) {
    throw new Problem("access/denied", {
      detail: [message("signIn.cardChanged"), OTHER_WAY_DETAIL],
    });
  }
  return { card };
}

const OTHER_WAY_DETAIL = message("signIn.platformSets");
