//! `archive rebuild`: a server from the archive alone.

use std::process::ExitCode;

use indelible_server::{RebuildOptions, rebuild};
use tracing_subscriber::EnvFilter;

use crate::args::{RebuildArgs, configuration};
use crate::{output, verify};

pub(crate) fn run(args: &RebuildArgs) -> anyhow::Result<ExitCode> {
    let config = configuration(args.config.as_deref(), Some(args.data_dir.clone()))?;
    let checkpoints = args.since.as_deref().map(verify::read_notes).transpose()?.unwrap_or_default();
    let options = RebuildOptions { from: args.from.clone(), keys: args.keys.clone(), checkpoints, config };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(rebuild(&options, &|step| eprintln!("{step} ...")))?;
    match args.json {
        true => output::line(&serde_json::to_string_pretty(&report)?)?,
        false => output::write_all(report.to_string().as_bytes())?,
    }
    let data = args.data_dir.display();
    eprintln!("The server is ready: indelible serve --data-dir {data}");
    eprintln!("Its administrator's token is in {data}/admin.token; tokens of the old server are gone with its disk.");
    Ok(if report.unusable_copies.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
