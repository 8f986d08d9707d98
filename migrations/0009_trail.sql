-- A staged event is signed, so that a row that an editor of the database invents is not sealed. `open` names the one member that its own batch
-- gives out, `given` is its value. Rows without a signature, those of an older gate too, go to the dead letters.
ALTER TABLE audit_outbox ADD COLUMN open TEXT;
ALTER TABLE audit_outbox ADD COLUMN given TEXT;
ALTER TABLE audit_outbox ADD COLUMN mac TEXT;

-- Since when the database is known to be an older copy: no call of the account is answered until the platform accepts that.
ALTER TABLE account ADD COLUMN restored_at INTEGER;

-- Refusals of the last minutes by their kind: the first of a kind is in the outbox at once, repeats are counted here until the sweep stages
-- one event for them. Small: the sweep empties it.
CREATE TABLE refusal (
  account_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  since INTEGER NOT NULL,
  -- The event that tells of the repeats, signed without their number.
  id TEXT NOT NULL,
  event TEXT NOT NULL,
  mac TEXT NOT NULL,
  repeated INTEGER NOT NULL,
  PRIMARY KEY (account_id, kind, since)
) WITHOUT ROWID;
