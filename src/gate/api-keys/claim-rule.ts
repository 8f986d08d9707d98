import type { Locale } from "../../kernel/schema/team.ts";
import type { KeyRestriction } from "../credentials/key-restriction.ts";
import type { MemberAccessRow } from "../credentials/member.store.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { hasJoined } from "../calls/joined-member.ts";
import type { Call } from "../calls/call.ts";
import { isUsableKey, isKeyless, KEYLESS_DETAIL, type UnrevokedKey } from "../credentials/claim.ts";
import type { Preset } from "../../access/preset.ts";
import { message } from "../../kernel/messages/message.ts";

/** The member that the key is for. */
export interface ClaimTarget {
  readonly member: Pick<
    MemberAccessRow,
    "id" | "accountId" | "roles" | "language" | "version" | "acceptedAt" | "userId"
  >;
  readonly account: {
    readonly name: string;
    readonly preset: Preset;
    readonly locale: Locale;
    readonly ownerMemberId: string;
  };
}

/** The key that is asked for. */
export interface KeyRequest {
  readonly name: string;
  readonly terms: KeyRestriction;
  /** The keys that the member has are revoked in the same batch. */
  readonly revokeKeys: boolean;
}

/** @throws Problem access/denied */
export function requireKeysAllowed(preset: Preset, roles: readonly string[]): void {
  if (isKeyless(preset, roles)) throw new Problem("access/denied", { detail: KEYLESS_DETAIL });
}

/** @throws Problem conflict/last-admin, conflict/state */
export function requireTokenShowable(
  { principal, now }: Call,
  { member, account }: ClaimTarget,
  { revokeKeys }: KeyRequest,
  keys: readonly UnrevokedKey[],
): void {
  // Without this check another admin could come in as the owner. Ownership moves in other ways.
  if (member.id === account.ownerMemberId && member.accountId === principal.ownAccount.accountId) {
    throw new Problem("conflict/last-admin", {
      detail: message("keys.ownersKey"),
    });
  }
  // Keys are no business of the accounts above: an owner whose keys were revoked is still the owner.
  const isFromAbove =
    member.accountId !== principal.ownAccount.accountId && principal.ownAccount.kind !== "platform";
  if (isFromAbove && hasJoined(member)) {
    throw new Problem("conflict/state", {
      detail: message("keys.memberCameIn"),
    });
  }
  if (revokeKeys || !keys.some((key) => isUsableKey(key, now))) return;
  throw new Problem("conflict/state", {
    detail: message("keys.sendRevokeKeys"),
  });
}
