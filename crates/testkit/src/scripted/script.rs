//! The steps that may stand in a prompt.

/// One step, written `[[name]]` or `[[name:argument]]`.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// `text:T`: a text block in one delta.
    Text(String),
    /// `words:N[,MS]` and `chunks:N[,MS]`: one block in N deltas, so many milliseconds apart (fractions allowed).
    Deltas {
        count: u64,
        pause_ms: f64,
    },
    /// `chars:N`: one block of N characters, in deltas of 200.
    Chars(u64),
    /// `think:T`: thinking, which nobody is shown.
    Think(String),
    /// `tool:Name:{json}`: a tool call that is not asked for and succeeds.
    Tool {
        name: String,
        input: serde_json::Value,
    },
    /// `permission:Name:argument`: a tool call that is asked for. Says "allowed" or "denied: why".
    Permission {
        name: String,
        argument: String,
    },
    /// `edit:path:content`: a `Write` that is asked for and then done.
    Edit {
        path: String,
        content: String,
    },
    /// `run:command`: a `Bash` that is asked for and then done. Says what the command prints.
    Run(String),
    /// `quiet`: in the rest of the turn nothing is said of what was allowed or heard.
    Quiet,
    /// `question:T|A|B`: asks the person to choose, as `AskUserQuestion` does. Several questions stand one behind the
    /// other with `||` between them; of one that begins with `*` several choices may be picked. Says the answers.
    Questions(Vec<Vec<String>>),
    /// `join`: waits until another message is written to it, and takes that into the running turn, as the real program
    /// does during a tool call. Says "heard: …".
    Join,
    /// `busy:command`: a `Bash` that is not asked for and runs until another message is written; takes that in as `join`
    /// does.
    Busy(String),
    /// `pause:MS`.
    Pause(f64),
    /// `exit:N`: exits at once.
    Exit(u8),
    /// `abort`: dies by a signal.
    Abort,
    /// `hang`: says nothing until it is interrupted. `hang-after:T`: begins a text first.
    Hang {
        after: String,
    },
    /// `garbage[:N]`: N lines (default 3) that are not JSON.
    Garbage(u64),
    /// `bad-utf8`: a delta that is not UTF-8.
    BadUtf8,
    /// `longline:SIZE` (`64m`, `200k`): one line of that length.
    LongLine(u64),
    /// `stderr:SIZE`: so much on stderr.
    Stderr(u64),
    /// `noresult`: exits with 0 and without a result.
    NoResult,
    /// `two-results`: a second result, which answers nothing, follows the first.
    TwoResults,
    /// `grandchild`: starts `sleep` in a session of its own and forgets it.
    Grandchild,
    /// `ignore-interrupt`, `ignore-term`: from now on.
    IgnoreInterrupt,
    IgnoreTerm,
    /// `error:STATUS`: the turn fails with this status of the API. `auth` is `error:401`.
    ApiError(u16),
    /// `retry:N`: announces N retries of a server error.
    Retry(u32),
    /// `limit:UNIX`: the plan's limit is reached until then.
    Limit(i64),
    /// `lost`: the session is not known; exits with 1.
    Lost,
    /// `usage:IN,OUT,COST`: what the turn consumed.
    Usage {
        input: u64,
        output: u64,
        cost: f64,
    },
    /// `env`: a text with the names of its environment variables, sorted. `args`: its arguments.
    Env,
    Args,
    /// Not a step; said as a text, so that a test sees its mistake.
    Unknown(String),
}

/// The steps of a prompt. None is one text `ok`.
#[must_use]
pub fn steps(prompt: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = prompt;
    while let Some((_, behind)) = rest.split_once("[[") {
        let Some(end) = end_of_step(behind) else { break };
        steps.push(step(&behind[..end]));
        rest = &behind[end + 2..];
    }
    if steps.is_empty() { vec![Step::Text("ok".to_owned())] } else { steps }
}

/// Where the closing brackets stand. Double brackets inside, as in JSON, come in pairs, and of `]]]` the first one
/// belongs to JSON, too.
fn end_of_step(text: &str) -> Option<usize> {
    let (mut at, mut inside) = (0, 0_u32);
    loop {
        at += text[at..].find(['[', ']'])?;
        match text.get(at..at + 2) {
            Some("[[") => inside += 1,
            Some("]]") if inside > 0 => inside -= 1,
            Some("]]") => return Some(at + text[at + 2..].bytes().take_while(|byte| *byte == b']').count()),
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
    }
}

fn step(text: &str) -> Step {
    let (name, argument) = text.split_once(':').unwrap_or((text, ""));
    parse(name, argument).unwrap_or_else(|| Step::Unknown(text.to_owned()))
}

fn parse(name: &str, argument: &str) -> Option<Step> {
    Some(match name {
        "text" => Step::Text(argument.to_owned()),
        "words" | "chunks" => {
            let (count, pause) = argument.split_once(',').unwrap_or((argument, "0"));
            Step::Deltas { count: count.parse().ok()?, pause_ms: pause.parse().ok()? }
        }
        "chars" => Step::Chars(argument.parse().ok()?),
        "think" => Step::Think(argument.to_owned()),
        "tool" => {
            let (name, input) = argument.split_once(':').unwrap_or((argument, "{}"));
            Step::Tool { name: name.to_owned(), input: serde_json::from_str(input).ok()? }
        }
        "permission" => {
            let (name, argument) = argument.split_once(':')?;
            Step::Permission { name: name.to_owned(), argument: argument.to_owned() }
        }
        "edit" => {
            let (path, content) = argument.split_once(':')?;
            Step::Edit { path: path.to_owned(), content: content.to_owned() }
        }
        "question" => {
            let question = |text: &str| text.split('|').map(str::to_owned).collect();
            Step::Questions(argument.split("||").map(question).collect())
        }
        "run" => Step::Run(argument.to_owned()),
        "busy" => Step::Busy(argument.to_owned()),
        "pause" => Step::Pause(argument.parse().ok()?),
        "exit" => Step::Exit(argument.parse().ok()?),
        "hang" | "hang-after" => Step::Hang { after: argument.to_owned() },
        "garbage" if argument.is_empty() => Step::Garbage(3),
        "garbage" => Step::Garbage(argument.parse().ok()?),
        "longline" => Step::LongLine(size(argument)?),
        "stderr" => Step::Stderr(size(argument)?),
        "error" => Step::ApiError(argument.parse().ok()?),
        "retry" => Step::Retry(argument.parse().ok()?),
        "limit" => Step::Limit(argument.parse().ok()?),
        "usage" => {
            let mut parts = argument.split(',');
            let (input, output) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            Step::Usage { input, output, cost: parts.next().unwrap_or("0").parse().ok()? }
        }
        _ => return bare(name),
    })
}

/// Steps without an argument.
fn bare(name: &str) -> Option<Step> {
    Some(match name {
        "abort" => Step::Abort,
        "bad-utf8" => Step::BadUtf8,
        "noresult" => Step::NoResult,
        "two-results" => Step::TwoResults,
        "grandchild" => Step::Grandchild,
        "ignore-interrupt" => Step::IgnoreInterrupt,
        "ignore-term" => Step::IgnoreTerm,
        "join" => Step::Join,
        "quiet" => Step::Quiet,
        "auth" => Step::ApiError(401),
        "lost" => Step::Lost,
        "env" => Step::Env,
        "args" => Step::Args,
        _ => return None,
    })
}

/// `64m`, `200k`, `17`.
fn size(text: &str) -> Option<u64> {
    let (digits, unit) = match text.strip_suffix('m') {
        Some(digits) => (digits, 1 << 20),
        None => text.strip_suffix('k').map_or((text, 1), |digits| (digits, 1 << 10)),
    };
    digits.parse::<u64>().ok().map(|number| number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_in_their_order_and_json_may_end_in_brackets() {
        assert_eq!(
            steps(r#"do [[text:a]] then [[tool:X:{"a":[[1]]}]] and [[words:3,0.5]][[nonsense]]"#),
            [
                Step::Text("a".into()),
                Step::Tool { name: "X".into(), input: serde_json::json!({ "a": [[1]] }) },
                Step::Deltas { count: 3, pause_ms: 0.5 },
                Step::Unknown("nonsense".into()),
            ]
        );
        assert_eq!(steps("plain"), [Step::Text("ok".into())]);
        assert_eq!(steps("[[stderr:12m]]"), [Step::Stderr(12 << 20)]);
    }
}
