-- The ownership of an account, offered to another member: at most one offer for each account.
CREATE TABLE ownership_offer (
  account_id TEXT PRIMARY KEY REFERENCES account (id),
  id TEXT NOT NULL UNIQUE,
  -- The member who may accept. The offer ends with the member, and with a block of the member.
  member_id TEXT NOT NULL REFERENCES member (id) ON DELETE CASCADE,
  -- The owner who made it. The offer ends when another member owns the account.
  offered_by TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX ownership_offer_member ON ownership_offer (member_id);
