//! Which generation of the platform this data folder is, and that no other server has it or a later one.
//!
//! The claim is kept in the data folder before it goes to the bucket, so that a start that was broken off takes the same one
//! again. Whoever finds another claim in its place, or a later one, must not sign anything: somebody else goes on with these
//! logs.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use indelible_archive::claim::{self, Claim};
use indelible_archive::layout;
use indelible_ledger::Ledger;
use indelible_storage::{Bucket, BucketError, durable};

/// The claim as it is kept in a data folder.
pub(crate) struct Kept {
    claim: Claim,
    bytes: Vec<u8>,
}

impl Kept {
    /// The claim in the data folder; `None` before the first start.
    pub(crate) fn read(data: &Path) -> anyhow::Result<Option<Self>> {
        let path = path(data);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
        };
        let (claim, _) = Claim::parse(&bytes)
            .with_context(|| format!("{} is damaged; put it back from a backup of the data folder", path.display()))?;
        Ok(Some(Self { claim, bytes }))
    }

    /// The generation.
    pub(crate) fn generation(&self) -> u32 {
        self.claim.generation
    }

    /// A new claim of the ledger's generation, kept durably.
    pub(crate) fn make(data: &Path, ledger: &Ledger, now_us: i64) -> anyhow::Result<Self> {
        let mut server = [0; 16];
        getrandom::fill(&mut server).context("draw the server's number")?;
        let platform = ledger.platform().to_owned();
        let name = Claim::key_name(&platform);
        let key = ledger.verifier_key(&name)?;
        let claim = Claim { platform, generation: ledger.generation(), opened_us: now_us, server, key };
        let bytes = ledger.sign_note(&name, &claim.text())?.to_string().into_bytes();
        durable::write_atomic(&path(data), &bytes, 0o644).context("keep the claim of the generation")?;
        Ok(Self { claim, bytes })
    }

    /// Takes the generation in the bucket, again if need be.
    ///
    /// # Errors
    /// When another server has it, or a later one.
    pub(crate) async fn take(&self, bucket: &Bucket) -> anyhow::Result<()> {
        ensure_newest(bucket, self.generation()).await?;
        match claim::take(bucket, self.generation(), &self.bytes).await {
            Err(BucketError::Taken { .. }) => {
                let generation = self.generation();
                bail!("generation {generation} of this archive was opened by another server: {}", remedy(bucket))
            }
            taken => taken.context("take the generation"),
        }
    }

    /// When it was taken, microseconds since 1970 UTC.
    pub(crate) fn opened_us(&self) -> i64 {
        self.claim.opened_us
    }
}

/// The claim of the data folder, taken: made now if there never was one for this bucket.
pub(crate) async fn settle(
    data: &Path,
    kept: Option<Kept>,
    bucket: &Bucket,
    ledger: &Ledger,
    now_us: i64,
) -> anyhow::Result<Kept> {
    let kept = match kept {
        Some(kept) => kept,
        None => {
            let claimed = claim::claimed(bucket).await.context("look for the generations in the archive")?;
            if let Some(newest) = claimed.last() {
                bail!("the archive is at its generation {newest}, opened by another server: {}", remedy(bucket));
            }
            Kept::make(data, ledger, now_us)?
        }
    };
    kept.take(bucket).await?;
    Ok(kept)
}

/// Refuses when a later generation than `generation` was opened.
pub(crate) async fn ensure_newest(bucket: &Bucket, generation: u32) -> anyhow::Result<()> {
    let Some(next) = generation.checked_add(1) else { return Ok(()) };
    let later = bucket.head(&layout::claim(next)).await.context("look for a later generation in the archive")?;
    if later.is_some() {
        return Err(Retired { next }.into());
    }
    Ok(())
}

/// Another server goes on with the logs of this one.
#[derive(Debug, thiserror::Error)]
#[error(
    "the archive was rebuilt into another data folder, which opened generation {next}: this one is retired and must stay stopped, what it \
     took in since then is in its journal only"
)]
pub(crate) struct Retired {
    next: u32,
}

fn remedy(bucket: &Bucket) -> String {
    format!(
        "start the server on the data folder that belongs to it, or, if that is lost, rebuild it with `indelible archive rebuild --from {bucket} \
         --data-dir NEW`"
    )
}

fn path(data: &Path) -> PathBuf {
    data.join("generation")
}
