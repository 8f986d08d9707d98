import { z } from "zod";
import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { requestPermit } from "../../gate/permits/permit-request.ts";
import { optionalText } from "../../kernel/http/body.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { renderReason, TrialAnswer } from "./delivery.card.ts";
import {
  decideDelivery,
  errorsOf,
  parseMessage,
  ruleIndexOf,
  problemDetailOf,
  resolvedActionOf,
} from "./delivery-decision.change.ts";
import { loadHook } from "./hook.change.ts";
import type { Mapping } from "./mapping.ts";
import { message } from "../../kernel/messages/message.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

const Sample = z
  .strictObject({
    payload: z.unknown().refine((value) => value !== undefined, ruleText("webhooks.sampleBody")),
    type: optionalText(200).default(null).describe("What the header X-GitHub-Event would say."),
  })
  .meta({ id: "HookSample" });

const tryDelivery = endpoint(
  {
    method: "POST",
    path: "/v1/hooks/:id/try",
    operationId: "tryHook",
    tag: "Hooks",
    right: "hook.edit",
    status: 200,
    summary:
      "What would become of this body, with your rights as they are now. Changes and sends nothing; " +
      "signatures are not asked for.",
    body: Sample,
    answer: TrialAnswer,
    localized: true,
  },
  async (call) => {
    const { row } = await loadHook(call, "hook.edit");
    if (row.memberId !== call.principal.memberId)
      throw new Problem("access/denied", {
        detail: message("webhooks.ownerTries"),
      });
    requestPermit(call, { kind: "hook", hookId: row.id, doesMore: true });
    const { payload, type } = await call.body();
    const found = parseMessage(row.mapping as Mapping, {
      payload: { value: payload },
      headerType: type,
      errors: [],
    });
    const decision = await decideDelivery(call, row.id, found);
    return {
      status: 200,
      body: {
        outcome: decision.outcome,
        eventType: found.eventType,
        rule: ruleIndexOf(found),
        ...renderReason(
          {
            code: decision.problem?.code ?? null,
            detail: problemDetailOf(decision),
            errors: errorsOf(decision),
          },
          call.language,
        ),
        would: resolvedActionOf(found),
      },
    };
  },
);

export const trialEndpoints: readonly Endpoint[] = [tryDelivery];
