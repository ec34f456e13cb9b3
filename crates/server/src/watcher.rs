//! Who may see figures and alarms of the whole server: they say how busy organizations are, if not which.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use indelible_api::ErrorCode;
use indelible_control::{Operation, Principal};

use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;

/// Headers of proxies. A request that has one came from elsewhere, although the connection may be from this machine.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// Somebody on this machine itself, or with an operation of the operator's.
pub(crate) struct Watcher;

/// The same, where others get less.
pub(crate) struct MaybeWatcher(pub(crate) bool);

impl FromRequestParts<Arc<App>> for Watcher {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        if is_local(&parts.headers, parts.extensions.get().map(|ConnectInfo(peer)| *peer)) {
            return Ok(Self);
        }
        let caller = Caller::from_request_parts(parts, app).await?;
        if watches(&caller) {
            return Ok(Self);
        }
        let message = "figures of the whole server are for this machine itself, and for tokens with operator:observe";
        Err(ApiError::new(ErrorCode::PermissionDenied, message))
    }
}

impl FromRequestParts<Arc<App>> for MaybeWatcher {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(Watcher::from_request_parts(parts, app).await.is_ok()))
    }
}

/// Whether the principal may see the whole server.
pub(crate) fn watches(principal: &Principal) -> bool {
    let operations = [Operation::OperatorObserve, Operation::OperatorAdminister];
    operations.iter().any(|operation| principal.require_platform(*operation).is_ok())
}

fn is_local(headers: &HeaderMap, peer: Option<SocketAddr>) -> bool {
    let is_loopback = peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    is_loopback && !FORWARDED.iter().any(|name| headers.contains_key(*name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_proxy_on_this_machine_does_not_make_its_clients_local() {
        let check = |peer: &str, header: Option<&'static str>, expected| {
            let mut headers = HeaderMap::new();
            header.map(|name| headers.insert(name, "203.0.113.9".parse().unwrap()));
            assert_eq!(is_local(&headers, Some(peer.parse().unwrap())), expected, "{peer} {header:?}");
        };
        check("127.0.0.1:9", None, true);
        check("[::1]:9", None, true);
        check("[::ffff:127.0.0.1]:9", None, true);
        check("192.0.2.1:9", None, false);
        for name in FORWARDED {
            check("127.0.0.1:9", Some(name), false);
        }
        assert!(!is_local(&HeaderMap::new(), None));
    }
}
