import { PROBLEMS } from "./problem.ts";

const faultSchema = (place: string, description: string) => ({
  type: "object",
  required: [place, "detail"],
  additionalProperties: false,
  properties: { [place]: { type: "string", description }, detail: { type: "string" } },
});

const creditField = (description: string) => ({
  type: "integer",
  description: `With credits/*: ${description}`,
});

/** The body of every refusal. */
export const PROBLEM_SCHEMA = {
  type: "object",
  description: "RFC 9457. Further members depend on the code.",
  required: ["type", "code", "title", "status", "detail", "instance", "requestId"],
  properties: {
    type: { type: "string" },
    code: { type: "string", enum: Object.keys(PROBLEMS) },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    instance: { type: "string" },
    requestId: { type: "string" },
    errors: {
      type: "array",
      description: "Where the request is wrong: each has one of `pointer`, `parameter` and `header`.",
      items: {
        oneOf: [
          faultSchema("pointer", "Into the body (RFC 6901)."),
          faultSchema("parameter", "Of the query."),
          faultSchema("header", "Its name."),
        ],
      },
    },
    right: { type: "string", description: "With access/denied: the right that is lacking." },
    feature: { type: "string", description: "With plan/feature-required: what the plan lacks." },
    contact: { type: "string", description: "With plan/feature-required: whom to ask for it." },
    required: creditField("what the call would have cost."),
    limit: {
      type: ["integer", "null"],
      description: "With credits/*: what the member may spend in a period; null is no limit.",
    },
    limitPeriod: { type: "string", description: "With credits/*: the period of that limit." },
    spent: creditField("what the member has spent in the current period."),
    remaining: creditField("what the member may still spend."),
  },
  additionalProperties: true,
};
