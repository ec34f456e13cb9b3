//! `search` and `sql`: the server writes the rows, this prints them.

use std::process::ExitCode;

use futures::StreamExt;
use indelible_api::{Count, ERASED_HEADER, Order, SearchRequest, SqlRequest, TableFormat};
use reqwest::{Method, Response};

use crate::args::{RowFormat, SearchArgs, SqlArgs};
use crate::client::Client;
use crate::output;

/// Rows of a table when no limit is given: what people still read.
const TABLE_ROWS: u64 = 100;

/// A search at `base`, the path below which `search` and `search/count` are.
pub(crate) async fn search(client: &Client, base: &str, args: SearchArgs) -> anyhow::Result<ExitCode> {
    let table = args.format == RowFormat::Table;
    let request = SearchRequest {
        query: args.query,
        organization: args.organization,
        since: args.since,
        until: args.until,
        limit: args.limit.or((table && !args.count).then_some(TABLE_ROWS)),
        order: args.oldest.then_some(Order::Oldest),
        format: Some(to_api(args.format)),
    };
    if args.count {
        let request = SearchRequest { limit: None, order: None, format: None, ..request };
        let count: Count = client.post(&format!("{base}/search/count"), &request).await?;
        output::line(&count.count.to_string())?;
        return Ok(found(count.count));
    }
    let shown_limit = request.limit;
    let asked = client.request(Method::POST, &format!("{base}/search")).json(&request);
    let rows = print(client.send(asked).await?, args.format).await?;
    if rows == 0 {
        eprintln!("no event matches");
    } else if args.limit.is_none() && Some(rows) == shown_limit {
        eprintln!("the newest {rows} are shown; --limit N shows more, --format json all, --count the number");
    }
    Ok(found(rows))
}

/// A query at `base`, the path below which `sql` is.
pub(crate) async fn sql(client: &Client, base: &str, args: SqlArgs) -> anyhow::Result<ExitCode> {
    let request = SqlRequest { query: args.query, organization: args.organization, format: Some(to_api(args.format)) };
    let asked = client.request(Method::POST, &format!("{base}/sql")).json(&request);
    let rows = print(client.send(asked).await?, args.format).await?;
    if rows == 0 {
        eprintln!("no row");
    }
    Ok(found(rows))
}

fn to_api(format: RowFormat) -> TableFormat {
    match format {
        RowFormat::Table => TableFormat::Table,
        RowFormat::Json => TableFormat::Json,
        RowFormat::Csv => TableFormat::Csv,
    }
}

fn found(count: u64) -> ExitCode {
    if count == 0 { ExitCode::from(1) } else { ExitCode::SUCCESS }
}

/// Prints an answer as it comes and returns the number of its rows: of its lines without the header.
async fn print(response: Response, format: RowFormat) -> anyhow::Result<u64> {
    if let Some(erased) = response.headers().get(ERASED_HEADER).and_then(|value| value.to_str().ok()) {
        eprintln!("content of {erased} was erased: older entries are found by their infrastructure part alone");
    }
    let mut stream = response.bytes_stream();
    let mut lines = 0u64;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| {
            anyhow::anyhow!(
                "the answer broke off and is incomplete ({error}); it may be too large, see the server's log"
            )
        })?;
        lines += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        output::write_all(&piece)?;
    }
    let header = if format == RowFormat::Json { 0 } else { 1 };
    Ok(lines.saturating_sub(header))
}
