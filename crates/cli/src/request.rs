//! `request` and `investigation`: what one person asks for and another decides.

use std::process::ExitCode;

use indelible_api::{CreateInvestigation, RedactEntries, RequestState};
use reqwest::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::args::{CreateInvestigationArgs, InvestigationCommand, RedactArgs, RequestCommand, RowFormat};
use crate::client::{Client, encode};
use crate::output;
use crate::search;

pub(crate) async fn run(client: &Client, command: RequestCommand) -> anyhow::Result<ExitCode> {
    let (id, decision) = match command {
        RequestCommand::List { organization: Some(organization), format } => {
            return list(client, &format!("/api/v1/organizations/{}/requests", encode(&organization)), format).await;
        }
        RequestCommand::List { organization: None, format } => return list(client, "/api/v1/requests", format).await,
        RequestCommand::Approve { id } => (id, "approve"),
        RequestCommand::Refuse { id } => (id, "refuse"),
        RequestCommand::Withdraw { id } => (id, "withdraw"),
    };
    let decided: RequestState = client.post(&format!("/api/v1/requests/{}/{decision}", encode(&id)), &()).await?;
    output::line(&serde_json::to_string(&decided)?)?;
    eprintln!("{}: {}", decided.state, decided.action);
    if let Some(note) = &decided.note {
        eprintln!("{note}");
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn redact(client: &Client, args: RedactArgs) -> anyhow::Result<ExitCode> {
    let RedactArgs { organization, generation, seq, reason } = args;
    let path = format!("/api/v1/organizations/{}/redactions", encode(&organization));
    let body = RedactEntries { generation, entries: seq, reason };
    let asked = client.send(client.request(Method::POST, &path).json(&body)).await?;
    // It always waits.
    done::<serde_json::Value>(asked).await.map(|_| ExitCode::from(1))
}

pub(crate) async fn investigation(client: &Client, command: InvestigationCommand) -> anyhow::Result<ExitCode> {
    let base = |id: &str| format!("/api/v1/investigations/{}", encode(id));
    match command {
        InvestigationCommand::Create(args) => create(client, args).await,
        InvestigationCommand::List { format } => list(client, "/api/v1/requests", format).await,
        InvestigationCommand::Search { id, search: args } => search::search(client, &base(&id), args).await,
        InvestigationCommand::Sql { id, sql } => search::sql(client, &base(&id), sql).await,
        InvestigationCommand::Entry { id, log_entry_id } => {
            let path = format!("{}/entries/{}", base(&id), encode(&log_entry_id));
            let entry: serde_json::Value = client.get(&path).await?;
            output::line(&serde_json::to_string_pretty(&entry)?)?;
            Ok(ExitCode::SUCCESS)
        }
        InvestigationCommand::End { id } => run(client, RequestCommand::Withdraw { id }).await,
    }
}

async fn create(client: &Client, args: CreateInvestigationArgs) -> anyhow::Result<ExitCode> {
    let CreateInvestigationArgs { organization, reason, ticket, hours, emergency } = args;
    let body = CreateInvestigation { organization, reason, ticket, hours, emergency };
    let asked: RequestState = client.post("/api/v1/investigations", &body).await?;
    output::line(&asked.request_id)?;
    match emergency {
        true => eprintln!("it goes on now, until {}; the organization sees each step", asked.ends.unwrap_or_default()),
        false => eprintln!("it begins when who administers the organization approves it: {}", told(&asked)),
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(client: &Client, path: &str, format: RowFormat) -> anyhow::Result<ExitCode> {
    let list: Vec<RequestState> = client.get(path).await?;
    let header = ["request", "state", "action", "reason", "by", "requested", "decided by", "ends"];
    output::list(&list, format, &header, |request: &RequestState| {
        let RequestState { request_id, state, action, reason, requested_by, requested, decided_by, ends, .. } =
            request.clone();
        let (decided_by, ends) = (decided_by.unwrap_or_default(), ends.unwrap_or_default());
        vec![request_id, state, action, reason, requested_by, requested, decided_by, ends]
    })?;
    Ok(if list.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// What became of a change: the answer to it, or `None` after saying that it waits for a second person.
pub(crate) async fn done<T: DeserializeOwned>(answer: Response) -> anyhow::Result<Option<T>> {
    if answer.status() != StatusCode::ACCEPTED {
        return Ok(Some(answer.json().await?));
    }
    let asked: RequestState = answer.json().await?;
    output::line(&serde_json::to_string(&asked)?)?;
    eprintln!("not done yet, it waits for a second person: {}", told(&asked));
    Ok(None)
}

fn told(asked: &RequestState) -> String {
    format!("`indelible request approve {}` by another administrator, before {}", asked.request_id, asked.lapses)
}
