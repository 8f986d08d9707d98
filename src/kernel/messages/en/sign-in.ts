export const SIGN_IN = {
  ownAddress: "Only the person changes this address, in a session: sign in.",
  unrestrictedKey: "Use an unrestricted API key.",
  keyLinksCard: "A key links the address on the member's card only.",
  cardChanged:
    "The address on the card was changed last by this member, or by a member whom " +
    "this member added or gave a way to sign in. So no key links it.",
  platformSets:
    "The platform, or a member who may add this one, sets another: POST /v1/members/{id}/sign-in-address.",
  yoursAlready: "is your address already",
  otherCode: "was used or has expired, or the other code was; ask for new ones",
  wrongCode: "is wrong, was used, or has expired",
  wrongProof: "The code or link is wrong, was used, or has expired. Ask for a new one: POST /v1/auth/codes.",
  codeDigits: "must be the eight digits of the mail",
  linkToken: "must be the token of a sign-in link",
  confirmationToken: "must be the token of a confirmation mail",
  confirmsNothing: "This link cannot confirm an address: the member has another address now, or was removed.",
  signInElsewhere: "Sign in from an IP address that is allowed for the account and the member.",
  personSignsIn:
    "A person signs in as this member, and changes the address in a " +
    "session. To set another, unlink this one first.",
  notYourself: "You cannot do this to yourself: link the address on your card, or change yours in a session.",
  platformOnly: "This member owns the account, so only the platform does this.",
  addedYou:
    "This member added you, or gave you or a member above you a way to sign " +
    "in. Another member or the platform sets the address.",
  refreshNotValid:
    "The refresh token is not valid, was used already, or its session has ended. Sign in again.",
  codeOrToken: "send either email and code, or the token of a link",
  keyHasNoSession: "This call was made with an API key, which has no session. Revoke the key instead.",
};
