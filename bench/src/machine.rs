//! What the figures were taken on: the machine, and how fast it syncs and hashes right now.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use sha2::{Digest, Sha256};

use crate::process::field_kib;

/// The machine in one line.
pub(crate) fn describe(work: &Path) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let field = |name: &str| {
        let line = cpu.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(": ").map_or("unknown", |(_, value)| value).to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(0, |cores| cores.get());
    let memory_gib = field_kib(&read("/proc/meminfo"), "MemTotal:").unwrap_or(0) / (1024 * 1024);
    format!(
        "{cores} cores of {} (family {}, model {}), {memory_gib} GiB, Linux {}, {} for data",
        field("model name"),
        field("cpu family"),
        field("model\t"),
        read("/proc/sys/kernel/osrelease").trim(),
        file_system(work),
    )
}

/// Load average over the last minute: what else runs here.
pub(crate) fn load_average() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or("unknown").to_owned()
}

fn file_system(path: &Path) -> String {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let covering = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (mount, kind) = (fields.next()?, fields.next()?);
        path.starts_with(mount).then_some((mount.len(), kind))
    });
    covering.max().map_or("unknown", |(_, kind)| kind).to_owned()
}

/// Commit of the tree the binary was built from, as far as the working folder tells.
pub(crate) fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success());
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else { return "unknown".to_owned() };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit} with uncommitted changes"),
    }
}

/// How long 4 KiB take to be durable in a file that was written before, so that only the data is synced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SyncProbe {
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
    /// CPU time of one, which is the kernel's.
    pub(crate) cpu_us: u64,
}

impl SyncProbe {
    /// 2,000 times `write` and `fdatasync`, or as many as two seconds allow.
    pub(crate) fn run(work: &Path) -> Result<SyncProbe> {
        const BLOCK: usize = 4096;
        const BLOCKS: u64 = 4096;
        let path = work.join("sync.probe");
        let file = File::create(&path)?;
        file.write_all_at(&vec![0; BLOCK * BLOCKS as usize], 0)?;
        file.sync_all()?;

        let block = [7; BLOCK];
        let mut histogram = Histogram::<u64>::new(3)?;
        let (begin, cpu_before) = (Instant::now(), thread_cpu());
        for n in 0..2_000 {
            let start = Instant::now();
            file.write_all_at(&block, n % BLOCKS * BLOCK as u64)?;
            file.sync_data()?;
            histogram.record((start.elapsed().as_micros() as u64).max(1))?;
            if begin.elapsed() > Duration::from_secs(2) {
                break;
            }
        }
        let cpu_us = (thread_cpu() - cpu_before).as_micros() as u64 / histogram.len();
        fs::remove_file(path)?;
        Ok(SyncProbe { p50_us: histogram.value_at_quantile(0.5), p99_us: histogram.value_at_quantile(0.99), cpu_us })
    }
}

/// CPU time that this thread has taken.
fn thread_cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

impl std::fmt::Display for SyncProbe {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "p50 {} us, p99 {} us, CPU {} us", self.p50_us, self.p99_us, self.cpu_us)
    }
}

/// SHA-256 of messages as long as an event, on one core.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HashProbe {
    pub(crate) messages_per_second: f64,
    pub(crate) bytes_per_second: f64,
}

impl HashProbe {
    /// Hashes for half a second, best of three, since others may be using the core.
    pub(crate) fn run() -> HashProbe {
        const MESSAGE: usize = 840;
        let data: Vec<u8> = (0..MESSAGE * 1_000).map(|n| (n * 31 % 251) as u8).collect();
        let mut best = 0.0_f64;
        for _ in 0..3 {
            let begin = Instant::now();
            let mut messages = 0;
            while begin.elapsed() < Duration::from_millis(170) {
                for message in data.chunks_exact(MESSAGE) {
                    std::hint::black_box(Sha256::digest(message));
                    messages += 1;
                }
            }
            best = best.max(f64::from(messages) / begin.elapsed().as_secs_f64());
        }
        HashProbe { messages_per_second: best, bytes_per_second: best * MESSAGE as f64 }
    }
}

impl std::fmt::Display for HashProbe {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (millions, gigabytes) = (self.messages_per_second / 1e6, self.bytes_per_second / 1e9);
        write!(out, "{millions:.2} M messages/s of 840 bytes, {gigabytes:.2} GB/s, one core")
    }
}
