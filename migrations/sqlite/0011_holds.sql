-- Why a queued message is not carried out although its turn has come, as JSON; NULL: it is.
ALTER TABLE remote_agent_inbound ADD COLUMN hold TEXT;
-- The part that told its person what became of the message so far.
ALTER TABLE remote_agent_inbound ADD COLUMN told BLOB;
