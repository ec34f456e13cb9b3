//! How long queries take over generated events in log files on the local disk.
//!
//! `query_speed [EVENTS] [FOLDER]` writes the events there, unless it holds as many already, then runs each query five
//! times and prints the median, the rows and the peak of memory. Build it with `--release`.
//!
//! `query_speed --operator [EVENTS] [FOLDER]` asks what both can ask, in turn, as the organization, as the operator, and as the
//! operator who is shown pseudonyms.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indelible_archive::LogFile;
use indelible_archive::log_file::{LogFileSettings, LogFileWriter};
use indelible_archive::rows::Row;
use indelible_event::pseudonym::PseudonymKey;
use indelible_event::{Intake, OperatorScope, Organization, Reach, Scope, Scratch, admit};
use indelible_query::{Engine, Limits, SearchRequest, Snapshot};
use indelible_testkit::generator::{Generator, Settings};
use object_store::local::LocalFileSystem;

/// Events in one log file: about 256 MiB of canonical bytes.
const FILE_EVENTS: u64 = 320_000;
const START_US: i64 = 1_767_571_200_000_000;

fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    let operator = arguments.next_if_eq("--operator").is_some();
    let events: u64 = arguments.next().map_or(1_000_000, |text| text.parse().unwrap());
    let folder = arguments.next().map_or_else(|| std::env::temp_dir().join("indelible-query-speed"), PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    let generator = Generator::new(Settings { start_us: START_US, ..Settings::default() });
    let organization: Organization = generator.organizations()[0].parse().unwrap();
    let files = (0..events.div_ceil(FILE_EVENTS)).map(|n| {
        let first = n * FILE_EVENTS;
        Arc::new(log_file(&generator, &organization, &folder, first, events.min(first + FILE_EVENTS)))
    });
    let files: Vec<Arc<LogFile>> = files.collect();
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    println!("{events} events in {} log files, {:.1} bytes each", files.len(), bytes as f64 / events as f64);

    let store = Arc::new(LocalFileSystem::new_with_prefix(&folder).unwrap());
    let engine = Engine::new(store, Limits::default(), folder.join("spill")).unwrap();
    let scope = Scope::new(vec![organization.clone()]);
    let snapshot = Snapshot { files, tail: Vec::new() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bench = Bench { engine, scope, snapshot, runtime };
    if operator {
        return bench.compare(&organization, &generator, events);
    }

    let day = "time:2026-01-05";
    let (id, user, word) = (generator.log_entry_id(events / 2), generator.rare_user(1), generator.rare_word(1));
    bench.search("newest 100", "", Some(100));
    bench.search("rare user, by id", &format!("uid:{user}"), Some(100));
    bench.search("rare user, any case", &format!("uid:*{}", &user[4..]), Some(100));
    bench.search("rare user, exactly", &format!("uid:={user}"), Some(100));
    bench.search("rare word", &word, Some(100));
    bench.search("rare word in a map", &format!("requestFields:{word}"), Some(100));
    bench.search("errors, newest 100", "-result:SUCCESS", Some(100));
    bench.search("category and result", "category:dataExport -result:SUCCESS", Some(100));
    bench.search("10,000 of a day", day, Some(10_000));
    bench.search("50,000 of a day", day, Some(50_000));
    bench.count("count all", "");
    bench.count("count errors", "-result:SUCCESS");
    bench.count("count a frequent word", "dataset");
    bench.find(&id);
    for (name, text) in [
        ("sql count by name", "select name, count(*) from events group by name order by 2 desc limit 10"),
        ("sql top users", "select uid, count(*) from events group by uid order by 2 desc limit 10"),
        ("sql distinct users", "select count(distinct uid) from events"),
        ("sql per hour", "select date_trunc('hour', time), count(*) from events group by 1 order by 1"),
        ("sql per hour and result", "select date_trunc('hour', time), result, count(*) from events group by 1, 2"),
        ("sql category", "select c, count(*) from (select unnest(categories) as c from events) group by c"),
        ("sql like", "select count(*) from events where requestFields like '%dataset%'"),
        ("sql json_get", "select count(*) from events where json_get(requestFields, 'resource') is not null"),
    ] {
        bench.sql(name, text);
    }
}

/// What both may ask.
#[derive(Clone, Copy)]
enum Question<'q> {
    Search(&'q str),
    Count(&'q str),
    Find(&'q str),
    Sql(&'q str),
}

struct Bench {
    engine: Engine,
    scope: Scope,
    snapshot: Snapshot,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn search(&self, name: &str, query: &str, limit: Option<u64>) {
        let request = SearchRequest { query: query.to_owned(), limit, ..SearchRequest::default() };
        self.measure(name, || async {
            let answer = self.engine.search(&self.scope, self.snapshot.clone(), &request).await.unwrap();
            let (batches, _) = answer.collect().await.unwrap();
            batches.iter().map(|batch| batch.num_rows() as u64).sum()
        });
    }

    fn count(&self, name: &str, query: &str) {
        let request = SearchRequest { query: query.to_owned(), ..SearchRequest::default() };
        self.measure(name, || async { self.engine.count(&self.scope, self.snapshot.clone(), &request).await.unwrap() });
    }

    fn find(&self, id: &str) {
        self.measure("one entry by id", || async {
            self.engine.find(&self.scope, self.snapshot.clone(), id).await.unwrap().num_rows() as u64
        });
    }

    fn sql(&self, name: &str, text: &str) {
        self.measure(name, || async {
            let answer = self.engine.sql(&self.scope, self.snapshot.clone(), text).await.unwrap();
            let (batches, _) = answer.collect().await.unwrap();
            batches.iter().map(|batch| batch.num_rows() as u64).sum()
        });
    }

    /// The same questions of the organization, of the operator, and of the operator who is shown pseudonyms.
    fn compare(&self, organization: &Organization, generator: &Generator, events: u64) {
        let hidden = PseudonymKey::new([7; 32]);
        let plain = OperatorScope::new(vec![(organization.clone(), None)]);
        let pseudonyms = OperatorScope::new(vec![(organization.clone(), Some(hidden.clone()))]);
        let (user, id) = (generator.rare_user(1), generator.log_entry_id(events / 2));
        let pseudonym = hidden.pseudonym("uid", &user);
        println!(
            "{:26} {:>12} {:>12} {:>6} {:>12} {:>6}",
            "ms, median of 9", "organization", "operator", "ratio", "pseudonyms", "ratio"
        );
        for (name, question) in [
            ("newest 100", Question::Search("")),
            ("rare user", Question::Search("uid:USER")),
            ("rare user, any case", Question::Search("uid:*USER")),
            ("errors, newest 100", Question::Search("-result:SUCCESS")),
            ("category and result", Question::Search("category:dataExport -result:SUCCESS")),
            ("10.0.0.0/8, newest 100", Question::Search("origin:10.0.0.0/8")),
            ("count all", Question::Count("")),
            ("count errors", Question::Count("-result:SUCCESS")),
            ("one entry by id", Question::Find(&id)),
            ("sql count by name", Question::Sql("select name, count(*) from events group by name order by 2 desc")),
            ("sql top users", Question::Sql("select uid, count(*) from events group by uid order by 2 desc limit 10")),
            (
                "sql per hour and result",
                Question::Sql("select date_trunc('hour', time), result, count(*) from events group by 1, 2"),
            ),
        ] {
            let mut times: [Vec<Duration>; 3] = Default::default();
            let mut rows = [0; 3];
            // In turn, so that whatever else the machine does meets all alike; the first round warms up.
            for round in 0..10 {
                let run = [
                    self.timed(&self.scope, question, &user),
                    self.timed(&plain, question, &user),
                    self.timed(&pseudonyms, question, &pseudonym),
                ];
                for (place, (time, found)) in run.into_iter().enumerate() {
                    rows[place] = found;
                    if round > 0 {
                        times[place].push(time);
                    }
                }
            }
            assert!(rows[0] == rows[1] && rows[1] == rows[2], "{name}: {rows:?}");
            let median = times.map(|mut times| {
                times.sort();
                times[times.len() / 2].as_secs_f64() * 1e3
            });
            let [own, operator, hidden] = median;
            println!("{name:26} {own:12.1} {operator:12.1} {:6.2} {hidden:12.1} {:6.2}", operator / own, hidden / own);
        }
    }

    fn timed(&self, reach: &impl Reach, question: Question<'_>, user: &str) -> (Duration, u64) {
        let start = Instant::now();
        let rows = self.runtime.block_on(async {
            let snapshot = self.snapshot.clone();
            let request = |query: &str| SearchRequest {
                query: query.replace("USER", user),
                limit: Some(100),
                ..SearchRequest::default()
            };
            let answer = match question {
                Question::Count(query) => return self.engine.count(reach, snapshot, &request(query)).await.unwrap(),
                Question::Find(id) => return self.engine.find(reach, snapshot, id).await.unwrap().num_rows() as u64,
                Question::Search(query) => self.engine.search(reach, snapshot, &request(query)).await.unwrap(),
                Question::Sql(text) => self.engine.sql(reach, snapshot, text).await.unwrap(),
            };
            let (batches, _) = answer.collect().await.unwrap();
            batches.iter().map(|batch| batch.num_rows() as u64).sum()
        });
        (start.elapsed(), rows)
    }

    fn measure<F: Future<Output = u64>>(&self, name: &str, query: impl Fn() -> F) {
        let run = || {
            let start = Instant::now();
            let rows = self.runtime.block_on(query());
            (start.elapsed(), rows)
        };
        let (first, rows) = run();
        let mut times: Vec<Duration> = (0..5).map(|_| run().0).collect();
        times.sort();
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "{name:26} {:9.1} ms   first {:9.1} ms   {rows:8} rows   peak {:5} MiB",
            millis(times[2]),
            millis(first),
            peak_mib()
        );
    }
}

/// Writes a log file, or takes the one that is there.
fn log_file(generator: &Generator, organization: &Organization, folder: &Path, first: u64, end: u64) -> LogFile {
    let object = format!("{first:012}-{end:012}.parquet");
    let path = folder.join(&object);
    if !path.exists() {
        write(generator, organization, &path, first..end);
    }
    LogFile {
        organization: organization.clone(),
        generation: 1,
        object,
        first,
        last: end - 1,
        rows: end - first,
        bytes: std::fs::metadata(&path).unwrap().len(),
        canonical_bytes: 0,
        entry_bytes_max: 0,
        sha256: [0; 32],
        date: "2026-01-05".to_owned(),
        // The generator's delays are shorter than this.
        time_min_us: START_US,
        time_max_us: START_US + end as i64 * 20_000 + 86_400_000_000,
        received_first_us: START_US,
        received_last_us: START_US,
        sealed_us: 0,
        archived_us: None,
        read_back_us: None,
    }
}

fn write(generator: &Generator, organization: &Organization, path: &Path, seqs: std::ops::Range<u64>) {
    let part = path.with_extension("part");
    let _ = std::fs::remove_file(&part);
    let mut writer = LogFileWriter::create(&part, organization.as_str(), &LogFileSettings::default()).unwrap();
    let (mut scratch, mut line) = (Scratch::default(), Vec::new());
    let intake = Intake { producer: "p", producer_epoch: None, producer_seq: None, source: "http", adapter: None };
    for seq in seqs {
        line.clear();
        generator.write(&mut line, seq);
        let admitted = admit(&mut scratch, &line, &indelible_event::Limits::default(), &intake, || [0; 16]).unwrap();
        let row = Row {
            organization: organization.as_str(),
            seq,
            received_at_us: START_US,
            infrastructure: admitted.infrastructure,
            content: admitted.content,
        };
        writer.push(&row).unwrap();
    }
    writer.finish().unwrap();
    std::fs::rename(&part, path).unwrap();
}

/// Most memory the process has had, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}
