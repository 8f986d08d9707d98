import type { Principal } from "./principal.ts";

/** How the giver gives: as a member of the account or of one above it, or as the platform. */
export type Authority = "member" | "platform";

/** Does the platform act in an account that it names? */
export const isPlatformAt = ({ home, accountId }: Pick<Principal, "home" | "accountId">): boolean =>
  home.kind === "platform" && accountId !== home.accountId;
