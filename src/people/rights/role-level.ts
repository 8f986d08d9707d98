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
export interface Level {
  readonly level: string;
  readonly preset: Preset;
}

const levelOf = (kind: AccountKind): string => (kind === "customer_org" ? "customer" : kind);

export const LEVELS = ACCOUNT_KINDS.map(levelOf) as [string, ...string[]];

/**
 * The account that the call acts on, and the kinds that stand below it.
 * @param asWritten those below as the model has them; else as the settings of this account do, which hold for
 * organizations
 */
export function levelsFrom(
  { targetAccount, preset }: Pick<Principal, "targetAccount" | "preset">,
  asWritten = false,
): [Level, ...Level[]] {
  const below: Level[] = [];
  for (let kind = kindBelow(targetAccount.kind); kind !== null; kind = kindBelow(kind)) {
    below.push({
      level: levelOf(kind),
      preset: asWritten ? presetOfKind(kind) : presetWithSwitches(kind, targetAccount.settings),
    });
  }
  return [{ level: levelOf(targetAccount.kind), preset }, ...below];
}
