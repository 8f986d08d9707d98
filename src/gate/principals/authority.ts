import type { Principal } from "./principal.ts";

/** How the giver gives: as a member of the account or of one above it, or as the platform. */
export type Authority = "member" | "platform";

/** Does the platform act in an account that it names? */
export const isPlatformInTenant = ({
  ownAccount,
  accountId,
}: Pick<Principal, "ownAccount" | "accountId">): boolean =>
  ownAccount.kind === "platform" && accountId !== ownAccount.accountId;
