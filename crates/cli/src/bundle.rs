//! `bundle`: a proof bundle, made by a running server and written into a folder.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use bytes::{Buf, Bytes, BytesMut};
use futures::TryStreamExt;
use indelible_api::{BundleRequest, ErrorCode};
use indelible_archive::bundle::{Filter, STATEMENT, Statement, is_file_name};
use reqwest::Method;

use crate::args::BundleArgs;
use crate::client::{Client, Refused};
use crate::output;

/// Longest first line of a frame.
const HEADER_BYTES_MAX: usize = 128;

pub(crate) async fn run(client: &Client, args: BundleArgs) -> anyhow::Result<ExitCode> {
    let out = args.out.clone();
    ensure!(!out.exists(), "{} exists; a bundle gets a folder of its own", out.display());
    let since = match &args.since {
        Some(path) => fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?,
        None => String::new(),
    };
    let request = BundleRequest {
        organization: args.organization,
        log_entry_id: args.event,
        from_seq: args.from_seq,
        to_seq: args.to_seq,
        received_from: args.received_from,
        received_to: args.received_to,
        query: args.search.unwrap_or_default(),
        rows: args.rows.map(|rows| rows.name().to_owned()),
        since,
    };
    let answer = client.send(client.request(Method::POST, "/api/v1/bundles").json(&request)).await;
    let response = match answer {
        Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| refused.code == ErrorCode::NotFound) => {
            eprintln!("{error}");
            return Ok(ExitCode::from(1));
        }
        answer => answer?,
    };
    // Under its name only once it is whole.
    let mut folder = Unfinished::create(&out)?;
    let mut pieces = response.bytes_stream();
    let mut frames = Frames::default();
    while let Some(piece) = pieces.try_next().await.context("the answer broke off; nothing is kept of it")? {
        frames.take(piece, &mut folder)?;
    }
    let statement = folder.finish(&out)?;
    describe(&out, &statement)?;
    Ok(ExitCode::SUCCESS)
}

fn describe(out: &Path, statement: &Statement) -> anyhow::Result<()> {
    let claim = &statement.claim;
    output::line(&format!(
        "{}: entries {} to {} of {}, {} shown whole",
        out.display(),
        claim.first,
        claim.last,
        claim.size,
        statement.matches
    ))?;
    if let Some(Filter::Trusted(_)) = claim.filter {
        eprintln!(
            "the search looks at content: that nothing else matches is the server's word, readers cannot do it again (docs/formats/bundle.md)"
        );
    }
    eprintln!("check it offline: indelible verify {}", out.display());
    Ok(())
}

/// The folder of a bundle while it is written; removed unless it was finished.
struct Unfinished {
    path: PathBuf,
    files: BTreeMap<String, File>,
    finished: bool,
}

impl Unfinished {
    fn create(out: &Path) -> anyhow::Result<Self> {
        let mut name = out.file_name().with_context(|| format!("{} names no folder", out.display()))?.to_owned();
        name.push(".part");
        let path = out.with_file_name(name);
        if path.exists() {
            bail!("{} is left of an earlier attempt; remove it", path.display());
        }
        fs::create_dir_all(&path).with_context(|| format!("create {}", path.display()))?;
        Ok(Self { path, files: BTreeMap::new(), finished: false })
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.path.join(name);
        let file = match self.files.get_mut(name) {
            Some(file) => file,
            None => {
                ensure!(
                    is_file_name(name),
                    "the server sent a file {name:?}, which no bundle has; is it of this version?"
                );
                let file = OpenOptions::new().write(true).create_new(true).open(&path);
                let file = file.with_context(|| format!("create {}", path.display()))?;
                self.files.entry(name.to_owned()).or_insert(file)
            }
        };
        file.write_all(bytes).with_context(|| format!("write {}", path.display()))
    }

    fn finish(mut self, out: &Path) -> anyhow::Result<Statement> {
        ensure!(self.files.contains_key(STATEMENT), "the answer broke off; nothing is kept of it");
        for (name, file) in &self.files {
            file.sync_all().with_context(|| format!("write {name}"))?;
        }
        let bytes = fs::read(self.path.join(STATEMENT)).context("read the statement of the bundle")?;
        let (statement, _) = Statement::parse(&bytes).context("the statement of the bundle")?;
        fs::rename(&self.path, out).with_context(|| format!("rename {}", self.path.display()))?;
        self.finished = true;
        Ok(statement)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Frames of files, put together again from pieces of any size.
#[derive(Default)]
struct Frames {
    waiting: BytesMut,
    /// The frame that is being read: its file, and bytes it still has.
    current: Option<(String, u64)>,
}

impl Frames {
    fn take(&mut self, piece: Bytes, folder: &mut Unfinished) -> anyhow::Result<()> {
        self.waiting.extend_from_slice(&piece);
        loop {
            match &mut self.current {
                Some((name, left)) => {
                    let length = self.waiting.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    folder.append(name, &self.waiting[..length])?;
                    self.waiting.advance(length);
                    *left -= length as u64;
                    if *left > 0 {
                        return Ok(());
                    }
                    self.current = None;
                }
                None => match self.header()? {
                    Some(header) => self.current = Some(header),
                    None => return Ok(()),
                },
            }
        }
    }

    fn header(&mut self) -> anyhow::Result<Option<(String, u64)>> {
        let Some(end) = self.waiting.iter().position(|byte| *byte == b'\n') else {
            ensure!(self.waiting.len() <= HEADER_BYTES_MAX, "the answer is no bundle");
            return Ok(None);
        };
        let line = std::str::from_utf8(&self.waiting[..end]).context("the answer is no bundle")?;
        let header = line.split_once(' ').and_then(|(name, bytes)| Some((name.to_owned(), bytes.parse().ok()?)));
        self.waiting.advance(end + 1);
        header.context("the answer is no bundle").map(Some)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn frames_are_put_together_from_pieces_of_any_size() {
        let text = b"rows.jsonl 3\nabcleaves 0\nrows.jsonl 2\ndebundle 1\nx";
        for size in 1..text.len() {
            let scratch = tempfile::tempdir().unwrap();
            let mut folder = Unfinished::create(&scratch.path().join("out")).unwrap();
            let mut frames = Frames::default();
            for piece in text.chunks(size) {
                frames.take(Bytes::copy_from_slice(piece), &mut folder).unwrap();
            }
            let read = |name: &str| fs::read_to_string(folder.path.join(name)).unwrap();
            assert_eq!((read("rows.jsonl"), read("leaves"), read("bundle")), ("abcde".into(), "".into(), "x".into()));
        }
    }

    #[test]
    fn only_files_of_a_bundle_are_written() {
        for text in ["../x 1\nx", "rows.txt 1\nx", "bundle x\n", "bundle\n", &"x".repeat(200)] {
            let scratch = tempfile::tempdir().unwrap();
            let mut folder = Unfinished::create(&scratch.path().join("out")).unwrap();
            let mut frames = Frames::default();
            assert!(frames.take(Bytes::copy_from_slice(text.as_bytes()), &mut folder).is_err(), "{text}");
        }
    }
}
