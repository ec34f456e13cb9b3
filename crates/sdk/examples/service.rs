//! A file server that audits: three lines of audit in `main`, three in the handler.
//!
//! ```text
//! INDELIBLE_URL=http://127.0.0.1:7070 INDELIBLE_TOKEN=... cargo run -p indelible-sdk --example service -- /srv/files
//! curl http://127.0.0.1:8080/files/readme.txt
//! ```

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use indelible_sdk::catalogue::typed::{DataLoadRequest, NoFields};
use indelible_sdk::{Audit, AuditLayer, Auditor, Product, Server, Settings, resource};

async fn load(audit: Audit, State(root): State<Arc<PathBuf>>, Path(name): Path<String>) -> Result<String, StatusCode> {
    let event = audit.begin("LOAD_FILE", DataLoadRequest::new(vec![resource(&name)]));
    if name.contains(['/', '\\']) || name.starts_with('.') {
        event.unauthorized();
        return Err(StatusCode::FORBIDDEN);
    }
    // Leaving here, the event says ERROR.
    let text = tokio::fs::read_to_string(root.join(&name)).await.map_err(|_| StatusCode::NOT_FOUND)?;
    event.succeed(NoFields {});
    // The text goes out when the event is durable.
    Ok(text)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let root = std::env::args().nth(1).ok_or("give the folder to serve")?;
    let server = Server::new(std::env::var("INDELIBLE_URL")?, std::env::var("INDELIBLE_TOKEN")?);
    let settings = Settings::new(server, Product::new("files", env!("CARGO_PKG_VERSION")), "audit-spool");
    let auditor = Auditor::open(settings)?;

    let files = Router::new().route("/files/{name}", get(load)).with_state(Arc::new(PathBuf::from(root)));
    let app = files.layer(AuditLayer::fail_closed(auditor).demand_event());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
