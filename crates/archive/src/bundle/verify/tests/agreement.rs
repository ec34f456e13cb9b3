//! Both verifiers on the same bundles, good and bad: they must say the same, and where it is wrong the same entry.
//!
//! Every single row is altered, dropped, doubled and moved when `INDELIBLE_TEST_LONG` is set, else every thirteenth.

use std::collections::BTreeMap;
use std::fs;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::forge::{By, Bytes, Forge, alterations, line};
use super::second::{Second, Verdict};
use super::*;
use crate::bundle::LEAVES;

const ENTRIES: u64 = 600;
const FIRST: u64 = 50;
const LAST: u64 = 549;
const ROWS: usize = (LAST - FIRST + 1) as usize;

/// What somebody who holds a key and a policy asks each verifier.
struct Reader {
    options: BundleOptions,
    arguments: Vec<String>,
    files: tempfile::TempDir,
}

impl Reader {
    fn of(log: &TestLog, witnesses: &[u8], since: Vec<Note>) -> Reader {
        let files = tempfile::tempdir().unwrap();
        let text = policy(log, witnesses);
        let mut arguments = vec!["--strict".to_owned(), "--key".to_owned(), log.platform_key().to_string()];
        let mut file = |option: &str, bytes: &str| {
            let path = files.path().join(option.trim_start_matches('-'));
            fs::write(&path, bytes).unwrap();
            arguments.extend([option.to_owned(), path.to_str().unwrap().to_owned()]);
        };
        file("--policy", &text);
        if !since.is_empty() {
            file("--since", &since.iter().map(Note::to_string).collect::<String>());
        }
        let options = BundleOptions { policy: Some(Policy::parse(text.as_bytes()).unwrap()), since, ..held(log) };
        Reader { options, arguments, files }
    }

    /// What the first verifier says.
    fn first(&self, path: &Path) -> (Verdict, BundleReport) {
        let report = run(path, &self.options);
        let code = report.findings.first().map(|finding| serde_json::to_value(finding.code).unwrap());
        let code = code.map(|code| code.as_str().unwrap().to_owned());
        ((report.exit_code(), code, report.findings.first().and_then(|finding| finding.first_seq)), report)
    }

    /// What the second one says.
    fn second(&self, second: &mut Second, path: &Path) -> Verdict {
        let mut arguments = vec![path.to_str().unwrap()];
        arguments.extend(self.arguments.iter().map(String::as_str));
        assert!(self.files.path().exists());
        second.ask(&arguments)
    }
}

/// Cases by what was done.
struct Trial<'f> {
    forge: &'f Forge,
    reader: Reader,
    second: Option<Second>,
    counts: BTreeMap<&'static str, u64>,
}

impl<'f> Trial<'f> {
    fn new(forge: &'f Forge, since: Vec<Note>) -> Trial<'f> {
        let reader = Reader::of(&forge.scene.log, &[], since);
        Trial { forge, reader, second: Second::start(), counts: BTreeMap::new() }
    }

    /// The changed bundle is refused, with that code and entry where they are known, by both alike.
    fn refused(
        &mut self,
        what: &'static str,
        by: By,
        expected: Option<(FindingCode, Option<u64>)>,
        change: impl FnOnce(&mut Bytes),
    ) {
        let files = self.forge.apply(by, change);
        let (verdict, report) = self.reader.first(&self.forge.path);
        assert_ne!(report.outcome, Outcome::Verified, "{what} by {by:?}: {report}");
        if let Some(expected) = expected {
            assert_eq!(finding(&report), Some(expected), "{what} by {by:?}: {report}");
        }
        if let Some(second) = &mut self.second {
            let other = self.reader.second(second, &self.forge.path);
            assert_eq!(verdict, other, "{what} by {by:?}: {report}");
        }
        self.forge.restore(&files);
        *self.counts.entry(what).or_default() += 1;
    }

    /// As [`refused`](Self::refused), whoever did it.
    fn refused_by_both(
        &mut self,
        what: &'static str,
        expected: (FindingCode, Option<u64>),
        change: impl Fn(&mut Bytes),
    ) {
        for by in [By::Anyone, By::Operator] {
            self.refused(what, by, Some(expected), &change);
        }
    }

    fn report(self) -> u64 {
        let total = self.counts.values().sum();
        let verifiers = if self.second.is_some() { "both verifiers" } else { "one verifier" };
        for (what, count) in self.counts {
            println!("{count:6} {what}");
        }
        println!("RESULT bundle: {total} changed bundles refused, {verifiers} agree on each");
        total
    }
}

fn is_long() -> bool {
    std::env::var_os("INDELIBLE_TEST_LONG").is_some()
}

/// The rows to be changed.
fn chosen() -> impl Iterator<Item = usize> {
    (0..ROWS).step_by(if is_long() { 1 } else { 13 })
}

fn seq(row: usize) -> u64 {
    FIRST + row as u64
}

fn rows_to(lines: &[Vec<u8>]) -> impl Fn(&mut Bytes) + use<> {
    let rows = lines.concat();
    move |files| drop(files.insert("rows.jsonl".to_owned(), rows.clone()))
}

#[test]
fn every_single_change_of_500_rows_is_refused_by_both_verifiers_with_the_first_bad_entry() {
    use FindingCode::{BadRow, OtherEntry, OtherRoot};
    let forge = Forge::new(ENTRIES, &Ask::range(FIRST, LAST));
    let mut beta = TestLog::new(BETA, 2);
    beta.grow(ENTRIES as usize - 1);
    let log = &forge.scene.log;
    let lines = forge.lines();
    let seed = std::env::var("INDELIBLE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_126);
    println!("INDELIBLE_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut trial = Trial::new(&forge, Vec::new());
    for row in chosen() {
        let at = seq(row);
        for (what, altered) in alterations(&log.full_row(at)) {
            let mut changed = lines.clone();
            changed[row] = altered;
            let code = match what {
                "seq" | "a byte" => None,
                _ => Some((OtherEntry, Some(at))),
            };
            for by in [By::Anyone, By::Operator] {
                trial.refused(
                    "a row altered",
                    by,
                    code.or(Some((BadRow, Some(at)))).filter(|_| what != "a byte"),
                    rows_to(&changed),
                );
            }
        }
        trial.refused_by_both("a leaf altered", (OtherEntry, Some(at)), |files| {
            files.get_mut(LEAVES).unwrap()[32 * row + 9] ^= 4
        });
        let mut changed = lines.clone();
        changed.remove(row);
        trial.refused_by_both("a row dropped", (BadRow, Some(at)), rows_to(&changed));
        // Forged with the hash that it then has, and with that of the row itself; and a row of somebody else.
        let (_, forged) = alterations(&log.full_row(at)).swap_remove(0);
        let mut changed = lines.clone();
        changed.insert(row, forged);
        trial.refused_by_both("a forged row inserted", (OtherEntry, Some(at)), rows_to(&changed));
        let mut changed = lines.clone();
        changed.insert(row, lines[(row + 17) % ROWS].clone());
        trial.refused_by_both("a true row inserted in another place", (BadRow, Some(at)), rows_to(&changed));
        let mut changed = lines.clone();
        changed[row] = line(&beta.full_row(at));
        trial.refused_by_both("a row of another organization", (OtherEntry, Some(at)), rows_to(&changed));
        if row + 1 < ROWS {
            let mut changed = lines.clone();
            changed.swap(row, row + 1);
            trial.refused_by_both("two neighbours exchanged", (BadRow, Some(at)), rows_to(&changed));
        }
        trial.refused_by_both("the tail cut", (BadRow, Some(at)), rows_to(&lines[..row]));
    }
    for _ in 0..if is_long() { 1500 } else { 30 } {
        let (a, b) = (random.random_range(0..ROWS), random.random_range(0..ROWS));
        if a != b {
            let mut changed = lines.clone();
            changed.swap(a, b);
            trial.refused_by_both("two rows exchanged", (BadRow, Some(seq(a.min(b)))), rows_to(&changed));
        }
    }
    // The operator may make rows and leaves fit each other; then the root does not.
    for row in chosen() {
        let (_, forged) = alterations(&log.full_row(seq(row))).swap_remove(0);
        let mut scratch = Vec::new();
        let leaf = json::read(forged.trim_ascii_end(), &mut scratch).unwrap().leaf(ALPHA, &mut Vec::new());
        let mut changed = lines.clone();
        changed[row] = forged;
        trial.refused("a row and its leaf altered", By::Operator, Some((OtherRoot, Some(FIRST))), |files| {
            rows_to(&changed)(files);
            files.get_mut(LEAVES).unwrap()[32 * row..32 * (row + 1)].copy_from_slice(leaf.as_ref());
        });
    }
    let total = trial.report();
    assert!(total > if is_long() { 10_000 } else { 700 }, "{total}");
}

#[test]
fn any_byte_of_any_proof_changed_is_refused_by_both_verifiers() {
    let ask = Ask { since: vec![100], platform_since: vec![2], ..Ask::range(FIRST, FIRST + 20) };
    let forge = Forge::new(200, &ask);
    let log = &forge.scene.log;
    let mut trial = Trial::new(&forge, vec![log.checkpoint(100), log.platform_checkpoint(2, 0)]);
    let step = if is_long() { 1 } else { 37 };
    for (name, bytes) in forge.whole.iter().filter(|(name, _)| !name.starts_with("rows") && *name != LEAVES) {
        for (at, by) in (0..bytes.len()).step_by(step).flat_map(|at| [(at, By::Anyone), (at, By::Operator)]) {
            // The sample policy says nothing about the bundle, and what the operator signs is what it is.
            let means_nothing = by == By::Operator && (name == "policy.txt" || name == STATEMENT);
            if !means_nothing {
                trial.refused("a byte of a proof changed", by, None, |files| {
                    files.get_mut(name).unwrap()[at] ^= 1 << (at % 7)
                });
            }
        }
    }
    for name in forge.whole.keys() {
        trial.refused("a file missing", By::Anyone, None, |files| drop(files.remove(name)));
        if name != "policy.txt" && name != STATEMENT {
            for by in [By::Anyone, By::Operator] {
                trial.refused("a file emptied", by, None, |files| files.get_mut(name).unwrap().clear());
                trial.refused("a file with a byte more", by, None, |files| files.get_mut(name).unwrap().push(b'\n'));
            }
        }
    }
    trial.refused("a file more", By::Anyone, Some((FindingCode::UnnamedObject, None)), |files| {
        files.insert("rows.csv".to_owned(), Vec::new());
    });
    trial.report();
}

#[test]
fn both_verifiers_say_the_same_of_what_is_asked_for_and_of_what_is_kept() {
    let Some(mut second) = Second::start() else { return };
    let scene = Scene::new(120);
    let log = &scene.log;
    let at = |seq: u64| log.entry(seq).received_at_us;
    let base =
        Ask { since: vec![7, 16, 64], platform_since: vec![1, 2, 4], witnesses: vec![101], ..Ask::range(0, 119) };
    let window = |from: i64, to: i64| Ask { since: Vec::new(), ..Ask::window(log, from, to) };
    let mut other = TestLog::new(ALPHA, 1);
    other.push(log.last_received_us(), b"{}".to_vec(), b"{}".to_vec());
    other.grow(118);
    let asks = [
        base.clone(),
        Ask { filter: complete("category:\"DATALOAD\" -uid:\"user-3\""), ..base.clone() },
        Ask { filter: Some(Filter::Trusted("requestFields.n:5 \"\\\"".to_owned())), ..base.clone() },
        Ask { size: Some(64), last: 63, since: vec![7], ..base.clone() },
        Ask { fork: 1, witnesses: Vec::new(), ..base.clone() },
        window(at(10), at(20)),
        window(0, at(1)),
        window(at(110), i64::MAX),
        window(at(10) + 1, at(10) + 2),
        Ask { first: 11, ..window(at(10), at(20)) },
        Ask { last: 19, ..window(at(10), at(20)) },
        Ask { window_us: Some((at(10), at(30))), ..window(at(10), at(20)) },
    ];
    let kept: Vec<Vec<Note>> = vec![
        Vec::new(),
        vec![log.checkpoint(7), log.checkpoint(120)],
        vec![log.checkpoint(8)],
        vec![log.checkpoint(16), log.platform_checkpoint(2, 0)],
        vec![log.platform_checkpoint(5, 1)],
        vec![other.checkpoint(7)],
        vec![other.checkpoint(120)],
        vec![TestLog::new(ALPHA, 9).checkpoint(1)],
        vec![TestLog::new(BETA, 1).checkpoint(1)],
    ];
    let mut outcomes: BTreeMap<u8, u64> = BTreeMap::new();
    for ask in &asks {
        for rows in [RowFormat::Jsonl, RowFormat::Csv] {
            let path = scene.make(&Ask { rows, ..ask.clone() });
            for since in &kept {
                for witnesses in [&[][..], &[101], &[101, 102]] {
                    let reader = Reader::of(log, witnesses, since.clone());
                    let (verdict, report) = reader.first(&path);
                    assert_eq!(verdict, reader.second(&mut second, &path), "{report}");
                    *outcomes.entry(verdict.0).or_default() += 1;
                }
            }
        }
    }
    println!("verified, not, could not tell: {outcomes:?}");
    assert!([0, 1, 2].iter().all(|exit| outcomes[exit] >= 10), "{outcomes:?}");
}
