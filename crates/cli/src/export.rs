//! `export create`, `export list` and `export disable`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use indelible_api::{CreateExport, ExportState};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reqwest::Method;

use crate::args::{CreateExportArgs, ExportCommand, RowFormat};
use crate::client::{Client, encode};
use crate::output;
use crate::request::done;

/// How often the server is asked how far an export is.
const POLL: Duration = Duration::from_millis(250);

pub(crate) async fn run(client: &Client, command: ExportCommand) -> anyhow::Result<ExitCode> {
    match command {
        ExportCommand::Create(args) => create(client, args).await,
        ExportCommand::List { organization, format } => {
            let exports: Vec<ExportState> = client.get(&exports_of(&organization)).await?;
            print(&exports, format)?;
            for export in &exports {
                if let Some(error) = &export.last_error {
                    eprintln!("{} fails: {error}", export.name);
                }
            }
            Ok(if exports.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
        }
        ExportCommand::Disable { organization, name } => {
            let path = format!("{}/{}/disable", exports_of(&organization), encode(&name));
            let disabled = client.send(client.request(Method::POST, &path)).await?;
            let Some(export) = done::<ExportState>(disabled).await? else { return Ok(ExitCode::from(1)) };
            output::line(&serde_json::to_string(&export)?)?;
            eprintln!(
                "export {name} is disabled. It cannot be started again, and its name stays taken. The table stays in {}: nothing is \
                 added to it any more, nothing removed from it either, rows past the retention stay; delete the folder to be rid of them",
                export.destination
            );
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn exports_of(organization: &str) -> String {
    format!("/api/v1/organizations/{}/exports", encode(organization))
}

async fn create(client: &Client, args: CreateExportArgs) -> anyhow::Result<ExitCode> {
    let path = exports_of(&args.organization);
    let request = CreateExport {
        name: args.name,
        destination: args.to,
        log_type: None,
        start_date: args.from,
        retention_days: args.retention_days,
        salt: args.salt,
        readers: args.reader,
    };
    let mut export: ExportState = client.post(&path, &request).await?;
    if args.wait {
        export = wait(client, &format!("{path}/{}", encode(&request.name))).await?;
    }
    output::line(&serde_json::to_string(&export)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Until nothing that is archived waits, or an attempt fails.
async fn wait(client: &Client, path: &str) -> anyhow::Result<ExportState> {
    let target = if output::shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("{bar:30} {human_pos} of {human_len} rows, {eta} left")?;
    let bar = ProgressBar::with_draw_target(None, target).with_style(style);
    loop {
        let export: ExportState = client.get(path).await?;
        if let Some(error) = &export.last_error {
            bail!("{error}; the server goes on trying, see `indelible export list`");
        }
        if let Some(progress) = &export.progress {
            bar.set_length(progress.rows + progress.waiting_rows);
            bar.set_position(progress.rows);
            if progress.waiting_files == 0 {
                bar.finish_and_clear();
                return Ok(export);
            }
        }
        tokio::time::sleep(POLL).await;
    }
}

fn print(exports: &[ExportState], format: RowFormat) -> anyhow::Result<()> {
    let header = ["name", "state", "rows", "waiting", "lag", "from", "retention", "destination"];
    let cells = |export: &ExportState| {
        let progress = export.progress.as_ref();
        let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        let lag = progress.and_then(|progress| progress.lag_seconds);
        vec![
            export.name.clone(),
            export.state.clone(),
            number(progress.map(|progress| progress.rows)),
            number(progress.map(|progress| progress.waiting_rows)),
            lag.map(|seconds| format!("{seconds:.0} s")).unwrap_or_default(),
            export.start_date.clone().unwrap_or_default(),
            export.retention_days.map(|days| format!("{days} d")).unwrap_or_default(),
            export.destination.clone(),
        ]
    };
    output::list(exports, format, &header, cells)
}
