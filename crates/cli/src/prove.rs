//! `checkpoint` and `prove`.

use std::process::ExitCode;

use indelible_api::{EntryProof, ErrorCode};
use reqwest::Method;

use crate::args::{CheckpointArgs, ProveArgs};
use crate::client::{Client, Refused, encode};
use crate::output;

pub(crate) async fn checkpoint(client: &Client, args: CheckpointArgs) -> anyhow::Result<ExitCode> {
    let page = if args.keys { "keys" } else { "checkpoints" };
    let query = args.organization.map(|rid| format!("?organization={}", encode(&rid))).unwrap_or_default();
    let text = client.send(client.request(Method::GET, &format!("/api/v1/{page}{query}"))).await?.text().await?;
    output::write_all(text.as_bytes())?;
    if text.is_empty() {
        eprintln!("no organization has an entry yet");
        return Ok(ExitCode::from(1));
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn prove(client: &Client, args: ProveArgs) -> anyhow::Result<ExitCode> {
    let query = args.organization.map(|rid| format!("?organization={}", encode(&rid))).unwrap_or_default();
    let proof: anyhow::Result<EntryProof> =
        client.get(&format!("/api/v1/entries/{}{query}", encode(&args.log_entry_id))).await;
    match proof {
        Ok(proof) => {
            output::line(&serde_json::to_string_pretty(&proof)?)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| refused.code == ErrorCode::NotFound) => {
            eprintln!("{error}");
            Ok(ExitCode::from(1))
        }
        Err(error) => Err(error),
    }
}
