//! The Indelible server: joins the other crates and answers HTTP.
//!
//! [`Server::start`] opens everything in the order in which it depends on each other; stopping goes the other way.
//! Handlers are in `routes`, each a few lines around a call; what they share is [`app::App`].

mod accounting;
mod adapters;
mod admission;
mod alarms;
mod app;
mod archived;
mod archiver;
mod audit;
mod auth;
mod body;
mod bucket;
mod bundle;
mod clock;
mod config;
mod copier;
mod database;
mod destination;
mod disk;
pub mod doctor;
mod encryption;
mod entries;
mod error;
mod exports;
mod foundry;
mod generation;
mod ids;
mod listen;
mod metrics;
mod operator;
mod outage;
mod pipeline;
mod platform_archive;
mod pull;
mod quarantine;
mod rebuild;
mod redaction;
mod requests;
mod retention;
pub mod rotation;
mod routes;
mod sealing;
mod self_check;
mod signin;
mod sinks;
mod snapshot;
mod syslog;
mod watch;
mod watcher;
mod witnesses;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use anyhow::{Context, bail};
use indelible_archive::Inventory;
use indelible_event::Limits;
use indelible_intake::{Clock, Intake, SystemClock};
use indelible_ledger::content_keys::CONTENT_KEYS;
use indelible_ledger::{ContentKeys, Ledger, Settings};
use indelible_query::Engine;
use indelible_storage::{LockFile, RealDisk, durable};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use app::App;
use archiver::Archiver;
use platform_archive::PlatformArchive;
use witnesses::Witnesses;

pub use config::{Config, ConfigError};
pub use listen::serve_bounded;
pub use rebuild::{RebuildOptions, RebuildReport, RebuiltLog, rebuild};

/// How often grown logs get a new checkpoint. The promise is one second.
const PUBLISH_EVERY: Duration = Duration::from_millis(500);
/// How long answers in flight may take after the server was asked to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// A server that is listening.
pub struct Server {
    app: Arc<App>,
    listener: TcpListener,
    address: SocketAddr,
    syslog: Vec<syslog::Bound>,
    grpc: Option<TcpListener>,
    is_new: bool,
    _lock: LockFile,
}

impl Server {
    /// Opens or creates everything and binds the address. Nothing is answered before [`run_until`](Self::run_until).
    ///
    /// # Errors
    /// When anything on disk is damaged or missing, another process runs on the same folder, or the address is taken.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        config.check()?;
        let listening = Arc::new(listen::Listening::new(&config)?);
        let sign_ins = signin::SignIns::new(&config)?;
        let data = config.data_dir.clone();
        durable::create_dir_durable(&data).with_context(|| format!("create the data folder {}", data.display()))?;
        let lock = LockFile::acquire(&data.join("lock"))?;
        rebuild::ensure_finished(&data)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let control = database::open(&config).await?;
        let token_path = data.join("admin.token");
        let is_new = control
            .create_administrator(clock.now_us(), |secret| {
                durable::write_atomic(&token_path, format!("{}\n", secret.reveal()).as_bytes(), 0o600)
            })
            .await?;
        signin::end_sessions_of_others(&control, &config).await?;
        bucket::keep_name(&config)?;
        let bucket = bucket::open(&config)?;
        if !config.audit_reads {
            tracing::warn!("audit-reads is off: who reads an organization's log leaves no trace in it");
        }
        if !config.four_eyes {
            tracing::warn!("four-eyes is off: one person can let log files go and end exports");
        }
        let platform = platform_name(&data, config.platform.as_deref())?;
        let kept = generation::Kept::read(&data)?;
        let number = kept.as_ref().map_or(1, generation::Kept::generation);
        let ledger =
            Ledger::open_generation(&data.join("ledger"), &data.join("keys"), &platform, number, Settings::default())?;
        let ledger = Arc::new(ledger);
        let closed_keys = rebuild::read_closed_keys(&data)?;
        let content_keys = Arc::new(open_content_keys(&data)?);
        let now_us = clock.now_us();
        let asking =
            archived::Asking { config: &config, bucket: &bucket, ledger: &ledger, closed: &closed_keys, now_us };
        let (inventory, archived) = asking.ask(kept).await?;
        let inventory = Arc::new(inventory);
        let source = || bucket::source(&config, &bucket, &tokio::runtime::Handle::current());
        retention::forget_removed(&control, &inventory, &archived.unlisted, source, now_us).await?;
        let redactions = redaction::Redactions::open(&data)?;
        if archived.away.is_none() {
            let redacted = redaction::redacted_organizations(&inventory, control.organizations());
            let source = bucket::source(&config, &bucket, &tokio::runtime::Handle::current())?;
            tokio::task::block_in_place(|| redactions.recover(redacted, &inventory, &*source))?;
        }
        let newest_us = inventory.latest_received_us().unwrap_or(i64::MIN);
        let disk = disk::DiskWatch::new(&data, config.disk.clone(), config.operator_organization.clone());
        // Before anything is written: a full disk gives up its reserve, which is what lets a server start on it.
        if let Some(alarm) = tokio::task::block_in_place(|| disk.look(&data)) {
            tracing::warn!("{alarm}");
        }
        let intake = tokio::task::block_in_place(|| open_intake(&config, &ledger, &content_keys, &clock, newest_us))?;
        ledger.check_recovered()?;
        check_archived(&ledger, &inventory, &data)?;
        let copier = copier::Copier::new(number, archived.opened_us);
        copier.found(archived.copies);
        copier.check_journal(intake.journal_stats().next, &data)?;
        let platform_archive = PlatformArchive::default();
        platform_archive.found(&ledger, archived.platform.as_ref(), now_us)?;
        let platform_log = ledger.platform_log();
        let retired = rotation::retired_keys(&ledger, platform_log.origin());
        let witnesses = Witnesses::new(&config, &platform_log.verifier_key()?, &retired)?;
        let (limits, spill) = (query_limits(&config), data.join("spill"));
        let engine = Engine::with_keys(bucket.object_store(), limits, spill, Arc::clone(&content_keys))
            .context("start the query engine")?;
        let adapters = adapters::Adapters::open(config.receive.adapters.as_deref())?;
        let quarantine = quarantine::open(&config).await?;
        let bodies = Arc::new(Semaphore::new(
            (config.limits.bodies_in_flight_bytes / 1024).max(config.limits.body_bytes / 1024 + 1),
        ));
        let event_limits = Limits {
            event_bytes: config.limits.event_bytes,
            depth: config.limits.event_depth,
            fields: config.limits.event_fields,
        };
        let app = Arc::new(App {
            event_limits,
            control,
            ledger,
            intake,
            bucket,
            bucket_away: Mutex::new(archived.away),
            bucket_watch: bucket::BucketWatch::default(),
            inventory,
            archiver: Archiver::default(),
            platform_archive,
            copier,
            checker: self_check::Checker::open(&data),
            exports: exports::Exports::new(clock.now_us()),
            closed_keys,
            content_keys,
            engine,
            sinks: sinks::Sinks::new(&data),
            adapters,
            acks: routes::receive::Acks::since(clock.now_us()),
            syslog: syslog::Listeners::new(&config.receive),
            quarantine,
            quarantine_counts: quarantine::Counts::default(),
            metrics: metrics::Metrics::default(),
            listening,
            sign_ins,
            alarms: alarms::Alarms::default(),
            witnesses,
            disk,
            clock,
            bodies,
            readers: Semaphore::new(std::thread::available_parallelism().map_or(1, Into::into)),
            bundles: Arc::new(Semaphore::new(app::BUNDLES_AT_ONCE)),
            contents: Arc::new(Semaphore::new(pull::CONTENTS_AT_ONCE)),
            redactions,
            decisions: Mutex::default(),
            own_entries: audit::OwnEntries::default(),
            polls: audit::Polls::default(),
            observed: audit::Observed::default(),
            pseudonyms: operator::Pseudonyms::new(&config.data_dir),
            breaches: audit::Breaches::default(),
            stopping: AtomicBool::new(false),
            retired: OnceLock::new(),
            config,
        });
        let listener =
            TcpListener::bind(app.config.listen).await.with_context(|| format!("listen on {}", app.config.listen))?;
        let address = listener.local_addr()?;
        app.sign_ins.listens_at(&app.config, address, &app.listening.url(address));
        let syslog = syslog::bind(&app).await?;
        let grpc = match app.config.receive.otlp_grpc {
            Some(address) => Some(
                TcpListener::bind(address).await.with_context(|| format!("receive.otlp-grpc: listen on {address}"))?,
            ),
            None => None,
        };
        Ok(Self { app, listener, address, syslog, grpc, is_new, _lock: lock })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        self.app.listening.url(self.address)
    }

    /// The data folder.
    pub fn data_dir(&self) -> &Path {
        &self.app.config.data_dir
    }

    /// Whether this start made the administrator.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Answers requests until `stop` resolves, then finishes what is in flight. What was acknowledged is safe either way.
    ///
    /// # Errors
    /// When intake stopped by itself: the process should end and be started again.
    pub async fn run_until(self, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
        let app = self.app;
        let url_path = app.config.data_dir.join("server.url");
        durable::write_atomic(&url_path, format!("{}\n", app.listening.url(self.address)).as_bytes(), 0o644)
            .context("write server.url")?;
        app.start_sinks().await?;
        let finder = tokio::spawn(Arc::clone(&app).find_bucket());
        let publisher = tokio::spawn(Arc::clone(&app).publish_forever());
        let archiver = tokio::spawn(Arc::clone(&app).archive_forever());
        let copier = tokio::spawn(Arc::clone(&app).copy_forever());
        let checker = tokio::spawn(Arc::clone(&app).check_forever());
        let exports = tokio::spawn(Arc::clone(&app).export_forever());
        let watch = tokio::spawn(Arc::clone(&app).watch_forever());
        let holder = tokio::spawn(Arc::clone(&app).hold_database_forever());
        let witnesses = tokio::spawn(Arc::clone(&app).witness_forever());
        let canary = tokio::spawn(Arc::clone(&app).canary_forever());
        let retention = tokio::spawn(Arc::clone(&app).retain_forever());
        let redacting = tokio::spawn(Arc::clone(&app).redact_forever());
        let polls = tokio::spawn(Arc::clone(&app).write_polls_forever());
        let certificates = tokio::spawn(Arc::clone(&app).reload_certificates_forever());
        let stopped = {
            let app = Arc::clone(&app);
            async move {
                tokio::select! {
                    () = stop => {}
                    () = app.intake_ended() => {}
                }
                app.stopping.store(true, Relaxed);
                app.bodies.close();
            }
        };
        let (begun, asked_to_stop) = tokio::sync::oneshot::channel();
        let (stop_receivers, receivers_stop) = tokio::sync::watch::channel(false);
        let receivers = receive_forever(Arc::clone(&app), self.syslog, self.grpc, receivers_stop);
        let router = routes::router(Arc::clone(&app));
        let serving = listen::serve(Arc::clone(&app.listening), self.listener, router, async move {
            stopped.await;
            let _ = begun.send(());
            let _ = stop_receivers.send(true);
        });
        let serving = async { tokio::join!(serving, receivers) };
        let patience = async {
            let _ = asked_to_stop.await;
            tokio::time::sleep(STOP_PATIENCE).await;
        };
        tokio::select! {
            _ = serving => {}
            () = patience => tracing::warn!("answers in flight took too long and are broken off"),
        }
        let _ = std::fs::remove_file(&url_path);
        app.sinks.stop().await;
        let _ = archiver.await;
        let _ = copier.await;
        // A table says how far it is: its task may end at any moment.
        exports.abort();
        checker.abort();
        finder.abort();
        publisher.abort();
        watch.abort();
        holder.abort();
        witnesses.abort();
        canary.abort();
        retention.abort();
        redacting.abort();
        certificates.abort();
        let _ = polls.await;
        app.write_polls(i64::MAX).await;
        app.keep_uses().await;
        app.quarantine.close().await;
        let ended = tokio::task::block_in_place(|| app.intake.close());
        let published = match app.ensure_bucket() {
            Ok(()) => tokio::task::block_in_place(|| app.ledger.publish()).map(drop),
            Err(_) => Ok(()),
        };
        ended.context("intake stopped; start the server again to recover")?;
        published.context("publish the last checkpoints")?;
        if let Some(why) = app.retired.get() {
            bail!("{why}");
        }
        Ok(())
    }
}

impl App {
    /// Signs checkpoints of grown logs.
    pub(crate) async fn publish(self: &Arc<Self>) -> Result<(), error::ApiError> {
        if let Err(error) = self.ensure_bucket() {
            return Err(error::ApiError::new(
                indelible_api::ErrorCode::BucketAway,
                format!("no checkpoint is signed: {error}"),
            ));
        }
        let app = Arc::clone(self);
        let published = tokio::task::spawn_blocking(move || app.ledger.publish()).await;
        match published {
            Ok(Ok(published)) => {
                self.metrics.checkpoints.fetch_add(published.len() as u64, Relaxed);
                Ok(())
            }
            Ok(Err(error)) => Err(error::ApiError::internal("publish checkpoints", error)),
            Err(error) => Err(error::ApiError::internal("publish checkpoints", error)),
        }
    }

    /// Reads the files of TLS again when they change.
    async fn reload_certificates_forever(self: Arc<Self>) {
        if let Some(tls) = &self.listening.tls {
            tls.reload_forever().await;
        }
    }

    async fn publish_forever(self: Arc<Self>) {
        loop {
            tokio::time::sleep(PUBLISH_EVERY).await;
            // The failure is in the log; the next turn tries again.
            let _ = self.publish().await;
        }
    }

    /// Ends the server if `error` says that another one goes on with its logs.
    pub(crate) fn note_retired(&self, error: &anyhow::Error) {
        if let Some(retired) = error.chain().find_map(|cause| cause.downcast_ref::<generation::Retired>()) {
            let _ = self.retired.set(retired.to_string());
        }
    }

    /// Resolves when intake has stopped by itself, what was last written of the checkpoints is unknown, or the server must end.
    async fn intake_ended(&self) {
        while self.intake.is_running() && !self.ledger.is_halted() && self.retired.get().is_none() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        match self.retired.get() {
            Some(why) => tracing::error!("{why}"),
            None => tracing::error!("intake or the ledger has stopped; the server ends so that a restart can recover"),
        }
    }
}

/// Takes what comes by other ways than the listener for HTTP.
async fn receive_forever(
    app: Arc<App>,
    syslog: Vec<syslog::Bound>,
    grpc: Option<TcpListener>,
    stop: tokio::sync::watch::Receiver<bool>,
) {
    let mut stop_grpc = stop.clone();
    let by_grpc = async {
        if let Some(listener) = grpc {
            listen::grpc::serve(Arc::clone(&app), listener, pipeline::stopped(&mut stop_grpc)).await;
        }
    };
    tokio::join!(syslog::serve(Arc::clone(&app), syslog, stop), by_grpc);
}

fn open_intake(
    config: &Config,
    ledger: &Arc<Ledger>,
    content_keys: &Arc<ContentKeys>,
    clock: &Arc<dyn Clock>,
    newest_received_us: i64,
) -> anyhow::Result<Intake> {
    let options = indelible_intake::Options {
        journal: indelible_journal::Options {
            segment_bytes: config.journal.segment_bytes,
            spare_segments: config.journal.spare_segments,
            ..indelible_journal::Options::default()
        },
        identity: identity_options(config),
        queue_bytes: config.journal.queue_bytes,
        organization_queue_bytes: config.journal.organization_queue_bytes,
        organization_bytes_per_second: config.journal.organization_bytes_per_second,
        content_keys: Arc::clone(content_keys),
    };
    let (intake, opened) = Intake::open(
        Arc::new(RealDisk),
        &config.data_dir,
        Arc::clone(ledger),
        Arc::clone(clock),
        &options,
        newest_received_us,
    )?;
    tracing::info!(frames = opened.frames, entries = opened.entries, "journal read back");
    Ok(intake)
}

/// The keys of encrypted content in a data folder.
fn open_content_keys(data: &Path) -> anyhow::Result<ContentKeys> {
    let folder = data.join("keys").join(CONTENT_KEYS);
    ContentKeys::in_folder(&folder).context("read the keys of encrypted content")
}

fn identity_options(config: &Config) -> indelible_intake::identity::Options {
    indelible_intake::identity::Options {
        memory_identities: config.journal.memory_identities,
        retention_us: i64::from(config.journal.identity_days) * 86_400_000_000,
        ..Default::default()
    }
}

/// The archive must not be ahead of the log: then the log has lost entries that it would hand out a second time.
fn check_archived(ledger: &Ledger, inventory: &Inventory, data: &Path) -> anyhow::Result<()> {
    for log in ledger.organizations() {
        let (archived, size) = (inventory.archived_end(&log.organization, log.generation), ledger.size(log.number));
        if archived > size {
            bail!(
                "the archive holds {archived} entries of {}, the log only {size}: {}",
                log.organization,
                behind_remedy(data)
            );
        }
    }
    Ok(())
}

/// What to do with a data folder that is not the newest copy of itself.
fn behind_remedy(data: &Path) -> String {
    let data = data.display();
    format!(
        "an older copy of the data folder was restored, or its journal removed; put the newest copy back, or, if it is lost, go on in a new \
         folder with `indelible archive rebuild --from {data}/archive --data-dir NEW --keys {data}/keys`"
    )
}

fn query_limits(config: &Config) -> indelible_query::Limits {
    indelible_query::Limits {
        rows_max: config.query.rows,
        result_bytes_max: u64::MAX,
        memory_bytes: config.query.memory_bytes / config.query.concurrent,
        wall_time: Duration::from_secs(config.query.seconds),
        concurrent: config.query.concurrent,
        concurrent_per_organization: config.query.concurrent_per_organization(),
        ..indelible_query::Limits::default()
    }
}

/// The platform's name: as configured, as kept from the first start, or made now.
fn platform_name(data: &Path, configured: Option<&str>) -> anyhow::Result<String> {
    let path = data.join("platform");
    let kept = match std::fs::read_to_string(&path) {
        Ok(text) => Some(text.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).context("read the platform's name"),
    };
    match (kept, configured) {
        (Some(kept), Some(configured)) if kept != configured => {
            bail!(
                "this data folder belongs to the platform {kept:?}; the configuration says {configured:?}, and the name cannot be changed"
            )
        }
        (Some(kept), _) => Ok(kept),
        (None, configured) => {
            let mut random = [0; 4];
            getrandom::fill(&mut random).context("draw a name")?;
            let name = configured.map_or_else(|| format!("indelible-{}", hex::encode(random)), str::to_owned);
            durable::write_atomic(&path, format!("{name}\n").as_bytes(), 0o644).context("keep the platform's name")?;
            Ok(name)
        }
    }
}
