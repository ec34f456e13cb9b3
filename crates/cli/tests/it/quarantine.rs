//! Records that their sender refuses itself: handed in, found, repaired and replayed by whose they are.

use std::io::Write as _;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, fetch, program, run};
use crate::receive::{ACME, SECRET, SHOP, Scene, shop};

const BETA: &str = "ri.indelible..organization.beta";

impl Scene {
    /// Does something with the quarantine of ACME.
    fn quarantine(&self, args: &[&str]) -> crate::harness::Answer {
        self.server.indelible(&[&["quarantine"], &args[..1], &["--organization", ACME], &args[1..]].concat())
    }
}

#[test]
fn what_the_agent_refuses_is_found_repaired_and_replayed_by_whose_it_is() {
    let scene = Scene::new();
    let sender = scene.sender(None);
    let path = |name: &str| scene.folder.path().join(name).to_str().unwrap().to_owned();
    let strange = json!({"kind": "a", "at": "2026-01-02T03:04:05Z", "who": SECRET}).to_string();
    let lines =
        [shop("ann").to_string(), strange.clone(), strange.clone(), "caf\u{e9}".to_owned(), shop("bea").to_string()];
    // One line is not UTF-8.
    let bytes: Vec<u8> = (lines.join("\n") + "\n").chars().map(|c| u8::try_from(c).unwrap()).collect();
    std::fs::write(path("shop.log"), bytes).unwrap();
    let follow = || {
        let mut agent = Command::new(program());
        agent.args(["agent", "--once", "--adapter", &path("adapters/shop.vrl"), "--name", "tests"]);
        agent.args(["--spool", &path("spool"), "--timezone", "Europe/Berlin", "--year", "2024", &path("shop.log")]);
        let answer = run(agent.env("INDELIBLE_URL", &sender.url).env("INDELIBLE_TOKEN", &sender.token));
        assert_eq!(answer.code, 0, "{}", answer.err);
        answer.err
    };
    let said = follow();
    assert!(
        said.contains("5 records read, 3 refused; 2 events acknowledged (0 repeats), 0 refused by the server"),
        "{said}"
    );
    let waiting = scene.quarantined();
    let codes: Vec<&str> = waiting.iter().map(|record| record["code"].as_str().unwrap()).collect();
    assert_eq!(codes.iter().filter(|code| **code == "refusedByAdapter").count(), 2, "{waiting:?}");
    for record in &waiting {
        assert_eq!((&record["source"], &record["adapter"]), (&json!("agent"), &json!("shop")));
        assert_eq!((&record["times"], &record["state"]), (&json!(1), &json!("waiting")));
        assert!(!record.to_string().contains(SECRET), "a list quotes nothing: {record}");
    }
    let id_of = |code: &str| waiting.iter().find(|record| record["code"] == code).unwrap()["id"].as_str().unwrap();
    let shown = scene.quarantine(&["show", id_of("refusedByAdapter")]);
    assert_eq!(shown.out, strange);
    assert!(shown.err.contains("the record has no action"), "{}", shown.err);
    let shown = scene.quarantine(&["show", id_of("invalidUtf8"), "--format", "json"]);
    let record: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(
        (&record["record"], &record["timezone"], &record["year"]),
        (&json!("Y2Fm6Q=="), &json!("Europe/Berlin"), &json!(2024))
    );

    // Others see nothing of it.
    assert_eq!(scene.server.indelible(&["organization", "create", BETA]).code, 0);
    let beta = ["token", "create", "--organization", BETA, "--operations", "organization:administer"];
    let beta = Client { url: sender.url.clone(), token: scene.server.indelible(&beta).out.trim().to_owned() };
    assert_eq!(beta.get(&format!("/api/v1/organizations/{BETA}/quarantine")), (200, json!([])));
    assert_eq!(beta.get(&format!("/api/v1/organizations/{ACME}/quarantine")).0, 404);

    // Everything is read again from the beginning: each record is known.
    std::fs::remove_dir_all(path("spool")).unwrap();
    let said = follow();
    assert!(said.contains("5 records read, 3 refused; 2 events acknowledged (2 repeats)"), "{said}");
    let again = scene.quarantined();
    assert_eq!(again.len(), 3, "{again:?}");
    assert!(again.iter().all(|record| record["times"] == 2), "{again:?}");
    let metrics = String::from_utf8(fetch(scene.server.request(Method::GET, "/metrics")).1).unwrap();
    for line in [
        "indelible_quarantined_total{source=\"agent\",code=\"refusedByAdapter\"} 4",
        "indelible_quarantine_records{source=\"agent\",code=\"refusedByAdapter\"} 2",
        "indelible_events_refused_total{code=\"invalidUtf8\"} 2",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}: {metrics}");
    }
    assert!(scene.server.alarms().contains(&"quarantineGrows".to_owned()), "{:?}", scene.server.alarms());

    // Through the adapter of the server, which is as it was, and through the repaired one.
    let replayed = scene.quarantine(&["replay"]);
    assert_eq!((replayed.code, replayed.out.trim()), (1, "0 replayed, 3 refused again"), "{}", replayed.err);
    assert!(replayed.err.contains("the record has no action"), "{}", replayed.err);
    let program = SHOP.replace(
        "if !is_string(.action) { abort \"the record has no action\" }\n",
        ".action = \"login\"\n.user = .who\n",
    );
    std::fs::write(path("repaired.vrl"), program).unwrap();
    let replayed = scene.quarantine(&["replay", "--adapter", &path("repaired.vrl")]);
    assert_eq!((replayed.code, replayed.out.trim()), (1, "2 replayed, 1 refused again"), "{}", replayed.err);
    assert_eq!(scene.rows(&format!("uid:{SECRET}")).len(), 2, "equal records are two");
    assert_eq!(scene.quarantined().len(), 1);
}

#[test]
fn refused_records_are_handed_in_as_events_are() {
    let scene = Scene::new();
    let sender = scene.sender(None);
    let post = |client: &Client, headers: &[(&str, &str)], body: Vec<u8>| -> (u16, Value) {
        let mut request = client.request(Method::POST, "/api/v1/quarantine").body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (status, body) = fetch(request);
        (status, serde_json::from_slice(&body).unwrap())
    };
    let record = |code: &str, occurrence: u32| {
        json!({"code": code, "message": "why", "occurrence": occurrence, "record": "bm8=", "later": "ignored"})
            .to_string()
    };
    let code_of = |answer: (u16, Value)| (answer.0, answer.1["error"]["code"].as_str().unwrap_or_default().to_owned());

    // Each record is told what became of it.
    let body =
        [record("noTime", 0), "no json".to_owned(), record("noTime", 1), record("noTime", 0), record("made<up>", 2)];
    let (status, answer) = post(&sender, &[("indelible-adapter", "shop@7")], body.join("\n").into_bytes());
    let statuses: Vec<&str> =
        answer["outcomes"].as_array().unwrap().iter().map(|outcome| outcome["status"].as_str().unwrap()).collect();
    assert_eq!((status, statuses), (200, vec!["new", "refused", "new", "duplicate", "new"]), "{answer}");
    assert_eq!((&answer["new"], &answer["duplicate"], &answer["refused"]), (&json!(3), &json!(1), &json!(1)));
    assert_eq!(
        (&answer["outcomes"][1]["line"], &answer["outcomes"][1]["error"]["code"]),
        (&json!(2), &json!("invalidRecord"))
    );
    let waiting = scene.quarantined();
    let mut seen: Vec<(&str, &str)> =
        waiting.iter().map(|r| (r["code"].as_str().unwrap(), r["adapter"].as_str().unwrap())).collect();
    seen.sort_unstable();
    // A code of the sender's own making is content.
    assert_eq!(seen, [("noTime", "shop"), ("noTime", "shop"), ("other", "shop")]);
    let other = waiting.iter().find(|record| record["code"] == "other").unwrap()["id"].as_str().unwrap();
    assert!(scene.quarantine(&["show", other]).err.contains("other: made<up>: why"));

    // Of a long one there is the beginning, and it cannot be replayed.
    let long = json!({"code": "eventTooLarge", "message": "", "occurrence": 0, "length": 4711, "record": "bG9uZw=="});
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(long.to_string().as_bytes()).unwrap();
    let headers = [("indelible-adapter", "shop"), ("content-encoding", "gzip")];
    assert_eq!(post(&sender, &headers, packed.finish().unwrap()).0, 200);
    let waiting = scene.quarantined();
    let long = waiting.iter().find(|record| record["code"] == "eventTooLarge").unwrap();
    assert_eq!(long["bytes"], 4711);
    let replayed = scene.quarantine(&["replay", long["id"].as_str().unwrap()]);
    assert!(replayed.err.contains("only the first 4 of its 4711 bytes"), "{}", replayed.err);

    // Who may not emit may not do this; and a body has bounds.
    let reader = scene.server.indelible(&["token", "create", "--organization", ACME, "--operations", "audit:search"]);
    let reader = Client { url: sender.url.clone(), token: reader.out.trim().to_owned() };
    let stranger = Client { url: sender.url.clone(), token: "indelible_x".to_owned() };
    let one = || record("noTime", 9).into_bytes();
    assert_eq!(code_of(post(&reader, &[], one())), (403, "permissionDenied".to_owned()));
    assert_eq!(code_of(post(&stranger, &[], one())), (401, "unauthenticated".to_owned()));
    assert_eq!(code_of(post(&sender, &[("indelible-adapter", "a b")], one())), (400, "invalidRequest".to_owned()));
    assert_eq!(code_of(post(&sender, &[], b"\n".to_vec())), (400, "unreadableBody".to_owned()));
    assert_eq!(code_of(post(&sender, &[("content-encoding", "br")], one())), (400, "unreadableBody".to_owned()));
    let many = vec![record("noTime", 9); 1001].join("\n").into_bytes();
    assert_eq!(code_of(post(&sender, &[], many)), (413, "bodyTooLarge".to_owned()));
    assert_eq!(scene.quarantined().len(), 4);
}

#[test]
fn times_in_a_refused_record_are_read_as_its_sender_would_have_read_them() {
    let scene = Scene::new();
    let sender = scene.sender(None);
    let post = |user: &str, more: Value| {
        let line =
            format!("Mar  8 09:08:09 bastion sshd[1]: Accepted password for {user} from 192.0.2.8 port 5023 ssh2");
        let mut record = json!({"code": "badTime", "message": "why", "occurrence": 0, "record": STANDARD.encode(line)});
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let request = sender.request(Method::POST, "/api/v1/quarantine").header("indelible-adapter", "openssh");
        let (status, body) = fetch(request.body(record.to_string()));
        (status, serde_json::from_slice::<Value>(&body).unwrap())
    };
    let year_and_zone = json!({"timezone": "Europe/Berlin", "year": 2024});
    assert_eq!(post("ann", year_and_zone.clone()).1["new"], 1);
    assert_eq!(post("bea", year_and_zone).1["new"], 1);
    // Which is in another year there.
    assert_eq!(post("carl", json!({"timezone": "-23:00", "year": 2023})).1["new"], 1);
    let (_, answer) = post("dan", json!({"timezone": "Mars"}));
    assert_eq!(answer["outcomes"][0]["error"]["code"], "invalidRecord", "{answer}");

    // Where the server replays, and where an adapter of the caller's does.
    let ids: Vec<String> = scene.quarantined().iter().map(|r| r["id"].as_str().unwrap().to_owned()).collect();
    let replayed = scene.quarantine(&["replay", &ids[0], &ids[2]]);
    assert_eq!((replayed.code, replayed.out.trim()), (0, "2 replayed, 0 refused again"), "{}", replayed.err);
    let adapter = concat!(env!("CARGO_MANIFEST_DIR"), "/../../adapters/openssh.vrl");
    let replayed = scene.quarantine(&["replay", "--adapter", adapter]);
    assert_eq!((replayed.code, replayed.out.trim()), (0, "1 replayed, 0 refused again"), "{}", replayed.err);
    let time = |user: &str| scene.rows(&format!("uid:{user}"))[0]["time"].clone();
    assert_eq!(["ann", "bea"].map(time), ["2024-03-08T08:08:09Z"; 2]);
    assert_eq!(time("carl"), "2023-03-09T08:08:09Z");
}
