//! Organizations and tokens.

use std::process::ExitCode;

use indelible_api::{CreateOrganization, CreateToken, OrganizationSummary, TokenAnswer};

use crate::args::{OrganizationCommand, RowFormat, TokenCommand};
use crate::client::Client;
use crate::output;

pub(crate) async fn organization(client: &Client, command: OrganizationCommand) -> anyhow::Result<ExitCode> {
    match command {
        OrganizationCommand::Create { organization } => {
            let created: OrganizationSummary =
                client.post("/api/v1/organizations", &CreateOrganization { organization }).await?;
            output::line(&created.organization)?;
            Ok(ExitCode::SUCCESS)
        }
        OrganizationCommand::List { format } => {
            let list: Vec<OrganizationSummary> = client.get("/api/v1/organizations").await?;
            print(&list, format)?;
            Ok(if list.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
        }
    }
}

fn print(list: &[OrganizationSummary], format: RowFormat) -> anyhow::Result<()> {
    let header = ["organization", "entries", "archived", "origin"];
    let cells = |o: &OrganizationSummary| {
        vec![o.organization.clone(), o.size.to_string(), o.archived.to_string(), o.origin.clone().unwrap_or_default()]
    };
    match format {
        RowFormat::Json => list.iter().try_for_each(|o| output::line(&serde_json::to_string(o)?)),
        RowFormat::Table => {
            output::write_all(output::table(&header, &list.iter().map(cells).collect::<Vec<_>>()).as_bytes())
        }
        RowFormat::Csv => {
            let mut text = output::csv_line(header.into_iter());
            list.iter().for_each(|o| text.push_str(&output::csv_line(cells(o).iter().map(String::as_str))));
            output::write_all(text.as_bytes())
        }
    }
}

pub(crate) async fn token(client: &Client, command: TokenCommand) -> anyhow::Result<ExitCode> {
    let TokenCommand::Create { organization, operations, ttl, name } = command;
    let ttl_seconds = ttl.as_deref().map(seconds).transpose()?;
    let answer: TokenAnswer =
        client.post("/api/v1/tokens", &CreateToken { name, organization, operations, ttl_seconds }).await?;
    output::line(&answer.token)?;
    Ok(ExitCode::SUCCESS)
}

/// Seconds in an age such as `30d`.
fn seconds(text: &str) -> anyhow::Result<u64> {
    let unit = |factor: u64, digits: &str| digits.parse::<u64>().ok().and_then(|n| n.checked_mul(factor));
    let value = match text.split_at_checked(text.len().saturating_sub(1)) {
        Some((digits, "d")) => unit(86_400, digits),
        Some((digits, "h")) => unit(3_600, digits),
        Some((digits, "m")) => unit(60, digits),
        Some((digits, "s")) => unit(1, digits),
        _ => None,
    };
    value
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| anyhow::anyhow!("{text:?} is not a time such as 30d, 12h, 15m or 90s"))
}
