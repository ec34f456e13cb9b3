//! Audit of HTTP requests: a layer that answers only when the events of a request are durable, and an extractor for handlers.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response as AxumResponse};
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use indelible_event::catalogue::composed::{Categories, Finds};
use serde::Serialize;
use tower::{Layer, Service};

use crate::auditor::Auditor;
use crate::context::{Context, Network};
use crate::emission::{Emission, EmitError};
use crate::guard::Guard;

/// How long a request waits for its events to be durable.
const PATIENCE: Duration = Duration::from_secs(5);

/// Gives each request an [`Audit`] and holds its answer back until the request's events are durable.
///
/// What becomes of the answer when that fails is a choice to be made: see [`fail_closed`](Self::fail_closed) and
/// [`fail_open`](Self::fail_open). The address of who connected is known if the service was made with
/// `into_make_service_with_connect_info::<SocketAddr>()`.
#[derive(Clone, Debug)]
pub struct AuditLayer {
    auditor: Auditor,
    proxies: Arc<[Network]>,
    is_closed: bool,
    demands_event: bool,
    patience: Duration,
}

impl AuditLayer {
    /// Where an event of a request is not durable, the answer becomes 500 with no body; so does an answer that is not an error itself
    /// although the outcome of an event was not said.
    pub fn fail_closed(auditor: Auditor) -> Self {
        let proxies = Arc::default();
        Self { auditor, proxies, is_closed: true, demands_event: false, patience: PATIENCE }
    }

    /// The answer goes out in any case; what failed is logged and counted in [`Stats::failed`](crate::Stats::failed).
    pub fn fail_open(auditor: Auditor) -> Self {
        Self { is_closed: false, ..Self::fail_closed(auditor) }
    }

    /// Believes the `X-Forwarded-For` of proxies at these addresses; without any, of nobody.
    pub fn trust(self, proxies: impl IntoIterator<Item = Network>) -> Self {
        Self { proxies: proxies.into_iter().collect(), ..self }
    }

    /// Takes an answer that is no error for a failure too if the request had no event at all: for routers all of whose handlers audit.
    pub fn demand_event(self) -> Self {
        Self { demands_event: true, ..self }
    }

    /// How long an answer is held back until its events are durable; 5 s unless set. Then they count as not durable.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    fn begin(&self, headers: &HeaderMap, peer: Option<SocketAddr>) -> Audit {
        let header = |name: &str| headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let context = Context::from_headers(header, peer.map(|peer| peer.ip()), &self.proxies);
        Audit { auditor: self.auditor.clone(), request: Arc::new(OfRequest::new(context)) }
    }

    /// The answer, or what stands for it because the audit failed.
    async fn settle<B: Default>(&self, request: &OfRequest, response: Response<B>) -> Response<B> {
        request.decide(response.status());
        let fault = self.fault(request, response.status()).await;
        let Some(fault) = fault else { return response };
        if !self.is_closed {
            tracing::error!(
                fault,
                status = response.status().as_u16(),
                "a request was answered without all of its audit"
            );
            return response;
        }
        tracing::error!(fault, status = response.status().as_u16(), "a request was not answered for lack of its audit");
        let mut failed = Response::new(B::default());
        *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        failed
    }

    async fn fault(&self, request: &OfRequest, status: StatusCode) -> Option<String> {
        let is_error = status.is_client_error() || status.is_server_error();
        if !is_error && request.undecided.load(Acquire) > 0 {
            return Some("the outcome of an event was not said".to_owned());
        }
        if !is_error && self.demands_event && !request.has_begun() {
            return Some("it has no event".to_owned());
        }
        match tokio::time::timeout(self.patience, request.durable()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("its events were not durable after {:?}", self.patience)),
        }
    }
}

impl<S> Layer<S> for AuditLayer {
    type Service = AuditService<S>;

    fn layer(&self, inner: S) -> AuditService<S> {
        AuditService { layer: self.clone(), inner }
    }
}

/// A service in an [`AuditLayer`].
#[derive(Clone, Debug)]
pub struct AuditService<S> {
    layer: AuditLayer,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for AuditService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Send,
    R: Default + Send,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut std::task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
        let audit = self.layer.begin(request.headers(), peer);
        let of_request = Arc::clone(&audit.request);
        request.extensions_mut().insert(audit);
        let (layer, answer) = (self.layer.clone(), self.inner.call(request));
        Box::pin(async move {
            let response = answer.await?;
            Ok(layer.settle(&of_request, response).await)
        })
    }
}

/// What the layer knows of the audit of a request.
#[derive(Debug)]
struct OfRequest {
    context: Mutex<Arc<Context>>,
    /// Events on their way.
    emissions: Mutex<Vec<Emission>>,
    /// Events that were dropped before their outcome was said; the status of the answer says it.
    dropped: Mutex<Vec<Dropped>>,
    begun: AtomicUsize,
    /// Events that are open, or were dropped before their outcome was said.
    undecided: AtomicUsize,
}

/// An event that says how it ended when it is told whether the request was refused; dropped, it says `ERROR`.
struct Dropped(Box<dyn FnOnce(bool) -> Emission + Send>);

impl fmt::Debug for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dropped")
    }
}

impl OfRequest {
    fn new(context: Context) -> Self {
        let (begun, undecided) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let context = Mutex::new(Arc::new(context));
        Self { context, emissions: Mutex::default(), dropped: Mutex::default(), begun, undecided }
    }

    fn has_begun(&self) -> bool {
        self.begun.load(Acquire) > 0
    }

    /// Says the outcome of the events that were dropped.
    fn decide(&self, status: StatusCode) {
        let is_refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        let dropped = std::mem::take(&mut *lock(&self.dropped));
        lock(&self.emissions).extend(dropped.into_iter().map(|Dropped(end)| end(is_refused)));
    }

    /// Waits for all events that are on their way.
    async fn durable(&self) -> Result<(), EmitError> {
        loop {
            let emissions = std::mem::take(&mut *lock(&self.emissions));
            if emissions.is_empty() {
                return Ok(());
            }
            for emission in emissions {
                emission.await?;
            }
        }
    }
}

/// The audit of one request: in the request's extensions behind an [`AuditLayer`], and an extractor for handlers.
#[derive(Clone, Debug)]
pub struct Audit {
    auditor: Auditor,
    request: Arc<OfRequest>,
}

impl Audit {
    /// Begins an event of this request, by whoever is [known](Self::identify) to have sent it. For `categories` see
    /// [`Auditor::begin`].
    pub fn begin<E>(&self, name: impl Into<Cow<'static, str>>, categories: E) -> RequestGuard<E>
    where
        E: Categories + Send + 'static,
    {
        self.request.begun.fetch_add(1, AcqRel);
        self.request.undecided.fetch_add(1, AcqRel);
        let context = Arc::clone(&lock(&self.request.context));
        let guard = Guard::new(self.auditor.clone(), context, name.into(), categories);
        RequestGuard { guard: Some(guard), request: Arc::clone(&self.request) }
    }

    /// Says who sends the request. For what authenticates requests, which stands behind the layer and finds this in their extensions:
    ///
    /// ```
    /// use axum::{extract::Request, middleware::Next, response::Response};
    ///
    /// async fn authenticate(request: Request, next: Next) -> Response {
    ///     let user = "u-4711"; // whoever the token or session says
    ///     if let Some(audit) = request.extensions().get::<indelible_sdk::Audit>() {
    ///         audit.identify(|context| context.user = Some(user.to_owned()));
    ///     }
    ///     next.run(request).await
    /// }
    /// ```
    pub fn identify(&self, change: impl FnOnce(&mut Context)) {
        change(Arc::make_mut(&mut lock(&self.request.context)));
    }

    /// Who sends the request, as far as it is known.
    pub fn context(&self) -> Context {
        (**lock(&self.request.context)).clone()
    }

    /// For events that the answer does not wait for, such as those of work that goes on behind it.
    pub fn auditor(&self) -> &Auditor {
        &self.auditor
    }
}

/// A request outside of an [`AuditLayer`].
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the handler wants an Audit and no AuditLayer is around it")]
pub struct NoAuditLayer;

impl IntoResponse for NoAuditLayer {
    fn into_response(self) -> AxumResponse {
        tracing::error!("{self}");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Audit {
    type Rejection = NoAuditLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NoAuditLayer> {
        parts.extensions.get::<Audit>().cloned().ok_or(NoAuditLayer)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Audit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Audit>().cloned())
    }
}

/// A handler that awaits an emission itself may answer with its failure: 500.
impl IntoResponse for EmitError {
    fn into_response(self) -> AxumResponse {
        tracing::error!(error = %self, "a request was not answered for lack of its audit");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

/// A [`Guard`] for an event of a request. There is nothing to be awaited: the [`AuditLayer`] does.
///
/// Dropped before its outcome was said, by `?` for example, it says what the status of the answer does: `UNAUTHORIZED` with 401 and 403,
/// else `ERROR`.
#[derive(Debug)]
#[must_use = "dropped, it says ERROR"]
pub struct RequestGuard<E: Categories + Send + 'static> {
    /// Taken when the outcome is said.
    guard: Option<Guard<E>>,
    request: Arc<OfRequest>,
}

impl<E: Categories + Send + 'static> RequestGuard<E> {
    /// See [`Guard::know`].
    pub fn know<R: Serialize, At>(&mut self, results: &R)
    where
        E: Finds<R, At>,
    {
        if let Some(guard) = &mut self.guard {
            guard.know(results);
        }
    }

    /// Who does it, for this event; see [`Audit::identify`] for the whole request.
    pub fn identify(&mut self, change: impl FnOnce(&mut Context)) {
        if let Some(guard) = &mut self.guard {
            change(guard.context_mut());
        }
    }

    /// It was done.
    pub fn succeed(self, results: E::Results) {
        self.decide(|guard| guard.succeed(results));
    }

    /// It was refused: whoever asked for it may not.
    pub fn unauthorized(self) {
        self.decide(Guard::unauthorized);
    }

    /// It failed.
    pub fn fail(self) {
        self.decide(Guard::fail);
    }

    /// Part of it was done: what is [known](Self::know).
    pub fn partial(self) {
        self.decide(Guard::partial);
    }

    /// For an event that ends after the answer has begun, such as a download: the [`AuditLayer`] does not wait for it any more. Await
    /// that it is [under way](Guard::under_way) before the answer goes out. `None` if the outcome was said.
    pub fn detach(mut self) -> Option<Guard<E>> {
        let guard = self.guard.take();
        self.request.undecided.fetch_sub(usize::from(guard.is_some()), AcqRel);
        guard
    }

    fn decide(mut self, end: impl FnOnce(Guard<E>) -> Emission) {
        if let Some(guard) = self.guard.take() {
            lock(&self.request.emissions).push(end(guard));
            self.request.undecided.fetch_sub(1, AcqRel);
        }
    }
}

impl<E: Categories + Send + 'static> Drop for RequestGuard<E> {
    fn drop(&mut self) {
        // It stays undecided. If there is no answer either, because of a panic for example, the guard is dropped with the request.
        if let Some(guard) = self.guard.take() {
            let end = move |is_refused| if is_refused { guard.unauthorized() } else { guard.fail() };
            lock(&self.request.dropped).push(Dropped(Box::new(end)));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A change of the context by the service may panic; the context is then as far as that got.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
