import type { MemberRow } from "./member.card.ts";

type PersonNames = Pick<MemberRow, "username" | "firstName" | "lastName" | "email">;

/** Names that were left out are kept as empty texts. */
const isNameless = ({ firstName, lastName }: Pick<PersonNames, "firstName" | "lastName">): boolean =>
  firstName === "" && lastName === "";

/** What a member is called unless a username was chosen: the names, and the e-mail until there are any. */
export const defaultUsername = ({ firstName, lastName, email }: Omit<PersonNames, "username">): string =>
  [firstName, lastName].filter((name) => name !== "").join(" ") || email;

/** The username after a change that chose none: one that was the e-mail follows the names and the e-mail. */
export const usernameAfter = (before: PersonNames, after: PersonNames): string =>
  isNameless(before) && before.username === before.email ? defaultUsername(after) : after.username;

/** Which of the names are left out. */
export const missingNames = (row: PersonNames): ("firstName" | "lastName")[] =>
  (["firstName", "lastName"] as const).filter((field) => row[field] === "");
