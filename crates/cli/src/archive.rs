//! `archive status`, `archive seal` and `archive tiles`.

use std::process::ExitCode;

use indelible_api::{ArchiveStatus, OrganizationArchive};

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
        ArchiveCommand::Tiles(args) => return tiles::run(client, &args).await,
    };
    print(&status, format)?;
    if let Some(error) = &status.last_error {
        eprintln!("archiving fails: {error}");
        return Ok(ExitCode::from(1));
    }
    Ok(ExitCode::SUCCESS)
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
            output::write_all(
                output::table(&header, &status.organizations.iter().map(cells).collect::<Vec<_>>()).as_bytes(),
            )?;
            eprintln!("journal: {} bytes", status.journal_bytes);
            Ok(())
        }
        RowFormat::Csv => {
            let mut text = output::csv_line(header.into_iter());
            status
                .organizations
                .iter()
                .for_each(|o| text.push_str(&output::csv_line(cells(o).iter().map(String::as_str))));
            output::write_all(text.as_bytes())
        }
    }
}
