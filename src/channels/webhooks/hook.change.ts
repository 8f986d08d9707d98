import { type ResourceRef, memberRef } from "../../access/decision.ts";
import { loadTier } from "../../accounts/tiers/tier.load.ts";
import { findAccount } from "../../gate/credentials/account.store.ts";
import type { Call } from "../../gate/calls/call.ts";
import { isOpenable } from "../../gate/credentials/sealed-secret.ts";
import { prepareInvite } from "../../people/invitations/invite.change.ts";
import { newId } from "../../kernel/id.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import type { HookRow, HookScheme } from "../../kernel/schema/hook.ts";
import { hookCard } from "./hook.card.ts";
import { findHook } from "./hook.store.ts";
import { type MappedAction, type Mapping, RESOLVED_ACTIONS } from "./mapping.ts";
import { message } from "../../kernel/messages/message.ts";

type LoadedHook = Awaited<ReturnType<typeof findHook>>[number];

/** What a missing hook is decided as: like one that the caller may not see. */
const hookRef = (row: HookRow | undefined): ResourceRef => ({
  ...memberRef(row?.memberId ?? ""),
  id: row?.id ?? "",
});

/** One guarded read of a hook of the account. @throws Problem access/denied, not-found */
export async function loadHook(call: Call, right: "hook.view" | "hook.edit"): Promise<LoadedHook> {
  const [[found]] = await call.read(findHook(call.db, call.principal.accountId, call.params["id"] ?? ""));
  if (right === "hook.edit") call.requireRight(right);
  const ref = hookRef(found?.row);
  call.requireRight(right, ref, "hook.view");
  if (found === undefined) throw new Problem("not-found");
  return found;
}

export const toHookCard = ({ env, now }: Call, row: HookRow) =>
  hookCard(row, { issuer: env.ISSUER, now, readable: isOpenable(env.SIGNING_KEYS, row.secret) });

/**
 * A mapping that the maker could not carry out now is not saved. Each delivery is decided again.
 * @throws Problem access/denied, validation, plan/feature-required
 */
export async function checkMapping(
  call: Call,
  scheme: HookScheme,
  { typeAt, rules }: Mapping,
): Promise<void> {
  if (typeAt === null && scheme !== "github")
    throw invalidField("/mapping/typeAt", message("webhooks.typePlace"));
  for (const [index, { then }] of rules.entries()) {
    try {
      await checkAction(call, then);
    } catch (error) {
      throw error instanceof Problem ? toRuleProblem(error, index) : error;
    }
  }
}

function toRuleProblem({ code, extra }: Problem, rule: number): Problem {
  const errors = extra.errors?.map((fault) => ({
    pointer: `/mapping/rules/${rule}/then${"pointer" in fault ? fault.pointer : ""}`,
    detail: fault.detail,
  }));
  return new Problem(code, {
    ...extra,
    ...(errors === undefined ? {} : { errors }),
    ...(extra.detail === undefined
      ? {}
      : { detail: [message("webhooks.rule", { rule }), extra.detail].flat() }),
    extensions: { ...extra.extensions, rule },
  });
}

async function checkAction(call: Call, action: MappedAction): Promise<void> {
  if (action.action === "invite") return checkInvite(call, action);
  if (action.action === "block") {
    call.requireRight("member.block");
    return call.requireRight("member.view", memberRef(""));
  }
  call.requireRight(action.action === "grant_credits" ? "credits.grant" : "account.manage");
  if (action.action === "set_subscription") await loadTier(call, action.tier?.value ?? null, "/tier/value");
  const { value } = action.accountId;
  if (value === undefined) return;
  const [[row]] = await call.read(findAccount(call.db, value));
  if (row === undefined || row.kind === "platform")
    throw invalidField("/accountId/value", message("webhooks.noAccount"));
}

/**
 * Tries the rule with an address that no member has, where the real one is not known yet. A taken address or
 * a full account is no fault of the rule.
 */
async function checkInvite(
  call: Call,
  {
    action: _,
    email,
    firstName,
    lastName,
    externalId: __,
    ...fixed
  }: Extract<MappedAction, { action: "invite" }>,
): Promise<void> {
  const [domain = "example.com"] = call.principal.targetAccount.settings.allowedEmailDomains;
  const input = RESOLVED_ACTIONS.invite.omit({ action: true }).parse({
    ...fixed,
    email: email.value ?? `${newId("delivery", call.now).toLowerCase()}@${domain}`,
    firstName: firstName === null ? null : (firstName.value ?? "A"),
    lastName: lastName === null ? null : (lastName.value ?? "B"),
  });
  try {
    await prepareInvite(call, input, { send: false, hookId: null, mayBeEmpty: false });
  } catch (error) {
    if (!(error instanceof Problem) || !error.code.startsWith("conflict/")) throw error;
  }
}
