//! The protocols the load generator speaks, each without IO.
//!
//! A protocol frames a batch of events as a request and recognises the complete answer. Who sends the bytes,
//! over how many connections and when, is `drive`'s business: so every system meets the same client.

pub(crate) mod http;
pub(crate) mod nats;
pub(crate) mod otlp;
pub(crate) mod postgres;
#[cfg(test)]
mod tests;

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};

/// One connection's side of a conversation of requests and answers, one at a time.
pub(crate) trait Protocol {
    /// Frames `batch`: what is sent is `head`, then the batch itself, then `tail`. Both arrive empty.
    fn request(&mut self, batch: &[u8], head: &mut Vec<u8>, tail: &mut Vec<u8>);

    /// The length of the complete answer at the start of `input`, or `None` if more must be read.
    ///
    /// An error unless the answer says that all `events` of the batch are stored, durable and new.
    fn answer(&mut self, input: &[u8], events: u64) -> Result<Option<usize>>;
}

/// Where the load goes, and how it is spoken to.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// `POST /api/v1/events` of NDJSON: Indelible, and the server that does nothing.
    Http { address: SocketAddr, token: String },
    /// `POST /v1/logs` of OTLP in protobuf; the batch is a whole request.
    Otlp { address: SocketAddr, token: String },
    /// A JetStream publish that waits for its acknowledgement; a batch is one message.
    Nats { address: SocketAddr },
    /// `COPY`, a transaction per batch.
    PostgresCopy { address: SocketAddr },
    /// A prepared `INSERT` of one row; the batch must be one event.
    PostgresInsert { address: SocketAddr },
}

impl Target {
    /// Connects and goes through the opening of the protocol; what follows are requests.
    pub(crate) fn connect(&self) -> Result<(TcpStream, Box<dyn Protocol>)> {
        match self {
            Target::Http { address, token } => Ok((open(*address)?, Box::new(http::Posts::events(*address, token)))),
            Target::Otlp { address, token } => Ok((open(*address)?, Box::new(http::Posts::logs(*address, token)))),
            Target::Nats { address } => {
                let (stream, publisher) = nats::connect(*address)?;
                Ok((stream, Box::new(publisher)))
            }
            Target::PostgresCopy { address } => Ok((postgres::connect(*address)?, Box::new(postgres::Copy))),
            Target::PostgresInsert { address } => {
                let mut stream = postgres::connect(*address)?;
                postgres::prepare_insert(&mut stream)?;
                Ok((stream, Box::new(postgres::Insert)))
            }
        }
    }
}

fn open(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).with_context(|| format!("connect to {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    Ok(stream)
}

/// Reads until `complete` finds the end of an answer, and returns what was read up to there.
fn read_answer(stream: &mut TcpStream, mut complete: impl FnMut(&[u8]) -> Result<Option<usize>>) -> Result<Vec<u8>> {
    let mut input = Vec::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        if let Some(length) = complete(&input)? {
            input.truncate(length);
            return Ok(input);
        }
        let read = stream.read(&mut chunk).context("read an answer")?;
        anyhow::ensure!(read > 0, "the server closed the connection after {} bytes", input.len());
        input.extend_from_slice(&chunk[..read]);
    }
}
