//! What is promised of commands: how names and arguments are taken, what a codebase's own commands become.

use std::path::Path;

use crate::git_server::GitServer;
use crate::harness::{ANA, Options, TestGateway, make_repository};

async fn says(gateway: &TestGateway, text: &str) -> String {
    gateway.telegram.says(ANA, ANA, text);
    gateway.until("every update is confirmed", || gateway.telegram.unconfirmed() == 0).await;
    gateway.until_settled().await;
    gateway.telegram.texts(ANA).pop().unwrap()
}

fn put(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// The short ids that a text names, in order.
fn ids(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| word.strip_prefix("codebase_").is_some_and(|end| end.len() == 6 && end != "switch"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_codebase_is_named_as_people_type_it_on_a_phone() {
    let gateway = TestGateway::start().await;
    for name in ["a/app", "b/app", "my shop"] {
        make_repository(&gateway.folder().join("workspace").join(name));
    }
    assert!(says(&gateway, "/codebase-switch \"my shop\"").await.contains("CWD: my shop"));
    assert!(says(&gateway, "/setcwd “my shop”").await.starts_with("Working directory set to my shop."));
    assert!(says(&gateway, "/Codebase_Switch Shop").await.contains("CWD: shop"));
    assert!(says(&gateway, "/codebase-switch@adjutant_test_bot a/app").await.contains("CWD: a/app"));
    assert!(says(&gateway, "/codebase-switch b/app").await.contains("CWD: b/app"));
    let asked = says(&gateway, "/codebase-switch app").await;
    assert!(asked.starts_with("2 codebases are called app. Use /codebase_switch codebase_"), "{asked}");
    let [first, second] = ids(&asked).try_into().unwrap();
    assert!(asked.contains(&format!("{first} (a/app) or /codebase_switch {second} (b/app)")), "{asked}");
    assert!(says(&gateway, &format!("/codebase-switch {}", first.to_uppercase())).await.contains("CWD: a/app"));
    let end = second.trim_start_matches("codebase_");
    assert!(says(&gateway, &format!("/codebase-switch {end}")).await.contains("CWD: b/app"));
    let unclosed = says(&gateway, "/setcwd \"my shop").await;
    assert!(unclosed.ends_with("is never closed. Close it with \", or leave both marks out."), "{unclosed}");
    assert_eq!(gateway.prompts(), []);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_carried_out_in_a_fresh_session_also_behind_a_chat() {
    let gateway = TestGateway::start().await;
    put(&gateway.shop(), "c/plan_feature.md", "Plan: $ARGUMENTS [[text:THE PLAN]]");
    put(&gateway.shop(), "c/execute.md", "Do it. [[text:DONE SO]]");
    put(&gateway.shop(), "c/report.md", "Report on $IMPLEMENTATION_SUMMARY, \\$1, $NOTHING and $NOTHING. [[text:ok]]");
    says(&gateway, "/load-commands c").await;
    says(&gateway, "/plan-feature  dark   mode ").await;
    says(&gateway, "is it much? [[text:No.]]").await;
    says(&gateway, "/Execute").await;
    says(&gateway, "/report").await;
    let prompts = gateway.prompts();
    assert!(prompts[0].prompt.contains("Plan: dark   mode "), "{}", prompts[0].prompt);
    assert!(prompts[2].prompt.contains("The plan to carry out:\n\nTHE PLAN\n\nDo it."), "{}", prompts[2].prompt);
    assert!(prompts[3].prompt.contains("Report on DONE SO, $1, $NOTHING and $NOTHING."), "{}", prompts[3].prompt);
    let sessions: Vec<&str> = prompts.iter().map(|prompt| prompt.session.as_str()).collect();
    assert!(sessions[0] == sessions[1] && sessions[1] != sessions[2] && sessions[2] == sessions[3], "{sessions:?}");
    let told = gateway.telegram.texts(ANA).into_iter().filter(|text| text.contains("$NOTHING has no value here"));
    assert_eq!(told.count(), 1, "{}", gateway.story());
    says(&gateway, "/plan-feature again").await;
    says(&gateway, "/reset").await;
    says(&gateway, "/execute").await;
    assert!(!gateway.prompts()[5].prompt.contains("THE PLAN"), "what was reset is not carried out");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_commands_is_loaded_with_what_is_replaced_and_what_clashes() {
    let gateway = TestGateway::start().await;
    put(&gateway.shop(), "c/plan.md", "---\ndescription: Make a plan\n---\nPlan.");
    put(&gateway.shop(), "c/deep/er/commit.md", "# Commit the work\n\nCommit.");
    put(&gateway.shop(), "c/.hidden/secret.md", "Not this one.");
    assert_eq!(says(&gateway, "/load-commands c").await, "Loaded 2 commands: commit, plan");
    let listed = says(&gateway, "/commands").await;
    assert!(listed.contains("plan - c/plan.md\n   Make a plan") && listed.contains("Commit the work"), "{listed}");
    put(&gateway.shop(), "c/z/Plan.md", "Another plan.");
    let again = says(&gateway, "/load-commands c").await;
    assert!(again.contains("Replaced: ") && again.contains("The same name twice, the last one counts: "), "{again}");
    let unknown = says(&gateway, "/command-invoke comit").await;
    assert!(unknown.contains("Did you mean /command_invoke commit?"), "{unknown}");
    assert!(unknown.contains("/load_commands <folder> loads others"), "{unknown}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_never_writes_over_a_folder_that_is_something_else() {
    let environment = vec![("CLONE_PROTOCOLS", "https,http".to_owned())];
    let gateway = TestGateway::start_with(Options { environment, ..Options::default() }).await;
    let server = GitServer::start().await;
    server.serve("ana/app", &[("README.md", "# From the server\n")]);
    let taken = gateway.folder().join("workspace/ana/app");
    make_repository(&taken);
    let refused = says(&gateway, &format!("/clone {}", server.url("ana/app"))).await;
    assert!(refused.contains("ana/app") && refused.contains("/setcwd ana/app works in it"), "{refused}");
    assert_eq!(std::fs::read_to_string(taken.join("README.md")).unwrap(), "# Shop\n");
    assert!(says(&gateway, "/getcwd").await.ends_with(": shop"), "the conversation stays where it was");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_the_provider_does_not_know_is_answered_with_how_to_choose_another() {
    let gateway = TestGateway::start().await;
    says(&gateway, "/model nonsense").await;
    let said = says(&gateway, "hello [[error:404]]").await;
    assert!(said.contains("/model chooses another"), "{said}");
    gateway.finish().await;
}
