//! `grant`: what people and groups of people may do where.

use std::process::ExitCode;

use indelible_api::{CreateGrant, GrantSummary};
use reqwest::Method;

use crate::args::GrantCommand;
use crate::client::{Client, encode};
use crate::output;

pub(crate) async fn run(client: &Client, command: GrantCommand) -> anyhow::Result<ExitCode> {
    match command {
        GrantCommand::Create { to, organization, role } => {
            let granted: GrantSummary =
                client.post("/api/v1/grants", &CreateGrant { grantee: to, organization, role }).await?;
            output::line(&granted.grant_id)?;
            Ok(ExitCode::SUCCESS)
        }
        GrantCommand::List { organization, format } => {
            let path = format!("/api/v1/grants?organization={}", encode(&organization));
            let list: Vec<GrantSummary> = client.get(&path).await?;
            let header = ["grant", "grantee", "name", "role", "created", "by"];
            output::list(&list, format, &header, |grant: &GrantSummary| {
                let GrantSummary { grant_id, grantee, name, role, created, created_by, .. } = grant.clone();
                vec![grant_id, grantee, name.unwrap_or_default(), role, created, created_by]
            })?;
            Ok(if list.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
        }
        GrantCommand::Remove { id } => {
            client.send(client.request(Method::DELETE, &format!("/api/v1/grants/{}", encode(&id)))).await?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
