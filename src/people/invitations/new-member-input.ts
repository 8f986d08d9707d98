import type { Preset } from "../../access/preset.ts";
import type { Call } from "../../gate/calls/call.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import type { NewMember } from "../members/member.card.ts";
import type { z } from "zod";
import { message } from "../../kernel/messages/message.ts";

/** Names may be left out. */
export type NewMemberInput = Omit<z.infer<typeof NewMember>, "firstName" | "lastName"> & {
  readonly [Name in "firstName" | "lastName"]: string | null;
};

/**
 * Fills in what an invitation may leave out.
 * @param mayBeEmpty without any role, right or grant
 * @throws Problem validation
 */
export function fillDefaults(call: Call, input: NewMemberInput, mayBeEmpty: boolean): NewMemberInput {
  requireNames(call.principal.preset, input);
  return mayBeEmpty ? input : withDefaultRole(call, input);
}

/** What it gives: by default, in a customer's organization, the suggested role. @throws Problem validation */
function withDefaultRole(
  { principal: { targetAccount, preset } }: Call,
  input: NewMemberInput,
): NewMemberInput {
  if ([input.roles, input.rights, input.grants].some((given) => given.length > 0)) return input;
  if (targetAccount.kind === "customer_org") return { ...input, roles: [preset.suggestedRole] };
  throw invalidField("/roles", message("invitations.roleNeeded"));
}

/** Models whose people are invited by an e-mail and a role alone. */
const MODELS_WITHOUT_NAMES: readonly string[] = ["team", "marketplace"];

/** @throws Problem validation */
function requireNames({ model }: Preset, input: Pick<NewMemberInput, "firstName" | "lastName">): void {
  const missing = MODELS_WITHOUT_NAMES.includes(model)
    ? []
    : (["firstName", "lastName"] as const).filter((name) => input[name] === null);
  if (missing.length > 0)
    throw new Problem("validation", {
      errors: missing.map((name) => ({ pointer: `/${name}`, detail: message("validation.required") })),
    });
}
