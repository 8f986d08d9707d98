import { z } from "zod";
import { LEVELS } from "../../access/resource-type.ts";
import { currency, instant, money, quantity, singleLineText } from "../../kernel/http/body.ts";
import type { ResourceType } from "../type.ts";

const Line = z.strictObject({ description: singleLineText(300), quantity, unitPrice: money });

/** What an invoice is for: `Array<{ description, quantity, unitPrice }>`. */
export type InvoiceLine = z.infer<typeof Line>;

const amountOf = (lines: readonly InvoiceLine[]): number =>
  lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0);

const settled = (status: "paid" | "canceled", name: string) => ({
  name,
  verb: "edit",
  summary: status === "paid" ? "It was paid." : "It is not asked for any more.",
  body: z.strictObject({}),
  run: (row: { readonly status: string }) =>
    row.status === "open" ? { set: {}, status } : { conflict: `The invoice is ${row.status}.` },
});

/** What an account owes. It is billed to the account's owner, also when another member bought. */
export const invoice: ResourceType = {
  name: "invoice",
  title: "Invoices",
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "invoices",
    id: "invoice",
    attributes: z.strictObject({
      title: singleLineText(300),
      currency,
      lines: z
        .array(Line)
        .min(1)
        .max(100)
        .refine((lines) => Number.isSafeInteger(amountOf(lines)), "come to more than an invoice can hold"),
      dueAt: instant.nullable().default(null),
    }),
    label: "title",
    masked: [],
    parents: {},
    reference: null,
    generated: {
      kept: z.object({
        amount: z.number().describe("In the smallest unit of the currency."),
        billedTo: z.string().describe("The member who owned the account then."),
      }),
      once: z.object({}),
      make: (_, { ownerMemberId }) => ({ attributes: { billedTo: ownerMemberId }, shown: {} }),
    },
    computed: ({ lines }) => ({ amount: amountOf(lines as InvoiceLine[]) }),
    firstStatus: "open",
    editableIn: ["open"],
    without: ["delete"],
    actions: [settled("paid", "settle"), settled("canceled", "cancel")],
  },
};
