import type { GrantSet } from "../../access/decision.ts";
import type { Preset, Switches } from "../../access/preset.ts";
import type { Stamp } from "../../access/stamp.ts";
import type { TypeAccess, TypeTable } from "../../access/resource-type.ts";
import type { Actor } from "../../audit/chain/event.ts";
import type { CidrBlock } from "../../kernel/cidr.ts";
import type { AccountKind } from "../../access/model.ts";
import type { CallCredential } from "../credentials/key-restriction.ts";
import type { LimitPeriod, Locale, Plan, Settings, Subscription } from "../../kernel/schema/team.ts";

/**
 * The caller: a member, the account and the key behind the credential, as loaded under `stamp`. Expiry times
 * are kept and checked at each call.
 */
export interface Principal {
  readonly stamp: Stamp;
  readonly memberId: string;
  /** The person who signs in as the member; null before an invitation was accepted. */
  readonly userId: string | null;
  /** The account that the call acts on: the member's own, or one below it (`Tollgate-Account`). */
  readonly accountId: string;
  readonly targetAccount: {
    readonly kind: AccountKind;
    readonly name: string;
    readonly parentId: string | null;
    readonly plan: Plan;
    readonly subscription: Subscription;
    readonly ownerMemberId: string;
    readonly settings: Settings;
  };
  /** The model of the account that the call acts on, as its settings have it. */
  readonly preset: Preset;
  readonly switches: Switches;
  /** The member's own account. */
  readonly ownAccount: {
    readonly accountId: string;
    readonly name: string;
    readonly kind: AccountKind;
    readonly preset: Preset;
    readonly plan: Plan;
    readonly settings: Settings;
    readonly switches: Switches;
  };
  /** The call names an account that is not there, or where the member may not act. */
  readonly targetNotFound: boolean;
  readonly platformId: string | null;
  /**
   * The database is known to be an older copy, of the account acted on or of the member's own: the platform
   * has to accept that.
   */
  readonly isRestored: boolean;
  readonly member: {
    readonly status: "new" | "active" | "blocked";
    readonly username: string;
    readonly email: string;
    readonly language: Locale | null;
    readonly roles: readonly string[];
    readonly creditLimit: number | null;
    readonly limitPeriod: LimitPeriod;
  };
  readonly credential: CallCredential;
  /**
   * One list for each of account, member, key and the account acted on that has rules; null is a stored rule
   * that cannot be read.
   */
  readonly addressRules: ReadonlyArray<readonly CidrBlock[] | null>;
  /** What the member may do in the account that the call acts on. */
  readonly grantSet: GrantSet;
  /** The same without the restriction of the key of the call. */
  readonly unrestrictedGrantSet: GrantSet;
  readonly types: TypeTable;
  readonly actor: Actor;
}

/**
 * The account whose objects of a type the call sees: its own, the platform's, or its parent's. Empty where
 * there is none.
 */
export function ownerAccountIdOf(
  { accountId, targetAccount, platformId }: Principal,
  type: Pick<TypeAccess, "ownedBy">,
): string {
  const owner = type.ownedBy?.[targetAccount.kind];
  if (owner === undefined) return accountId;
  return (owner === "platform" ? platformId : targetAccount.parentId) ?? "";
}
