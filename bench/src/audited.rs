//! A service that audits each request with the producer's library: what that costs beside the same service without it.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use indelible_sdk::catalogue::typed::{DataLoadRequest, NoFields};
use indelible_sdk::{Audit, AuditLayer, Auditor, Product, Server, Settings, resource};

use crate::noop;

/// Where events go, and where they wait.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Spool {
    /// URL of the server that takes the events
    #[arg(long)]
    server: String,
    /// Folder of the spool
    #[arg(long)]
    spool: PathBuf,
}

/// Serves until the process is ended. The body is counted and answered as by the [no-op server](noop).
pub(crate) fn serve(address: SocketAddr, spool: &Spool) -> Result<()> {
    let server = Server::new(&spool.server, "none");
    let auditor =
        Auditor::open(Settings::new(server, Product::new("bench", "1"), &spool.spool).spool_bytes_max(1 << 30))?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let events = post(|audit: Audit, body: Bytes| async move {
            let event = audit.begin("LOAD_FILE", DataLoadRequest::new(vec![resource("ri.files..file.4711")]));
            let answer = noop::answer(&body);
            event.succeed(NoFields {});
            ([(CONTENT_TYPE, "application/json")], answer)
        });
        let router = Router::new()
            .route("/api/v1/events", events)
            .route("/readyz", get(|| async {}))
            .layer(DefaultBodyLimit::disable())
            .layer(AuditLayer::fail_closed(auditor));
        let listener = tokio::net::TcpListener::bind(address).await?;
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await?;
        Ok(())
    })
}
