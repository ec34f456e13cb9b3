//! `serve`.

use std::io;
use std::process::ExitCode;

use indelible_server::Server;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::args::{ServeArgs, configuration};

/// The libraries of the table format tell every reading of a table, and a lost race as an error.
const LOGGED: &str = "info,buoyant_kernel=warn,buoyant_kernel_engine=warn,deltalake_core=off";

pub(crate) fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let mut config = configuration(args.config.as_deref(), args.data_dir)?;
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    write_log(args.log_json);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = Server::start(config).await?;
        greet(&server);
        let stop = wait_for_signal();
        server.run_until(stop).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Sends the log to standard error.
pub(crate) fn write_log(as_json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    if as_json {
        log.json().init();
    } else {
        log.init();
    }
}

/// Says where the server is and how to use it.
fn greet(server: &Server) {
    let data = server.data_dir().display();
    eprintln!("Indelible {} is running at {}", env!("CARGO_PKG_VERSION"), server.url());
    if server.is_new() {
        eprintln!("The administrator's token was written to {data}/admin.token (readable by you only).");
    }
    eprintln!("In another terminal:");
    eprintln!("  export INDELIBLE_URL={} INDELIBLE_TOKEN=$(cat {data}/admin.token)", server.url());
    eprintln!("  indelible administrator password           set one, to sign in with a browser");
    eprintln!("  indelible import cloudtrail FILE...        bring in a log");
    eprintln!("  indelible search 'category:userLogin'      look at it");
    eprintln!("  indelible archive seal && indelible verify {data}/archive");
    eprintln!("Ctrl-C stops the server; nothing acknowledged is lost.");
}

/// Resolves on Ctrl-C or SIGTERM, and on those that came since this was called.
pub(crate) fn wait_for_signal() -> impl Future<Output = ()> + Send + 'static {
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        tokio::select! {
            () = arrival(interrupt) => {}
            () = arrival(terminate) => {}
        }
    }
}

async fn arrival(signal: io::Result<Signal>) {
    match signal {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}
