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
