import type { AuditEvent } from "../../audit/chain/event.ts";
import type { Call } from "../../gate/calls/call.ts";
import type { Statement } from "../../kernel/db.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { newResourceRow } from "../../resources/resource-row.change.ts";
import { auditCard } from "../../resources/resource.card.ts";
import { insertResource } from "../../resources/resource.store.ts";
import { invoiceType, type InvoiceLine } from "../../resources/types/invoice.ts";
import { message } from "../../kernel/messages/message.ts";

/**
 * What a purchase writes beside what was bought, in the same batch. The account's owner is billed, also when
 * another member buys. The invoice obeys the rules that hold for every invoice.
 * @throws Problem conflict/state
 */
export function prepareOwnerInvoice(
  call: Call,
  title: string,
  currency: string,
  lines: readonly InvoiceLine[],
): { statement: Statement; event: AuditEvent; id: string } {
  const { stored } = invoiceType;
  if (stored === null) throw new Error("invoices are stored");
  const { ownerMemberId } = call.principal.targetAccount;
  const parsed = stored.attributes.safeParse({ title, currency, lines });
  if (!parsed.success) throw new Problem("conflict/state", { detail: message("products.invoiceTooLarge") });
  const row = newResourceRow(
    call,
    invoiceType,
    stored,
    { ...parsed.data, billedTo: ownerMemberId },
    { parent: undefined, groupId: null },
  );
  const event = call.event(
    "invoice.create",
    { type: "invoice", id: row.id },
    { changes: { before: {}, after: auditCard(stored, row) } },
  );
  return { statement: insertResource(call.db, row), event, id: row.id };
}
