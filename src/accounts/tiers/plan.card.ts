import { z } from "zod";
import type { Plan } from "../../kernel/schema/team.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

export const PlanBody = z
  .strictObject({
    restrictedAccounts: z.boolean().describe("The account may have operators with restricted access."),
    memberLimit: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .nullable()
      .default(null)
      .describe("Members that the account may have; null: no limit."),
    contactUrl: z
      .string()
      .max(500)
      .regex(/^(?:https:\/\/|mailto:)\S+$/, ruleText("accounts.contactUrl"))
      .nullable()
      .default(null)
      .describe("Whom a refusal names when the plan lacks a feature."),
  })
  .meta({ id: "NewPlan" });

export const DEFAULT_PLAN: Plan = { restrictedAccounts: false, memberLimit: null, contactUrl: null };
