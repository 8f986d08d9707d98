import type { Preset } from "./preset.ts";
import { operators } from "./presets/operators.ts";
import { platform } from "./presets/platform.ts";
import { team } from "./presets/team.ts";

/** Which access model an account of each kind runs. */
export const PRESETS = { platform, vendor: operators, team } as const satisfies Record<string, Preset>;

export type AccountKind = keyof typeof PRESETS;
export const ACCOUNT_KINDS = Object.keys(PRESETS) as [AccountKind, ...AccountKind[]];

/** @throws Error on a kind that no preset serves: rows of such a kind cannot be made, so nothing may be decided for one. */
export function presetOf(kind: string): Preset {
  if (!Object.hasOwn(PRESETS, kind)) throw new Error(`no access model for accounts of kind ${kind}`);
  return PRESETS[kind as AccountKind];
}
