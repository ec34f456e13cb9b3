//! How long a durable append takes, next to what the disk itself takes for the same bytes.
//!
//! `cargo run --release -p indelible-journal --example append_speed -- [FOLDER]`
//!
//! Frames are appended and synced one by one. After each one the probe writes as many bytes to a file that was filled with
//! zeros before, and syncs them: the least any log on this disk could do. Both take turns, so that they meet
//! the same noise; read the ratio rather than the times.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indelible_journal::{Journal, Options};
use indelible_storage::RealDisk;

const PROBE_BYTES: u64 = 64 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("append-speed-{}", std::process::id()));
    println!("{} cores, in {}", std::thread::available_parallelism()?, folder.display());
    let (mut journal, _) = Journal::open(Arc::new(RealDisk), &folder, Options::default())?;
    let probe = zero_filled(&folder.join("probe"))?;
    while journal.stats().spare_segments < Options::default().spare_segments {
        std::thread::sleep(Duration::from_millis(10));
    }
    println!("{:>9} {:>7}   {:>10} {:>10} {:>10} {:>9}   p50 / probe", "frame", "count", "p50", "p99", "max", "MB/s");
    for (frame_bytes, count) in [(4 << 10, 4000), (64 << 10, 2000), (1 << 20, 400)] {
        let body: Vec<u8> = (0..frame_bytes).map(|index| (index * 31 % 251) as u8).collect();
        let mut appended = Vec::with_capacity(count);
        let mut probed = Vec::with_capacity(count);
        for index in 0..count {
            appended.push(time(|| journal.write(&[&body], 0).and_then(|_| journal.sync()))?);
            let offset = (index * frame_bytes) as u64 % PROBE_BYTES;
            probed.push(time(|| probe.write_all_at(&body, offset).and_then(|()| probe.sync_data()))?);
            journal.release(journal.reader().durable());
        }
        let probe_p50 = report("probe", frame_bytes, &mut probed, None);
        report("journal", frame_bytes, &mut appended, Some(probe_p50));
    }
    let stats = journal.stats();
    println!("{} syncs; the writer waited {} times for a segment", stats.syncs, stats.spare_waits);
    drop(journal);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn zero_filled(path: &std::path::Path) -> std::io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    for offset in (0..PROBE_BYTES).step_by(1 << 20) {
        file.write_all_at(&[0; 1 << 20], offset)?;
    }
    file.sync_all()?;
    Ok(file)
}

fn time<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<Duration, E> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn report(what: &str, frame_bytes: usize, times: &mut [Duration], probe_p50: Option<Duration>) -> Duration {
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    let total: Duration = times.iter().sum();
    let rate = (frame_bytes * times.len()) as f64 / total.as_secs_f64() / 1e6;
    let ratio = probe_p50.map_or(String::new(), |probe| format!("{:.2}", at(0.5).as_secs_f64() / probe.as_secs_f64()));
    let (kib, count) = (frame_bytes >> 10, times.len());
    let (p50, p99, max) = (at(0.5), at(0.99), at(1.0));
    println!("{kib:>5} KiB {count:>7}   {p50:>10.1?} {p99:>10.1?} {max:>10.1?} {rate:>9.1}   {ratio:>5}  {what}");
    at(0.5)
}
