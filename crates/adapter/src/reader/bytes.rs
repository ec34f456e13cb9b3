//! Decompressed bytes with a line count.

use std::io::{self, BufReader, Chain, Cursor, Read};

use flate2::read::MultiGzDecoder;
use memchr::memchr;

use crate::adapter::RECORD_BYTES_MAX;
use crate::refused::{Code, Refused};

const BUFFER_BYTES: usize = 64 * 1024;

type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// A stream whose compression was found out, read through one buffer.
pub(super) struct Bytes<R> {
    stream: Stream<R>,
    buffer: Box<[u8]>,
    at: usize,
    end: usize,
    line: u64,
    /// The first failure; every later read meets it again.
    failed: Option<Refused>,
}

enum Stream<R> {
    New(R),
    Plain(Whole<R>),
    Gzip(Box<MultiGzDecoder<Whole<R>>>),
    Zstd(zstd::Decoder<'static, BufReader<Whole<R>>>),
    Failed,
}

impl<R: Read> Stream<R> {
    /// Looks at the first bytes to see what the stream is.
    fn open(mut input: R) -> io::Result<Self> {
        let mut magic = Vec::with_capacity(4);
        (&mut input).take(4).read_to_end(&mut magic)?;
        let is_gzip = magic.starts_with(&[0x1f, 0x8b]);
        let is_zstd = magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
        let whole = Cursor::new(magic).chain(input);
        Ok(if is_gzip {
            Self::Gzip(Box::new(MultiGzDecoder::new(whole)))
        } else if is_zstd {
            Self::Zstd(zstd::Decoder::new(whole)?)
        } else {
            Self::Plain(whole)
        })
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Self::New(_) = self {
            let Self::New(input) = std::mem::replace(self, Self::Failed) else {
                return Ok(0);
            };
            *self = Self::open(input)?;
        }
        loop {
            let read = match self {
                Self::Plain(stream) => stream.read(buffer),
                Self::Gzip(stream) => stream.read(buffer),
                Self::Zstd(stream) => stream.read(buffer),
                Self::New(_) | Self::Failed => Ok(0),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

impl<R: Read> Bytes<R> {
    pub(super) fn new(input: R) -> Self {
        Self { stream: Stream::New(input), buffer: vec![0; BUFFER_BYTES].into(), at: 0, end: 0, line: 1, failed: None }
    }

    /// The line of the next byte, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// What is buffered; empty only at the end of the stream.
    pub(super) fn chunk(&mut self) -> Result<&[u8], Refused> {
        if self.at == self.end {
            if let Some(failed) = &self.failed {
                return Err(failed.clone());
            }
            self.at = 0;
            self.end = 0;
            match self.stream.read(&mut self.buffer) {
                Ok(count) => self.end = count,
                Err(error) => {
                    let reason = unreadable(&error);
                    self.failed = Some(reason.clone());
                    return Err(reason);
                }
            }
        }
        Ok(&self.buffer[self.at..self.end])
    }

    /// Steps over `count` bytes of the chunk.
    pub(super) fn consume(&mut self, count: usize) {
        let passed = &self.buffer[self.at..self.at + count];
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.at += count;
    }

    pub(super) fn peek(&mut self) -> Result<Option<u8>, Refused> {
        Ok(self.chunk()?.first().copied())
    }

    pub(super) fn skip_space(&mut self) -> Result<(), Refused> {
        loop {
            let chunk = self.chunk()?;
            let space = chunk.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let all = !chunk.is_empty() && space == chunk.len();
            self.consume(space);
            if !all {
                return Ok(());
            }
        }
    }

    /// Moves white space into `record`, as far as a record may reach, and looks at what follows.
    pub(super) fn pass_space(&mut self, record: &mut Vec<u8>) -> Result<Option<u8>, Refused> {
        loop {
            let chunk = self.chunk()?;
            let space = chunk.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let room = (RECORD_BYTES_MAX + 1).saturating_sub(record.len());
            record.extend_from_slice(&chunk[..space.min(room)]);
            let next = chunk.get(space).copied();
            self.consume(space);
            if next.is_some() || space == 0 {
                return Ok(next);
            }
        }
    }

    /// Steps over a UTF-8 byte order mark; UTF-16 is an error.
    pub(super) fn skip_mark(&mut self) -> Result<(), Refused> {
        let chunk = self.chunk()?;
        if chunk.starts_with(&[0xff, 0xfe]) || chunk.starts_with(&[0xfe, 0xff]) {
            return Err(Refused::new(Code::InvalidUtf8, "the file is UTF-16; convert it to UTF-8"));
        }
        if chunk.starts_with(&[0xef, 0xbb, 0xbf]) {
            self.consume(3);
        }
        Ok(())
    }

    /// Appends the rest of the line without its end, at most one byte more than a record may have. Whether there was one.
    pub(super) fn read_line(&mut self, line: &mut Vec<u8>) -> Result<bool, Refused> {
        loop {
            let chunk = self.chunk()?;
            if chunk.is_empty() {
                return Ok(false);
            }
            let end = memchr(b'\n', chunk);
            let part = &chunk[..end.unwrap_or(chunk.len())];
            let room = (RECORD_BYTES_MAX + 1).saturating_sub(line.len());
            line.extend_from_slice(&part[..part.len().min(room)]);
            let passed = part.len() + usize::from(end.is_some());
            self.consume(passed);
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

fn unreadable(error: &io::Error) -> Refused {
    let message = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the compressed file is cut; fetch it again".to_owned(),
        _ => format!("the file cannot be read on: {error}"),
    };
    Refused::new(Code::Unreadable, message)
}
