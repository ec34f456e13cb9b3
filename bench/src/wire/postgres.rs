//! PostgreSQL's protocol, version 3, for a server that trusts its clients.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use anyhow::{Result, ensure};

use super::{Protocol, open, read_answer};

/// Takes NDJSON lines as they are: neither delimiter nor quote ever stands in JSON text.
const COPY: &str = "copy events (event) from stdin with (format csv, delimiter e'\\x01', quote e'\\x02')";
const INSERT: &str = "insert into events (event) values ($1)";

/// Connects as user `bench` to database `postgres`.
pub(crate) fn connect(address: SocketAddr) -> Result<TcpStream> {
    let mut stream = open(address)?;
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    body.extend_from_slice(b"user\0bench\0database\0postgres\0\0");
    let mut message = (body.len() as u32 + 4).to_be_bytes().to_vec();
    message.extend_from_slice(&body);
    stream.write_all(&message)?;
    read_answer(&mut stream, |input| ready(input, |_, _| {}))?;
    Ok(stream)
}

/// Runs statements whose rows nobody wants.
pub(crate) fn execute(address: SocketAddr, statements: &str) -> Result<()> {
    let mut stream = connect(address)?;
    let mut message = Vec::new();
    push(&mut message, b'Q', &[statements.as_bytes(), b"\0"]);
    stream.write_all(&message)?;
    read_answer(&mut stream, |input| ready(input, |_, _| {}))?;
    Ok(())
}

pub(super) fn prepare_insert(stream: &mut TcpStream) -> Result<()> {
    let mut message = Vec::new();
    push(&mut message, b'P', &[b"insert\0", INSERT.as_bytes(), b"\0", &0_u16.to_be_bytes()]);
    push(&mut message, b'S', &[]);
    stream.write_all(&message)?;
    read_answer(stream, |input| ready(input, |_, _| {}))?;
    Ok(())
}

/// A batch is one `COPY`, which is one transaction.
pub(crate) struct Copy;

impl Protocol for Copy {
    fn request(&mut self, batch: &[u8], head: &mut Vec<u8>, tail: &mut Vec<u8>) {
        push(head, b'Q', &[COPY.as_bytes(), b"\0"]);
        head.push(b'd');
        head.extend_from_slice(&(batch.len() as u32 + 4).to_be_bytes());
        push(tail, b'c', &[]);
    }

    fn answer(&mut self, input: &[u8], events: u64) -> Result<Option<usize>> {
        stored(input, &format!("COPY {events}"))
    }
}

/// A batch is one event, one row, one transaction.
pub(crate) struct Insert;

impl Protocol for Insert {
    fn request(&mut self, batch: &[u8], head: &mut Vec<u8>, tail: &mut Vec<u8>) {
        // Bind: unnamed portal, statement, no formats (text), one parameter, no result formats.
        let before: [&[u8]; 4] = [b"\0", b"insert\0", &0_u16.to_be_bytes(), &1_u16.to_be_bytes()];
        let length = 4 + before.iter().map(|part| part.len()).sum::<usize>() + 4 + batch.len() + 2;
        head.push(b'B');
        head.extend_from_slice(&(length as u32).to_be_bytes());
        before.iter().for_each(|part| head.extend_from_slice(part));
        head.extend_from_slice(&(batch.len() as u32).to_be_bytes());
        tail.extend_from_slice(&0_u16.to_be_bytes());
        push(tail, b'E', &[b"\0", &0_u32.to_be_bytes()]);
        push(tail, b'S', &[]);
    }

    fn answer(&mut self, input: &[u8], events: u64) -> Result<Option<usize>> {
        stored(input, &format!("INSERT 0 {events}"))
    }
}

fn push(out: &mut Vec<u8>, kind: u8, parts: &[&[u8]]) {
    let length = 4 + parts.iter().map(|part| part.len()).sum::<usize>();
    out.push(kind);
    out.extend_from_slice(&(length as u32).to_be_bytes());
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// The end of an answer that must say `tag`, e.g. `COPY 1000`.
fn stored(input: &[u8], tag: &str) -> Result<Option<usize>> {
    let mut said = false;
    let end = ready(input, |kind, body| said |= kind == b'C' && body.strip_suffix(b"\0") == Some(tag.as_bytes()))?;
    ensure!(end.is_none() || said, "the server did not say {tag}");
    Ok(end)
}

/// Goes through the messages up to "ready for query" and returns where that ends. An error message is an error.
fn ready(input: &[u8], mut message: impl FnMut(u8, &[u8])) -> Result<Option<usize>> {
    let mut at = 0;
    loop {
        let Some(&[kind, a, b, c, d]) = input.get(at..at + 5) else { return Ok(None) };
        let end = at + 1 + u32::from_be_bytes([a, b, c, d]) as usize;
        let Some(body) = input.get(at + 5..end) else { return Ok(None) };
        ensure!(kind != b'E', "the server says: {}", String::from_utf8_lossy(body).replace('\0', " "));
        message(kind, body);
        at = end;
        if kind == b'Z' {
            return Ok(Some(at));
        }
    }
}
