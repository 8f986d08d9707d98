import type { Preset } from "../../access/preset.ts";
import {
  ADDRESS_EFFECTS,
  type AddressEvent,
  CLAIM_MACHINE,
  type ClaimState,
  type StoredClaimState,
} from "./state-machine.ts";
import { message } from "../../kernel/messages/message.ts";

/** A key of a member that is not revoked. */
export interface UnrevokedKey {
  readonly id: string;
  readonly name: string;
  readonly claimState: StoredClaimState | null;
  /** Its secret exists. Else it waits under a claim. */
  readonly isMade: 0 | 1;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | null;
}

/** Calls can be made with it. @param now milliseconds since the epoch */
export const isUsableKey = ({ isMade, expiresAt }: UnrevokedKey, now: number): boolean =>
  isMade === 1 && (expiresAt === null || expiresAt > now);

interface StoredClaim {
  readonly claimState: StoredClaimState | null;
  readonly claimExpiresAt: number | null;
}

/** @param now milliseconds since the epoch */
export function claimStateOf({ claimState, claimExpiresAt }: StoredClaim, now: number): ClaimState {
  const waits = claimState === "told" || claimState === "mailed";
  return waits && (claimExpiresAt ?? 0) <= now ? "expired" : (claimState ?? "none");
}

/** The keys and claims that end with an event of the sign-in address, each with what it becomes. */
export const endedKeysOf = (
  event: AddressEvent,
  keys: readonly UnrevokedKey[],
): ReadonlyArray<readonly [key: UnrevokedKey, to: string]> => {
  const { claim, ...effects } = ADDRESS_EFFECTS[event];
  return keys.flatMap((key) => {
    if (key.isMade === 1) return "keys" in effects ? [[key, "revoked"] as const] : [];
    const to = CLAIM_MACHINE[key.claimState ?? "none"][claim];
    return to === undefined ? [] : [[key, to] as const];
  });
};

/**
 * Does the member call in a session only? Another role of the model changes that. Custom roles and single
 * rights do not.
 */
export function isKeyless({ roles: table }: Preset, roles: readonly string[]): boolean {
  const own = roles.flatMap((role) => (Object.hasOwn(table, role) ? [table[role]?.isKeyless === true] : []));
  return own.length > 0 && own.every(Boolean);
}

/** The refusal of a call that makes, takes or uses a key of such a member. */
export const KEYLESS_DETAIL = message("keys.viewerHasNone");
