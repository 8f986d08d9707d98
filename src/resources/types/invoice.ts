import { z } from "zod";
import { NO_FIELDS, currency, instant, money, quantity, singleLineText } from "../../kernel/http/body.ts";
import { declareType, LEVELS, type ResourceAction } from "./declaration.ts";
import { message } from "../../kernel/messages/message.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

const InvoiceLineSchema = z.strictObject({ description: singleLineText(300), quantity, unitPrice: money });

/** What an invoice is for: `Array<{ description, quantity, unitPrice }>`. */
export type InvoiceLine = z.infer<typeof InvoiceLineSchema>;

const totalOf = (lines: readonly InvoiceLine[]): number =>
  lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0);

const settlementAction = (status: "paid" | "canceled", name: string): ResourceAction<"edit"> => ({
  name,
  verb: "edit",
  summary: (object) =>
    status === "paid" ? `Mark ${object} as paid.` : `Cancel ${object}: it is not asked for any more.`,
  body: NO_FIELDS,
  run: (row) =>
    row.status === "open"
      ? { set: {}, status }
      : { conflict: message("resources.invoiceStatus", { status: row.status }) },
});

/** What an account owes. It is billed to the account's owner, also when another member bought. */
export const invoiceType = declareType({
  name: "invoice",
  title: "Invoices",
  rights: {
    view: "See invoices.",
    create: "Write invoices.",
    edit: "Change, settle and cancel invoices.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "invoices",
    idPrefix: "ivc",
    attributes: z.strictObject({
      title: singleLineText(300),
      currency,
      lines: z
        .array(InvoiceLineSchema)
        .min(1)
        .max(100)
        .refine((lines) => Number.isSafeInteger(totalOf(lines)), ruleText("resources.invoiceSum")),
      dueAt: instant.nullable().default(null),
    }),
    nameAttribute: "title",
    masked: [],
    parents: {},
    reference: null,
    generated: {
      storedFields: z.object({
        amount: z.number().describe("In the smallest unit of the currency."),
        billedTo: z.string().describe("The member who owned the account then."),
      }),
      shownOnce: z.object({}),
      make: (_, { ownerMemberId }) => ({ attributes: { billedTo: ownerMemberId }, shown: {} }),
    },
    computeAttributes: ({ lines }) => ({ amount: totalOf(lines as InvoiceLine[]) }),
    initialStatus: "open",
    editableStatuses: ["open"],
    omittedRoutes: ["delete"],
    actions: [settlementAction("paid", "settle"), settlementAction("canceled", "cancel")],
  },
});
