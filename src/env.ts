/**
 * Bindings and variables of wrangler.toml, and the secret beside them. Each is explained in
 * docs/operations/deploy.md.
 */
export interface Env {
  readonly DB: D1Database;
  /**
   * One `AccountObject` per account, by the account's id. Reached through `accountObjectOf()` of the credits
   * room.
   */
  readonly ACCOUNTS: DurableObjectNamespace;
  readonly AUDIT: Queue;
  /** Files of the catalog, each under an id of its own. */
  readonly FILES: R2Bucket;
  /** Ids of mails that wait in the outbox. */
  readonly MAIL: Queue;
  /** Cloudflare's outgoing mail. */
  readonly EMAIL: SendEmail;
  /** Whom mails come from. */
  readonly MAIL_FROM: string;
  /** Where the links of mails lead: the gate's own pages, unless the platform has its own. */
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
  readonly ISSUER: string;
  readonly AUDIENCE: string;
  readonly CONTACT_URL: string;
  /** Whom to tell of a weakness: an address that begins with https: or mailto:. */
  readonly SECURITY_CONTACT: string;
  /** JSON array of private JWKs (Ed25519). The first signs; all verify, so a key is rotated with overlap. */
  readonly SIGNING_KEYS: string;
}
