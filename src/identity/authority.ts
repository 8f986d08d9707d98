import type { Principal } from "./principal.ts";

/** Does the platform act in an account that it names? */
export const isPlatformAt = ({ home, accountId }: Pick<Principal, "home" | "accountId">): boolean =>
  home.kind === "platform" && accountId !== home.accountId;
