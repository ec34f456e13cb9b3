//! The server's bucket: opened as configured, probed before anything is written into it, and tried by a canary every day.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use indelible_api::{AlarmKind, BucketStatus};
use indelible_archive::source::{BucketSource, FolderSource, Source};
use indelible_event::Time;
use indelible_storage::probe::{CANARY_RETENTION, Canary, Outcome, Tier, canary, probe};
use indelible_storage::{Bucket, BucketSettings, Credentials, Location, LockMode, LockPolicy, durable};
use tokio::runtime::Handle;

use crate::app::App;
use crate::config::{self, Config};

/// How often it looks whether a canary is due.
const TURN: Duration = Duration::from_secs(10);
/// Between two canaries.
const CANARY_EVERY: Duration = Duration::from_secs(24 * 3600);
/// Between two canaries while the bucket cannot be reached.
const CANARY_AGAIN: Duration = Duration::from_secs(600);
/// Names the bucket of a data folder.
const NAME: &str = "bucket";

impl config::Bucket {
    /// Where the bucket is; `None` if it is the folder `archive` of the data folder.
    pub(crate) fn location(&self) -> anyhow::Result<Option<Location>> {
        self.url.as_deref().map(Location::from_str).transpose().context("bucket.url")
    }

    pub(crate) fn settings(&self) -> anyhow::Result<BucketSettings> {
        let credentials = match &self.credentials_file {
            Some(path) => Credentials::read(path)?,
            None => Credentials::Environment,
        };
        let mode = match self.retention_mode {
            config::RetentionMode::Compliance => LockMode::Compliance,
            config::RetentionMode::Governance => LockMode::Governance,
        };
        let lock = LockPolicy { mode, days: self.retention_days, legal_hold: self.legal_hold };
        Ok(BucketSettings {
            region: self.region.clone(),
            endpoint: self.endpoint.clone(),
            path_style: self.path_style,
            allow_http: self.allow_http,
            account: self.account.clone(),
            credentials,
            lock: (lock.days > 0 || lock.legal_hold).then_some(lock),
            request_timeout: Duration::from_secs(self.request_seconds),
            retry_timeout: Duration::from_secs(self.retry_seconds),
        })
    }

    /// The archive at `place`, a path or the URL of a bucket, to be read only.
    ///
    /// # Errors
    /// When the place or the settings make no sense. The bucket itself is not asked for anything yet.
    pub fn source(&self, place: &str, runtime: &Handle, scratch: &Path) -> anyhow::Result<Box<dyn Source>> {
        Ok(match place.parse()? {
            Location::Folder(path) => Box::new(FolderSource::new(&path)),
            location => {
                let bucket = Bucket::open(&location, &self.settings()?)?;
                Box::new(BucketSource::new(bucket, runtime.clone(), scratch))
            }
        })
    }
}

/// The folder of the default bucket.
pub(crate) fn folder(config: &Config) -> PathBuf {
    config.data_dir.join("archive")
}

/// Opens the bucket of `config`; the default one is made if it is missing.
pub(crate) fn open(config: &Config) -> anyhow::Result<Bucket> {
    Ok(match config.bucket.location()? {
        None => Bucket::create_local(&folder(config))?,
        Some(location) => Bucket::open(&location, &config.bucket.settings()?)?,
    })
}

/// Opens the bucket of `config` and makes nothing.
pub(crate) fn open_existing(config: &Config) -> anyhow::Result<Bucket> {
    Ok(match config.bucket.location()? {
        None => Bucket::local(&folder(config))?,
        Some(location) => Bucket::open(&location, &config.bucket.settings()?)?,
    })
}

/// The archive in `bucket`, which is that of `config`, as a verification reads it.
pub(crate) fn source(config: &Config, bucket: &Bucket, runtime: &Handle) -> anyhow::Result<Box<dyn Source>> {
    Ok(match config.bucket.location()? {
        None => Box::new(FolderSource::new(&folder(config))),
        Some(Location::Folder(path)) => Box::new(FolderSource::new(&path)),
        Some(_) => Box::new(BucketSource::new(bucket.clone(), runtime.clone(), &config.data_dir)),
    })
}

/// Notes which bucket the data folder has, and refuses another one later: in an empty one the server would begin as if
/// nothing were archived.
pub(crate) fn keep_name(config: &Config) -> anyhow::Result<()> {
    let name = config.bucket.location()?.map_or_else(|| "archive".to_owned(), |location| location.to_string());
    let path = config.data_dir.join(NAME);
    match std::fs::read_to_string(&path) {
        Ok(known) => ensure!(
            known.trim_end() == name,
            "the bucket of {} is {}, and the configuration says {name}; if you have moved the archive, write its new place into {}",
            config.data_dir.display(),
            known.trim_end(),
            path.display()
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            durable::write_atomic(&path, format!("{name}\n").as_bytes(), 0o644).context("note the bucket")?;
        }
        Err(error) => return Err(error).context("read which bucket the data folder has"),
    }
    Ok(())
}

/// Refuses a bucket that would lose entries. True if it was tried: a folder is our own code on a file system and is not.
pub(crate) async fn ensure_fit(config: &Config, bucket: &Bucket) -> anyhow::Result<bool> {
    if let None | Some(Location::Folder(_)) = config.bucket.location()? {
        return Ok(false);
    }
    probe(bucket).await.with_context(|| format!("try the bucket {bucket}"))?;
    Ok(true)
}

/// What the last canary showed.
#[derive(Default)]
pub(crate) struct BucketWatch {
    last: Mutex<Option<Known>>,
}

struct Known {
    at_us: i64,
    canary: Result<Canary, String>,
}

impl BucketWatch {
    /// For status and metrics.
    pub(crate) fn state(&self, bucket: &Bucket) -> BucketStatus {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (tier, findings) = match last.as_ref().map(|known| &known.canary) {
            None => ("unknown", Vec::new()),
            Some(Err(error)) => ("unknown", vec![error.clone()]),
            Some(Ok(canary)) => (tier_name(canary.tier), findings(canary)),
        };
        BucketStatus {
            place: bucket.to_string(),
            tier: tier.to_owned(),
            tried: last.as_ref().map(|known| Time::from_us(known.at_us).to_string()),
            findings,
        }
    }
}

pub(crate) fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Enforced => "enforced",
        Tier::EvidentOnly => "evident only",
    }
}

/// Why the tier is not `enforced`, or how that was found out.
pub(crate) fn findings(canary: &Canary) -> Vec<String> {
    let attempts = canary.attempts.iter().map(|attempt| match &attempt.outcome {
        Outcome::Held => format!("{}: held", attempt.what),
        Outcome::Failed(why) => format!("{}: {why}", attempt.what),
    });
    canary.note.map(str::to_owned).into_iter().chain(attempts).collect()
}

impl App {
    /// Tries the bucket's locks at the start and every day.
    pub(crate) async fn canary_forever(self: Arc<Self>) {
        let mut due = Instant::now();
        while !self.stopping.load(Relaxed) {
            if Instant::now() >= due {
                let canary = canary(&self.bucket, CANARY_RETENTION)
                    .await
                    .map_err(|error| format!("{:#}", anyhow::Error::from(error)));
                due = Instant::now() + if canary.is_ok() { CANARY_EVERY } else { CANARY_AGAIN };
                self.note_canary(canary);
            }
            tokio::time::sleep(TURN).await;
        }
    }

    fn note_canary(&self, canary: Result<Canary, String>) {
        if let Ok(canary) = &canary {
            let failed = canary.tier == Tier::EvidentOnly && !canary.attempts.is_empty();
            let message = failed.then(|| {
                format!(
                    "the bucket {} does not hold what is locked in it ({}); see docs/guides/buckets.md",
                    self.bucket,
                    findings(canary).join("; ")
                )
            });
            self.alarms.set(AlarmKind::LocksDoNotHold, None, self.now_us(), message);
        }
        let known = Known { at_us: self.now_us(), canary };
        *self.bucket_watch.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }
}
