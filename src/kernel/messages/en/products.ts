import { pluralEn } from "../plural.ts";

export const PRODUCTS = {
  cardNumber:
    "looks like a card number: card numbers are given to the payment provider only, and its token here",
  lastFour: "must be four digits",
  month: "must be a month such as 2030-01",
  paymentToken: "must be a token of the payment provider, such as pm_…",
  invoiceTooLarge: "The sum is too large for one invoice.",
  unknownTier: "must be a tier of GET /v1/tiers",
  pastDue:
    "The payment of the subscription is overdue. Pay the open " +
    "invoices first, or ask the operator of this platform.",
  noAggregator: "does not name an aggregator of the account",
  aggregatorExpired: "The license has expired. Ask the platform's operator for another.",
  subDealersData: "Only the sub-dealer changes its own data.",
  lastGroup: "The object is in no other group. Move it into another group instead.",
  licensedLonger: "The key already has a license of the longest possible term.",
  sosNotBlocked: "SOS licenses are not blocked for this account.",
  noDealer: "does not name a dealer that you may see",
  thereAlready: "is the current one",
  hostName: "must be a host name such as shop.example.com",
  licenseStatus: ({ status }: { status: string }) => `The status of the license is ${status}.`,
  licenseExpired: "The license has expired, so it cannot be bound to another domain.",
  themeRetired: "This theme is retired: no new licenses are made for it.",
  themeNotForSale: "This theme is not for sale. It can be provisioned instead.",
  noThemeLicense: "The account has no active license of this theme.",
  noThemeFile: "does not name a file of this theme",
  memberDownloads: "Only a member makes download links.",
  linkLeadsNowhere: "This link is not valid, or has expired.",
  fileName: "must be 1 to 100 of A-Z a-z 0-9 . _ - and begin with a letter or digit",
  filesMax: ({ max }: { max: number }) => `A theme has at most ${max} ${pluralEn(max, "file", "files")}.`,
  fileBroken: "The body is not as long as Content-Length says, or took more than an hour to arrive.",
  noOrganizations: "An organization cannot have another organization below it.",
  notForSale: "This is not for sale.",
  soldNoMore: "This is no longer sold: the quantity can only become smaller.",
  costTooLarge: "The price of this quantity is too large to be exact.",
  reportRows: ({ max }: { max: number }) =>
    `the report has more than ${max} ${pluralEn(max, "row", "rows")}: ask for a shorter period`,
};
