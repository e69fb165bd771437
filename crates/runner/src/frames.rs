//! Frames over a socket, asynchronously.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use crate::wire::{self, FromRunner, Garbage, HEADER};

/// Enough for a streamed chunk and its header; a thousand connections are open at a time.
const BUFFER: usize = 4 << 10;

/// Both directions.
pub(crate) struct Frames {
    reader: FrameReader,
    writer: FrameWriter,
}

pub(crate) struct FrameReader(BufReader<OwnedReadHalf>);

pub(crate) struct FrameWriter(OwnedWriteHalf);

impl Frames {
    pub fn new(stream: UnixStream) -> Frames {
        let (reader, writer) = stream.into_split();
        Frames { reader: FrameReader(BufReader::with_capacity(BUFFER, reader)), writer: FrameWriter(writer) }
    }

    pub async fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.writer.send(frame).await
    }

    pub async fn next(&mut self) -> io::Result<Option<FromRunner>> {
        self.reader.next().await
    }

    pub fn split(self) -> (FrameReader, FrameWriter) {
        (self.reader, self.writer)
    }
}

impl FrameReader {
    /// The next frame; `None` at the end. Not cancel safe.
    pub async fn next(&mut self) -> io::Result<Option<FromRunner>> {
        let mut header = [0; HEADER];
        match self.0.read_exact(&mut header).await {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let mut body = vec![0; wire::body_length(&header).map_err(garbage)?];
        self.0.read_exact(&mut body).await?;
        wire::decode_from_runner(header[4], body).map(Some).map_err(garbage)
    }
}

impl FrameWriter {
    pub async fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.0.write_all(frame).await
    }
}

fn garbage(error: Garbage) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
