//! A crash, or the loss of the disk, after every step between the answer to a producer and the end of the local copy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::channel;

use indelible_archive::log_file::{LogFileReader, ReadLimits};
use indelible_archive::rows::RowDecoder;
use indelible_archive::{claim, journal_copy, pending};
use indelible_event::control::CONTROL_TYPE;
use indelible_event::{Intake as Sender, Limits, Scope, Scratch, admit};
use indelible_intake::TailError;
use indelible_journal::FrameNumber;
use tempfile::TempDir;

use super::*;
use crate::copier::{self, Waiting};
use crate::generation;

const A: &str = "ri.indelible..organization.a";
const B: &str = "ri.indelible..organization.b";

/// The data folder of a server and its bucket, in one folder that can be copied.
struct Disk {
    folder: TempDir,
}

impl Disk {
    fn new() -> Self {
        let disk = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(disk.data()).unwrap();
        fs::create_dir_all(disk.bucket()).unwrap();
        disk
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn bucket(&self) -> PathBuf {
        self.folder.path().join("bucket")
    }

    /// As it is at this moment.
    fn copy(&self) -> Self {
        let copy = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["data", "bucket"] {
            let from = self.folder.path().join(folder);
            // A spare segment may be renamed under its hands.
            let copied = || Command::new("cp").arg("-r").arg(&from).arg(copy.folder.path()).status().unwrap().success();
            assert!((0..5).any(|_| copied()));
        }
        copy
    }

    fn config(&self) -> Config {
        let mut config = Config { data_dir: self.data(), ..Config::default() };
        config.journal.segment_bytes = 8 << 20;
        config.journal.spare_segments = 1;
        config
    }

    fn verify(&self) -> Report {
        indelible_archive::verify::verify(&self.bucket(), &Options::default(), &|_| ())
    }
}

/// What a server has open, without HTTP.
struct Running {
    bucket: Bucket,
    ledger: Arc<Ledger>,
    inventory: Arc<Inventory>,
    intake: Arc<Intake>,
    staging: PathBuf,
}

impl Running {
    async fn start(disk: &Disk) -> Self {
        let (data, config) = (disk.data(), disk.config());
        let bucket = Bucket::local(&disk.bucket()).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let kept = Kept::read(&data).unwrap();
        let number = kept.as_ref().map_or(1, Kept::generation);
        let ledger =
            Ledger::open_generation(&data.join("ledger"), &data.join("keys"), "p.example", number, Settings::default())
                .unwrap();
        let ledger = Arc::new(ledger);
        generation::settle(&data, kept, &bucket, &ledger, clock.now_us()).await.unwrap();
        let closed = read_closed_keys(&data).unwrap();
        let inventory = Inventory::load(&bucket, |origin| keys_of(&ledger, &closed, origin)).await.unwrap();
        let newest_us = inventory.latest_received_us().unwrap_or(i64::MIN);
        let keys = Arc::new(indelible_ledger::ContentKeys::none());
        let intake = tokio::task::block_in_place(|| open_intake(&config, &ledger, &keys, &clock, newest_us)).unwrap();
        ledger.check_recovered().unwrap();
        crate::check_archived(&ledger, &inventory, &data).unwrap();
        let staging = sealing::staging(&data);
        Self { bucket, ledger, inventory: Arc::new(inventory), intake: Arc::new(intake), staging }
    }

    /// Stores events of one organization; their numbers are their ids.
    fn emit(&self, organization: &str, numbers: std::ops::Range<u64>) {
        let number = self.intake.organization(&organization.parse().unwrap()).unwrap().number;
        let sender = Sender { producer: "p", producer_epoch: None, producer_seq: None, source: "http", adapter: None };
        let (mut batch, mut scratch) = (self.intake.batch("p"), Scratch::default());
        for id in numbers {
            let line = format!(
                r#"{{"type":"audit.3","time":"2026-01-01T00:00:00Z","name":"X","result":"SUCCESS","categories":["internal"],"uid":"{}",
                "eventId":"00000000-0000-4000-8000-000000000001","logEntryId":"00000000-0000-4000-8000-{id:012x}","producerType":"SERVER","product":"p","productVersion":"1"}}"#,
                "u".repeat(200)
            );
            let event = admit(&mut scratch, line.as_bytes(), &Limits::default(), &sender, || unreachable!()).unwrap();
            batch.push(&event, &[number]);
        }
        let (reply, answer) = channel();
        self.intake.submit(batch, Box::new(move |result| reply.send(result).unwrap()));
        answer.recv().unwrap().unwrap();
    }

    fn ends(&self) -> BTreeMap<u32, u64> {
        let logs = self.ledger.organizations().into_iter();
        logs.map(|log| (log.number, self.inventory.archived_end(&log.organization, log.generation))).collect()
    }

    fn log(&self, organization: &str) -> Arc<OrganizationLog> {
        self.ledger.find(&organization.parse().unwrap()).unwrap()
    }

    /// How far copying has come is known by the bucket alone.
    async fn next_copy(&self) -> Option<indelible_archive::JournalCopy> {
        let tail = self.intake.tail().snapshot();
        let own = journal_copy::list(&self.bucket).await.unwrap();
        let next = own.iter().filter(|copy| copy.generation == self.ledger.generation()).map(|copy| copy.frames.1 + 1);
        let waiting = Waiting::find(&tail, &self.ends(), FrameNumber(next.max().unwrap_or(0))).unwrap();
        waiting.map(|waiting| waiting.copy(&self.ledger).unwrap())
    }

    async fn archive_all(&self) {
        sealing::upload_pending(&self.bucket, &self.inventory, &self.staging, None, &|_| 0).await.unwrap();
        for log in self.ledger.organizations() {
            let (intake, ledger, inventory) = (&self.intake, &self.ledger, &self.inventory);
            sealing::archive_all(intake, ledger, inventory, &self.bucket, &self.staging, &log, 0).await.unwrap();
        }
    }

    /// Gives archived journal segments back, whatever their age.
    fn release(&self, before_us: i64) -> usize {
        let (ends, (done, released)) = (self.ends(), channel());
        self.intake.release(
            |number| ends.get(&number).copied().unwrap_or(0),
            before_us,
            Box::new(move |result| done.send(result).unwrap()),
        );
        released.recv().unwrap().unwrap()
    }

    /// How often each event is in the logs: in log files, and beyond them in the journal.
    fn stored(&self, disk: &Disk) -> BTreeMap<u64, u32> {
        let mut stored = BTreeMap::new();
        let mut add = |infrastructure: &[u8]| {
            let text = std::str::from_utf8(infrastructure).unwrap();
            let (_, id) = text.split_once("\"logEntryId\":\"").unwrap();
            *stored.entry(u64::from_str_radix(&id[24..36], 16).unwrap()).or_default() += 1;
        };
        let organizations = self.ledger.organizations().iter().map(|log| log.organization.clone()).collect();
        for file in self.inventory.snapshot(&Scope::new(organizations)) {
            let limits = ReadLimits {
                entries: file.rows,
                canonical_bytes: file.canonical_bytes,
                entry_bytes_max: file.entry_bytes_max,
            };
            let object = fs::File::open(disk.bucket().join(&file.object)).unwrap();
            for batch in LogFileReader::open(object, &limits, &indelible_ledger::ContentKeys::none()).unwrap() {
                let batch = batch.unwrap();
                let rows = RowDecoder::new(&batch).unwrap();
                for row in (0..rows.rows()).filter(|&row| rows.kind(row) != CONTROL_TYPE) {
                    let mut infrastructure = Vec::new();
                    rows.infrastructure(row, &mut infrastructure);
                    add(&infrastructure);
                }
            }
        }
        let (tail, ends) = (self.intake.tail().snapshot(), self.ends());
        for stretch in tail.stretches() {
            tail.visit::<TailError>(stretch, |place, _, record| {
                if place.seq >= ends[&place.number] && record.producer != 0 {
                    add(record.infrastructure);
                }
                Ok(())
            })
            .unwrap();
        }
        stored
    }
}

fn once(numbers: impl Iterator<Item = u64>) -> BTreeMap<u64, u32> {
    numbers.map(|number| (number, 1)).collect()
}

/// What has happened so far, to be interrupted here.
struct Moment<'a> {
    what: &'a str,
    /// Events that were answered.
    acknowledged: u64,
    /// Events of these that are in the bucket, in copies of the journal or in log files.
    in_bucket: u64,
}

/// Whether everything is there once, after a restart and after the loss of the disk.
async fn check_moment(disk: &Disk, moment: Moment<'_>) {
    let Moment { what, acknowledged, in_bucket } = moment;
    // The process is gone.
    let restarted = disk.copy();
    let running = Running::start(&restarted).await;
    assert_eq!(running.stored(&restarted), once(0..acknowledged), "restarted {what}");
    running.archive_all().await;
    assert_eq!(running.stored(&restarted), once(0..acknowledged), "restarted and archived {what}");
    assert!(pending(&running.staging).unwrap().is_empty());
    let report = restarted.verify();
    assert_eq!((report.findings.len(), report.entries), (0, acknowledged + 2), "{what}: {report}");

    // The disk is gone, all but the keys.
    let lost = disk.copy();
    let keys = lost.folder.path().join("keys");
    fs::rename(lost.data().join("keys"), &keys).unwrap();
    fs::remove_dir_all(lost.data()).unwrap();
    let options = RebuildOptions {
        from: lost.bucket().display().to_string(),
        keys: Some(keys),
        checkpoints: Vec::new(),
        config: lost.config(),
    };
    if in_bucket == 0 {
        return;
    }
    let rebuilt = rebuild(&options, &|_| ()).await.unwrap();
    assert_eq!(rebuilt.generation, 2, "{what}");
    let report = lost.verify();
    assert_eq!(report.findings.len(), 0, "{what}: {report}");
    let running = Running::start(&lost).await;
    assert_eq!(running.stored(&lost), once(0..in_bucket), "rebuilt {what}");
    // Lost again, with the copies of both generations there.
    drop(running);
    let keys = lost.folder.path().join("keys");
    fs::remove_dir_all(lost.data()).unwrap();
    let rebuilt = rebuild(&RebuildOptions { keys: Some(keys), ..options }, &|_| ()).await.unwrap();
    assert_eq!((rebuilt.generation, rebuilt.recovered), (3, 0), "{what}");
    let running = Running::start(&lost).await;
    assert_eq!(running.stored(&lost), once(0..in_bucket), "rebuilt twice {what}");
    assert_eq!(lost.verify().findings.len(), 0, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_any_step_loses_nothing() {
    let disk = Disk::new();
    let running = Running::start(&disk).await;
    let at = async |what: &str, acknowledged, in_bucket| {
        check_moment(&disk, Moment { what, acknowledged, in_bucket }).await;
    };
    running.emit(A, 0..300);
    running.emit(B, 300..310);
    at("after the answers", 310, 0).await;

    // 4a: frames are copied.
    let copy = running.next_copy().await.unwrap();
    copy.store(&running.bucket).await.unwrap();
    at("after the first copy", 310, 310).await;
    assert!(running.next_copy().await.is_none());
    running.emit(A, 310..320);
    at("after an event that is not copied", 320, 310).await;

    // 4b: a log file, object by object.
    let log = running.log(A);
    let seal =
        || sealing::seal_run(&running.intake, &running.ledger, &running.inventory, &running.staging, &log, 301, 0);
    tokio::task::block_in_place(seal).unwrap();
    at("after sealing", 320, 310).await;
    let run = pending(&running.staging).unwrap().remove(0);
    let folder = run.manifest().folder();
    for (object, file) in run.manifest().objects().iter().zip(["salt", "log.parquet", "tiles"]) {
        let bytes = fs::read(run.folder().join(file)).unwrap();
        running.bucket.create(&format!("{folder}/{}", object.name), bytes.into()).await.unwrap();
        at(&format!("after the object {file}"), 320, 310).await;
    }
    sealing::upload_pending(&running.bucket, &running.inventory, &running.staging, None, &|_| 0).await.unwrap();
    at("after the manifest, before the journal is released", 320, 310).await;
    let copy = running.next_copy().await.unwrap();
    assert_eq!(copy.facts().logs.iter().map(|log| log.last).max(), Some(310), "what is archived is not copied again");
    copy.store(&running.bucket).await.unwrap();
    at("after the second copy", 320, 320).await;
    running.archive_all().await;
    at("after everything is archived", 320, 320).await;

    // 5: the local copy goes, then the one in the bucket.
    running.release(i64::MAX);
    at("after the release", 320, 320).await;
    for copy in journal_copy::list(&running.bucket).await.unwrap() {
        running.bucket.remove(&copy.object()).await.unwrap();
    }
    at("after the copies were removed", 320, 320).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_forgets_only_what_is_archived_old_enough_and_not_held() {
    let disk = Disk::new();
    let running = Running::start(&disk).await;
    let segments = || running.intake.journal_stats().segments;
    // Some segments' worth.
    for round in 0..40 {
        running.emit(A, round * 1000..(round + 1) * 1000);
    }
    let full = segments();
    assert!(full > 2, "{full}");
    let now_us = SystemClock::default().now_us();
    assert_eq!((running.release(i64::MAX), segments()), (0, full), "nothing is archived");
    // Copies are no archive.
    while let Some(copy) = running.next_copy().await {
        copy.store(&running.bucket).await.unwrap();
    }
    assert_eq!((running.release(i64::MAX), segments()), (0, full), "nothing is archived but copied");
    let tail = running.intake.tail().snapshot();
    assert_eq!(copier::first_needed(&tail, &running.ends()), FrameNumber(0));
    drop(tail);
    running.archive_all().await;
    assert_eq!((running.release(now_us - 3_600_000_000), segments()), (0, full), "it is too young");
    let held = running.intake.tail().snapshot();
    assert!(running.release(i64::MAX) > 0);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(segments(), full, "a reader holds it");
    let mut entries = 0;
    for stretch in held.stretches() {
        held.visit::<TailError>(stretch, |_, _, _| {
            entries += 1;
            Ok(())
        })
        .unwrap();
    }
    assert_eq!(entries, 40_001);
    drop(held);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while segments() > 1 && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(segments(), 1);
    assert_eq!(copier::first_needed(&running.intake.tail().snapshot(), &running.ends()), FrameNumber(u64::MAX));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_as_it_was_signed_is_not_built_upon() {
    let disk = Disk::new();
    let running = Running::start(&disk).await;
    running.emit(A, 0..20);
    running.archive_all().await;
    running.emit(A, 20..30);
    let copy = running.next_copy().await.unwrap();
    copy.store(&running.bucket).await.unwrap();
    drop(running);
    let keys = disk.folder.path().join("keys");
    fs::rename(disk.data().join("keys"), &keys).unwrap();
    fs::remove_dir_all(disk.data()).unwrap();
    let options = |disk: &Disk| RebuildOptions {
        from: disk.bucket().display().to_string(),
        keys: Some(keys.clone()),
        checkpoints: Vec::new(),
        config: disk.config(),
    };
    let copied = |change: fn(&Path)| {
        let copy = Disk { folder: tempfile::tempdir().unwrap() };
        assert!(Command::new("cp").arg("-r").arg(disk.bucket()).arg(copy.folder.path()).status().unwrap().success());
        change(&copy.bucket());
        copy
    };
    fn first(folder: &Path, part: &str) -> PathBuf {
        let list =
            Command::new("find").arg(folder).args(["-type", "f", "-path", &format!("*/{part}/*")]).output().unwrap();
        PathBuf::from(String::from_utf8(list.stdout).unwrap().lines().next().unwrap())
    }
    fn flip(path: &Path) {
        let mut bytes = fs::read(path).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
    }
    let changed = copied(|bucket| flip(&first(bucket, "log")));
    let error = format!("{:#}", rebuild(&options(&changed), &|_| ()).await.unwrap_err());
    assert!(error.contains("does not verify"), "{error}");
    let cut = copied(|bucket| fs::remove_file(first(bucket, "manifest")).unwrap());
    let rebuilt = rebuild(&options(&cut), &|_| ()).await.unwrap();
    let log = &rebuilt.logs[0];
    assert_eq!(
        (log.size, log.witnessed_size, log.recovered),
        (0, 31, 30),
        "a manifest is what makes a run part of the log"
    );
    // A damaged copy costs what is in it, and is named.
    let damaged = copied(|bucket| flip(&first(bucket, "journal/1")));
    let rebuilt = rebuild(&options(&damaged), &|_| ()).await.unwrap();
    assert_eq!((rebuilt.logs[0].size, rebuilt.recovered, rebuilt.generation), (21, 0, 2));
    assert!(rebuilt.unusable_copies[0].starts_with("journal/1/"), "{rebuilt}");

    // Two that want the same generation.
    let claims = || async { claim::claimed(&Bucket::local(&disk.bucket()).unwrap()).await.unwrap() };
    let one = rebuild(&options(&disk), &|_| ()).await.unwrap();
    let other = tempfile::tempdir().unwrap();
    let config = Config { data_dir: other.path().join("data"), ..disk.config() };
    let two = rebuild(&RebuildOptions { config, ..options(&disk) }, &|_| ()).await.unwrap();
    assert_eq!((one.generation, two.generation), (2, 3));
    assert_eq!(claims().await, [1, 2, 3]);
    let kept = Kept::read(&disk.data()).unwrap().unwrap();
    let bucket = Bucket::local(&disk.bucket()).unwrap();
    assert!(kept.take(&bucket).await.unwrap_err().to_string().contains("retired"));
    fs::remove_file(disk.bucket().join(layout::claim(3))).unwrap();
    fs::write(disk.bucket().join(layout::claim(2)), "another").unwrap();
    assert!(kept.take(&bucket).await.unwrap_err().to_string().contains("opened by another server"));
}
