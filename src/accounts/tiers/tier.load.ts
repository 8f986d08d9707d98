import type { Call } from "../../gate/calls/call.ts";
import { invalidField } from "../../kernel/http/problem.ts";
import type { TierRow } from "../../kernel/schema/tier.ts";
import { findTier } from "./tier.store.ts";
import { message } from "../../kernel/messages/message.ts";

/** The tier that a subscription names; null where it names none. @throws Problem validation */
export async function loadTier(
  call: Call,
  key: string | null,
  pointer: `/${string}`,
): Promise<TierRow | null> {
  if (key === null) return null;
  const [[tier]] = await call.read(findTier(call.db, key));
  if (tier === undefined) throw invalidField(pointer, message("accounts.unknownTier"));
  return tier;
}
