import { z } from "zod";
import { instant } from "../../kernel/http/body.ts";
import { declareType, NO_LEVELS } from "./declaration.ts";
import { formatLicenseKey } from "./license-key.ts";

/** What a team has of a theme: provisioned from its credits, or purchased on its owner's invoice. */
export const licenseResourceType = declareType({
  name: "license",
  title: "Licenses",
  rights: {
    view: "See licenses.",
    provision: "Provision a license from the account's balance, and bind it to a domain.",
    purchase: "Purchase a license on the owner's invoice.",
    revoke: "Revoke licenses.",
  },
  grants: "none",
  levels: NO_LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "licenses",
    idPrefix: "lic",
    attributes: z.strictObject({
      domain: z
        .string()
        .nullable()
        .describe("The host name that it is bound to. No two licenses of a theme are bound to one."),
      method: z.enum(["provisioned", "purchased"]),
      provisionedBy: z.string().describe("The member who provisioned or purchased it."),
      billedTo: z.string().describe("The member who owned the account then."),
      invoiceId: z.string().nullable().describe("Of a purchase."),
      expiresAt: instant.nullable(),
    }),
    nameAttribute: "key",
    masked: ["key"],
    // A viewer looks at licenses and uses none.
    unmaskingRights: ["license.provision", "license.purchase", "license.revoke"],
    parents: { themeId: "catalog" },
    reference: null,
    generated: {
      storedFields: z.object({ key: z.string() }),
      shownOnce: z.object({}),
      make: (random) => ({ attributes: { key: formatLicenseKey(random) }, shown: {} }),
    },
    omittedRoutes: ["create", "edit", "delete"],
    filters: ["domain", "method"],
    // A revoked one is bound to nothing.
    uniqueKeyOf: ({ domain }, themeId) => (typeof domain === "string" ? `${themeId} ${domain}` : null),
  },
});
