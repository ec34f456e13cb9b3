//! Counters of the server itself; `/metrics` joins them with those of intake, journal and archive.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Upper bounds of the answer-time buckets, seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Upper bounds of the age of a log file's oldest entry, seconds; a day is what is promised.
const LOG_FILE_LAGS: [f64; 10] = [30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 14_400.0, 28_800.0, 43_200.0, 86_400.0];
/// Upper bounds of the age of the oldest entry of a copy of the journal, seconds.
const LAGS: [f64; 10] = [1.0, 5.0, 15.0, 30.0, 60.0, 65.0, 90.0, 120.0, 600.0, 3600.0];

/// Counts since the process started.
#[derive(Default)]
pub(crate) struct Metrics {
    refused: Mutex<BTreeMap<String, u64>>,
    requests: Mutex<BTreeMap<(String, u16), Histogram<{ BUCKETS.len() }>>>,
    pub(crate) archive_failures: AtomicU64,
    pub(crate) checkpoints: AtomicU64,
    pub(crate) copy_failures: AtomicU64,
    pub(crate) checks: AtomicU64,
    copies: Mutex<Copies>,
    /// From the first entry of a log file to when it was read back.
    log_files: Mutex<Histogram<{ LOG_FILE_LAGS.len() }>>,
}

/// Copies of the journal.
#[derive(Default, Clone, Copy)]
struct Copies {
    bytes: u64,
    lags: Histogram<{ LAGS.len() }>,
}

/// How often a time was within each bound.
#[derive(Clone, Copy)]
struct Histogram<const N: usize> {
    buckets: [u64; N],
    seconds: f64,
    count: u64,
}

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Self { buckets: [0; N], seconds: 0.0, count: 0 }
    }
}

impl<const N: usize> Histogram<N> {
    fn add(&mut self, bounds: &[f64; N], seconds: f64) {
        for (bucket, bound) in self.buckets.iter_mut().zip(bounds) {
            *bucket += u64::from(seconds <= *bound);
        }
        self.seconds += seconds;
        self.count += 1;
    }

    fn render(&self, text: &mut Text, name: &str, bounds: &[f64; N], labels: &[(&str, &str)]) {
        let bounds = bounds.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(self.buckets.iter().copied().chain([self.count])) {
            let labels: Vec<_> = labels.iter().copied().chain([("le", bound.as_str())]).collect();
            text.line(&format!("{name}_bucket"), &labels, count as f64);
        }
        text.line(&format!("{name}_sum"), labels, self.seconds);
        text.line(&format!("{name}_count"), labels, self.count as f64);
    }
}

impl Metrics {
    /// Counts refused events by code.
    pub(crate) fn events_refused<'a>(&self, codes: impl Iterator<Item = &'a str>) {
        let mut codes = codes.peekable();
        if codes.peek().is_none() {
            return;
        }
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        for code in codes {
            match refused.get_mut(code) {
                Some(count) => *count += 1,
                None => drop(refused.insert(code.to_owned(), 1)),
            }
        }
    }

    /// Counts an answered request. `route` is the pattern, never the path: its values are few.
    pub(crate) fn request(&self, route: &str, status: u16, seconds: f64) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.entry((route.to_owned(), status)).or_default().add(&BUCKETS, seconds);
    }

    /// Counts a copy of the journal whose oldest entry was this old when it was read back.
    pub(crate) fn copied(&self, bytes: u64, lag_seconds: f64) {
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        copies.bytes += bytes;
        copies.lags.add(&LAGS, lag_seconds);
    }

    /// Counts a log file whose oldest entry was this old when it was read back.
    pub(crate) fn archived(&self, lag_seconds: f64) {
        self.log_files.lock().unwrap_or_else(PoisonError::into_inner).add(&LOG_FILE_LAGS, lag_seconds);
    }

    /// The counters in the Prometheus text format.
    pub(crate) fn render(&self, text: &mut Text) {
        for (code, count) in self.refused.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            text.sample(
                "indelible_events_refused_total",
                "counter",
                "Events refused, by code.",
                &[("code", code)],
                *count as f64,
            );
        }
        let log_files = *self.log_files.lock().unwrap_or_else(PoisonError::into_inner);
        text.plain(
            "indelible_log_files_archived_total",
            "counter",
            "Log files archived and read back.",
            log_files.count as f64,
        );
        let name = "indelible_log_file_lag_seconds";
        text.family(name, "histogram", "Age of a log file's oldest entry when the file was read back from the bucket.");
        log_files.render(text, name, &LOG_FILE_LAGS, &[]);
        text.plain(
            "indelible_archive_failures_total",
            "counter",
            "Attempts to archive that failed.",
            self.archive_failures.load(Relaxed) as f64,
        );
        text.plain(
            "indelible_checkpoints_published_total",
            "counter",
            "Checkpoints signed and published.",
            self.checkpoints.load(Relaxed) as f64,
        );
        text.plain(
            "indelible_journal_copy_failures_total",
            "counter",
            "Attempts to copy the journal that failed.",
            self.copy_failures.load(Relaxed) as f64,
        );
        text.plain(
            "indelible_self_checks_total",
            "counter",
            "Checks of the archive by the server itself.",
            self.checks.load(Relaxed) as f64,
        );
        let copies = *self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        text.plain(
            "indelible_journal_copied_bytes_total",
            "counter",
            "Bytes of copies of the journal.",
            copies.bytes as f64,
        );
        let name = "indelible_journal_copy_seconds";
        text.family(name, "histogram", "Age of a copy's oldest entry when the copy was read back from the bucket.");
        copies.lags.render(text, name, &LAGS, &[]);
        let name = "indelible_http_request_seconds";
        for ((route, status), times) in self.requests.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            text.family(name, "histogram", "Time to answer, by route and status.");
            let status = status.to_string();
            times.render(text, name, &BUCKETS, &[("route", route), ("status", &status)]);
        }
    }
}

/// The Prometheus text exposition format.
#[derive(Default)]
pub(crate) struct Text {
    out: String,
    last_family: String,
}

impl Text {
    /// One sample without labels.
    pub(crate) fn plain(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.sample(name, kind, help, &[], value);
    }

    /// One sample; the family's header is written before its first.
    pub(crate) fn sample(&mut self, name: &str, kind: &str, help: &str, labels: &[(&str, &str)], value: f64) {
        self.family(name, kind, help);
        self.line(name, labels, value);
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        if self.last_family != name {
            let _ = writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}");
            name.clone_into(&mut self.last_family);
        }
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.out.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.out, "{}{label}=\"{text}\"", if index == 0 { '{' } else { ',' });
        }
        if !labels.is_empty() {
            self.out.push('}');
        }
        let _ = writeln!(self.out, " {value}");
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_prometheus_text() {
        let metrics = Metrics::default();
        metrics.events_refused(["a", "b", "a"].into_iter());
        metrics.request("/x", 200, 0.004);
        let mut text = Text::default();
        metrics.render(&mut text);
        let text = text.finish();
        for line in [
            "indelible_events_refused_total{code=\"a\"} 2",
            "indelible_http_request_seconds_bucket{route=\"/x\",status=\"200\",le=\"0.0025\"} 0",
            "indelible_http_request_seconds_bucket{route=\"/x\",status=\"200\",le=\"+Inf\"} 1",
            "# TYPE indelible_log_files_archived_total counter",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
        assert_eq!(text.matches("# TYPE indelible_events_refused_total").count(), 1);
    }
}
