//! What goes over a run's socket: frames of a four-byte length (little endian), a kind, and a body.
//!
//! A newer gateway talks to the runners its predecessor started, so this only ever grows: messages are JSON whose
//! unknown fields and kinds are passed over, bulk (output, input lines) goes in two binary kinds.

use serde::{Deserialize, Serialize};

/// The longest frame either side accepts; a start carries a prompt and an environment.
pub(crate) const MAX_FRAME: usize = 64 << 20;
/// Output bytes in one frame.
pub(crate) const CHUNK: usize = 64 << 10;
/// Output bytes a runner sends beyond what the client says it has read. Replies are thus never stuck behind output.
pub(crate) const WINDOW: u64 = 256 << 10;
/// Length and kind.
pub(crate) const HEADER: usize = 5;

const JSON: u8 = 0;
const DATA: u8 = 1;
const LINE: u8 = 2;

/// What a client sends.
#[derive(Debug)]
pub(crate) enum Request {
    Ask(Ask),
    Line(LineRequest),
}

/// A line for the child's stdin. Answered with [`Answer::Written`].
#[derive(Debug)]
pub(crate) struct LineRequest {
    pub id: u64,
    pub key: String,
    pub line: Vec<u8>,
}

/// A question or order; `id` comes back in the reply, 0 wants none.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ask {
    pub id: u64,
    pub what: What,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub(crate) enum What {
    /// The first message of a starter.
    Start {
        spec: Box<crate::RunSpec>,
    },
    /// The first message of everybody else: send output from this offset.
    Attach {
        from: u64,
    },
    /// The client has read this far: the window moves.
    Read {
        upto: u64,
    },
    /// Everything below is stored elsewhere.
    Taken {
        upto: u64,
    },
    CloseStdin,
    Signal {
        number: i32,
    },
    Stop,
    KeepUntil {
        unix_ms: i64,
    },
    Status,
    /// From a newer gateway.
    #[serde(other)]
    Unknown,
}

/// What a runner sends, apart from output.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub(crate) enum Say {
    /// The answer to `Start` and `Attach`.
    Attached {
        end: u64,
    },
    NotStarted(crate::StartError),
    Exited(Exit),
    Reply {
        id: u64,
        answer: Answer,
    },
    /// From a newer runner.
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub(crate) enum Answer {
    Done,
    Written { repeated: bool },
    Status(Status),
    Gone { reason: String },
    Unsupported,
}

/// A frame as a client receives it.
#[derive(Debug)]
pub(crate) enum FromRunner {
    Say(Say),
    Data { offset: u64, bytes: Vec<u8> },
}

/// How the child ended. Sent, and left in the file `exit`, when nothing that it started lives any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// The exit code, unless a signal ended it.
    pub code: Option<i32>,
    pub signal: Option<i32>,
    /// The spool's final length in bytes.
    pub end: u64,
    /// The last 64 KiB of stderr, what is not UTF-8 replaced.
    pub stderr_tail: String,
    /// Everything it wrote to stderr, in bytes.
    pub stderr_bytes: u64,
    /// Processes it left behind, which were ended.
    pub left_over: u32,
    /// Processes of another user that it left behind and that could not be ended.
    #[serde(default)]
    pub out_of_reach: u32,
}

/// A run's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub runner_pid: i32,
    pub pid: i32,
    /// Whether the child lives.
    pub alive: bool,
    /// The first byte the spool still has.
    pub spool_start: u64,
    pub spool_end: u64,
    pub taken: u64,
    pub stderr_bytes: u64,
    pub clients: usize,
    /// The spool cannot be written, for this reason; the child's output is not read until it can.
    #[serde(default)]
    pub spool_fault: Option<String>,
}

/// Bytes that are no frame, or one that is too long.
#[derive(Debug, thiserror::Error)]
#[error("not a frame of the runner's protocol")]
pub(crate) struct Garbage;

/// Frames a message.
pub(crate) fn encode(message: &impl Serialize) -> Vec<u8> {
    let mut frame = vec![0; HEADER];
    // Serialising these types into memory cannot fail: they have string keys and no failing parts.
    let written = serde_json::to_writer(&mut frame, message);
    debug_assert!(written.is_ok(), "{written:?}");
    seal(frame, JSON)
}

/// Frames a line for stdin.
pub(crate) fn encode_line(id: u64, key: &str, line: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEADER + 10 + key.len() + line.len());
    frame.resize(HEADER, 0);
    frame.extend_from_slice(&id.to_le_bytes());
    frame.extend_from_slice(&u16::try_from(key.len()).unwrap_or(u16::MAX).to_le_bytes());
    frame.extend_from_slice(key.as_bytes());
    frame.extend_from_slice(line);
    seal(frame, LINE)
}

/// The header of a frame of output; `len` bytes follow.
pub(crate) fn data_header(offset: u64, len: usize) -> [u8; HEADER + 8] {
    let mut header = [0; HEADER + 8];
    header[..4].copy_from_slice(&length(len + 8));
    header[4] = DATA;
    header[HEADER..].copy_from_slice(&offset.to_le_bytes());
    header
}

/// The length of the body behind a header, which starts with `header`.
pub(crate) fn body_length(header: &[u8; HEADER]) -> Result<usize, Garbage> {
    let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
    if length > MAX_FRAME || header[4] > LINE { Err(Garbage) } else { Ok(length) }
}

/// Reads what a client sent.
pub(crate) fn decode_request(kind: u8, body: &[u8]) -> Result<Request, Garbage> {
    match kind {
        JSON => serde_json::from_slice(body).map(Request::Ask).map_err(|_| Garbage),
        LINE => decode_line(body).map(Request::Line).ok_or(Garbage),
        _ => Err(Garbage),
    }
}

/// Reads what a runner sent.
pub(crate) fn decode_from_runner(kind: u8, mut body: Vec<u8>) -> Result<FromRunner, Garbage> {
    match kind {
        JSON => serde_json::from_slice(&body).map(FromRunner::Say).map_err(|_| Garbage),
        DATA => {
            let offset = body.first_chunk::<8>().copied().ok_or(Garbage)?;
            body.drain(..8);
            Ok(FromRunner::Data { offset: u64::from_le_bytes(offset), bytes: body })
        }
        _ => Err(Garbage),
    }
}

fn decode_line(body: &[u8]) -> Option<LineRequest> {
    let (id, rest) = body.split_first_chunk::<8>()?;
    let (key_length, rest) = rest.split_first_chunk::<2>()?;
    let (key, line) = rest.split_at_checked(usize::from(u16::from_le_bytes(*key_length)))?;
    Some(LineRequest {
        id: u64::from_le_bytes(*id),
        key: std::str::from_utf8(key).ok()?.to_owned(),
        line: line.to_vec(),
    })
}

fn seal(mut frame: Vec<u8>, kind: u8) -> Vec<u8> {
    let body = frame.len() - HEADER;
    frame[..4].copy_from_slice(&length(body));
    frame[4] = kind;
    frame
}

fn length(body: usize) -> [u8; 4] {
    // A longer body is refused by the other side, which is what a frame over the limit deserves.
    u32::try_from(body).unwrap_or(u32::MAX).to_le_bytes()
}
