//! What operators and their machines ask: health, metrics, the contract, and a page that says what runs here.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use indelible_api::{AlarmKind, Health};

use indelible_storage::Space;

use crate::app::App;
use crate::exports::ExportFigures;
use crate::metrics::Text;
use crate::routes::receive;
use crate::sinks::{Member, Status};
use crate::watcher::{MaybeWatcher, Watcher};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether the process answers.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, body = Health)))]
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok".to_owned(), version: VERSION.to_owned(), alarms: Vec::new() })
}

/// Whether events can be taken in and read, and which alarms are on. An alarm alone does not make a server unready.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses((status = 200, body = Health), (status = 503, body = Health)))]
pub(crate) async fn readyz(State(app): State<Arc<App>>, MaybeWatcher(watches): MaybeWatcher) -> Response {
    let (status, text) = match app.ready() {
        Ok(()) => (StatusCode::OK, "ok"),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
    };
    let active = if watches { app.alarms.active(app.now_us()) } else { Vec::new() };
    let mut alarms: Vec<_> = active.into_iter().map(|alarm| alarm.kind).collect();
    alarms.dedup();
    (status, Json(Health { status: text.to_owned(), version: VERSION.to_owned(), alarms })).into_response()
}

/// Counters in the Prometheus text format. Holds no customer data: organizations are named by their labels. For requests from this
/// machine itself, and for tokens with `operator:observe`.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn metrics(State(app): State<Arc<App>>, _: Watcher) -> Response {
    let mut text = Text::default();
    let stats = app.intake.stats();
    let events = "indelible_events_total";
    for (outcome, count) in [("new", &stats.new), ("duplicate", &stats.duplicate), ("reused", &stats.reused)] {
        text.sample(
            events,
            "counter",
            "Events answered, by outcome.",
            &[("outcome", outcome)],
            count.load(Relaxed) as f64,
        );
    }
    app.metrics.render(&mut text);
    app.sign_ins.counts.render(&mut text);
    app.listening.render(&mut text);
    app.syslog.render(&mut text);
    text.plain("indelible_journal_syncs_total", "counter", "Syncs of the journal.", stats.syncs.load(Relaxed) as f64);
    text.plain(
        "indelible_journal_sync_seconds_total",
        "counter",
        "Time spent writing and syncing the journal.",
        stats.sync_us.load(Relaxed) as f64 / 1e6,
    );
    text.plain(
        "indelible_journal_written_bytes_total",
        "counter",
        "Bytes written to the journal.",
        stats.bytes.load(Relaxed) as f64,
    );
    let journal = app.intake.journal_stats();
    text.plain(
        "indelible_journal_bytes",
        "gauge",
        "Bytes of retained frames in the journal.",
        journal.bytes_retained as f64,
    );
    text.plain("indelible_journal_segments", "gauge", "Segments of the journal.", journal.segments as f64);
    text.plain(
        "indelible_journal_spare_waits_total",
        "counter",
        "Times a segment had to be waited for.",
        journal.spare_waits as f64,
    );
    text.plain(
        "indelible_intake_queue_bytes",
        "gauge",
        "Bytes waiting to be written.",
        app.intake.queued_bytes() as f64,
    );
    text.plain("indelible_ready", "gauge", "1 while events can be taken in.", f64::from(u8::from(app.ready().is_ok())));
    text.plain(
        "indelible_journal_no_room_total",
        "counter",
        "Groups of events refused because the disk had no room for another journal segment.",
        stats.no_room.load(Relaxed) as f64,
    );
    if let Ok(space) = Space::of(&app.config.data_dir) {
        let help = "Bytes of the disk of the data folder.";
        for (state, bytes) in [("used", space.used_bytes), ("free", space.free_bytes)] {
            text.sample("indelible_disk_bytes", "gauge", help, &[("state", state)], bytes as f64);
        }
    }
    text.plain(
        "indelible_bucket_enforced",
        "gauge",
        "1 if the bucket refused to change or remove what was locked in it when that was last tried.",
        f64::from(u8::from(app.bucket_watch.state(&app.bucket).tier == "enforced")),
    );
    app.render_quarantine(&mut text).await;
    let alarms = app.alarms.active(app.now_us());
    for kind in AlarmKind::ALL {
        text.sample(
            "indelible_alarm",
            "gauge",
            "Alarms that are on, by kind.",
            &[("kind", kind.as_str())],
            alarms.iter().filter(|alarm| alarm.kind == *kind).count() as f64,
        );
    }
    let platform = app.ledger.platform_log();
    text.plain("indelible_platform_entries", "gauge", "Entries of the platform log.", platform.size() as f64);
    let age_us = platform.epoch().map_or(0, |epoch| app.now_us().saturating_sub(epoch.time).max(0));
    text.plain(
        "indelible_platform_epoch_age_seconds",
        "gauge",
        "Age of the newest epoch. Above about a minute the server signs no more.",
        age_us as f64 / 1e6,
    );
    for member in app.witnesses.members() {
        text.sample(
            "indelible_witness_lag_entries",
            "gauge",
            "Entries of the platform log that the witness has not cosigned.",
            &[("witness", &member.name)],
            platform.size().saturating_sub(member.cosigned.load(Relaxed)) as f64,
        );
    }
    text.plain(
        "indelible_quorum_missing_seconds",
        "gauge",
        "For how long checkpoints have lacked the cosignatures asked for. An alarm is raised at 60.",
        app.witnesses.behind().unwrap_or_default().as_secs_f64(),
    );
    text.plain(
        "indelible_journal_copy_lag_seconds",
        "gauge",
        "Age of the oldest acknowledged entry that is neither copied to the bucket nor archived.",
        app.copy_lag_seconds(),
    );
    if let Some(check) = app.checker.state() {
        let verified = f64::from(u8::from(check.outcome == "verified"));
        text.plain(
            "indelible_self_check_verified",
            "gauge",
            "1 if the last check of the archive found all well.",
            verified,
        );
    }
    exports(&app, &mut text);
    sinks(&app, &mut text);
    let states = app.archive_states();
    for (log, state) in &states {
        text.sample(
            "indelible_log_entries",
            "gauge",
            "Entries in the log, by its label.",
            &[("log", &log.label)],
            state.size as f64,
        );
    }
    for (log, state) in &states {
        text.sample(
            "indelible_log_archived_entries",
            "gauge",
            "Entries that are archived.",
            &[("log", &log.label)],
            state.archived as f64,
        );
    }
    for (log, state) in &states {
        let age = state.oldest_unarchived_seconds.unwrap_or(0.0);
        text.sample(
            "indelible_archive_lag_seconds",
            "gauge",
            "Age of the oldest entry not yet archived. An alarm is raised at half of what is promised.",
            &[("log", &log.label)],
            age,
        );
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text.finish()).into_response()
}

/// Of every active export, by its id and the label of its log.
fn exports(app: &App, text: &mut Text) {
    let figures = app.export_figures();
    let mut each = |name: &str, kind: &str, help: &str, value: &dyn Fn(&ExportFigures) -> f64| {
        for figures in &figures {
            let label = app.ledger.find(&figures.export.organization).map(|log| log.label.clone()).unwrap_or_default();
            let labels = [("log", label.as_str()), ("export", figures.export.id.as_str())];
            text.sample(name, kind, help, &labels, value(figures));
        }
    };
    each("indelible_export_rows", "gauge", "Rows in the table.", &|figures| figures.rows as f64);
    each("indelible_export_rows_appended_total", "counter", "Rows added to the table.", &|figures| {
        figures.rows_appended as f64
    });
    each("indelible_export_waiting_rows", "gauge", "Archived rows that are not in the table yet.", &|figures| {
        figures.waiting_rows as f64
    });
    each(
        "indelible_export_lag_seconds",
        "gauge",
        "Age of the oldest archived row that is not in the table yet.",
        &|figures| figures.lag_seconds,
    );
    each(
        "indelible_export_last_commit_seconds",
        "gauge",
        "Time of the last commit since the start, seconds since 1970.",
        &|figures| figures.last_commit_us as f64 / 1e6,
    );
    each("indelible_export_failures_total", "counter", "Attempts to add to the table that failed.", &|figures| {
        figures.failures as f64
    });
}

/// Figures of every sink; the sink by its id, which tells nothing of the organization.
fn sinks(app: &App, text: &mut Text) {
    let sinks: Vec<_> = app.sinks.all().into_iter().map(|member| (member.status(), member)).collect();
    let mut family = |name: &str, kind: &str, help: &str, value: &dyn Fn(&Status, &Member) -> f64| {
        for (status, member) in &sinks {
            text.sample(name, kind, help, &[("sink", &member.sink.id)], value(status, member));
        }
    };
    family("indelible_sink_lag_entries", "gauge", "Entries that wait to be delivered.", &|status, member| {
        app.sink_lag(&member.sink.organization, status.cursor.next) as f64
    });
    family("indelible_sink_lag_seconds", "gauge", "Age of the oldest event under way.", &|status, _| {
        status.oldest_us.map_or(0.0, |us| (app.now_us() - us).max(0) as f64 / 1e6)
    });
    family("indelible_sink_delivered_total", "counter", "Events delivered.", &|status, _| {
        status.cursor.delivered as f64
    });
    family("indelible_sink_failures_total", "counter", "Attempts that failed since the start.", &|status, _| {
        status.health.failures as f64
    });
    family("indelible_sink_dead_letters", "gauge", "Events that the destination refused for good.", &|status, _| {
        status.dead_letters as f64
    });
}

/// What a page of ours may load: our own script, style and answers, and nothing written into the page itself.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; \
                           form-action 'none'; frame-ancestors 'none'";

/// The first page: signing in, and who one is. It holds no data.
pub(crate) async fn index(headers: HeaderMap) -> Response {
    if receive::wants_elasticsearch(&headers) {
        return receive::elasticsearch_info();
    }
    let headers = [(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)];
    (headers, page("text/html; charset=utf-8", include_str!("index.html"))).into_response()
}

/// Its script.
pub(crate) async fn script() -> Response {
    page("text/javascript; charset=utf-8", include_str!("app.js"))
}

/// Its style.
pub(crate) async fn style() -> Response {
    page("text/css; charset=utf-8", include_str!("app.css"))
}

fn page(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        // A new version of the server has new pages.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}
