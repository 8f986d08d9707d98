/** Placeholders in the repository's wrangler.toml, for values that only the owner of a deployment knows. */
const PLACEHOLDERS: readonly { readonly found: RegExp; readonly means: string }[] = [
  {
    found: /^database_id = "00000000-0000-0000-0000-000000000000"/m,
    means:
      "database_id in wrangler.toml is a placeholder: " +
      "put in the id that `wrangler d1 create tollgate` prints",
  },
  {
    found: /^ISSUER = "http:\/\/127\.0\.0\.1/m,
    means: "ISSUER in wrangler.toml is this machine: put in the public origin of the deployment",
  },
  {
    found: /^APP_URL = "http:\/\/127\.0\.0\.1/m,
    means:
      "APP_URL in wrangler.toml is this machine: put in where the links of mails lead, " +
      "which is ISSUER unless you have pages of your own",
  },
  {
    found: /^MAIL_FROM = "[^"]*@example\.com"/m,
    means:
      "MAIL_FROM in wrangler.toml is an example: put in an address of a domain that Cloudflare mails for",
  },
  {
    found: /^CONTACT_URL = "[^"]*example\.com/m,
    means: "CONTACT_URL in wrangler.toml is an example: put in your own address",
  },
  {
    found: /^SECURITY_CONTACT = "[^"]*example\.com/m,
    means: "SECURITY_CONTACT in wrangler.toml is an example: put in whom to tell of a weakness",
  },
];

/** Needs an owner's word before a deployment. @param config the text of wrangler.toml */
export const findPlaceholders = (config: string): string[] =>
  PLACEHOLDERS.filter(({ found }) => found.test(config)).map(({ means }) => means);

/**
 * A fault whether or not it is deployed yet: a gate that keeps its mails shows links and codes to every
 * caller.
 */
export const findForbiddenSettings = (config: string): string[] =>
  /^[^#\n]*\bDEV_MAIL\b/m.test(config)
    ? [
        "wrangler.toml names DEV_MAIL: mails are kept by a gate on a developer's machine only; " +
          "`npm start` sets it there",
      ]
    : [];
