//! NATS: a publish into a JetStream stream, answered when the stream has stored it.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail, ensure};

use super::http::number_after;
use super::{Protocol, open, read_answer};

/// Subject the events are published to; the stream `create_stream` makes takes it in.
const SUBJECT: &str = "audit";

/// Publishes and waits for each acknowledgement.
pub(crate) struct Publisher {
    inbox: String,
    stored: u64,
}

/// Connects and subscribes to an inbox of its own, where the acknowledgements arrive.
pub(crate) fn connect(address: SocketAddr) -> Result<(TcpStream, Publisher)> {
    static CONNECTIONS: AtomicU64 = AtomicU64::new(1);
    let inbox = format!("_INBOX.bench{}", CONNECTIONS.fetch_add(1, Ordering::Relaxed));
    let mut stream = open(address)?;
    let info = read_answer(&mut stream, |input| Ok(line(input).map(|(_, length)| length)))?;
    ensure!(info.starts_with(b"INFO "), "not a NATS server: {}", String::from_utf8_lossy(&info));
    let hello = format!("CONNECT {{\"verbose\":false,\"pedantic\":false}}\r\nSUB {inbox} 1\r\nPING\r\n");
    stream.write_all(hello.as_bytes())?;
    let pong = read_answer(&mut stream, |input| Ok(line(input).map(|(_, length)| length)))?;
    ensure!(pong == b"PONG\r\n", "expected PONG, got {}", String::from_utf8_lossy(&pong));
    Ok((stream, Publisher { inbox, stored: 0 }))
}

/// Makes the stream that keeps what is published: in files, without a limit.
pub(crate) fn create_stream(address: SocketAddr) -> Result<()> {
    let (mut stream, publisher) = connect(address)?;
    let settings = format!(
        r#"{{"name":"AUDIT","subjects":["{SUBJECT}"],"storage":"file","retention":"limits","max_msgs":-1,"max_bytes":-1,"num_replicas":1}}"#
    );
    let request = format!("PUB $JS.API.STREAM.CREATE.AUDIT {} {}\r\n{settings}\r\n", publisher.inbox, settings.len());
    stream.write_all(request.as_bytes())?;
    let answer = read_answer(&mut stream, |input| Ok(message(input)?.map(|(_, length)| length)))?;
    let said = String::from_utf8_lossy(&answer);
    ensure!(said.contains("stream_create_response") && !said.contains("\"error\""), "create a stream: {said}");
    Ok(())
}

impl Protocol for Publisher {
    fn request(&mut self, batch: &[u8], head: &mut Vec<u8>, tail: &mut Vec<u8>) {
        head.extend_from_slice(format!("PUB {SUBJECT} {} {}\r\n", self.inbox, batch.len()).as_bytes());
        tail.extend_from_slice(b"\r\n");
    }

    fn answer(&mut self, input: &[u8], _: u64) -> Result<Option<usize>> {
        let Some((payload, length)) = message(input)? else { return Ok(None) };
        let place = number_after(payload, b"\"seq\":");
        ensure!(
            place.is_some_and(|place| place > self.stored),
            "not an acknowledgement: {}",
            String::from_utf8_lossy(payload)
        );
        self.stored = place.unwrap_or_default();
        Ok(Some(length))
    }
}

/// The payload of the message at the start of `input`, and the bytes up to its end. A server's `PING` may
/// stand before it; the run is shorter than the time in which it wants an answer.
fn message(input: &[u8]) -> Result<Option<(&[u8], usize)>> {
    let mut at = 0;
    loop {
        let Some((text, length)) = line(&input[at..]) else { return Ok(None) };
        at += length;
        match text {
            "PING" | "PONG" | "+OK" => continue,
            _ => {}
        }
        let Some(rest) = text.strip_prefix("MSG ") else { bail!("the server says: {text}") };
        let size: usize = rest.rsplit(' ').next().and_then(|size| size.parse().ok()).context("size of a message")?;
        return Ok(input.get(at..at + size + 2).map(|payload| (&payload[..size], at + size + 2)));
    }
}

/// The first line without its end, and its length with it.
fn line(input: &[u8]) -> Option<(&str, usize)> {
    let end = input.windows(2).position(|window| window == b"\r\n")?;
    Some((std::str::from_utf8(&input[..end]).unwrap_or("(not text)"), end + 2))
}
