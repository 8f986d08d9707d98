import { Hono } from "hono";
import { accountInvoiceEndpoints } from "./billing/account-invoice.routes.ts";
import { billingEndpoints } from "./billing/billing.routes.ts";
import { memberExportEndpoints } from "./book/member-export.routes.ts";
import { memberCardEndpoints } from "./book/member-card.routes.ts";
import { memberListEndpoints } from "./book/member-list.routes.ts";
import { ownNotificationEndpoints } from "./book/own-notifications.routes.ts";
import { rightExportEndpoints } from "./book/right-export.routes.ts";
import { credits } from "./credits/credits.routes.ts";
import { ledgerExport } from "./credits/ledger-export.routes.ts";
import { creditGrants } from "./credits/grant.routes.ts";
import { accountObject } from "./credits/stub.object.ts";
import { aggregatorEndpoints } from "./dealing/aggregator.routes.ts";
import { dealerEndpoints } from "./dealing/dealer.routes.ts";
import { groupEndpoints } from "./dealing/group.routes.ts";
import { keyLicenseEndpoints } from "./dealing/key-license.routes.ts";
import { sosEndpoints } from "./dealing/sos.routes.ts";
import { transferEndpoints } from "./dealing/transfer.routes.ts";
import { apiKeyEndpoints } from "./identity/api-key.routes.ts";
import { type Endpoint, openEndpoint } from "./identity/call.ts";
import { claimEndpoints } from "./identity/claim.routes.ts";
import { attend, gate, type GateEnv, refuse } from "./identity/gate.routes.ts";
import { healthEndpoints } from "./identity/health.routes.ts";
import { problemEndpoints } from "./identity/problem.routes.ts";
import { tokenEndpoints } from "./identity/token.routes.ts";
import { deliveryEndpoints } from "./hooks/delivery.routes.ts";
import { hookEndpoints } from "./hooks/hook.routes.ts";
import { trialEndpoints } from "./hooks/trial.routes.ts";
import { openapi } from "./kernel/openapi.ts";
import { Problem } from "./kernel/problem.ts";
import { licenseEndpoints } from "./licensing/license.routes.ts";
import { licenseDomainEndpoints } from "./licensing/license-domain.routes.ts";
import { themeDownloadEndpoints } from "./licensing/theme-download.routes.ts";
import { themeFileEndpoints } from "./licensing/theme-file.routes.ts";
import { bulkEndpoints } from "./invitations/bulk.routes.ts";
import { invitationEndpoints } from "./invitations/invitation.routes.ts";
import { assessmentEndpoints } from "./book/assessment.routes.ts";
import { memberEventEndpoints } from "./book/member-event.routes.ts";
import { platformMemberEndpoints } from "./book/platform-member.routes.ts";
import { removalEndpoints } from "./book/removal.routes.ts";
import { statisticsEndpoints } from "./book/statistics.routes.ts";
import { linkEndpoints } from "./invitations/link.routes.ts";
import { memberCreationEndpoints } from "./invitations/member-creation.routes.ts";
import { devMailPages } from "./mail/dev-mail.routes.ts";
import { organizationEndpoints } from "./marketplace/organization.routes.ts";
import { pages } from "./pages/page.routes.ts";
import { quote } from "./marketplace/quote.change.ts";
import { subscriptionEndpoints } from "./marketplace/subscription.routes.ts";
import { analyticsEndpoints } from "./reports/analytics.routes.ts";
import { reportEndpoints } from "./reports/report.routes.ts";
import { ownerEndpoints } from "./resources/owner.routes.ts";
import { RESOURCE_TYPES, TYPE_TABLE } from "./resources/registry.ts";
import { resourceEndpoints } from "./resources/resource-change.routes.ts";
import { accountCreationEndpoints } from "./accounts/account-creation.routes.ts";
import { accountMemberEndpoints } from "./accounts/account-member.routes.ts";
import { accountOwnerEndpoints } from "./accounts/account-owner.routes.ts";
import { ownershipEndpoints } from "./accounts/ownership.routes.ts";
import { accountEndpoints } from "./accounts/account.routes.ts";
import { tierEndpoints } from "./accounts/tier.routes.ts";
import { restoredStateEndpoints } from "./accounts/restored-state.routes.ts";
import { addressEndpoints } from "./signin/address.routes.ts";
import { codeEndpoints } from "./signin/code.routes.ts";
import { emailEndpoints } from "./signin/email.routes.ts";
import { sessionEndEndpoints } from "./signin/session-end.routes.ts";
import { sessionEndpoints } from "./signin/session.routes.ts";
import { copyRightsEndpoints } from "./team/copy-rights.routes.ts";
import { customRoleEndpoints } from "./team/custom-role.routes.ts";
import { effectiveEndpoints } from "./team/effective.routes.ts";
import { grantEndpoints } from "./team/grant.routes.ts";
import { meEndpoints } from "./team/me.routes.ts";
import { memberEndpoints } from "./team/member.routes.ts";
import { objectGroupEndpoints } from "./team/object-group.routes.ts";
import { rightEndpoints } from "./team/right.routes.ts";
import { roleEndpoints } from "./team/role.routes.ts";
import { unsubscribeEndpoints } from "./team/unsubscribe.routes.ts";
import { trailEndpoints } from "./trail/audit.routes.ts";
import { acceptEndpoints } from "./signin/accept.routes.ts";
import { joinEndpoints } from "./signin/join.routes.ts";
import { namedAddressEndpoints } from "./signin/named-address.routes.ts";
import type { Env } from "./env.ts";

/** The account's object as the trail sees it. */
export const ledgersOf = (env: Env) => (accountId: string) => accountObject(env, accountId);

/** The whole surface. */
const endpoints: readonly Endpoint[] = [
  ...tokenEndpoints,
  ...claimEndpoints(TYPE_TABLE),
  ...codeEndpoints,
  ...sessionEndpoints(TYPE_TABLE),
  ...sessionEndEndpoints,
  ...emailEndpoints,
  ...addressEndpoints,
  ...namedAddressEndpoints,
  ...meEndpoints,
  ...accountCreationEndpoints,
  ...accountEndpoints,
  ...tierEndpoints,
  ...accountMemberEndpoints,
  ...ownershipEndpoints,
  ...accountOwnerEndpoints,
  ...restoredStateEndpoints,
  ...memberListEndpoints,
  ...memberExportEndpoints,
  ...rightExportEndpoints,
  ...memberCardEndpoints,
  ...memberEndpoints,
  ...ownNotificationEndpoints,
  ...memberCreationEndpoints,
  ...invitationEndpoints,
  ...bulkEndpoints,
  ...acceptEndpoints(TYPE_TABLE),
  ...linkEndpoints,
  ...joinEndpoints(TYPE_TABLE),
  ...removalEndpoints,
  ...platformMemberEndpoints,
  ...statisticsEndpoints,
  ...memberEventEndpoints(ledgersOf),
  ...assessmentEndpoints,
  ...effectiveEndpoints,
  ...grantEndpoints,
  ...objectGroupEndpoints,
  ...copyRightsEndpoints,
  ...rightEndpoints,
  ...roleEndpoints,
  ...customRoleEndpoints,
  ...unsubscribeEndpoints,
  ...apiKeyEndpoints,
  ...resourceEndpoints(RESOURCE_TYPES, { catalog: quote }),
  ...licenseEndpoints,
  ...licenseDomainEndpoints,
  ...organizationEndpoints,
  ...subscriptionEndpoints,
  ...billingEndpoints,
  ...accountInvoiceEndpoints,
  ...analyticsEndpoints(RESOURCE_TYPES),
  ...ownerEndpoints(RESOURCE_TYPES),
  ...groupEndpoints,
  ...transferEndpoints,
  ...dealerEndpoints,
  ...keyLicenseEndpoints,
  ...sosEndpoints,
  ...aggregatorEndpoints,
  ...themeFileEndpoints,
  ...themeDownloadEndpoints(TYPE_TABLE),
  ...credits,
  ...ledgerExport,
  ...creditGrants,
  ...reportEndpoints(ledgersOf),
  ...trailEndpoints(ledgersOf),
  ...hookEndpoints,
  ...deliveryEndpoints(TYPE_TABLE),
  ...trialEndpoints,
  ...problemEndpoints,
  ...healthEndpoints,
];

/** Written at the first request, because it is long and every caller may ask for it. */
let written: string | null = null;

const description: Endpoint = openEndpoint(
  {
    method: "GET",
    path: "/openapi.json",
    tag: "Documentation",
    right: "public",
    status: 200,
    summary: "This API as OpenAPI 3.1.",
  },
  async (call) => {
    written ??= JSON.stringify(
      openapi(
        [...endpoints, description].map(({ operation }) => operation),
        call.env.ISSUER,
      ),
    );
    return { status: 200, text: written, headers: { "Cache-Control": "public, max-age=300" } };
  },
);

export const surface: readonly Endpoint[] = [...endpoints, description];

export const app = new Hono<GateEnv>();
app.use(attend);
const parameters = (path: string): number => path.split(":").length;
// The most exact paths first: else a method that /v1/roles/matrix lacks would be taken for one of
// /v1/roles/:id.
for (const [path, group] of [...Map.groupBy(surface, ({ operation }) => operation.path)].sort(
  ([one], [two]) => parameters(one) - parameters(two),
)) {
  for (const endpoint of group) app.on(endpoint.operation.method, path, gate(endpoint, TYPE_TABLE));
  const methods = group.map(({ operation }) => operation.method);
  const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : [])].join(", ");
  app.all(path, () => {
    throw new Problem("method-not-allowed", { headers: { Allow: allow } });
  });
}
app.route("/", pages);
app.route("/", devMailPages);
// Answered, not thrown: Hono takes a throw from here past the middleware that names the call and logs it.
app.notFound((c) =>
  refuse(
    new Problem("not-found", { detail: "No route has this path. GET /openapi.json lists them all." }),
    c,
  ),
);
app.onError(refuse);
