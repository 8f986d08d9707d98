export const KEYS = {
  viewerHasNone:
    "A viewer has no API key and calls in a session. An existing key " +
    "works when an admin gives the member another role.",
  revokeOthersOnly: "is only for a key for another member; revoke yours one by one",
  scopeBeyondRights: ({ right }: { right: string }) =>
    `You cannot give a scope beyond your own rights, such as ${right} here.`,
  ownersKeys: "This member owns the account. Only the owner and the platform revoke the owner's keys.",
  ownersKey: "This member owns the account. No other member takes a key in the owner's name.",
  memberCameIn:
    "This member has signed in or called before. Another member of the " +
    "account makes a key, or the platform makes another claim.",
  sendRevokeKeys:
    "This member calls with an API key. The token of another key is shown to you " +
    "only if the existing keys end with it: send revokeKeys: true.",
  claimToken: "must be a claim token",
  noWaitingKey: "No key has this token: it was claimed or revoked, or never made.",
  otherMembersKey: "This key is for another member. Send no credential, or that member's.",
  sendApiKey: "An access token cannot be exchanged for another. Send the API key.",
};
