//! Bytes on connections, as no client would send them.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use tokio::net::TcpSocket;

/// What an attacker sends, and how.
pub(super) enum Send {
    /// All at once; then it waits.
    Whole(Vec<u8>),
    /// A byte every few milliseconds, for as long as the server listens.
    Drip(Vec<u8>),
}

/// A connection from this address of the loopback network.
pub(super) fn connect(url: &str, from: [u8; 4]) -> TcpStream {
    let to: SocketAddr = url.rsplit('/').next().unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        socket.connect(to).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream
}

/// Sends it and returns with which status the server answered first, if it did, and after how long it had closed the connection.
pub(super) fn attack(url: &str, from: [u8; 4], sending: &Send, patience: Duration) -> (Option<u16>, Duration) {
    let begun = Instant::now();
    let mut stream = connect(url, from);
    stream.set_read_timeout(Some(patience)).unwrap();
    stream.set_write_timeout(Some(patience)).unwrap();
    // That the server does not want to hear it is no failure of the attack.
    match sending {
        Send::Whole(bytes) => _ = stream.write_all(bytes),
        Send::Drip(bytes) => {
            let dripped = bytes.chunks(1).try_for_each(|byte| {
                std::thread::sleep(Duration::from_millis(10));
                stream.write_all(byte)
            });
            assert!(dripped.is_err(), "all of it was taken");
        }
    }
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(&piece[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("still open after {:?}: {}", begun.elapsed(), String::from_utf8_lossy(&answer))
            }
            Err(_) => break,
        }
    }
    let answer = String::from_utf8_lossy(&answer);
    // What asks for the body is not the answer yet.
    let answer = answer.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&answer);
    (answer.get(9..12).and_then(|status| status.parse().ok()), begun.elapsed())
}
