import { z } from "zod";
import { LEVELS } from "../../access/type.ts";
import { text } from "../../kernel/body.ts";
import type { ResourceType } from "../type.ts";

export const CURRENCY = z.string().regex(/^[A-Z]{3}$/, "must be an ISO 4217 code such as EUR");

/** In the smallest unit of the currency, so that no sum is ever rounded. */
export const money = () => z.number().int().min(0).max(100_000_000);

const Line = z.strictObject({ description: text(300), quantity: z.number().int().min(1).max(100_000), unitPrice: money() });

/** What an invoice is for: `Array<{ description, quantity, unitPrice }>`. */
export type InvoiceLine = z.infer<typeof Line>;

const amountOf = (lines: readonly InvoiceLine[]): number => lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0);

const settled = (status: "paid" | "canceled", name: string) => ({
  name, verb: "edit", summary: status === "paid" ? "It was paid." : "It is not asked for any more.", body: z.strictObject({}),
  run: (row: { readonly status: string }) => (row.status === "open" ? { set: {}, status } : { conflict: `The invoice is ${row.status}.` }),
});

/** What an account owes. It is billed to the account's owner, whoever bought. */
export const invoice: ResourceType = {
  name: "invoice",
  title: "Invoices",
  grants: "none",
  levels: LEVELS,
  derives: {},
  grouped: false,
  stored: {
    path: "invoices",
    id: "invoice",
    attributes: z.strictObject({
      title: text(200), currency: CURRENCY, lines: z.array(Line).min(1).max(100), dueAt: z.iso.datetime().nullable().default(null),
    }),
    label: "title",
    masked: [],
    parents: {},
    reference: null,
    generated: {
      kept: z.object({ amount: z.number().describe("In the smallest unit of the currency."), billedTo: z.string().describe("The member who owned the account then.") }),
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
