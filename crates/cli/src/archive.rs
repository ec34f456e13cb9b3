//! `archive status`, `archive seal`, `archive log-files`, `archive verify` and `archive tiles`.

use std::process::ExitCode;

use indelible_api::{ArchiveStatus, ArchivedLogFile, OrganizationArchive};
use indelible_archive::verify::Report;

use crate::args::{ArchiveCommand, RowFormat};
use crate::client::{Client, encode};
use crate::{output, tiles};

pub(crate) async fn run(client: &Client, command: ArchiveCommand) -> anyhow::Result<ExitCode> {
    let (status, format): (ArchiveStatus, _) = match command {
        ArchiveCommand::Status { format } => (client.get("/api/v1/archive").await?, format),
        ArchiveCommand::Seal { organization, format } => {
            let query = organization.map(|rid| format!("?organization={}", encode(&rid))).unwrap_or_default();
            (client.post(&format!("/api/v1/archive/seal{query}"), &()).await?, format)
        }
        ArchiveCommand::LogFiles { organization, limit, format } => {
            let path = format!("/api/v1/archive/log-files?organization={}&limit={limit}", encode(&organization));
            return log_files(&client.get::<Vec<ArchivedLogFile>>(&path).await?, format);
        }
        ArchiveCommand::Tiles(args) => return tiles::run(client, &args).await,
        ArchiveCommand::Verify { json } => return verify(client, json).await,
        ArchiveCommand::Rebuild(_) => unreachable!("handled before a client is made"),
    };
    print(&status, format)?;
    if let Some(error) = &status.last_error {
        eprintln!("archiving fails: {error}");
    }
    let check_failed = status.self_check.as_ref().is_some_and(|check| check.outcome == "notVerified");
    let fails = status.last_error.is_some()
        || status.journal_copies.as_ref().is_some_and(|copies| copies.last_error.is_some())
        || check_failed;
    Ok(if fails { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn log_files(files: &[ArchivedLogFile], format: RowFormat) -> anyhow::Result<ExitCode> {
    let header = ["first", "last", "bytes", "received", "sealed", "archived", "read back", "lag"];
    let cells = |file: &ArchivedLogFile| {
        vec![
            file.first.to_string(),
            file.last.to_string(),
            file.bytes.to_string(),
            file.received_first.clone(),
            file.sealed.clone(),
            file.archived.clone().unwrap_or_default(),
            file.read_back.clone().unwrap_or_default(),
            file.lag_seconds.map(|lag| format!("{lag:.0} s")).unwrap_or_default(),
        ]
    };
    output::list(files, format, &header, cells)?;
    Ok(if files.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

async fn verify(client: &Client, json: bool) -> anyhow::Result<ExitCode> {
    let report: Report = client.post("/api/v1/archive/verify", &()).await?;
    match json {
        true => output::line(&serde_json::to_string_pretty(&report)?)?,
        false => output::write_all(report.to_string().as_bytes())?,
    }
    Ok(ExitCode::from(report.exit_code()))
}

/// The lines below the table.
fn remarks(status: &ArchiveStatus) -> String {
    let (Some(bytes), Some(copies)) = (status.journal_bytes, &status.journal_copies) else {
        return "how the journal and the bucket are is for tokens with an operation of the operator's".to_owned();
    };
    let mut text = format!("journal: {bytes} bytes, {} copies in the bucket", copies.copies);
    if let Some(lag) = copies.last_copy_lag_seconds {
        text += &format!(", the last one {lag:.0} s after its oldest entry");
    }
    if let Some(waits) = copies.oldest_uncopied_seconds {
        text += &format!("; the oldest entry not copied waits {waits:.0} s");
    }
    text += match &copies.last_error {
        Some(error) => format!("\ncopying the journal fails: {error}"),
        None => String::new(),
    }
    .as_str();
    if let Some(bucket) = &status.bucket {
        text += &format!("\nbucket {}: {}", bucket.place, bucket.tier);
        if bucket.tier != "enforced" && !bucket.findings.is_empty() {
            text += &format!(" ({})", bucket.findings.join("; "));
        }
    }
    text += match &status.self_check {
        Some(check) => format!("\nchecked at {}: {} ({} entries)", check.finished, check.summary, check.entries),
        None => "\nthe archive was not checked yet".to_owned(),
    }
    .as_str();
    text
}

fn print(status: &ArchiveStatus, format: RowFormat) -> anyhow::Result<()> {
    let header = ["organization", "entries", "archived", "log files", "bytes", "oldest waits"];
    let cells = |o: &OrganizationArchive| {
        let waits = o.oldest_unarchived_seconds.map(|s| format!("{s:.0} s")).unwrap_or_default();
        vec![
            o.organization.clone(),
            o.size.to_string(),
            o.archived.to_string(),
            o.log_files.to_string(),
            o.bytes.to_string(),
            waits,
        ]
    };
    match format {
        RowFormat::Json => output::line(&serde_json::to_string(status)?),
        RowFormat::Table => {
            output::list(&status.organizations, format, &header, cells)?;
            eprintln!("{}", remarks(status));
            Ok(())
        }
        RowFormat::Csv => output::list(&status.organizations, format, &header, cells),
    }
}
