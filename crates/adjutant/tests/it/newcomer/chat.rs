//! The same hour in the terminal.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin};
use std::sync::{Arc, Mutex};

use super::stage::Newcomer;
use crate::harness::{Options, TestGateway, signal};

/// A chat that runs, and everything it has printed on both outputs.
struct Chat {
    child: Child,
    input: Option<ChildStdin>,
    said: Arc<Mutex<String>>,
}

impl Chat {
    fn start(newcomer: &Newcomer, arguments: &[&str]) -> Self {
        let mut child = newcomer.chat(arguments);
        let said = Arc::new(Mutex::new(String::new()));
        let outputs: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in outputs {
            let said = Arc::clone(&said);
            std::thread::spawn(move || {
                let mut read = BufReader::new(output);
                loop {
                    let (text, length) = match read.fill_buf() {
                        Ok([]) | Err(_) => return,
                        Ok(bytes) => (String::from_utf8_lossy(bytes).into_owned(), bytes.len()),
                    };
                    said.lock().unwrap().push_str(&text);
                    read.consume(length);
                }
            });
        }
        let input = child.stdin.take();
        Self { child, input, said }
    }

    fn types(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    async fn until(&self, newcomer: &Newcomer, words: &str) {
        newcomer.until(&format!("{words} in {}", self.said()), |_| self.said().contains(words)).await;
    }

    /// The end of the input, and the exit code.
    async fn leaves(mut self, newcomer: &Newcomer) -> (Option<i32>, String) {
        drop(self.input.take());
        let mut code = None;
        let child = &mut self.child;
        newcomer
            .until("the chat ends", |_| {
                code = child.try_wait().unwrap();
                code.is_some()
            })
            .await;
        (code.unwrap().code(), self.said())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_is_answered_on_the_standard_output_for_scripts() {
    let newcomer = Newcomer::start().await;
    let output = newcomer.chat(&["--once", "hello"]).wait_with_output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    assert!(out.contains("improve the greeting") && out.ends_with('\n'), "{out}");
    assert!(!out.contains('▍') && !out.contains('⏳') && !out.contains('\u{1b}'), "{out}");
    let again = newcomer.chat(&["--conversation", "last", "--once", "/whoami"]).wait_with_output().unwrap();
    let (out, err) = (String::from_utf8(again.stdout).unwrap(), String::from_utf8(again.stderr).unwrap());
    assert!(err.contains("> hello"), "what was said before is shown: {err}");
    assert!(out.contains("operator"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_nobody_can_answer_is_denied_and_the_exit_code_says_so() {
    let newcomer = Newcomer::start().await;
    let output = newcomer.chat(&["--once", "improve the greeting"]).wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert!(err.contains("[a] Allow once") && err.contains("Denied: nobody can answer here."), "{err}");
    assert!(!newcomer.sample("greeting.py").contains("or 'you'"));
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(out.matches("First it reads the code.").count(), 1, "nothing is printed twice: {out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_with_a_key_and_the_conversation_outlives_the_gateway() {
    let mut newcomer = Newcomer::start().await;
    let mut chat = Chat::start(&newcomer, &[]);
    chat.types("improve the greeting");
    chat.until(&newcomer, "[a] Allow once  [s] Allow for this session  [d] Deny").await;
    assert!(chat.said().contains("+"), "the diff is shown: {}", chat.said());
    chat.types("a");
    chat.until(&newcomer, "Allowed once by Operator").await;
    newcomer.until("the file is changed", |newcomer| newcomer.sample("greeting.py").contains("or 'you'")).await;
    newcomer.kill();
    chat.until(&newcomer, "The gateway is away").await;
    newcomer.launch().await;
    chat.types("How does this work?");
    chat.until(&newcomer, "That is all there is to know").await;
    let (code, said) = chat.leaves(&newcomer).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("That is all there is to know").count(), 1, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_stops_the_turn_and_not_the_chat() {
    let newcomer = Newcomer::start().await;
    let mut chat = Chat::start(&newcomer, &[]);
    chat.types("improve the greeting");
    chat.until(&newcomer, "[a] Allow once").await;
    signal(chat.child.id(), "-INT");
    chat.until(&newcomer, "Stopped after").await;
    chat.types("/whoami");
    chat.until(&newcomer, "operator").await;
    let (code, said) = chat.leaves(&newcomer).await;
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_turn_and_a_missing_gateway_are_told_and_fail() {
    let mut gateway = TestGateway::start_with(Options::default()).await;
    let failed = gateway.verb(&["chat", "--once", "[[text:I begin.]] [[error:400]]"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.out.contains("I begin."), "{failed:?}");
    let unknown = gateway.verb(&["chat", "--conversation", "nothing", "--once", "hello"]);
    assert!(unknown.err.contains("No conversation `nothing`. Use `--conversation last`"), "{unknown:?}");
    gateway.terminate().await;
    let nobody = gateway.verb(&["chat", "--once", "hello"]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.err.contains("Start it with `adjutant serve`."), "{nobody:?}");
    gateway.finish().await;
}
