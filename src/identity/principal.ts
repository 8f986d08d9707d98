import type { GrantSet } from "../access/decide.ts";
import type { Stamp } from "../access/stamp.ts";
import type { Actor } from "../audit/event.ts";
import type { Block } from "../kernel/cidr.ts";
import type { LimitPeriod, Plan, Subscription } from "../schema/team.ts";

/**
 * The caller as the gate knows it: a member, the account and the key behind the credential, as loaded under `stamp`.
 * Times (expiry) are kept as times and asked at each call.
 */
export interface Principal {
  readonly stamp: Stamp;
  /** What the caller sent: the key itself, or a token minted from it. */
  readonly via: "key" | "token";
  readonly memberId: string;
  readonly accountId: string;
  readonly account: {
    readonly kind: string;
    readonly name: string;
    readonly plan: Plan;
    readonly subscription: Subscription;
    readonly ownerMemberId: string;
    readonly membersMayCreateKeys: boolean;
  };
  readonly member: {
    readonly status: "new" | "active" | "blocked";
    readonly username: string;
    readonly email: string;
    readonly roles: readonly string[];
    readonly creditLimit: number | null;
    readonly limitPeriod: LimitPeriod;
  };
  readonly key: {
    readonly id: string;
    readonly scopes: readonly string[] | null;
    readonly allowedIps: readonly string[];
    readonly expiresAt: number | null;
    readonly revokedAt: number | null;
  };
  /** One list for each of account, member and key that has rules; null is a stored rule that cannot be read. */
  readonly addressRules: ReadonlyArray<readonly Block[] | null>;
  readonly grantSet: GrantSet;
  readonly actor: Actor;
}
