import type { Principal } from "./principal.ts";

/**
 * The owner of a link or a token: the member, where there is one, and the person of the address that it went
 * to.
 */
interface TokenOwner {
  readonly memberId: string | null;
  readonly userId: string | null;
}

/**
 * Is the call made with the credential of another member? A person with several memberships may use each of
 * them.
 */
export const isOtherMembersCredential = (
  caller: Principal | null,
  { memberId, userId }: TokenOwner,
): boolean =>
  caller !== null && caller.memberId !== memberId && (caller.userId === null || caller.userId !== userId);
