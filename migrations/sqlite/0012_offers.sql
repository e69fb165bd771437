-- Messages whose turn failed keep their text for a while: their person may have them tried again.
CREATE INDEX idx_remote_agent_inbound_offered ON remote_agent_inbound (conversation_id, seq)
    WHERE state IN ('done', 'dead') AND content <> '';
