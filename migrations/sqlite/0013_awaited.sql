-- Whose next message is the reason or the answer, as JSON; NULL: nobody's.
ALTER TABLE remote_agent_approvals ADD COLUMN awaits TEXT;
