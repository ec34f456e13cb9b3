//! `witness`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use indelible_merkle::{VerifierKey, WitnessSigner};
use indelible_server::serve_bounded;
use indelible_witness::{Witness, read_or_create_key, router};
use serde::Deserialize;

use crate::args::WitnessArgs;
use crate::output;
use crate::serve::{wait_for_signal, write_log};

/// The configuration file; every key is optional.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct File {
    name: Option<String>,
    key_file: Option<PathBuf>,
    state: Option<PathBuf>,
    listen: Option<SocketAddr>,
    logs: Vec<String>,
}

pub(crate) fn run(args: WitnessArgs) -> anyhow::Result<ExitCode> {
    let file = args.config.as_deref().map(read).transpose()?.unwrap_or_default();
    let name = args.name.or(file.name).context("a witness needs a name: --name witness.example.com")?;
    let key_file = args.key_file.or(file.key_file).unwrap_or_else(|| "witness.key".into());
    let state = args.state.or(file.state).unwrap_or_else(|| "witness-state".into());
    let listen = args.listen.or(file.listen).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 7171)));
    let logs = if args.log.is_empty() { file.logs } else { args.log };
    let signer = WitnessSigner::from_seed(&name, &read_or_create_key(&key_file, &state)?)
        .with_context(|| format!("the name {name:?} cannot be that of a witness"))?;
    output::line(&signer.key().to_string())?;
    if args.print_key {
        return Ok(ExitCode::SUCCESS);
    }
    write_log(false);
    anyhow::ensure!(
        !logs.is_empty(),
        "a witness watches at least one log: --log VKEY, the line `log` of its server's /api/v1/policy"
    );
    let keys = logs.iter().map(|key| key.parse().with_context(|| format!("{key:?} is no verifier key of a log")));
    let keys = keys.collect::<anyhow::Result<Vec<VerifierKey>>>()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve(&state, signer, keys, listen))
}

async fn serve(
    state: &Path,
    signer: WitnessSigner,
    keys: Vec<VerifierKey>,
    listen: SocketAddr,
) -> anyhow::Result<ExitCode> {
    let witness = Arc::new(Witness::start(state, signer, keys)?);
    for log in witness.logs() {
        let size = log.size.map_or_else(|| "nothing cosigned yet".to_owned(), |size| format!("cosigned up to {size}"));
        eprintln!("watching {}: {size}", log.origin);
    }
    let listener = tokio::net::TcpListener::bind(listen).await.with_context(|| format!("listen on {listen}"))?;
    output::line(&format!("http://{}", listener.local_addr()?))?;
    eprintln!(
        "Give the first line to the operator of the log and to its readers, the second to the operator. Ctrl-C stops it."
    );
    serve_bounded(listener, router(witness), wait_for_signal()).await;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> anyhow::Result<File> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    toml::from_str(&text).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
}
