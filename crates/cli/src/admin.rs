//! Organizations, tokens and OAuth clients.

use std::process::ExitCode;

use indelible_api::{
    CertificateSummary, ClientAnswer, ClientSummary, CreateCertificate, CreateClient, CreateOrganization, CreateToken,
    EncryptionState, EraseKey, OrganizationSummary, RedactionState, TokenAnswer, TokenSummary,
};
use reqwest::Method;

use crate::args::{CertificateCommand, ClientCommand, OrganizationCommand, SummaryFormat, TokenCommand};
use crate::client::{Client, encode};
use crate::request::done;
use crate::{operator, output};

pub(crate) async fn organization(client: &Client, command: OrganizationCommand) -> anyhow::Result<ExitCode> {
    match command {
        OrganizationCommand::Create { organization, administrator } => {
            let created: OrganizationSummary =
                client.post("/api/v1/organizations", &CreateOrganization { organization, administrator }).await?;
            output::line(&created.organization)?;
            Ok(ExitCode::SUCCESS)
        }
        OrganizationCommand::Pseudonyms { organization, switch } => {
            operator::pseudonyms(client, &organization, switch).await
        }
        OrganizationCommand::List { format } => {
            let list: Vec<OrganizationSummary> = client.get("/api/v1/organizations").await?;
            output::list(
                &list,
                format,
                &["organization", "entries", "archived", "origin"],
                |o: &OrganizationSummary| {
                    let origin = o.origin.clone().unwrap_or_default();
                    vec![o.organization.clone(), o.size.to_string(), o.archived.to_string(), origin]
                },
            )?;
            Ok(if list.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
        }
        OrganizationCommand::Encryption { organization } => {
            encryption(&client.get(&encryption_path(&organization)).await?)
        }
        OrganizationCommand::Encrypt { organization } => {
            let request = client.request(Method::PUT, &encryption_path(&organization));
            encryption(&client.send(request).await?.json().await?)
        }
        OrganizationCommand::Redactions { organization } => {
            let path = format!("/api/v1/organizations/{}/redactions", encode(&organization));
            redactions(&client.get(&path).await?)
        }
        OrganizationCommand::EraseKey { organization, reason, yes } => {
            let path = format!("{}/erase", encryption_path(&organization));
            let asked = client.send(client.request(Method::POST, &path).json(&EraseKey { reason, yes })).await?;
            match done::<EncryptionState>(asked).await? {
                Some(state) => encryption(&state),
                None => Ok(ExitCode::from(1)),
            }
        }
    }
}

fn redactions(state: &RedactionState) -> anyhow::Result<ExitCode> {
    output::line(&serde_json::to_string(state)?)?;
    let RedactionState { state: how, entries, left, exports, sinks, last_error, .. } = state;
    eprintln!("{how}: {entries} entries");
    for what in left {
        eprintln!("still holds content: {what}");
    }
    for (what, names) in [("exports", exports), ("sinks", sinks)] {
        if !names.is_empty() {
            eprintln!("{what} that took entries before they were redacted, and keep them: {}", names.join(", "));
        }
    }
    if let Some(error) = last_error {
        eprintln!("the newest attempt failed: {error}");
    }
    Ok(ExitCode::SUCCESS)
}

fn encryption_path(organization: &str) -> String {
    format!("/api/v1/organizations/{}/encryption", encode(organization))
}

fn encryption(state: &EncryptionState) -> anyhow::Result<ExitCode> {
    output::line(&serde_json::to_string(state)?)?;
    match &state.key {
        Some(key) => eprintln!(
            "what comes in is encrypted under key {key}; keep a backup of keys/content in the data folder, nothing else opens it"
        ),
        None => eprintln!("content is not encrypted"),
    }
    if !state.erased.is_empty() {
        eprintln!("erased: {}", state.erased.join(", "));
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn token(client: &Client, command: TokenCommand) -> anyhow::Result<ExitCode> {
    match command {
        TokenCommand::Create { organization, operations, ttl, name, adapter } => {
            let ttl_seconds = ttl.as_deref().map(seconds).transpose()?;
            let request = CreateToken { name, organization, operations, ttl_seconds, adapter };
            let answer: TokenAnswer = client.post("/api/v1/tokens", &request).await?;
            output::line(&answer.token)?;
            Ok(ExitCode::SUCCESS)
        }
        TokenCommand::List { organization, format } => {
            let path = format!("/api/v1/tokens?organization={}", encode(&organization));
            let list: Vec<TokenSummary> = client.get(&path).await?;
            let header = ["token", "name", "operations", "adapter", "created", "expires", "last used"];
            output::list(&list, format, &header, |token: &TokenSummary| {
                let TokenSummary { token_id, name, operations, created, expires, last_used, adapter, .. } =
                    token.clone();
                let (expires, last_used) = (expires.unwrap_or_default(), last_used.unwrap_or_default());
                vec![token_id, name, operations.join(" "), adapter.unwrap_or_default(), created, expires, last_used]
            })?;
            Ok(if list.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
        }
        TokenCommand::Revoke { id } => {
            client.send(client.request(Method::DELETE, &format!("/api/v1/tokens/{}", encode(&id)))).await?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

pub(crate) async fn client(client: &Client, command: ClientCommand) -> anyhow::Result<ExitCode> {
    match command {
        ClientCommand::Create { organization, operations, name, format } => {
            let answer: ClientAnswer =
                client.post("/api/v1/clients", &CreateClient { name, organization, operations }).await?;
            match format {
                SummaryFormat::Json => output::line(&serde_json::to_string(&answer)?)?,
                SummaryFormat::Text => {
                    output::line(&format!("client_id={}", answer.client_id))?;
                    output::line(&format!("client_secret={}", answer.client_secret))?;
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        ClientCommand::List { organization, format } => {
            let path = format!("/api/v1/clients?organization={}", encode(&organization));
            let list: Vec<ClientSummary> = client.get(&path).await?;
            output::list(&list, format, &["client", "name", "operations", "created"], |c: &ClientSummary| {
                vec![c.client_id.clone(), c.name.clone(), c.operations.join(" "), c.created.clone()]
            })?;
            Ok(if list.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
        }
        ClientCommand::Revoke { id } => {
            client.send(client.request(Method::DELETE, &format!("/api/v1/clients/{}", encode(&id)))).await?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

pub(crate) async fn certificate(client: &Client, command: CertificateCommand) -> anyhow::Result<ExitCode> {
    match command {
        CertificateCommand::Create { organization, operations, subject } => {
            let request = CreateCertificate { subject, organization, operations };
            let created: CertificateSummary = client.post("/api/v1/certificates", &request).await?;
            output::line(&created.certificate_id)?;
            Ok(ExitCode::SUCCESS)
        }
        CertificateCommand::List { organization, format } => {
            let path = format!("/api/v1/certificates?organization={}", encode(&organization));
            let list: Vec<CertificateSummary> = client.get(&path).await?;
            let header = ["certificate", "subject", "operations", "created"];
            output::list(&list, format, &header, |c: &CertificateSummary| {
                vec![c.certificate_id.clone(), c.subject.clone(), c.operations.join(" "), c.created.clone()]
            })?;
            Ok(if list.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
        }
        CertificateCommand::Revoke { id } => {
            client.send(client.request(Method::DELETE, &format!("/api/v1/certificates/{}", encode(&id)))).await?;
            Ok(ExitCode::SUCCESS)
        }
    }
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
