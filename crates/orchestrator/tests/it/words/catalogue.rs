//! Every sentence with everyday values, each of its variants once.

use std::path::Path;
use std::time::Duration;

use adjutant_codebases::changes::Changes;
use adjutant_codebases::diff::{Diff, FileDiff, FileState};
use adjutant_codebases::inspect::Dirty;
use adjutant_codebases::worktree::{Created, Kept, Removal, Standing as Stands};
use adjutant_codebases::{Cloned, Worktree};
use adjutant_core::approval::{Approval, ApprovalState};
use adjutant_core::assistant::{
    Answer, Choice, FailureClass, Notice, PermissionDetail, PermissionRequest, Question, Readiness, ToolTitle,
};
use adjutant_core::codebase::RegisteredCommand;
use adjutant_core::conversation::ReplyMode;
use adjutant_core::id::{ApprovalId, ConversationId, PartId, RunId, TurnId};
use adjutant_core::kind::{AssistantKind, PlatformKind};
use adjutant_core::platform::Hearing;
use adjutant_core::session::Session;
use adjutant_orchestrator::commands::{Call, Written};
use adjutant_orchestrator::registry::Loaded;
use adjutant_orchestrator::uploads::Upload;
use adjutant_orchestrator::words;
use adjutant_orchestrator::words::codebase::Commands;
use adjutant_orchestrator::words::diff::Place;
use adjutant_orchestrator::words::footer::Work;
use adjutant_orchestrator::words::forget::{Was, What};
use adjutant_orchestrator::words::session::Standing;
use adjutant_orchestrator::words::worktree::{Entered, Left, Listed};
use adjutant_store::record::{Hold, Then, UsageSum};
use uuid::Uuid;

use super::Said;
use super::stage::{Stage, noon, session, turn};

const CLAUDE: AssistantKind = AssistantKind::Claude;

/// Says `area::function(arguments);` one after the other.
macro_rules! say {
    ($said:expr; $($area:ident::$name:ident($($argument:expr),* $(,)?);)+) => {
        $($said.say(concat!(stringify!($area), "::", stringify!($name)), &words::$area::$name($($argument),*));)+
    };
}

/// All of them.
pub async fn all() -> Said {
    let stage = Stage::new().await;
    let call = &stage.call;
    let mut said = Said::default();
    access_and_files(&mut said, call);
    said.say("help::help", &words::help::help(call));
    approvals(&mut said, call);
    questions(&mut said);
    codebases(&mut said, call);
    commands(&mut said, call);
    diffs(&mut said, call);
    forgetting(&mut said);
    sessions(&mut said, call);
    choices(&mut said, call);
    turns(&mut said, call);
    limits(&mut said);
    footers(&mut said);
    troubles(&mut said);
    worktrees(&mut said, call);
    said
}

fn registered(description: &str) -> RegisteredCommand {
    RegisteredCommand { path: "commands/plan.md".to_owned(), description: description.to_owned() }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn access_and_files(said: &mut Said, call: &Call) {
    let upload = |path: &str, name: &str| Upload { path: path.into(), name: name.to_owned() };
    say! { said;
        access::pairing("K3F9-7Q2M");
        access::too_many(120, noon());
        access::unsupported("voice messages");
        access::who_you_are(&call.sender, &call.conversation);
        access::hearing(&Hearing::Everything);
        access::hearing(&Hearing::Addressed { name: "@my_bot".to_owned(), remedy: None });
        access::hearing(&Hearing::Addressed {
            name: "@my_bot".to_owned(),
            remedy: Some("An administrator hears all.".to_owned()),
        });
        files::too_large("big.zip", 20 * 1024 * 1024);
        files::not_fetched("a.png", "k3f9");
        files::for_the_assistant(&[upload("/u/1-1-a.png", "a.png"), upload("/u/1-2-b.png", "b.png")]);
        files::title(&["a.png", "b.png"]);
        files::outside("../cart.png");
        files::not_a_file("cart.png");
        files::empty("cart.png");
        files::too_large_to_send("cart.png", 50 * 1024 * 1024);
        files::too_many_to_send("cart.png", 10);
        files::not_copied("cart.png", "k3f9");
        reply::left_out("answer.md");
        reply::left_out_of_both("answer.md");
        reply::whole_answer(20_480);
        reply::beginning_of_answer(2_097_152);
        steer::button();
        steer::sent();
        steer::not_supported(CLAUDE, 2, "/stop");
        steer::not_waiting();
        steer::is_a_command("/stop");
        steer::no_turn();
        steer::nothing_to_steer("/steer <text>");
    }
}

fn request(detail: PermissionDetail) -> PermissionRequest {
    let title = ToolTitle { tool: "WebFetch".to_owned(), detail: "example.org".to_owned() };
    PermissionRequest { request: "r1".to_owned(), title, detail, raw: String::new() }
}

fn approvals(said: &mut Said, call: &Call) {
    let id = ApprovalId(7);
    let command = request(PermissionDetail::Command { command: "cargo test -p api".to_owned() });
    let (path, diff) = ("src/cart.rs".to_owned(), "-let total = round(a);\n+let total = a;".to_owned());
    let change = request(PermissionDetail::Diff { path, diff });
    let other = request(PermissionDetail::Other { text: String::new() });
    let told = request(PermissionDetail::Other { text: "query: rounding".to_owned() });
    let asked = request(PermissionDetail::Choices { questions: Vec::new() });
    let by = |answer| ApprovalState::Answered { answer, by: "Ana".to_owned(), at: noon() };
    let denied = || Answer::Deny { reason: None };
    let chosen = || Answer::Chosen { answers: texts(&["To even"]) };
    let mut waiting = call.clone();
    waiting.approvals = vec![Approval {
        id,
        conversation: ConversationId(Uuid::nil()),
        turn: TurnId(Uuid::nil()),
        run: RunId(Uuid::nil()),
        request: other.clone(),
        state: ApprovalState::Open,
        part: PartId(Uuid::nil()),
        created_at: noon(),
        expires_at: noon(),
        awaits: None,
    }];
    say! { said;
        approval::question(CLAUDE, id, &command, "/approve");
        approval::question(CLAUDE, id, &change, "/approve");
        approval::question(CLAUDE, id, &other, "/approve");
        approval::question(CLAUDE, id, &told, "/approve");
        approval::question(CLAUDE, id, &asked, "/approve");
        approval::settled(CLAUDE, "Bash: `cargo test`", &ApprovalState::Open);
        approval::settled(CLAUDE, "Bash: `cargo test`", &by(Answer::AllowOnce));
        approval::settled(CLAUDE, "Bash: `cargo test`", &by(Answer::AllowSession));
        approval::settled(CLAUDE, "Bash: `cargo test`", &by(denied()));
        approval::settled(CLAUDE, "Bash: `cargo test`", &by(Answer::Deny { reason: Some("Not on main".to_owned()) }));
        approval::settled(CLAUDE, "Round how?", &by(chosen()));
        approval::settled(CLAUDE, "Bash: `cargo test`", &ApprovalState::Withdrawn);
        approval::settled(CLAUDE, "Bash: `cargo test`", &ApprovalState::Expired);
        approval::already(&by(denied()));
        approval::already(&by(chosen()));
        approval::already(&by(Answer::AllowOnce));
        approval::already(&ApprovalState::Withdrawn);
        approval::already(&ApprovalState::Expired);
        approval::already(&ApprovalState::Open);
        approval::unknown(id);
        approval::parse_id(&waiting, "approve", Some("#7"));
        approval::parse_id(&waiting, "approve", Some("seven"));
        approval::parse_id(&waiting, "approve", None);
        approval::parse_id(call, "approve", None);
        approval::unknown_scope(call, id, "always");
    }
}

fn questions(said: &mut Said) {
    let id = ApprovalId(7);
    let choice =
        |label: &str, description: &str| Choice { label: label.to_owned(), description: description.to_owned() };
    let one = Question {
        text: "How should halves be rounded?".to_owned(),
        choices: vec![choice("Up", ""), choice("To even", "As banks do")],
        several: false,
        picked: Vec::new(),
        answer: None,
    };
    let several = Question { several: true, picked: vec![1], ..one.clone() };
    let both = [one.clone(), several.clone()];
    say! { said;
        question::asks(CLAUDE, (id, 0), std::slice::from_ref(&one), "/answer");
        question::asks(CLAUDE, (id, 1), &both, "/answer");
        question::choice_button(&one, 0);
        question::choice_button(&several, 0);
        question::choice_button(&several, 1);
        question::done_button();
        question::other_button();
        question::why_button();
        question::write_answer(CLAUDE);
        question::write_reason(CLAUDE, "/deny 7");
        question::answered("Ana", &texts(&["To even", "Up"]));
        question::nothing_picked();
        question::needs_choice("/answer 7");
        question::is_a_permission("/approve 7", "/deny 7");
        question::no_text("/answer 7 <text>");
    }
}

fn codebases(said: &mut Said, call: &Call) {
    let Some(shop) = &call.codebase else { return };
    let path = Path::new(&shop.default_cwd).to_path_buf();
    let (new, linked) = (Cloned::New { path: path.clone() }, Cloned::Linked { path });
    let nowhere = Call { codebase: None, ..call.clone() };
    let other = adjutant_core::codebase::Codebase { name: "bank".to_owned(), ..shop.clone() };
    say! { said;
        codebase::none_configured();
        codebase::current_directory("shop/api");
        codebase::directory_set("shop/api", None);
        codebase::directory_set("shop", Some(shop));
        codebase::cloning("https://example.org/ana/shop", None);
        codebase::cloning("https://example.org/ana/shop", Some(40));
        codebase::cloned(call, shop, &new, Some(CLAUDE));
        codebase::cloned(call, shop, &linked, None);
        codebase::switched(call, shop, Commands::Loaded);
        codebase::switched(call, shop, Commands::Known);
        codebase::nearest_codebase(call, "shpo", std::slice::from_ref(shop));
        codebase::nearest_codebase(call, "nothing-like-it", std::slice::from_ref(shop));
        codebase::ambiguous(call, "shop", &[shop, &other]);
        codebase::repos(call, &[shop.clone(), other.clone()], &texts(&["old/tree"]));
        codebase::repos(&nowhere, &[], &[]);
        codebase::forgotten(shop);
        codebase::commands_unloaded(shop);
        codebase::already_forgotten();
    }
}

fn commands(said: &mut Said, call: &Call) {
    let Some(shop) = &call.codebase else { return };
    let mut bare = shop.clone();
    bare.commands.clear();
    let plan = || texts(&["plan"]);
    let all = Loaded { loaded: texts(&["execute", "plan"]), replaced: plan(), clashing: plan(), refused: plan() };
    let refused = Loaded { refused: texts(&["a b.md"]), ..Loaded::default() };
    say! { said;
        codebase::registered_commands(shop, "/load-commands .claude/commands");
        codebase::registered_commands(&bare, "/load-commands .claude/commands");
        codebase::no_such_command(call, shop, "paln");
        codebase::no_such_command(call, shop, "something");
        codebase::unknown_slash(call, "stauts");
        codebase::menu_description(&registered("Plan a feature"));
        codebase::menu_description(&registered(""));
        codebase::unknown_slash(call, "nothing-like-it");
        codebase::command_set("plan", "plan.md", Written::Found, None);
        codebase::command_set("plan", "plan.md", Written::Found, Some("old.md"));
        codebase::command_set("plan", "plan.md", Written::Created, None);
        codebase::command_set("plan", "plan.md", Written::Replaced, None);
        codebase::loaded(".claude/commands", &all);
        codebase::loaded(".claude/commands", &refused);
        codebase::loaded("docs", &Loaded::default());
    }
}

fn diffs(said: &mut Said, call: &Call) {
    let place = |only: Option<&str>| Place {
        name: "shop".to_owned(),
        branch: Some("main".to_owned()),
        only: only.map(str::to_owned),
    };
    let file = |path: &str, state, binary| FileDiff { path: path.to_owned(), state, added: 2, removed: 1, binary };
    let files = vec![
        file("a.rs", FileState::Changed, false),
        file("b.rs", FileState::New, false),
        file("c.png", FileState::Deleted, true),
    ];
    let changed = Diff { files, patch: "-one\n+two\n+three".to_owned(), cut: false, since_commit: false };
    let many = Diff { files: vec![file("a.rs", FileState::Changed, false); 25], cut: true, ..changed.clone() };
    say! { said;
        diff::diff(call, &place(None), &Diff::default(), &|_| true);
        diff::diff(call, &place(None), &changed, &|_| true);
        diff::diff(call, &place(Some("a.rs")), &changed, &|text| text.len() < 120);
        diff::diff(call, &place(None), &many, &|_| true);
        diff::whole(&changed);
        diff::whole(&many);
    }
}

fn forgetting(said: &mut Said) {
    let session = session();
    let everything = What { sessions: 3, files: 2, keeps_messages: true };
    let on_telegram = What { sessions: 1, files: 0, keeps_messages: false };
    let nothing = What { sessions: 0, ..on_telegram };
    say! { said;
        forget::ask(&everything, "/forget yes");
        forget::ask(&on_telegram, "/forget yes");
        forget::button();
        forget::nothing(PlatformKind::Telegram);
        forget::deleted(&everything, 0, PlatformKind::Console);
        forget::deleted(&on_telegram, 2, PlatformKind::Telegram);
        forget::deleted(&nothing, 0, PlatformKind::Telegram);
        forget::ask_session(2, &session, "/sessions delete 2 yes", noon());
        forget::session_button(2);
        forget::session_deleted(2, Was::Active);
        forget::session_deleted(2, Was::Ended);
        forget::is_deleted(2, "/sessions");
        forget::more_since("/forget");
        forget::unknown("it", "/forget");
        forget::not_all("k3f9", "/forget yes");
    }
}

fn sessions(said: &mut Said, call: &Call) {
    let active = session();
    let ended = Session { active: false, ended_at: Some(noon()), ..session() };
    let both = [(2, &active), (1, &ended)];
    let busy = Call { queue: texts(&["and this"]), turn: Some(turn()), ..call.clone() };
    let busier = Call { queue: texts(&["and this", "and that"]), ..call.clone() };
    let nowhere = Call { codebase: None, session: None, model: None, ..call.clone() };
    let today = UsageSum { turns: 2, cost_usd: 1.12, input_tokens: 1_234, ..UsageSum::default() };
    let unknown = UsageSum { unknown_cost: 1, unknown_tokens: 1, ..today };
    let standing =
        |today, uncommitted| Standing { assistant: Some(CLAUDE), today, branch: Some("main".to_owned()), uncommitted };
    let mut waits = turn();
    waits.waits_for_approval = true;
    let asking = Call { turn: Some(waits), ..call.clone() };
    say! { said;
        session::reset(call, Some(CLAUDE), Some(3));
        session::reset(&busier, Some(CLAUDE), Some(3));
        session::reset(&busy, Some(CLAUDE), None);
        session::reset(&nowhere, None, None);
        session::status(call, &standing(today, Some(0)));
        session::status(&busy, &standing(unknown, Some(1)));
        session::status(&asking, &standing(today, Some(3)));
        session::status(&nowhere, &Standing { branch: None, ..standing(UsageSum::default(), None) });
        session::turns(1);
        session::turns(14);
        session::welcome(call, Some(CLAUDE));
        session::welcome(call, None);
        session::welcome(&nowhere, Some(CLAUDE));
        session::busy("/stop");
        sessions::list(&[], 0, call);
        sessions::list(&both, 17, call);
        sessions::resume_button(1);
        sessions::resumed(1, &ended, call.codebase.as_ref(), noon());
        sessions::is_active(2);
        sessions::no_such("9", "/sessions");
        sessions::no_such("", "/sessions");
        sessions::nothing_to_resume(1, "/sessions");
        sessions::codebase_gone(1);
        sessions::unknown_verb("remove", "/sessions");
        usage::usage(&today, &unknown, Some(&("shop".to_owned(), UsageSum::default())));
        usage::cost(&today);
        usage::cost(&unknown);
    }
}

fn choices(said: &mut Said, _call: &Call) {
    let off = Readiness::Off { reason: "Codex is not installed.".to_owned(), hint: "Install it.".to_owned() };
    let ready = || Readiness::Ready { detail: "2.1".to_owned() };
    let all = [(CLAUDE, ready()), (AssistantKind::Demo, ready()), (AssistantKind::Codex, off)];
    say! { said;
        session::assistants(Some(CLAUDE), &all, "/assistant");
        session::assistant_set(AssistantKind::Demo, Some(3));
        session::assistant_set(AssistantKind::Demo, None);
        session::same_assistant(CLAUDE);
        session::unknown_assistant("nobody", "/assistant");
        session::model_is(CLAUDE, Some("opus"), "/model");
        session::model_is(CLAUDE, None, "/model");
        session::model_set(CLAUDE, "opus", Some(&turn()));
        session::model_set(CLAUDE, "opus", None);
        session::model_default(CLAUDE);
        session::not_a_model("--x", "/model");
        session::mode_is(ReplyMode::Stream, "/mode");
        session::mode_set(ReplyMode::Batch);
        session::mode_set(ReplyMode::Quiet);
        session::mode_button(ReplyMode::Stream);
        session::mode_button(ReplyMode::Batch);
        session::mode_button(ReplyMode::Quiet);
        session::unknown_mode("fast", "/mode");
    }
}

fn turns(said: &mut Said, call: &Call) {
    let (seconds, minutes) = (chrono::Duration::seconds(34), chrono::Duration::seconds(130));
    let tool = ToolTitle { tool: "Bash".to_owned(), detail: "cargo test".to_owned() };
    let bare = ToolTitle { tool: "TodoWrite".to_owned(), detail: String::new() };
    let retry =
        |attempt| Notice::Retrying { attempt, of: 3, wait: Duration::from_secs(2), reason: FailureClass::Network };
    let with = |queue: &[&str], turn, hold| Call { queue: texts(queue), turn, hold, ..call.clone() };
    let held = with(&["and this"], None, Some(hold(Then::Ask)));
    say! { said;
        turn::queued(2, "/stop");
        turn::queued_or_steered(2, "/steer", "/stop");
        turn::stop_button();
        turn::waits_for_place(10);
        turn::nothing_said();
        turn::queue_full(20, "/queue clear");
        turn::nothing_runs(&with(&[], None, None));
        turn::nothing_runs(&held);
        turn::nothing_runs(&with(&["and this", "and that"], None, None));
        turn::queue(&with(&[], None, None));
        turn::queue(&with(&["and this", "and that"], Some(turn()), None));
        turn::queue(&held);
        turn::standing(&held);
        turn::started();
        turn::replies_to(Some("Mallory"));
        turn::passes_on(None);
        turn::broke_off("add dark mode");
        turn::tainted();
        edited::changed();
        edited::has_begun("/steer <text>", "/stop");
        edited::too_late();
        turn::queue_cleared(0);
        turn::queue_cleared(1);
        turn::queue_cleared(2);
        turn::dropped("and this");
        turn::status_line(None, seconds);
        turn::status_line(Some(&tool), minutes);
        turn::tool_title(&tool);
        turn::tool_title(&bare);
        turn::stopped(minutes);
        turn::stopped_unreachable(minutes);
        turn::command_stopped();
        turn::silent(seconds);
        turn::default_codebase("shop");
        turn::notice(CLAUDE, &retry(1));
        turn::notice(CLAUDE, &retry(2));
        turn::notice(CLAUDE, &Notice::LineCut);
        turn::notice(CLAUDE, &Notice::Unreadable { lines: 3 });
        turn::notice(CLAUDE, &Notice::Said("Compacted.".to_owned()));
        turn::unknown_variables(&texts(&["PLAN"]));
        turn::unknown_variables(&texts(&["PLAN", "SUMMARY"]));
    }
}

fn hold(then: Then) -> Hold {
    Hold { assistant: CLAUDE, until: noon() + chrono::Duration::minutes(90), then, begun: false }
}

fn limits(said: &mut Said) {
    let (ask, start) = (hold(Then::Ask), hold(Then::Start));
    say! { said;
        limit::reached(&ask, noon());
        limit::by_command("/queue start", "/queue clear");
        limit::starts(&start, noon());
        limit::over(&ask);
        limit::passed(&ask, noon());
        limit::queued_behind(2, &ask, noon());
        limit::standing(&ask, noon(), "/queue start");
        limit::standing(&start, noon(), "/queue start");
        limit::standing(&ask, ask.until, "/queue start");
        limit::nothing_held(0);
        limit::nothing_held(1);
        limit::starts_now();
        limit::then_button();
        limit::now_button();
        limit::use_button(AssistantKind::Ollama);
        limit::drop_button();
    }
}

fn footers(said: &mut Said) {
    let (seconds, minutes) = (chrono::Duration::seconds(12), chrono::Duration::seconds(130));
    let changes = Changes { files: 3, added: 42, removed: 7 };
    let work = Work { changes: Some(changes), tests: Some(true), cost_usd: Some(0.31) };
    let nothing = Work { changes: Some(Changes::default()), tests: Some(false), cost_usd: Some(0.001) };
    say! { said;
        footer::footer(&work, minutes);
        footer::footer(&nothing, seconds);
        footer::footer(&Work::default(), seconds);
        footer::changed(changes);
    }
}

fn troubles(said: &mut Said) {
    let classes = [
        FailureClass::NotInstalled,
        FailureClass::Authentication,
        FailureClass::RateLimit,
        FailureClass::Quota,
        FailureClass::ContextFull,
        FailureClass::SessionLost,
        FailureClass::ModelUnknown,
        FailureClass::Network,
        FailureClass::Limit,
        FailureClass::Crashed,
        FailureClass::Stalled,
        FailureClass::MachineRestarted,
        FailureClass::Other,
    ];
    say! { said;
        trouble::own_fault("k3f9");
        trouble::set_aside("k3f9");
        trouble::again_button();
        trouble::again_by_command("/again");
        trouble::trying_again();
        trouble::nothing_to_try();
        trouble::failed(CLAUDE, FailureClass::Other, "The provider said no. Try again.");
        trouble::silence(Duration::from_secs(600));
        trouble::time_over(Duration::from_secs(7200));
        trouble::session_lost(CLAUDE);
    }
    for class in classes {
        say! { said; trouble::failed(CLAUDE, class, ""); }
    }
}

fn worktrees(said: &mut Said, call: &Call) {
    let Some(shop) = &call.codebase else { return };
    let tree = Path::new(&shop.default_cwd);
    let path = tree.with_file_name(".worktrees").join("shop/a1b2c3");
    let cwd = path.clone();
    let own = Worktree { path, branch: Some("adjutant/add-dark-mode".to_owned()) };
    let dirty = Dirty { changed: 1, untracked: 1 };
    let stands = |dirty, own_commits| Stands { dirty: Some(dirty), own_commits: Some(own_commits) };
    let unknown = Stands { dirty: None, own_commits: None };
    let new = Created::New { worktree: own.clone(), copied: 2 };
    let found = Created::Found { worktree: own.clone() };
    let entered = |created, left_behind| Entered { codebase: shop, created, cwd: &cwd, left_behind };
    let kept = |why| Left::Own { worktree: own.clone(), removal: Removal::Kept(why) };
    let removed = Left::Own { worktree: own.clone(), removal: Removal::Removed };
    let listed = [Listed { worktree: own.clone(), standing: stands(dirty, 2), here: true }];
    say! { said;
        worktree::directory_taken(call, tree);
        worktree::directory_taken(call, &tree.with_file_name("elsewhere"));
        worktree::entered(call, &entered(&new, Some(dirty)));
        worktree::entered(call, &entered(&found, None));
        worktree::inside(call, shop, &own, &stands(Dirty::default(), 0));
        worktree::inside(call, shop, &own, &unknown);
        worktree::outside(call, shop, None);
        worktree::outside(call, shop, Some(&own));
        worktree::list(call, shop, &[], 0);
        worktree::list(call, shop, &listed, 3);
        worktree::left(call, shop, &removed);
        worktree::left(call, shop, &kept(Kept::Uncommitted(dirty)));
        worktree::left(call, shop, &kept(Kept::Unmerged(2)));
        worktree::left(call, shop, &kept(Kept::Unknown));
        worktree::left(call, shop, &Left::InUse(own.clone()));
        worktree::left(call, shop, &Left::Other);
        worktree::unknown(call, "sideways");
        worktree::turn_runs(call);
        worktree::inside_already(call, &own);
        worktree::not_inside(call, shop);
    }
}
