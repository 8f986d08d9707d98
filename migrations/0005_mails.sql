-- Mails: letters that are gathered or wait for their time, quotas of accounts, standing links, refreshes that are repeated.
ALTER TABLE guard ADD COLUMN link_joins INTEGER CONSTRAINT guard_link_joins CHECK (link_joins IS NULL);

-- Letters with the same key within a minute become one.
ALTER TABLE mail_outbox ADD COLUMN gather TEXT;
-- Not sent before this time.
ALTER TABLE mail_outbox ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;
CREATE INDEX mail_outbox_gathered ON mail_outbox (gather, created_at) WHERE gather IS NOT NULL;

-- Mails a day that the account may cause; null is the default of the gate. The platform sets it.
ALTER TABLE account ADD COLUMN mails_per_day INTEGER;

-- When the last mail of the invitation leaves or left.
ALTER TABLE invitation ADD COLUMN mail_at INTEGER NOT NULL DEFAULT 0;
UPDATE invitation SET mail_at = updated_at WHERE kind = 'email' AND send_count > 0;

-- From where the last refresh came: only from there its token may come a second time.
ALTER TABLE session ADD COLUMN refreshed_ip TEXT;
ALTER TABLE session ADD COLUMN refreshed_user_agent TEXT;
