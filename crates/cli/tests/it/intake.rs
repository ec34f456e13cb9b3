//! What a producer sends and gets back.

use std::io::Write;

use serde_json::{Value, json};

use crate::harness::{Client, SENT, Server, event, fetch, offline};

/// Status and error code of every outcome.
fn outcomes(answer: &Value) -> Vec<String> {
    let outcomes = answer["outcomes"].as_array().unwrap_or_else(|| panic!("{answer}"));
    outcomes
        .iter()
        .map(|o| o["error"]["code"].as_str().unwrap_or_else(|| o["status"].as_str().unwrap()).to_owned())
        .collect()
}

#[test]
fn every_bad_line_gets_its_error_and_the_good_ones_are_stored() {
    let server = Server::start();
    let good = |n| serde_json::to_vec(&event(n, json!({}))).unwrap();
    let with = |n, change| serde_json::to_vec(&event(n, change)).unwrap();
    let mut missing = event(7, json!({}));
    missing["categories"] = json!(["secretDeprecate"]);
    missing["requestFields"] = json!({});
    let mut no_name = event(8, json!({}));
    no_name.as_object_mut().unwrap().remove("name");
    let duplicate_key = format!("{{\"uid\":\"x\",{}", &String::from_utf8(good(9)).unwrap()[1..]).into_bytes();
    let deep = format!("{{\"requestFields\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes();
    let long = with(10, json!({"requestFields": {"deletedResources": [], "x": "y".repeat(10 << 20)}}));
    let lines: Vec<(Vec<u8>, &str)> = vec![
        (good(1), "new"),
        (b"\xff\xfe{}".to_vec(), "invalidUtf8"),
        (b"{\"type\":".to_vec(), "invalidJson"),
        (with(2, json!({"categories": ["noSuchCategory"]})), "unknownCategory"),
        (serde_json::to_vec(&missing).unwrap(), "missingField"),
        (serde_json::to_vec(&no_name).unwrap(), "missingField"),
        (with(3, json!({"requestFields": {"deletedResources": [], "other": 1}})), "undeclaredField"),
        (long, "eventTooLarge"),
        (deep, "tooDeep"),
        (duplicate_key, "duplicateKey"),
        (with(4, json!({"extraNumber": 9_007_199_254_740_993_u64})), "numberOutOfRange"),
        (good(5), "new"),
        (good(1), "duplicate"),
        (with(1, json!({"uid": "bob"})), "logEntryIdReused"),
    ];
    let body = lines.iter().flat_map(|(line, _)| [line.as_slice(), b"\n"].concat()).collect();
    let (status, answer) = server.post(&[("content-type", "application/x-ndjson")], body);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(outcomes(&answer), lines.iter().map(|(_, expected)| *expected).collect::<Vec<_>>());
    assert_eq!(
        (answer["new"].as_u64(), answer["duplicate"].as_u64(), answer["refused"].as_u64()),
        (Some(2), Some(1), Some(11))
    );
    for outcome in answer["outcomes"].as_array().unwrap() {
        let message = outcome["error"]["message"].as_str();
        assert!(message.is_none_or(|m| m.len() > 10 && m.len() < 1000), "{outcome}");
    }
    assert_eq!(answer["outcomes"][0]["receipts"], answer["outcomes"][12]["receipts"], "a repeat gets the same receipt");
    assert_eq!(answer["outcomes"][0]["receipts"][0]["seq"], 1, "entry 0 is the genesis entry");
    assert_eq!(server.count("uid:ann"), 2);
    assert_eq!(server.alarms(), ["logEntryIdReused"]);
}

#[test]
fn a_body_may_be_an_object_an_array_or_compressed_and_a_cut_one_keeps_its_lines() {
    let server = Server::start();
    let pretty = serde_json::to_vec_pretty(&event(1, json!({}))).unwrap();
    assert_eq!(outcomes(&server.post(&[("content-type", "application/json")], pretty).1), ["new"]);
    let array = serde_json::to_vec(&json!([event(2, json!({})), event(3, json!({}))])).unwrap();
    assert_eq!(outcomes(&server.post(&[], array).1), ["new", "new"]);
    let lines: Vec<u8> =
        (10..1010).flat_map(|n| [serde_json::to_vec(&event(n, json!({}))).unwrap(), b"\n".to_vec()].concat()).collect();
    let zstd = zstd::bulk::compress(&lines, 1).unwrap();
    let (_, answer) = server.post(&[("content-encoding", "zstd")], zstd);
    assert_eq!(answer["new"], 1000);
    let lines: Vec<u8> = (2000..3000)
        .flat_map(|n| [serde_json::to_vec(&event(n, json!({}))).unwrap(), b"\n".to_vec()].concat())
        .collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&lines).unwrap();
    let gzip = gzip.finish().unwrap();
    let (status, answer) = server.post(&[("content-encoding", "gzip")], gzip[..gzip.len() / 2].to_vec());
    let stored = answer["new"].as_u64().unwrap();
    assert_eq!((status, answer["refused"].as_u64()), (200, Some(1)));
    assert!(stored > 100 && stored < 1000, "{stored}");
    assert_eq!(outcomes(&answer).last().map(String::as_str), Some("bodyCut"));
    let (status, answer) = server.post(&[("content-encoding", "gzip")], b"not gzip".to_vec());
    assert_eq!((status, answer["error"]["code"].as_str()), (400, Some("unreadableBody")));
    let (status, _) = server.post(&[], Vec::new());
    assert_eq!(status, 400);
    assert_eq!(server.count(SENT), 1003 + stored);
}

#[test]
fn a_token_decides_where_events_go_and_what_is_seen() {
    let server = Server::start();
    for name in ["acme", "beta"] {
        assert_eq!(
            server.indelible(&["organization", "create", &format!("ri.indelible..organization.{name}")]).code,
            0
        );
    }
    let token = server.indelible(&[
        "token",
        "create",
        "--organization",
        "ri.indelible..organization.acme",
        "--operations",
        "audit:emit,audit:search",
    ]);
    assert_eq!(token.code, 0, "{}", token.err);
    let client = Client { url: server.url.clone(), token: token.out.trim().to_owned() };
    let foreign = event(1, json!({"organizations": [{"id": "ri.indelible..organization.beta", "reason": "x"}]}));
    let own = event(2, json!({}));
    let mut plain = event(3, json!({}));
    plain.as_object_mut().unwrap().remove("organizations");
    let body = serde_json::to_vec(&json!([foreign, own, plain])).unwrap();
    let (_, answer) = client.post(&[], body);
    assert_eq!(outcomes(&answer), ["organizationNotAllowed", "new", "new"]);
    assert_eq!(server.count(SENT), 2);
    assert_eq!(client.indelible(&["search", SENT, "--count"]).out.trim(), "2");
    assert_eq!(client.indelible(&["search", "", "--organization", "ri.indelible..organization.beta"]).code, 2);
    assert_eq!(client.indelible(&["sql", "select 1"]).code, 2);
    assert_eq!(client.indelible(&["archive", "seal"]).code, 2);
    assert_eq!(fetch(client.request(reqwest::Method::GET, "/api/v1/alarms")).0, 403);
    assert_eq!(client.indelible(&["organization", "create", "ri.indelible..organization.c"]).code, 2);
    let nobody = Client { url: server.url.clone(), token: "indelible_0_0".into() };
    assert_eq!(nobody.post(&[], b"{}".to_vec()).0, 401);
    assert_eq!(offline(&["search", ""]).code, 2);
}

#[test]
fn health_metrics_contract_and_first_page_are_there() {
    let server = Server::start();
    server.post(&[], serde_json::to_vec(&event(1, json!({}))).unwrap());
    let page = |path: &str| {
        let (status, body) = fetch(reqwest::Client::new().get(format!("{}{path}", server.url)));
        assert_eq!(status, 200, "{path}");
        String::from_utf8(body).unwrap()
    };
    assert!(page("/").contains("INDELIBLE_TOKEN"));
    assert!(page("/healthz").contains("\"ok\"") && page("/readyz").contains("\"ok\""));
    let metrics = page("/metrics");
    assert!(metrics.contains("indelible_events_total{outcome=\"new\"} 1\n"), "{metrics}");
    assert!(!metrics.contains("acme"), "no customer data in metrics");
    assert!(metrics.contains("indelible_alarm{kind=\"archiveDeadline\"} 0\n"), "{metrics}");
    let (status, alarms) = fetch(server.request(reqwest::Method::GET, "/api/v1/alarms"));
    assert_eq!((status, String::from_utf8(alarms).unwrap().as_str()), (200, "[]"));
    let contract: Value = serde_json::from_str(&page("/api/openapi.json")).unwrap();
    // The platform log and its policy are for everybody.
    let unauthenticated = ["/healthz", "/readyz", "/metrics", "/api/v1/policy"];
    // What clients of other systems ask before they send anything.
    let greetings = ["/_cluster/health", "/_license", "/services/collector/health"];
    for (path, operations) in contract["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let method = method.to_uppercase().parse().unwrap();
            let path = path
                .replace("{label}", "x")
                .replace("{generation}", "1")
                .replace("{tile}", "0/000")
                .replace("{logEntryId}", "x");
            let (status, body) = fetch(reqwest::Client::new().request(method, format!("{}{path}", server.url)));
            if path.starts_with("/platform/") {
                assert_ne!(status, 401, "{path}");
                continue;
            }
            // Where people sign in, and out.
            if path.starts_with("/auth/") {
                assert!(status < 500, "{path}: {status}");
                continue;
            }
            let expected = match path.as_str() {
                path if unauthenticated.contains(&path) || greetings.contains(&path) => 200,
                // Clients name themselves in a form, and there is none.
                path if path.starts_with("/multipass/") => 400,
                _ => 401,
            };
            assert_eq!(status, expected, "{path}: {}", String::from_utf8_lossy(&body));
        }
    }
}

#[test]
fn a_stop_finishes_and_a_restart_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("data");
    let server = Server::start_in(&folder);
    let first = server.post(&[], serde_json::to_vec(&event(1, json!({}))).unwrap()).1;
    assert!(Server::try_start_in_use(&folder).contains("lock"), "a second process is refused");
    server.stop();
    let server = Server::start_in(&folder);
    let again = server.post(&[], serde_json::to_vec(&event(1, json!({}))).unwrap()).1;
    assert_eq!(again["outcomes"][0]["status"], "duplicate");
    assert_eq!(again["outcomes"][0]["receipts"], first["outcomes"][0]["receipts"]);
    assert_eq!(server.count(SENT), 1);
}
