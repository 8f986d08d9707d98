import {
  ACCOUNT_KINDS,
  type AccountKind,
  kindBelow,
  presetWithSwitches,
  presetOfKind,
} from "../../access/model.ts";
import type { Preset } from "../../access/preset.ts";
import type { Principal } from "../../gate/principals/principal.ts";

/** A kind of account as far as roles go: sellers have other roles than their customers. */
export interface RoleLevel {
  readonly level: string;
  readonly preset: Preset;
}

const roleLevelOf = (kind: AccountKind): string => (kind === "customer_org" ? "customer" : kind);

export const ROLE_LEVELS = ACCOUNT_KINDS.map(roleLevelOf) as [string, ...string[]];

/**
 * The account that the call acts on, and the kinds that stand below it.
 * @param ignoresSettings those below as the model has them; else as the settings of this account do, which
 * hold for organizations
 */
export function roleLevelsFrom(
  { targetAccount, preset }: Pick<Principal, "targetAccount" | "preset">,
  ignoresSettings = false,
): [RoleLevel, ...RoleLevel[]] {
  const below: RoleLevel[] = [];
  for (let kind = kindBelow(targetAccount.kind); kind !== null; kind = kindBelow(kind)) {
    below.push({
      level: roleLevelOf(kind),
      preset: ignoresSettings ? presetOfKind(kind) : presetWithSwitches(kind, targetAccount.settings),
    });
  }
  return [{ level: roleLevelOf(targetAccount.kind), preset }, ...below];
}
