-- Which member ever opened a way in for which other: added them, wrote the address on their card, or made a key for them. Rows are
-- only added, and outlive both members: a stolen key that removes or overwrites what stands between would hide whom it speaks through.
CREATE TABLE opener (
  member_id TEXT NOT NULL,
  opened_by TEXT NOT NULL,
  PRIMARY KEY (member_id, opened_by)
) WITHOUT ROWID;

INSERT OR IGNORE INTO opener SELECT id, invited_by FROM member WHERE invited_by IS NOT NULL AND invited_by <> id;
INSERT OR IGNORE INTO opener SELECT id, email_by FROM member WHERE email_by IS NOT NULL AND email_by <> id;
INSERT OR IGNORE INTO opener SELECT member_id, created_by FROM api_key WHERE created_by <> member_id;

CREATE TRIGGER opener_of_member AFTER INSERT ON member WHEN NEW.invited_by <> NEW.id BEGIN
  INSERT OR IGNORE INTO opener VALUES (NEW.id, NEW.invited_by);
END;
CREATE TRIGGER opener_of_invited AFTER UPDATE OF invited_by ON member WHEN NEW.invited_by <> NEW.id BEGIN
  INSERT OR IGNORE INTO opener VALUES (NEW.id, NEW.invited_by);
END;
CREATE TRIGGER opener_of_address AFTER UPDATE OF email_by ON member WHEN NEW.email_by <> NEW.id BEGIN
  INSERT OR IGNORE INTO opener VALUES (NEW.id, NEW.email_by);
END;
CREATE TRIGGER opener_of_key AFTER INSERT ON api_key WHEN NEW.created_by <> NEW.member_id BEGIN
  INSERT OR IGNORE INTO opener VALUES (NEW.member_id, NEW.created_by);
END;
CREATE TRIGGER opener_stays BEFORE DELETE ON opener BEGIN SELECT RAISE(ABORT, 'opener: rows stay'); END;
CREATE TRIGGER opener_as_written BEFORE UPDATE ON opener BEGIN SELECT RAISE(ABORT, 'opener: rows stay as they are'); END;
