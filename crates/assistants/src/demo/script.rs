//! What the demo says and does. Nothing here is by chance: the same prompt in the same codebase gives the same session.

use std::path::Path;

/// One step of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Streams a text.
    Say(String),
    /// Reads a file of the codebase.
    Read(&'static str),
    /// Asks to change a file, and changes it if allowed.
    Change(&'static Change),
}

/// A change the demo proposes.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    pub file: &'static str,
    pub old: &'static str,
    pub new: &'static str,
    why: &'static str,
    done: &'static str,
}

const CHANGES: [Change; 2] = [
    Change {
        file: "greeting.py",
        old: "    return f\"Hello, {name}\"\n",
        new: "    return f\"Hello, {name.strip() or 'you'}\"\n",
        why: "Without a name, `greet` answers \"Hello, \" and nothing behind it. A small change in `greeting.py` would help:",
        done: "`greeting.py` now greets somebody without a name as \"you\".",
    },
    Change {
        file: "test_greeting.py",
        old: "    assert greet(\"Ana\") == \"Hello, Ana\"\n",
        new: "    assert greet(\"Ana\") == \"Hello, Ana\"\n\n\ndef test_greets_somebody_without_a_name():\n    assert greet(\" \") == \"Hello, you\"\n",
        why: "The new case has no test yet. I would add one to `test_greeting.py`:",
        done: "`test_greeting.py` has a test for the empty name.",
    },
];

const WHO: &str = "This is Adjutant's demo assistant: a script, not a model. It shows how a session looks, on a small sample codebase.";

const OWN: &str = "For your own code, set `CLAUDE_API_KEY` or log in once with `claude`, then start Adjutant again.";

const TOUR: &str = "\
**What happens here, in short**

1. You write a message, here or on Telegram. It is stored before anybody is told that it arrived, so that nothing is \
lost when this machine or the gateway goes down.
2. An assistant works in your repository, in a process of its own. Its answer grows on the page while it is written, \
as this one does. The process goes on also while the gateway restarts.
3. Before it changes a file or runs a command, you are asked. You see the whole change first, and nothing happens \
until you press a button; there is no timer that allows anything.
4. While it works you can write on. What you write waits in line and is taken up in order. The stop button ends what \
runs now, with everything it started.

**Commands** begin with a slash and never reach an assistant:

| command | what it does |
| --- | --- |
| `/clone <url>` | brings a repository to this machine and works in it |
| `/repos` | lists the repositories that are here |
| `/command-invoke plan \"Add dark mode\"` | runs a command that lies as a file in your repository |
| `/status` | says where you are and what runs |
| `/new` | begins a fresh session that remembers nothing |

**Your own words** can become commands as well: a Markdown file in `.claude/commands/` of a repository is one, with \
`$1` and `$ARGUMENTS` for what follows its name. The sample codebase has four of them, `prime`, `plan`, `execute` and \
`commit`; `/load-commands .claude/commands` reads them.

That is all there is to know for a start. Ask for a change now, for example: improve the greeting.";

/// What is played for a prompt. `turn` counts from 1.
pub fn play(prompt: &str, turn: u64, cwd: &Path) -> Vec<Step> {
    let asked = prompt.trim().to_lowercase();
    let words: Vec<_> = asked.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let has = |word: &str| words.contains(&word);
    if words.len() <= 4 && ["hello", "hi", "hey", "hallo", "thanks", "ping"].iter().any(|word| has(word)) {
        return vec![Step::Say(format!(
            "{WHO} Ask it for a change, for example: improve the greeting. Or ask: how does this work?"
        ))];
    }
    if asked.contains("how does this work") {
        return vec![Step::Say(format!("{WHO}\n\n{TOUR}"))];
    }
    if asked.contains("write a plan") {
        return vec![Step::Read("greeting.py"), Step::Say(plan(cwd))];
    }
    if asked.contains("get to know this codebase") {
        return vec![Step::Read("README.md"), Step::Read("greeting.py"), Step::Say(summary(cwd))];
    }
    if asked.contains("commit the work") {
        return vec![Step::Say(format!("The demo does not commit. `git commit --all` does. {OWN}"))];
    }
    change(turn, cwd)
}

/// What is said after a change was allowed.
pub fn allowed(change: &Change) -> String {
    format!("Done. {} {OWN}", change.done)
}

/// What is said after a change was not allowed.
pub fn denied(reason: &str) -> String {
    format!("Understood, nothing was changed. The reason you gave: {reason}")
}

/// What is said when an allowed change could not be made.
pub fn failed(change: &Change, error: &str) -> String {
    format!("`{}` could not be changed: {error}. Nothing was changed.", change.file)
}

fn change(turn: u64, cwd: &Path) -> Vec<Step> {
    let opening = match turn {
        1 => format!("{WHO} First it reads the code."),
        _ => format!("The demo again, turn {turn} of this session. First it reads the code."),
    };
    let Some(change) = CHANGES.iter().find(|change| applies(change, cwd)) else {
        return vec![Step::Say(format!("{WHO} There is nothing left here that it knows how to improve. {OWN}"))];
    };
    vec![
        Step::Say(opening),
        Step::Read("README.md"),
        Step::Read("greeting.py"),
        Step::Say(change.why.to_owned()),
        Step::Change(change),
    ]
}

fn plan(cwd: &Path) -> String {
    let steps: Vec<_> = CHANGES.iter().filter(|change| applies(change, cwd)).collect();
    if steps.is_empty() {
        return "There is nothing left to plan: both changes the demo knows are made.".to_owned();
    }
    let mut text = "The plan:\n".to_owned();
    for (number, change) in steps.iter().enumerate() {
        text.push_str(&format!(
            "\n{}. {} (`{}`)",
            number + 1,
            change.why.split(". ").next().unwrap_or_default(),
            change.file
        ));
    }
    text.push_str("\n\n/execute carries it out.");
    text
}

fn summary(cwd: &Path) -> String {
    if cwd.join("greeting.py").is_file() {
        "A greeter in one file: `greeting.py` takes a name from the command line and prints \"Hello\" with it. \
         `test_greeting.py` checks that."
            .to_owned()
    } else {
        format!("{WHO} This is not the sample codebase, so there is nothing it can say about it. {OWN}")
    }
}

fn applies(change: &Change, cwd: &Path) -> bool {
    std::fs::read_to_string(cwd.join(change.file)).is_ok_and(|text| text.contains(change.old))
}
