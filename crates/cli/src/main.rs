//! The `indelible` command: the server, and everything one does with it from a terminal.
//!
//! Data goes to standard output, everything else to standard error. Exit codes: 0 yes or done, 1 no or nothing found,
//! 2 could not tell or failed.

mod accounting;
mod adapter;
mod admin;
mod agent;
mod archive;
mod args;
mod bundle;
mod client;
mod demo;
mod doctor;
mod export;
mod grant;
mod import;
mod key;
mod operator;
mod output;
mod person;
mod prove;
mod quarantine;
mod rebuild;
mod request;
mod retention;
mod search;
mod serve;
mod sink;
mod tiles;
mod verify;
mod witness;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{ArchiveCommand, Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("indelible: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let trust = client::Trust::from_environment(cli.ca)?;
    match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Adapter(command) => adapter::run(command),
        Command::Verify(args) => verify::run(&args),
        Command::Witness(args) => witness::run(args),
        Command::Doctor(args) => doctor::run(args, &trust),
        Command::Agent(args) => agent::run(args, &trust),
        Command::Key(command) => key::run(command),
        Command::Archive(ArchiveCommand::Rebuild(args)) => rebuild::run(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "indelible", &mut script);
            output::write_all(&script)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Man { out } => {
            clap_mangen::generate_to(Cli::command(), out)?;
            Ok(ExitCode::SUCCESS)
        }
        remote => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
            runtime.block_on(client_command(remote, &trust))
        }
    }
}

/// Commands that talk to a running server.
async fn client_command(command: Command, trust: &client::Trust) -> anyhow::Result<ExitCode> {
    let client = client::Client::from_environment(trust)?;
    match command {
        Command::Import(args) => import::run(&client, args).await,
        Command::Search(args) => search::search(&client, "/api/v1", args).await,
        Command::Sql(args) => search::sql(&client, "/api/v1", args).await,
        Command::Checkpoint(args) => prove::checkpoint(&client, args).await,
        Command::Prove(args) => prove::prove(&client, args).await,
        Command::Bundle(args) => bundle::run(&client, args).await,
        Command::Accounting(args) => accounting::run(&client, args).await,
        Command::Archive(command) => archive::run(&client, command).await,
        Command::Export(command) => export::run(&client, command).await,
        Command::Quarantine(command) => quarantine::run(&client, command).await,
        Command::Retention(command) => retention::run(&client, command).await,
        Command::Request(command) => request::run(&client, command).await,
        Command::Redact(args) => request::redact(&client, args).await,
        Command::Operator(command) => operator::run(&client, command).await,
        Command::Investigation(command) => request::investigation(&client, command).await,
        Command::Organization(command) => admin::organization(&client, command).await,
        Command::Sink(command) => sink::run(&client, command).await,
        Command::Token(command) => admin::token(&client, command).await,
        Command::Grant(command) => grant::run(&client, command).await,
        Command::Person(command) => person::run(&client, command).await,
        Command::Administrator(command) => person::administrator(&client, command).await,
        Command::Client(command) => admin::client(&client, command).await,
        Command::Certificate(command) => admin::certificate(&client, command).await,
        Command::Serve(_)
        | Command::Demo(_)
        | Command::Adapter(_)
        | Command::Verify(_)
        | Command::Witness(_)
        | Command::Doctor(_)
        | Command::Agent(_)
        | Command::Key(_)
        | Command::Completions { .. }
        | Command::Man { .. } => {
            unreachable!("handled before a client is made")
        }
    }
}
