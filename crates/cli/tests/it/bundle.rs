//! Proof bundles: made by a server, checked by people who have nothing but the folder.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Answer, Server, event, offline, python, without_network};

const ACME: &str = "ri.indelible..organization.acme";

fn emit(server: &Server, numbers: std::ops::Range<u64>) {
    let event = |n: u64| event(n, json!({"uid": format!("user-{}", n % 7)}));
    let body = numbers.flat_map(|n| [serde_json::to_vec(&event(n)).unwrap(), b"\n".to_vec()].concat()).collect();
    assert_eq!(server.post(&[], body).0, 200);
}

/// A folder for bundles, and what a reader holds.
struct Desk<'s> {
    server: &'s Server,
    scratch: tempfile::TempDir,
    policy: String,
}

impl<'s> Desk<'s> {
    fn new(server: &'s Server) -> Desk<'s> {
        let scratch = tempfile::tempdir().unwrap();
        Desk { server, policy: String::new(), scratch }
    }

    fn path(&self, name: &str) -> String {
        self.scratch.path().join(name).to_str().unwrap().to_owned()
    }

    /// Makes a bundle and returns its folder.
    fn make(&self, name: &str, options: &[&str]) -> String {
        let out = self.path(name);
        let mut args = vec!["bundle", "--organization", ACME, "--out", &out];
        args.extend(options);
        let answer = self.server.indelible(&args);
        assert_eq!(answer.code, 0, "{args:?}: {}", answer.err);
        assert!(Path::new(&out).join("bundle").exists());
        out
    }

    /// Verifies with the policy of the first bundle, and returns the report.
    fn verify(&self, path: &str, options: &[&str]) -> (i32, Value) {
        let mut args = vec!["verify", path, "--json"];
        if !self.policy.is_empty() {
            args.extend(["--policy", &self.policy]);
        }
        args.extend(options);
        let Answer { code, out, err } = without_network(&args);
        (code, serde_json::from_str(&out).unwrap_or_else(|_| panic!("{args:?}: {out}{err}")))
    }
}

#[test]
fn bundles_of_every_kind_verify_offline_from_archive_and_journal() {
    let server = Server::start_unaudited();
    emit(&server, 0..100);
    server.seal();
    emit(&server, 100..150);
    server.seal();
    let old = server.indelible(&["checkpoint"]).out;
    emit(&server, 150..200);
    let mut desk = Desk::new(&server);
    std::fs::write(desk.path("old"), old).unwrap();
    let whole = desk.make("whole", &[]);
    desk.policy = format!("{whole}/policy.txt");
    let check = |name: &str, options: &[&str], entries: u64, matches: u64, complete: Value| {
        for rows in ["jsonl", "csv", "parquet"] {
            let path = desk.make(&format!("{name}-{rows}"), &[options, &["--rows", rows]].concat());
            let strict: &[&str] = if complete == json!(false) { &[] } else { &["--strict"] };
            let (code, report) = desk.verify(&path, strict);
            assert_eq!(code, 0, "{name}: {report}");
            assert_eq!(
                (&report["entries"], &report["matches"]),
                (&json!(entries), &json!(matches)),
                "{name}: {report}"
            );
            assert_eq!(report["complete"], complete, "{name}: {report}");
            if rows != "parquet" {
                second_agrees(&path, &desk.policy, strict);
            }
        }
    };
    check("all", &[], 201, 201, json!(null));
    check("range", &["--from-seq", "90", "--to-seq", "160"], 71, 71, json!(null));
    check("event", &["--event", "10000000-0000-4000-8000-000000000007"], 1, 1, json!(null));
    check("tail event", &["--event", "10000000-0000-4000-8000-0000000000c0"], 1, 1, json!(null));
    let found = server.count("uid:USER-3 category:dataDelete");
    check("filter", &["--search", "uid:USER-3 category:dataDelete"], 201, found, json!(true));
    check("all but", &["--search", "-uid:user-3"], 201, 200 - found, json!(true));
    let found = server.count("ri.files..file.1*");
    check("content", &["--search", "ri.files..file.1*"], 201, found, json!(false));
    check(
        "content of a range",
        &["--search", "file.15", "--from-seq", "100"],
        101,
        server.count("file.15") - 1,
        json!(false),
    );
    // Times of receipt are not known here but from the rows.
    let rows = std::fs::read_to_string(format!("{whole}/rows.jsonl")).unwrap();
    let received: Vec<i64> =
        rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["receivedAt"].as_i64().unwrap()).collect();
    let time = |us: i64| {
        let text = offline_time(us);
        assert!(text.ends_with('Z'));
        text
    };
    for (from, to) in [(received[1], received[101]), (received[101], received[200] + 1), (0, received[1])] {
        let expected = received.iter().filter(|us| (from..to).contains(*us)).count() as u64;
        let before = u64::from(received.iter().any(|us| *us < from));
        let after = u64::from(received.iter().any(|us| *us >= to));
        let options = ["--received-from", &time(from), "--received-to", &time(to)];
        check(&format!("window {from}"), &options, expected + before + after, expected, json!(null));
    }
    // What was kept is continued, if the bundle was asked to show it.
    let since = desk.make("since", &["--from-seq", "5", "--to-seq", "9", "--since", &desk.path("old")]);
    let (code, report) = desk.verify(&since, &["--strict", "--since", &desk.path("old")]);
    assert_eq!((code, &report["since"]), (0, &json!(true)), "{report}");
    let (code, report) = desk.verify(&whole, &["--since", &desk.path("old")]);
    assert_eq!(code, 2, "{report}");
    // Without anything that is held it agrees with itself.
    let answer = offline(&["verify", &whole]);
    assert_eq!(answer.code, 0, "{}", answer.out);
    assert!(answer.out.contains("not checked against a key or policy you hold"), "{}", answer.out);
    assert_eq!(offline(&["verify", &whole, "--strict"]).code, 2);
    let receipts = server.post(&[("indelible-receipts", "signed")], {
        let event = event(3, json!({"uid": "user-3"}));
        serde_json::to_vec(&event).unwrap()
    });
    std::fs::write(desk.path("receipts"), receipts.1["receipts"].as_str().unwrap()).unwrap();
    let (code, report) = desk.verify(&whole, &["--receipts", &desk.path("receipts")]);
    assert_eq!((code, &report["receipts"]["kept"]), (0, &json!(1)), "{report}");
}

/// The second verifier says that the bundle is good too.
fn second_agrees(path: &str, policy: &str, options: &[&str]) {
    let python = python();
    if !Path::new(&python).exists() {
        eprintln!("SKIPPED: no Python with the package cryptography; `make setup` installs one");
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tools/verify.py");
    let answer =
        std::process::Command::new(python).args([script, path, "--policy", policy]).args(options).output().unwrap();
    assert!(
        answer.status.success(),
        "{}{}",
        String::from_utf8_lossy(&answer.stdout),
        String::from_utf8_lossy(&answer.stderr)
    );
}

fn offline_time(us: i64) -> String {
    let seconds = us.div_euclid(1_000_000);
    let stamp = std::process::Command::new("date")
        .args(["-u", "-d", &format!("@{seconds}"), "+%Y-%m-%dT%H:%M:%S"])
        .output()
        .unwrap();
    format!("{}.{:06}Z", String::from_utf8(stamp.stdout).unwrap().trim(), us.rem_euclid(1_000_000))
}

#[test]
fn a_bundle_changed_by_anybody_is_refused_and_the_entry_named() {
    let server = Server::start();
    emit(&server, 0..30);
    let desk = Desk::new(&server);
    let path = desk.make("whole", &[]);
    let file = format!("{path}/rows.jsonl");
    let rows = std::fs::read_to_string(&file).unwrap();
    let mut lines: Vec<&str> = rows.split_inclusive('\n').collect();
    lines.remove(17);
    std::fs::write(&file, lines.concat()).unwrap();
    let (code, report) = desk.verify(&path, &[]);
    assert_eq!((code, &report["findings"][0]["firstSeq"]), (1, &json!(17)), "{report}");
    let answer = offline(&["verify", &path]);
    assert!(answer.out.contains("WRONG: rows.jsonl (entry 17)"), "{}", answer.out);
    std::fs::write(&file, &rows).unwrap();
    assert_eq!(desk.verify(&path, &[]).0, 0);
}

#[test]
fn a_bundle_holds_what_the_token_may_see_and_nothing_of_others() {
    let server = Server::start();
    emit(&server, 0..3);
    let other = event(9, json!({"organizations": [{"id": "ri.indelible..organization.beta", "reason": "x"}]}));
    server.post(&[], serde_json::to_vec(&other).unwrap());
    let token = |operations: &str| {
        let answer = server.indelible(&["token", "create", "--organization", ACME, "--operations", operations]);
        crate::harness::Client { url: server.url.clone(), token: answer.out.trim().to_owned() }
    };
    let desk = Desk::new(&server);
    let ask = |client: &crate::harness::Client, organization: &str, name: &str| {
        client.indelible(&["bundle", "--organization", organization, "--out", &desk.path(name)]).code
    };
    assert_eq!(ask(&token("audit:search,audit:verify"), ACME, "a"), 0);
    assert_eq!(ask(&token("audit:search"), ACME, "b"), 2);
    assert_eq!(ask(&token("audit:verify"), ACME, "c"), 2);
    assert_eq!(ask(&token("audit:search,audit:verify"), "ri.indelible..organization.beta", "d"), 2);
    for entry in std::fs::read_dir(desk.path("a")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("beta"));
    }
    assert!(!Path::new(&desk.path("b")).exists() && !Path::new(&desk.path("b.part")).exists());
    // What is there is never written over, and what is not there is not made.
    assert_eq!(ask(&token("audit:search,audit:verify"), ACME, "a"), 2);
    let absent =
        ["bundle", "--organization", ACME, "--event", "10000000-0000-4000-8000-0000000fffff", "--out", &desk.path("e")];
    assert_eq!(server.indelible(&absent).code, 1);
    let beyond = ["bundle", "--organization", ACME, "--from-seq", "7", "--to-seq", "99", "--out", &desk.path("f")];
    assert_eq!(server.indelible(&beyond).code, 2);
}
