//! Adapters from the command line: listed, tried on samples, drafted from samples. Nothing but an import needs a server.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Answer, Server, offline};

const RECORDS: &str = r#"{"at":"2024-05-06T07:08:09Z","action":"login","user":"ann","ip":"192.0.2.7","ok":false}
{"at":"2024-05-06T07:08:10Z","action":"order.delete","user":"ann","ip":"192.0.2.7","order":"o-17","note":"words that somebody wrote"}
"#;

const SHOP: &str = r#"# adapter: shop
#
# # Our shop
#
# ## Actions
#
# | action | category |
# |---|---|
# | `login` | `userLogin` |
# | `order.delete` | `dataDelete` |

if !is_string(.action) { abort "the record has no action" }
row = lookup("Actions", .action)
result = "SUCCESS"
if .ok == false { result = "UNAUTHORIZED" }
. = { "time": .at, "name": .action, "result": result, "categories": row.category, "subjects": [.order], "uid": .user, "origin": .ip, "passThrough": { "note": .note } }
"#;

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The last line of what was printed, as JSON.
fn last(answer: &Answer) -> Value {
    serde_json::from_str(answer.out.lines().last().unwrap()).unwrap()
}

#[test]
fn the_built_in_adapters_are_listed() {
    let answer = offline(&["adapter", "list", "--format", "json"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let listed: Vec<Value> = answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for name in ["audit3", "azure", "cloudtrail", "github", "okta", "zoom"] {
        assert!(listed.iter().any(|adapter| adapter["name"] == name), "{name}");
    }
    assert!(listed.iter().all(|adapter| !adapter["reads"].as_str().unwrap().is_empty()));
}

#[test]
fn an_adapter_is_tried_on_samples_and_exits_by_what_it_made_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let (adapter, samples) = (write(folder.path(), "shop.vrl", SHOP), write(folder.path(), "s.jsonl", RECORDS));
    let answer = offline(&["adapter", "test", &adapter, &samples]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    for part in [
        "s.jsonl:1: 2024-05-06T07:08:09Z userLogin UNAUTHORIZED login uid=ann origin=192.0.2.7",
        "s.jsonl:2: 2024-05-06T07:08:10Z dataDelete SUCCESS order.delete uid=ann origin=192.0.2.7 about o-17",
        "2 records: 0 refused (0.0 %), 2 events, 0 of them internal (0.0 %)",
        "the operator sees uid, from user",
    ] {
        assert!(answer.out.contains(part), "{part}\n{}", answer.out);
    }

    let answer = offline(&["adapter", "test", &adapter, &samples, "--format", "json"]);
    let summary = last(&answer);
    assert_eq!(summary["good"], true);
    assert_eq!(summary["categories"]["dataDelete"], 1);
    assert_eq!(answer.out.lines().count(), 3);

    // A record that is refused, and one whose note gets into a column the operator reads.
    let broken = write(folder.path(), "broken.jsonl", &format!("{RECORDS}{{\"at\":\"soon\",\"action\":\"login\"}}\n"));
    let answer = offline(&["adapter", "test", &adapter, &broken, "--summary"]);
    assert_eq!(answer.code, 1, "{}", answer.out);
    assert!(answer.out.contains("badTime") && answer.out.contains("settle: refused: 34 %"), "{}", answer.out);
    let telling =
        write(folder.path(), "telling.vrl", &SHOP.replace(r#""uid": .user"#, r#""uid": .user, "host": .note"#));
    let answer = offline(&["adapter", "test", &telling, &samples, "--format", "json"]);
    assert_eq!(answer.code, 1, "{}", answer.out);
    let finding = &last(&answer)["findings"][0];
    assert!(finding["grave"] == true && finding["message"].as_str().unwrap().contains("host takes from note"));

    // What cannot be run at all.
    let wrong = write(folder.path(), "wrong.vrl", "# adapter: wrong\n\n. = downcase(.x)\n");
    for args in [[wrong.as_str(), samples.as_str()], [adapter.as_str(), "no-such-file"], ["no-such-adapter", &samples]]
    {
        let answer = offline(&["adapter", "test", args[0], args[1]]);
        assert_eq!((answer.code, answer.out.is_empty()), (2, true), "{args:?} {}", answer.err);
    }
}

#[test]
fn records_without_a_time_are_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let records = format!("{RECORDS}{{\"action\":\"login\",\"user\":\"ann\"}}\n");
    let (adapter, samples) = (write(folder.path(), "shop.vrl", SHOP), write(folder.path(), "s.jsonl", &records));
    let answer = offline(&["adapter", "test", &adapter, &samples]);
    assert_eq!(answer.code, 1, "{}", answer.out);
    assert!(answer.out.contains("s.jsonl:3: refused: noTime: "), "{}", answer.out);
    assert!(answer.out.contains("1 records have no time; --undated takes such"), "{}", answer.out);
    let answer = offline(&["adapter", "test", &adapter, &samples, "--undated"]);
    assert_eq!(answer.code, 0, "{}", answer.out);
    assert!(answer.out.contains("s.jsonl:3: 1970-01-01T00:00:00Z userLogin"), "{}", answer.out);
    assert!(answer.out.contains("1 records had no time and were dated 1970-01-01"), "{}", answer.out);

    let server = Server::start();
    let refused = folder.path().join("refused.jsonl");
    let import = |more: &[&str]| {
        let common = ["import", &adapter, &samples, "--format", "json", "--refused", refused.to_str().unwrap()];
        let answer = server.indelible(&[&common[..], more].concat());
        assert_eq!(answer.code, 0, "{}", answer.err);
        (last(&answer), answer.err)
    };
    let (summary, told) = import(&[]);
    assert_eq!(summary, json!({"read": 3, "new": 2, "duplicate": 0, "refused": 1, "undated": 0}));
    assert!(told.contains("1 records have no time; --undated takes such"), "{told}");
    let (summary, told) = import(&["--undated"]);
    assert_eq!(summary, json!({"read": 3, "new": 1, "duplicate": 2, "refused": 0, "undated": 1}));
    assert!(told.contains("1 records had no time and were dated 1970-01-01"), "{told}");
}

#[test]
fn what_records_become_is_held_against_a_file() {
    let folder = tempfile::tempdir().unwrap();
    // One of them is to be refused.
    let records = format!("{RECORDS}{{\"at\":\"2024-05-06T07:08:11Z\"}}\n");
    let (adapter, samples) = (write(folder.path(), "shop.vrl", SHOP), write(folder.path(), "s.jsonl", &records));
    let expected = folder.path().join("s.expected.jsonl");
    let expect = expected.to_str().unwrap();
    let run = |adapter: &str, more: &[&str]| {
        offline(&[&["adapter", "test", adapter, &samples, "--summary", "--expect", expect], more].concat())
    };
    assert_eq!(run(&adapter, &[]).code, 2, "there is no such file yet");
    assert_eq!(run(&adapter, &["--write"]).code, 0);
    assert_eq!(std::fs::read_to_string(&expected).unwrap().lines().count(), 3);
    assert_eq!(run(&adapter, &[]).code, 0);
    let changed = write(folder.path(), "changed.vrl", &SHOP.replace("`dataDelete`", "`metaDataDelete`"));
    let answer = run(&changed, &[]);
    assert_eq!(answer.code, 1);
    assert!(answer.out.contains("record 2 differs") && !answer.out.contains("record 1 differs"), "{}", answer.out);
    // What cannot be used, and what does not come to its end, leaves the file as it was.
    let before = std::fs::read_to_string(&expected).unwrap();
    let faulty = write(folder.path(), "faulty.vrl", &SHOP.replace("\"name\": .action", "\"colour\": .action"));
    assert_eq!(run(&faulty, &["--write"]).code, 1);
    assert_eq!(run(&adapter, &["no-such-file", "--write"]).code, 2);
    assert_eq!(std::fs::read_to_string(&expected).unwrap(), before);
    assert!(!folder.path().join("s.expected.jsonl.new").exists());
    // A record that is expected and does not come is a difference too.
    let more = std::fs::read_to_string(&expected).unwrap() + "{\"record\":4,\"refused\":\"x\"}\n";
    std::fs::write(&expected, more).unwrap();
    assert_eq!(run(&adapter, &[]).code, 1);
}

#[test]
fn a_draft_passes_the_test_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let samples = write(folder.path(), "My Shop.jsonl", RECORDS);
    let answer = offline(&["adapter", "suggest", &samples]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    assert!(answer.out.starts_with("# adapter: my_shop\n"), "{}", answer.out);
    assert!(answer.err.contains("the draft converts 2 of 2 records into 2 events"), "{}", answer.err);
    let draft = folder.path().join("draft.vrl");
    let draft = draft.to_str().unwrap();
    assert_eq!(offline(&["adapter", "suggest", &samples, "--name", "shop", "--out", draft]).code, 0);
    assert_eq!(offline(&["adapter", "suggest", &samples, "--out", draft]).code, 2, "it is not replaced unasked");
    let answer = offline(&["adapter", "test", draft, &samples]);
    assert_eq!(answer.code, 0, "{}", answer.out);
    assert!(answer.out.contains("userLogin UNAUTHORIZED login uid=ann origin=192.0.2.7"), "{}", answer.out);
    let lines = write(folder.path(), "lines.log", "no json\n");
    assert_eq!(offline(&["adapter", "suggest", &lines]).code, 1);
}
