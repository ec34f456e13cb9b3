//! What the three services have in common: the layer around all handlers, and how they are started.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::serve::ListenerExt as _;
use clap::Parser;
use indelible_sdk::{Audit, AuditLayer, Auditor, Network, Product, Server, Settings};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::caller::{Peers, Platform};
use crate::clock::{Arrival, Clock};
use crate::seed::Seed;
use crate::{blobster, compass, multipass, secret};

/// The services by name, in the order in which [`Stack::start`] takes their auditors.
pub const PRODUCTS: [&str; 3] = ["multipass", "compass", "blobster"];

/// What a spool may take of the disk: room for some 50,000 events while the log is away.
const SPOOL_BYTES_MAX: u64 = 64 << 20;

/// The routes of a service behind its audit: no answer goes out before the request's events are on the disk, and none without an event.
fn audited(router: Router, auditor: Auditor, clock: Clock, proxies: Vec<Network>) -> Router {
    let audit = AuditLayer::fail_closed(auditor).trust(proxies).demand_event();
    router.layer(from_fn_with_state(clock, arrive)).layer(audit)
}

/// Notes when a request came, and gives it a trace if it is the first of one.
async fn arrive(State(clock): State<Clock>, audit: Audit, mut request: Request, next: Next) -> Response {
    let arrival = Arrival::of(clock, request.headers());
    let trace = secret::random::<16>().map(hex::encode).ok();
    audit.identify(|context| {
        context.time = arrival.for_event();
        context.trace_id = context.trace_id.take().or(trace);
    });
    request.extensions_mut().insert(arrival);
    next.run(request).await
}

/// Answers requests until `ended`.
async fn serve(
    listener: TcpListener,
    router: Router,
    ended: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // An answer is not held back for more of it to come.
    let listener = listener.tap_io(|connection| _ = connection.set_nodelay(true));
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(ended)
        .await
}

/// Command line of a service.
#[derive(Parser)]
#[command(about = "A service that audits; see examples/stack/README.md")]
struct Options {
    /// The audit log.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7070")]
    indelible: String,
    /// File with a token that has the operation audit:emit for all organizations.
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// Address to listen on.
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// Folder of the spool, where events wait for the audit log [default: spool-<service>].
    #[arg(long, value_name = "DIR")]
    spool: Option<PathBuf>,
    /// Whose X-Forwarded-For to believe; the other services are among them.
    #[arg(long, value_name = "NETWORK", default_value = "127.0.0.0/8")]
    trust: Vec<Network>,
    /// What the platform begins with [default: examples/stack/platform.json, which is built in].
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8001")]
    multipass: String,
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8002")]
    compass: String,
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8003")]
    blobster: String,
}

/// Runs one of the services as a program.
///
/// # Errors
/// When it cannot start.
pub fn run(product: &'static str, router: fn(Platform, &Seed) -> anyhow::Result<Router>) -> anyhow::Result<()> {
    let options = Options::parse();
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let seed = match &options.seed {
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?,
        None => include_str!("../platform.json").to_owned(),
    };
    let seed = serde_json::from_str(&seed).context("the seed is not one")?;
    let token = std::fs::read_to_string(&options.token_file);
    let token = token.with_context(|| format!("read {}", options.token_file.display()))?;
    let server = Server::new(options.indelible, token.trim());
    let spool = options.spool.unwrap_or_else(|| format!("spool-{product}").into());
    let auditor = Stack::auditor(product, server, spool)?;

    let Options { multipass, compass, blobster, trust, listen, .. } = options;
    let platform = Platform::new(Peers { multipass, compass, blobster }, Clock::Real)?;
    let router = audited(router(platform, &seed)?, auditor.clone(), Clock::Real, trust);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.with_context(|| format!("listen on {listen}"))?;
        tracing::info!("{product} answers at http://{}", listener.local_addr()?);
        serve(listener, router, async { _ = tokio::signal::ctrl_c().await }).await?;
        // What is not with the audit log by then waits in the spool for the next start.
        auditor.flush(Duration::from_secs(2)).await;
        Ok(())
    })
}

/// A service of this crate as its events name it.
fn version(product: &str) -> Product {
    let service = Some(format!("{product}-0"));
    Product { service, environment: Some("example".to_owned()), ..Product::new(product, env!("CARGO_PKG_VERSION")) }
}

/// All three services in this process, on free ports of this machine, until it is dropped.
#[derive(Debug)]
pub struct Stack {
    /// Where they are.
    pub peers: Peers,
    tasks: Vec<JoinHandle<std::io::Result<()>>>,
}

impl Stack {
    /// Opens the auditor of a service, one of [`PRODUCTS`].
    ///
    /// # Errors
    /// If its folder cannot be used.
    pub fn auditor(product: &str, server: Server, spool: PathBuf) -> anyhow::Result<Auditor> {
        let settings = Settings::new(server, version(product), spool).spool_bytes_max(SPOOL_BYTES_MAX);
        Ok(Auditor::open(settings)?)
    }

    /// Starts the services. They believe the `X-Forwarded-For` of this machine.
    ///
    /// # Errors
    /// If the seed is not consistent, or no port is free.
    pub async fn start(seed: &Seed, clock: Clock, auditors: [Auditor; 3]) -> anyhow::Result<Self> {
        let mut listeners = Vec::new();
        for _ in PRODUCTS {
            listeners.push(TcpListener::bind("127.0.0.1:0").await?);
        }
        let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>()?;
        let url = |place: usize| addresses.get(place).map(|address| format!("http://{address}")).unwrap_or_default();
        let peers = Peers { multipass: url(0), compass: url(1), blobster: url(2) };
        let platform = Platform::new(peers.clone(), clock)?;
        let routers = [
            multipass::router(platform.clone(), seed)?,
            compass::router(platform.clone(), seed)?,
            blobster::router(platform, seed)?,
        ];
        let proxies = vec!["127.0.0.0/8".parse()?];
        let services = listeners.into_iter().zip(routers).zip(auditors);
        let tasks = services.map(|((listener, router), auditor)| {
            tokio::spawn(serve(listener, audited(router, auditor, clock, proxies.clone()), std::future::pending()))
        });
        Ok(Self { peers, tasks: tasks.collect() })
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
