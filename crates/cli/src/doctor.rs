//! `doctor`: what is wrong with a data folder and its server, and accepting a clock that jumped.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use indelible_api::{AlarmKind, AlarmState, Health};
use indelible_server::Config;
use indelible_server::doctor::{self, Examination, Finding, State};

use crate::args::{DoctorArgs, RowFormat, configuration};
use crate::client::{Client, Trust};
use crate::output;

/// How long a running server may take to accept the clock; it looks every second.
const PATIENCE: Duration = Duration::from_secs(15);
/// What may be amiss where a server that runs is not reached.
const REMEDY: &str = "; with a certificate of your own authority set INDELIBLE_CA";

pub(crate) fn run(args: DoctorArgs, trust: &Trust) -> anyhow::Result<ExitCode> {
    let config = configuration(args.config.as_deref(), args.data_dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut found = doctor::examine(&config).await;
        if found.is_running {
            ask_server(&config, trust, &mut found).await;
        }
        if args.accept_clock {
            return accept_clock(&config, trust, &found).await;
        }
        print(&found.findings, args.format)?;
        Ok(verdict(&found.findings))
    })
}

fn verdict(findings: &[Finding]) -> ExitCode {
    let any = |state| findings.iter().any(|finding| finding.state == state);
    match () {
        () if any(State::Failed) => ExitCode::from(1),
        () if any(State::Unknown) => ExitCode::from(2),
        () => ExitCode::SUCCESS,
    }
}

/// What the running server says of itself.
async fn ask_server(config: &Config, trust: &Trust, found: &mut Examination) {
    match health(config, trust).await {
        Ok(health) if health.status == "ok" => {
            found.add("server", State::Ok, format!("version {} is ready", health.version))
        }
        Ok(health) => {
            found.clock_stops = health.alarms.contains(&AlarmKind::ClockStopped);
            found.add("server", State::Failed, format!("it takes nothing in: {}", health.status));
        }
        Err(error) => found.add("server", State::Unknown, format!("{error:#}")),
    }
    match alarms(config, trust).await {
        Ok(alarms) if alarms.is_empty() => found.add("alarms", State::Ok, "none"),
        Ok(alarms) => {
            for AlarmState { organization, since, message, .. } in alarms {
                let of = organization.map(|rid| format!("{rid}: ")).unwrap_or_default();
                found.add("alarms", State::Warning, format!("{of}{message} (since {since})"));
            }
        }
        Err(error) => found.add("alarms", State::Unknown, format!("{error:#}")),
    }
}

fn url(config: &Config) -> anyhow::Result<String> {
    let path = config.data_dir.join("server.url");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("the server is not listening yet ({})", path.display()))?;
    Ok(text.trim().to_owned())
}

async fn health(config: &Config, trust: &Trust) -> anyhow::Result<Health> {
    let url = url(config)?;
    let http = trust.http()?.timeout(Duration::from_secs(10)).build()?;
    let response =
        http.get(format!("{url}/readyz")).send().await.with_context(|| format!("no answer from {url}{REMEDY}"))?;
    response.json().await.with_context(|| format!("{url} is not an Indelible server"))
}

async fn alarms(config: &Config, trust: &Trust) -> anyhow::Result<Vec<AlarmState>> {
    let token = match std::env::var("INDELIBLE_TOKEN") {
        Ok(token) => token,
        Err(_) => {
            std::fs::read_to_string(config.data_dir.join("admin.token")).context("no token to ask for alarms with")?
        }
    };
    Client::new(&url(config)?, Some(token.trim()), trust)?.get("/api/v1/alarms").await
}

async fn accept_clock(config: &Config, trust: &Trust, found: &Examination) -> anyhow::Result<ExitCode> {
    if !found.clock_stops {
        eprintln!("the clock is not stopped; there is nothing to accept");
        return Ok(ExitCode::SUCCESS);
    }
    doctor::request_clock(config).with_context(|| format!("write to {}", config.data_dir.display()))?;
    if !found.is_running {
        eprintln!(
            "the server accepts the clock when it is started within the hour, and records that in the operator's log"
        );
        return Ok(ExitCode::SUCCESS);
    }
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let waits = doctor::is_clock_requested(config);
        if !waits && health(config, trust).await.is_ok_and(|health| !health.alarms.contains(&AlarmKind::ClockStopped)) {
            eprintln!("the clock is accepted, and that is recorded in the operator's log; intake goes on");
            return Ok(ExitCode::SUCCESS);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the server did not accept the clock; its log says why")
}

fn print(findings: &[Finding], format: RowFormat) -> anyhow::Result<()> {
    let header = ["check", "state", "found"];
    let state = |state| match state {
        State::Ok => "ok",
        State::Warning => "warning",
        State::Failed => "failed",
        State::Unknown => "unknown",
    };
    let cells = |finding: &Finding| [finding.check, state(finding.state), &finding.message].map(str::to_owned).into();
    match format {
        // The messages say what to do: they are not cut as the cells of a table are.
        RowFormat::Table => findings.iter().try_for_each(|finding| {
            output::line(&format!("{:<12} {:<8} {}", finding.check, state(finding.state), finding.message))
        }),
        RowFormat::Json | RowFormat::Csv => output::list(findings, format, &header, cells),
    }
}
