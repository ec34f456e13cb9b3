//! Receivers that take what a sink sends and keep nothing, and a plain socket to compare them with.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;

/// Listens, counts bytes, and lives until the process ends.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    bytes: Arc<AtomicU64>,
}

impl Receiver {
    /// Reads each connection to its end and then ends its own side, as a receiver of syslog does.
    pub(crate) fn syslog() -> Result<Receiver> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let receiver = Receiver { address: listener.local_addr()?, bytes: Arc::default() };
        let bytes = Arc::clone(&receiver.bytes);
        std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let bytes = Arc::clone(&bytes);
                std::thread::spawn(move || drain(stream, |read| _ = bytes.fetch_add(read, Relaxed)));
            }
        });
        Ok(receiver)
    }

    /// Answers each request of the HTTP Event Collector of Splunk as one that has indexed it.
    pub(crate) fn splunk() -> Result<Receiver> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let receiver = Receiver { address: listener.local_addr()?, bytes: Arc::default() };
        let bytes = Arc::clone(&receiver.bytes);
        let events = post(move |body: Bytes| async move {
            bytes.fetch_add(body.len() as u64, Relaxed);
            r#"{"text":"Success","code":0}"#
        });
        let router = Router::new()
            .route("/services/collector/event", events.clone())
            .route("/services/collector", events)
            .layer(DefaultBodyLimit::disable());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || {
            runtime.block_on(async { axum::serve(tokio::net::TcpListener::from_std(listener)?, router).await })
        });
        Ok(receiver)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }
}

/// Bytes of `piece` a second that go through a socket of this machine, sent again and again, one thread on each side.
pub(crate) fn loopback(piece: &[u8], pieces: u64) -> Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut sender = TcpStream::connect(listener.local_addr()?)?;
    let (stream, _) = listener.accept()?;
    let begin = Instant::now();
    let reader = std::thread::spawn(move || {
        let mut total = 0;
        drain(stream, |read| total += read);
        total
    });
    for _ in 0..pieces {
        sender.write_all(piece)?;
    }
    drop(sender);
    let total = reader.join().map_err(|_| anyhow!("the reader ended"))?;
    ensure!(total == piece.len() as u64 * pieces, "{total} bytes arrived");
    Ok(total as f64 / begin.elapsed().as_secs_f64())
}

fn drain(mut stream: TcpStream, mut count: impl FnMut(u64)) {
    let mut chunk = vec![0; 256 * 1024];
    while let Ok(read @ 1..) = stream.read(&mut chunk) {
        count(read as u64);
    }
}
