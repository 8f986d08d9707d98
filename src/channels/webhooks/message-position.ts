import { z } from "zod";
import type { Moment } from "../../accounts/state-order.ts";
import { PointerText } from "./json-pointer.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

/**
 * Where a message stands among those that set the same state: by the time of its event, or by a number that
 * the sender counts up.
 */

const POSITION_KINDS = ["time", "sequence"] as const;
export type PositionKind = (typeof POSITION_KINDS)[number];

const TIME_FORMATS = "ISO 8601, or whole seconds or milliseconds since 1970";

export const PositionSource = z
  .strictObject({
    pointer: PointerText.min(1).describe("Where in the body it is found, such as /created."),
    as: z
      .enum(POSITION_KINDS)
      .describe(
        `time: of the event (${TIME_FORMATS}). ` +
          "sequence: a whole number that the sender counts up for each account.",
      ),
  })
  .describe(
    "What tells older messages from newer ones. What is older than the newest that was applied changes " +
      "nothing; equal: the later delivery wins.",
  );

const SECONDS_MAX = 99_999_999_999;
const time = z.union(
  [
    z.iso.datetime({ offset: true }),
    z
      .int()
      .min(0)
      .max(SECONDS_MAX * 1_000),
  ],
  ruleText("webhooks.eventTime"),
);
const sequence = z.union(
  [
    z.int().min(0),
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
  ],
  ruleText("webhooks.sequence"),
);

/** As it was found in a body. */
export const MessagePosition = z.discriminatedUnion("as", [
  z.object({ as: z.literal("time"), value: time }),
  z.object({ as: z.literal("sequence"), value: sequence }),
]);
export type MessagePosition = z.infer<typeof MessagePosition>;

/** @param position null: by a mapping that was stored before messages had an order */
export function momentOf(position: MessagePosition | null): Moment {
  if (position === null) return { kind: "now" };
  if (position.as === "sequence") return { kind: "sequence", sequence: position.value };
  const { value } = position;
  // Seconds have at most 11 digits until the year 5138, milliseconds have at least 12 since 1973.
  const at = typeof value === "string" ? Date.parse(value) : value <= SECONDS_MAX ? value * 1_000 : value;
  const isWhole = typeof value === "string" ? !value.includes(".") : value <= SECONDS_MAX;
  return { kind: "time", at, until: isWhole ? at + 999 : at };
}
