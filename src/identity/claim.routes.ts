import { z } from "zod";
import { bumpMember } from "../access/stamp.store.ts";
import type { AuditEvent } from "../audit/event.ts";
import { publish, stage } from "../audit/outbox.store.ts";
import { batch, failedGuard } from "../kernel/db.ts";
import { newId } from "../kernel/id.ts";
import { sha256Hex } from "../kernel/digest.ts";
import { Problem } from "../kernel/problem.ts";
import { randomBytes } from "../kernel/secret.ts";
import { admitsAddress, compileRules } from "./address.ts";
import { keyCard, MadeKey } from "./api-key.card.ts";
import { claimKey, findClaim } from "./api-key.store.ts";
import { keyHints, mintKey } from "./api-key.ts";
import { type OpenCall, openEndpoint } from "./call.ts";

const Claim = z.strictObject({ token: z.string().regex(/^[A-Za-z0-9_-]{43}$/, "must be a claim token") });

/** The secret is made here, at the claim, so that whoever asked for the key never had it. */
const claim = openEndpoint({
  method: "POST", path: "/v1/auth/claims", tag: "Sign-in", right: "public", status: 201,
  summary: "Exchange a one-time claim token for the API key that was made for you.",
  body: Claim, answer: MadeKey, problems: ["not-found", "invitation/used", "invitation/expired", "ip/not-allowed", "auth/blocked"],
}, async (call) => {
  const { token } = await call.body();
  const claimHash = sha256Hex(token);
  const [found] = await findClaim(call.db, claimHash);
  if (found === undefined) throw new Problem("not-found", { detail: "No key waits under this token: it was claimed or revoked, or never made." });
  const event = claimEvent(call, found);
  const code = refusal(call, found);
  if (code !== null) {
    await batch(call.db, [stage(call.db, { ...event, outcome: "denied", reason: code })]);
    throw new Problem(code);
  }
  const secret = mintKey(randomBytes(32));
  const made = { ...found.key, hash: sha256Hex(secret), ...keyHints(secret) };
  try {
    await batch(call.db, [
      ...claimKey(call.db, claimHash, found.member.version, made),
      bumpMember(call.db, made.accountId, made.memberId), stage(call.db, event),
    ]);
  } catch (error) {
    if (failedGuard(error) === "claim_used") throw new Problem("invitation/used");
    throw error;
  }
  call.defer(publish(call.env.AUDIT, event.accountId, [event]));
  return { status: 201, body: { ...keyCard(made, call.now), secret } };
});

type Found = Awaited<ReturnType<typeof findClaim>>[number];

function refusal(call: OpenCall, { key, member, accountIps }: Found): "auth/blocked" | "invitation/expired" | "ip/not-allowed" | null {
  if (member.status === "blocked") return "auth/blocked";
  if ((key.claimExpiresAt ?? 0) <= call.now) return "invitation/expired";
  const rules = [accountIps, member.allowedIps, key.allowedIps].map(compileRules);
  return admitsAddress(rules, call.origin.ip) ? null : "ip/not-allowed";
}

const claimEvent = (call: OpenCall, { key, member }: Found): AuditEvent => ({
  id: newId("event", call.now), accountId: key.accountId, at: call.now,
  actor: { type: "member", memberId: member.id, accountId: key.accountId, login: member.username, email: member.email, apiKeyId: key.id },
  action: "api_key.claim", resource: { type: "api_key", id: key.id }, outcome: "success", reason: null, cost: null,
  origin: call.origin, changes: null, ledgerSeq: null,
});

export const claimEndpoints = [claim];
