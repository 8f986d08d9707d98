-- All access models: account trees, custom roles, object groups, priced changes.
ALTER TABLE account ADD COLUMN profile TEXT NOT NULL DEFAULT '{}';
CREATE INDEX account_parent ON account (parent_id, id) WHERE parent_id IS NOT NULL;

-- The language that hints are told in; the account's unless the member has one.
ALTER TABLE member ADD COLUMN language TEXT CHECK (language IN ('en', 'ru'));

-- Roles that an account made for itself, beside those of its model.
CREATE TABLE role (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  rights TEXT NOT NULL,
  grants TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX role_account ON role (account_id, id);
CREATE UNIQUE INDEX role_name ON role (account_id, name);

ALTER TABLE resource ADD COLUMN expires_at INTEGER;
-- What no two objects of a type in an account may have alike, such as the domain of a license.
ALTER TABLE resource ADD COLUMN unique_key TEXT;
CREATE UNIQUE INDEX resource_unique ON resource (account_id, type, unique_key) WHERE unique_key IS NOT NULL;
-- These two end with the parent, so that what a member owns, or what is active, under one parent is found in the index alone.
CREATE INDEX resource_owner ON resource (account_id, type, owner_id, id, parent_id);
CREATE INDEX resource_status ON resource (account_id, type, status, id, parent_id);
CREATE INDEX resource_group ON resource (account_id, type, group_id, id) WHERE group_id IS NOT NULL;
CREATE INDEX resource_expiry ON resource (account_id, type, expires_at, id) WHERE expires_at IS NOT NULL;
-- Parents may be kept by another account, such as the platform's themes, so the children of all are found by it.
DROP INDEX resource_parent;
CREATE INDEX resource_parent ON resource (parent_id, account_id, type, id) WHERE parent_id IS NOT NULL;

-- Changes that cost credits, between the moment they are accepted and the moment they are paid or refused. Under the key
-- that the ledger knows them by, so that every step can be repeated by whoever finds it.
CREATE TABLE charge (
  account_id TEXT NOT NULL REFERENCES account (id),
  key TEXT NOT NULL,
  member_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'paid', 'refused')),
  fingerprint TEXT NOT NULL,
  amount INTEGER NOT NULL,
  description TEXT NOT NULL,
  -- The object that the change makes or changes, and the one that it belongs to: neither may go meanwhile.
  resource_id TEXT NOT NULL,
  parent_id TEXT,
  -- What is written once it is paid: see resources/charge.ts.
  change TEXT NOT NULL,
  -- What the caller is told, now and under the same key later.
  answer TEXT NOT NULL,
  event TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, key)
) WITHOUT ROWID;
CREATE INDEX charge_pending ON charge (created_at) WHERE status = 'pending';
CREATE INDEX charge_resource ON charge (resource_id) WHERE status = 'pending';
CREATE INDEX charge_parent ON charge (parent_id) WHERE status = 'pending' AND parent_id IS NOT NULL;

-- Dealers that asked for a second SOS license of one key, until somebody clears them.
CREATE TABLE sos_block (
  account_id TEXT PRIMARY KEY REFERENCES account (id),
  key_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Objects of one account may be granted to members of others: the platform's themes and tools.
DROP INDEX access_grant_resource;
CREATE INDEX access_grant_resource ON access_grant (resource_type, resource_id);

-- Files of what is in the catalog. The bytes are in the bucket, under the id: a row is written when they are there, and
-- removed before they are.
CREATE TABLE theme_file (
  theme_id TEXT NOT NULL,
  name TEXT NOT NULL,
  id TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  content_type TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (theme_id, name)
) WITHOUT ROWID;

-- Bytes in the bucket that no file names: not yet, or no more. What a crash leaves of these, the sweep removes.
CREATE TABLE stray_file (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) WITHOUT ROWID;
