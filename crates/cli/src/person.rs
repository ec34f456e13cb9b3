//! `person`: who has signed in; and `administrator`: the password of the embedded administrator.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, ensure};
use indelible_api::{PasswordAnswer, PersonSummary, SetPassword};
use reqwest::Method;

use crate::args::{AdministratorCommand, PersonCommand};
use crate::client::{Client, encode};
use crate::output;

/// Longest line that is read as a password.
const LINE_BYTES_MAX: u64 = 1024;

pub(crate) async fn run(client: &Client, command: PersonCommand) -> anyhow::Result<ExitCode> {
    let PersonCommand::List { organization, format } = command;
    let path = format!("/api/v1/people?organization={}", encode(&organization));
    let list: Vec<PersonSummary> = client.get(&path).await?;
    let header = ["person", "name", "e-mail", "provider", "operations", "last sign-in"];
    output::list(&list, format, &header, |person: &PersonSummary| {
        let PersonSummary { person_id, name, email, provider, operations, last_sign_in, .. } = person.clone();
        let (email, last_sign_in) = (email.unwrap_or_default(), last_sign_in.unwrap_or_default());
        vec![person_id, name, email, provider, operations.join(" "), last_sign_in]
    })?;
    Ok(if list.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

pub(crate) async fn administrator(client: &Client, command: AdministratorCommand) -> anyhow::Result<ExitCode> {
    let AdministratorCommand::Password { generate } = command;
    let password = if generate { None } else { Some(read_password()?) };
    let request = client.request(Method::PUT, "/api/v1/administrator/password").json(&SetPassword { password });
    let answer: PasswordAnswer = client.send(request).await?.json().await?;
    if let Some(password) = answer.password {
        output::line(&password)?;
        eprintln!("This password is shown this once, and has to be changed at the first sign-in.");
    }
    Ok(ExitCode::SUCCESS)
}

/// The first line of standard input. A terminal is asked twice and shows nothing of it.
fn read_password() -> anyhow::Result<String> {
    if !io::stdin().is_terminal() {
        return read_line();
    }
    let _hidden = Hidden::new()?;
    let first = ask("New password of the administrator: ")?;
    ensure!(ask("The same again: ")? == first, "the two are not the same; nothing was changed");
    Ok(first)
}

fn ask(question: &str) -> anyhow::Result<String> {
    eprint!("{question}");
    io::stderr().flush()?;
    let answer = read_line();
    eprintln!();
    answer
}

fn read_line() -> anyhow::Result<String> {
    let mut line = String::new();
    io::Read::take(io::stdin().lock(), LINE_BYTES_MAX).read_line(&mut line).context("read the password")?;
    let line = line.trim_end_matches(['\r', '\n']);
    ensure!(!line.is_empty(), "no password was given on standard input");
    Ok(line.to_owned())
}

/// The terminal shows nothing of what is typed, until this is dropped.
struct Hidden;

impl Hidden {
    fn new() -> anyhow::Result<Self> {
        ensure!(
            echo("-echo"),
            "the terminal cannot hide what is typed (stty -echo); give the password on standard input"
        );
        Ok(Self)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        echo("echo");
    }
}

/// Whether the terminal took the setting.
fn echo(setting: &str) -> bool {
    Command::new("stty").arg(setting).status().is_ok_and(|status| status.success())
}
