-- Conversations, codebases and sessions keep the names and columns of the product's specification.
-- Times are bound by the program, not taken from the database's clock; only leases use that one.
-- Texts of people and assistants are JSON in TEXT columns: JSONB refuses the escape of U+0000.
-- `remote_agent_nodes` is not here: membership comes before migrations (see crates/store/src/sql/node.rs).

CREATE TABLE remote_agent_codebases (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    repository_url TEXT,
    default_cwd TEXT NOT NULL,
    ai_assistant_type TEXT,
    commands JSONB NOT NULL DEFAULT '{}',
    trusted BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE remote_agent_conversations (
    id UUID NOT NULL PRIMARY KEY,
    platform_type TEXT NOT NULL,
    platform_conversation_id TEXT NOT NULL,
    codebase_id UUID REFERENCES remote_agent_codebases (id),
    cwd TEXT,
    ai_assistant_type TEXT,
    mode TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (platform_type, platform_conversation_id)
);
CREATE INDEX idx_remote_agent_conversations_codebase ON remote_agent_conversations (codebase_id);

CREATE TABLE remote_agent_sessions (
    id UUID NOT NULL PRIMARY KEY,
    conversation_id UUID NOT NULL REFERENCES remote_agent_conversations (id),
    codebase_id UUID REFERENCES remote_agent_codebases (id),
    ai_assistant_type TEXT NOT NULL,
    assistant_session_id TEXT,
    active BOOLEAN NOT NULL DEFAULT TRUE,
    metadata JSONB NOT NULL DEFAULT '{}',
    predecessor_id UUID,
    started_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    end_reason TEXT
);
CREATE INDEX idx_remote_agent_sessions_conversation ON remote_agent_sessions (conversation_id, active);
CREATE INDEX idx_remote_agent_sessions_codebase ON remote_agent_sessions (codebase_id);
CREATE UNIQUE INDEX idx_remote_agent_sessions_active ON remote_agent_sessions (conversation_id) WHERE active;

-- A conversation's mailbox: who holds it, and when somebody has to look at it.
CREATE TABLE remote_agent_lanes (
    conversation_id UUID NOT NULL PRIMARY KEY REFERENCES remote_agent_conversations (id),
    node TEXT,
    epoch BIGINT NOT NULL DEFAULT 0,
    due_at TIMESTAMPTZ
);
CREATE INDEX idx_remote_agent_lanes_due ON remote_agent_lanes (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE remote_agent_inbound (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversation_id UUID NOT NULL REFERENCES remote_agent_conversations (id),
    platform_type TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    sender_id TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    message_ref TEXT,
    sent_at TIMESTAMPTZ NOT NULL,
    content TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'queued', 'running', 'done', 'dead')),
    attempts BIGINT NOT NULL DEFAULT 0,
    received_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    UNIQUE (platform_type, delivery_id)
);
CREATE INDEX idx_remote_agent_inbound_open ON remote_agent_inbound (conversation_id, seq)
    WHERE state IN ('received', 'queued', 'running');

CREATE TABLE remote_agent_runs (
    id UUID NOT NULL PRIMARY KEY,
    conversation_id UUID NOT NULL REFERENCES remote_agent_conversations (id),
    session_id UUID NOT NULL REFERENCES remote_agent_sessions (id),
    ai_assistant_type TEXT NOT NULL,
    spool_offset BIGINT NOT NULL DEFAULT 0,
    started_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE INDEX idx_remote_agent_runs_live ON remote_agent_runs (session_id) WHERE ended_at IS NULL;

CREATE TABLE remote_agent_turns (
    id UUID NOT NULL PRIMARY KEY,
    conversation_id UUID NOT NULL REFERENCES remote_agent_conversations (id),
    session_id UUID NOT NULL REFERENCES remote_agent_sessions (id),
    run_id UUID NOT NULL REFERENCES remote_agent_runs (id),
    inbound_seq BIGINT NOT NULL,
    command TEXT,
    state TEXT NOT NULL CHECK (state IN ('running', 'completed', 'interrupted', 'failed')),
    failure TEXT,
    spool_start BIGINT NOT NULL DEFAULT 0,
    started_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX idx_remote_agent_turns_running ON remote_agent_turns (conversation_id) WHERE state = 'running';

-- An approval's number is typed by people, so an old one must never mean a new question.
CREATE SEQUENCE remote_agent_approval_numbers AS BIGINT;
CREATE TABLE remote_agent_approvals (
    id BIGINT NOT NULL PRIMARY KEY,
    conversation_id UUID NOT NULL REFERENCES remote_agent_conversations (id),
    turn_id UUID NOT NULL REFERENCES remote_agent_turns (id),
    run_id UUID NOT NULL,
    part_id UUID NOT NULL,
    request TEXT NOT NULL,
    tool TEXT NOT NULL,
    tool_detail TEXT NOT NULL,
    detail TEXT NOT NULL,
    raw TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'withdrawn', 'expired')),
    answer TEXT,
    reason TEXT,
    answered_by TEXT,
    answered_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX idx_remote_agent_approvals_turn ON remote_agent_approvals (turn_id);
CREATE INDEX idx_remote_agent_approvals_open ON remote_agent_approvals (conversation_id) WHERE state = 'open';

CREATE TABLE remote_agent_outbox (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id UUID NOT NULL UNIQUE,
    platform_type TEXT NOT NULL,
    platform_conversation_id TEXT NOT NULL,
    conversation_id UUID REFERENCES remote_agent_conversations (id),
    turn_id UUID,
    ordinal BIGINT,
    kind TEXT NOT NULL CHECK (kind IN ('reply', 'approval', 'notice', 'pairing')),
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'pending', 'sending', 'sent', 'dead')),
    revision BIGINT NOT NULL DEFAULT 1,
    sent_revision BIGINT NOT NULL DEFAULT 0,
    message_ref TEXT,
    attempts BIGINT NOT NULL DEFAULT 0,
    due_at TIMESTAMPTZ,
    error TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX idx_remote_agent_outbox_undelivered ON remote_agent_outbox (conversation_id, seq)
    WHERE state IN ('pending', 'sending');
CREATE INDEX idx_remote_agent_outbox_turn ON remote_agent_outbox (turn_id, ordinal) WHERE turn_id IS NOT NULL;

CREATE TABLE remote_agent_usage (
    turn_id UUID NOT NULL PRIMARY KEY,
    session_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    codebase_id UUID,
    ai_assistant_type TEXT NOT NULL,
    model TEXT,
    input_tokens BIGINT,
    output_tokens BIGINT,
    cost_usd DOUBLE PRECISION,
    duration_ms BIGINT NOT NULL,
    used_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX idx_remote_agent_usage_time ON remote_agent_usage (used_at);

CREATE TABLE remote_agent_senders (
    platform_type TEXT NOT NULL,
    sender_id TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    allowed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (platform_type, sender_id)
);

-- One row per stranger: the newest code, which also says when the next one may be given.
CREATE TABLE remote_agent_pairings (
    platform_type TEXT NOT NULL,
    sender_id TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    code TEXT NOT NULL UNIQUE,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (platform_type, sender_id)
);

CREATE TABLE remote_agent_pairing_windows (
    platform_type TEXT NOT NULL PRIMARY KEY,
    open_until TIMESTAMPTZ NOT NULL
);

-- Leases run on the database's clock, so that no gateway's clock can keep or take a lane.
CREATE VIEW remote_agent_live_nodes AS
    SELECT name, epoch FROM remote_agent_nodes WHERE lease_until > clock_timestamp();
