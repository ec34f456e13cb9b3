//! `retention show` and `retention set`.

use std::process::ExitCode;

use indelible_api::{RetentionState, SetRetention};
use reqwest::Method;

use crate::args::RetentionCommand;
use crate::client::{Client, encode};
use crate::output;
use crate::request::done;

pub(crate) async fn run(client: &Client, command: RetentionCommand) -> anyhow::Result<ExitCode> {
    let path = |organization: &str| format!("/api/v1/organizations/{}/retention", encode(organization));
    let state: RetentionState = match command {
        RetentionCommand::Show { organization } => client.get(&path(&organization)).await?,
        RetentionCommand::Set(args) => {
            let request = client.request(Method::PUT, &path(&args.organization));
            let body = SetRetention { days: args.days, hold: args.hold, reason: args.reason };
            match done(client.send(request.json(&body)).await?).await? {
                Some(state) => state,
                None => return Ok(ExitCode::from(1)),
            }
        }
    };
    output::line(&serde_json::to_string(&state)?)?;
    eprintln!("{}", told(&state));
    Ok(ExitCode::SUCCESS)
}

fn told(state: &RetentionState) -> String {
    let kept = match (state.hold, state.days) {
        (true, _) => "nothing goes, because of a hold".to_owned(),
        (false, None) => "log files are kept for ever".to_owned(),
        (false, Some(days)) => {
            format!("log files are kept for {days} days, older ones for as long as was promised for them")
        }
    };
    let RetentionState { removed_files, going_files, .. } = state;
    format!("{kept}; {removed_files} are gone, {going_files} are about to go")
}
