import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { prepareActionChange, optionalBody } from "../../resources/action.routes.ts";
import { cardSchema } from "../../resources/resource.card.ts";
import { findResource, guardResource, updateResource } from "../../resources/resource.store.ts";
import type { StoredType } from "../../resources/resource-type.ts";
import type { ResourceAction } from "../../resources/types/declaration.ts";
import { invoiceType } from "../../resources/types/invoice.ts";
import { giveTierCredits } from "../../accounts/tiers/tier-credit.change.ts";
import { loadTenant } from "../../accounts/tenant.load.ts";
import { prepareChoiceEnd } from "./tier-choice.change.ts";

const stored = invoiceType.stored as StoredType;

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/**
 * What an account owes to the platform, no member of that account settles: this is the same action from
 * outside.
 */
const platformInvoiceEndpoint = (action: ResourceAction): Endpoint =>
  endpoint(
    {
      method: "POST",
      path: `/v1/accounts/:id/invoices/:invoiceId/${action.name}`,
      operationId: `${action.name}AccountInvoice`,
      tag: "Accounts",
      right: "account.manage",
      status: 200,
      summary: `Platform: ${lowerFirst(action.summary("an invoice of an account"))}`,
      body: optionalBody(action.body),
      answer: cardSchema(invoiceType, stored),
      idempotency: "optional",
      ifMatch: "optional",
      problems: ["conflict/state"],
    },
    async (call) => {
      const [account, [row]] = await loadTenant(
        call,
        findResource(call.db, call.params["id"] ?? "", invoiceType.name, call.params["invoiceId"] ?? ""),
      );
      if (row === undefined) throw new Problem("not-found");
      const { after, event, answer } = prepareActionChange(
        call,
        invoiceType,
        stored,
        row,
        await call.body(),
        action,
      );
      // What the platform does to a tenant is in the trail of both.
      const events = [account.id, call.principal.accountId].map((accountId) =>
        call.event("invoice.edit", event.resource, { accountId, changes: event.changes }),
      );
      const choice = await prepareChoiceEnd(call, account, row, after.status === "paid");
      const statements = [
        guardResource(call.db, row),
        updateResource(call.db, after),
        ...choice.change.statements,
      ];
      const response = await call.commit(
        { statements, events: [...events, ...choice.change.events] },
        answer,
      );
      if (choice.givesCredits) await giveTierCredits(call.env, call.db, account.id);
      return response;
    },
  );

export const accountInvoiceEndpoints: readonly Endpoint[] = (stored.actions ?? []).map(
  platformInvoiceEndpoint,
);
