import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { changeBy, mayLack } from "../../resources/action.routes.ts";
import { cardSchema } from "../../resources/resource.card.ts";
import { findResource, guardResource, updateResource } from "../../resources/resource.store.ts";
import type { Action, StoredType } from "../../resources/type.ts";
import { invoice } from "../../resources/types/invoice.ts";
import { giveTierCredits } from "../../accounts/tiers/tier-credit.change.ts";
import { loadTenant } from "../../accounts/tenant.load.ts";
import { endChoice } from "./tier-choice.change.ts";

const stored = invoice.stored as StoredType;

/**
 * What an account owes to the platform, no member of that account settles: this is the same action from
 * outside.
 */
const fromOutside = (action: Action): Endpoint =>
  endpoint(
    {
      method: "POST",
      path: `/v1/accounts/:id/invoices/:invoiceId/${action.name}`,
      tag: "Accounts",
      right: "account.manage",
      status: 200,
      summary: `Platform, of an account's invoice: ${action.summary}`,
      body: mayLack(action.body),
      answer: cardSchema(invoice, stored),
      idempotency: "optional",
      ifMatch: "optional",
      problems: ["conflict/state"],
    },
    async (call) => {
      const [account, [row]] = await loadTenant(
        call,
        findResource(call.db, call.params["id"] ?? "", invoice.name, call.params["invoiceId"] ?? ""),
      );
      if (row === undefined) throw new Problem("not-found");
      const { after, event, answer } = changeBy(call, invoice, stored, row, await call.body(), action);
      // What the platform does to a tenant is in the trail of both.
      const events = [account.id, call.principal.accountId].map((accountId) =>
        call.event("invoice.edit", event.resource, { accountId, changes: event.changes }),
      );
      const choice = await endChoice(call, account, row, after.status === "paid");
      const statements = [
        guardResource(call.db, row),
        updateResource(call.db, after),
        ...choice.change.statements,
      ];
      const told = await call.commit({ statements, events: [...events, ...choice.change.events] }, answer);
      if (choice.givesCredits) await giveTierCredits(call.env, call.db, account.id);
      return told;
    },
  );

export const accountInvoiceEndpoints: readonly Endpoint[] = (stored.actions ?? []).map(fromOutside);
