//! Log files are pulled with Palantir's own SDK: `foundry-platform-sdk`, which knows nothing of us.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, Server, event, fetch, offline, python};

const ACME: &str = "ri.indelible..organization.acme";
const BETA: &str = "ri.indelible..organization.beta";
const NOWHERE: &str = "ri.indelible..organization.nowhere";
/// Before any event of the tests is received.
const EARLY: &str = "2020-01-01";

/// A Python process with the SDK.
struct Sdk {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Sdk {
    fn start(server: &Server, credentials: &[&str]) -> Self {
        let python = python();
        let has_sdk = Command::new(&python).args(["-c", "import foundry_sdk"]).status();
        assert!(
            has_sdk.is_ok_and(|status| status.success()),
            "{python} has no package foundry-platform-sdk; run tools/setup"
        );
        let host = server.url.strip_prefix("http://").unwrap().replace("127.0.0.1", "localhost");
        let mut process = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/pull.py"))
            .arg(host)
            .args(credentials)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (commands, answers) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Self { process, commands, answers }
    }

    fn ask(&mut self, command: Value) -> Value {
        writeln!(self.commands, "{command}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{command}: the script ended: {line}"))
    }

    /// Lists one page: the ids and the token for what follows.
    fn list(&mut self, options: Value) -> (Vec<String>, String) {
        let mut command = json!({"do": "list", "organization": ACME});
        command.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let answer = self.ask(command);
        let ids = answer["ids"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let ids = ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        (ids, answer["nextPageToken"].as_str().unwrap().to_owned())
    }

    /// What is behind the token.
    fn poll(&mut self, token: &str) -> (Vec<String>, String) {
        self.list(json!({"pageToken": token, "startDate": EARLY}))
    }

    fn content(&mut self, id: &str) -> Vec<u8> {
        let answer = self.ask(json!({"do": "content", "organization": ACME, "id": id}));
        STANDARD.decode(answer["content"].as_str().unwrap_or_else(|| panic!("{answer}"))).unwrap()
    }
}

impl Drop for Sdk {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A new client of an organization: id and secret.
fn create_client(server: &Server, organization: &str) -> (String, String) {
    let answer = server.indelible(&["client", "create", "--organization", organization, "--format", "json"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let client: Value = serde_json::from_str(&answer.out).unwrap();
    let text = |name: &str| client[name].as_str().unwrap().to_owned();
    (text("clientId"), text("clientSecret"))
}

fn emit(server: &Server, events: &[Value]) {
    let (status, answer) = server.post(&[], serde_json::to_vec(events).unwrap());
    assert_eq!((status, &answer["new"]), (200, &json!(events.len())), "{answer}");
}

/// In the form that is kept, so that what comes back can be compared.
fn events(numbers: std::ops::Range<u64>) -> Vec<Value> {
    let change = |n: u64| {
        let time = format!("2026-01-02T03:04:{:02}Z", n % 60);
        json!({"time": time, "uid": format!("user-{}", n % 7), "userAgent": "ä\"\\ 1"})
    };
    numbers.map(|n| event(n, change(n))).collect()
}

/// The events in a log file's content.
fn lines(content: &[u8]) -> Vec<Value> {
    let mut text = String::new();
    GzDecoder::new(content).read_to_string(&mut text).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Those of them that were sent; the server's own, which say that the client was here, are others.
fn sent_lines(content: &[u8]) -> Vec<Value> {
    lines(content).into_iter().filter(|event| event["product"] != "indelible").collect()
}

/// What is delivered holds every member that was sent, and beside them only what the server adds to each event.
fn assert_delivered(delivered: &[Value], sent: &[Value]) {
    assert_eq!(delivered.len(), sent.len());
    for (delivered, sent) in delivered.iter().zip(sent) {
        let mut added = delivered.clone();
        for (name, value) in sent.as_object().unwrap().iter().filter(|(name, _)| *name != "organizations") {
            assert_eq!(added.as_object_mut().unwrap().remove(name).as_ref(), Some(value), "{name}: {delivered}");
        }
        let names: Vec<&String> = added.as_object().unwrap().keys().collect();
        assert_eq!(names, ["entities", "organization", "seq", "users"], "{delivered}");
    }
}

#[test]
fn the_sdk_of_foundry_polls_over_sealings_restarts_and_a_rebuild_and_misses_and_repeats_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("data");
    let mut server = Server::start_in(&folder);
    server.indelible(&["organization", "create", ACME]);
    let (id, secret) = create_client(&server, ACME);
    let mut sdk = Sdk::start(&server, &[&id, &secret]);
    let (none, first_token) = sdk.list(json!({"startDate": EARLY}));
    assert!(none.is_empty());
    assert_eq!(sdk.poll(&first_token), (vec![], first_token.clone()), "an empty page goes on at the same place");
    let mut token = first_token.clone();
    let (mut ids, mut contents) = (Vec::new(), Vec::new());
    for round in 0..3 {
        let sent = events(round * 100..round * 100 + 90);
        emit(&server, &sent);
        // Neither an audit.2 event nor what the log says of itself is delivered.
        emit(&server, &[event(1000 + round, json!({"type": "audit.2", "categories": null, "requestFields": null}))]);
        assert_eq!(sdk.poll(&token), (vec![], token.clone()), "not archived yet");
        server.seal();
        let (new, next) = sdk.poll(&token);
        assert_eq!(new.len(), 1);
        assert_eq!(sdk.poll(&token), (new.clone(), next.clone()), "a token can be used again");
        let content = sdk.content(&new[0]);
        assert_delivered(&sent_lines(&content), &sent);
        assert_eq!(sdk.content(&new[0]), content);
        ids.extend(new);
        contents.push(content);
        token = next;
        if round == 1 {
            server.stop();
            server = Server::start_in(&folder);
            sdk = Sdk::start(&server, &[&id, &secret]);
        }
    }
    // From the beginning, in pages and at once.
    assert_eq!(sdk.poll(&first_token), (ids.clone(), token.clone()));
    let (page, second) = sdk.list(json!({"startDate": EARLY, "pageSize": 2}));
    assert_eq!(page, ids[..2]);
    assert_eq!(sdk.list(json!({"pageToken": second, "pageSize": 2})).0, ids[2..]);
    let iterated = sdk.ask(json!({"do": "iterate", "organization": ACME, "startDate": EARLY, "count": 3}));
    assert_eq!(iterated["ids"], json!(ids));
    // By the day of receipt, the last day included.
    let received = server.sql("select min(received_at) as first, max(received_at) as last from entries");
    let day = |name: &str| received[0][name].as_str().unwrap()[..10].to_owned();
    let (first, last) = (day("first"), day("last"));
    assert_eq!(sdk.list(json!({"startDate": first, "endDate": last})).0, ids);
    assert!(sdk.list(json!({"startDate": EARLY, "endDate": "2026-01-02"})).0.is_empty(), "the day of the events");
    let (none, waiting) = sdk.list(json!({"startDate": "2999-01-01"}));
    assert!(none.is_empty() && sdk.poll(&waiting).0.is_empty());

    // After a rebuild with the keys, old tokens and ids mean what they meant.
    emit(&server, &events(500..510));
    server.stop();
    let (archive, rebuilt) = (folder.join("archive"), scratch.path().join("rebuilt"));
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let (archive, keys) = (path(&archive), path(&folder.join("keys")));
    let answer = offline(&["archive", "rebuild", "--from", &archive, "--data-dir", &path(&rebuilt), "--keys", &keys]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let server = Server::start_in(&rebuilt);
    let (id, secret) = create_client(&server, ACME);
    let mut sdk = Sdk::start(&server, &[&id, &secret]);
    emit(&server, &events(510..520));
    server.seal();
    let (new, next) = sdk.poll(&token);
    let delivered: Vec<Value> = new.iter().flat_map(|id| sent_lines(&sdk.content(id))).collect();
    let expected = events(500..520);
    assert!(delivered.len() == 10 || delivered.len() == 20, "those of before are there if they had been copied");
    assert_delivered(&delivered, &expected[20 - delivered.len()..]);
    assert_eq!(sdk.poll(&first_token), ([ids.clone(), new].concat(), next.clone()));
    assert_eq!(sdk.poll(&next).0, [""; 0]);
    for (id, content) in ids.iter().zip(&contents) {
        assert_eq!(sdk.content(id), *content);
    }
}

#[test]
fn every_documented_error_comes_as_its_type() {
    let server = Server::start();
    emit(&server, &events(0..3));
    server.seal();
    let (id, secret) = create_client(&server, ACME);
    let mut sdk = Sdk::start(&server, &[&id, &secret]);
    let (ids, _) = sdk.list(json!({"startDate": EARLY}));
    let mut check = |command: Value, error: &str, name: &str, parameters: Value| {
        let answer = sdk.ask(command.clone());
        assert_eq!((&answer["error"], &answer["name"]), (&json!(error), &json!(name)), "{command}: {answer}");
        assert_eq!(answer["parameters"], parameters, "{command}");
        assert_eq!(answer["instance"].as_str().map(str::len), Some(36), "{answer}");
    };
    let list = |more: Value| {
        let mut command = json!({"do": "list", "organization": ACME});
        command.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        command
    };
    check(list(json!({})), "MissingStartDate", "MissingStartDate", json!({}));
    let denied = "ListLogFilesPermissionDenied";
    check(list(json!({"organization": NOWHERE, "startDate": EARLY})), denied, denied, json!({}));
    check(list(json!({"pageToken": "v1.x"})), denied, denied, json!({}));
    let denied = "GetLogFileContentPermissionDenied";
    for (organization, id) in [(ACME, "no/such=="), (NOWHERE, &*ids[0])] {
        let command = json!({"do": "content", "organization": organization, "id": id});
        check(command, denied, denied, json!({"organizationRid": organization, "logFileId": id}));
    }
    let command = list(json!({"startDate": EARLY, "pageSize": 0}));
    check(command, "BadRequestError", "InvalidPageSize", json!({"pageSize": 0}));
    let command = list(json!({"startDate": EARLY, "endDate": "2019-12-31"}));
    check(command, "BadRequestError", "Default:InvalidArgument", json!({"endDate": "2019-12-31"}));
    let mut stranger = Sdk::start(&server, &["no-such-token"]);
    let answer = stranger.ask(list(json!({"startDate": EARLY})));
    assert_eq!(answer["error"], "UnauthorizedError", "{answer}");
    // A client that signed out has no token any more, and one that was revoked gets none.
    let token = sdk.ask(json!({"do": "signOut"}))["token"].as_str().unwrap().to_owned();
    let path = format!("/api/v2/audit/organizations/{ACME}/logFiles?startDate={EARLY}");
    assert_eq!(get(&server, &token, &path).0, 401);
    assert_eq!(sdk.list(json!({"startDate": EARLY})).0, ids);
    let listed = server.indelible(&["client", "list", "--organization", ACME, "--format", "json"]);
    assert!(listed.out.contains(&id) && !listed.out.contains(&secret), "{}", listed.out);
    assert_eq!(server.indelible(&["client", "revoke", &id]).code, 0);
    assert_eq!(server.indelible(&["client", "revoke", &id]).code, 2);
    assert_eq!(sdk.ask(list(json!({"startDate": EARLY})))["error"], "UnauthorizedError");
    // The SDK has no type for a client that gets no token.
    let answer = Sdk::start(&server, &[&id, &secret]).ask(list(json!({"startDate": EARLY})));
    assert!(answer["text"].as_str().unwrap().contains("401 Unauthorized"), "{answer}");
}

/// Status and body of a request with this token.
fn get(server: &Server, token: &str, path: &str) -> (u16, String) {
    let client = Client { url: server.url.clone(), token: token.to_owned() };
    let (status, body) = fetch(client.request(Method::GET, path));
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[test]
fn what_is_anothers_answers_byte_for_byte_as_what_does_not_exist() {
    let server = Server::start();
    let of_beta = json!({"organizations": [{"id": BETA, "reason": "x"}]});
    emit(&server, &[event(1, json!({})), event(2, of_beta)]);
    server.seal();
    let token_of = |organization: &str| {
        let operations = ["--operations", "audit-export:view"];
        let answer =
            server.indelible(&[&["token", "create", "--organization", organization], &operations[..]].concat());
        answer.out.trim().to_owned()
    };
    let (acme, beta) = (token_of(ACME), token_of(BETA));
    let listing = |organization: &str| format!("/api/v2/audit/organizations/{organization}/logFiles");
    let page = |token: &str, organization: &str| {
        let (status, body) = get(&server, token, &format!("{}?startDate={EARLY}", listing(organization)));
        assert_eq!(status, 200, "{body}");
        let page: Value = serde_json::from_str(&body).unwrap();
        (page["data"][0]["id"].as_str().unwrap().to_owned(), page["nextPageToken"].as_str().unwrap().to_owned())
    };
    let ((id, _), (foreign_id, foreign_token)) = (page(&acme, ACME), page(&beta, BETA));
    // Without what is of this one answer alone, or was said in the question.
    let plain = |(status, body): (u16, String), asked: &[&str]| {
        let parsed: Value = serde_json::from_str(&body).unwrap();
        let mut text = body.replace(parsed["errorInstanceId"].as_str().unwrap(), "INSTANCE");
        asked.iter().for_each(|asked| text = text.replace(asked, "ASKED"));
        (status, text)
    };
    let check_list = |organization: &str, query: &str| {
        plain(get(&server, &acme, &format!("{}?{query}", listing(organization))), &[organization])
    };
    let nothing = check_list(NOWHERE, "startDate=2020-01-01");
    assert_eq!(nothing.0, 403);
    assert!(nothing.1.contains(r#""errorName":"ListLogFilesPermissionDenied""#), "{}", nothing.1);
    for query in ["startDate=2020-01-01", "", "startDate=x", &format!("pageToken={foreign_token}"), "pageSize=0"] {
        assert_eq!(check_list(BETA, query), nothing, "{query}");
        assert_eq!(check_list("acme", query), nothing, "{query}");
    }
    let made_up = format!("v1.{}", "A".repeat(foreign_token.len() - 3));
    for token in [&*foreign_token, &made_up, "v1.", "x", "", &format!("v1.{id}")] {
        assert_eq!(check_list(ACME, &format!("pageToken={token}")), nothing, "{token}");
    }
    let check_content = |organization: &str, id: &str| {
        let path = format!("{}/{id}/content", listing(organization));
        plain(get(&server, &acme, &path), &[organization, id])
    };
    let nothing = check_content(NOWHERE, &"A".repeat(id.len()));
    assert_eq!(nothing.0, 403);
    assert!(nothing.1.contains(r#""errorName":"GetLogFileContentPermissionDenied""#), "{}", nothing.1);
    let altered = format!("{}{}", &id[..id.len() - 1], if id.ends_with('A') { 'E' } else { 'A' });
    for (organization, id) in
        [(BETA, &*foreign_id), (BETA, &id), (ACME, &foreign_id), (ACME, &altered), (ACME, "x"), (NOWHERE, &id)]
    {
        assert_eq!(check_content(organization, id), nothing, "{organization} {id}");
    }
    assert_eq!(get(&server, &acme, &format!("{}/{id}/content", listing(ACME))).0, 200);
    // A token for something else reads no log files.
    let other = server.indelible(&["token", "create", "--organization", ACME, "--operations", "audit:search"]);
    assert_eq!(get(&server, other.out.trim(), &format!("{}?startDate={EARLY}", listing(ACME))).0, 403);
}

#[test]
fn clients_get_tokens_as_the_standard_has_it() {
    let server = Server::start();
    server.indelible(&["organization", "create", ACME]);
    let (id, secret) = create_client(&server, ACME);
    let post = |page: &str, basic: Option<(&str, &str)>, form: &str| {
        let url = format!("{}/multipass/api/oauth2/{page}", server.url);
        let mut request = reqwest::Client::new().post(url).body(form.to_owned());
        request = request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        if let Some((id, secret)) = basic {
            request = request.basic_auth(id, Some(secret));
        }
        let (status, body) = fetch(request);
        (status, serde_json::from_slice::<Value>(&body).unwrap_or_default())
    };
    let own = Some((&*id, &*secret));
    let grant = "grant_type=client_credentials";
    let in_form = format!("{grant}&client_id={id}&client_secret={secret}");
    let path = format!("/api/v2/audit/organizations/{ACME}/logFiles?startDate={EARLY}");
    let granted = |basic: Option<(&str, &str)>, form: &str, scope: &str, may_list: bool| {
        let (status, answer) = post("token", basic, form);
        assert_eq!((status, &answer["token_type"], &answer["expires_in"]), (200, &json!("Bearer"), &json!(3600)));
        assert_eq!(answer["scope"], scope, "{form}");
        let token = answer["access_token"].as_str().unwrap().to_owned();
        assert_eq!(get(&server, &token, &path).0, if may_list { 200 } else { 403 }, "{form}");
        token
    };
    granted(own, grant, "api:audit-read", true);
    granted(None, &in_form, "api:audit-read", true);
    granted(own, &format!("{grant}&scope=offline_access"), "", false);
    let token = granted(own, &format!("{grant}&scope=api%3Aaudit-read+offline_access"), "api:audit-read", true);
    for (basic, form, expected) in [
        (None, grant, (401, "invalid_client")),
        (Some((&*id, "x")), grant, (401, "invalid_client")),
        (Some(("x", &*secret)), grant, (401, "invalid_client")),
        (own, &*in_form, (400, "invalid_request")),
        (own, "", (400, "invalid_request")),
        (own, "grant_type=client_credentials&grant_type=client_credentials", (400, "invalid_request")),
        (own, "grant_type=password", (400, "unsupported_grant_type")),
        (own, "grant_type=client_credentials&scope=api:everything", (400, "invalid_scope")),
    ] {
        let (status, answer) = post("token", basic, form);
        assert_eq!((status, answer["error"].as_str()), (expected.0, Some(expected.1)), "{form}: {answer}");
    }
    // Somebody else's client ends no token of this one, and does not learn of it.
    let (other, other_secret) = create_client(&server, ACME);
    assert_eq!(post("revoke_token", Some((&other, &other_secret)), &format!("token={token}")).0, 200);
    assert_eq!(get(&server, &token, &path).0, 200);
    assert_eq!(post("revoke_token", Some((&id, "x")), &format!("token={token}")).0, 401);
    assert_eq!(post("revoke_token", own, "").0, 400);
    assert_eq!(post("revoke_token", own, &format!("token={token}&token_type_hint=access_token")).0, 200);
    assert_eq!(get(&server, &token, &path).0, 401);
    assert_eq!(post("revoke_token", own, &format!("token={token}")).0, 200);
    // The secret is no token, and is not found in the database.
    assert_eq!(get(&server, &secret, &path).0, 401);
}
