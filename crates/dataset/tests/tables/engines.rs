//! Three engines that nobody here wrote find in a table what was put into it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use indelible_archive::LogFile;
use indelible_dataset::{AppendLimits, CompactSettings, Dataset, Export, Place};
use indelible_storage::Bucket;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::support::{Archive, DAY_US, Run, TestSalts, US_PER_DAY, export, runs};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tools/read_dataset.py");
/// Longer than any machine takes; Sail has been seen not to end.
const TIMEOUT_SECONDS: &str = "600";

/// `tools/read_dataset.py` as a process that answers one question after another.
struct Engines {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Engines {
    fn start() -> Engines {
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        let usual = || home.join(".cache/indelible/python/bin/python3");
        let python = std::env::var_os("INDELIBLE_PYTHON").map_or_else(usual, PathBuf::from);
        let mut tried = Command::new(&python);
        tried.args(["-c", "import deltalake, duckdb, duckdb_extensions, polars, pysail, pyspark"]);
        let can = tried.output().is_ok_and(|tried| tried.status.success());
        assert!(can, "{} lacks the readers of tables; run tools/setup", python.display());
        let mut process = Command::new("timeout")
            .arg(TIMEOUT_SECONDS)
            .arg(python)
            .arg(SCRIPT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (questions, answers) = (process.stdin.take(), process.stdout.take().unwrap());
        Engines { process, questions, answers: BufReader::new(answers) }
    }

    /// Asks all engines about the table in `folder`; each must find exactly what is in `files`, from row `first` on.
    fn check(&mut self, folder: &Path, bucket: &Expected, when: &str) {
        let question = json!({ "table": folder, "date": "2026-01-05" });
        writeln!(self.questions.as_mut().unwrap(), "{question}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let found: BTreeMap<String, Value> = serde_json::from_str(&line).unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["duckdb", "polars", "sail"]);
        for (engine, found) in found {
            assert_eq!(found, bucket.0, "{engine}, {when}");
        }
    }
}

impl Drop for Engines {
    fn drop(&mut self) {
        drop(self.questions.take());
        let _ = self.process.wait();
    }
}

/// What is in some log files, in the words of the script.
struct Expected(Value);

impl Expected {
    async fn of(bucket: &Bucket, files: &[Arc<LogFile>]) -> Expected {
        let mut by_result: BTreeMap<String, u64> = BTreeMap::new();
        for file in files {
            let bytes = bucket.get(&file.object).await.unwrap();
            for batch in ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap() {
                let batch = batch.unwrap();
                let results = batch["result"].as_string::<i32>();
                for row in 0..results.len() {
                    let result = if results.is_null(row) { "-" } else { results.value(row) };
                    *by_result.entry(result.to_owned()).or_default() += 1;
                }
            }
        }
        let rows: u64 = files.iter().map(|file| file.rows).sum();
        let of_date = files.iter().filter(|file| file.date == "2026-01-05").map(|file| file.rows).sum::<u64>();
        Expected(json!({
            "rows": rows,
            "sumSeq": files.iter().flat_map(|file| file.first..=file.last).sum::<u64>(),
            "minSeq": files.iter().map(|file| file.first).min(),
            "maxSeq": files.iter().map(|file| file.last).max(),
            "places": rows,
            "ofDate": of_date,
            "byResult": by_result,
        }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_engines_read_every_version_of_a_table() {
    let mut all = runs(8, 250, 0);
    all.extend(runs(8, 250, 1).into_iter().map(|run| Run { first: run.first + 2000, event: run.event + 2000, ..run }));
    let archive = Archive::of(&all).await;
    let (bucket, files) = (&archive.bucket, &archive.files);
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| Place::new(Bucket::local(folder.path()).unwrap(), name);
    let mut engines = Engines::start();
    let day = |days: i64| DAY_US + days * US_PER_DAY;

    let path = folder.path().join("keeping");
    let keeping = Export { retention_days: Some(30), ..export() };
    let mut dataset = Dataset::open(place("keeping"), keeping.clone()).await.unwrap();
    let three = AppendLimits { files: 3, ..AppendLimits::default() };
    while dataset.append(bucket, &files[..8], None, &three, day(2)).await.unwrap().files > 0 {}
    engines.check(&path, &Expected::of(bucket, &files[..8]).await, "after appends");
    while dataset.append(bucket, files, None, &three, day(12)).await.unwrap().files > 0 {}
    let settings = CompactSettings { files_min: 4, ..CompactSettings::default() };
    while dataset.compact(&settings, day(12)).await.unwrap().is_some() {}
    assert_eq!(dataset.contents().files, 2);
    engines.check(&path, &Expected::of(bucket, files).await, "after compaction");
    assert_eq!(dataset.expire(day(33)).await.unwrap().rows, 2000);
    engines.check(&path, &Expected::of(bucket, &files[8..]).await, "after rows expired");
    assert_eq!(dataset.vacuum(day(41)).await.unwrap().files, 17);
    engines.check(&path, &Expected::of(bucket, &files[8..]).await, "after a vacuum");
    // The log of many commits, read from a checkpoint.
    let mut dataset = Dataset::open(place("keeping"), keeping).await.unwrap();
    assert!(!dataset.checkpoint().await.unwrap());

    let path = folder.path().join("salted");
    let salted = Export { salt: true, name: "salted".to_owned(), ..export() };
    let mut dataset = Dataset::open(place("salted"), salted).await.unwrap();
    dataset.append(bucket, files, Some(Arc::new(TestSalts)), &AppendLimits::default(), day(2)).await.unwrap();
    engines.check(&path, &Expected::of(bucket, files).await, "with salts");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_engines_read_from_a_checkpoint() {
    let archive = Archive::of(&runs(60, 20, 0)).await;
    let folder = tempfile::tempdir().unwrap();
    // The whole bucket is the table.
    let place = Place::new(Bucket::local(folder.path()).unwrap(), "");
    let mut dataset = Dataset::open(place, export()).await.unwrap();
    let one = AppendLimits { files: 1, ..AppendLimits::default() };
    for files in 1..=archive.files.len() {
        dataset.append(&archive.bucket, &archive.files[..files], None, &one, DAY_US).await.unwrap();
        if files == 55 {
            assert!(dataset.checkpoint().await.unwrap());
        }
    }
    let mut engines = Engines::start();
    engines.check(folder.path(), &Expected::of(&archive.bucket, &archive.files).await, "from a checkpoint");
}
