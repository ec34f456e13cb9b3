//! What an agent says about itself: a file for people and scripts, and figures for metrics.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Its name in the spool's folder.
pub(crate) const FILE: &str = "status.json";

/// How an agent stands. Counts are since it was started, but those of files, which are of all time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// When this was written.
    pub at: String,
    /// When the agent was started.
    pub started: String,
    /// Its process.
    pub process: u32,
    /// The server it hands over to.
    pub server: String,
    /// Whether it was told to end, or has ended.
    pub stopped: bool,
    /// What is followed and there.
    pub files: Vec<FileStatus>,
    /// Records that were read.
    pub records: u64,
    /// Records that the adapter refused, or that made no valid event; they go to the server's quarantine.
    pub refused_records: u64,
    /// Refused records that the server has put into its quarantine, now or before.
    #[serde(default)]
    pub quarantined: u64,
    /// Events that were synced in the spool.
    pub spooled: u64,
    /// Events that the server has acknowledged.
    pub acknowledged: u64,
    /// How many of them it had before.
    pub repeated: u64,
    /// Events that the server refused, and refused records that it did not take; they are in the folder `refused`.
    pub refused_events: u64,
    /// Events and refused records that wait in the spool.
    pub waiting: u64,
    /// When the oldest of them was read.
    pub oldest: Option<String>,
    /// Bytes of disk that the spool takes.
    pub spool_bytes: u64,
    /// Bytes that it may take.
    pub spool_bytes_max: u64,
    /// Files are not read on, because the spool is full.
    pub spool_full: bool,
    /// Failures of the server in a row.
    pub failed_attempts: u64,
    /// What failed last, and when.
    pub last_error: Option<LastError>,
}

/// Something that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    /// When.
    pub at: String,
    /// What.
    pub message: String,
}

/// A file that is followed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileStatus {
    /// Where it is now.
    pub path: String,
    /// What reads it.
    pub adapter: String,
    /// Bytes up to which it was read, decompressed.
    pub position: u64,
    /// Bytes on the disk that were not read; of a compressed file all, until it was read to its end.
    pub lag_bytes: u64,
    /// Records that were read of it.
    pub records: u64,
    /// How many of them were refused.
    pub refused: u64,
}

impl Status {
    /// What the agent with this spool has written last.
    ///
    /// # Errors
    /// There is no such file, or it holds something else.
    pub fn read(spool: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(spool.join(FILE))?)?)
    }

    /// For programs that read it at any moment; not durable.
    pub(crate) fn write(&self, spool: &Path, metrics: Option<&Path>) -> io::Result<()> {
        replace(&spool.join(FILE), &serde_json::to_vec_pretty(self)?)?;
        metrics.map_or(Ok(()), |path| replace(path, self.metrics().as_bytes()))
    }

    /// For people.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let state = if self.stopped { "stopped" } else { "running" };
        // Writing to a string does not fail.
        let _ =
            writeln!(text, "agent      {state}, process {}, since {}, as of {}", self.process, self.started, self.at);
        let _ = writeln!(text, "server     {}", self.server);
        let _ = writeln!(
            text,
            "records    {} read, {} refused ({} put into the quarantine)",
            self.records, self.refused_records, self.quarantined
        );
        let _ = writeln!(
            text,
            "events     {} spooled, {} acknowledged ({} repeats), {} refused by the server, {} waiting{}",
            self.spooled,
            self.acknowledged,
            self.repeated,
            self.refused_events,
            self.waiting,
            self.oldest.as_ref().map(|at| format!(" since {at}")).unwrap_or_default(),
        );
        let full = if self.spool_full { ", FULL: files are not read on" } else { "" };
        let _ = writeln!(text, "spool      {} of {} bytes{full}", self.spool_bytes, self.spool_bytes_max);
        if let Some(error) = &self.last_error {
            let _ = writeln!(text, "last error {} at {}", error.message, error.at);
        }
        let _ =
            writeln!(text, "files      {:>14} {:>12} {:>10} {:>8}  ", "position", "lag bytes", "records", "refused");
        for file in &self.files {
            let FileStatus { path, adapter, position, lag_bytes, records, refused } = file;
            let _ = writeln!(
                text,
                "           {position:>14} {lag_bytes:>12} {records:>10} {refused:>8}  {path} ({adapter})"
            );
        }
        text
    }

    fn metrics(&self) -> String {
        let mut text = String::new();
        let mut figure = |name: &str, kind: &str, help: &str, value: u64| {
            let name = format!("indelible_agent_{name}");
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
        };
        figure("records_total", "counter", "Records that were read.", self.records);
        figure("refused_records_total", "counter", "Records that the adapter refused.", self.refused_records);
        figure(
            "quarantined_records_total",
            "counter",
            "Refused records that the server put into its quarantine.",
            self.quarantined,
        );
        figure("spooled_events_total", "counter", "Events that were synced in the spool.", self.spooled);
        figure("acknowledged_events_total", "counter", "Events that the server acknowledged.", self.acknowledged);
        figure(
            "refused_events_total",
            "counter",
            "Events that the server refused, and refused records that it did not take.",
            self.refused_events,
        );
        figure("waiting_events", "gauge", "Events and refused records that wait in the spool.", self.waiting);
        figure("spool_bytes", "gauge", "Bytes of disk that the spool takes.", self.spool_bytes);
        figure("spool_bytes_max", "gauge", "Bytes of disk that the spool may take.", self.spool_bytes_max);
        figure(
            "spool_full",
            "gauge",
            "1 while files are not read on because the spool is full.",
            self.spool_full.into(),
        );
        figure(
            "failed_attempts",
            "gauge",
            "Attempts in a row that the server did not answer well.",
            self.failed_attempts,
        );
        let _ = writeln!(text, "# HELP indelible_agent_lag_bytes Bytes of a file that were not read.");
        let _ = writeln!(text, "# TYPE indelible_agent_lag_bytes gauge");
        for file in &self.files {
            let path = file.path.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = writeln!(text, "indelible_agent_lag_bytes{{path=\"{path}\"}} {}", file.lag_bytes);
        }
        text
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut staged = path.as_os_str().to_owned();
    staged.push(".new");
    std::fs::write(&staged, bytes)?;
    std::fs::rename(&staged, path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_status_reads_back_and_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file =
            FileStatus { path: "/l\"og\n".into(), adapter: "openssh".into(), lag_bytes: 7, ..FileStatus::default() };
        let last_error = Some(LastError { at: "then".into(), message: "no route".into() });
        let status = Status { records: 3, spool_full: true, files: vec![file], last_error, ..Status::default() };
        let metrics = folder.path().join("agent.prom");
        status.write(folder.path(), Some(&metrics)).unwrap();
        assert_eq!(Status::read(folder.path()).unwrap(), status);
        let text = status.to_text();
        assert!(["3 read", "FULL", "no route at then", "(openssh)"].iter().all(|part| text.contains(part)), "{text}");
        let metrics = std::fs::read_to_string(metrics).unwrap();
        assert!(metrics.contains("indelible_agent_records_total 3\n"), "{metrics}");
        assert!(metrics.contains("indelible_agent_lag_bytes{path=\"/l\\\"og\\n\"} 7\n"), "{metrics}");
        assert!(metrics.lines().all(|line| line.starts_with(['#', 'i'])), "{metrics}");
    }
}
