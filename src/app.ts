import { Hono } from "hono";
import examples from "./kernel/http/openapi-examples.json" with { type: "json" };
import { accountInvoiceEndpoints } from "./products/billing/account-invoice.routes.ts";
import { billingEndpoints } from "./products/billing/billing.routes.ts";
import { memberExportEndpoints } from "./people/directory/member-export.routes.ts";
import { memberCardEndpoints } from "./people/directory/member-card.routes.ts";
import { memberListEndpoints } from "./people/directory/member-list.routes.ts";
import { ownNotificationEndpoints } from "./people/directory/own-notifications.routes.ts";
import { rightExportEndpoints } from "./people/directory/right-export.routes.ts";
import { creditsEndpoints } from "./credits/credits.routes.ts";
import { ledgerExportEndpoints } from "./credits/ledger-export.routes.ts";
import { creditGrantEndpoints } from "./credits/credit-grant.routes.ts";
import { accountObjectOf } from "./credits/account-stub.object.ts";
import { aggregatorEndpoints } from "./products/dealers/aggregator.routes.ts";
import { dealerEndpoints } from "./products/dealers/dealer.routes.ts";
import { groupEndpoints } from "./products/dealers/object-group.routes.ts";
import { keyLicenseEndpoints } from "./products/dealers/key-license.routes.ts";
import { sosEndpoints } from "./products/dealers/sos-license.routes.ts";
import { transferEndpoints } from "./products/dealers/transfer.routes.ts";
import { apiKeyEndpoints } from "./gate/api-keys/api-key.routes.ts";
import { type Endpoint, openEndpoint } from "./gate/calls/call.ts";
import { claimEndpoints } from "./gate/api-keys/claim.routes.ts";
import { requestContext, toHandler, type GateEnv, onError } from "./gate/pipeline/gate.routes.ts";
import { healthEndpoints } from "./gate/pipeline/health.routes.ts";
import { problemEndpoints } from "./gate/pipeline/problem.routes.ts";
import { tokenEndpoints } from "./gate/api-keys/token.routes.ts";
import { deliveryEndpoints } from "./channels/webhooks/delivery.routes.ts";
import { hookEndpoints } from "./channels/webhooks/hook.routes.ts";
import { trialEndpoints } from "./channels/webhooks/trial.routes.ts";
import { openApiDocument } from "./kernel/http/openapi.ts";
import { TAGS } from "./kernel/http/openapi-tag.ts";
import { Problem } from "./kernel/http/problem.ts";
import { licenseEndpoints } from "./products/licensing/license.routes.ts";
import { licenseDomainEndpoints } from "./products/licensing/license-domain.routes.ts";
import { themeDownloadEndpoints } from "./products/licensing/theme-download.routes.ts";
import { themeFileEndpoints } from "./products/licensing/theme-file.routes.ts";
import { bulkInvitationEndpoints } from "./people/invitations/bulk-invitation.routes.ts";
import { invitationEndpoints } from "./people/invitations/invitation.routes.ts";
import { assessmentEndpoints } from "./people/directory/assessment.routes.ts";
import { memberEventEndpoints } from "./people/directory/member-event.routes.ts";
import { platformMemberEndpoints } from "./people/directory/platform-member.routes.ts";
import { removalEndpoints } from "./people/removal/removal.routes.ts";
import { statisticsEndpoints } from "./people/directory/statistics.routes.ts";
import { linkEndpoints } from "./people/invitations/link.routes.ts";
import { memberCreationEndpoints } from "./people/invitations/member-creation.routes.ts";
import { devMailPages } from "./channels/mail/dev-mail.routes.ts";
import { organizationEndpoints } from "./products/marketplace/organization.routes.ts";
import { mailPages } from "./channels/mail-pages/page.routes.ts";
import { loadPriceView } from "./products/marketplace/price-view.load.ts";
import { subscriptionEndpoints } from "./products/marketplace/subscription.routes.ts";
import { analyticsEndpoints } from "./products/reports/analytics.routes.ts";
import { reportEndpoints } from "./products/reports/report.routes.ts";
import { ownerEndpoints } from "./resources/owner.routes.ts";
import { RESOURCE_TYPES, TYPE_TABLE } from "./resources/registry.ts";
import { resourceEndpoints } from "./resources/resource-edit.routes.ts";
import { accountCreationEndpoints } from "./accounts/account-creation.routes.ts";
import { accountMemberEndpoints } from "./accounts/account-member.routes.ts";
import { accountOwnerEndpoints } from "./accounts/account-owner.routes.ts";
import { ownershipEndpoints } from "./accounts/ownership.routes.ts";
import { accountEndpoints } from "./accounts/account.routes.ts";
import { tierEndpoints } from "./accounts/tiers/tier.routes.ts";
import { restoredStateEndpoints } from "./accounts/restored-state.routes.ts";
import { signInAddressEndpoints } from "./people/sign-in/sign-in-address.routes.ts";
import { codeEndpoints } from "./people/sign-in/sign-in-code.routes.ts";
import { emailConfirmationEndpoints } from "./people/sign-in/email-confirmation.routes.ts";
import { sessionEndEndpoints } from "./people/sign-in/session-end.routes.ts";
import { sessionEndpoints } from "./people/sign-in/session.routes.ts";
import { copyRightsEndpoints } from "./people/members/copy-rights.routes.ts";
import { customRoleEndpoints } from "./people/rights/custom-role.routes.ts";
import { effectiveRightsEndpoints } from "./people/members/effective-rights.routes.ts";
import { grantEndpoints } from "./people/members/grant.routes.ts";
import { meEndpoints } from "./people/members/me.routes.ts";
import { memberEndpoints } from "./people/members/member.routes.ts";
import { objectGroupEndpoints } from "./people/members/object-group.routes.ts";
import { rightEndpoints } from "./people/rights/right.routes.ts";
import { roleEndpoints } from "./people/rights/role.routes.ts";
import { unsubscribeEndpoints } from "./people/members/unsubscribe.routes.ts";
import { auditLogEndpoints } from "./audit/log/audit.routes.ts";
import { acceptEndpoints } from "./people/sign-in/acceptance.routes.ts";
import { joinEndpoints } from "./people/sign-in/join.routes.ts";
import { memberSignInAddressEndpoints } from "./people/sign-in/member-sign-in-address.routes.ts";
import type { Env } from "./env.ts";
import { message } from "./kernel/messages/message.ts";

/** The account's object as the trail sees it. */
export const ledgerOutboxesOf = (env: Env) => (accountId: string) => accountObjectOf(env, accountId);

/** The whole surface. */
const routeEndpoints: readonly Endpoint[] = [
  ...tokenEndpoints,
  ...claimEndpoints(TYPE_TABLE),
  ...codeEndpoints,
  ...sessionEndpoints(TYPE_TABLE),
  ...sessionEndEndpoints,
  ...emailConfirmationEndpoints,
  ...signInAddressEndpoints,
  ...memberSignInAddressEndpoints,
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
  ...bulkInvitationEndpoints,
  ...acceptEndpoints(TYPE_TABLE),
  ...linkEndpoints,
  ...joinEndpoints(TYPE_TABLE),
  ...removalEndpoints,
  ...platformMemberEndpoints,
  ...statisticsEndpoints,
  ...memberEventEndpoints(ledgerOutboxesOf),
  ...assessmentEndpoints,
  ...effectiveRightsEndpoints,
  ...grantEndpoints,
  ...objectGroupEndpoints,
  ...copyRightsEndpoints,
  ...rightEndpoints,
  ...roleEndpoints,
  ...customRoleEndpoints,
  ...unsubscribeEndpoints,
  ...apiKeyEndpoints,
  ...resourceEndpoints(RESOURCE_TYPES, { catalog: loadPriceView }),
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
  ...creditsEndpoints,
  ...ledgerExportEndpoints,
  ...creditGrantEndpoints,
  ...reportEndpoints(ledgerOutboxesOf),
  ...auditLogEndpoints(ledgerOutboxesOf),
  ...hookEndpoints,
  ...deliveryEndpoints(TYPE_TABLE),
  ...trialEndpoints,
  ...problemEndpoints,
  ...healthEndpoints,
];

/** Written at the first request, because it is long and every caller may ask for it. */
let openApiText: string | null = null;

const openApiEndpoint: Endpoint = openEndpoint(
  {
    method: "GET",
    path: "/openapi.json",
    operationId: "getApiDescription",
    tag: "Documentation",
    right: "public",
    status: 200,
    summary: "This API as OpenAPI 3.1.",
  },
  async (call) => {
    openApiText ??= JSON.stringify(
      openApiDocument(
        [...routeEndpoints, openApiEndpoint].map(({ operation }) => operation),
        { server: call.env.ISSUER, contact: call.env.SECURITY_CONTACT, tags: TAGS, examples },
      ),
    );
    return { status: 200, text: openApiText, headers: { "Cache-Control": "public, max-age=300" } };
  },
);

export const servedEndpoints: readonly Endpoint[] = [...routeEndpoints, openApiEndpoint];

export const app = new Hono<GateEnv>();
app.use(requestContext);
const countParameters = (path: string): number => path.split(":").length;
// The most exact paths first: else a method that /v1/roles/matrix lacks would be taken for one of
// /v1/roles/:id.
for (const [path, group] of [...Map.groupBy(servedEndpoints, ({ operation }) => operation.path)].sort(
  ([one], [two]) => countParameters(one) - countParameters(two),
)) {
  for (const endpoint of group) app.on(endpoint.operation.method, path, toHandler(endpoint, TYPE_TABLE));
  const methods = group.map(({ operation }) => operation.method);
  const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : [])].join(", ");
  app.all(path, () => {
    throw new Problem("method-not-allowed", { headers: { Allow: allow } });
  });
}
app.route("/", mailPages);
app.route("/", devMailPages);
// Answered, not thrown: Hono takes a throw from here past the middleware that names the call and logs it.
app.notFound((c) => onError(new Problem("not-found", { detail: message("request.noRoute") }), c));
app.onError(onError);
