//! `quarantine`: records that were refused and whose senders could not be told.

use std::process::ExitCode;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indelible_adapter::{Adapter, Options};
use indelible_api::{
    Dismissed, ErrorCode, Quarantined, QuarantinedRecord, RefusedAgain, Repair, ReplayRequest, Replayed, Selection,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::args::{QuarantineCommand, QuarantineSelect, RecordFormat, SummaryFormat};
use crate::client::{Client, Refused, encode};
use crate::output;

/// Records asked for at a time.
const PAGE: u32 = 1000;

pub(crate) async fn run(client: &Client, command: QuarantineCommand) -> anyhow::Result<ExitCode> {
    match command {
        QuarantineCommand::List { organization, select, all, limit, format } => {
            let records = list(client, &organization, &select, all, limit).await?;
            if records.is_empty() {
                eprintln!("nothing is in the quarantine of {organization}");
            }
            let header = ["id", "received", "times", "source", "adapter", "code", "bytes", "state"];
            output::list(&records, format, &header, |record: &Quarantined| {
                let Quarantined { id, received, times, source, adapter, code, bytes, state, .. } = record.clone();
                vec![
                    id,
                    received,
                    times.to_string(),
                    source,
                    adapter.unwrap_or_default(),
                    code,
                    bytes.to_string(),
                    state,
                ]
            })?;
            Ok(ExitCode::from(u8::from(records.is_empty())))
        }
        QuarantineCommand::Show { id, organization, format } => show(client, &organization, &id, format).await,
        QuarantineCommand::Replay { ids, organization, select, adapter, format } => {
            let selection = Selection { ids, source: select.source, code: select.code, after: None };
            let replayed = match adapter {
                Some(file) if is_file(&file) => repair(client, &organization, selection, &file).await?,
                adapter => replay(client, &organization, selection, adapter).await?,
            };
            summary(&replayed, format)
        }
        QuarantineCommand::Dismiss { ids, organization, select, all } => {
            let QuarantineSelect { source, code } = select;
            anyhow::ensure!(
                all || !ids.is_empty() || source.is_some() || code.is_some(),
                "say which: ids, --source, --code, or --all"
            );
            let selection = Selection { ids, source, code, after: None };
            let answer: Dismissed = client.post(&format!("{}/dismiss", path(&organization)), &selection).await?;
            output::line(&format!("{} dismissed", answer.dismissed))?;
            Ok(ExitCode::from(u8::from(answer.dismissed == 0)))
        }
    }
}

fn path(organization: &str) -> String {
    format!("/api/v1/organizations/{}/quarantine", encode(organization))
}

/// Whether this names a file, as `import` tells them apart.
fn is_file(adapter: &str) -> bool {
    adapter.ends_with(".vrl") || adapter.contains(std::path::MAIN_SEPARATOR)
}

async fn list(
    client: &Client,
    organization: &str,
    select: &QuarantineSelect,
    all: bool,
    limit: u32,
) -> anyhow::Result<Vec<Quarantined>> {
    let mut records: Vec<Quarantined> = Vec::new();
    while (records.len() as u32) < limit {
        let page = (limit - records.len() as u32).min(PAGE);
        let mut query = format!("?limit={page}");
        let after = records.last().map(place).transpose()?;
        let state = all.then(|| "any".to_owned());
        for (name, value) in
            [("source", select.source.clone()), ("code", select.code.clone()), ("state", state), ("after", after)]
        {
            if let Some(value) = value {
                query.push_str(&format!("&{name}={}", encode(&value)));
            }
        }
        let found: Vec<Quarantined> = client.get(&format!("{}{query}", path(organization))).await?;
        let is_last = (found.len() as u32) < page;
        records.extend(found);
        if is_last {
            break;
        }
    }
    Ok(records)
}

/// Where a listing goes on after a record.
fn place(record: &Quarantined) -> anyhow::Result<String> {
    Ok(format!("{}-{}", received(record)?.as_microsecond(), record.id))
}

fn received(record: &Quarantined) -> anyhow::Result<Timestamp> {
    record.received.parse().context("the server answered no time")
}

async fn show(client: &Client, organization: &str, id: &str, format: RecordFormat) -> anyhow::Result<ExitCode> {
    let record = match get(client, organization, id).await {
        Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| refused.code == ErrorCode::NotFound) => {
            eprintln!("{error}");
            return Ok(ExitCode::from(1));
        }
        record => record?,
    };
    if format == RecordFormat::Json {
        output::line(&serde_json::to_string(&record)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Quarantined { received, times, source, code, state, .. } = &record.item;
    eprintln!("{state}; came {times} x by {source}, first {received}");
    match bytes(&record)? {
        Some(bytes) => {
            eprintln!("{code}: {}", record.message.as_deref().unwrap_or_default());
            output::write_all(&bytes)?;
            Ok(ExitCode::SUCCESS)
        }
        None => {
            eprintln!("{code}: what it held is gone");
            Ok(ExitCode::from(1))
        }
    }
}

async fn get(client: &Client, organization: &str, id: &str) -> anyhow::Result<QuarantinedRecord> {
    client.get(&format!("{}/{}", path(organization), encode(id))).await
}

fn bytes(record: &QuarantinedRecord) -> anyhow::Result<Option<Vec<u8>>> {
    record.record.as_ref().map(|text| STANDARD.decode(text).context("the server answered no Base64")).transpose()
}

/// Lets the server try records again.
async fn replay(
    client: &Client,
    organization: &str,
    mut select: Selection,
    adapter: Option<String>,
) -> anyhow::Result<Replayed> {
    let mut all = Replayed::default();
    loop {
        let request = ReplayRequest { select: select.clone(), adapter: adapter.clone(), repaired: Vec::new() };
        let answer: Replayed = client.post(&format!("{}/replay", path(organization)), &request).await?;
        all.replayed += answer.replayed;
        all.refused.extend(answer.refused);
        match answer.next {
            Some(next) => select.after = Some(next),
            None => return Ok(all),
        }
    }
}

/// Runs an adapter of the caller's over records here, and hands in what it makes of them.
async fn repair(client: &Client, organization: &str, select: Selection, file: &str) -> anyhow::Result<Replayed> {
    let adapter = Adapter::find(file)?;
    let name = format!("{}@{}", adapter.name(), adapter.version());
    let mut options = Options::at(Timestamp::now());
    options.organization = Some(organization.parse().map_err(|error| anyhow::anyhow!("--organization: {error}"))?);
    let ids = if select.ids.is_empty() {
        let which = QuarantineSelect { source: select.source, code: select.code };
        list(client, organization, &which, false, u32::MAX).await?.into_iter().map(|record| record.id).collect()
    } else {
        select.ids
    };
    let mut all = Replayed::default();
    for id in ids {
        let record = get(client, organization, &id).await?;
        let Some(bytes) = bytes(&record)? else { continue };
        let zone = record.timezone.as_deref().map_or(Some(TimeZone::UTC), Options::zone);
        options.timezone = zone.context("the server answered a time zone that is not known here")?;
        (options.year, options.now) = (record.year, received(&record.item)?);
        match adapter.converter(options.clone()).convert(&bytes, record.occurrence) {
            Err(refused) => {
                let code = refused.code.as_str().to_owned();
                all.refused.push(RefusedAgain { id, code, message: refused.message });
            }
            Ok(lines) => {
                let events = lines.iter().map(|line| serde_json::from_str(line)).collect::<Result<_, _>>()?;
                let repaired = vec![Repair { id, adapter: Some(name.clone()), events }];
                let request = ReplayRequest { repaired, ..ReplayRequest::default() };
                let answer: Replayed = client.post(&format!("{}/replay", path(organization)), &request).await?;
                all.replayed += answer.replayed;
                all.refused.extend(answer.refused);
            }
        }
    }
    Ok(all)
}

fn summary(replayed: &Replayed, format: SummaryFormat) -> anyhow::Result<ExitCode> {
    match format {
        SummaryFormat::Json => output::line(&serde_json::to_string(replayed)?)?,
        SummaryFormat::Text => {
            for RefusedAgain { id, code, message } in &replayed.refused {
                eprintln!("{id}: {code}: {message}");
            }
            output::line(&format!("{} replayed, {} refused again", replayed.replayed, replayed.refused.len()))?;
        }
    }
    Ok(ExitCode::from(u8::from(!replayed.refused.is_empty() || replayed.replayed == 0)))
}
