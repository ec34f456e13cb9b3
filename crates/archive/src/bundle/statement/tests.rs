#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use super::*;
use crate::bundle::STATEMENT;
use crate::log::Log as _;
use crate::testing::TestLog;
use crate::testing::bundles::Ask;

/// The statement of a bundle with every line there can be.
fn statement() -> (TestLog, String) {
    let mut log = TestLog::new("ri.indelible..organization.alpha", 1);
    log.grow(20);
    let folder = tempfile::tempdir().unwrap();
    let filter = Some(Filter::Complete("uid:\"user-1\"".parse().unwrap()));
    let window = Ask::window(&log, log.entry(4).received_at_us, log.entry(9).received_at_us);
    log.bundle(folder.path(), &Ask { filter, since: vec![3], ..window });
    let text = std::fs::read_to_string(folder.path().join(STATEMENT)).unwrap();
    (log, text.split("\n\n").next().unwrap().to_owned() + "\n")
}

#[test]
fn a_statement_is_read_as_it_was_written_and_in_no_other_form() {
    let (log, text) = statement();
    let read = |text: &str| Statement::parse(log.sign(text).unwrap().to_string().as_bytes()).map(|(read, _)| read);
    assert_eq!(read(&text).unwrap().text(), text);
    let lines: Vec<&str> = text.lines().collect();
    for at in 0..lines.len() {
        let without: Vec<&str> =
            lines.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, line)| *line).collect();
        let is_optional = lines[at].starts_with("received ") || lines[at].contains(SINCE_PROOF);
        assert_eq!(read(&(without.join("\n") + "\n")).is_ok(), is_optional, "without {}", lines[at]);
        let mut twice = lines.clone();
        twice.insert(at, lines[at]);
        assert!(read(&(twice.join("\n") + "\n")).is_err(), "twice {}", lines[at]);
        if at > 0 {
            let mut swapped = lines.clone();
            swapped.swap(at, at - 1);
            assert!(read(&(swapped.join("\n") + "\n")).is_err(), "exchanged {}", lines[at]);
        }
    }
    for (from, to) in [
        ("/v1", "/v2"),
        ("organization ri", "organization xx"),
        ("origin audit.example/0", "origin audit.example/1"),
        ("key audit", "key other"),
        ("made 1", "made 01"),
        ("made 1", "made -1"),
        ("size 21", "size 3"),
        ("size 21", "size 9007199254740993"),
        ("entries 3-9", "entries 9-3"),
        ("entries 3-9", "entries 3-10"),
        ("received 1", "received 9"),
        ("uid:\"user-1\"", "uid:user-1"),
        ("predicate complete", "predicate likely"),
        ("matches 1", "matches 8"),
        ("rows jsonl", "rows csv"),
        ("rows jsonl", "rows xml"),
        ("file leaves 224", "file leaves 256"),
        ("file genesis ", "file ../genesis "),
        (" ", "  "),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert!(read(&changed).is_err(), "{from} to {to}");
    }
    assert!(read(&text.replace("predicate complete", "predicate trusted")).is_ok());
    let note = log.sign(&text).unwrap().to_string();
    assert!(Statement::parse(&[note.as_bytes(), b"x"].concat()).is_err());
    assert_eq!(
        Statement::parse(&vec![b'x'; STATEMENT_BYTES_MAX + 1]),
        Err(BundleError::TooLong(STATEMENT_BYTES_MAX + 1))
    );
}
