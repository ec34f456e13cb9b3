//! HTTP/1.1, as much as is needed: kept-alive requests with a length, answers with a length or in chunks.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, Result, bail, ensure};

use super::{Protocol, open, read_answer};

/// A POST for each batch.
pub(crate) struct Posts {
    head: String,
    /// Whether the body of an answer says that so many events are stored.
    stores: fn(&[u8], u64) -> bool,
}

impl Posts {
    /// `POST /api/v1/events`: all events must be new.
    pub(crate) fn events(address: SocketAddr, token: &str) -> Posts {
        let head = head("POST", "/api/v1/events", address, token, "application/x-ndjson");
        Posts { head, stores: |body, events| number_after(body, b"\"new\":") == Some(events) }
    }

    /// `POST /v1/logs` of OTLP in protobuf: a response without fields says that every record is stored.
    pub(crate) fn logs(address: SocketAddr, token: &str) -> Posts {
        let head = head("POST", "/v1/logs", address, token, "application/x-protobuf");
        Posts { head, stores: |body, _| body.is_empty() }
    }
}

impl Protocol for Posts {
    fn request(&mut self, batch: &[u8], head: &mut Vec<u8>, _: &mut Vec<u8>) {
        head.extend_from_slice(self.head.as_bytes());
        head.extend_from_slice(format!("Content-Length: {}\r\n\r\n", batch.len()).as_bytes());
    }

    fn answer(&mut self, input: &[u8], events: u64) -> Result<Option<usize>> {
        let Some(answer) = Answer::parse(input)? else { return Ok(None) };
        let said = || String::from_utf8_lossy(&answer.body[..answer.body.len().min(500)]).into_owned();
        ensure!(answer.status == 200, "status {}: {}", answer.status, said());
        ensure!((self.stores)(&answer.body, events), "sent {events} new events, the answer says: {}", said());
        Ok(Some(answer.length))
    }
}

/// A client for one request after another, for searches and health.
pub(crate) struct Client {
    address: SocketAddr,
    token: String,
    stream: TcpStream,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr, token: &str) -> Result<Client> {
        Ok(Client { address, token: token.to_owned(), stream: open(address)? })
    }

    /// The body of the answer to a request; an error unless the status is 200.
    pub(crate) fn call(&mut self, method: &str, path: &str, body: &[u8]) -> Result<Vec<u8>> {
        let mut request = head(method, path, self.address, &self.token, "application/json").into_bytes();
        request.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        request.extend_from_slice(body);
        self.stream.write_all(&request)?;
        let input = read_answer(&mut self.stream, |input| Ok(Answer::parse(input)?.map(|answer| answer.length)))?;
        let answer = Answer::parse(&input)?.context("an answer that was complete is not")?;
        let body = answer.body.into_owned();
        ensure!(answer.status == 200, "{method} {path}: status {}: {}", answer.status, String::from_utf8_lossy(&body));
        Ok(body)
    }
}

fn head(method: &str, path: &str, address: SocketAddr, token: &str, content_type: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: {content_type}\r\n"
    )
}

/// A complete answer.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) body: std::borrow::Cow<'a, [u8]>,
    /// Bytes of `input` it took, head included.
    pub(super) length: usize,
}

impl Answer<'_> {
    /// The answer at the start of `input`, `None` if it is cut.
    pub(super) fn parse(input: &[u8]) -> Result<Option<Answer<'_>>> {
        let Some(end) = find(input, b"\r\n\r\n") else {
            ensure!(input.len() < 64 * 1024, "a head without an end");
            return Ok(None);
        };
        let head = std::str::from_utf8(&input[..end]).context("a head that is not text")?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let status = status.with_context(|| format!("not an answer: {head:?}"))?;
        let body = end + 4;
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                let length = body + value.trim().parse::<usize>().context("content-length")?;
                let answer = |bytes| Answer { status, body: std::borrow::Cow::Borrowed(bytes), length };
                return Ok(input.get(body..length).map(answer));
            }
            if name.eq_ignore_ascii_case("transfer-encoding") && value.trim().eq_ignore_ascii_case("chunked") {
                return Ok(chunks(&input[body..])?.map(|(bytes, length)| Answer {
                    status,
                    body: std::borrow::Cow::Owned(bytes),
                    length: body + length,
                }));
            }
        }
        bail!("an answer without a length: {head:?}")
    }
}

/// A body sent in chunks and the bytes it took, `None` if it is cut.
fn chunks(input: &[u8]) -> Result<Option<(Vec<u8>, usize)>> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let Some(line) = find(&input[at..], b"\r\n") else { return Ok(None) };
        let size = std::str::from_utf8(&input[at..at + line]).context("the size of a chunk")?;
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16)
            .with_context(|| format!("the size of a chunk: {size:?}"))?;
        let from = at + line + 2;
        let Some(data) = input.get(from..from + size + 2) else { return Ok(None) };
        if size == 0 {
            return Ok(Some((body, from + 2)));
        }
        body.extend_from_slice(&data[..size]);
        at = from + size + 2;
    }
}

fn find(input: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(input, wanted)
}

/// The decimal number right after the first `key`.
pub(crate) fn number_after(input: &[u8], key: &[u8]) -> Option<u64> {
    let digits = &input[find(input, key)? + key.len()..];
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&digits[..length]).ok()?.parse().ok()
}
