import type { GrantSet } from "../../access/decide.ts";
import type { Preset, Switches } from "../../access/preset.ts";
import type { Stamp } from "../../access/stamp.ts";
import type { TypeAccess, TypeTable } from "../../access/type.ts";
import type { Actor } from "../../audit/chain/event.ts";
import type { Block } from "../../kernel/cidr.ts";
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
  readonly account: {
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
  readonly home: {
    readonly accountId: string;
    readonly name: string;
    readonly kind: AccountKind;
    readonly preset: Preset;
    readonly plan: Plan;
    readonly settings: Settings;
    readonly switches: Switches;
  };
  /** The call names an account that is not there, or where the member may not act. */
  readonly astray: boolean;
  readonly platformId: string | null;
  /**
   * The database is known to be an older copy, of the account acted on or of the member's own: the platform
   * has to accept that.
   */
  readonly restored: boolean;
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
  readonly addressRules: ReadonlyArray<readonly Block[] | null>;
  /** What the member may do in the account that the call acts on. */
  readonly grantSet: GrantSet;
  /** The same without the restriction of the key of the call. */
  readonly memberSet: GrantSet;
  readonly types: TypeTable;
  readonly actor: Actor;
}

/**
 * The account whose objects of a type the call sees: its own, the platform's, or its parent's. Empty where
 * there is none.
 */
export function keeperOf(
  { accountId, account, platformId }: Principal,
  type: Pick<TypeAccess, "keptBy">,
): string {
  const keeper = type.keptBy?.[account.kind];
  if (keeper === undefined) return accountId;
  return (keeper === "platform" ? platformId : account.parentId) ?? "";
}
