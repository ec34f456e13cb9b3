//! Producers number their events; what is missing is found in the log.

use serde_json::{Value, json};

use crate::harness::{Client, SENT, Server, event, eventually};

const ACME: &str = "ri.indelible..organization.acme";

/// Posts events with these numbers of `event` as one body whose first number is `seq`.
fn send(client: &Client, epoch: u64, seq: u64, events: &[(u64, Value)]) -> Value {
    let lines: Vec<Value> = events.iter().map(|(number, change)| event(*number, change.clone())).collect();
    let headers = [("indelible-producer-epoch", &*epoch.to_string()), ("indelible-producer-seq", &*seq.to_string())];
    let (status, answer) = client.post(&headers, serde_json::to_vec(&lines).unwrap());
    assert_eq!(status, 200, "{answer}");
    answer
}

/// The report as (organization's last part, epoch, emitted, accepted, missing, archived, gaps).
type Row = (String, Option<u64>, Option<u64>, u64, Option<u64>, u64, String);

fn report(client: &Client, args: &[&str]) -> (Vec<Row>, i32) {
    let answer = client.indelible(&[&["accounting", "--format", "json"], args].concat());
    let rows = answer.out.lines().map(|line| {
        let row: Value = serde_json::from_str(line).unwrap();
        assert!(row["exported"].is_null() && row["hour"].as_str().unwrap().ends_with(":00:00Z"), "{line}");
        let number = |name: &str| row[name].as_u64();
        let gaps = row["gaps"].as_array().cloned().unwrap_or_default();
        let gaps: Vec<String> = gaps.iter().map(|gap| format!("{}-{}", gap["first"], gap["last"])).collect();
        let organization = row["organization"].as_str().unwrap().rsplit('.').next().unwrap().to_owned();
        let count = |name| number(name).unwrap();
        (
            organization,
            number("epoch"),
            number("emitted"),
            count("accepted"),
            number("missing"),
            count("archived"),
            gaps.join(" "),
        )
    });
    // A test that runs over the full hour sees two rows: they are joined here.
    let mut joined: Vec<Row> = Vec::new();
    for row in rows {
        match joined.last_mut().filter(|last| (&last.0, last.1) == (&row.0, row.1)) {
            Some(last) => {
                last.2 = last.2.zip(row.2).map(|(a, b)| a + b);
                last.3 += row.3;
                last.4 = last.4.zip(row.4).map(|(a, b)| a + b);
                last.5 += row.5;
                last.6 = [last.6.as_str(), row.6.as_str()].join(" ").trim().to_owned();
            }
            None => joined.push(row),
        }
    }
    (joined, answer.code)
}

fn row(organization: &str, epoch: Option<u64>, emitted: Option<u64>, accepted: u64, archived: u64, gaps: &str) -> Row {
    (organization.to_owned(), epoch, emitted, accepted, emitted.map(|all| all - accepted), archived, gaps.to_owned())
}

#[test]
fn gaps_in_a_producers_numbers_are_reported_and_close_when_the_events_come() {
    let server = Server::start();
    assert_eq!(report(&server, &[]).1, 1, "no event");
    let plain = json!({});
    let beta = json!({"organizations": [{"id": "ri.indelible..organization.beta", "reason": "x"}]});
    let both = json!({"organizations": [
        {"id": "ri.indelible..organization.acme", "reason": "x"}, {"id": "ri.indelible..organization.beta", "reason": "x"},
    ]});
    let refused = json!({"categories": ["noSuchCategory"]});
    send(&server, 7, 0, &[(1, plain.clone()), (2, plain.clone()), (3, plain.clone())]);
    assert_eq!(report(&server, &[]), (vec![row("acme", Some(7), Some(3), 3, 0, "")], 0));
    // 3 and 4 are lost; 6 is refused; 8 is an event of both organizations, 9 one of another.
    let answer =
        send(&server, 7, 5, &[(10, plain.clone()), (11, refused), (12, plain.clone()), (13, both), (14, beta)]);
    assert_eq!((answer["new"].as_u64(), answer["refused"].as_u64()), (Some(4), Some(1)));
    // Another epoch begins with 2; one event is not numbered.
    send(&server, 8, 2, &[(20, plain.clone())]);
    server.post(&[], serde_json::to_vec(&event(30, json!({}))).unwrap());
    let (rows, code) = report(&server, &[]);
    let expected = |archived| {
        let all = |accepted| if archived { accepted } else { 0 };
        vec![
            row("acme", None, None, 1, all(1), ""),
            row("acme", Some(7), Some(9), 6, all(6), "3-4 6-6"),
            row("acme", Some(8), Some(3), 1, all(1), "0-1"),
            row("beta", Some(7), Some(2), 2, all(2), ""),
        ]
    };
    assert_eq!((rows, code), (expected(false), 1));
    server.seal();
    assert_eq!(report(&server, &[]).0, expected(true));
    let since = report(&server, &["--since", "1h"]).0;
    assert_eq!(since[2], row("acme", Some(8), Some(1), 1, 1, ""), "what came before a window is not known");
    assert_eq!(report(&server, &["--since", "1h", "--organization", "ri.indelible..organization.beta"]).0.len(), 1);
    // The producer sends what was lost, with its numbers.
    send(&server, 7, 3, &[(4, plain.clone()), (5, plain)]);
    assert_eq!(report(&server, &[]).0[1], row("acme", Some(7), Some(9), 8, 6, "6-6"));
    let table = server.indelible(&["accounting"]);
    assert!(table.out.contains("missing") && table.err.contains("3 missing"), "{}{}", table.out, table.err);
    let csv = server.indelible(&["accounting", "--format", "csv"]).out;
    assert_eq!(csv.lines().count(), 5, "{csv}");
    assert_eq!(server.indelible(&["accounting", "--since", "soon"]).code, 2);
}

#[test]
fn what_all_exports_have_is_counted_as_exported() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server =
        Server::start_configured(&data, "audit-reads = false\nfour-eyes = false\n[exports]\nevery-seconds = 1\n");
    // A test that runs over the full hour sees two rows.
    let counts = || {
        let answer = server.indelible(&["accounting", "--format", "json"]);
        let rows: Vec<Value> = answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let sum = |name: &str| rows.iter().map(|row| row[name].as_u64()).sum::<Option<u64>>();
        (sum("accepted").unwrap(), sum("archived").unwrap(), sum("exported"))
    };
    let export = |verb: &str, name: &str| {
        let to = data.join("exports").join(name);
        let to = ["--to", to.to_str().unwrap()];
        let to = if verb == "create" { &to[..] } else { &[] };
        let answer = server.indelible(&[&["export", verb, "--organization", ACME, "--name", name], to].concat());
        assert_eq!(answer.code, 0, "{}", answer.err);
    };
    send(&server, 1, 0, &[(1, json!({})), (2, json!({})), (3, json!({}))]);
    server.seal();
    assert_eq!(counts(), (3, 3, None), "there is no export");
    export("create", "a");
    eventually("all is exported", || counts() == (3, 3, Some(3)));
    send(&server, 1, 3, &[(4, json!({})), (5, json!({}))]);
    assert_eq!(counts(), (5, 3, Some(3)));
    server.seal();
    export("create", "b");
    eventually("both have all", || counts() == (5, 5, Some(5)));
    // One of them gets no further.
    let table = data.join("exports/b");
    std::fs::rename(&table, data.join("exports/away")).unwrap();
    std::fs::write(&table, "in the way").unwrap();
    send(&server, 1, 5, &[(6, json!({}))]);
    server.seal();
    let rows_of_a = || server.get(&format!("/api/v1/organizations/{ACME}/exports/a")).1["progress"]["rows"].as_u64();
    eventually("one has all, with the entries of the log and its exports", || rows_of_a() == Some(9));
    assert_eq!(counts(), (6, 6, Some(5)));
    export("disable", "b");
    assert_eq!(counts(), (6, 6, Some(6)), "what has ended is not waited for");
    export("disable", "a");
    assert_eq!(counts(), (6, 6, None));
}

#[test]
fn an_organization_sees_its_own_account_alone_and_bad_numbers_store_nothing() {
    let server = Server::start();
    send(&server, 1, 0, &[(1, json!({}))]);
    send(&server, 1, 1, &[(2, json!({"organizations": [{"id": "ri.indelible..organization.beta", "reason": "x"}]}))]);
    let organization = "ri.indelible..organization.beta";
    let token = server.indelible(&["token", "create", "--organization", organization, "--operations", "audit:search"]);
    let client = Client { url: server.url.clone(), token: token.out.trim().to_owned() };
    let rows = report(&client, &[]).0;
    assert_eq!(rows, [row("beta", Some(1), Some(2), 1, 0, "0-0")], "number 0 is in a log it may not read");
    assert_eq!(client.indelible(&["accounting", "--organization", ACME]).code, 2);
    for headers in [
        vec![("indelible-producer-epoch", "1")],
        vec![("indelible-producer-seq", "1")],
        vec![("indelible-producer-epoch", "1"), ("indelible-producer-seq", "-1")],
        vec![("indelible-producer-epoch", "9007199254740992"), ("indelible-producer-seq", "1")],
        vec![("indelible-producer-epoch", "1"), ("indelible-producer-seq", "9007199254740991")],
    ] {
        let body = serde_json::to_vec(&json!([event(5, json!({})), event(6, json!({}))])).unwrap();
        let (status, answer) = server.post(&headers, body);
        assert_eq!((status, answer["error"]["code"].as_str()), (400, Some("invalidRequest")), "{headers:?}");
    }
    assert_eq!(server.count(SENT), 2);
}
