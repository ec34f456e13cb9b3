//! What a server that is rebuilt from its archive must know before it opens the next generation.
//!
//! [`survey`] looks at names and a few objects, to know whose archive it is and which generation is free. What is in the
//! archive is then verified, and [`closed_logs`] says where the logs ended. The rest is the server's.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use indelible_event::Organization;
use indelible_merkle::{Hash, VerifierKey};
use indelible_storage::{Bucket, BucketError};

use crate::claim::{CLAIM_BYTES_MAX, Claim, ClaimError};
use crate::layout::{self, CopyName};
use crate::manifest::{MANIFEST_BYTES_MAX, Manifest, ManifestError, origin_parts};
use crate::verify::Report;

/// What an archive is, at a glance. Nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// First part of the origin of all logs.
    pub platform: String,
    /// The newest generation there is any trace of.
    pub newest: u32,
    /// One log of each organization, label and generation.
    pub logs: Vec<SurveyedLog>,
    /// The keys of the claims of generations.
    pub claim_keys: Vec<VerifierKey>,
}

/// A log, as one of its manifests names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedLog {
    /// Whose log.
    pub organization: Organization,
    /// Blinded name of the organization.
    pub label: String,
    /// The generation.
    pub generation: u32,
    /// The key that signs it.
    pub key: VerifierKey,
}

/// Why an archive cannot be rebuilt from.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// There is nothing of ours.
    #[error(
        "there is no archive: no object below {}, {} or {}",
        layout::ORGANIZATIONS,
        layout::GENERATIONS,
        layout::JOURNAL
    )]
    Empty,
    /// A manifest cannot be read.
    #[error("manifest {name}: {source}; run `indelible verify`")]
    Manifest {
        /// The object.
        name: String,
        /// What is wrong with it.
        source: ManifestError,
    },
    /// A claim of a generation cannot be read.
    #[error("{name}: {source}; run `indelible verify`")]
    Claim {
        /// The object.
        name: String,
        /// What is wrong with it.
        source: ClaimError,
    },
    /// Objects of two platforms lie in one bucket.
    #[error("the archive is of two platforms, {0} and {1}; a bucket holds one")]
    TwoPlatforms(String, String),
}

/// Looks at the names of all objects, at the claims, and at one manifest of each log.
pub async fn survey(bucket: &Bucket) -> Result<Survey, SurveyError> {
    let mut newest = 0;
    let mut manifests: BTreeMap<(String, u32), String> = BTreeMap::new();
    let mut objects = bucket.list(layout::ORGANIZATIONS);
    while let Some(object) = objects.try_next().await? {
        let parts: Vec<&str> = object.name.split('/').collect();
        let (Some(label), Some(generation)) = (parts.get(1), parts.get(2).and_then(|n| layout::parse_generation(n)))
        else {
            continue;
        };
        newest = newest.max(generation);
        if parts.get(3) == Some(&"manifest") {
            let last = manifests.entry(((*label).to_owned(), generation)).or_default();
            if *last < object.name {
                *last = object.name;
            }
        }
    }
    let mut platforms = BTreeSet::new();
    let mut logs = Vec::new();
    for ((label, generation), name) in manifests {
        let bytes = get(bucket, &name, MANIFEST_BYTES_MAX).await?;
        let (manifest, _) =
            Manifest::parse(&bytes).map_err(|source| SurveyError::Manifest { name: name.clone(), source })?;
        platforms.extend(origin_parts(&manifest.origin).map(|(platform, ..)| platform.to_owned()));
        logs.push(SurveyedLog { organization: manifest.organization, label, generation, key: manifest.key });
    }
    let mut claim_keys = Vec::new();
    for generation in crate::claim::claimed(bucket).await? {
        let name = layout::claim(generation);
        let bytes = get(bucket, &name, CLAIM_BYTES_MAX).await?;
        let (claim, _) = Claim::parse(&bytes).map_err(|source| SurveyError::Claim { name, source })?;
        newest = newest.max(generation);
        platforms.insert(claim.platform);
        claim_keys.push(claim.key);
    }
    let copies = bucket.list_sorted(layout::JOURNAL).await?;
    let copied = copies.iter().filter_map(|object| CopyName::parse(&object.name)).map(|name| name.generation);
    newest = newest.max(copied.max().unwrap_or(0));
    let mut platforms = platforms.into_iter();
    match (platforms.next(), platforms.next()) {
        (Some(platform), None) => Ok(Survey { platform, newest, logs, claim_keys }),
        (None, _) => Err(SurveyError::Empty),
        (Some(one), Some(other)) => Err(SurveyError::TwoPlatforms(one, other)),
    }
}

/// An object; of a larger one as much as makes it too long to be read.
async fn get(bucket: &Bucket, name: &str, bytes_max: usize) -> Result<bytes::Bytes, BucketError> {
    let length = bucket.head(name).await?.map_or(0, |info| info.bytes);
    bucket.get_range(name, 0..length.min(bytes_max as u64 + 1)).await
}

/// A log that takes no more entries once the next generation is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedLog {
    /// Whose log.
    pub organization: Organization,
    /// `<platform>/<label>/<generation>`
    pub origin: String,
    /// Entries that are archived.
    pub size: u64,
    /// Root of the tree of that size.
    pub root: Hash,
    /// `received_at` of the last one, microseconds since 1970 UTC.
    pub received_last_us: i64,
}

/// The newest log below `generation` of every organization in a report of [`verify`](crate::verify::verify), by
/// organization. `Err` names one of which the end is not known, because it could not be verified.
pub fn closed_logs(report: &Report, generation: u32) -> Result<Vec<ClosedLog>, String> {
    let mut newest = BTreeMap::new();
    for log in report.logs.iter().filter(|log| log.generation < generation && log.entries > 0) {
        let known = newest.entry(log.organization.as_str()).or_insert(log);
        if known.generation < log.generation {
            *known = log;
        }
    }
    let closed = newest.into_iter().map(|(organization, log)| {
        let closed = || {
            let key: VerifierKey = log.key.parse().ok()?;
            Some(ClosedLog {
                organization: organization.parse().ok()?,
                origin: key.name().to_owned(),
                size: log.entries,
                root: log.root.as_ref()?.parse().ok()?,
                received_last_us: log.received_last_us,
            })
        };
        closed().ok_or_else(|| format!("{organization} ({})", log.log))
    });
    closed.collect()
}

#[cfg(test)]
mod tests;
