/**
 * Every right that a role, a grant or a key can give, spelled once: `resourceType.verb` with its description.
 * Types, validation, OpenAPI and the audit actions follow from this table.
 */
export const RIGHTS = {
  "account.view": "See the account's settings, plan and subscription.",
  "account.edit": "Change the account's settings and address rules.",
  "account.create": "Platform: create accounts.",
  "account.manage": "Platform: set any account's plan and subscription.",
  "member.view": "List members and open their cards.",
  "member.create": "Add members.",
  "member.edit": "Change members' cards, roles, addresses and limits.",
  "member.block": "Block and unblock members.",
  "grant.edit": "Give and take grants.",
  "api_key.view": "List API keys.",
  "api_key.create": "Make API keys.",
  "api_key.revoke": "Revoke API keys.",
  "audit.view": "Read the audit log, the object log and the call log.",
  "credits.view": "See the balance and the ledger.",
  "credits.spend": "Spend credits.",
  "credits.grant": "Platform: give credits to any account.",
  "product.view": "See products.",
  "product.edit": "Change products.",
  "product.create": "Add products.",
  "product.delete": "Remove products.",
  "license_key.view": "See license keys.",
  "license_key.edit": "Change license keys.",
  "license_key.create": "Add license keys, with a new customer if need be.",
  "license_key.delete": "Remove license keys.",
  "machine_code.view": "See machine codes.",
  "machine_code.edit": "Change machine codes.",
  "machine_code.create": "Add machine codes.",
  "machine_code.delete": "Remove machine codes.",
  "data_object.view": "See data objects.",
  "data_object.edit": "Change data objects.",
  "data_object.create": "Add data objects.",
  "data_object.delete": "Remove data objects.",
  "customer.view": "See customers.",
  "customer.edit": "Change customers.",
  "customer.create": "Add customers.",
  "customer.delete": "Remove customers.",
  "access_token.view": "See access tokens of the products' own clients.",
  "access_token.edit": "Change access tokens.",
  "access_token.create": "Add access tokens.",
  "access_token.delete": "Remove access tokens.",
  "analytics.view": "Read analytics.",
  "billing.view": "See billing information.",
  "billing.edit": "Change the tier and the attached card.",
  "invoice.view": "See invoices.",
  "catalog.view": "Browse the catalog.",
  "license.view": "See licenses.",
  "license.provision": "Provision a license from the account's balance.",
  "license.purchase": "Purchase a license on the owner's invoice.",
  "license.revoke": "Revoke licenses.",
  "theme.download": "Download the files of a licensed theme.",
  "report.download": "Download reports.",
} as const;

export type Right = keyof typeof RIGHTS;
export const RIGHT_NAMES = Object.keys(RIGHTS) as [Right, ...Right[]];
export const isRight = (text: string): text is Right => Object.hasOwn(RIGHTS, text);

/** `product` of `product.view`. */
export const typeOf = (right: Right): string => right.slice(0, right.indexOf("."));
