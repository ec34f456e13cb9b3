//! `operator`: the infrastructure part of all organizations' entries.

use std::process::ExitCode;

use indelible_api::{ErrorCode, OperatorEntry, OperatorOrganization, OperatorQuarantined, OperatorView};
use reqwest::Method;

use crate::args::{OperatorCommand, ProveArgs, Switch};
use crate::client::{Client, Refused, encode};
use crate::{output, search};

const BASE: &str = "/api/v1/operator";

pub(crate) async fn run(client: &Client, command: OperatorCommand) -> anyhow::Result<ExitCode> {
    match command {
        OperatorCommand::Search(args) => search::search(client, BASE, args).await,
        OperatorCommand::Sql(args) => search::sql(client, BASE, args).await,
        OperatorCommand::Entry(args) => entry(client, args).await,
        OperatorCommand::Quarantine { organization, format } => {
            let query = organization.map(|rid| format!("?organization={}", encode(&rid))).unwrap_or_default();
            let list: Vec<OperatorQuarantined> = client.get(&format!("{BASE}/quarantine{query}")).await?;
            if list.is_empty() {
                eprintln!("nothing waits in the quarantine");
            }
            let header = ["organization", "id", "received", "times", "source", "adapter", "code", "bytes"];
            output::list(&list, format, &header, |record: &OperatorQuarantined| {
                let OperatorQuarantined { organization, item } = record.clone();
                let (times, bytes) = (item.times.to_string(), item.bytes.to_string());
                let adapter = item.adapter.unwrap_or_default();
                vec![organization, item.id, item.received, times, item.source, adapter, item.code, bytes]
            })?;
            Ok(if list.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
        }
        OperatorCommand::Organizations { format } => {
            let list: Vec<OperatorOrganization> = client.get(&format!("{BASE}/organizations")).await?;
            let header = ["organization", "entries", "archived", "bytes", "waits", "pseudonyms"];
            output::list(&list, format, &header, |o: &OperatorOrganization| {
                let waits =
                    o.archive.oldest_unarchived_seconds.map_or_else(String::new, |seconds| format!("{seconds:.0} s"));
                let pseudonyms = if o.pseudonyms { "on" } else { "off" };
                let numbers = [o.archive.size, o.archive.archived, o.archive.bytes].map(|number| number.to_string());
                let [size, archived, bytes] = numbers;
                vec![o.archive.organization.clone(), size, archived, bytes, waits, pseudonyms.to_owned()]
            })?;
            Ok(if list.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
        }
    }
}

async fn entry(client: &Client, args: ProveArgs) -> anyhow::Result<ExitCode> {
    let query = args.organization.map(|rid| format!("?organization={}", encode(&rid))).unwrap_or_default();
    let entry: anyhow::Result<OperatorEntry> =
        client.get(&format!("{BASE}/entries/{}{query}", encode(&args.log_entry_id))).await;
    match entry {
        Ok(entry) => {
            output::line(&serde_json::to_string_pretty(&entry)?)?;
            if let Some(why) = &entry.unproven {
                eprintln!("no proof: {why}");
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| refused.code == ErrorCode::NotFound) => {
            eprintln!("{error}");
            Ok(ExitCode::from(1))
        }
        Err(error) => Err(error),
    }
}

/// `organization pseudonyms`: shows or sets whether the operator is shown pseudonyms.
pub(crate) async fn pseudonyms(client: &Client, organization: &str, set: Option<Switch>) -> anyhow::Result<ExitCode> {
    let path = format!("/api/v1/organizations/{}/operator-view", encode(organization));
    let view: OperatorView = match set {
        None => client.get(&path).await?,
        Some(switch) => {
            let view = OperatorView { pseudonyms: switch == Switch::On };
            client.send(client.request(Method::PUT, &path).json(&view)).await?.json().await?
        }
    };
    output::line(if view.pseudonyms { "on" } else { "off" })?;
    Ok(ExitCode::SUCCESS)
}
