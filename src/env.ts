/**
 * Bindings and variables of wrangler.toml, and the secret beside them. Each is explained in
 * docs/operations/deploy.md. `npm run reference` writes these comments into
 * docs/reference/configuration.md.
 */
export interface Env {
  /** Accounts, members, rights, objects and the audit log. */
  readonly DB: D1Database;
  /**
   * One `AccountObject` per account, by the account's id: credits, ledger and the witness of the audit log.
   * Reached through `accountObjectOf()` of the room credits.
   */
  readonly ACCOUNTS: DurableObjectNamespace;
  /** Events on their way to the audit log, and rows of the call log. */
  readonly AUDIT: Queue;
  /** Files of the catalog, each under an id of its own. */
  readonly FILES: R2Bucket;
  /** Ids of mails that wait in the outbox. */
  readonly MAIL: Queue;
  /** Cloudflare's outgoing mail. */
  readonly EMAIL: SendEmail;
  /** The sender of mails: an address of a domain that Cloudflare mails for. */
  readonly MAIL_FROM: string;
  /** The address that links in mails begin with: the gate's own pages, or pages of the platform. */
  readonly APP_URL: string;
  /**
   * "on" keeps every mail at /dev/mail. For a gate on this machine only: refused where ISSUER is no loopback
   * address.
   */
  readonly DEV_MAIL?: string;
  /**
   * A team beyond this many members gets the suggestion to contact the operator of the platform. Nothing is
   * blocked.
   */
  readonly CONTACT_ABOVE_MEMBERS: string;
  /** The public origin of the deployment. It is `iss` of every access token. */
  readonly ISSUER: string;
  /** `aud` of every access token. */
  readonly AUDIENCE: string;
  /** The contact that a refusal names where a plan lacks a feature. */
  readonly CONTACT_URL: string;
  /** The contact for weaknesses in /.well-known/security.txt. It begins with https: or mailto:. */
  readonly SECURITY_CONTACT: string;
  /** JSON array of private JWKs (Ed25519). The first signs; all verify, so a key is rotated with overlap. */
  readonly SIGNING_KEYS: string;
}
