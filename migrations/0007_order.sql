-- The newest message that was applied to a state of an account: what is older changes nothing. It outlives the hooks.
CREATE TABLE state_order (
  account_id TEXT NOT NULL REFERENCES account (id),
  state TEXT NOT NULL CHECK (state IN ('plan', 'subscription')),
  -- Milliseconds since the epoch.
  at INTEGER NOT NULL,
  sequence INTEGER,
  PRIMARY KEY (account_id, state)
) WITHOUT ROWID;
-- Messages before this one carried no time: they count as of their arrival.
INSERT INTO state_order SELECT detail ->> 'accountId', CASE outcome WHEN 'plan_set' THEN 'plan' ELSE 'subscription' END, max(updated_at), NULL
  FROM delivery WHERE outcome IN ('plan_set', 'subscription_set') AND detail ->> 'accountId' IN (SELECT id FROM account) GROUP BY 1, 2;

-- Credits that an account has no room for are tried again from this time on; 0 until then.
ALTER TABLE hook_credit ADD COLUMN retry_at INTEGER NOT NULL DEFAULT 0;

-- What the platform offers to accounts. Subscriptions name one of these, or none.
CREATE TABLE tier (
  key TEXT PRIMARY KEY,
  names TEXT NOT NULL,
  price TEXT NOT NULL,
  features TEXT NOT NULL,
  credits INTEGER NOT NULL DEFAULT 0,
  self_service INTEGER NOT NULL DEFAULT 0,
  offered INTEGER NOT NULL DEFAULT 1,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
-- Those that accounts have, and those that hooks always set: not offered, free, without features.
WITH named (key) AS (
  SELECT subscription ->> 'tier' FROM account
  UNION SELECT rule.value ->> '$.then.tier.value' FROM hook, json_each(hook.mapping, '$.rules') AS rule)
INSERT INTO tier SELECT key, json_object('en', key, 'ru', key), '{"amount":0,"currency":"EUR"}', '{}', 0, 0, 0, 1, unixepoch() * 1000, unixepoch() * 1000
  FROM named WHERE key IS NOT NULL;
-- Until now this was stored and changed nothing.
UPDATE resource SET attributes = json_remove(attributes, '$.tier') WHERE type = 'billing';

-- A tier that an account has chosen and that the platform has not settled yet.
CREATE TABLE tier_choice (
  account_id TEXT PRIMARY KEY REFERENCES account (id),
  tier TEXT NOT NULL REFERENCES tier (key),
  invoice_id TEXT NOT NULL,
  chosen_by TEXT NOT NULL,
  chosen_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Credits that tiers give: one row for each period, kept so that no period gives twice.
CREATE TABLE tier_credit (
  account_id TEXT NOT NULL REFERENCES account (id),
  period TEXT NOT NULL,
  amount INTEGER NOT NULL,
  context TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  tried_at INTEGER NOT NULL DEFAULT 0,
  given_at INTEGER,
  PRIMARY KEY (account_id, period)
) WITHOUT ROWID;
CREATE INDEX tier_credit_due ON tier_credit (tried_at) WHERE given_at IS NULL;
