-- Serial numbers that have had an SOS license: each once in a family of accounts, a dealer with its sub-dealers.
-- A serial number stands here as it is compared: see canonicalSerial in src/kernel/text/look-alike.ts.
CREATE TABLE sos_serial (
  -- The account at the top.
  family_id TEXT NOT NULL REFERENCES account (id),
  serial TEXT NOT NULL,
  license_id TEXT NOT NULL,
  PRIMARY KEY (family_id, serial)
) WITHOUT ROWID;

-- Of what was licensed before, ASCII is compared by its case. Others are kept as they are, after a blank, which begins no
-- serial number that is compared: the gate compares those one by one. Of doubles one stays, and keeps the next one out.
INSERT OR IGNORE INTO sos_serial (family_id, serial, license_id)
SELECT coalesce(a.parent_id, a.id),
  CASE WHEN r.attributes ->> '$.serial' GLOB '*[^ -~]*' THEN ' ' || (r.attributes ->> '$.serial')
    ELSE lower(replace(r.attributes ->> '$.serial', ' ', '')) END,
  r.id
FROM resource r JOIN account a ON a.id = r.account_id
WHERE r.type = 'sos_license' AND r.attributes ->> '$.serial' IS NOT NULL
ORDER BY r.id;

-- A key's card tells of its SOS license.
UPDATE resource SET attributes = json_set(attributes,
  '$.sosLicenseId', (SELECT s.id FROM resource s
    WHERE s.account_id = resource.account_id AND s.type = 'sos_license' AND s.parent_id = resource.id LIMIT 1),
  '$.sosExpiresAt', (SELECT s.attributes ->> '$.expiresAt' FROM resource s
    WHERE s.account_id = resource.account_id AND s.type = 'sos_license' AND s.parent_id = resource.id LIMIT 1))
WHERE type = 'key';
