//! `verify`: an archive, a proof bundle or an operator's entry, offline.

use std::fs::{self, File};
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use indelible_archive::ContentKeys;
use indelible_archive::bundle::{self, BundleOptions};
use indelible_archive::entry_file;
use indelible_archive::receipts::{check_archive, check_bundle};
use indelible_archive::verify::{Options, verify_source};
use indelible_merkle::{Note, Notes, Policy, VerifierKey};
use indelible_server::Config;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::args::VerifyArgs;
use crate::output;

pub(crate) fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let mut keys = Vec::new();
    for key in &args.key {
        keys.extend(read_keys(key)?);
    }
    let since = args.since.as_deref().map(read_notes).transpose()?.unwrap_or_default();
    let policy = args.policy.as_deref().map(read_policy).transpose()?;
    let receipts = args.receipts.as_deref().map(Receipts::open).transpose()?;
    let path = Path::new(&args.place);
    match bundle::is_bundle(path) {
        _ if path.is_file() => {
            run_entry(args, path, &BundleOptions { keys, policy, since, strict: args.strict }, receipts.as_ref())
        }
        true => run_bundle(args, BundleOptions { keys, policy, since, strict: args.strict }, receipts),
        false => {
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            // One key signs for all logs of a platform, each under its own name.
            keys.extend(policy.iter().flat_map(Policy::logs).cloned());
            let content_keys = args.content_keys.as_deref().map(read_content_keys).transpose()?;
            run_archive(
                args,
                &Options { keys, since, content_keys, strict: args.strict, threads, ..Options::default() },
                policy.as_ref(),
                receipts,
            )
        }
    }
}

fn read_content_keys(folder: &Path) -> anyhow::Result<Arc<ContentKeys>> {
    anyhow::ensure!(folder.is_dir(), "there is no folder of content keys {}", folder.display());
    Ok(Arc::new(ContentKeys::in_folder(folder).context("read the content keys")?))
}

fn run_archive(
    args: &VerifyArgs,
    options: &Options,
    policy: Option<&Policy>,
    receipts: Option<Receipts>,
) -> anyhow::Result<ExitCode> {
    let bar = progress_bar("{bar:40} {bytes}/{total_bytes} {msg} {eta}");
    // Requests to a bucket are made on it while threads of ours wait.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let config = args.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
    let archive = config.bucket.source(&args.place, runtime.handle(), &std::env::temp_dir())?;
    let mut report = verify_source(&*archive, options, &|progress| {
        bar.set_length(progress.bytes_total);
        bar.set_position(progress.bytes);
        bar.set_message(format!("{} entries", progress.entries));
    });
    if let Some(Receipts { name, file }) = receipts {
        bar.set_message("receipts");
        check_archive(&*archive, &name, file, &mut report, args.strict);
    }
    bar.finish_and_clear();
    if policy.is_some_and(Policy::asks_for_witnesses) {
        eprintln!(
            "an archive holds no cosignatures: of the policy only its logs counted; a proof bundle shows the witnesses"
        );
    }
    print(args, &report, report.exit_code())
}

fn run_bundle(args: &VerifyArgs, options: BundleOptions, receipts: Option<Receipts>) -> anyhow::Result<ExitCode> {
    let bar = progress_bar("{bar:40} {pos}/{len} entries {eta}");
    let mut report = bundle::verify(Path::new(&args.place), &options, &|done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    if let Some(Receipts { name, file }) = receipts {
        check_bundle(Path::new(&args.place), &name, file, &mut report, &options);
    }
    bar.finish_and_clear();
    print(args, &report, report.exit_code())
}

fn run_entry(
    args: &VerifyArgs,
    path: &Path,
    options: &BundleOptions,
    receipts: Option<&Receipts>,
) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        receipts.is_none() && options.since.is_empty(),
        "one entry says nothing about receipts or checkpoints kept from earlier; verify the archive or a bundle with these"
    );
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    let mut bytes = Vec::new();
    file.take(entry_file::FILE_BYTES_MAX)
        .read_to_end(&mut bytes)
        .with_context(|| format!("read {}", path.display()))?;
    let report = entry_file::verify(&bytes, options);
    print(args, &report, report.exit_code())
}

fn print(args: &VerifyArgs, report: &(impl Serialize + ToString), code: u8) -> anyhow::Result<ExitCode> {
    if args.json {
        output::line(&serde_json::to_string_pretty(report)?)?;
    } else {
        output::write_all(report.to_string().as_bytes())?;
    }
    Ok(ExitCode::from(code))
}

/// A file of receipts.
struct Receipts {
    name: String,
    file: BufReader<File>,
}

impl Receipts {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
        Ok(Self { name: path.display().to_string(), file: BufReader::with_capacity(256 << 10, file) })
    }
}

fn read_policy(path: &Path) -> anyhow::Result<Policy> {
    let bytes = fs::read(path).with_context(|| format!("read {}", path.display()))?;
    Policy::parse(&bytes).with_context(|| format!("{} is not a policy (c2sp.org/tlog-policy)", path.display()))
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
pub(crate) fn read_notes(path: &Path) -> anyhow::Result<Vec<Note>> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let notes: Vec<Note> = Notes::new(&text)
        .collect::<Result<_, _>>()
        .with_context(|| format!("{} is not a file of checkpoints", path.display()))?;
    anyhow::ensure!(!notes.is_empty(), "{} holds no checkpoint", path.display());
    Ok(notes)
}

fn progress_bar(template: &str) -> ProgressBar {
    if !output::shows_progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}
