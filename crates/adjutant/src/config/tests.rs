//! The configuration as operators meet it: layers, defaults, and one sentence for each thing that is wrong.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use adjutant_core::assistant::PermissionMode;
use adjutant_core::conversation::ReplyMode;
use adjutant_core::kind::AssistantKind;
use secrecy::ExposeSecret;

use super::env::Reader;
use super::names::{Secrecy, VARIABLES, find, nearest};
use super::sources::Layer;
use super::{Config, Sources};

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The files of these tests.
fn read(path: &Path) -> io::Result<String> {
    match path.to_str() {
        Some("/run/secrets/telegram") => Ok("123456:from-a-file\n".to_owned()),
        Some("/run/secrets/empty") => Ok("\n".to_owned()),
        Some("/etc/adjutant.toml") => Ok("fresh_context = [[\"think\", \"do\"]]\n".to_owned()),
        Some("/etc/codebases.toml") => {
            Ok("[codebases.shop]\npermission_mode = \"accept-edits\"\nassistant = \"demo\"\n\
            model = \"opus\"\n\n[codebases.\"my app\"]\npermission_mode = \"trust\"\n"
                .to_owned())
        }
        Some("/etc/mode.toml") => Ok("[codebases.shop]\npermission_mode = \"yolo\"\n".to_owned()),
        Some("/etc/pair.toml") => Ok("fresh_context = [[\"/plan it\", \"execute\"]]\n".to_owned()),
        Some("/etc/typo.toml") => Ok("# a comment\nfresh_contxt = []\n".to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn sources(environment: &[(&str, &str)], dotenv: &[(&str, &str)]) -> Sources {
    let mut environment = map(environment);
    environment.entry("HOME".to_owned()).or_insert_with(|| "/home/ana".to_owned());
    Sources { environment, dotenv: map(dotenv), directory: PathBuf::from("/srv"), read, warnings: Vec::new() }
}

fn config(environment: &[(&str, &str)]) -> Config {
    Config::from_sources(&sources(environment, &[])).unwrap()
}

fn problems(environment: &[(&str, &str)]) -> String {
    Config::from_sources(&sources(environment, &[])).unwrap_err().to_string()
}

#[test]
fn nothing_set_is_a_working_configuration() {
    let config = config(&[]);
    assert_eq!(config.data_dir, Path::new("/home/ana/.local/share/adjutant"));
    assert_eq!(config.store.url.expose_secret(), "sqlite:///home/ana/.local/share/adjutant/adjutant.db");
    assert_eq!(config.codebases.workspace, Path::new("/home/ana/.local/share/adjutant/workspace"));
    assert_eq!((config.server.bind.to_string().as_str(), config.server.port), ("127.0.0.1", 3000));
    assert!(config.telegram.is_none() && config.claude.credential.is_none());
    assert_eq!(config.claude.program, Path::new("claude"));
    assert_eq!(config.conversations.permission_mode, PermissionMode::Ask);
    assert_eq!(config.conversations.turn_max, Duration::from_secs(7200));
    assert_eq!(config.conversations.fresh_context_pairs[1], ("plan-feature".to_owned(), "execute".to_owned()));
    assert!(!config.root.allow_root && config.warnings.is_empty());
}

#[test]
fn the_environment_wins_over_the_file() {
    let config = Config::from_sources(&sources(&[("PORT", "4000")], &[("PORT", "5000"), ("BIND", "::1")])).unwrap();
    assert_eq!((config.server.port, config.server.bind.to_string().as_str()), (4000, "::1"));
}

#[test]
fn an_empty_value_counts_as_not_set() {
    let config = Config::from_sources(&sources(&[("PORT", "")], &[("PORT", "5000")])).unwrap();
    assert_eq!(config.server.port, 5000);
}

#[test]
fn several_mistakes_are_told_at_once_with_an_example_each() {
    let told = problems(&[("PORT", "http"), ("TELEGRAM_ALLOWED_USERS", "12, @ana"), ("PERMISSION_MODE", "yolo")]);
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(
        lines,
        [
            "`PORT` is `http`, but has to be a number from 0 to 65535; for example `PORT=3000`.",
            "`TELEGRAM_ALLOWED_USERS` contains `@ana`, but every value has to be a numeric user id (`/whoami` tells \
             it), not a name; for example `TELEGRAM_ALLOWED_USERS=123456789,987654321`.",
            "`PERMISSION_MODE` is `yolo`, but has to be one of `ask`, `accept-edits`, `plan`, `trust`; for example \
             `PERMISSION_MODE=accept-edits`.",
        ]
    );
}

#[test]
fn a_mistyped_name_of_ours_is_refused_and_the_right_one_named() {
    let told = problems(&[("ADJUTANT_DATADIR", "/x")]);
    assert_eq!(told, "`ADJUTANT_DATADIR` is no setting of this version; did you mean `ADJUTANT_DATA_DIR`?");
}

#[test]
fn another_name_that_is_almost_ours_is_warned_about() {
    let config = config(&[("TELEGRAM_BOT_TOKN", "x"), ("TELEGRAM_OTHER_THING", "x"), ("PORTS", "x")]);
    assert_eq!(config.warnings, ["`TELEGRAM_BOT_TOKN` is no setting; did you mean `TELEGRAM_BOT_TOKEN`?"]);
}

#[test]
fn a_secret_comes_from_a_file_too_and_from_one_place_only() {
    let telegram = config(&[("TELEGRAM_BOT_TOKEN_FILE", "/run/secrets/telegram")]).telegram.unwrap();
    assert_eq!(telegram.token.expose_secret(), "123456:from-a-file");
    assert_eq!((telegram.mode, telegram.messages_per_second), (ReplyMode::Stream, 30));

    let both = [("TELEGRAM_BOT_TOKEN_FILE", "/run/secrets/telegram"), ("TELEGRAM_BOT_TOKEN", "1:secret")];
    assert!(problems(&both).contains("`TELEGRAM_BOT_TOKEN` is set, and so is `TELEGRAM_BOT_TOKEN_FILE`"));
    assert!(problems(&[("CLAUDE_API_KEY_FILE", "/run/secrets/empty")]).contains("which is empty"));
    assert!(problems(&[("CLAUDE_API_KEY_FILE", "/nowhere")]).contains("which cannot be read"));
}

#[test]
fn no_problem_and_no_debug_output_shows_a_secret() {
    const PLANTED: &str = "planted-secret-value";
    for variable in VARIABLES.iter().filter(|variable| variable.secrecy == Secrecy::Secret) {
        let pairs = [(variable.name, PLANTED), ("CLAUDE_OAUTH_TOKEN", PLANTED), ("PORT", "x")];
        assert!(!problems(&pairs).contains(PLANTED), "{}", variable.name);
    }
    let config = config(&[
        ("CLAUDE_API_KEY", PLANTED),
        ("TELEGRAM_BOT_TOKEN", "1:planted-secret-value"),
        ("DATABASE_URL", "postgres://me:planted-secret-value@localhost/db"),
        ("ADJUTANT_API_TOKEN", PLANTED),
        ("GITHUB_TOKEN", PLANTED),
    ]);
    assert!(!format!("{config:?}").contains(PLANTED));
    assert_eq!(config.secrets().len(), 6);
    assert!(config.secrets().iter().all(|secret| secret.expose_secret().ends_with(PLANTED)));
}

#[test]
fn values_that_would_fail_later_are_refused_now() {
    for (name, value, expected) in [
        ("TELEGRAM_BOT_TOKEN", "nonsense", "is not of the form that @BotFather gives"),
        ("DATABASE_URL", "mysql://localhost", "has to start with `sqlite://`, `postgresql://` or `postgres://`"),
        ("ADJUTANT_API_TOKEN", "short", "is shorter than 16 characters"),
        ("TELEGRAM_API_URL", "localhost:8081", "has to be an address that starts with `https://`"),
        ("BIND", "localhost", "has to be an address of this machine"),
        ("CLONE_PROTOCOLS", "https,ftp", "contains `ftp`"),
        ("DEFAULT_AI_ASSISTANT", "codex", "has to be one of `claude`, `demo`"),
        ("TURN_MAX_MINUTES", "0", "has to be a whole number from 1 to"),
        ("ADJUTANT_ALLOW_ROOT", "perhaps", "has to be one of `true`"),
        ("RUST_LOG", "adjutant=loud", "has to be levels by module"),
        ("LOG_FORMAT", "xml", "has to be one of `text`, `json`"),
        ("ADJUTANT_CONFIG", "/nowhere.toml", "names `/nowhere.toml`, which is not there"),
    ] {
        let told = problems(&[(name, value)]);
        assert!(told.starts_with(&format!("`{name}` ")) && told.contains(expected), "{told}");
    }
}

#[test]
fn claude_gets_one_credential() {
    let told = problems(&[("CLAUDE_API_KEY", "a"), ("CLAUDE_OAUTH_TOKEN", "b")]);
    assert!(told.contains("`CLAUDE_OAUTH_TOKEN` is set, and so is `CLAUDE_API_KEY`"), "{told}");
}

#[test]
fn paths_may_start_at_home_or_in_the_working_directory() {
    let config = config(&[("WORKSPACE_PATH", "~/code"), ("ADJUTANT_DATA_DIR", "data"), ("CLAUDE_BIN", "./claude")]);
    assert_eq!(config.codebases.workspace, Path::new("/home/ana/code"));
    assert_eq!(config.data_dir, Path::new("/srv/data"));
    assert_eq!(config.claude.program, Path::new("/srv/./claude"));
}

#[test]
fn a_data_folder_with_odd_characters_is_no_part_of_the_address() {
    let config = config(&[("ADJUTANT_DATA_DIR", "/data/50%?")]);
    assert_eq!(config.store.url.expose_secret(), "sqlite:///data/50%25%3F/adjutant.db");
}

#[test]
fn the_file_sets_the_fresh_context_pairs_and_a_slip_in_it_is_told_with_its_line() {
    let config = config(&[("ADJUTANT_CONFIG", "/etc/adjutant.toml")]);
    assert_eq!(config.conversations.fresh_context_pairs, [("think".to_owned(), "do".to_owned())]);
    let told = problems(&[("ADJUTANT_CONFIG", "/etc/typo.toml")]);
    assert!(told.starts_with("`/etc/typo.toml` cannot be used, see line 2: unknown field `fresh_contxt`"), "{told}");
}

#[test]
fn the_file_decides_for_single_codebases() {
    let config = config(&[("ADJUTANT_CONFIG", "/etc/codebases.toml")]);
    let shop = &config.conversations.per_codebase["shop"];
    assert_eq!(shop.permission_mode, Some(PermissionMode::AcceptEdits));
    assert_eq!((shop.assistant, shop.model.as_deref()), (Some(AssistantKind::Demo), Some("opus")));
    assert_eq!(config.conversations.per_codebase["my app"].permission_mode, Some(PermissionMode::Trust));
    assert!(config.conversations.enables_trust() && config.conversations.permission_mode == PermissionMode::Ask);
}

#[test]
fn what_is_wrong_in_the_file_is_told_with_its_line_and_what_would_be_right() {
    let told = problems(&[("ADJUTANT_CONFIG", "/etc/mode.toml")]);
    assert_eq!(
        told,
        "`/etc/mode.toml` cannot be used, see line 2: unknown variant `yolo`, expected one of `ask`, `accept-edits`, \
         `plan`, `trust`."
    );
    let told = problems(&[("ADJUTANT_CONFIG", "/etc/pair.toml")]);
    assert_eq!(told, "`/etc/pair.toml` cannot be used, see line 1: `/plan it` is no command's name, such as `plan`.");
}

#[test]
fn the_listing_tells_each_value_its_layer_and_no_secret() {
    let environment = [
        ("PORT", "http"),
        ("TELEGRAM_BOT_TOKEN", "123:planted-secret"),
        ("CLAUDE_API_KEY_FILE", "/run/secrets/claude"),
        ("DATABASE_URL", "postgres://me:planted-secret@db.example.org/adjutant?password=planted-secret"),
        ("ADJUTANT_CONFIG", "/etc/codebases.toml"),
    ];
    let listed = super::listing::list(&sources(&environment, &[("TRANSCRIPT_DAYS", "7"), ("PORT", "4000")]));
    let text = serde_json::to_string(&listed).unwrap();
    assert!(!text.contains("planted"), "{text}");
    let of = |name: &str| {
        let setting = listed.iter().find(|setting| setting.name == name).unwrap();
        (setting.value.as_deref(), setting.layer, setting.file.as_deref())
    };
    assert_eq!(of("PORT"), (Some("http"), Layer::Environment, None));
    assert_eq!(of("TRANSCRIPT_DAYS"), (Some("7"), Layer::Dotenv, None));
    assert_eq!(of("TELEGRAM_BOT_TOKEN"), (Some("(secret)"), Layer::Environment, None));
    assert_eq!(of("CLAUDE_API_KEY"), (Some("(secret)"), Layer::Environment, Some("/run/secrets/claude")));
    assert_eq!(of("DATABASE_URL").0, Some("postgres://me:***@db.example.org/adjutant"));
    assert_eq!(of("GITHUB_TOKEN"), (None, Layer::Default, None));
    assert_eq!(of("WORKSPACE_PATH").0, Some("/home/ana/.local/share/adjutant/workspace"));
    assert_eq!(of("fresh_context"), (Some("plan → execute, plan-feature → execute"), Layer::Default, None));
    let from_file = (Some("accept-edits"), Layer::File, Some("/etc/codebases.toml"));
    assert_eq!(of("codebases.shop.permission_mode"), from_file);
    assert!(VARIABLES.iter().all(|variable| listed.iter().any(|setting| setting.name == variable.name)));
}

#[test]
fn every_listed_variable_is_read_and_every_read_one_is_listed() {
    let sources = sources(&[], &[]);
    let mut reader = Reader::new(&sources);
    super::data_dir(&mut reader);
    let file = super::file::File::read(&mut reader, Path::new("/data"));
    super::server::Server::read(&mut reader);
    super::store::Store::read(&mut reader, Path::new("/data"));
    super::telegram::Telegram::read(&mut reader);
    super::claude::Claude::read(&mut reader);
    super::codebases::Codebases::read(&mut reader, Path::new("/data"));
    super::conversations::Conversations::read(&mut reader, file);
    super::root::Root::read(&mut reader);
    super::logging::Logging::read(&mut reader);
    let listed: std::collections::BTreeSet<_> = VARIABLES.iter().map(|variable| variable.name).collect();
    assert_eq!(reader.asked(), &listed);
}

#[test]
fn every_example_is_accepted() {
    for variable in VARIABLES.iter().filter(|variable| variable.name != "ADJUTANT_CONFIG") {
        config(&[(variable.name, variable.example)]);
    }
}

#[test]
fn names_are_found_by_their_file_form_only_where_they_are_secret() {
    assert_eq!(find("CLAUDE_API_KEY_FILE").map(|variable| variable.name), Some("CLAUDE_API_KEY"));
    assert!(find("PORT_FILE").is_none());
    assert_eq!(nearest("ADJUTANT_RUNAS"), Some("ADJUTANT_RUN_AS"));
    assert_eq!(nearest("ADJUTANT_SOMETHING_ELSE"), None);
}

/// `.env.example` is printed from the list: `UPDATE_EXPECT=1 cargo test -p adjutant env_example` writes it.
#[test]
fn env_example_is_what_the_code_knows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.env.example");
    let expected = env_example();
    #[expect(clippy::disallowed_methods, reason = "a test is steered from outside")]
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(found == expected, "`.env.example` is stale: run this test with UPDATE_EXPECT=1");
}

fn env_example() -> String {
    let mut text =
        "# Copy to `.env`, `chmod 600 .env`, and set what you need. Everything is optional: without any of it the\n\
        # gateway runs with its console alone. The environment wins over this file. Each secret can also be given\n\
        # as the path of a file: `CLAUDE_API_KEY_FILE=/run/secrets/claude`. Lists are separated by commas.\n"
            .to_owned();
    let mut section = "";
    for variable in VARIABLES {
        if variable.section != section {
            section = variable.section;
            text += &format!("\n# --- {section} ---\n");
        }
        let default =
            if variable.default.is_empty() { String::new() } else { format!(" Default: {}.", variable.default) };
        text += &format!("\n# {}{default}\n#{}={}\n", variable.meaning, variable.name, variable.example);
    }
    text
}
