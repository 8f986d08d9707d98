-- Claims and sign-in addresses.

-- The state of the claim under which a key waits or waited; null for a key that its member made.
ALTER TABLE api_key ADD COLUMN claim_state TEXT CHECK (claim_state IN ('told', 'mailed', 'claimed', 'revoked', 'replaced', 'ended'));
UPDATE api_key SET claim_state = CASE
  WHEN hash IS NOT NULL THEN CASE WHEN created_by = member_id THEN NULL ELSE 'claimed' END
  WHEN revoked_at IS NOT NULL OR claim_hash IS NULL THEN 'revoked'
  -- A mail is kept for as long as its claim lasts.
  WHEN id IN (SELECT letter ->> 'keyId' FROM mail_outbox WHERE letter ->> 'template' = 'api_key') THEN 'mailed'
  ELSE 'told' END;
-- A claim that its maker was told ends where the member has a person, or calls with a key.
UPDATE api_key SET claim_state = 'ended', claim_hash = NULL, revoked_at = CAST(unixepoch('subsec') * 1000 AS INTEGER)
  WHERE claim_state = 'told' AND (EXISTS (SELECT 1 FROM member m WHERE m.id = api_key.member_id AND m.user_id IS NOT NULL)
    OR EXISTS (SELECT 1 FROM api_key k WHERE k.member_id = api_key.member_id AND k.hash IS NOT NULL AND k.revoked_at IS NULL));

-- Since when the person's address signs in as this member.
ALTER TABLE member ADD COLUMN sign_in_since INTEGER;
UPDATE member SET sign_in_since = COALESCE(accepted_at, created_at) WHERE user_id IS NOT NULL;

-- Who changed the address on the card last; null while it is as it was made.
ALTER TABLE member ADD COLUMN email_by TEXT;
-- Nobody knows who changed it before: it counts as changed by the member.
UPDATE member SET email_by = id WHERE email_change > 0;
