/**
 * The four ways in, each as one table: state, event, next state. What is not in a table does not happen.
 * Claims are written by theirs; test/worker/gate/ways-in.test.ts walks every state of each with every event.
 */
type StateMachine<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, State>>>>
>;

export const CLAIM_STATES = [
  "none",
  "told",
  "mailed",
  "expired",
  "claimed",
  "revoked",
  "replaced",
  "ended",
] as const;
export type ClaimState = (typeof CLAIM_STATES)[number];
/** "expired" is a claim, told or mailed, that is past its time. It is derived and never stored. */
export type StoredClaimState = Exclude<ClaimState, "none" | "expired">;
export const CLAIM_EVENTS = [
  "tell",
  "mail",
  "exchange",
  "lapse",
  "revoke",
  "replace",
  "arrive",
  "readdress",
  "unlink",
] as const;
export type ClaimEvent = (typeof CLAIM_EVENTS)[number];

/**
 * A claim waits for its member, who exchanges it for an API key. Its token is shown to its maker only where
 * no person signs in as the member and no key of the member is good.
 */
export const CLAIM_MACHINE: StateMachine<ClaimState, ClaimEvent> = {
  none: { tell: "told", mail: "mailed" },
  told: { exchange: "claimed", lapse: "expired", revoke: "revoked", replace: "replaced", arrive: "ended" },
  mailed: { exchange: "claimed", lapse: "expired", revoke: "revoked", readdress: "ended", unlink: "ended" },
  expired: { revoke: "revoked", replace: "replaced", arrive: "ended", readdress: "ended", unlink: "ended" },
  claimed: {},
  revoked: {},
  replaced: {},
  ended: {},
};

export const INVITATION_EVENTS = [
  "invite",
  "send",
  "move",
  "accept",
  "key",
  "link",
  "lapse",
  "revoke",
] as const;
export type InvitationEvent = (typeof INVITATION_EVENTS)[number];
export type InvitationState = "none" | "pending" | "expired" | "accepted" | "revoked";

/**
 * An invitation by mail. Moved: its member's card has another address. Key, link: its member came in by one
 * of those.
 */
export const INVITATION_MACHINE: StateMachine<InvitationState, InvitationEvent> = {
  none: { invite: "pending" },
  pending: {
    send: "pending",
    move: "pending",
    accept: "accepted",
    key: "accepted",
    link: "accepted",
    lapse: "expired",
    revoke: "revoked",
  },
  expired: { send: "pending", move: "pending", key: "accepted", link: "accepted", revoke: "revoked" },
  accepted: {},
  revoked: {},
};

export const LINK_EVENTS = ["make", "join", "fill", "lapse", "revoke"] as const;
export type LinkEvent = (typeof LINK_EVENTS)[number];
export type LinkState = "none" | "open" | "used" | "expired" | "revoked";

/** An operator link. Filled: joined by the last who may. */
export const LINK_MACHINE: StateMachine<LinkState, LinkEvent> = {
  none: { make: "open" },
  open: { join: "open", fill: "used", lapse: "expired", revoke: "revoked" },
  used: { revoke: "revoked" },
  expired: { revoke: "revoked" },
  revoked: {},
};

export const ADDRESS_EVENTS = ["accept", "sign_in", "link", "change", "unlink"] as const;
export type AddressEvent = (typeof ADDRESS_EVENTS)[number];
export type AddressState = "none" | "linked";

/**
 * The address that signs in as a member. Sign in: by the invitation that waits for it. Link: with an API key,
 * the address on the card. A member who joins by an operator link begins as linked.
 */
export const ADDRESS_MACHINE: StateMachine<AddressState, AddressEvent> = {
  none: { accept: "linked", sign_in: "linked", link: "linked" },
  linked: { sign_in: "linked", change: "linked", unlink: "none" },
};

/**
 * What an event of one way in does to the others, in the same batch. Keys: "end" revokes all that the member
 * has.
 */
export interface Effects {
  readonly claim?: ClaimEvent;
  readonly invitation?: InvitationEvent;
  readonly keys?: "end";
  readonly sessions?: "end";
  /** An offer of ownership to the member was made to who spoke for the member until then. */
  readonly offer?: "end";
}

/**
 * Who comes by a mail that another sent ends the keys of the member: else one of the two would speak for the
 * other. Who links an address with a key keeps the keys: the address on the card was not chosen by them.
 */
export const ADDRESS_EFFECTS = {
  accept: { claim: "arrive", invitation: "accept", keys: "end", offer: "end" },
  sign_in: { claim: "arrive", invitation: "accept", keys: "end", offer: "end" },
  link: { claim: "arrive", invitation: "link" },
  change: { claim: "readdress", sessions: "end" },
  unlink: { claim: "unlink", sessions: "end" },
} as const satisfies Record<AddressEvent, Effects>;

/** From which states an event leads to which. */
export function transitionsOf<S extends string, E extends string>(
  machine: StateMachine<S, E>,
  event: E,
): ReadonlyArray<readonly [from: S, to: S]> {
  return (Object.entries(machine) as [S, Partial<Record<E, S>>][]).flatMap(([from, edges]) =>
    edges[event] === undefined ? [] : [[from, edges[event]] as const],
  );
}
