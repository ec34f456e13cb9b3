//! Syslog: RFC 5424 messages, octet-counted after RFC 6587, over TCP or TLS (RFC 5425).
//!
//! Syslog has no acknowledgement. So each batch has a connection of its own, which we end when all is sent; the receiver's end of it,
//! which comes after it has read everything, is taken as its word.

use std::time::Duration;

use indelible_event::parts::{Columns, List, Malformed, Text};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{Deliver, Outcome, Reach};
use crate::delivery::chain;
use crate::entry::{Batch, Entry};
use crate::format::{Format, ocsf};

/// For the connection with its handshake, for sending, and for the receiver's end.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const SEND_TIMEOUT: Duration = Duration::from_secs(60);
const END_TIMEOUT: Duration = Duration::from_secs(30);

/// Facility 13, "log audit".
const FACILITY: u8 = 13;

/// The element of structured data. 32473 is the number that RFC 5612 sets aside for examples: we have none of our own.
const ELEMENT: &str = "indelible@32473";

/// A receiver of syslog.
pub struct Syslog {
    format: Format,
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
    reach: Reach,
}

impl std::fmt::Debug for Syslog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Syslog").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

impl Syslog {
    pub(super) fn new(format: Format, host: &str, port: u16, tls: Option<TlsConnector>, reach: Reach) -> Self {
        Self { format, host: host.to_owned(), port, tls, reach }
    }

    fn frames(&self, batch: &Batch, which: &[usize]) -> Result<Vec<u8>, Malformed> {
        let (mut frames, mut message) = (Vec::new(), Vec::new());
        for entry in batch.select(which) {
            message.clear();
            write_message(self.format, batch, entry, &mut message)?;
            frames.extend_from_slice(message.len().to_string().as_bytes());
            frames.push(b' ');
            frames.extend_from_slice(&message);
        }
        Ok(frames)
    }

    async fn send(&self, frames: &[u8]) -> Result<(), String> {
        let place = format!("{}:{}", self.host, self.port);
        let connecting = async {
            let addresses = self.reach.resolve(&self.host, self.port).await.map_err(|error| chain(&error))?;
            TcpStream::connect(&addresses[..]).await.map_err(|error| error.to_string())
        };
        let stream = match timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(stream) => stream.map_err(|error| format!("connect to {place}: {error}"))?,
            Err(_) => return Err(format!("connect to {place}: no answer within {} s", CONNECT_TIMEOUT.as_secs())),
        };
        let Some(tls) = &self.tls else { return exchange(stream, frames).await };
        let name = ServerName::try_from(self.host.clone()).map_err(|_| format!("{} is no name for TLS", self.host))?;
        let stream = match timeout(CONNECT_TIMEOUT, tls.connect(name, stream)).await {
            Ok(stream) => stream.map_err(|error| format!("TLS with {place}: {}", chain(&error)))?,
            Err(_) => return Err(format!("TLS with {place}: no answer within {} s", CONNECT_TIMEOUT.as_secs())),
        };
        exchange(stream, frames).await
    }
}

/// Sends everything, ends our side, and waits for the receiver's end.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, frames: &[u8]) -> Result<(), String> {
    let sending = async {
        stream.write_all(frames).await?;
        stream.flush().await?;
        stream.shutdown().await
    };
    match timeout(SEND_TIMEOUT, sending).await {
        Ok(sent) => sent.map_err(|error| format!("send: {error}"))?,
        Err(_) => {
            return Err(format!("send: the receiver did not take the events within {} s", SEND_TIMEOUT.as_secs()));
        }
    }
    // What a receiver says is of no meaning in syslog; what counts is that it ends.
    let mut said = [0; 512];
    let ending = async {
        while stream.read(&mut said).await? > 0 {}
        Ok::<(), std::io::Error>(())
    };
    match timeout(END_TIMEOUT, ending).await {
        Ok(Ok(())) => Ok(()),
        // A receiver may end TCP without ending TLS first; it has read all the same.
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(()),
        Ok(Err(error)) => Err(format!("the connection broke before the receiver ended it: {error}")),
        Err(_) => Err(format!("the receiver did not end the connection within {} s of our end", END_TIMEOUT.as_secs())),
    }
}

impl Deliver for Syslog {
    async fn deliver(&self, batch: &Batch, which: &[usize]) -> Outcome {
        let frames = match self.frames(batch, which) {
            Ok(frames) => frames,
            Err(error) => return Outcome::Refused { reason: error.to_string() },
        };
        match self.send(&frames).await {
            Ok(()) => Outcome::all(),
            Err(reason) => Outcome::later(reason),
        }
    }
}

fn write_message(format: Format, batch: &Batch, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Malformed> {
    let row = entry.row()?;
    let severity = match row.text(Text::Result) {
        Some("SUCCESS") | None => 6,
        Some("UNAUTHORIZED") => 4,
        Some(_) => 5,
    };
    out.extend_from_slice(format!("<{}>1 ", FACILITY * 8 + severity).as_bytes());
    // RFC 5424 takes microseconds, not less.
    indelible_event::Time { nanos: 0, ..row.time() }.write(out);
    let categories: Vec<_> = row.list(List::Categories).collect();
    let kind = ocsf::leading(&categories);
    for (field, length) in [(row.text(Text::Host), 255), (row.text(Text::Product), 48), (None, 0), (kind, 32)] {
        out.push(b' ');
        header(field, length, out);
    }
    out.extend_from_slice(b" [");
    out.extend_from_slice(ELEMENT.as_bytes());
    for (name, value) in
        [("id", batch.id(entry).as_str()), ("organization", &batch.log.organization), ("seq", &entry.seq.to_string())]
    {
        out.extend_from_slice(format!(" {name}=\"").as_bytes());
        parameter(value, out);
        out.push(b'"');
    }
    out.extend_from_slice(b"] ");
    format.write(batch, entry, out)
}

/// A field of the header: visible ASCII, everything else as `_`, at most `length` bytes; `-` if there is nothing.
fn header(text: Option<&str>, length: usize, out: &mut Vec<u8>) {
    let start = out.len();
    let visible = |byte: u8| if byte.is_ascii_graphic() { byte } else { b'_' };
    out.extend(text.unwrap_or_default().bytes().map(visible).take(length));
    if out.len() == start {
        out.push(b'-');
    }
}

/// The value of a parameter of structured data.
fn parameter(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\' | b']') {
            out.push(b'\\');
        }
        out.push(byte);
    }
}

#[cfg(test)]
mod tests;
