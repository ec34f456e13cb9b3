#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use super::*;
use crate::bundle::{csv, json};
use crate::testing::{self, DAY_US, TestLog};

type Write = fn(&BundleRow<'_>, &mut Vec<u8>);
type Read = for<'l> fn(&'l [u8], &mut Vec<u8>) -> Result<BundleRow<'l>, RowFault>;

const FORMATS: [(Write, Read); 2] = [(json::write, json::read), (csv::write, csv::read)];

/// A log whose second entry has every member and every character that needs care.
fn log() -> TestLog {
    let mut log = TestLog::new("ri.indelible..organization.alpha", 1);
    let (infrastructure, content) = testing::full_event(DAY_US + 1);
    log.push(DAY_US + 1, infrastructure, content);
    log
}

#[test]
fn every_kind_of_row_is_read_as_it_was_written_and_gives_the_same_leaf() {
    let log = log();
    for seq in 0..2 {
        let full = log.full_row(seq);
        let leaf = full.leaf("ri.indelible..organization.alpha", &mut Vec::new());
        for row in [full, log.stub_row(seq), log.boundary_row(seq), log.leaf_row(seq)] {
            assert_eq!(row.leaf("ri.indelible..organization.alpha", &mut Vec::new()), leaf);
            for (write, read) in FORMATS {
                let mut line = Vec::new();
                write(&row, &mut line);
                let inside = line.strip_suffix(b"\n").unwrap();
                assert!(!inside.contains(&b'\n'));
                assert_eq!(read(inside, &mut Vec::new()), Ok(row.clone()), "{}", String::from_utf8_lossy(inside));
            }
        }
    }
}

#[test]
fn rows_have_one_form() {
    let hash = "ab".repeat(32);
    let leaf = "A".repeat(43) + "=";
    let good = format!(r#"{{"seq":7,"receivedAt":-5,"infrastructure":"{{\"a\":1}}","contentHash":"{hash}"}}"#);
    let check =
        |line: &str, good: bool| assert_eq!(json::read(line.as_bytes(), &mut Vec::new()).is_ok(), good, "{line}");
    check(&good, true);
    check(&format!(r#"{{"seq":7,"leaf":"{leaf}"}}"#), true);
    let changes = [
        ("{\"seq\"", "{ \"seq\""),
        ("7", "07"),
        ("7", "7.0"),
        ("7", "\"7\""),
        ("7", "18446744073709551616"),
        ("-5", "-05"),
        ("-5", "9223372036854775808"),
        (r#"\"a\""#, r#"\u0022a\""#),
        ("abab", "ABAB"),
        ("abab", "aba"),
        ("contentHash", "contenthash"),
        ("contentHash", "salt"),
        ("}", ",\"boundary\":false}"),
        ("}", ",\"boundary\":true}"),
        ("}", ",\"leaf\":null}"),
        ("}", ",\"seq\":7}"),
        ("}", ",\"other\":1}"),
        ("}", "} "),
        ("\"seq\":7,\"receivedAt\":-5", "\"receivedAt\":-5,\"seq\":7"),
    ];
    for (from, to) in changes {
        let (head, tail) = match from {
            "}" => good.rsplit_once(from).unwrap(),
            _ => good.split_once(from).unwrap(),
        };
        check(&format!("{head}{to}{tail}"), false);
    }
    check("", false);
    check("{}", false);
    check("[7]", false);
    check(&format!(r#"{{"seq":7,"leaf":"{}B="}}"#, "A".repeat(42)), false);
}

#[test]
fn lines_of_values_have_one_form() {
    let hash = "ab".repeat(32);
    let good = format!("7,-5,\"{{\"\"a\"\":1}}\",,,,{hash},,");
    let check =
        |line: &str, good: bool| assert_eq!(csv::read(line.as_bytes(), &mut Vec::new()).is_ok(), good, "{line}");
    check(&good, true);
    for (from, to) in [
        ("7,", "07,"),
        ("7,", "\"7\","),
        ("7,", "+7,"),
        ("-5", ""),
        ("\"\"a", "\"a"),
        ("\"{", "{"),
        ("1}\"", "1}"),
        ("1}\"", "1}\"x"),
        (",,,,", ",,,"),
        (",,,,", ",,,,,"),
        (",,,,", ",\"\",,,"),
        (&hash, &hash.to_uppercase()),
        (&format!("{hash},,"), &format!("{hash},,true")),
        (&format!("{hash},,"), &format!("{hash},,false")),
    ] {
        let (head, tail) = good.split_once(from).unwrap();
        check(&format!("{head}{to}{tail}"), false);
    }
    check("", false);
}

#[test]
fn any_bytes_are_survived() {
    let log = log();
    for (write, read) in FORMATS {
        let mut line = Vec::new();
        write(&log.full_row(1), &mut line);
        line.pop();
        for at in 0..line.len() {
            for bit in 0..8 {
                let mut changed = line.clone();
                changed[at] ^= 1 << bit;
                let _ = read(&changed, &mut Vec::new());
            }
            let _ = read(&line[..at], &mut Vec::new());
        }
    }
}
