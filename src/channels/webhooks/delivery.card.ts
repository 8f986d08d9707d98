import { z } from "zod";
import { iso } from "../../kernel/clock.ts";
import { type FaultPlace, type ProblemCode, PROBLEMS } from "../../kernel/http/problem.ts";
import type { DeliveryRow } from "../../kernel/schema/hook.ts";
import {
  type Message,
  type MessageLanguage,
  problemTexts,
  renderMessage,
  type Sentences,
} from "../../kernel/messages/message.ts";

/**
 * What became of a message. All but "denied" and "pending" are the last word on it. barred: a block of a
 * person who is no member, and whom no hook invites from now on · pending: accepted, and the credits are on
 * their way · ignored: no rule fits · refused: a rule fits, and the account's state is against it · denied:
 * the hook's owner may not do that now · failed: the body does not hold what the rule needs · superseded: it
 * would set what a newer message has set already.
 */
export const OUTCOMES = [
  "invited",
  "blocked",
  "barred",
  "pending",
  "credited",
  "plan_set",
  "subscription_set",
  "superseded",
  "ignored",
  "refused",
  "denied",
  "failed",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

type StoredFault = { readonly detail: Message | string } & FaultPlace;

/** What is kept of it beside. Ids and places only: never what stood in the body. */
export interface DeliveryDetail {
  readonly code: ProblemCode | null;
  /** Null: the sentence of the code, if there is one. Rows of earlier versions hold a text. */
  readonly detail: Sentences | string | null;
  /** Which rule of the mapping fitted, from 0. */
  readonly rule: number | null;
  readonly errors: readonly StoredFault[];
  readonly memberId: string | null;
  readonly invitationId: string | null;
  readonly accountId: string | null;
}

const faultSchema = z.union([
  z.object({ pointer: z.string().describe("Into the body that was sent."), detail: z.string() }),
  z.object({ parameter: z.string(), detail: z.string() }),
  z.object({ header: z.string(), detail: z.string() }),
]);

const outcomeFields = {
  outcome: z.enum(OUTCOMES).describe("What became of the message."),
  code: z
    .enum(Object.keys(PROBLEMS) as [string, ...string[]])
    .nullable()
    .describe("Of the problem, where it was refused, denied or failed."),
  detail: z.string().nullable().describe("What that problem says."),
  eventType: z.string().nullable().describe("The type of the event, as it was sent."),
  rule: z.number().int().nullable().describe("Which rule of the mapping fitted, from 0."),
  errors: z.array(faultSchema).describe("Where the message does not fit."),
};

const resultFields = {
  memberId: z.string().nullable().describe("Who was invited or blocked."),
  invitationId: z.string().nullable(),
  accountId: z.string().nullable().describe("Whose credits, plan or subscription it was."),
};

export const ReceivedCard = z
  .object({
    id: z.string(),
    ...outcomeFields,
    ...resultFields,
    duplicate: z.boolean().describe("The message had come before: this is what became of it then."),
  })
  .meta({ id: "HookReceipt" });

export const DeliveryCard = z
  .object({
    id: z.string(),
    hookId: z.string(),
    messageId: z.string(),
    ...outcomeFields,
    ...resultFields,
    attempts: z.number().int().describe("How often it was decided: more than once after it was denied."),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .meta({ id: "HookDelivery" });

export const TrialAnswer = z
  .object({
    ...outcomeFields,
    would: z.record(z.string(), z.unknown()).nullable().describe("The action with the values that it found."),
  })
  .meta({ id: "HookTrial" });

const toText = (said: Sentences | string, language: MessageLanguage): string =>
  typeof said === "string" ? said : renderMessage(said, language);

type Reason = Pick<DeliveryDetail, "code" | "detail" | "errors">;

/** Why a message did not do what it should, in the reader's language. */
export const renderReason = ({ code, detail, errors }: Reason, language: MessageLanguage) => ({
  code,
  detail:
    detail !== null ? toText(detail, language) : code === null ? null : problemTexts(code, language).detail,
  errors: errors.map((fault) => ({ ...fault, detail: toText(fault.detail, language) })),
});

function toOutcomeFields(row: DeliveryRow, language: MessageLanguage) {
  const stored = row.detail as DeliveryDetail;
  return {
    outcome: row.outcome as Outcome,
    eventType: row.eventType,
    ...stored,
    ...renderReason(stored, language),
  };
}

export const receivedCard = (
  row: DeliveryRow,
  duplicate: boolean,
  language: MessageLanguage,
): z.infer<typeof ReceivedCard> => ({
  id: row.id,
  ...toOutcomeFields(row, language),
  duplicate,
});

export const deliveryCard = (row: DeliveryRow, language: MessageLanguage): z.infer<typeof DeliveryCard> => ({
  id: row.id,
  hookId: row.hookId,
  messageId: row.messageId,
  ...toOutcomeFields(row, language),
  attempts: row.attempts,
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
});
