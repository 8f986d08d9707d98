import { z } from "zod";
import type { TypeTable } from "../../access/resource-type.ts";
import { checkAdmission } from "../../gate/principals/admission.ts";
import { type Call, type Endpoint, endpoint, type OpenCall, openEndpoint } from "../../gate/calls/call.ts";
import { findPrincipalByHook } from "../../gate/principals/principal.store.ts";
import { WriteConflict } from "../../gate/calls/turn.ts";
import { planFeatureMissing } from "../../gate/calls/required-authority.ts";
import { openSecret } from "../../gate/credentials/sealed-secret.ts";
import { BODY_LIMIT } from "../../kernel/http/body.ts";
import { batch } from "../../kernel/db.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { decodeCursor, listQuery, toPage, pageSchema } from "../../kernel/http/page.ts";
import { Problem, restoredProblem } from "../../kernel/http/problem.ts";
import type { DeliveryRow, HookRow } from "../../kernel/schema/hook.ts";
import { completeDelivery } from "./credit.change.ts";
import { DeliveryCard, deliveryCard, ReceivedCard, receivedCard } from "./delivery.card.ts";
import { commitDelivery } from "./delivery.change.ts";
import { decideDelivery, parseMessage, toRejectedDecision } from "./delivery-decision.change.ts";
import { loadHook } from "./hook.change.ts";
import { signingKeyBytes, SEALING_PURPOSE } from "./hook-secret.ts";
import { findDelivery, findHookById, listDeliveries, recordHookRefusal } from "./hook.store.ts";
import type { Mapping } from "./mapping.ts";
import { type SignatureFault, type Signed, verifySignature } from "./signature.ts";
import { message } from "../../kernel/messages/message.ts";
import type { Locale } from "../../kernel/schema/team.ts";
import { toMessage, type WebhookMessage } from "./received-message.ts";

/** Milliseconds between two refusals that are noted. */
const REFUSAL_INTERVAL_MS = 60_000;

type RefusalReason =
  | SignatureFault
  | "switched_off"
  | "secret_unreadable"
  | "owner_gone"
  | "owner_blocked"
  | "owner_not_active";

/**
 * The caller always gets the same answer, for every reason. The owner reads the reason on the hook's card.
 */
function unauthorized(call: OpenCall, hook: HookRow | undefined, reason: RefusalReason): Problem {
  if (hook !== undefined) {
    const note = batch(call.db, [
      recordHookRefusal(call.db, hook.id, { at: call.now, reason }, REFUSAL_INTERVAL_MS),
    ]);
    call.defer(
      note.catch((error: unknown) =>
        console.error({ message: "a refusal at a hook is not noted", error: String(error) }),
      ),
    );
  }
  return new Problem("auth/invalid-credential", { detail: message("webhooks.notTaken") });
}

const receive = (types: TypeTable) =>
  openEndpoint(
    {
      method: "POST",
      path: "/v1/hooks/:id",
      operationId: "receiveHookMessage",
      tag: "Hooks",
      right: "public",
      status: 200,
      summary:
        "Where another system posts its events, signed by the hook's scheme. " +
        "The same message again is answered with what became of it then.",
      raw: { maxBytes: BODY_LIMIT },
      answer: ReceivedCard,
      localized: true,
      problems: [
        "auth/invalid-credential",
        "access/denied",
        "ip/not-allowed",
        "plan/feature-required",
        "validation",
        "stale",
      ],
    },
    async (call) => {
      call.query();
      if (call.headers.get("content-type") === null) throw new Problem("media-type");
      return call.retryOnConflict(() => tryReceive(call, types));
    },
  );

/** @throws WriteConflict when the hook, its owner or what it changes is no longer what was read */
async function tryReceive(call: OpenCall, types: TypeTable): Promise<Answer> {
  const [hook] = await findHookById(call.db, call.params["id"] ?? "");
  if (hook === undefined) throw unauthorized(call, hook, "wrong_signature");
  const signed = await verifySender(call, hook);
  if (typeof signed === "string") throw unauthorized(call, hook, signed);
  const message = toMessage(call, hook, signed);
  const answer = await call.runAsMember(
    () => findPrincipalByHook(call.db, hook, types),
    (own) => deliver(own, hook, message, call.language),
  );
  if (answer === null) throw unauthorized(call, hook, "owner_gone");
  if (typeof answer === "string") throw unauthorized(call, hook, answer);
  return answer;
}

async function verifySender(
  { env, headers, raw, now }: OpenCall,
  hook: HookRow,
): Promise<Signed | RefusalReason> {
  if (!hook.active) return "switched_off";
  const sealed = [
    hook.secret,
    ...(hook.previousSecret !== null && (hook.previousUntil ?? 0) > now ? [hook.previousSecret] : []),
  ];
  const secrets = (
    await Promise.all(sealed.map((each) => openSecret(env.SIGNING_KEYS, SEALING_PURPOSE, hook.id, each)))
  ).filter((each) => each !== null);
  if (secrets.length === 0) return "secret_unreadable";
  const verdict = await verifySignature(
    hook.scheme,
    secrets.map((secret) => signingKeyBytes(hook.scheme, secret)),
    headers,
    raw,
    now,
  );
  return verdict.kind === "signed" ? verdict : verdict.reason;
}

/**
 * A denied message is decided again, but not another message of the same name. Where the name is signed, a
 * sender that tries again may sign at another time, so the digest may differ.
 */
const canBeDecidedAgain = (
  { outcome, digest }: DeliveryRow,
  { scheme }: HookRow,
  message: WebhookMessage,
): boolean => outcome === "denied" && (scheme !== "github" || digest === message.digest);

/** @param language of the sender, who is not the hook's owner */
async function deliver(
  call: Call,
  verified: HookRow,
  message: WebhookMessage,
  language: Locale,
): Promise<Answer | RefusalReason> {
  const [[hook], [before]] = await call.read(
    findHookById(call.db, verified.id),
    findDelivery(call.db, verified.id, message.id, message.digest),
  );
  // Switched off, or with other secrets, since it was verified.
  if (hook === undefined || hook.version !== verified.version) throw new WriteConflict(null);
  const refusal = checkAdmission(call.principal, call.origin, call.now, false);
  // Nothing is decided in an older copy: the sender asks again.
  if (refusal === "state/restored") throw restoredProblem();
  // An accepted delivery is completed, even if its owner has lost the right by now.
  if (before?.outcome === "pending")
    return { status: 200, body: receivedCard(await completeDelivery(call, before), true, language) };
  if (refusal === "auth/blocked") return "owner_blocked";
  if (refusal === "auth/invalid-credential") return "owner_not_active";
  if (before !== undefined && !canBeDecidedAgain(before, hook, message))
    return { status: 200, body: receivedCard(before, true, language) };
  // A denied message is decided again as the type that it had then, because the header with the type is not
  // signed.
  const parsed = parseMessage(hook.mapping as Mapping, {
    ...message,
    headerType: before?.eventType ?? message.headerType,
  });
  const decision =
    refusal === null
      ? await decideDelivery(call, hook.id, parsed)
      : toRejectedDecision(
          parsed,
          refusal === "plan/feature-required"
            ? planFeatureMissing(call.principal, call.env.CONTACT_URL)
            : new Problem(refusal),
        );
  const row = await commitDelivery(call, hook, message, before ?? null, decision);
  // A sender that was denied or sent what cannot be used should know; one whose event is settled should not
  // send it again.
  if (decision.problem !== null && row.outcome !== "refused") throw decision.problem;
  return { status: 200, body: receivedCard(row, false, language) };
}

const list = endpoint(
  {
    method: "GET",
    path: "/v1/hooks/:id/deliveries",
    operationId: "listHookDeliveries",
    tag: "Hooks",
    right: "hook.view",
    status: 200,
    summary: "What came in through a hook and what became of it, newest first.",
    query: z.strictObject(listQuery),
    answer: pageSchema(DeliveryCard),
    localized: true,
  },
  async (call) => {
    const { row } = await loadHook(call, "hook.view");
    const { limit, cursor } = call.query();
    const [rows] = await call.read(
      listDeliveries(call.db, row.id, decodeCursor(cursor, z.string()), limit + 1),
    );
    return {
      status: 200,
      body: toPage(
        rows,
        limit,
        (each: DeliveryRow) => deliveryCard(each, call.language),
        ({ id }) => id,
      ),
    };
  },
);

export const deliveryEndpoints = (types: TypeTable): Endpoint[] => [receive(types), list];
