/** What says whether a member ever came in: by an invitation, a sign-in or a claimed key. */
interface Arrival {
  readonly acceptedAt: number | null;
  readonly userId: string | null;
}

/** An invitation is for a person who was never in: it makes no other person out of a member. */
export const hasArrived = ({ acceptedAt, userId }: Arrival): boolean =>
  acceptedAt !== null || userId !== null;

/**
 * An invitation that was made for a member who had come in by a key, or whose address was unlinked, names
 * who signs in from then on. Any other ends when its member comes in.
 */
export const hasArrivedSince = (
  { acceptedAt, userId }: Arrival,
  { createdAt }: { readonly createdAt: number },
): boolean => userId !== null || (acceptedAt !== null && acceptedAt >= createdAt);
