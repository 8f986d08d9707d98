import { z } from "zod";
import { prepareOwnerInvoice } from "../billing/invoice.change.ts";
import { priceOf } from "../billing/price.ts";
import { isSubscriptionActive } from "../../credits/subscription.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { iso } from "../../kernel/clock.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { randomBytes } from "../../kernel/random.ts";
import { CHARGE_PROBLEMS, chargeAndApply, resumeCharge } from "../../resources/charge.change.ts";
import { findEarlierCharge } from "../../resources/charge-key.load.ts";
import { collectReferences, requireVisible } from "../../resources/object-reference.load.ts";
import { newResourceRow } from "../../resources/resource-row.change.ts";
import { cardSchema, toResourceRef, resourceCard, auditCard } from "../../resources/resource.card.ts";
import { loadResource } from "../../resources/resource.routes.ts";
import { findReferenced, guardResource, insertResource } from "../../resources/resource.store.ts";
import { licenseResourceType } from "../../resources/types/license.ts";
import type { ChargeRow, ResourceRow } from "../../kernel/schema/resource.ts";
import { prepareLicenseChange, storedLicense } from "./license.change.ts";
import { message } from "../../kernel/messages/message.ts";

const CreatedLicenseCard = cardSchema(licenseResourceType, storedLicense)
  .extend({
    downloads: z.string().describe('Where links to the theme\'s files are made: POST {"file": "…"}.'),
  })
  .meta({ id: "CreatedLicense", extends: "License" });
const Body = z.strictObject({ themeId: z.string().max(64) }).meta({ id: "NewLicense" });

/** The term of a license by subscription. */
const TERM_MS = 365 * 24 * 60 * 60 * 1000;

/** The theme that the body names, and whether the caller may license it. */
async function loadLicensableTheme(
  call: Call,
  right: "license.provision" | "license.purchase",
): Promise<{ readonly theme: ResourceRow | undefined; readonly earlierCharge: ChargeRow | undefined }> {
  const references = collectReferences(call.principal, [["themeId", "catalog"]], (member) =>
    call.peekField(member),
  );
  const themes = findReferenced(call.db, references);
  const [[theme], [earlierCharge]] =
    right === "license.provision"
      ? await call.read(themes, findEarlierCharge(call))
      : [...(await call.read(themes)), []];
  call.requireRight(right);
  requireVisible(call, references, theme === undefined ? [] : [theme], "body");
  // Where the account restricts themes one by one, this one must be granted.
  if (theme !== undefined && call.principal.targetAccount.settings.perThemeRestrictions)
    call.requireRight("theme.license", toResourceRef(theme));
  return { theme, earlierCharge };
}

/** @throws Problem conflict/state */
function requireOffered(theme: ResourceRow | undefined): ResourceRow {
  if (theme?.status === "active") return theme;
  throw new Problem("conflict/state", { detail: message("products.themeRetired") });
}

const newLicense = (
  call: Call,
  theme: ResourceRow,
  method: "provisioned" | "purchased",
  invoiceId: string | null,
): ResourceRow =>
  newResourceRow(
    call,
    licenseResourceType,
    storedLicense,
    {
      domain: null,
      method,
      provisionedBy: call.principal.memberId,
      billedTo: call.principal.targetAccount.ownerMemberId,
      invoiceId,
      expiresAt: theme.attributes["licenseType"] === "subscription" ? iso(call.now + TERM_MS) : null,
      ...storedLicense.generated?.make(randomBytes(32), call.principal.targetAccount).attributes,
    },
    { parent: theme, groupId: null },
  );

const creationEvent = (call: Call, right: "license.provision" | "license.purchase", row: ResourceRow) =>
  call.event(
    right,
    { type: licenseResourceType.name, id: row.id },
    { changes: { before: {}, after: auditCard(storedLicense, row) } },
  );

const createdAnswer = (row: ResourceRow) => ({
  status: 201,
  body: { ...resourceCard(storedLicense, row), downloads: `/v1/themes/${row.parentId}/downloads` },
  headers: { ETag: versionEtag(row.version), Location: `/v1/licenses/${row.id}` },
});

const provision = endpoint(
  {
    method: "POST",
    path: "/v1/licenses",
    operationId: "provisionLicense",
    tag: licenseResourceType.title,
    right: "license.provision",
    status: 201,
    summary: "Provision a license from the account's credits, within the member's own limit.",
    body: Body,
    answer: CreatedLicenseCard,
    idempotency: "ledger",
    problems: ["conflict/state", ...CHARGE_PROBLEMS],
  },
  async (call) => {
    const found = await loadLicensableTheme(call, "license.provision");
    await call.body();
    const resumed = await resumeCharge(call, found.earlierCharge);
    if (resumed !== null) return resumed;
    const theme = requireOffered(found.theme);
    const row = newLicense(call, theme, "provisioned", null);
    return chargeAndApply(
      call,
      {
        change: { kind: "insert", row },
        parentId: theme.id,
        amount: Number(theme.attributes["priceCredits"]),
        guards: [guardResource(call.db, theme)],
        event: creationEvent(call, "license.provision", row),
      },
      createdAnswer(row),
    );
  },
);

const purchase = endpoint(
  {
    method: "POST",
    path: "/v1/licenses/purchase",
    operationId: "purchaseLicense",
    tag: licenseResourceType.title,
    right: "license.purchase",
    status: 201,
    summary: "Purchase a license on an invoice to the account's owner.",
    body: Body,
    answer: CreatedLicenseCard,
    idempotency: "required",
    problems: ["conflict/state", "credits/subscription-inactive"],
  },
  async (call) => {
    const found = await loadLicensableTheme(call, "license.purchase");
    await call.body();
    const theme = requireOffered(found.theme);
    const price = priceOf(theme, undefined);
    if (price === null) throw new Problem("conflict/state", { detail: message("products.themeNotForSale") });
    if (!isSubscriptionActive(call.principal.targetAccount.subscription, call.now))
      throw new Problem("credits/subscription-inactive");
    const { name, currency } = theme.attributes as { name: string; currency: string };
    const line = { description: name, quantity: 1, unitPrice: price.unitPrice };
    const invoice = prepareOwnerInvoice(call, `License: ${name}`, currency, [line]);
    const row = newLicense(call, theme, "purchased", invoice.id);
    return call.commit(
      {
        statements: [guardResource(call.db, theme), insertResource(call.db, row), invoice.statement],
        events: [creationEvent(call, "license.purchase", row), invoice.event],
      },
      createdAnswer(row),
    );
  },
);

const revoke = endpoint(
  {
    method: "DELETE",
    path: "/v1/licenses/:id",
    operationId: "revokeLicense",
    tag: licenseResourceType.title,
    right: "license.revoke",
    status: 204,
    summary:
      "Revoke a license. Its domain is free at once; nothing is paid back. " +
      "A license that is revoked already stays as it is.",
    ifMatch: "optional",
  },
  async (call) => {
    const { row } = await loadResource(call, licenseResourceType, "revoke");
    call.ifMatch(row.version);
    if (row.status !== "active") return { status: 204 };
    return call.commit(prepareLicenseChange(call, "license.revoke", row, "revoked", null).change, {
      status: 204,
    });
  },
);

export const licenseEndpoints: readonly Endpoint[] = [provision, purchase, revoke];
