-- Conversations, codebases and sessions keep the names and columns of the product's specification.
-- Times are RFC 3339 text in UTC, bound by the program; UUIDs are 16 bytes; JSON is text.
-- `remote_agent_nodes` is not here: membership comes before migrations (see crates/store/src/sql/node.rs).

CREATE TABLE remote_agent_codebases (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    repository_url TEXT,
    default_cwd TEXT NOT NULL,
    ai_assistant_type TEXT,
    commands TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(commands)),
    trusted INTEGER NOT NULL DEFAULT 0 CHECK (trusted IN (0, 1)),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE remote_agent_conversations (
    id BLOB NOT NULL PRIMARY KEY,
    platform_type TEXT NOT NULL,
    platform_conversation_id TEXT NOT NULL,
    codebase_id BLOB REFERENCES remote_agent_codebases (id),
    cwd TEXT,
    ai_assistant_type TEXT,
    mode TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (platform_type, platform_conversation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_remote_agent_conversations_codebase ON remote_agent_conversations (codebase_id);

CREATE TABLE remote_agent_sessions (
    id BLOB NOT NULL PRIMARY KEY,
    conversation_id BLOB NOT NULL REFERENCES remote_agent_conversations (id),
    codebase_id BLOB REFERENCES remote_agent_codebases (id),
    ai_assistant_type TEXT NOT NULL,
    assistant_session_id TEXT,
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
    predecessor_id BLOB,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    end_reason TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_remote_agent_sessions_conversation ON remote_agent_sessions (conversation_id, active);
CREATE INDEX idx_remote_agent_sessions_codebase ON remote_agent_sessions (codebase_id);
CREATE UNIQUE INDEX idx_remote_agent_sessions_active ON remote_agent_sessions (conversation_id) WHERE active;

-- A conversation's mailbox: who holds it, and when somebody has to look at it.
CREATE TABLE remote_agent_lanes (
    conversation_id BLOB NOT NULL PRIMARY KEY REFERENCES remote_agent_conversations (id),
    node TEXT,
    epoch INTEGER NOT NULL DEFAULT 0,
    due_at TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_remote_agent_lanes_due ON remote_agent_lanes (due_at) WHERE due_at IS NOT NULL;

-- AUTOINCREMENT: a place in the order of everything ever accepted is never given twice.
CREATE TABLE remote_agent_inbound (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id BLOB NOT NULL REFERENCES remote_agent_conversations (id),
    platform_type TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    sender_id TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    message_ref TEXT,
    sent_at TEXT NOT NULL,
    content TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'queued', 'running', 'done', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0,
    received_at TEXT NOT NULL,
    ended_at TEXT,
    UNIQUE (platform_type, delivery_id)
) STRICT;
CREATE INDEX idx_remote_agent_inbound_open ON remote_agent_inbound (conversation_id, seq)
    WHERE state IN ('received', 'queued', 'running');

CREATE TABLE remote_agent_runs (
    id BLOB NOT NULL PRIMARY KEY,
    conversation_id BLOB NOT NULL REFERENCES remote_agent_conversations (id),
    session_id BLOB NOT NULL REFERENCES remote_agent_sessions (id),
    ai_assistant_type TEXT NOT NULL,
    spool_offset INTEGER NOT NULL DEFAULT 0,
    started_at TEXT NOT NULL,
    ended_at TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_remote_agent_runs_live ON remote_agent_runs (session_id) WHERE ended_at IS NULL;

CREATE TABLE remote_agent_turns (
    id BLOB NOT NULL PRIMARY KEY,
    conversation_id BLOB NOT NULL REFERENCES remote_agent_conversations (id),
    session_id BLOB NOT NULL REFERENCES remote_agent_sessions (id),
    run_id BLOB NOT NULL REFERENCES remote_agent_runs (id),
    inbound_seq INTEGER NOT NULL,
    command TEXT,
    state TEXT NOT NULL CHECK (state IN ('running', 'completed', 'interrupted', 'failed')),
    failure TEXT,
    spool_start INTEGER NOT NULL DEFAULT 0,
    started_at TEXT NOT NULL,
    ended_at TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX idx_remote_agent_turns_running ON remote_agent_turns (conversation_id) WHERE state = 'running';

-- AUTOINCREMENT: an approval's number is typed by people, so an old one must never mean a new question.
CREATE TABLE remote_agent_approvals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id BLOB NOT NULL REFERENCES remote_agent_conversations (id),
    turn_id BLOB NOT NULL REFERENCES remote_agent_turns (id),
    run_id BLOB NOT NULL,
    part_id BLOB NOT NULL,
    request TEXT NOT NULL,
    tool TEXT NOT NULL,
    tool_detail TEXT NOT NULL,
    detail TEXT NOT NULL,
    raw TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'withdrawn', 'expired')),
    answer TEXT,
    reason TEXT,
    answered_by TEXT,
    answered_at TEXT,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;
CREATE INDEX idx_remote_agent_approvals_turn ON remote_agent_approvals (turn_id);
CREATE INDEX idx_remote_agent_approvals_open ON remote_agent_approvals (conversation_id) WHERE state = 'open';

CREATE TABLE remote_agent_outbox (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    platform_type TEXT NOT NULL,
    platform_conversation_id TEXT NOT NULL,
    conversation_id BLOB REFERENCES remote_agent_conversations (id),
    turn_id BLOB,
    ordinal INTEGER,
    kind TEXT NOT NULL CHECK (kind IN ('reply', 'approval', 'notice', 'pairing')),
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'pending', 'sending', 'sent', 'dead')),
    revision INTEGER NOT NULL DEFAULT 1,
    sent_revision INTEGER NOT NULL DEFAULT 0,
    message_ref TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at TEXT,
    error TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX idx_remote_agent_outbox_undelivered ON remote_agent_outbox (conversation_id, seq)
    WHERE state IN ('pending', 'sending');
CREATE INDEX idx_remote_agent_outbox_turn ON remote_agent_outbox (turn_id, ordinal) WHERE turn_id IS NOT NULL;

CREATE TABLE remote_agent_usage (
    turn_id BLOB NOT NULL PRIMARY KEY,
    session_id BLOB NOT NULL,
    conversation_id BLOB NOT NULL,
    codebase_id BLOB,
    ai_assistant_type TEXT NOT NULL,
    model TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cost_usd REAL,
    duration_ms INTEGER NOT NULL,
    used_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_remote_agent_usage_time ON remote_agent_usage (used_at);

CREATE TABLE remote_agent_senders (
    platform_type TEXT NOT NULL,
    sender_id TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    allowed_at TEXT NOT NULL,
    PRIMARY KEY (platform_type, sender_id)
) STRICT, WITHOUT ROWID;

-- One row per stranger: the newest code, which also says when the next one may be given.
CREATE TABLE remote_agent_pairings (
    platform_type TEXT NOT NULL,
    sender_id TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    code TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (platform_type, sender_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE remote_agent_pairing_windows (
    platform_type TEXT NOT NULL PRIMARY KEY,
    open_until TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One gateway per file: the newest epoch is the only one that lives.
CREATE VIEW remote_agent_live_nodes AS
    SELECT name, epoch FROM remote_agent_nodes ORDER BY epoch DESC LIMIT 1;
