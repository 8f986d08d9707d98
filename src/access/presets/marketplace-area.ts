import type { Area } from "../preset.ts";

/** What V and E of each area are in rights. E holds V too; to remove belongs to the top roles. */
export const AREAS = {
  organizations: {
    V: ["organization.view"],
    E: ["organization.create", "organization.edit"],
    everywhereRight: "organization.view",
  },
  catalogue: {
    V: ["catalog.view"],
    E: ["catalog.create", "catalog.edit"],
    whenHeld: { right: "subscription.create", says: "purchase" },
  },
  subscriptions: { V: ["subscription.view"], E: ["subscription.create", "subscription.edit"] },
  markups: { V: ["markup.view"], E: ["markup.create", "markup.edit"] },
  products: { V: ["cpq.view", "form.view"], E: ["cpq.create", "cpq.edit", "form.create", "form.edit"] },
  billing: { V: ["invoice.view", "billing.view"], E: ["invoice.create", "invoice.edit", "billing.edit"] },
  reports: { V: ["report.download"], E: [], everywhereRight: "organization.view_reports" },
  users: { V: ["member.view"], E: ["member.edit", "member.block", "grant.edit"] },
  settings: {
    V: ["account.view"],
    E: ["account.view_security", "account.edit"],
    whenLacking: { right: "account.view_security", says: "not currency and authentication" },
  },
  history: { V: ["audit.view"], E: [] },
} as const satisfies Record<string, Area>;

/** In a customer's organization everything is its own, but for the catalogue, which is the seller's. */
export const ORGANIZATION_AREAS: Readonly<Record<string, Area>> = Object.fromEntries(
  Object.entries(AREAS).map(([name, area]: [string, Area]) => [
    name,
    name === "catalogue" ? area : { ...area, own: true },
  ]),
);

export const AREA_NAMES = Object.keys(AREAS) as readonly (keyof typeof AREAS)[];

export const AREA_RIGHTS = AREA_NAMES.flatMap((area) => [...AREAS[area].V, ...AREAS[area].E]);
