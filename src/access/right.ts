import { AREAS } from "../resources/types/registry.ts";

/** The rights on what every account has. Those on resources are declared with their types. */
const ACCOUNT_RIGHTS = {
  "account.view": "See the account's settings, plan and subscription.",
  "account.view_security": "See the account's currency, address rules and rules for keys.",
  "account.edit": "Change the account's settings and address rules.",
  "account.create": "Platform: create accounts.",
  "account.manage": "Platform: set any account's plan and subscription, and its members.",
  "member.view": "List members and open their cards.",
  "member.create": "Add members, with the roles that one may give.",
  "member.edit": "Change members' cards, roles, addresses and limits; copy rights.",
  "member.block": "Block and unblock members.",
  "member.delete": "Remove members.",
  "member.generate_api_token": "Generate API access tokens of users.",
  "grant.edit": "Give and take grants.",
  "role.edit": "Make, change and remove custom roles.",
  "api_key.view": "List API keys.",
  "api_key.create": "Make API keys.",
  "api_key.revoke": "Revoke API keys.",
  "hook.view": "See inbound webhooks and what came in through them.",
  "hook.edit": "Make, change and remove inbound webhooks of one's own.",
  "audit.view": "Read the audit log, the object log and the call log.",
  "credits.view": "See the balance and the ledger.",
  "credits.spend": "Spend credits.",
  "credits.grant": "Platform: give credits to any account.",
} as const;

type RightOf<Each> = Each extends { readonly name: infer Name extends string; readonly rights: infer Rights }
  ? `${Name}.${keyof Rights & string}`
  : never;

/** A right is `area.verb`. Types, validation, OpenAPI and the audit actions follow from the declarations. */
export type Right = keyof typeof ACCOUNT_RIGHTS | RightOf<(typeof AREAS)[number]>;

const RESOURCE_RIGHTS = Object.fromEntries(
  AREAS.flatMap(({ name, rights }) =>
    Object.entries(rights).map(([verb, text]) => [`${name}.${verb}`, text]),
  ),
) as Readonly<Record<RightOf<(typeof AREAS)[number]>, string>>;

/** Every right that a role, a grant or a key can give, with what it lets one do. */
export const RIGHTS: Readonly<Record<Right, string>> = { ...ACCOUNT_RIGHTS, ...RESOURCE_RIGHTS };

export const RIGHT_NAMES = Object.keys(RIGHTS) as [Right, ...Right[]];
export const isRight = (text: string): text is Right => Object.hasOwn(RIGHTS, text);

/** `product` of `product.view`. */
export const resourceTypeOf = (right: Right): string => right.slice(0, right.indexOf("."));

/** Does a right only look? All others write, or spend. */
export const isReadRight = (right: Right): boolean =>
  /\.(?:view|view_\w+|download)$/.test(right) || right.startsWith("report.");

/** Every right on these types: `rightsOf("product", "customer")`. */
export const rightsOf = (...types: readonly string[]): Right[] =>
  RIGHT_NAMES.filter((right) => types.includes(resourceTypeOf(right)));
