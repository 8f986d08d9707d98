import type { Area } from "./declaration.ts";

/** Reports are made of other objects. */
export const reportArea = {
  name: "report",
  rights: {
    download: "Download every report.",
    expiring_licenses: "Download the report of licenses that expire.",
    check_requests_and_keys: "Download the report that checks requests and keys.",
  },
} as const satisfies Area;

/** A dealer is an account: its own data. */
export const dealerArea = {
  name: "dealer",
  rights: {
    view: "See the dealer's data.",
    edit: "Change the dealer's data.",
  },
} as const satisfies Area;

/** The accounts below a dealer. */
export const subdealerArea = {
  name: "subdealer",
  rights: {
    view_entities: "See objects, requests and users of sub-dealers.",
  },
} as const satisfies Area;
