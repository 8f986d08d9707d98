import { z } from "zod";
import type { Action } from "./type.ts";

const move = (name: string, summary: string, from: string, to: string): Action => ({
  name,
  verb: "edit",
  summary,
  body: z.strictObject({}),
  run: (row) => (row.status === from ? { set: {}, status: to } : { conflict: `It is ${row.status}.` }),
});

/** For what is offered to others, who go on with what they have of it: it is retired, not removed. */
export const OFFER_ACTIONS: readonly Action[] = [
  move("retire", "Offer it no more. What exists of it goes on.", "active", "retired"),
  move("offer", "Offer it again.", "retired", "active"),
];
