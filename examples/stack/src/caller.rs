//! Who calls, and how one service asks another on their behalf.

use std::fmt;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use indelible_sdk::{Audit, NoAuditLayer};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::{Arrival, Clock, SIMULATED_TIME};
use crate::refusal::Refusal;
use crate::secret;

/// Whoever sent a request, before anybody has looked at their token: an extractor for handlers.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) audit: Audit,
    pub(crate) token: Option<String>,
    pub(crate) arrival: Arrival,
}

/// The token is not shown.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("arrival", &self.arrival).finish_non_exhaustive()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = NoAuditLayer;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, NoAuditLayer> {
        let audit = <Audit as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        let arrival = parts.extensions.get::<Arrival>().copied();
        let arrival = arrival.unwrap_or_else(|| Arrival::of(Clock::Real, &parts.headers));
        let authorization = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = authorization.and_then(|text| text.strip_prefix("Bearer ")).map(str::to_owned);
        Ok(Self { audit, token, arrival })
    }
}

impl Caller {
    /// What goes along when a service asks another: the caller's token, and where the request came from. The other service's events then
    /// name the same user, address and program, and the trace joins the events of all services that one request has.
    fn passed_on(&self) -> HeaderMap {
        let context = self.audit.context();
        let trace = context.trace_id.zip(secret::random::<8>().ok());
        let simulated = self.arrival.for_event().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let headers: [(HeaderName, Option<String>); 5] = [
            (AUTHORIZATION, self.token.as_ref().map(|token| format!("Bearer {token}"))),
            (
                HeaderName::from_static("traceparent"),
                trace.map(|(id, span)| format!("00-{id}-{}-01", hex::encode(span))),
            ),
            (HeaderName::from_static("x-forwarded-for"), Some(context.origins.join(", "))),
            (USER_AGENT, context.user_agent),
            (SIMULATED_TIME, simulated.map(|time| time.as_micros().to_string())),
        ];
        let value = |text: Option<String>| text.and_then(|text| HeaderValue::try_from(text).ok());
        headers.into_iter().filter_map(|(name, text)| Some((name, value(text)?))).collect()
    }
}

/// Somebody whom multipass knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Who {
    /// Id of the user.
    pub(crate) uid: String,
    /// RID of their organization.
    pub(crate) organization: String,
    /// Id of the sign-in, if that is how they came.
    pub(crate) sid: Option<String>,
    /// Id of the token.
    pub(crate) token_id: String,
}

impl Who {
    /// From here on the request's events say who sent it. Where `owner`, whose the thing is that the request is about, is another
    /// organization, they belong to both.
    pub(crate) fn identify(&self, audit: &Audit, owner: &str) {
        audit.identify(|context| {
            context.user = Some(self.uid.clone());
            context.session = self.sid.clone();
            context.token = Some(self.token_id.clone());
            context.organization = Some(self.organization.clone());
            if owner != self.organization {
                context.organizations = vec![self.organization.clone(), owner.to_owned()];
            }
        });
    }
}

/// The question whether a caller may do something.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Check {
    /// What they want to do, such as `compass:view`.
    pub(crate) operation: String,
    /// With what: a RID.
    pub(crate) target: String,
    /// RID of the organization whose that is.
    pub(crate) owner: String,
    /// The groups and users that may.
    pub(crate) any_of: Vec<String>,
    /// The users that may not, whatever groups they are in.
    pub(crate) except: Vec<String>,
}

/// Its answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Checked {
    /// Who calls.
    pub(crate) who: Who,
    /// Whether they may.
    pub(crate) allowed: bool,
}

/// Who calls, and what groups they are in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Me {
    /// Who calls.
    pub(crate) who: Who,
    /// RIDs.
    pub(crate) groups: Vec<String>,
}

/// Addresses of the services, such as `http://127.0.0.1:8001`.
#[derive(Clone, Debug)]
pub struct Peers {
    /// Of multipass.
    pub multipass: String,
    /// Of compass.
    pub compass: String,
    /// Of blobster.
    pub blobster: String,
}

/// What a service knows of the platform around it.
#[derive(Clone, Debug)]
pub struct Platform {
    http: reqwest::Client,
    pub(crate) peers: Arc<Peers>,
    pub(crate) clock: Clock,
}

impl Platform {
    /// The platform at these addresses.
    ///
    /// # Errors
    /// If the system lacks what a client of HTTP needs.
    pub fn new(peers: Peers, clock: Clock) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(30)).build()?;
        Ok(Self { http, peers: Arc::new(peers), clock })
    }

    /// Who the caller is, and what groups they are in, as multipass says. For what is everybody's who has signed in.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`], where the caller's token is not good.
    pub(crate) async fn who(&self, caller: &Caller) -> Result<Me, Refusal> {
        let me: Me = self.ask(caller, Method::GET, format!("{}/me", self.peers.multipass), None).await?;
        me.who.identify(&caller.audit, &me.who.organization);
        Ok(me)
    }

    /// Who the caller is, if they may, as multipass says. In any case the request's events name them from here on.
    ///
    /// # Errors
    /// As [`who`](Self::who); and [`Refusal::Forbidden`].
    pub(crate) async fn check(&self, caller: &Caller, check: Check) -> Result<Who, Refusal> {
        let url = format!("{}/check", self.peers.multipass);
        let checked: Checked = self.ask(caller, Method::POST, url, Some(json!(check))).await?;
        checked.who.identify(&caller.audit, &check.owner);
        if checked.allowed { Ok(checked.who) } else { Err(Refusal::Forbidden) }
    }

    /// Asks another service for the caller. What it refuses, it refuses to them.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        caller: &Caller,
        method: Method,
        url: String,
        body: Option<Value>,
    ) -> Result<T, Refusal> {
        let request = self.http.request(method, url).headers(caller.passed_on());
        let request = body.iter().fold(request, |request, body| request.json(body));
        let answer = request.send().await.map_err(unavailable)?;
        match answer.status() {
            status if status.is_success() => answer.json().await.map_err(unavailable),
            StatusCode::UNAUTHORIZED => Err(Refusal::Unauthenticated),
            StatusCode::FORBIDDEN => Err(Refusal::Forbidden),
            StatusCode::NOT_FOUND => Err(Refusal::NotFound),
            status => Err(Refusal::Unavailable(format!("HTTP {status}"))),
        }
    }

    /// Passes a request on as it is, in the caller's name.
    pub(crate) async fn pass_on(
        &self,
        caller: &Caller,
        url: String,
        request: axum::extract::Request,
    ) -> Result<reqwest::Response, Refusal> {
        let (parts, body) = request.into_parts();
        let mut headers = caller.passed_on();
        let kind = parts.headers.get(axum::http::header::CONTENT_TYPE);
        kind.iter().for_each(|kind| _ = headers.insert(axum::http::header::CONTENT_TYPE, HeaderValue::clone(kind)));
        let body = axum::body::to_bytes(body, PASSED_ON_BYTES_MAX).await.map_err(|_| Refusal::Full)?;
        self.http.request(parts.method, url).headers(headers).body(body).send().await.map_err(unavailable)
    }
}

/// Bytes of a request that is passed on, at most.
const PASSED_ON_BYTES_MAX: usize = 16 << 20;

fn unavailable(error: reqwest::Error) -> Refusal {
    Refusal::Unavailable(error.without_url().to_string())
}
