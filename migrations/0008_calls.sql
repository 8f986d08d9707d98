-- The id that a caller gave its call (X-Request-Id). Only calls that bring one have a row in the index.
ALTER TABLE call_log ADD COLUMN caller_request_id TEXT;
CREATE INDEX call_log_caller ON call_log (account_id, caller_request_id, id) WHERE caller_request_id IS NOT NULL;
