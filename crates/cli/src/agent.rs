//! `agent`.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::Context;
use indelible_agent::{Agent, Config, Ended, FileConfig, Status};

use crate::args::{AgentArgs, SummaryFormat};
use crate::client::Trust;
use crate::output;
use crate::serve::{wait_for_signal, write_log};

pub(crate) fn run(args: AgentArgs, trust: &Trust) -> anyhow::Result<ExitCode> {
    let (once, log_json) = (args.once, args.log_json);
    if args.status {
        let format = args.format;
        return show(&config(args)?, format);
    }
    let mut config = config(args)?;
    config.ca = match config.ca {
        None => trust.authorities()?.map(Into::into),
        ca => ca,
    };
    config.server = config.server.or_else(|| std::env::var("INDELIBLE_URL").ok());
    write_log(log_json);
    let mut agent = Agent::open(config, std::env::var("INDELIBLE_TOKEN").ok())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stop = Arc::new(AtomicBool::new(false));
    let ended = runtime.block_on(async {
        let signal = wait_for_signal();
        let told = Arc::clone(&stop);
        tokio::spawn(async move {
            signal.await;
            told.store(true, Relaxed);
        });
        tokio::task::spawn_blocking(move || agent.run(&stop, once).map(|ended| (ended, agent.status().clone()))).await
    });
    let (ended, status) = ended.context("the agent's thread ended")??;
    Ok(tell(&ended, &status, once))
}

/// The configuration in the file, with what flags say instead.
fn config(args: AgentArgs) -> anyhow::Result<Config> {
    let mut config = args.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
    let AgentArgs { files, adapter, organization, year, timezone, spool, token_file, name, .. } = args;
    let file = |path| FileConfig {
        path,
        adapter: adapter.clone().unwrap_or_default(),
        organization: organization.clone(),
        year,
        timezone: timezone.clone(),
    };
    config.file.extend(files.into_iter().map(file));
    config.spool = spool.unwrap_or(config.spool);
    config.token_file = token_file.or(config.token_file);
    config.name = name.or(config.name);
    Ok(config)
}

fn show(config: &Config, format: SummaryFormat) -> anyhow::Result<ExitCode> {
    let spool = &config.spool;
    let status = Status::read(spool).with_context(|| {
        format!("no agent has written its status into {}; is it the agent's --spool?", spool.display())
    })?;
    match format {
        SummaryFormat::Text => output::write_all(status.to_text().as_bytes())?,
        SummaryFormat::Json => output::line(&serde_json::to_string(&status)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Says how the run ended.
fn tell(ended: &Ended, status: &Status, once: bool) -> ExitCode {
    let Status { records, refused_records, acknowledged, repeated, refused_events, waiting, .. } = status;
    eprintln!(
        "{records} records read, {refused_records} refused; {acknowledged} events acknowledged ({repeated} repeats), \
         {refused_events} refused by the server, {waiting} waiting"
    );
    match ended {
        Ended::Complete => ExitCode::SUCCESS,
        Ended::Stopped if once => {
            eprintln!("indelible: stopped before everything was read; run it again, nothing is stored twice");
            ExitCode::from(2)
        }
        Ended::Stopped => ExitCode::SUCCESS,
        Ended::Incomplete(reasons) => {
            reasons.iter().for_each(|reason| eprintln!("indelible: {reason}"));
            ExitCode::from(2)
        }
    }
}
