import { isDistinct } from "../../kernel/distinct.ts";
import { z } from "zod";
import { ACCESS_LEVELS } from "../../kernel/schema/team.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

/** An id; 0 as a number is the same as "0". */
export const ResourceId = z
  .union([z.string().max(64), z.literal(0)], ruleText("members.grantId"))
  .transform(String)
  .pipe(z.string());

export const Grant = z
  .strictObject({
    resourceType: z.string().max(40).describe("Such as product."),
    resourceId: ResourceId.default("0").describe('"0" is every object of the type, those made later too.'),
    access: z.enum(ACCESS_LEVELS).describe("Each level gives all of the one before."),
  })
  .meta({ id: "NewGrant" });

/** Tools by their ids. @param max of them */
export const toolIds = (max: number) =>
  z.array(ResourceId).max(max).refine(isDistinct, ruleText("members.toolTwice"));

/** Tasks, each with its tool. @param max of them */
export const toolTasks = (max: number) =>
  z
    .array(z.strictObject({ toolId: z.string().max(64), taskId: z.string().max(64) }))
    .max(max)
    .refine((tasks) => isDistinct(tasks.map(({ taskId }) => taskId)), ruleText("members.taskTwice"));

/** At most this many grants on one member, as one call gives them. */
export const GRANTS_MAX = 500;
export const Grants = z.array(Grant).max(GRANTS_MAX);
