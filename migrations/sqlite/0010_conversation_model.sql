-- What a conversation chose with `/model`; NULL: what is configured.
ALTER TABLE remote_agent_conversations ADD COLUMN model TEXT;
