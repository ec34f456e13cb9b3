//! OTLP over gRPC: one unary call over HTTP/2, on an address of its own.
//!
//! gRPC is little more here than a frame around the message and two trailers, so no framework for it is needed.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderValue, Request, Response, header};
use futures::StreamExt as _;
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use indelible_receive::otlp::{Encoding, decode, grpc};
use indelible_receive::{Failure, Outcome};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use super::Shaken;
use super::body::TimedBody;
use super::places::Place;
use super::tls::Certificate;
use crate::app::{App, Room};
use crate::error::ApiError;
use crate::pipeline::failure;
use crate::routes::events::not_arrived;
use crate::routes::receive::{OTLP, decompress, limits, source};

/// Calls of one connection at a time.
const CALLS_MAX: u32 = 64;
/// A peer that is silent for so long is asked whether it is there.
const PING_AFTER: Duration = Duration::from_secs(60);
/// So long it may take to say so.
const PING_PATIENCE: Duration = Duration::from_secs(20);
/// The status of a call that is not answered here.
const UNIMPLEMENTED: u32 = 12;

/// Accepts connections and answers their calls until `stop` resolves; then those in flight are finished.
pub(crate) async fn serve(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = app.listening.accept(&listener) => accepted,
            () = &mut stop => break,
        };
        if let Some(place) = app.listening.admit_peer(peer) {
            tokio::spawn(run(Arc::clone(&app), stream, peer, graceful.watcher(), place));
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn run(app: Arc<App>, stream: TcpStream, peer: SocketAddr, watcher: Watcher, _place: Place) {
    let _ = stream.set_nodelay(true);
    match app.listening.shake_hands(stream, peer, &[b"h2"]).await {
        Shaken::Plain(stream) => answer(app, stream, peer, None, watcher).await,
        Shaken::Tls(stream, certificate) => answer(app, *stream, peer, certificate, watcher).await,
        Shaken::Failed => {}
    }
}

async fn answer<S>(app: Arc<App>, stream: S, peer: SocketAddr, certificate: Option<Arc<Certificate>>, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = app.config.limits.clone();
    let calls = Calls::new();
    let counted = Arc::clone(&calls);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let begun = counted.begin();
        request.extensions_mut().insert(ConnectInfo(peer));
        if let Some(certificate) = &certificate {
            request.extensions_mut().insert(Arc::clone(certificate));
        }
        let app = Arc::clone(&app);
        async move {
            let answer = call(&app, request).await;
            drop(begun);
            Ok::<_, Infallible>(answer)
        }
    });
    let header_bytes = u32::try_from(limits.header_bytes).unwrap_or(u32::MAX);
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(CALLS_MAX)
        .max_header_list_size(header_bytes)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PING_PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    let ended = tokio::select! {
        ended = watcher.watch(connection) => ended,
        // Clients connect again when they have something to send.
        () = calls.idle(Duration::from_secs(limits.idle_seconds)) => Ok(()),
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, error = &error as &dyn std::error::Error, "connection for gRPC ended");
    }
}

async fn call(app: &Arc<App>, request: Request<Incoming>) -> Response<Ended> {
    let started = Instant::now();
    let is_export = request.uri().path() == grpc::EXPORT;
    let ending = match is_export {
        false => grpc::Ending {
            body: Vec::new(),
            status: UNIMPLEMENTED,
            message: "only the export of logs is answered here".to_owned(),
            details: String::new(),
        },
        true => match export(app, request).await {
            Ok(outcomes) => grpc::answer(&outcomes),
            Err(failure) => grpc::failure(&failure),
        },
    };
    let route = if is_export { grpc::EXPORT } else { "other" };
    app.metrics.request(route, 200, started.elapsed().as_secs_f64());
    Ended::response(ending)
}

async fn export(app: &Arc<App>, request: Request<Incoming>) -> Result<Vec<Outcome>, Failure> {
    let told = |error| failure(&error);
    let (mut parts, body) = request.into_parts();
    let (source, view) = source(app, &mut parts, &OTLP).await?;
    app.admit().map_err(told)?;
    let patience = Duration::from_secs(app.config.limits.body_seconds);
    let (frame, mut room) = frame(app, Body::new(TimedBody::new(body, patience))).await.map_err(told)?;
    let message = grpc::message(&frame)?;
    let encoding = parts.headers.get("grpc-encoding").map_or("identity", |value| value.to_str().unwrap_or("?"));
    let plain;
    let bytes = match &mut room {
        Some(room) if message.is_compressed => {
            plain = decompress(app, encoding, message.bytes, room).await.map_err(told)?;
            &plain
        }
        _ => message.bytes,
    };
    let records = app.interpret(bytes, |bytes| decode(bytes, Encoding::Protobuf, view, &limits(app))).await?;
    app.take(&source, &records, OTLP.keeps).await.map_err(told)
}

/// Reads the frame of a call once there is room for what it announces, and no more than that.
async fn frame(app: &App, body: Body) -> Result<(Vec<u8>, Option<Room>), ApiError> {
    let mut chunks = body.into_data_stream();
    let (mut bytes, mut room, mut most) = (Vec::new(), None, usize::MAX);
    while bytes.len() <= most
        && let Some(chunk) = chunks.next().await
    {
        bytes.extend_from_slice(&chunk.map_err(|error| not_arrived(&error))?);
        if room.is_none()
            && let Some(prefix) = grpc::prefix(&bytes)
        {
            room = Some(app.reserve(prefix.frame_bytes, prefix.is_compressed).await?);
            most = prefix.frame_bytes;
        }
    }
    Ok((bytes, room))
}

/// The calls of a connection.
struct Calls {
    opened: Instant,
    /// Calls that are not answered yet.
    open: AtomicU32,
    /// When the last one ended, milliseconds after the connection began.
    ended_ms: AtomicU64,
}

impl Calls {
    fn new() -> Arc<Self> {
        Arc::new(Self { opened: Instant::now(), open: AtomicU32::new(0), ended_ms: AtomicU64::new(0) })
    }

    fn begin(self: &Arc<Self>) -> Call {
        self.open.fetch_add(1, Relaxed);
        Call(Arc::clone(self))
    }

    /// Ends when there was no call for so long.
    async fn idle(&self, patience: Duration) {
        loop {
            let ended = Duration::from_millis(self.ended_ms.load(Relaxed));
            let since = self.opened.elapsed().saturating_sub(ended);
            match self.open.load(Relaxed) {
                0 if since >= patience => return,
                0 => tokio::time::sleep(patience.saturating_sub(since)).await,
                _ => tokio::time::sleep(patience).await,
            }
        }
    }
}

/// A call that is being answered.
struct Call(Arc<Calls>);

impl Drop for Call {
    fn drop(&mut self) {
        let ms = u64::try_from(self.0.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.ended_ms.store(ms, Relaxed);
        self.0.open.fetch_sub(1, Relaxed);
    }
}

/// The body of an answer: at most one frame, and the trailers that end the call.
pub(crate) struct Ended {
    body: Option<Bytes>,
    trailers: Option<HeaderMap>,
}

impl Ended {
    fn response(ending: grpc::Ending) -> Response<Self> {
        let grpc::Ending { body, status, message, details } = ending;
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from(status));
        for (name, text) in [("grpc-message", message), ("grpc-status-details-bin", details)] {
            // Both are ASCII already; what is not would be left out.
            if let Some(value) = HeaderValue::from_str(&text).ok().filter(|value| !value.is_empty()) {
                trailers.insert(name, value);
            }
        }
        let body = Some(Bytes::from(body)).filter(|body| !body.is_empty());
        let mut response = Response::new(Self { body, trailers: Some(trailers) });
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc+proto"));
        response
    }
}

impl HttpBody for Ended {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        let frame = this.body.take().map(Frame::data).or_else(|| this.trailers.take().map(Frame::trailers));
        Poll::Ready(frame.map(Ok))
    }
}
