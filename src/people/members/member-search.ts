import { foldForSearch } from "../../kernel/text/search-fold.ts";
import type { MemberRow } from "./member.card.ts";

/** What a member is searched and sorted by, as it is compared. */
export const foldSearchFields = ({
  username,
  phone,
  mobilePhone,
}: Pick<MemberRow, "username" | "phone" | "mobilePhone">) => ({
  usernameFolded: foldForSearch(username),
  phoneFolded: foldForSearch(phone ?? ""),
  mobilePhoneFolded: foldForSearch(mobilePhone ?? ""),
});
