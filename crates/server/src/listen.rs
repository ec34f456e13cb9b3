//! The listener: accepts connections, bounds what a stranger can hold of the server, and hands requests to the router.
//!
//! HTTP/1 only. Every wait for the peer has an end: for the TLS handshake, the head of a request, its body, the next request,
//! and for the peer to take the answer. Reading starts at [`serve`]; [`places`] bounds connections, [`patience`] the waits,
//! [`tls`] holds certificates, [`failures`] slows down whoever guesses at tokens.

pub(crate) mod body;
pub(crate) mod failures;
pub(crate) mod grpc;
mod patience;
mod places;
pub(crate) mod tls;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tower::Service as _;

use crate::config::{Config, Limits};
use crate::metrics::Text;
use body::{Answer, TimedBody};
use failures::Failures;
use patience::{Patience, Phase, Waits};
use places::{NoPlace, Place, Places};
use tls::{Certificate, Tls};

/// What hyper may hold of one connection in each direction. Bodies come in pieces of at most this size.
const BUFFER_BYTES_MAX: usize = 128 << 10;
/// How long the loop rests after accepting failed, which is mostly for want of file descriptors.
const REST: Duration = Duration::from_millis(200);
/// Between two lines in the log about the same trouble.
const SELDOM: Duration = Duration::from_secs(60);
/// File descriptors kept for everything but connections.
const OPEN_FILES_RESERVED: usize = 256;

/// What the listener knows and counts.
pub(crate) struct Listening {
    pub(crate) tls: Option<Tls>,
    pub(crate) failures: Failures,
    places: Arc<Places>,
    limits: Limits,
    counts: Counts,
    said: Mutex<Option<Instant>>,
}

/// Counts since the process started.
#[derive(Default)]
struct Counts {
    accepted: AtomicU64,
    accept_failures: AtomicU64,
    no_place: AtomicU64,
    no_place_address: AtomicU64,
    handshakes_failed: AtomicU64,
    handshakes_slow: AtomicU64,
    heads_slow: AtomicU64,
    answers_slow: AtomicU64,
    broken: AtomicU64,
}

impl Listening {
    /// Reads the files of TLS.
    ///
    /// # Errors
    /// When they cannot be used; the text names file and remedy.
    pub(crate) fn new(config: &Config) -> anyhow::Result<Self> {
        if config.tls.is_none() && !config.listen.ip().is_loopback() {
            tracing::warn!(
                "listening on {} without TLS: tokens and events can be read on their way. Set [tls], or see that only a proxy that speaks TLS reaches this address",
                config.listen
            );
        }
        Ok(Self::with(config.tls.as_ref().map(Tls::open).transpose()?, config.limits.clone()))
    }

    fn with(tls: Option<Tls>, limits: Limits) -> Self {
        let connections = places::within_open_files(limits.connections, OPEN_FILES_RESERVED);
        if connections < limits.connections {
            tracing::warn!(
                connections,
                "the limit of open files allows fewer connections than limits.connections, {}: raise it (`ulimit -n`, LimitNOFILE=)",
                limits.connections
            );
        }
        Self {
            tls,
            failures: Failures::new(limits.failures_per_minute),
            places: Arc::new(Places::new(connections, limits.connections_per_address)),
            limits,
            counts: Counts::default(),
            said: Mutex::default(),
        }
    }

    /// Where a server that is bound to `address` is found.
    pub(crate) fn url(&self, address: SocketAddr) -> String {
        match &self.tls {
            Some(tls) => format!("https://{}", tls.authority(address)),
            None => format!("http://{address}"),
        }
    }

    fn waits(&self) -> Waits {
        Waits {
            idle: Duration::from_secs(self.limits.idle_seconds),
            head: Duration::from_secs(self.limits.header_seconds),
            answer: Duration::from_secs(self.limits.answer_seconds),
        }
    }

    /// The next connection. That none can be accepted is counted, logged and tried again. May be dropped at any time.
    pub(crate) async fn accept(&self, listener: &TcpListener) -> (TcpStream, SocketAddr) {
        loop {
            match listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_the_peer(&error) => {}
                Err(error) => {
                    self.counts.accept_failures.fetch_add(1, Relaxed);
                    self.say(|| tracing::error!(%error, "no connection can be accepted; trying again"));
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// Logs `why` unless something was said within the last minute: whoever attacks must not fill the log.
    fn say(&self, why: impl FnOnce()) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|last| last.elapsed() >= SELDOM) {
            *said = Some(Instant::now());
            why();
        }
    }

    /// Shakes hands where the server has TLS; `protocols` are what may be spoken within it.
    pub(crate) async fn shake_hands(&self, stream: TcpStream, peer: SocketAddr, protocols: &[&[u8]]) -> Shaken {
        let Some(tls) = &self.tls else { return Shaken::Plain(stream) };
        let patience = Duration::from_secs(self.limits.handshake_seconds);
        let shaking = TlsAcceptor::from(tls.speaking(protocols)).accept(stream);
        match tokio::time::timeout(patience, shaking).await {
            Ok(Ok(stream)) => {
                let certificates = stream.get_ref().1.peer_certificates();
                let certificate = certificates.and_then(|chain| Certificate::read(chain.first()?)).map(Arc::new);
                Shaken::Tls(Box::new(stream), certificate)
            }
            Ok(Err(error)) => {
                self.counts.handshakes_failed.fetch_add(1, Relaxed);
                tracing::debug!(%peer, %error, "TLS handshake failed");
                Shaken::Failed
            }
            Err(_) => {
                self.counts.handshakes_slow.fetch_add(1, Relaxed);
                Shaken::Failed
            }
        }
    }

    /// A place for a connection from `peer`, if there is one.
    pub(crate) fn admit_peer(&self, peer: SocketAddr) -> Option<Place> {
        let counts = &self.counts;
        let (count, key) = match self.places.take(peer.ip()) {
            Ok(place) => {
                counts.accepted.fetch_add(1, Relaxed);
                return Some(place);
            }
            Err(NoPlace::Server) => (&counts.no_place, "limits.connections"),
            Err(NoPlace::Address) => (&counts.no_place_address, "limits.connections-per-address"),
        };
        count.fetch_add(1, Relaxed);
        self.say(|| tracing::warn!(peer = %peer.ip(), "a connection was closed at once: {key} are open"));
        None
    }

    /// The counters in the Prometheus text format.
    pub(crate) fn render(&self, text: &mut Text) {
        let Counts { accepted, accept_failures, no_place, no_place_address, .. } = &self.counts;
        let counter = |text: &mut Text, name: &str, help: &str, count: &AtomicU64| {
            text.plain(name, "counter", help, count.load(Relaxed) as f64);
        };
        text.plain("indelible_connections", "gauge", "Connections that are open.", self.places.taken() as f64);
        counter(text, "indelible_connections_accepted_total", "Connections accepted.", accepted);
        counter(text, "indelible_accept_failures_total", "Times no connection could be accepted.", accept_failures);
        let help = "Connections ended by the server because of what the peer did, by reason.";
        let Counts { handshakes_failed, handshakes_slow, heads_slow, answers_slow, broken, .. } = &self.counts;
        for (reason, count) in [
            ("tooMany", no_place),
            ("tooManyOfAddress", no_place_address),
            ("handshakeFailed", handshakes_failed),
            ("handshakeSlow", handshakes_slow),
            ("headSlow", heads_slow),
            ("answerSlow", answers_slow),
            ("notHttp", broken),
        ] {
            let count = count.load(Relaxed) as f64;
            text.sample("indelible_connections_refused_total", "counter", help, &[("reason", reason)], count);
        }
        self.failures.render(text);
    }
}

/// Serves `router` on `listener` over plain HTTP, with the bounds that a server has by default, until `stop` resolves.
pub async fn serve_bounded(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    serve(Arc::new(Listening::with(None, Limits::default())), listener, router, stop).await;
}

/// A connection after the handshake, if there is one.
pub(crate) enum Shaken {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::server::TlsStream<TcpStream>>, Option<Arc<Certificate>>),
    Failed,
}

/// Accepts connections and answers their requests until `stop` resolves; then what is in flight is finished, however long that
/// takes.
pub(crate) async fn serve(
    listening: Arc<Listening>,
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listening.accept(&listener) => accepted,
            () = &mut stop => break,
        };
        admit(&listening, stream, peer, &router, &graceful);
    }
    drop(listener);
    graceful.shutdown().await;
}

/// The peer was gone before it was accepted.
fn is_of_the_peer(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Serves the connection in a task of its own, if there is a place for it; else closes it.
fn admit(
    listening: &Arc<Listening>,
    stream: TcpStream,
    peer: SocketAddr,
    router: &Router,
    graceful: &GracefulShutdown,
) {
    let Some(place) = listening.admit_peer(peer) else { return };
    // Answers are written whole: waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let connection = Connection {
        listening: Arc::clone(listening),
        router: router.clone(),
        peer,
        watcher: graceful.watcher(),
        _place: place,
    };
    tokio::spawn(connection.run(stream));
}

/// An accepted connection.
struct Connection {
    listening: Arc<Listening>,
    router: Router,
    peer: SocketAddr,
    watcher: Watcher,
    _place: Place,
}

impl Connection {
    async fn run(self, stream: TcpStream) {
        match self.listening.shake_hands(stream, self.peer, &[b"http/1.1"]).await {
            Shaken::Plain(stream) => self.answer(stream, None).await,
            Shaken::Tls(stream, certificate) => self.answer(*stream, certificate).await,
            Shaken::Failed => {}
        }
    }

    /// Answers the requests that come on `stream`.
    async fn answer<S>(self, stream: S, certificate: Option<Arc<Certificate>>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { listening, router, peer, watcher, _place } = self;
        let phase = Arc::new(Phase::new());
        let body_patience = Duration::from_secs(listening.limits.body_seconds);
        let service = service_fn({
            let phase = Arc::clone(&phase);
            move |mut request: hyper::Request<hyper::body::Incoming>| {
                phase.requested();
                request.extensions_mut().insert(ConnectInfo(peer));
                if let Some(certificate) = &certificate {
                    request.extensions_mut().insert(Arc::clone(certificate));
                }
                // One router for each request, as axum asks for: it is a pointer.
                let answer = router.clone().call(request.map(|body| TimedBody::new(body, body_patience)));
                let phase = Arc::clone(&phase);
                async move { answer.await.map(|response| response.map(|body| Answer::new(body, phase))) }
            }
        });
        let stream = Patience::new(stream, Arc::clone(&phase), listening.waits());
        let connection = http1::Builder::new()
            // The stream has its own, which tells waiting for a request from waiting for the rest of one.
            .header_read_timeout(None)
            .max_header_size(listening.limits.header_bytes)
            .max_buf_size(BUFFER_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let ended: Result<(), hyper::Error> = watcher.watch(connection).await;
        let counts = &listening.counts;
        match (phase.given_up(), ended) {
            (Some(patience::Wait::Head), _) => _ = counts.heads_slow.fetch_add(1, Relaxed),
            (Some(patience::Wait::Answer), _) => _ = counts.answers_slow.fetch_add(1, Relaxed),
            (Some(patience::Wait::Idle), _) | (None, Ok(())) => {}
            (None, Err(error)) => {
                if error.is_parse() {
                    counts.broken.fetch_add(1, Relaxed);
                }
                tracing::debug!(%peer, error = &error as &dyn std::error::Error, "connection ended");
            }
        }
    }
}
