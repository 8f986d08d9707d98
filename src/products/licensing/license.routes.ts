import { z } from "zod";
import { billOwner } from "../billing/invoice.change.ts";
import { priceOf } from "../billing/price.ts";
import { isSubscriptionActive } from "../../credits/subscription.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { iso } from "../../kernel/clock.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { randomBytes } from "../../kernel/random.ts";
import { CHARGE_PROBLEMS, charged, findBegun, resume } from "../../resources/charge.change.ts";
import { namedBy, requireVisible } from "../../resources/named.change.ts";
import { newRow } from "../../resources/new-row.change.ts";
import { cardSchema, refOf, resourceCard, trailCard } from "../../resources/resource.card.ts";
import { loadResource } from "../../resources/resource.routes.ts";
import { findNamed, guardResource, insertResource } from "../../resources/resource.store.ts";
import { license } from "../../resources/types/license.ts";
import type { ChargeRow, ResourceRow } from "../../kernel/schema/resource.ts";
import { changed, stored } from "./license.change.ts";

const MadeCard = cardSchema(license, stored).extend({
  downloads: z.string().describe('Where links to the theme\'s files are made: POST {"file": "…"}.'),
});
const Body = z.strictObject({ themeId: z.string().max(64) });

/** The term of a license by subscription. */
const PERIOD_MS = 365 * 24 * 60 * 60 * 1000;

/** The theme that the body names, and whether the caller may license it. */
async function admit(
  call: Call,
  right: "license.provision" | "license.purchase",
): Promise<{ readonly theme: ResourceRow | undefined; readonly begun: ChargeRow | undefined }> {
  const named = namedBy(call.principal, [["themeId", "catalog"]], (member) => call.peekField(member));
  const themes = findNamed(call.db, named);
  const [[theme], [begun]] =
    right === "license.provision"
      ? await call.read(themes, findBegun(call))
      : [...(await call.read(themes)), []];
  call.requireRight(right);
  requireVisible(call, named, theme === undefined ? [] : [theme], "body");
  // Where the account restricts themes one by one, this one must be granted.
  if (theme !== undefined && call.principal.targetAccount.settings.perThemeRestrictions)
    call.requireRight("theme.license", refOf(theme));
  return { theme, begun };
}

/** @throws Problem conflict/state */
function offered(theme: ResourceRow | undefined): ResourceRow {
  if (theme?.status === "active") return theme;
  throw new Problem("conflict/state", { detail: "This theme is retired: it is licensed no more." });
}

const newLicense = (
  call: Call,
  theme: ResourceRow,
  method: "provisioned" | "purchased",
  invoiceId: string | null,
): ResourceRow =>
  newRow(
    call,
    license,
    stored,
    {
      domain: null,
      method,
      provisionedBy: call.principal.memberId,
      billedTo: call.principal.targetAccount.ownerMemberId,
      invoiceId,
      expiresAt: theme.attributes["licenseType"] === "subscription" ? iso(call.now + PERIOD_MS) : null,
      ...stored.generated?.make(randomBytes(32), call.principal.targetAccount).attributes,
    },
    { row: theme, groupId: null },
  );

const madeEvent = (call: Call, right: "license.provision" | "license.purchase", row: ResourceRow) =>
  call.event(
    right,
    { type: license.name, id: row.id },
    { changes: { before: {}, after: trailCard(stored, row) } },
  );

const madeAnswer = (row: ResourceRow) => ({
  status: 201,
  body: { ...resourceCard(stored, row), downloads: `/v1/themes/${row.parentId}/downloads` },
  headers: { ETag: versionEtag(row.version), Location: `/v1/licenses/${row.id}` },
});

const provision = endpoint(
  {
    method: "POST",
    path: "/v1/licenses",
    tag: license.title,
    right: "license.provision",
    status: 201,
    summary: "Provision a license from the account's credits, within the member's own limit.",
    body: Body,
    answer: MadeCard,
    idempotency: "ledger",
    problems: ["conflict/state", ...CHARGE_PROBLEMS],
  },
  async (call) => {
    const found = await admit(call, "license.provision");
    await call.body();
    const resumed = await resume(call, found.begun);
    if (resumed !== null) return resumed;
    const theme = offered(found.theme);
    const row = newLicense(call, theme, "provisioned", null);
    return charged(
      call,
      {
        change: { kind: "insert", row },
        parentId: theme.id,
        amount: Number(theme.attributes["priceCredits"]),
        guards: [guardResource(call.db, theme)],
        event: madeEvent(call, "license.provision", row),
      },
      madeAnswer(row),
    );
  },
);

const purchase = endpoint(
  {
    method: "POST",
    path: "/v1/licenses/purchase",
    tag: license.title,
    right: "license.purchase",
    status: 201,
    summary: "Purchase a license on an invoice to the account's owner.",
    body: Body,
    answer: MadeCard,
    idempotency: "required",
    problems: ["conflict/state", "credits/subscription-inactive"],
  },
  async (call) => {
    const found = await admit(call, "license.purchase");
    await call.body();
    const theme = offered(found.theme);
    const price = priceOf(theme, undefined);
    if (price === null)
      throw new Problem("conflict/state", { detail: "This theme is not for sale; it may be provisioned." });
    if (!isSubscriptionActive(call.principal.targetAccount.subscription, call.now))
      throw new Problem("credits/subscription-inactive");
    const { name, currency } = theme.attributes as { name: string; currency: string };
    const line = { description: name, quantity: 1, unitPrice: price.unitPrice };
    const invoice = billOwner(call, `License: ${name}`, currency, [line]);
    const row = newLicense(call, theme, "purchased", invoice.id);
    return call.commit(
      {
        statements: [guardResource(call.db, theme), insertResource(call.db, row), invoice.statement],
        events: [madeEvent(call, "license.purchase", row), invoice.event],
      },
      madeAnswer(row),
    );
  },
);

const revoke = endpoint(
  {
    method: "DELETE",
    path: "/v1/licenses/:id",
    tag: license.title,
    right: "license.revoke",
    status: 204,
    summary:
      "Revoke a license. Its domain is free at once; nothing is paid back. " +
      "A license that is revoked already stays as it is.",
    ifMatch: "optional",
  },
  async (call) => {
    const { row } = await loadResource(call, license, "revoke");
    call.ifMatch(row.version);
    if (row.status !== "active") return { status: 204 };
    return call.commit(changed(call, "license.revoke", row, "revoked", null).change, { status: 204 });
  },
);

export const licenseEndpoints: readonly Endpoint[] = [provision, purchase, revoke];
