//! `archive tiles`: a log as a static tree that any web server can serve and any C2SP `tlog-tiles` client can read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use indelible_api::OrganizationSummary;
use indelible_merkle::{
    Checkpoint, Frontier, Hash, Hashes, Note, Policy, TILE_WIDTH, Tile, TilePath, leaf_hash, read_entry_bundle, root,
    tiles_between,
};
use reqwest::Method;

use crate::args::TilesArgs;
use crate::client::Client;

/// Tiles asked for at the same time.
const CONCURRENT: usize = 8;

pub(crate) async fn run(client: &Client, args: &TilesArgs) -> anyhow::Result<ExitCode> {
    let prefix = match &args.organization {
        Some(organization) => organization_prefix(client, organization).await?,
        None => platform_prefix(client).await?,
    };
    let text = client.send(client.request(Method::GET, &format!("{prefix}/checkpoint"))).await?.text().await?;
    let note: Note = text.parse().context("the server's checkpoint")?;
    let checkpoint: Checkpoint = note.text().parse().context("the server's checkpoint")?;
    fs::create_dir_all(&args.out).with_context(|| format!("make {}", args.out.display()))?;
    let before = existing(&args.out, &checkpoint)?;
    let with_entries = args.organization.is_none();
    let paths = tiles_between(0, checkpoint.size).flat_map(|tile| {
        let entries = (with_entries && tile.level() == 0).then_some(TilePath::Entries(tile));
        [Some(TilePath::Hashes(tile)), entries].into_iter().flatten()
    });
    let written = stream::iter(paths)
        .map(|path| fetch(client, &prefix, &args.out, path))
        .buffer_unordered(CONCURRENT)
        .try_fold(0_u64, |sum, written| async move { Ok(sum + u64::from(written)) })
        .await?;
    let folder = Folder { root: &args.out, size: checkpoint.size };
    ensure!(
        root(&folder, checkpoint.size)? == checkpoint.root && root_of_leaves(&folder)? == checkpoint.root,
        "the tiles in {} do not give the root of the checkpoint; they were altered on the way, or are of another log",
        args.out.display()
    );
    if with_entries {
        check_entries(&folder)?;
    }
    replace(&args.out.join("checkpoint"), text.as_bytes())?;
    eprintln!(
        "{}: {} entries in {} (before: {before}), {written} files written",
        checkpoint.origin,
        checkpoint.size,
        args.out.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// The root that the leaf hashes give by themselves, whatever the tiles above them say.
fn root_of_leaves(folder: &Folder<'_>) -> anyhow::Result<Hash> {
    let mut frontier = Frontier::new();
    let mut leaves = [Hash::ZERO; TILE_WIDTH as usize];
    for first in (0..folder.size).step_by(usize::from(TILE_WIDTH)) {
        let count = (folder.size - first).min(u64::from(TILE_WIDTH)) as usize;
        folder.tile_hashes(0, first, &mut leaves[..count])?;
        leaves[..count].iter().for_each(|leaf| frontier.push(*leaf));
    }
    Ok(frontier.root())
}

/// Where the newest generation of an organization's log is.
async fn organization_prefix(client: &Client, organization: &str) -> anyhow::Result<String> {
    let all: Vec<OrganizationSummary> = client.get("/api/v1/organizations").await?;
    let found = all.into_iter().find(|summary| summary.organization == organization);
    let origin = found.and_then(|summary| summary.origin);
    let origin = origin.with_context(|| format!("{organization} has no log, or not one that this token may see"))?;
    let parts: Vec<_> = origin.rsplitn(3, '/').collect();
    let [generation, label, _] = parts[..] else { bail!("the server names a log {origin:?}") };
    Ok(format!("/log/{label}/{generation}"))
}

async fn platform_prefix(client: &Client) -> anyhow::Result<String> {
    let text = client.send(client.request(Method::GET, "/api/v1/policy")).await?.text().await?;
    let policy = Policy::parse(text.as_bytes()).context("the server's policy")?;
    let generation = policy.logs().first().and_then(|key| key.name().rsplit('/').next());
    Ok(format!("/platform/{}", generation.context("the server's policy names no log")?))
}

/// The size of the tree that is in the folder already, which must be an older one of the same log.
fn existing(folder: &Path, checkpoint: &Checkpoint) -> anyhow::Result<u64> {
    let path = folder.join("checkpoint");
    if !path.exists() {
        let mut names = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.file_name()));
        ensure!(names.all(|name| name == "tile"), "{} holds something else than a log's tiles", folder.display());
        return Ok(0);
    }
    let note: Note =
        fs::read_to_string(&path)?.parse().with_context(|| format!("{} is no checkpoint", path.display()))?;
    let old: Checkpoint = note.text().parse().with_context(|| format!("{} is no checkpoint", path.display()))?;
    ensure!(
        old.origin == checkpoint.origin,
        "{} holds the log {}, not {}; take another folder",
        folder.display(),
        old.origin,
        checkpoint.origin
    );
    ensure!(
        old.size <= checkpoint.size,
        "{} holds {} entries of {}, and the server has only {}: the log was rolled back; keep the folder as evidence",
        folder.display(),
        old.size,
        old.origin,
        checkpoint.size
    );
    Ok(old.size)
}

/// Writes one object if it is not there. Says whether it was written.
async fn fetch(client: &Client, prefix: &str, out: &Path, object: TilePath) -> anyhow::Result<bool> {
    let path = out.join(object.to_string());
    if path.is_file() {
        return Ok(false);
    }
    let answer = client.send(client.request(Method::GET, &format!("{prefix}/{object}"))).await?;
    let bytes = answer.bytes().await.with_context(|| format!("read {object}"))?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    }
    replace(&path, &bytes)?;
    Ok(true)
}

/// A reader of the folder finds the file whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut staged = PathBuf::from(path).into_os_string();
    staged.push(".new");
    fs::write(&staged, bytes)
        .and_then(|()| fs::rename(&staged, path))
        .with_context(|| format!("write {}", path.display()))
}

/// The hashes in a folder of tiles.
struct Folder<'a> {
    root: &'a Path,
    size: u64,
}

/// A tile that is not there or not whole.
#[derive(Debug, thiserror::Error)]
#[error("tile {0} is missing or not whole")]
struct BadTile(String);

impl Hashes for Folder<'_> {
    type Error = BadTile;

    fn tile_hashes(&self, level: u8, first: u64, out: &mut [Hash]) -> Result<(), BadTile> {
        // What is asked for lies within one tile.
        let (index, from) = (first / 256, (first % 256) as usize);
        let tile = Tile::of_size(level, index, self.size).ok_or_else(|| BadTile(format!("{level}/{index}")))?;
        let bytes = fs::read(self.root.join(tile.to_string())).ok();
        let hashes = bytes.and_then(|bytes| Hash::from_concatenated(&bytes));
        let found = hashes.as_ref().filter(|hashes| hashes.len() == usize::from(tile.width()));
        let found = found.and_then(|hashes| hashes.get(from..from + out.len()));
        out.copy_from_slice(found.ok_or_else(|| BadTile(tile.to_string()))?);
        Ok(())
    }
}

/// Compares every entry with its leaf.
fn check_entries(folder: &Folder<'_>) -> anyhow::Result<()> {
    for tile in tiles_between(0, folder.size).take_while(|tile| tile.level() == 0) {
        let mut leaves = vec![Hash::ZERO; usize::from(tile.width())];
        folder.tile_hashes(0, tile.hashes().start, &mut leaves)?;
        let path = folder.root.join(TilePath::Entries(tile).to_string());
        let bundle = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        let entries = read_entry_bundle(&bundle).unwrap_or_default();
        let same =
            entries.len() == leaves.len() && entries.iter().zip(&leaves).all(|(entry, leaf)| leaf_hash(entry) == *leaf);
        ensure!(same, "{} does not hold the entries of its tile", path.display());
    }
    Ok(())
}
