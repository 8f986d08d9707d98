import type { Preset } from "../../access/preset.ts";
import type { Call } from "../../gate/calls/call.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import type { NewMember } from "../members/member.card.ts";
import type { z } from "zod";

/** Names may be left out. */
export type Wanted = Omit<z.infer<typeof NewMember>, "firstName" | "lastName"> & {
  readonly [Name in "firstName" | "lastName"]: string | null;
};

/**
 * Fills in what an invitation may leave out.
 * @param mayBeEmpty without any role, right or grant
 * @throws Problem validation
 */
export function completed(call: Call, asked: Wanted, mayBeEmpty: boolean): Wanted {
  requireNames(call.principal.preset, asked);
  return mayBeEmpty ? asked : notEmpty(call, asked);
}

/** What it gives: by default, in a customer's organization, the suggested role. @throws Problem validation */
function notEmpty({ principal: { targetAccount, preset } }: Call, asked: Wanted): Wanted {
  if ([asked.roles, asked.rights, asked.grants].some((given) => given.length > 0)) return asked;
  if (targetAccount.kind === "customer_org") return { ...asked, roles: [preset.suggestedRole] };
  throw invalidField("/roles", "must name a role, unless the invitation gives a right or a grant");
}

/** Models whose people are invited by an e-mail and a role alone. */
const NAMELESS: readonly string[] = ["team", "marketplace"];

/** @throws Problem validation */
function requireNames({ model }: Preset, wanted: Pick<Wanted, "firstName" | "lastName">): void {
  const missing = NAMELESS.includes(model)
    ? []
    : (["firstName", "lastName"] as const).filter((name) => wanted[name] === null);
  if (missing.length > 0)
    throw new Problem("validation", {
      errors: missing.map((name) => ({ pointer: `/${name}`, detail: "is required" })),
    });
}
