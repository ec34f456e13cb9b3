//! `key`: the key with which the logs of a stopped server are signed.

use std::process::ExitCode;

use indelible_server::rotation::{self, KeyPair};

use crate::args::{KeyCommand, configuration};
use crate::output;

pub(crate) fn run(command: KeyCommand) -> anyhow::Result<ExitCode> {
    match command {
        KeyCommand::Next(args) => {
            let KeyPair { old, new } = rotation::next(&configuration(args.config.as_deref(), args.data_dir)?)?;
            output::line(&new.to_string())?;
            eprintln!("It signs after `indelible key rotate`; until then {old} does.");
            eprintln!("Tell witnesses and auditors: `indelible witness --log OLD --log NEW` takes both.");
        }
        KeyCommand::Rotate(args) => {
            let KeyPair { old, new } = rotation::rotate_key(&configuration(args.config.as_deref(), args.data_dir)?)?;
            output::line(&new.to_string())?;
            eprintln!("It signs from now on. What {old} signed stays valid, and its private half is gone.");
            eprintln!("`indelible verify` follows the change in the archive, whichever of both keys is given.");
        }
    }
    Ok(ExitCode::SUCCESS)
}
