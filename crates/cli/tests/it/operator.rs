//! The operator's view: everything the operator can do shows the infrastructure part, and nothing of the content.

mod canaries;

use indelible_event::catalogue::{Status, categories};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, Server, event, fetch, offline};
use canaries::Canaries;

const ACME: &str = "ri.indelible..organization.acme";
const BETA: &str = "ri.indelible..organization.beta";

/// Somebody who may observe and nothing else.
fn operator(server: &Server) -> Client {
    let made = server.indelible(&["token", "create", "--organization", "*", "--operations", "operator:observe"]);
    assert_eq!(made.code, 0, "{}", made.err);
    Client { url: server.url.clone(), token: made.out.trim().to_owned() }
}

fn text(request: reqwest::RequestBuilder) -> String {
    let (status, body) = fetch(request);
    format!("{status} {}", String::from_utf8_lossy(&body))
}

/// The answer to everything the operator can ask.
fn all_answers(operator: &Client, ids: &[String]) -> Vec<(String, String)> {
    let mut answers = Vec::new();
    let ask = |answers: &mut Vec<(String, String)>, what: &str, args: &[&str]| {
        for format in ["json", "csv", "table"] {
            let asked = [&["operator"], args, &["--format", format]].concat();
            let answer = operator.indelible(&asked);
            answers.push((format!("{what} as {format}"), format!("{} {}", answer.out, answer.err)));
        }
    };
    ask(&mut answers, "search", &["search", "--limit", "100000"]);
    ask(&mut answers, "search oldest", &["search", "type:*", "--oldest"]);
    for query in [
        "select * from events",
        "select * from entries",
        "select organization, unnest(categories) as category, result, count(*) from events group by all",
        "select * from entries order by name, seq limit 50000",
        "describe events",
        "show tables",
        "explain verbose select * from events",
        "explain analyze verbose select * from entries where uid = 'ann' and has_category('dataLoad')",
        // What fails says nothing either.
        "select requestFields from events",
        "select json_get(resultFields, 'a') from events",
        "select * from events where extra is not null",
        "select entities[1], users[1].uid from events",
        "select cast(name as bigint) from events",
        "select to_timestamp(name) from events",
        "select 1 from events where array_has(entities, 'x')",
    ] {
        ask(&mut answers, query, &["sql", query]);
    }
    for query in ["has:requestFields", "requestFields.a:b", "word", "entities:x", "users.uid:y", "extra:*", "-word"] {
        ask(&mut answers, query, &["search", query]);
        let answer = operator.indelible(&["operator", "search", query, "--count"]);
        answers.push((format!("count of {query}"), format!("{} {}", answer.out, answer.err)));
    }
    ask(&mut answers, "organizations", &["organizations"]);
    for id in ids {
        let path = format!("/api/v1/operator/entries/{id}");
        answers.push((format!("entry {id}"), text(operator.request(Method::GET, &path))));
    }
    answers.push(("metrics".to_owned(), text(operator.request(Method::GET, "/metrics"))));
    answers.push(("alarms".to_owned(), text(operator.request(Method::GET, "/api/v1/alarms"))));
    answers
}

/// The operator's answers hold no canary, and what the organization finds holds each.
fn check_canaries(server: &Server, operator: &Client, canaries: &Canaries, ids: &[String], events: usize, when: &str) {
    let answers = all_answers(operator, ids);
    for (what, answer) in &answers {
        if let Some(canary) = canaries.first_in(answer) {
            panic!("{when}, {what}: {canary} in\n{}", &answer[..answer.len().min(4_000)]);
        }
    }
    let shown = operator.indelible(&["operator", "search", "--count"]).out;
    assert!(shown.trim().parse::<usize>().unwrap() >= events, "{when}: the operator sees all events: {shown}");
    let found = server.indelible(&["search", "--format", "json"]).out;
    let missing = canaries.missing_in(&found);
    assert!(missing.is_empty(), "{when}: the organization does not find {} canaries: {missing:.3?}", missing.len());
    eprintln!(
        "{when}: {} canaries in {events} events, none in {} answers to the operator, all found by their organizations",
        canaries.count(),
        answers.len()
    );
}

#[test]
fn no_canary_of_any_category_or_adapter_reaches_the_operator() {
    let server = Server::start();
    let operator = operator(&server);
    let mut canaries = Canaries::default();
    let (mut lines, mut ids, mut fields) = (Vec::new(), Vec::new(), 0);
    for (number, category) in categories().iter().enumerate() {
        // Every variant of a union comes up in one of these.
        for turn in 0..8 {
            let id = format!("20000000-0000-4000-8000-{:012x}", number * 100 + turn);
            let kind = if category.status == Status::Audit2Only { "audit.2" } else { "audit.3" };
            let mut line = event(number as u64, json!({"type": kind, "logEntryId": id, "categories": [category.name]}));
            let map = |canaries: &mut Canaries, fields: &'static [indelible_event::catalogue::Field]| {
                let members = fields.iter().map(|field| (field.name.to_owned(), canaries.value(&field.ty, turn)));
                Value::Object(members.collect())
            };
            line["requestFields"] = map(&mut canaries, category.request);
            line["resultFields"] = map(&mut canaries, category.result);
            line["entities"] = json!([canaries.text(), canaries.text()]);
            line["users"] = json!([{
                "uid": canaries.text(), "userName": canaries.text(), "firstName": canaries.text(),
                "lastName": canaries.text(), "groups": [canaries.text()], "realm": canaries.text(),
            }]);
            let unknown = canaries.text();
            line[&unknown] = json!({"deep": [{"value": canaries.text()}], canaries.text(): canaries.number()});
            fields += category.request.len() + category.result.len();
            lines.push(line.to_string());
            if turn == 0 {
                ids.push(id);
            }
        }
    }
    for body in lines.chunks(200) {
        let (status, answer) = server.post(&[], body.join("\n").into_bytes());
        assert_eq!((status, &answer["refused"]), (200, &json!(0)), "{answer}");
    }
    let folder = tempfile::tempdir().unwrap();
    let mut events = lines.len();
    for (adapter, input) in canaries::foreign_logs(&mut canaries) {
        let path = folder.path().join(format!("{adapter}.log"));
        std::fs::write(&path, input).unwrap();
        let (read, new, _, refused) = server.import(adapter, &path);
        assert_eq!((new, refused), (read, 0), "{adapter}");
        events += read as usize;
    }
    assert_eq!(categories().len(), 102);
    eprintln!("{} categories, {fields} fields filled", categories().len());
    check_canaries(&server, &operator, &canaries, &ids, events, "in the journal");
    server.seal();
    check_canaries(&server, &operator, &canaries, &ids, events, "in log files");
}

fn emit(server: &Server, number: u64, change: Value) {
    assert_eq!(server.post(&[], event(number, change).to_string().into_bytes()).0, 200);
}

fn in_beta(uid: &str) -> Value {
    json!({"uid": uid, "organizations": [{"id": BETA, "reason": "test"}]})
}

fn id(number: u64) -> String {
    format!("10000000-0000-4000-8000-{number:012x}")
}

/// Names of the server's own events in a log that are not the administrator's.
fn traces(server: &Server, organization: &str) -> Vec<String> {
    let query = "product:indelible -uid:administrator";
    let found = server.indelible(&["search", query, "--organization", organization, "--oldest", "--format", "json"]);
    let row = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    found.out.lines().map(|line| row(line)["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_hour_of_observing_leaves_one_event_in_each_log() {
    let server = Server::start();
    (0..3).for_each(|number| emit(&server, number, json!({})));
    emit(&server, 3, in_beta("bob"));
    let operator = operator(&server);
    let one = operator.indelible(&["operator", "search", "name:PUT_FILE", "--organization", ACME, "--count"]);
    assert_eq!((one.out.trim(), one.code), ("3", 0), "{}", one.err);
    assert_eq!((traces(&server, ACME), traces(&server, BETA)), (vec!["INDELIBLE_OBSERVE".to_owned()], vec![]));
    for _ in 0..3 {
        assert_eq!(operator.indelible(&["operator", "search", "product:files", "--count"]).out.trim(), "4");
        assert_eq!(operator.indelible(&["operator", "sql", "select uid from events where uid = 'bob'"]).code, 0);
        assert_eq!(operator.indelible(&["operator", "entry", &id(1)]).code, 0);
        assert_eq!(operator.indelible(&["operator", "organizations"]).code, 0);
    }
    for organization in [ACME, BETA] {
        assert_eq!(traces(&server, organization), ["INDELIBLE_OBSERVE"], "{organization}");
    }
    let event = server.sql("select requestFields, categories from events where name = 'INDELIBLE_OBSERVE' limit 1");
    assert!(event[0].to_string().contains("metaDataAccess") && !event[0].to_string().contains("bob"), "{event:?}");
}

#[test]
fn an_operator_sees_no_content_by_other_ways_and_others_no_operators_view() {
    let server = Server::start();
    emit(&server, 1, json!({}));
    let operator = operator(&server);
    let path = format!("/api/v1/entries/{}", id(1));
    for (method, path) in [
        (Method::POST, "/api/v1/search"),
        (Method::POST, "/api/v1/sql"),
        (Method::GET, &*path),
        (Method::POST, "/api/v1/bundles"),
        (Method::GET, "/api/v1/checkpoints"),
        (Method::GET, "/api/v1/accounting"),
    ] {
        let answer = text(operator.request(method, path).json(&json!({"query": "", "organization": ACME})));
        assert!(
            answer.starts_with("403") || answer.starts_with("400") || answer.starts_with("404"),
            "{path}: {answer}"
        );
        let answer = text(operator.request(Method::POST, "/api/v1/search").json(&json!({"query": ""})));
        assert!(answer.starts_with("403"), "{answer}");
    }
    let organization = ["token", "create", "--organization", ACME, "--operations"];
    let made = server.indelible(&[&organization[..], &["audit:search,audit:sql,organization:administer"]].concat());
    let member = Client { url: server.url.clone(), token: made.out.trim().to_owned() };
    let refused = member.indelible(&["operator", "search"]);
    assert!(refused.code == 2 && refused.err.contains("operator:observe"), "{}", refused.err);
    for path in ["/api/v1/operator/organizations".to_owned(), format!("/api/v1/operator/entries/{}", id(1))] {
        assert!(text(member.request(Method::GET, &path)).starts_with("403"), "{path}");
    }
    // The right is granted with the operator's reach only.
    let refused = server.indelible(&[&organization[..], &["operator:observe"]].concat());
    assert!(refused.code == 2 && refused.err.contains('*'), "{}", refused.err);
    // A missing organization is told like one that is not theirs.
    let missing = operator.indelible(&["operator", "search", "--organization", "ri.indelible..organization.none"]);
    assert!(missing.code == 2 && missing.err.contains("no organization"), "{}", missing.err);
}

#[test]
fn an_entry_seen_by_the_operator_verifies_offline() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start();
    (0..5).for_each(|number| emit(&server, number, json!({})));
    let operator = operator(&server);
    let keys = server.indelible(&["checkpoint", "--organization", ACME, "--keys"]).out;
    for when in ["in the journal", "in a log file"] {
        let shown = operator.indelible(&["operator", "entry", &id(2)]);
        assert_eq!(shown.code, 0, "{}", shown.err);
        let path = folder.path().join("entry.json");
        let path = path.to_str().unwrap();
        std::fs::write(path, &shown.out).unwrap();
        let own: Value = server.get(&format!("/api/v1/entries/{}", id(2))).1;
        let entry: Value = serde_json::from_str(&shown.out).unwrap();
        assert_eq!(entry["proof"]["leafHash"], own["leafHash"], "{when}: as the organization sees it");
        assert!(!shown.out.contains("salt") && !shown.out.contains("deletedResources"), "{}", shown.out);
        let verified = offline(&["verify", path, "--key", keys.trim(), "--strict"]);
        assert!(
            verified.code == 0 && verified.out.contains("signed by a key you hold"),
            "{}{}",
            verified.out,
            verified.err
        );
        assert_eq!(offline(&["verify", path, "--strict"]).code, 2, "{when}: no key");
        let report: Value = serde_json::from_str(&offline(&["verify", path, "--json"]).out).unwrap();
        assert_eq!((&report["outcome"], &report["organization"]), (&json!("verified"), &json!(ACME)));
        std::fs::write(path, shown.out.replace("\"ann\"", "\"eve\"").replace("\\\"ann\\\"", "\\\"eve\\\"")).unwrap();
        let altered = offline(&["verify", path, "--key", keys.trim()]);
        assert!(altered.code == 1 && altered.out.contains("altered"), "{}{}", altered.out, altered.err);
        server.seal();
    }
    assert_eq!(operator.indelible(&["operator", "entry", &id(99)]).code, 1);
}

#[test]
fn an_organization_may_show_pseudonyms_of_its_people() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(&folder.path().join("data"));
    let sid = |uid: &str| json!({"uid": uid, "sid": format!("session of {uid}"), "tokenId": format!("token-of-{uid}")});
    emit(&server, 1, sid("alice"));
    emit(&server, 2, sid("alice"));
    emit(&server, 3, in_beta("alice"));
    server.seal();
    emit(&server, 4, sid("alice"));
    let operator = operator(&server);
    let made =
        server.indelible(&["token", "create", "--organization", ACME, "--operations", "organization:administer"]);
    let administrator = Client { url: server.url.clone(), token: made.out.trim().to_owned() };
    let switch = |to: &[&str]| administrator.indelible(&[&["organization", "pseudonyms", ACME], to].concat());
    let count = |query: &str| operator.indelible(&["operator", "search", query, "--count"]).out.trim().to_owned();
    assert_eq!((switch(&[]).out.trim(), count("uid:alice")), ("off", "4".to_owned()));
    assert_eq!(switch(&["on"]).out, "on\n");
    // BETA shows its people as they are.
    assert_eq!(
        (count("uid:alice"), count("product:files uid:p-*"), count("sid:session*")),
        ("1".into(), "3".into(), "0".into())
    );
    let rows = || {
        let query =
            "select distinct uid, sid, tokenId from events where product = 'files' and organization like '%acme'";
        operator.indelible(&["operator", "sql", query, "--format", "json"]).out
    };
    let before = rows();
    let row: Value = serde_json::from_str(&before).unwrap();
    let pseudonym = row["uid"].as_str().unwrap();
    assert!(["uid", "sid", "tokenId"].iter().all(|name| row[name].as_str().unwrap().len() == 28), "{before}");
    assert_eq!(count(&format!("uid:{pseudonym}")), "3", "the same in log files and journal");
    for (what, answer) in all_answers(&operator, &[id(1), id(4)]) {
        let of_acme = answer.lines().filter(|line| line.contains("acme") || line.contains(pseudonym));
        let told: Vec<&str> = of_acme.filter(|line| line.contains("alice")).collect();
        assert!(told.is_empty(), "{what}: {told:?}");
    }
    let entry = operator.indelible(&["operator", "entry", &id(1)]);
    assert!(
        entry.code == 0 && entry.out.contains(pseudonym) && entry.err.contains("no proof"),
        "{}{}",
        entry.out,
        entry.err
    );
    for secret in ["alice", "leafHash", "contentHash", "inclusionProof"] {
        assert!(!entry.out.contains(secret), "{secret}: {}", entry.out);
    }
    let path = folder.path().join("entry.json");
    std::fs::write(&path, &entry.out).unwrap();
    let verified = offline(&["verify", path.to_str().unwrap()]);
    assert!(verified.code == 2 && verified.out.contains("pseudonyms"), "{}{}", verified.out, verified.err);
    // The organization itself sees who it was, and that the view was changed.
    assert_eq!(server.count("uid:alice"), 4);
    assert_eq!(server.count("name:INDELIBLE_SET_OPERATOR_VIEW"), 1);
    // It is another's to decide.
    assert_eq!(operator.indelible(&["organization", "pseudonyms", ACME, "off"]).code, 2);
    server.stop();
    let server = Server::start_in(&folder.path().join("data"));
    let operator = Client { url: server.url.clone(), token: operator.token };
    let after = operator.indelible(&["operator", "search", &format!("uid:{pseudonym}"), "--count"]);
    assert_eq!(after.out.trim(), "3", "the key outlasts the server");
    let administrator = Client { url: server.url.clone(), token: administrator.token };
    assert_eq!(administrator.indelible(&["organization", "pseudonyms", ACME, "off"]).out, "off\n");
    let shown = operator.indelible(&["operator", "search", "uid:alice", "--count"]);
    assert_eq!(shown.out.trim(), "4");
}

#[test]
fn all_organizations_are_listed_with_what_waits() {
    let server = Server::start();
    (0..3).for_each(|number| emit(&server, number, json!({})));
    server.seal();
    emit(&server, 3, in_beta("bob"));
    let operator = operator(&server);
    let listed = operator.indelible(&["operator", "organizations", "--format", "json"]);
    let rows: Vec<Value> = listed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |rid: &str| rows.iter().find(|row| row["organization"] == rid).unwrap_or_else(|| panic!("{}", listed.out));
    assert!(
        of(ACME)["archived"].as_u64().unwrap() >= 4 && of(ACME)["logFiles"].as_u64().unwrap() >= 1,
        "{}",
        listed.out
    );
    assert_eq!((&of(BETA)["archived"], &of(BETA)["pseudonyms"]), (&json!(0), &json!(false)));
    assert!(of(BETA)["size"].as_u64().unwrap() >= 2, "{}", listed.out);
    assert!(of(BETA)["oldestUnarchivedSeconds"].is_number(), "{}", listed.out);
    let (status, contract) = server.get("/api/openapi.json");
    assert!(status == 200 && contract["paths"]["/api/v1/operator/search"]["post"].is_object());
}
