//! What a log file costs: bytes per event and CPU, for one layout.
//!
//! With `ENCRYPT=1` in the environment its content is encrypted.
//!
//! `measure_log_file [EVENTS] [zstd level] [row group MiB] [page KiB] [dictionary KiB] [JSON page KiB]`

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;

use indelible_archive::log_file::{LogFileSettings, LogFileWriter};
use indelible_archive::rows::{Row, RowDecoder, RowEncoder};
use indelible_event::ContentKey;
use indelible_event::entry::SaltKey;
use indelible_testkit::generator::{Generator, Settings};
use parquet::file::reader::{FileReader, SerializedFileReader};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().unwrap());
    let mut next = |default: u64| arguments.next().unwrap_or(default);
    let events = next(320_000);
    let default = LogFileSettings::default();
    let settings = LogFileSettings {
        zstd_level: next(default.zstd_level as u64) as i32,
        row_group_bytes: next(default.row_group_bytes >> 20) << 20,
        page_bytes: (next(default.page_bytes as u64 >> 10) << 10) as usize,
        dictionary_bytes: (next(default.dictionary_bytes as u64 >> 10) << 10) as usize,
        json_page_bytes: (next(default.json_page_bytes as u64 >> 10) << 10) as usize,
        ..default
    };
    let generator = Generator::new(Settings::default());
    let organization = &generator.organizations()[0];
    let entries: Vec<_> = (0..events).map(|index| generator.parts(index)).collect();
    let raw: usize = (0..events.div_ceil(1000)).map(|n| generator.batch(n * 1000, 1000).len()).sum();
    println!(
        "{events} events, {:.1} raw bytes each, floor {:.1}",
        raw as f64 / events as f64,
        generator.floor().bytes()
    );

    if std::env::var_os("ZSTD").is_some() {
        let text = generator.batch(0, events.min(100_000));
        let bytes = zstd::bulk::compress(&text, 19).unwrap().len();
        println!("zstd -19 of NDJSON: {:.2} bytes per event", bytes as f64 / events.min(100_000) as f64);
    }
    let row = |index: usize| Row {
        organization,
        seq: index as u64,
        received_at_us: 1_767_571_200_000_000 + (index as i64 / 300) * 15_000,
        infrastructure: &entries[index].0,
        content: &entries[index].1,
    };
    let start = cpu_seconds();
    let mut encoder = RowEncoder::new(None).unwrap();
    let mut batches = Vec::new();
    for index in 0..entries.len() {
        encoder.push(&row(index)).unwrap();
        if encoder.rows() == 1024 {
            batches.push(encoder.finish().unwrap());
        }
    }
    report("encode rows", events, start);
    let start = cpu_seconds();
    let mut out = Vec::new();
    for batch in &batches {
        let decoder = RowDecoder::new(batch).unwrap();
        for index in 0..decoder.rows() {
            out.clear();
            decoder.infrastructure(index, &mut out);
            decoder.content(index, &mut out).unwrap();
            assert!(decoder.is_canonical(index));
        }
    }
    report("decode rows", events, start);
    drop(batches);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.parquet");
    let start = cpu_seconds();
    let mut writer = match std::env::var_os("ENCRYPT") {
        None => LogFileWriter::create(&path, organization, &settings).unwrap(),
        Some(_) => {
            let (key, salt_key) = (ContentKey::new([1; 32]), SaltKey::new([2; 32]));
            LogFileWriter::create_encrypted(&path, organization, &settings, &key, &salt_key).unwrap()
        }
    };
    for index in 0..entries.len() {
        writer.push(&row(index)).unwrap();
    }
    let written = writer.finish().unwrap();
    report("write log file", events, start);
    println!("{settings:?}: {:.2} bytes per event", written.bytes as f64 / events as f64);

    let file = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
    let mut columns: BTreeMap<i64, String> = BTreeMap::new();
    let mut bloom = 0;
    let mut pages = 0;
    for group in file.metadata().row_groups() {
        for column in group.columns() {
            bloom += i64::from(column.bloom_filter_length().unwrap_or(0));
            pages += column.compressed_size();
            *columns.entry(-column.compressed_size()).or_default() += &format!("{} ", column.column_path());
        }
    }
    let each = |bytes: i64| bytes as f64 / events as f64;
    println!(
        "row groups {}, pages {:.2}, Bloom filters {:.2}, rest {:.2}",
        file.metadata().num_row_groups(),
        each(pages),
        each(bloom),
        each(written.bytes as i64 - pages - bloom)
    );
    for (size, name) in columns.iter().take(40) {
        println!("{:8.2}  {name}", each(-size));
    }
}

fn report(what: &str, events: u64, start: f64) {
    println!("{what}: {:.2} us of CPU per event", (cpu_seconds() - start) * 1e6 / events as f64);
}

/// CPU time of this process: other work on the machine does not count.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}
