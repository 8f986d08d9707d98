import { NO_FIELDS } from "../../kernel/http/body.ts";
import type { ResourceAction } from "./declaration.ts";
import { message } from "../../kernel/messages/message.ts";

const statusAction = (
  name: string,
  summary: ResourceAction["summary"],
  from: string,
  to: string,
): ResourceAction<"edit"> => ({
  name,
  verb: "edit",
  summary,
  body: NO_FIELDS,
  run: (row) =>
    row.status === from
      ? { set: {}, status: to }
      : { conflict: message("resources.status", { status: row.status }) },
});

/** For what is offered to others, who go on with what they have of it: it is retired, not removed. */
export const OFFER_ACTIONS: readonly ResourceAction<"edit">[] = [
  statusAction(
    "retire",
    (object) => `Offer ${object} no more. What exists of it goes on.`,
    "active",
    "retired",
  ),
  statusAction("offer", (object) => `Offer ${object} again.`, "retired", "active"),
];
