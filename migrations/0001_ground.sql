-- Conditions of write batches: each CHECK always fails, so an insert names the condition and rolls the batch back.
CREATE TABLE guard (
  stale INTEGER CONSTRAINT guard_stale CHECK (stale IS NULL),
  changed INTEGER CONSTRAINT guard_changed CHECK (changed IS NULL),
  last_admin INTEGER CONSTRAINT guard_last_admin CHECK (last_admin IS NULL),
  has_dependents INTEGER CONSTRAINT guard_has_dependents CHECK (has_dependents IS NULL),
  member_limit INTEGER CONSTRAINT guard_member_limit CHECK (member_limit IS NULL),
  head_moved INTEGER CONSTRAINT guard_head_moved CHECK (head_moved IS NULL),
  claim_used INTEGER CONSTRAINT guard_claim_used CHECK (claim_used IS NULL)
);

CREATE TABLE account (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  parent_id TEXT REFERENCES account (id),
  owner_member_id TEXT NOT NULL,
  plan TEXT NOT NULL,
  subscription TEXT NOT NULL,
  settings TEXT NOT NULL,
  allowed_ips TEXT NOT NULL DEFAULT '[]',
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
-- A deployment has one platform account.
CREATE UNIQUE INDEX account_platform ON account (kind) WHERE kind = 'platform';

CREATE TABLE user (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  email_verified_at INTEGER,
  locale TEXT NOT NULL DEFAULT 'en',
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE member (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  user_id TEXT REFERENCES user (id),
  username TEXT NOT NULL,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  email TEXT NOT NULL,
  phone TEXT,
  mobile_phone TEXT,
  position TEXT,
  status TEXT NOT NULL CHECK (status IN ('new', 'active', 'blocked')),
  source TEXT NOT NULL DEFAULT 'local',
  roles TEXT NOT NULL DEFAULT '[]',
  rights TEXT NOT NULL DEFAULT '[]',
  object_group_ids TEXT NOT NULL DEFAULT '[]',
  allowed_ips TEXT NOT NULL DEFAULT '[]',
  credit_limit INTEGER CHECK (credit_limit >= 0),
  limit_period TEXT NOT NULL DEFAULT 'lifetime',
  invited_by TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  accepted_at INTEGER,
  last_login_at INTEGER,
  blocked_at INTEGER,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX member_email ON member (account_id, email);
CREATE INDEX member_account ON member (account_id, id);

CREATE TABLE access_grant (
  member_id TEXT NOT NULL REFERENCES member (id) ON DELETE CASCADE,
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  access TEXT NOT NULL CHECK (access IN ('view', 'edit', 'owner')),
  account_id TEXT NOT NULL,
  PRIMARY KEY (member_id, resource_type, resource_id)
) WITHOUT ROWID;
CREATE INDEX access_grant_resource ON access_grant (account_id, resource_type, resource_id);

CREATE TABLE api_key (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  member_id TEXT NOT NULL REFERENCES member (id) ON DELETE CASCADE,
  created_by TEXT NOT NULL,
  name TEXT NOT NULL,
  -- Null until the member has claimed it: nobody else ever sees the secret.
  hash TEXT UNIQUE,
  prefix TEXT,
  last4 TEXT,
  claim_hash TEXT UNIQUE,
  claim_expires_at INTEGER,
  scopes TEXT,
  allowed_ips TEXT NOT NULL DEFAULT '[]',
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX api_key_member ON api_key (account_id, member_id, id);

CREATE TABLE resource (
  account_id TEXT NOT NULL REFERENCES account (id),
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  -- The object it belongs to directly, and the one at the top: what a grant on the top object reaches.
  parent_id TEXT,
  root_id TEXT,
  owner_id TEXT,
  group_id TEXT,
  -- Another object that it names without belonging to it, such as a licence key's customer.
  reference_id TEXT,
  status TEXT NOT NULL DEFAULT 'active',
  name TEXT NOT NULL DEFAULT '',
  attributes TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, type, id)
) WITHOUT ROWID;
CREATE INDEX resource_root ON resource (account_id, type, root_id, id) WHERE root_id IS NOT NULL;
CREATE INDEX resource_parent ON resource (account_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX resource_reference ON resource (account_id, reference_id) WHERE reference_id IS NOT NULL;

CREATE TABLE idempotency (
  principal TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (principal, key)
) WITHOUT ROWID;

-- Events on their way to the chain; written in the batch of the change that they record.
CREATE TABLE audit_outbox (
  account_id TEXT NOT NULL,
  id TEXT NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (account_id, id)
) WITHOUT ROWID;

-- The newest sealed event of each account's chain, and the last ledger entry that is in it.
CREATE TABLE audit_head (
  account_id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  ledger_seq INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE audit_event (
  account_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  id TEXT NOT NULL,
  at INTEGER NOT NULL,
  action TEXT NOT NULL,
  outcome TEXT NOT NULL,
  member_id TEXT,
  resource_type TEXT NOT NULL,
  resource_id TEXT,
  -- What the hash covers: personal values stand in it as salted digests.
  body TEXT NOT NULL,
  -- path -> [salt, value]; may be erased, the chain still verifies.
  personal TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  ledger_seq INTEGER,
  PRIMARY KEY (account_id, seq)
) WITHOUT ROWID;
-- Partial: a ledger entry costs one row; its place in the ledger already makes it unique.
CREATE UNIQUE INDEX audit_event_id ON audit_event (id) WHERE ledger_seq IS NULL;
CREATE INDEX audit_event_resource ON audit_event (account_id, resource_type, resource_id, seq) WHERE ledger_seq IS NULL;

CREATE TABLE call_log (
  account_id TEXT NOT NULL,
  id TEXT NOT NULL,
  at INTEGER NOT NULL,
  member_id TEXT,
  api_key_id TEXT,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  status INTEGER NOT NULL,
  code TEXT,
  ip TEXT,
  user_agent TEXT,
  request_id TEXT NOT NULL,
  PRIMARY KEY (account_id, id)
) WITHOUT ROWID;

CREATE TABLE dead_letter (
  id TEXT PRIMARY KEY,
  queue TEXT NOT NULL,
  reason TEXT NOT NULL,
  body TEXT NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;
