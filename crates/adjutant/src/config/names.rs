//! The one list of variables the gateway reads. `.env.example` is printed from it, errors take their example from
//! it, and an unknown `ADJUTANT_…` name is measured against it.

/// One variable.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    pub name: &'static str,
    /// The heading it stands under in `.env.example`.
    pub section: &'static str,
    /// What holds when it is not set, in words or as a value; empty: nothing, the feature is off.
    pub default: &'static str,
    /// One sentence.
    pub meaning: &'static str,
    /// A value that would be accepted.
    pub example: &'static str,
    pub secrecy: Secrecy,
}

/// Whether a value may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    Open,
    /// Never shown; can also be given as the path of a file, in the variable of the same name with `_FILE`.
    Secret,
}

/// The variable of this name; for a secret's `NAME_FILE` the variable `NAME`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name).or_else(|| {
        let stem = name.strip_suffix("_FILE")?;
        VARIABLES.iter().find(|variable| variable.name == stem && variable.secrecy == Secrecy::Secret)
    })
}

/// The known name that is most like this one, if any is like it at all.
#[must_use]
pub fn nearest(name: &str) -> Option<&'static str> {
    let most = (name.len() / 4).max(2);
    VARIABLES
        .iter()
        .map(|variable| (distance(name, variable.name), variable.name))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters have to be put in, taken out or replaced (Levenshtein).
#[must_use]
pub fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, r) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(l != *r);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

const fn open(
    name: &'static str,
    section: &'static str,
    default: &'static str,
    example: &'static str,
    meaning: &'static str,
) -> Variable {
    Variable { name, section, default, meaning, example, secrecy: Secrecy::Open }
}

const fn secret(name: &'static str, section: &'static str, example: &'static str, meaning: &'static str) -> Variable {
    Variable { name, section, default: "", meaning, example, secrecy: Secrecy::Secret }
}

const PLACES: &str = "Places";
const TELEGRAM: &str = "Telegram";
const CLAUDE: &str = "Claude Code";
const CODEBASES: &str = "Codebases and Git";
const CONVERSATIONS: &str = "Conversations";
const HTTP: &str = "Console and HTTP";
const ROOT: &str = "Started as root";
const LOGS: &str = "Logs";

/// Every variable, in the order of `.env.example`.
#[rustfmt::skip]
pub const VARIABLES: &[Variable] = &[
    open("ADJUTANT_DATA_DIR", PLACES, "~/.local/share/adjutant", "/var/lib/adjutant",
        "The folder for the database, the spools of running assistants and the access token."),
    secret("DATABASE_URL", PLACES, "postgresql://user:password@localhost:5432/adjutant",
        "The database: an SQLite file (default: `adjutant.db` in the data folder) or PostgreSQL."),
    open("TRANSCRIPT_DAYS", PLACES, "30", "7",
        "After how many days without a change console transcripts, the spools of ended runs and the files people sent are deleted."),
    open("ADJUTANT_CONFIG", PLACES, "adjutant.toml in the data folder", "/etc/adjutant.toml",
        "The optional file for settings that are structures, such as the fresh-context pairs."),

    secret("TELEGRAM_BOT_TOKEN", TELEGRAM, "123456789:AAExampleExampleExampleExampleExample",
        "The token that @BotFather gave; without it Telegram is off."),
    open("TELEGRAM_ALLOWED_USERS", TELEGRAM, "", "123456789,987654321",
        "Numeric ids of the people who may use the bot, besides those who were paired."),
    open("TELEGRAM_STREAMING_MODE", TELEGRAM, "stream", "batch",
        "How replies arrive: `stream` (grow while they are written), `batch` (one finished reply) or `quiet` (stream without status lines)."),
    open("TELEGRAM_FORMAT", TELEGRAM, "auto", "plain",
        "How replies are marked up: `auto` (rich messages where a text needs them, for a table or a list of tasks), `rich` (everywhere) or `plain` (the text as the assistant wrote it)."),
    open("TELEGRAM_MESSAGES_PER_SECOND", TELEGRAM, "30", "30",
        "The bot-wide budget; raise it only with paid broadcasts or your own Bot API server."),
    open("TELEGRAM_API_URL", TELEGRAM, "Telegram's own", "http://127.0.0.1:8081",
        "The address of your own Bot API server."),

    secret("CLAUDE_API_KEY", CLAUDE, "sk-ant-api03-example",
        "An API key for Claude; with neither key nor token the login of `claude` on this machine is used."),
    secret("CLAUDE_OAUTH_TOKEN", CLAUDE, "sk-ant-oat01-example",
        "A token made by `claude setup-token`, instead of a key."),
    open("CLAUDE_BIN", CLAUDE, "claude", "/opt/claude/claude",
        "The Claude Code program, as a name on the PATH or a path."),
    open("CLAUDE_MODEL", CLAUDE, "Claude's own default", "opus",
        "The model that sessions start with."),
    open("ANTHROPIC_BASE_URL", CLAUDE, "Anthropic's own", "http://127.0.0.1:4000",
        "The address of another Messages API, such as a proxy."),

    open("WORKSPACE_PATH", CODEBASES, "workspace in the data folder", "/home/me/code",
        "The folder that codebases are cloned into; Git working trees already in it are offered too."),
    open("DEFAULT_CODEBASE", CODEBASES, "", "my-app",
        "The codebase, by name or by path inside the workspace, in which new conversations start."),
    open("CLONE_PROTOCOLS", CODEBASES, "https,ssh", "https,ssh",
        "What `/clone` accepts: `https`, `ssh`, and if you trust everybody on the list `http`, `git` and `file`."),
    secret("GITHUB_TOKEN", CODEBASES, "ghp_example",
        "A token for cloning private repositories from GitHub over https; Git gets it through a credential helper only."),
    open("GIT_USER_NAME", CODEBASES, "your own Git name, else Adjutant", "Ana Example",
        "The name that commits of assistants carry."),
    open("GIT_USER_EMAIL", CODEBASES, "your own Git address, else adjutant@localhost", "ana@example.org",
        "The address that commits of assistants carry."),

    open("DEFAULT_AI_ASSISTANT", CONVERSATIONS, "the first that works", "claude",
        "The assistant of codebases that name none: `claude`, or `demo` for a scripted one."),
    open("PERMISSION_MODE", CONVERSATIONS, "ask", "accept-edits",
        "What assistants may do unasked: `ask` (nothing that changes anything), `accept-edits`, `plan` (never changes anything) or `trust` (everything)."),
    open("MAX_CONCURRENT_CONVERSATIONS", CONVERSATIONS, "10", "4",
        "How many conversations may have a running turn at the same time; the others wait."),
    open("ASSISTANT_MAX_LIVE", CONVERSATIONS, "6", "3",
        "How many idle assistant processes are kept for a quick answer."),
    open("ASSISTANT_IDLE_SECS", CONVERSATIONS, "300", "60",
        "After how many idle seconds an assistant's process ends; the next message resumes its session."),
    open("TURN_MAX_MINUTES", CONVERSATIONS, "120", "30",
        "After how many minutes a turn is interrupted."),
    open("REPLY_FOOTER", CONVERSATIONS, "true", "false",
        "Whether a line below the reply says what a turn changed, whether its tests passed, how long it took and what it cost."),
    open("MESSAGES_PER_PERSON_HOUR", CONVERSATIONS, "120", "60",
        "How many messages one person may send in an hour."),

    open("PORT", HTTP, "3000", "3000",
        "The port of console, API and health checks; 0 lets the system choose."),
    open("BIND", HTTP, "127.0.0.1", "0.0.0.0",
        "The address to listen on; put a reverse proxy with TLS in front before you open it to a network."),
    open("PUBLIC_URL", HTTP, "", "https://adjutant.example.org",
        "The address under which a reverse proxy shows the console; requests for any other name but loopback are refused."),
    secret("ADJUTANT_API_TOKEN", HTTP, "a-long-random-string-of-your-own",
        "The token for console and API; by default one is made at the first start and shown by `adjutant token`."),

    open("ADJUTANT_RUN_AS", ROOT, "", "coder",
        "The user that assistants and Git run as when the gateway was started as root."),
    open("ADJUTANT_ALLOW_ROOT", ROOT, "false", "true",
        "Lets assistants run as root, for containers and test machines that hold nothing else."),

    open("RUST_LOG", LOGS, "info", "info,adjutant=debug",
        "What is logged, as in every Rust program."),
    open("LOG_FORMAT", LOGS, "text", "json",
        "How log lines look: `text` or `json`."),
];
