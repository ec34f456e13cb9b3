//! `verify`: an archive, offline.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use indelible_archive::verify::{Options, verify};
use indelible_merkle::{Note, Notes, VerifierKey};
use indicatif::{ProgressBar, ProgressStyle};

use crate::args::VerifyArgs;
use crate::output;

pub(crate) fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let mut keys = Vec::new();
    for key in &args.key {
        keys.extend(read_keys(key)?);
    }
    let since = args.since.as_deref().map(read_notes).transpose()?.unwrap_or_default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let bar = progress_bar();
    let report = verify(&args.path, &Options { keys, since, strict: args.strict, threads }, &|progress| {
        bar.set_length(progress.bytes_total);
        bar.set_position(progress.bytes);
        bar.set_message(format!("{} entries", progress.entries));
    });
    bar.finish_and_clear();
    if args.json {
        output::line(&serde_json::to_string_pretty(&report)?)?;
    } else {
        output::write_all(report.to_string().as_bytes())?;
    }
    Ok(ExitCode::from(report.exit_code()))
}

/// The keys in a file, one a line, or the one that the text itself is.
fn read_keys(text: &str) -> anyhow::Result<Vec<VerifierKey>> {
    let path = Path::new(text);
    let content =
        if path.exists() { fs::read_to_string(path).with_context(|| format!("read {text}"))? } else { text.to_owned() };
    let lines = content.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Vec<VerifierKey> = lines
        .map(|line| line.parse())
        .collect::<Result<_, _>>()
        .with_context(|| format!("{text} is neither a file of verifier keys nor such a key (name+id+base64)"))?;
    anyhow::ensure!(!keys.is_empty(), "{text} holds no verifier key");
    Ok(keys)
}

/// The checkpoints in a file, one note after the other.
fn read_notes(path: &Path) -> anyhow::Result<Vec<Note>> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let notes: Vec<Note> = Notes::new(&text)
        .collect::<Result<_, _>>()
        .with_context(|| format!("{} is not a file of checkpoints", path.display()))?;
    anyhow::ensure!(!notes.is_empty(), "{} holds no checkpoint", path.display());
    Ok(notes)
}

fn progress_bar() -> ProgressBar {
    if !output::shows_progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {msg} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}
