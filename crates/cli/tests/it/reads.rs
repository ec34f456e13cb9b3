//! Reading leaves a trace: what the server says of itself in the logs of those who are read.

use std::path::PathBuf;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{Client, Server, event, eventually, fetch};

const ACME: &str = "ri.indelible..organization.acme";
const BETA: &str = "ri.indelible..organization.beta";
/// A word that only the caller says.
const WORD: &str = "whistleblower";

fn emit(server: &Server, number: u64, organization: &str) {
    let one = event(number, json!({"organizations": [{"id": organization, "reason": "test"}]}));
    assert_eq!(server.post(&[], serde_json::to_vec(&one).unwrap()).0, 200);
}

/// A token for ACME.
fn reader(server: &Server, operations: &str) -> Client {
    let answer = server.indelible(&["token", "create", "--organization", ACME, "--operations", operations]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    Client { url: server.url.clone(), token: answer.out.trim().to_owned() }
}

/// The server's own events in the log of `organization` that are not of the administrator, as rows of name, categories and all of it.
fn traces(server: &Server, organization: &str) -> Vec<(String, Vec<String>, Value)> {
    let query = "product:indelible -uid:administrator";
    let options = ["--organization", organization, "--oldest", "--format", "json"];
    let answer = server.indelible(&[&["search", query], &options[..]].concat());
    let mut rows: Vec<Value> = answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    rows.sort_by_key(|row| row["seq"].as_u64());
    let row = |row: Value| {
        let categories = row["categories"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
        (row["name"].as_str().unwrap().to_owned(), categories.collect(), row)
    };
    rows.into_iter().map(row).collect()
}

/// A client with a token, and what it finds out about the log.
struct Walk {
    caller: Client,
    client: (String, String),
    label: String,
    log_file: String,
    access_token: String,
    /// Id of a token that nobody needs.
    spare_token: String,
    /// Id of a certificate that nobody has.
    spare_certificate: String,
    /// Id of a grant that nobody needs.
    spare_grant: String,
    /// Id of what the operator asked ACME for.
    request: String,
    /// Ids of two records in the quarantine of ACME.
    quarantined: Vec<String>,
    /// Where exports may be.
    exports: PathBuf,
}

/// Nobody listens there.
fn sink_settings() -> Value {
    json!({"destination": {"kind": "syslog", "host": "127.0.0.1", "port": 9, "tls": false}})
}

impl Walk {
    /// The request to a route, and the event that it leaves in the log of ACME: its name and categories.
    fn case(&self, method: &str, route: &str) -> (RequestBuilder, Option<(&'static str, &'static [&'static str])>) {
        let get = |path: &str| self.caller.request(Method::GET, path);
        let post = |body: Value| self.caller.request(Method::POST, route).json(&body);
        let form = |text: String| {
            let request = reqwest::Client::new().post(format!("{}{route}", self.caller.url)).body(text);
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            request.basic_auth(&self.client.0, Some(&self.client.1))
        };
        let search = json!({"query": WORD});
        let to = |method, rest: &str, body: Option<Value>| {
            let request = self.caller.request(method, &format!("/api/v1/organizations/{ACME}/{rest}"));
            if let Some(body) = body { request.json(&body) } else { request }
        };
        match (method, route) {
            ("post", "/api/v1/search") => (post(search), Some(("INDELIBLE_SEARCH", &["dataSearch"]))),
            ("post", "/api/v1/search/count") => (post(search), Some(("INDELIBLE_COUNT", &["dataSearch"]))),
            ("post", "/api/v1/sql") => {
                let query = format!("select count(*) from events where uid = '{WORD}'");
                (post(json!({"query": query})), Some(("INDELIBLE_SQL", &["dataSearch"])))
            }
            ("get", "/api/v1/entries/{logEntryId}") => {
                let path = "/api/v1/entries/10000000-0000-4000-8000-000000000001";
                (get(path), Some(("INDELIBLE_GET_ENTRY", &["dataLoad"])))
            }
            ("post", "/api/v1/bundles") => {
                let body = json!({"organization": ACME, "query": WORD});
                (post(body), Some(("INDELIBLE_CREATE_BUNDLE", &["dataExport", "dataSearch"])))
            }
            ("get", "/api/v1/accounting") => (get(route), Some(("INDELIBLE_ACCOUNTING", &["metaDataAccess"]))),
            ("get", "/api/v2/audit/organizations/{organizationRid}/logFiles") => {
                let path = format!("/api/v2/audit/organizations/{ACME}/logFiles?startDate=2020-01-01");
                (get(&path), Some(("INDELIBLE_LIST_LOG_FILES", &["metaDataSearch"])))
            }
            ("get", "/api/v2/audit/organizations/{organizationRid}/logFiles/{logFileId}/content") => {
                let path = format!("/api/v2/audit/organizations/{ACME}/logFiles/{}/content", self.log_file);
                (get(&path), Some(("INDELIBLE_GET_LOG_FILE_CONTENT", &["dataExport"])))
            }
            ("post", "/api/v1/tokens") => {
                let body = json!({"name": "x", "organization": ACME, "operations": ["audit:search"]});
                (post(body), Some(("INDELIBLE_CREATE_TOKEN", &["tokenGeneration"])))
            }
            ("post", "/api/v1/clients") => {
                let body = json!({"name": "x", "organization": ACME, "operations": ["audit-export:view"]});
                let categories = &["managementPermissions", "managementUsers", "secretCreate"];
                (post(body), Some(("INDELIBLE_CREATE_CLIENT", categories)))
            }
            ("delete", "/api/v1/clients/{clientId}") => {
                let path = format!("/api/v1/clients/{}", self.client.0);
                let request = self.caller.request(Method::DELETE, &path);
                (request, Some(("INDELIBLE_REVOKE_CLIENT", &["managementUsers", "secretDeprecate"])))
            }
            ("post", "/multipass/api/oauth2/token") => {
                let request = form("grant_type=client_credentials".to_owned());
                (request, Some(("INDELIBLE_CREATE_ACCESS_TOKEN", &["tokenGeneration"])))
            }
            ("post", "/multipass/api/oauth2/revoke_token") => {
                let request = form(format!("token={}", self.access_token));
                (request, Some(("INDELIBLE_REVOKE_ACCESS_TOKEN", &["tokenRevoke"])))
            }
            ("post", "/api/v1/organizations/{organization}/exports") => {
                let body = json!({"name": "new", "destination": self.exports.join("new")});
                (to(Method::POST, "exports", Some(body)), Some(("INDELIBLE_CREATE_EXPORT", &["appConfigCreate"])))
            }
            ("post", "/api/v1/organizations/{organization}/exports/{name}/disable") => {
                let request = to(Method::POST, "exports/lake/disable", None);
                (request, Some(("INDELIBLE_DISABLE_EXPORT", &["appConfigDelete"])))
            }
            ("post", "/api/v1/organizations/{rid}/sinks") => {
                let body = json!({"name": "new", "settings": sink_settings()});
                (to(Method::POST, "sinks", Some(body)), Some(("INDELIBLE_CREATE_SINK", &["appConfigCreate"])))
            }
            ("patch", "/api/v1/organizations/{rid}/sinks/{name}") => {
                let request = to(Method::PATCH, "sinks/siem", Some(json!({"enabled": true})));
                (request, Some(("INDELIBLE_ENABLE_SINK", &["appConfigUpdate"])))
            }
            ("post", "/api/v1/organizations/{rid}/sinks/{name}/test") => {
                (to(Method::POST, "sinks/siem/test", None), Some(("INDELIBLE_TEST_SINK", &["appConfigUpdate"])))
            }
            ("post", "/api/v1/organizations/{rid}/sinks/{name}/backfill") => {
                let request = to(Method::POST, "sinks/siem/backfill", Some(json!({"from": "1d"})));
                (request, Some(("INDELIBLE_BACKFILL_SINK", &["appConfigUpdate"])))
            }
            ("post", "/api/v1/organizations/{rid}/sinks/{name}/dead-letters/replay") => {
                let request = to(Method::POST, "sinks/siem/dead-letters/replay", None);
                (request, Some(("INDELIBLE_REPLAY_DEAD_LETTERS", &["appConfigUpdate"])))
            }
            ("delete", "/api/v1/organizations/{rid}/sinks/{name}/dead-letters") => {
                let request = to(Method::DELETE, "sinks/siem/dead-letters", None);
                (request, Some(("INDELIBLE_DISCARD_DEAD_LETTERS", &["appConfigUpdate"])))
            }
            ("delete", "/api/v1/organizations/{rid}/sinks/{name}") => {
                let request = to(Method::DELETE, "sinks/short-lived", None);
                (request, Some(("INDELIBLE_DELETE_SINK", &["appConfigDelete"])))
            }
            ("get", "/api/v1/organizations/{organization}/quarantine") => {
                (to(Method::GET, "quarantine", None), Some(("INDELIBLE_LIST_QUARANTINE", &["metaDataSearch"])))
            }
            ("get", "/api/v1/organizations/{organization}/quarantine/{recordId}") => {
                let request = to(Method::GET, &format!("quarantine/{}", self.quarantined[0]), None);
                (request, Some(("INDELIBLE_GET_QUARANTINED", &["dataLoad"])))
            }
            ("post", "/api/v1/organizations/{organization}/quarantine/replay") => {
                let body = json!({"select": {"ids": [self.quarantined[0]]}});
                let request = to(Method::POST, "quarantine/replay", Some(body));
                (request, Some(("INDELIBLE_REPLAY_QUARANTINED", &["appConfigUpdate"])))
            }
            ("post", "/api/v1/organizations/{organization}/quarantine/dismiss") => {
                let request = to(Method::POST, "quarantine/dismiss", Some(json!({"ids": [self.quarantined[1]]})));
                (request, Some(("INDELIBLE_DISMISS_QUARANTINED", &["appConfigDelete"])))
            }
            ("put", "/api/v1/organizations/{organization}/retention") => {
                let request = to(Method::PUT, "retention", Some(json!({"days": 3650})));
                (request, Some(("INDELIBLE_SET_RETENTION", &["appConfigUpdate"])))
            }
            ("get", "/api/v1/organizations/{organization}/retention") => (to(Method::GET, "retention", None), None),
            ("put", "/api/v1/organizations/{organization}/encryption") => {
                (to(Method::PUT, "encryption", None), Some(("INDELIBLE_ENCRYPT", &["appConfigUpdate"])))
            }
            ("post", "/api/v1/organizations/{organization}/encryption/erase") => {
                let request = to(Method::POST, "encryption/erase", Some(json!({"reason": "test", "yes": true})));
                (request, Some(("INDELIBLE_ERASE_KEY", &["auditDataRedact"])))
            }
            ("get", "/api/v1/organizations/{organization}/redactions") => (to(Method::GET, "redactions", None), None),
            ("post", "/api/v1/organizations/{organization}/redactions") => {
                let body = json!({"entries": [{"first": 1, "last": 1}], "reason": "test"});
                (
                    to(Method::POST, "redactions", Some(body)),
                    Some(("INDELIBLE_CREATE_REQUEST", &["requestCreate", "userJustify"])),
                )
            }
            ("get", "/api/v1/organizations/{organization}/encryption") => (to(Method::GET, "encryption", None), None),
            ("get", "/api/v1/organizations/{organization}/exports") => (to(Method::GET, "exports", None), None),
            ("get", "/api/v1/organizations/{organization}/exports/{name}") => {
                (to(Method::GET, "exports/lake", None), None)
            }
            ("get", "/api/v1/organizations/{rid}/sinks") => (to(Method::GET, "sinks", None), None),
            ("get", "/api/v1/organizations/{rid}/sinks/{name}") => (to(Method::GET, "sinks/siem", None), None),
            ("get", "/api/v1/organizations/{rid}/sinks/{name}/dead-letters") => {
                (to(Method::GET, "sinks/siem/dead-letters", None), None)
            }
            // What comes by other systems' protocols is its own trace too.
            ("post", "/v1/logs" | "/v1/audit") => (post(json!({"resourceLogs": []})), None),
            ("post", "/services/collector/event") => {
                (post(json!({"event": event(8, json!({"organizations": null}))})), None)
            }
            ("post", "/services/collector/raw") => (post(event(8, json!({"organizations": null}))), None),
            ("post", "/services/collector/ack") => {
                let path = format!("{route}?channel=00000000-0000-4000-8000-000000000001");
                (self.caller.request(Method::POST, &path).json(&json!({"acks": [1]})), None)
            }
            ("post", "/_bulk" | "/{index}/_bulk") => {
                let request = self.caller.request(Method::POST, &route.replace("{index}", "audit"));
                let document = event(9, json!({"organizations": null}));
                (request.body(format!("{{\"create\":{{\"_index\":\"audit\"}}}}\n{document}\n")), None)
            }
            ("post", "/receive/kubernetes") => {
                (post(json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": []})), None)
            }
            ("get", "/services/collector/health" | "/_cluster/health" | "/_license") => (get(route), None),
            ("post", "/api/v1/quarantine") => {
                (post(json!({"code": "noTime", "message": "m", "occurrence": 0, "record": "eA=="})), None)
            }
            // Events are their own trace; the rest shows no audit data: hashes, sizes and names.
            ("post", "/api/v1/events") => (post(event(7, json!({"organizations": null}))), None),
            ("get", "/api/v1/tokens") => (get(&format!("/api/v1/tokens?organization={ACME}")), None),
            ("delete", "/api/v1/tokens/{tokenId}") => {
                let request = self.caller.request(Method::DELETE, &format!("/api/v1/tokens/{}", self.spare_token));
                (request, Some(("INDELIBLE_REVOKE_TOKEN", &["tokenRevoke"])))
            }
            ("get", "/api/v1/certificates") => (get(&format!("/api/v1/certificates?organization={ACME}")), None),
            ("delete", "/api/v1/certificates/{certificateId}") => {
                let request =
                    self.caller.request(Method::DELETE, &format!("/api/v1/certificates/{}", self.spare_certificate));
                (request, Some(("INDELIBLE_REVOKE_CERTIFICATE", &["managementUsers"])))
            }
            ("get", "/api/v1/clients") => (get(&format!("/api/v1/clients?organization={ACME}")), None),
            ("get", "/log/{label}/{generation}/checkpoint") => {
                (get(&format!("/log/{}/1/checkpoint", self.label)), None)
            }
            ("get", "/log/{label}/{generation}/tile/{tile}") => {
                (get(&format!("/log/{}/1/tile/0/000.p/1", self.label)), None)
            }
            ("get", "/platform/{generation}/checkpoint") => (get("/platform/1/checkpoint"), None),
            ("get", "/platform/{generation}/tile/{tile}") => (get("/platform/1/tile/0/000.p/1"), None),
            ("get", "/api/v1/checkpoints" | "/api/v1/keys" | "/api/v1/policy" | "/api/v1/archive")
            | ("get", "/api/v1/alarms" | "/api/v1/organizations" | "/healthz" | "/readyz" | "/metrics") => {
                (get(route), None)
            }
            ("get", "/api/v1/archive/log-files") => {
                (get(&format!("/api/v1/archive/log-files?organization={ACME}")), None)
            }
            ("post", "/api/v1/grants") => {
                let body = json!({"grantee": "group:corp/staff", "organization": ACME, "role": "analyst"});
                (post(body), Some(("INDELIBLE_CREATE_GRANT", &["managementPermissions"])))
            }
            ("delete", "/api/v1/grants/{grantId}") => {
                let request = self.caller.request(Method::DELETE, &format!("/api/v1/grants/{}", self.spare_grant));
                (request, Some(("INDELIBLE_REMOVE_GRANT", &["managementPermissions"])))
            }
            ("get", "/api/v1/grants" | "/api/v1/people") => (get(&format!("{route}?organization={ACME}")), None),
            ("get", "/api/v1/me" | "/auth/ways") => (get(route), None),
            // Signing in and out has tests of its own: a token does neither, and has no password to set.
            ("get", "/auth/sign-in/{provider}" | "/auth/callback/{provider}") => {
                (get(&route.replace("{provider}", "corp")), None)
            }
            ("post", "/auth/local") => (post(json!({"name": "administrator", "password": "x"})), None),
            ("post", "/auth/sign-out" | "/auth/sign-out-everywhere") => (post(json!({})), None),
            ("put", "/api/v1/administrator/password") => {
                (self.caller.request(Method::PUT, route).json(&json!({"password": "correct horse battery"})), None)
            }
            // By one person nothing is decided, and somebody else's investigation is not there.
            ("get", "/api/v1/requests") => (get(route), None),
            ("get", "/api/v1/organizations/{organization}/requests") => (to(Method::GET, "requests", None), None),
            ("get", "/api/v1/requests/{requestId}") => (get(&route.replace("{requestId}", &self.request)), None),
            ("post", "/api/v1/requests/{requestId}/approve" | "/api/v1/requests/{requestId}/refuse") => {
                (self.caller.request(Method::POST, &route.replace("{requestId}", &self.request)), None)
            }
            ("post", "/api/v1/requests/{requestId}/withdraw") => {
                let request = self.caller.request(Method::POST, &route.replace("{requestId}", &self.request));
                (request, Some(("INDELIBLE_WITHDRAW_REQUEST", &["requestCancel"])))
            }
            (
                "post",
                "/api/v1/investigations/{requestId}/search"
                | "/api/v1/investigations/{requestId}/search/count"
                | "/api/v1/investigations/{requestId}/sql",
            ) => {
                let path = route.replace("{requestId}", &self.request);
                (self.caller.request(Method::POST, &path).json(&json!({"query": WORD})), None)
            }
            ("get", "/api/v1/investigations/{requestId}/entries/{logEntryId}") => {
                (get(&route.replace("{requestId}", &self.request).replace("{logEntryId}", "x")), None)
            }
            ("post", "/api/v1/investigations") => {
                (post(json!({"organization": ACME, "reason": "x", "ticket": "x", "hours": 1})), None)
            }
            ("put", "/api/v1/organizations/{organization}/operator-view") => {
                let request = to(Method::PUT, "operator-view", Some(json!({"pseudonyms": true})));
                (request, Some(("INDELIBLE_SET_OPERATOR_VIEW", &["appConfigUpdate"])))
            }
            ("get", "/api/v1/organizations/{organization}/operator-view") => {
                (to(Method::GET, "operator-view", None), None)
            }
            ("post", "/api/v1/operator/search" | "/api/v1/operator/search/count" | "/api/v1/operator/sql") => {
                (post(json!({"query": ""})), None)
            }
            ("get", "/api/v1/operator/organizations" | "/api/v1/operator/quarantine") => (get(route), None),
            ("get", "/api/v1/operator/entries/{logEntryId}") => (get("/api/v1/operator/entries/x"), None),
            // The operator's: refused here.
            ("post", "/api/v1/archive/seal" | "/api/v1/archive/verify") => (post(json!({})), None),
            ("post", "/api/v1/organizations") => (post(json!({"organization": BETA})), None),
            ("post", "/api/v1/certificates") => {
                (post(json!({"subject": "x.test", "organization": ACME, "operations": ["audit:emit"]})), None)
            }
            _ => panic!("{method} {route} has no case here: does it read audit data?"),
        }
    }
}

#[test]
fn each_request_that_reads_leaves_one_event_in_the_log_it_reads() {
    let folder = tempfile::tempdir().unwrap();
    let server =
        Server::start_configured(&folder.path().join("data"), "four-eyes = false\n[sinks]\nhosts = ['127.0.0.1']\n");
    (0..3).for_each(|number| emit(&server, number, ACME));
    emit(&server, 9, BETA);
    server.seal();
    let operations = "audit:emit,audit:search,audit:sql,audit:verify,audit-export:view,\
                      audit-export:orchestrate-v3,audit-sink:administer,organization:administer";
    let caller = reader(&server, operations);
    let json = |request: RequestBuilder| serde_json::from_slice::<Value>(&fetch(request).1).unwrap();
    let body = json!({"name": "siem", "organization": ACME, "operations": ["audit-export:view"]});
    let created = json(server.request(Method::POST, "/api/v1/clients").json(&body));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let client = (text(&created["clientId"]), text(&created["clientSecret"]));
    let checkpoint = server.indelible(&["checkpoint", "--organization", ACME]).out;
    let label = checkpoint.lines().next().unwrap().rsplit('/').nth(1).unwrap().to_owned();
    let exports = server.archive().with_file_name("exports");
    let make = |what: &str, body: Value| {
        let request = server.request(Method::POST, &format!("/api/v1/organizations/{ACME}/{what}"));
        assert_eq!(fetch(request.json(&body)).0, 201, "{body}");
    };
    make("exports", json!({"name": "lake", "destination": exports.join("lake")}));
    for name in ["siem", "short-lived"] {
        make("sinks", json!({"name": name, "settings": sink_settings()}));
    }
    let spare = ["token", "create", "--organization", ACME, "--operations", "audit:emit", "--name", "spare"];
    assert_eq!(server.indelible(&spare).code, 0);
    let tokens = json(server.request(Method::GET, &format!("/api/v1/tokens?organization={ACME}")));
    let spare = tokens.as_array().unwrap().iter().find(|token| token["name"] == "spare").unwrap();
    let spare_certificate =
        ["certificate", "create", "--organization", ACME, "--operations", "audit:emit", "--subject", "spare.test"];
    let spare_certificate = server.indelible(&spare_certificate).out.trim().to_owned();
    let (log_file, access_token, spare_token) = (String::new(), String::new(), text(&spare["tokenId"]));
    let operator = ["token", "create", "--organization", "*", "--operations", "operator:investigate"];
    let operator = Client { url: server.url.clone(), token: server.indelible(&operator).out.trim().to_owned() };
    let asked = ["--organization", ACME, "--reason", "why", "--ticket", "T-1"];
    let asked = operator.indelible(&[&["investigation", "create"], &asked[..]].concat());
    assert_eq!(asked.code, 0, "{}", asked.err);
    let request = asked.out.trim().to_owned();
    let spare = ["grant", "create", "--to", "group:corp/spare", "--organization", ACME, "--role", "reviewer"];
    let spare_grant = server.indelible(&spare).out.trim().to_owned();
    // What is no event, by somebody who has no adapter for it.
    for record in ["one", "two"] {
        let request = caller.request(Method::POST, "/services/collector/event");
        assert_eq!(fetch(request.json(&json!({"event": record}))).0, 200);
    }
    let waiting = server.get(&format!("/api/v1/organizations/{ACME}/quarantine")).1;
    let quarantined = waiting.as_array().unwrap().iter().map(|record| text(&record["id"])).collect();
    let mut walk = Walk {
        caller,
        client,
        label,
        log_file,
        access_token,
        spare_token,
        spare_certificate,
        spare_grant,
        request,
        quarantined,
        exports,
    };
    let list = walk.case("get", "/api/v2/audit/organizations/{organizationRid}/logFiles").0;
    walk.log_file = text(&json(list)["data"][0]["id"]);
    walk.access_token = text(&json(walk.case("post", "/multipass/api/oauth2/token").0)["access_token"]);
    let contract = server.get("/api/openapi.json").1;
    let paths = contract["paths"].as_object().unwrap();
    let mut routes: Vec<(&str, &str)> = paths
        .iter()
        .flat_map(|(route, methods)| methods.as_object().unwrap().keys().map(move |method| (&**method, &**route)))
        .collect();
    // The client is needed until then.
    routes.sort_by_key(|(method, _)| *method == "delete");
    let mut seen = traces(&server, ACME).len();
    for (method, route) in routes {
        let (request, expected) = walk.case(method, route);
        let (status, body) = fetch(request);
        let operators =
            method == "post" && route.starts_with("/api/v1/archive/") || route.starts_with("/api/v1/operator/");
        let operators = operators || (method, route) == ("post", "/api/v1/certificates");
        let investigates = route.starts_with("/api/v1/investigations");
        let decides = route.ends_with("/approve") || route.ends_with("/refuse");
        let signs_in = route.starts_with("/auth/") && route != "/auth/ways" || route.ends_with("/password");
        let may = !operators
            && !investigates
            && !decides
            && !signs_in
            && (method, route) != ("post", "/api/v1/organizations");
        assert_eq!(status < 300, may, "{method} {route}: {}", String::from_utf8_lossy(&body));
        let new = traces(&server, ACME).split_off(seen);
        let found: Vec<(&str, Vec<&str>)> =
            new.iter().map(|(name, of, _)| (&**name, of.iter().map(String::as_str).collect())).collect();
        let expected: Vec<_> = expected.into_iter().map(|(name, of)| (name, of.to_vec())).collect();
        assert_eq!(found, expected, "{method} {route}");
        for (_, _, event) in &new {
            assert_eq!((&event["result"], &event["product"]), (&json!("SUCCESS"), &json!("indelible")), "{event}");
            assert_eq!((&event["origins"], &event["sourceOrigin"]), (&json!(["127.0.0.1"]), &json!("127.0.0.1")));
            assert!(event["uid"].is_string() && !event.to_string().contains("indelible_"), "no secrets: {event}");
        }
        seen += new.len();
    }
    let of_beta = traces(&server, BETA);
    assert!(of_beta.is_empty(), "nobody but the administrator read it: {of_beta:?}");
}

#[test]
fn a_read_finds_the_traces_of_those_before_and_not_its_own() {
    let server = Server::start();
    emit(&server, 1, ACME);
    emit(&server, 2, BETA);
    for before in 0..3 {
        assert_eq!(server.count(WORD), 2 * before, "in both logs, since the administrator reads both");
    }
    let rows = server.sql(
        "select logEntryId, organization, uid, requestFields from events where name = 'INDELIBLE_COUNT' order by seq",
    );
    assert_eq!(rows.len(), 6);
    for row in &rows {
        assert_eq!(row["uid"], "administrator");
        let other = if row["organization"] == ACME { BETA } else { ACME };
        assert!(!row["requestFields"].to_string().contains(other), "{row}");
    }
    // What was looked for stands in the content part, which the operator does not see.
    let id = rows[0]["logEntryId"].as_str().unwrap();
    let (_, proof) = server.get(&format!("/api/v1/entries/{id}?organization={ACME}"));
    let part = |name: &str| proof[name].as_str().unwrap().to_owned();
    assert!(part("content").contains(WORD) && !part("infrastructure").contains(WORD), "{proof}");
    assert!(part("infrastructure").contains(r#""intake":{"producer":"indelible","source":"server"}"#), "{proof}");
    // A query that fails was asked all the same; one that nobody may ask reads nothing.
    assert_eq!(server.indelible(&["sql", "select nothing from events"]).code, 2);
    let failed = server.sql("select result from events where name = 'INDELIBLE_SQL' and result <> 'SUCCESS'");
    assert_eq!(failed, [json!({"result": "ERROR"}), json!({"result": "ERROR"})]);
    let stranger = reader(&server, "audit:emit");
    assert_eq!(stranger.indelible(&["search", WORD]).code, 2);
    let names: Vec<String> = traces(&server, ACME).into_iter().map(|(name, ..)| name).collect();
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn an_answer_that_cannot_be_recorded_is_not_given() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("data");
    // After the first event nothing more may come in for a quarter of an hour.
    let server = Server::start_configured(&folder, "[journal]\norganization-bytes-per-second = 1\n");
    emit(&server, 1, ACME);
    server.seal();
    let listing = format!("/api/v2/audit/organizations/{ACME}/logFiles?startDate=2020-01-01");
    for (method, path, body) in [
        (Method::POST, "/api/v1/search", json!({"query": ""})),
        (Method::POST, "/api/v1/search/count", json!({"query": ""})),
        (Method::POST, "/api/v1/sql", json!({"query": "select 1"})),
        (Method::POST, "/api/v1/bundles", json!({"organization": ACME})),
        (Method::GET, "/api/v1/entries/10000000-0000-4000-8000-000000000001", json!({})),
        (Method::GET, "/api/v1/accounting", json!({})),
        (Method::GET, &*listing, json!({})),
        (Method::POST, "/api/v1/tokens", json!({"name": "x", "organization": ACME, "operations": ["audit:search"]})),
    ] {
        let (status, answer) = fetch(server.request(method, path).json(&body));
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert_eq!(status, 429, "{path}: {answer}");
        assert!(answer.contains("organizationBusy") || answer.contains("TOO_MANY_REQUESTS"), "{answer}");
    }
    server.stop();
    let server = Server::start_configured(&folder, "");
    assert_eq!(server.count(""), 1);
}

#[test]
fn an_idle_organization_that_is_polled_gains_a_count_and_no_more() {
    // After the genesis entry, the client and its token.
    const EVENT_SEQ: u64 = 3;
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("data");
    // An hour takes three seconds, and what is awaited is sealed after one.
    let server = Server::start_configured(&folder, "empty-polls-seconds = 3\n[archive]\nage-seconds = 1\n");
    let body = json!({"organization": ACME});
    fetch(server.request(Method::POST, "/api/v1/organizations").json(&body));
    let body = json!({"name": "siem", "organization": ACME, "operations": ["audit-export:view"]});
    let (_, client) = fetch(server.request(Method::POST, "/api/v1/clients").json(&body));
    let client: Value = serde_json::from_slice(&client).unwrap();
    let form = reqwest::Client::new().post(format!("{}/multipass/api/oauth2/token", server.url));
    let form = form.basic_auth(client["clientId"].as_str().unwrap(), client["clientSecret"].as_str());
    let form = form.header("content-type", "application/x-www-form-urlencoded").body("grant_type=client_credentials");
    let (_, token) = fetch(form);
    let token: Value = serde_json::from_slice(&token).unwrap();
    let siem = Client { url: server.url.clone(), token: token["access_token"].as_str().unwrap().to_owned() };
    let listing = format!("/api/v2/audit/organizations/{ACME}/logFiles");
    // An event is sealed without being asked for. What the poller leaves behind itself is no reason to seal again.
    emit(&server, 1, ACME);
    assert_eq!(server.sql("select seq from events where product = 'files'"), [json!({"seq": EVENT_SEQ})]);
    let (mut page_token, empty) = (String::new(), std::cell::Cell::new(0));
    let mut poll = || {
        let query =
            if page_token.is_empty() { "startDate=2020-01-01".into() } else { format!("pageToken={page_token}") };
        let (status, page) = siem.get(&format!("{listing}?{query}"));
        assert_eq!(status, 200, "{page}");
        page_token = page["nextPageToken"].as_str().unwrap().to_owned();
        let ids = page["data"].as_array().unwrap().clone();
        for id in &ids {
            let (status, _) =
                fetch(siem.request(Method::GET, &format!("{listing}/{}/content", id["id"].as_str().unwrap())));
            assert_eq!(status, 200);
        }
        empty.set(empty.get() + u64::from(ids.is_empty()));
        ids.len()
    };
    eventually("the event is archived", || {
        let status = server.get("/api/v1/archive").1;
        status["organizations"][0]["archived"].as_u64() > Some(EVENT_SEQ)
    });
    assert!(poll() > 0);
    let names = || traces(&server, ACME).into_iter().map(|(name, ..)| name).collect::<Vec<_>>();
    let before = names();
    let counts = |names: &[String]| names.iter().filter(|name| *name == "INDELIBLE_POLL_LOG_FILES").count();
    let mut polls = 0;
    eventually("the polls are counted", || {
        assert_eq!(poll(), 0, "nothing new is sealed of the poller's own traces");
        polls += 1;
        counts(&names()) > counts(&before)
    });
    let gained = names().split_off(before.len());
    assert!(polls > 1 && gained.iter().all(|name| name == "INDELIBLE_POLL_LOG_FILES"), "{polls}: {gained:?}");
    // A server that stops writes what it has counted.
    poll();
    server.stop();
    let server = Server::start_configured(&folder, "");
    let told = server.sql(
        "select sum(cast(json_get(resultFields, 'passThroughResponseParams.polls.payload') as bigint)) as polls \
         from events where name = 'INDELIBLE_POLL_LOG_FILES'",
    );
    assert_eq!(told, [json!({"polls": empty.get()})]);
}

#[test]
fn reads_leave_no_trace_where_the_operator_says_so() {
    let scratch = tempfile::tempdir().unwrap();
    let server = Server::start_configured(&scratch.path().join("data"), "audit-reads = false\n");
    emit(&server, 1, ACME);
    assert_eq!((server.count(""), server.count("")), (1, 1));
    assert!(server.log().contains("audit-reads is off"), "{}", server.log());
    // Changes are not reads.
    reader(&server, "audit:search");
    assert_eq!(server.count("category:tokenGeneration"), 1);
}
