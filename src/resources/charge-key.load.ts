import type { Call } from "../gate/calls/call.ts";
import { findCharge } from "./charge.store.ts";

/** The key of a charge: an Idempotency-Key is its member's own. */
export const chargeKey = ({ principal }: Call, idempotencyKey: string): string =>
  `${principal.memberId}:${idempotencyKey}`;

/**
 * What an earlier call under the same Idempotency-Key has begun. It is read with the objects of the call,
 * before the key is required.
 */
export const findEarlierCharge = (call: Call) =>
  findCharge(call.db, call.principal.accountId, chargeKey(call, call.peekIdempotencyKey() ?? ""));
