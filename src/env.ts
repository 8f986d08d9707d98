/** Bindings and variables of wrangler.toml, and the secret beside them. README.md, "Deploy", explains each. */
export interface Env {
  readonly DB: D1Database;
  /** One `AccountObject` per account, by the account's id. Reached through `accountObject()` of the credits room. */
  readonly ACCOUNTS: DurableObjectNamespace;
  readonly AUDIT: Queue;
  /** Files of the catalog, each under an id of its own. */
  readonly FILES: R2Bucket;
  readonly ISSUER: string;
  readonly AUDIENCE: string;
  readonly CONTACT_URL: string;
  /** JSON array of private JWKs (Ed25519). The first signs; all verify, so a key is rotated with overlap. */
  readonly SIGNING_KEYS: string;
}
