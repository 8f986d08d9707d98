-- People: the user book, invitations, sign-in, mail, hooks.
ALTER TABLE guard ADD COLUMN invitation_changed INTEGER CONSTRAINT guard_invitation_changed CHECK (invitation_changed IS NULL);
ALTER TABLE guard ADD COLUMN charges_pending INTEGER CONSTRAINT guard_charges_pending CHECK (charges_pending IS NULL);
ALTER TABLE guard ADD COLUMN recipient_mails INTEGER CONSTRAINT guard_recipient_mails CHECK (recipient_mails IS NULL);
ALTER TABLE guard ADD COLUMN account_mails INTEGER CONSTRAINT guard_account_mails CHECK (account_mails IS NULL);
ALTER TABLE guard ADD COLUMN link_codes INTEGER CONSTRAINT guard_link_codes CHECK (link_codes IS NULL);

-- Names as they are compared, because SQLite folds the case of ASCII only; the Russian ё counts as е.
ALTER TABLE account ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';
UPDATE account SET name_folded = (WITH RECURSIVE letter (n, text) AS (SELECT 0, lower(name) UNION ALL
  SELECT n + 1, replace(text, substr('АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯё', n + 1, 1), substr('абвгдеежзийклмнопрстуфхцчшщъыьэюяе', n + 1, 1)) FROM letter WHERE n < 34) SELECT text FROM letter WHERE n = 34);
ALTER TABLE role ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';
UPDATE role SET name_folded = (WITH RECURSIVE letter (n, text) AS (SELECT 0, lower(name) UNION ALL
  SELECT n + 1, replace(text, substr('АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯё', n + 1, 1), substr('абвгдеежзийклмнопрстуфхцчшщъыьэюяе', n + 1, 1)) FROM letter WHERE n < 34) SELECT text FROM letter WHERE n = 34);

-- Four digits, in the models that have them; free again when the member is removed.
ALTER TABLE member ADD COLUMN login TEXT;
ALTER TABLE member ADD COLUMN username_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE member ADD COLUMN phone_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE member ADD COLUMN mobile_phone_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE member ADD COLUMN middle_name TEXT;
ALTER TABLE member ADD COLUMN office TEXT;
ALTER TABLE member ADD COLUMN department TEXT;
ALTER TABLE member ADD COLUMN city TEXT;
ALTER TABLE member ADD COLUMN country TEXT;
ALTER TABLE member ADD COLUMN comments TEXT;
ALTER TABLE member ADD COLUMN notifications TEXT NOT NULL DEFAULT '{}';
-- When somebody proved to read the mail of this address; null after it has changed.
ALTER TABLE member ADD COLUMN email_verified_at INTEGER;
-- The version of the card by which it got this address.
ALTER TABLE member ADD COLUMN email_change INTEGER NOT NULL DEFAULT 0;
-- What the system that the member came from knows it by.
ALTER TABLE member ADD COLUMN external_id TEXT;
UPDATE member SET phone_folded = lower(coalesce(phone, '')), mobile_phone_folded = lower(coalesce(mobile_phone, '')),
  username_folded = (WITH RECURSIVE letter (n, text) AS (SELECT 0, lower(username) UNION ALL
  SELECT n + 1, replace(text, substr('АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯё', n + 1, 1), substr('абвгдеежзийклмнопрстуфхцчшщъыьэюяе', n + 1, 1)) FROM letter WHERE n < 34) SELECT text FROM letter WHERE n = 34);
-- The models that have logins: those there already get theirs, the oldest first.
UPDATE member SET login = (SELECT printf('%04d', COUNT(*)) FROM member older WHERE older.account_id = member.account_id AND older.id <= member.id)
  WHERE account_id IN (SELECT id FROM account WHERE kind IN ('dealer', 'subdealer'));
-- The user book: all that it is searched and sorted by, so that no filter and no order reads the rows themselves.
DROP INDEX member_account;
CREATE INDEX member_book ON member (account_id, id, login, username_folded, roles, email, phone_folded, mobile_phone_folded, source, status, last_login_at);
CREATE UNIQUE INDEX member_login ON member (account_id, login) WHERE login IS NOT NULL;
CREATE UNIQUE INDEX member_user ON member (account_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX member_of_user ON member (user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX member_external ON member (account_id, external_id) WHERE external_id IS NOT NULL;

-- Kind email: the way in of one new member. Kind link: whoever has the link joins, with nothing but the role.
CREATE TABLE invitation (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  kind TEXT NOT NULL CHECK (kind IN ('email', 'link')),
  member_id TEXT REFERENCES member (id) ON DELETE CASCADE,
  email TEXT,
  name TEXT,
  role TEXT,
  -- SHA-256 of the token of the last mail or link; the token itself is kept nowhere.
  token_hash TEXT UNIQUE,
  token_kid TEXT,
  status TEXT NOT NULL CHECK (status IN ('pending', 'accepted', 'revoked')),
  expires_at INTEGER NOT NULL,
  max_uses INTEGER,
  uses INTEGER NOT NULL DEFAULT 0,
  send_count INTEGER NOT NULL DEFAULT 0,
  external_id TEXT,
  invited_by TEXT NOT NULL,
  hook_id TEXT,
  created_at INTEGER NOT NULL,
  accepted_at INTEGER,
  revoked_at INTEGER,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX invitation_account ON invitation (account_id, id);
CREATE INDEX invitation_member ON invitation (member_id) WHERE member_id IS NOT NULL;
CREATE UNIQUE INDEX invitation_pending ON invitation (account_id, email) WHERE status = 'pending' AND email IS NOT NULL;
-- What was ever sent to an address, and taken back.
CREATE INDEX invitation_email ON invitation (account_id, email, updated_at) WHERE email IS NOT NULL;
CREATE INDEX invitation_address ON invitation (email) WHERE status = 'pending' AND email IS NOT NULL;

-- By what members went who are blocked or gone, and who is to stay out: no hook and no link brings them back. Only digests are kept, of
-- addresses and of external ids; those of a member who is in count for nothing.
CREATE TABLE former_member (
  account_id TEXT NOT NULL REFERENCES account (id),
  known_by TEXT NOT NULL,
  member_id TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (account_id, known_by, member_id)
) WITHOUT ROWID;

-- Results of yearly assessments, written by the platform.
CREATE TABLE assessment (
  account_id TEXT NOT NULL REFERENCES account (id),
  member_id TEXT NOT NULL REFERENCES member (id) ON DELETE CASCADE,
  year INTEGER NOT NULL,
  result TEXT NOT NULL,
  at INTEGER NOT NULL,
  written_by TEXT NOT NULL,
  PRIMARY KEY (member_id, year)
) WITHOUT ROWID;

-- What goes with a member who is removed is found without reading everybody's.
CREATE INDEX api_key_of_member ON api_key (member_id);
-- What a member did, and what it cost.
CREATE INDEX audit_event_member ON audit_event (account_id, member_id, seq) WHERE member_id IS NOT NULL;

-- One-time codes and links of sign-in. Neither is kept: both follow from a signing key and the id.
CREATE TABLE sign_in (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  -- What the code is good for, and nothing else.
  purpose TEXT NOT NULL CHECK (purpose IN ('sign_in', 'change_email')),
  kid TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sign_in_email ON sign_in (email, purpose, id);
CREATE INDEX sign_in_expiry ON sign_in (expires_at);

-- How often something was asked for in a window of time, by a digest of whom it is counted for.
CREATE TABLE tally (
  subject TEXT NOT NULL,
  window INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (subject, window)
) WITHOUT ROWID;
CREATE INDEX tally_window ON tally (window);

CREATE TABLE session (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  member_id TEXT NOT NULL REFERENCES member (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES user (id),
  -- The refresh token follows from this key, the id and the number of rotations.
  kid TEXT NOT NULL,
  rotations INTEGER NOT NULL DEFAULT 0,
  expires_at INTEGER NOT NULL,
  ended_at INTEGER,
  ip TEXT,
  user_agent TEXT,
  created_at INTEGER NOT NULL,
  refreshed_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_member ON session (member_id, id);

-- Mails on their way out, written in the batch of the change that they tell of. No secret is in them: a token is made when they are sent.
CREATE TABLE mail_outbox (
  id TEXT PRIMARY KEY,
  letter TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  -- Until then one sender has it.
  held_until INTEGER NOT NULL DEFAULT 0,
  sent_at INTEGER,
  failed_at INTEGER,
  error TEXT,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX mail_outbox_waiting ON mail_outbox (created_at) WHERE sent_at IS NULL AND failed_at IS NULL;
CREATE INDEX mail_outbox_created ON mail_outbox (created_at);

-- The local mailbox: every mail of a gate in development.
CREATE TABLE dev_mail (
  id TEXT PRIMARY KEY,
  recipient TEXT NOT NULL,
  template TEXT NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  html TEXT NOT NULL,
  link TEXT,
  code TEXT,
  at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX dev_mail_recipient ON dev_mail (recipient, id);

-- A way in for another system's events, owned by a member and as strong as that member is when an event comes.
CREATE TABLE hook (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  member_id TEXT NOT NULL REFERENCES member (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  scheme TEXT NOT NULL CHECK (scheme IN ('standard', 'stripe', 'github')),
  -- Encrypted; the older one only while the new one is rolled out.
  secret TEXT NOT NULL,
  secret_at INTEGER NOT NULL,
  previous_secret TEXT,
  previous_until INTEGER,
  mapping TEXT NOT NULL,
  active INTEGER NOT NULL DEFAULT 1,
  version INTEGER NOT NULL DEFAULT 1,
  last_refusal TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX hook_account ON hook (account_id, id);
CREATE INDEX hook_member ON hook (member_id);

-- What came in through a hook, once for each message. The digest is that of what was signed: a sender's id may lie.
CREATE TABLE delivery (
  hook_id TEXT NOT NULL REFERENCES hook (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  digest TEXT NOT NULL,
  event_type TEXT,
  outcome TEXT NOT NULL,
  detail TEXT,
  attempts INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (hook_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX delivery_message ON delivery (hook_id, message_id);
CREATE UNIQUE INDEX delivery_digest ON delivery (hook_id, digest);

-- Credits that a hook gives, from their acceptance until they are in the ledger and told; then the row goes. It outlives its hook.
CREATE TABLE hook_credit (
  key TEXT PRIMARY KEY,
  hook_id TEXT NOT NULL,
  delivery_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  credit TEXT NOT NULL,
  -- What the trail is told once they are given.
  events TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
