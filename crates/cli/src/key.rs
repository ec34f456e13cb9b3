//! `key`: the key with which the logs of a stopped server are signed.

use std::process::ExitCode;

use indelible_server::Config;
use indelible_server::rotation::{self, KeyPair};

use crate::args::{KeyArgs, KeyCommand};
use crate::output;

pub(crate) fn run(command: &KeyCommand) -> anyhow::Result<ExitCode> {
    match command {
        KeyCommand::Next(args) => {
            let KeyPair { old, new } = rotation::next(&config(args)?)?;
            output::line(&new.to_string())?;
            eprintln!("It signs after `indelible key rotate`; until then {old} does.");
            eprintln!("Tell witnesses and auditors: `indelible witness --log OLD --log NEW` takes both.");
        }
        KeyCommand::Rotate(args) => {
            let KeyPair { old, new } = rotation::rotate_key(&config(args)?)?;
            output::line(&new.to_string())?;
            eprintln!("It signs from now on. What {old} signed stays valid, and its private half is gone.");
            eprintln!("`indelible verify` follows the change in the archive, whichever of both keys is given.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn config(args: &KeyArgs) -> anyhow::Result<Config> {
    let mut config = match &args.config {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    if let Some(data_dir) = &args.data_dir {
        config.data_dir.clone_from(data_dir);
    }
    Ok(config)
}
