//! Converts files and prints the events, or with `--speed` how fast it goes: `convert <adapter> FILE...`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::Instant;

use indelible_adapter::{Adapter, Options, Reader};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let speed = arguments.first().is_some_and(|argument| argument == "--speed");
    if speed {
        arguments.remove(0);
    }
    let (name, files) = arguments.split_first().ok_or("usage: convert [--speed] <adapter> FILE...")?;
    let adapter = Adapter::find(name).map_err(|error| {
        eprintln!("{error}");
        error
    })?;
    let mut converter = adapter.converter(Options::at(jiff::Timestamp::now()));
    let mut out = BufWriter::new(std::io::stdout().lock());
    let start = Instant::now();
    let (mut read, mut events, mut bytes) = (0u64, 0u64, 0u64);
    for file in files {
        let mut reader = Reader::new(File::open(file)?, adapter.framing());
        while let Some(record) = reader.next() {
            read += 1;
            let converted = match record {
                Ok(record) => {
                    bytes += record.bytes.len() as u64;
                    let converted = converter.convert(record.bytes, record.occurrence);
                    converted.map_err(|refused| format!("{file}:{}: {refused}", record.place.line))
                }
                Err(unreadable) => Err(format!("{file}: {unreadable}")),
            };
            match converted {
                Ok(lines) => {
                    events += lines.len() as u64;
                    for line in lines.iter().filter(|_| !speed) {
                        writeln!(out, "{line}")?;
                    }
                }
                Err(message) => writeln!(std::io::stderr(), "{message}")?,
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    writeln!(
        std::io::stderr(),
        "{name}: {read} records, {events} events, {:.0} records/s, {:.1} MB/s of records",
        read as f64 / seconds,
        bytes as f64 / seconds / 1e6
    )?;
    Ok(())
}
