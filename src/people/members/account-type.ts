/** Roles of an agency, as its people call them. */
export const ACCOUNT_TYPES = ["guest", "specialist", "manager"] as const;

/** As a member of a card: the highest of these roles; none where there is no such role. */
export function accountTypeOf(roles: readonly string[]): {
  readonly accountType?: (typeof ACCOUNT_TYPES)[number];
} {
  const accountType = ACCOUNT_TYPES.findLast((type) => roles.includes(type));
  return accountType === undefined ? {} : { accountType };
}
