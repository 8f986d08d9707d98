import { z } from "zod";
import type { ResourceAction } from "./declaration.ts";
import { message } from "../../kernel/messages/message.ts";

const statusAction = (name: string, summary: string, from: string, to: string): ResourceAction<"edit"> => ({
  name,
  verb: "edit",
  summary,
  body: z.strictObject({}),
  run: (row) =>
    row.status === from
      ? { set: {}, status: to }
      : { conflict: message("resources.status", { status: row.status }) },
});

/** For what is offered to others, who go on with what they have of it: it is retired, not removed. */
export const OFFER_ACTIONS: readonly ResourceAction<"edit">[] = [
  statusAction("retire", "Offer it no more. What exists of it goes on.", "active", "retired"),
  statusAction("offer", "Offer it again.", "retired", "active"),
];
