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

/// Serves until the process is ended; with `outcomes`, each event has its own in the answer, as a real server's has.
pub(crate) fn serve(address: SocketAddr, outcomes: bool) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let events = post(move |body: Bytes| async move {
            let answer = if outcomes { answer_each(&body) } else { answer(&body) };
            ([(CONTENT_TYPE, "application/json")], answer)
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

/// Says that all lines of `body` are stored.
pub(crate) fn answer(body: &[u8]) -> String {
    let lines = memchr::memchr_iter(b'\n', body).count();
    format!("{{\"new\":{lines},\"duplicate\":0,\"refused\":0}}")
}

/// The same of each line, the last of which need not end.
fn answer_each(body: &[u8]) -> String {
    let outcomes = vec![r#"{"status":"new"}"#; body.trim_ascii_end().split(|byte| *byte == b'\n').count()];
    format!("{{\"duplicate\":0,\"outcomes\":[{}]}}", outcomes.join(","))
}
