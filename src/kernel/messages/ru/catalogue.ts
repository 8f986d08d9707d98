import { ACCESS } from "./access.ts";
import { ACCOUNTS } from "./accounts.ts";
import { CREDITS } from "./credits.ts";
import { INVITATIONS } from "./invitations.ts";
import { KEYS } from "./keys.ts";
import { MEMBERS } from "./members.ts";
import { PRODUCTS } from "./products.ts";
import { REQUEST } from "./request.ts";
import { RESOURCES } from "./resources.ts";
import { SIGN_IN } from "./sign-in.ts";
import { VALIDATION } from "./validation.ts";
import { WEBHOOKS } from "./webhooks.ts";
import type { Translation } from "../translation.ts";
import type { ENGLISH } from "../en/catalogue.ts";

/** The same texts in Russian. A missing text, or one with other values, does not compile. */
export const RUSSIAN: { readonly [Group in keyof typeof ENGLISH]: Translation<(typeof ENGLISH)[Group]> } = {
  access: ACCESS,
  accounts: ACCOUNTS,
  credits: CREDITS,
  invitations: INVITATIONS,
  keys: KEYS,
  members: MEMBERS,
  products: PRODUCTS,
  request: REQUEST,
  resources: RESOURCES,
  signIn: SIGN_IN,
  validation: VALIDATION,
  webhooks: WEBHOOKS,
};
