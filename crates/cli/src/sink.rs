//! Sinks: push an organization's events to destinations outside.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use indelible_api::{BackfillSink, CreateSink, EnableSink, SinkDeadLetter, SinkReplay, SinkState, SinkTest};
use reqwest::{Method, Url};
use serde_json::{Map, Value, json};

use crate::args::{SinkCommand, SinkCreateArgs, SinkName};
use crate::client::{Client, encode};
use crate::output;

pub(crate) async fn run(client: &Client, command: SinkCommand) -> anyhow::Result<ExitCode> {
    match command {
        SinkCommand::Create(args) => {
            let path = sinks(&args.sink.organization);
            let state: SinkState = client.post(&path, &request(args)?).await?;
            output::line(&state.name)?;
        }
        SinkCommand::List { organization, format } => {
            let list: Vec<SinkState> = client.get(&sinks(&organization)).await?;
            let header = ["name", "state", "lag", "delivered", "dead letters", "last success", "last error"];
            output::list(&list, format, &header, |sink| {
                vec![
                    sink.name.clone(),
                    sink.state.clone(),
                    sink.lag_entries.to_string(),
                    sink.delivered.to_string(),
                    sink.dead_letters.to_string(),
                    sink.last_success.clone().unwrap_or_default(),
                    sink.last_error.as_ref().map(|error| error.message.clone()).unwrap_or_default(),
                ]
            })?;
            return Ok(ExitCode::from(u8::from(list.is_empty())));
        }
        SinkCommand::Test(sink) => {
            let test: SinkTest = client.post(&format!("{}/test", path(&sink)), &()).await?;
            match test.message {
                None => output::line("delivered")?,
                Some(message) => {
                    eprintln!("not delivered: {message}");
                    return Ok(ExitCode::from(1));
                }
            }
        }
        SinkCommand::Backfill { sink, from } => {
            let state: SinkState = client.post(&format!("{}/backfill", path(&sink)), &BackfillSink { from }).await?;
            output::line(&format!("{} entries to deliver", state.lag_entries))?;
        }
        SinkCommand::Enable(sink) => enable(client, &sink, true).await?,
        SinkCommand::Disable(sink) => enable(client, &sink, false).await?,
        SinkCommand::Delete(sink) => {
            client.send(client.request(Method::DELETE, &path(&sink))).await?;
        }
        SinkCommand::DeadLetters { sink, replay, discard, format } => {
            let path = format!("{}/dead-letters", path(&sink));
            if replay {
                let answer: SinkReplay = client.post(&format!("{path}/replay"), &()).await?;
                output::line(&format!("{} delivered, {} left", answer.delivered, answer.left))?;
                return Ok(ExitCode::from(u8::from(answer.left > 0)));
            }
            if discard {
                client.send(client.request(Method::DELETE, &path)).await?;
                return Ok(ExitCode::SUCCESS);
            }
            let letters: Vec<SinkDeadLetter> = client.get(&path).await?;
            output::list(&letters, format, &["generation", "seq", "at", "reason"], |letter| {
                vec![letter.generation.to_string(), letter.seq.to_string(), letter.at.clone(), letter.reason.clone()]
            })?;
            return Ok(ExitCode::from(u8::from(letters.is_empty())));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn enable(client: &Client, sink: &SinkName, enabled: bool) -> anyhow::Result<()> {
    client.send(client.request(Method::PATCH, &path(sink)).json(&EnableSink { enabled })).await.map(drop)
}

fn sinks(organization: &str) -> String {
    format!("/api/v1/organizations/{}/sinks", encode(organization))
}

fn path(sink: &SinkName) -> String {
    format!("{}/{}", sinks(&sink.organization), encode(&sink.name))
}

fn request(args: SinkCreateArgs) -> anyhow::Result<CreateSink> {
    let secret = match &args.secret_file {
        Some(path) => Some(std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?),
        None => std::env::var("INDELIBLE_SINK_SECRET").ok().filter(|secret| !secret.is_empty()),
    };
    let mut settings = json!({ "format": args.format.name(), "destination": destination(&args)? });
    if let (Some(events), Some(settings)) = (args.batch_events, settings.as_object_mut()) {
        let batch = json!({ "events": events, "bytes": args.batch_bytes, "waitSeconds": args.batch_seconds });
        settings.insert("batch".to_owned(), batch);
    }
    Ok(CreateSink { name: args.sink.name, settings, secret, from: args.from })
}

/// The destination of an address such as `splunk+https://host:8088`, and of the options that belong to it.
fn destination(args: &SinkCreateArgs) -> anyhow::Result<Value> {
    let (kind, rest) = match args.to.split_once('+') {
        Some((kind @ ("splunk" | "elastic" | "otlp" | "webhook" | "syslog"), rest)) => (kind, rest),
        _ if ["/", "file:", "s3:", "azure:", "az:"].iter().any(|start| args.to.starts_with(start)) => {
            ("files", args.to.as_str())
        }
        _ => bail!(
            "{:?} is no destination; write splunk+https://HOST:8088, elastic+https://HOST:9200, syslog+tls://HOST:6514, syslog+tcp://HOST:601, otlp+https://HOST:4318/v1/logs, webhook+https://HOST/PATH, or for files a path, s3://BUCKET/PREFIX or azure://CONTAINER/PREFIX",
            args.to
        ),
    };
    let mut members = Map::new();
    members.insert("kind".to_owned(), kind.into());
    if kind == "syslog" {
        let url: Url = rest.parse().with_context(|| format!("{rest:?} is no address"))?;
        let tls = match url.scheme() {
            "tls" => true,
            "tcp" => false,
            other => bail!("syslog goes over tls or tcp, not {other}"),
        };
        members.insert(
            "host".to_owned(),
            url.host_str().context("the address has no host")?.trim_matches(['[', ']']).into(),
        );
        members.insert("port".to_owned(), url.port().unwrap_or(if tls { 6514 } else { 601 }).into());
        members.insert("tls".to_owned(), tls.into());
    } else {
        members.insert("url".to_owned(), rest.into());
    }
    let text = |path: &Path| std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()));
    let options = [
        ("index", args.index.clone()),
        ("sourceType", args.source_type.clone()),
        ("user", args.user.clone()),
        ("ca", args.ca.as_deref().map(text).transpose()?),
        ("clientCertificate", args.client_certificate.as_deref().map(text).transpose()?),
        ("layout", args.parquet.then(|| "parquet".to_owned())),
    ];
    for (name, value) in options {
        if let Some(value) = value {
            members.insert(name.to_owned(), value.into());
        }
    }
    if args.acknowledge {
        members.insert("acknowledge".to_owned(), true.into());
    }
    Ok(Value::Object(members))
}
