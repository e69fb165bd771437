-- Conversations in which nothing can be said: the bot was blocked or removed, a topic is closed or gone. What is not
-- delivered there is kept for their return.
CREATE TABLE remote_agent_away (
    conversation_id BLOB NOT NULL PRIMARY KEY REFERENCES remote_agent_conversations (id),
    since TEXT NOT NULL
) STRICT, WITHOUT ROWID;
