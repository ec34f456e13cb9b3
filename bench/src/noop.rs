//! A server that does nothing: what HTTP alone costs here.
//!
//! Same HTTP library and runtime as Indelible's server. It reads the body, counts its lines and answers as if
//! they were stored.

use std::net::SocketAddr;

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};

/// Serves until the process is ended.
pub(crate) fn serve(address: SocketAddr) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let events = post(|body: Bytes| async move {
            let lines = memchr::memchr_iter(b'\n', &body).count();
            ([(CONTENT_TYPE, "application/json")], format!("{{\"new\":{lines},\"duplicate\":0,\"refused\":0}}"))
        });
        let router = Router::new()
            .route("/api/v1/events", events)
            .route("/readyz", get(|| async {}))
            .layer(DefaultBodyLimit::disable());
        let listener = tokio::net::TcpListener::bind(address).await?;
        axum::serve(listener, router).await?;
        Ok(())
    })
}
