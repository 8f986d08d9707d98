-- Names are searched without their accents. SQLite cannot take them off, so the sweep folds what is stored, in small steps: each row is a
-- table and the id up to which it is done, and goes when the table is. What is written meanwhile is folded anew by its writer.
CREATE TABLE refold (
  name TEXT PRIMARY KEY CHECK (name IN ('account', 'member', 'role')),
  done_to TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO refold (name, done_to) VALUES ('account', ''), ('member', ''), ('role', '');
