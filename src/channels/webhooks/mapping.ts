import { z } from "zod";
import { PlanBody } from "../../accounts/tiers/plan.card.ts";
import { AMOUNT_MAX } from "../../credits/ledger-command.ts";
import { LOT_KINDS } from "../../credits/lot.ts";
import { displayName, optionalName, optionalText, singleLineText } from "../../kernel/http/body.ts";
import { emailAddress } from "../../kernel/text/email.ts";
import { idSchema } from "../../kernel/id.ts";
import { SUBSCRIPTION_STATUSES } from "../../kernel/schema/team.ts";
import { NewMember } from "../../people/members/member.card.ts";
import { MessagePosition, PositionSource, type PositionKind } from "./message-position.ts";
import { PointerText } from "./json-pointer.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

/**
 * What a hook does with a message. It is declared, and validated when it is saved. A hook does nothing else.
 */

export const RULES_MAX = 20;

/** Either found in the body or always the same. */
const valueSource = <T>(fixed: z.ZodType<T>) =>
  z
    .strictObject({
      pointer: PointerText.optional().describe("Where in the body it is found."),
      value: fixed.optional().describe("What it always is."),
    })
    .refine(
      ({ pointer, value }) => (pointer === undefined) !== (value === undefined),
      ruleText("webhooks.pointerOrValue"),
    );

const accountField = { accountId: valueSource(idSchema("account")) };
const { roles, rights, grants, objectGroupIds, language, creditLimit, limitPeriod, position, department } =
  NewMember.shape;

const Invite = z.strictObject({
  action: z.literal("invite"),
  email: valueSource(emailAddress),
  firstName: valueSource(displayName(100))
    .nullable()
    .default(null)
    .describe("Teams and marketplace: may be left out, as may the last name."),
  lastName: valueSource(displayName(100)).nullable().default(null),
  externalId: valueSource(singleLineText(200))
    .nullable()
    .default(null)
    .describe("What the sender knows the person by; a later block may name it."),
  roles,
  rights,
  grants,
  objectGroupIds,
  language,
  creditLimit,
  limitPeriod,
  position,
  department,
});

const Block = z
  .strictObject({
    action: z.literal("block"),
    email: valueSource(emailAddress).nullable().default(null),
    externalId: valueSource(singleLineText(200)).nullable().default(null),
  })
  .refine((block) => block.email !== null || block.externalId !== null, ruleText("webhooks.whom"));

const GrantCredits = z.strictObject({
  action: z.literal("grant_credits"),
  ...accountField,
  kind: z.enum(LOT_KINDS),
  amount: valueSource(z.int().min(1).max(AMOUNT_MAX)),
});

/** Actions that set a state. Mappings that were stored before messages had an order may lack `at`. */
const setPlan = <At extends z.ZodType>(at: At) =>
  z.strictObject({ action: z.literal("set_plan"), ...accountField, plan: PlanBody, at });

/** ISO 8601, or seconds since the epoch, as payment services tell it. */
export const PeriodEnd = z.union(
  [z.iso.datetime({ offset: true }), z.int().min(0).max(253_402_300_799)],
  ruleText("webhooks.periodEnd"),
);

const setSubscription = <At extends z.ZodType>(at: At) =>
  z.strictObject({
    action: z.literal("set_subscription"),
    ...accountField,
    status: valueSource(z.enum(SUBSCRIPTION_STATUSES)),
    tier: valueSource(singleLineText(60)).nullable().default(null),
    currentPeriodEnd: valueSource(PeriodEnd).nullable().default(null),
    at,
  });

const ruleSchema = <At extends z.ZodType>(at: At) =>
  z.strictObject({
    when: z.strictObject({
      type: singleLineText(100).describe("The type of the event, as it is sent."),
      equals: z
        .array(
          z.strictObject({
            pointer: PointerText,
            value: z.union([z.string().max(300), z.number(), z.boolean(), z.null()]),
          }),
        )
        .max(10)
        .default([])
        .describe("What else has to be so."),
    }),
    then: z
      .discriminatedUnion("action", [Invite, Block, GrantCredits, setPlan(at), setSubscription(at)])
      .describe("grant_credits, set_plan and set_subscription: hooks of the platform account only."),
  });

const mappingSchema = <At extends z.ZodType>(at: At) =>
  z.strictObject({
    typeAt: PointerText.min(1)
      .nullable()
      .default(null)
      .describe(
        "Where the type of the event is, such as /type. Null: " +
          "in the header X-GitHub-Event, with the scheme github.",
      ),
    rules: z
      .array(ruleSchema(at))
      .min(1)
      .max(RULES_MAX)
      .describe("The first that fits is done; the others are not."),
  });

/** As it is sent. */
export const NewMapping = mappingSchema(PositionSource).meta({ id: "NewHookMapping" });
/** As it is stored. */
export const Mapping = mappingSchema(PositionSource.optional()).meta({ id: "HookMapping" });

export type Mapping = z.infer<typeof Mapping>;
export type MappedAction = Mapping["rules"][number]["then"];

/** The rules of a mapping that set a state and do not say where a message's time or sequence number is. */
export const unorderedRules = ({ rules }: Mapping): number[] =>
  rules.flatMap(({ then }, index) =>
    (then.action === "set_plan" || then.action === "set_subscription") && then.at === undefined
      ? [index]
      : [],
  );

/** Where a value of an action comes from. */
export interface ValueSource {
  readonly pointer?: string | undefined;
  readonly value?: unknown;
  /** How the place of a message among the others is written. */
  readonly as?: PositionKind | undefined;
}

/** What an action wants once its values are found, as the values are validated. */
export const RESOLVED_ACTIONS = {
  invite: z.object({
    action: z.literal("invite"),
    ...NewMember.shape,
    firstName: optionalName(100),
    lastName: optionalName(100),
  }),
  block: z
    .object({ action: z.literal("block"), email: emailAddress.nullable(), externalId: optionalText(200) })
    .refine((block) => block.email !== null || block.externalId !== null, {
      path: ["externalId"],
      message: ruleText("webhooks.whomInBody"),
    }),
  grant_credits: z.object({
    action: z.literal("grant_credits"),
    accountId: idSchema("account"),
    kind: z.enum(LOT_KINDS),
    amount: z.int().min(1).max(AMOUNT_MAX),
  }),
  set_plan: z.object({
    action: z.literal("set_plan"),
    accountId: idSchema("account"),
    plan: PlanBody,
    at: MessagePosition.nullable().default(null),
  }),
  set_subscription: z.object({
    action: z.literal("set_subscription"),
    accountId: idSchema("account"),
    status: z.enum(SUBSCRIPTION_STATUSES),
    tier: optionalText(60),
    currentPeriodEnd: PeriodEnd.nullable(),
    at: MessagePosition.nullable().default(null),
  }),
} as const;

export type ResolvedAction = {
  [Name in keyof typeof RESOLVED_ACTIONS]: z.infer<(typeof RESOLVED_ACTIONS)[Name]>;
}[keyof typeof RESOLVED_ACTIONS];
