//! Questions with choices, and reasons for a denial: by button and in words, once, also across a restart.

use adjutant_testkit::telegram::Shown;

use crate::harness::{ANA, Options, TestGateway};

const BEN: i64 = 7_007;
const GROUP: i64 = -500;

/// The newest message with this button.
async fn with_button(gateway: &TestGateway, chat: i64, label: &str) -> Shown {
    let has = |shown: &Shown| shown.labels().contains(&label);
    let shown = gateway.telegram.wait_for(chat, |messages| messages.iter().any(has)).await;
    shown.into_iter().rev().find(has).unwrap()
}

async fn press(gateway: &TestGateway, label: &str) {
    let message = with_button(gateway, ANA, label).await.id;
    gateway.telegram.presses(ANA, ANA, message, label);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_is_a_button() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[question:Which colour?|red|blue]]");
    let question = with_button(&gateway, ANA, "blue").await;
    assert_eq!(question.labels(), ["red", "blue", "Something else"]);
    assert_eq!(
        question.text,
        "Claude asks:\n\nWhich colour?\n\n1. red\n2. blue\n\n#1 · expires in 24 h · /answer 1 <text>"
    );
    press(&gateway, "blue").await;
    gateway.until_said("Which colour? blue").await;
    gateway.until_said("✓ Answered by Ana: blue").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_questions_and_several_choices_are_answered_one_after_the_other() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[question:Which?|A|B||*What else?|C|D|E]]");
    gateway.until_said("Claude asks (1 of 2):").await;
    press(&gateway, "B").await;
    gateway.until_said("Claude asks (2 of 2):").await;
    press(&gateway, "Done").await;
    gateway.until_said("Nothing is picked yet").await;
    press(&gateway, "☐ E").await;
    with_button(&gateway, ANA, "☑ E").await;
    press(&gateway, "☐ D").await;
    with_button(&gateway, ANA, "☑ D").await;
    press(&gateway, "☐ C").await;
    press(&gateway, "☑ D").await;
    with_button(&gateway, ANA, "☐ D").await;
    press(&gateway, "Done").await;
    gateway.until_said("What else? C, E; Which? B").await;
    gateway.until_said("✓ Answered by Ana: B · C, E").await;
    gateway.until_settled().await;
    let asked = gateway.telegram.messages(ANA).into_iter().filter(|shown| shown.text.contains("Answered by"));
    assert_eq!(asked.count(), 1, "one message all the way\n{}", gateway.story());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_words_are_an_answer_by_verb_and_as_the_next_message() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[question:Which?|A|B||Why?|C|D||Who?|E|F]]");
    with_button(&gateway, ANA, "A").await;
    gateway.telegram.says(ANA, ANA, "/approve 1");
    gateway.until_said("This is a question: answer it with a button or /answer 1 <text>.").await;
    gateway.telegram.says(ANA, ANA, "/answer 1");
    gateway.until_said("No answer given. Use /answer 1 <text>.").await;
    gateway.telegram.says(ANA, ANA, "/answer 1 2");
    gateway.until_said("(2 of 3)").await;
    press(&gateway, "Something else").await;
    gateway.until_said("Write your answer: the next message goes to Claude as it.").await;
    gateway.telegram.says(ANA, ANA, "because I like it");
    gateway.until_said("(3 of 3)").await;
    gateway.telegram.says(ANA, ANA, "/answer 1 e");
    gateway.until_said("Which? B; Who? E; Why? because I like it").await;
    gateway.until_settled().await;
    assert_eq!(gateway.prompts().len(), 1, "no answer became a prompt");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_picked_outlives_a_kill() {
    let mut gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[question:Which?|A|B||*What else?|C|D]]");
    press(&gateway, "B").await;
    press(&gateway, "☐ D").await;
    with_button(&gateway, ANA, "☑ D").await;
    gateway.kill();
    gateway.launch().await;
    press(&gateway, "Done").await;
    gateway.until_said("What else? D; Which? B").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_takes_the_next_message_of_that_person_as_its_reason() {
    let environment = vec![("TELEGRAM_ALLOWED_USERS", format!("{ANA},{BEN}"))];
    let gateway = TestGateway::start_with(Options { environment, ..Options::default() }).await;
    gateway.telegram.user(BEN, "Ben");
    gateway.telegram.group(GROUP, "group");
    gateway.telegram.says(GROUP, ANA, "@adjutant_test_bot [[permission:Bash:echo hi]]");
    let question = with_button(&gateway, GROUP, "Deny and say why").await.id;
    gateway.telegram.presses(GROUP, ANA, question, "Deny and say why");
    let said = |text: &'static str| move |messages: &[Shown]| messages.iter().any(|shown| shown.text.contains(text));
    gateway.telegram.wait_for(GROUP, said("Write why: the next message goes to Claude as the reason.")).await;
    gateway.telegram.says(GROUP, BEN, "@adjutant_test_bot what is going on here");
    gateway.telegram.wait_for(GROUP, said("in line")).await;
    gateway.telegram.says(GROUP, ANA, "@adjutant_test_bot use make instead");
    gateway.telegram.wait_for(GROUP, said("denied: use make instead")).await;
    gateway.telegram.wait_for(GROUP, said("✗ Denied by Ana")).await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settled_question_takes_no_further_answer() {
    let gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[permission:Bash:echo hi]] [[question:Which?|A|B]] [[pause:1500]]");
    press(&gateway, "Deny and say why").await;
    gateway.until_said("Write why").await;
    gateway.telegram.says(ANA, ANA, "/answer 1 yes");
    gateway.until_said("This asks for a permission: answer it with /approve 1 or /deny 1.").await;
    gateway.telegram.says(ANA, ANA, "/deny 1");
    press(&gateway, "A").await;
    gateway.until_said("Answered by Ana: A").await;
    gateway.telegram.says(ANA, ANA, "/answer 2 B");
    gateway.until_said("Already answered by Ana.").await;
    gateway.telegram.says(ANA, ANA, "an ordinary message");
    gateway.until_prompted(2).await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_were_asked_for_are_taken_after_a_kill_and_then_no_more() {
    let mut gateway = TestGateway::start().await;
    gateway.telegram.says(ANA, ANA, "[[question:Which?|A|B||Why?|C|D]] [[permission:Bash:make]] [[text:Made.]]");
    press(&gateway, "Something else").await;
    gateway.until_said("Write your answer").await;
    gateway.until("the press is handled", || gateway.telegram.unconfirmed() == 0).await;
    gateway.kill();
    gateway.telegram.says(ANA, ANA, "neither of them");
    gateway.launch().await;
    gateway.until_said("(2 of 2)").await;
    // The answer has been taken: the next message is an ordinary one again.
    gateway.kill();
    gateway.telegram.says(ANA, ANA, "[[text:Ordinary.]]");
    gateway.launch().await;
    gateway.until_said("Queued, 1st in line").await;
    press(&gateway, "C").await;
    press(&gateway, "Deny and say why").await;
    gateway.until_said("Write why").await;
    gateway.until("the press is handled", || gateway.telegram.unconfirmed() == 0).await;
    gateway.kill();
    gateway.launch().await;
    gateway.telegram.says(ANA, ANA, "use ninja");
    gateway.until_said("denied: use ninja").await;
    gateway.until_said("Ordinary.").await;
    gateway.until_settled().await;
    assert_eq!(gateway.prompts().len(), 2, "{}", gateway.story());
    gateway.finish().await;
}
