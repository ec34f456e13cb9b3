//! `accounting`: what producers emitted, and what of it is there.

use std::process::ExitCode;

use indelible_api::{AccountingRow, Gap};

use crate::args::{AccountingArgs, RowFormat};
use crate::client::{Client, encode};
use crate::output;

pub(crate) async fn run(client: &Client, args: AccountingArgs) -> anyhow::Result<ExitCode> {
    let parameters = [("organization", &args.organization), ("since", &args.since)];
    let parameters: Vec<String> = parameters
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", encode(value.as_ref()?))))
        .collect();
    let rows: Vec<AccountingRow> = client.get(&format!("/api/v1/accounting?{}", parameters.join("&"))).await?;
    print(&rows, args.format)?;
    let missing: u64 = rows.iter().filter_map(|row| row.missing).sum();
    let unnumbered = rows.iter().filter(|row| row.epoch.is_none()).map(|row| row.accepted).sum::<u64>();
    if rows.is_empty() {
        eprintln!("no event in this time");
    } else {
        eprintln!("{missing} missing; what is lost at the end of an epoch leaves no gap and is not counted");
        if unnumbered > 0 {
            eprintln!(
                "{unnumbered} events were not numbered by their producers: nothing can be told of what they lost"
            );
        }
    }
    Ok(if rows.is_empty() || missing > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn print(rows: &[AccountingRow], format: RowFormat) -> anyhow::Result<()> {
    let header =
        ["organization", "producer", "epoch", "hour", "emitted", "accepted", "missing", "archived", "exported", "gaps"];
    let cells = |row: &AccountingRow| {
        let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        vec![
            row.organization.clone(),
            row.producer.clone(),
            number(row.epoch),
            row.hour.clone(),
            number(row.emitted),
            row.accepted.to_string(),
            number(row.missing),
            row.archived.to_string(),
            number(row.exported),
            row.gaps.iter().map(range).collect::<Vec<_>>().join(" "),
        ]
    };
    output::list(rows, format, &header, cells)
}

fn range(gap: &Gap) -> String {
    if gap.first == gap.last { gap.first.to_string() } else { format!("{}-{}", gap.first, gap.last) }
}
