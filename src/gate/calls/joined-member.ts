/** The columns that show whether a member ever came in: by an invitation, a sign-in or a claimed key. */
interface JoinColumns {
  readonly acceptedAt: number | null;
  readonly userId: string | null;
}

/**
 * Whether the member ever came in. An invitation is for a person who did not: it never gives a member to
 * another person.
 */
export const hasJoined = ({ acceptedAt, userId }: JoinColumns): boolean =>
  acceptedAt !== null || userId !== null;

/**
 * Whether this invitation has ended because its member came in: a person signs in as the member, or the
 * member came in after it was made. An invitation may be made for a member who came in by a key before, or
 * whose address was unlinked. It names the address that signs in from then on.
 */
export const hasJoinedSince = (
  { acceptedAt, userId }: JoinColumns,
  { createdAt }: { readonly createdAt: number },
): boolean => userId !== null || (acceptedAt !== null && acceptedAt >= createdAt);
