//! What one organization learns of another: nothing. Every route of the contract is walked.
//!
//! To name what is another's is answered as to name what does not exist; and what an organization is told of itself is the same,
//! byte for byte, whether the other one is there or not.

use std::collections::{BTreeMap, BTreeSet};

use indelible_testkit::postgresql::PostgreSql;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{Client, Launch, Server, event, fetch};

const ACME: &str = "ri.indelible..organization.acme";
const BETA: &str = "ri.indelible..organization.beta";
/// As long as the other's, so that no answer differs by length alone.
const GHOST: &str = "ri.indelible..organization.gone";
/// All that may be granted on an organization.
const OPERATIONS: &str = "audit:emit,audit:search,audit:sql,audit:verify,audit-export:view,audit-export:orchestrate-v3,\
                          audit-sink:administer,organization:administer";

/// One of each thing that has a name.
#[derive(Clone, Debug)]
struct Things {
    organization: String,
    export: String,
    sink: String,
    entry: String,
    log_file: String,
    token: String,
    client: String,
    request: String,
    grant: String,
    certificate: String,
    quarantined: String,
}

impl Things {
    /// In the form of real ones, and of nobody.
    fn ghosts() -> Self {
        let id = "0123456789abcdef".to_owned();
        Self {
            organization: GHOST.to_owned(),
            export: "gone".to_owned(),
            sink: "gone".to_owned(),
            entry: "10000000-0000-4000-8000-00000000ffff".to_owned(),
            log_file: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            token: id.clone(),
            client: id.clone(),
            request: id.clone(),
            grant: id.clone(),
            certificate: id,
            quarantined: "0123456789abcdef0123456789abcdef".to_owned(),
        }
    }

    /// The answer with each of their names in one form.
    fn masked(&self, body: &[u8]) -> String {
        let mut text = mask(&String::from_utf8_lossy(body));
        let Self { organization, entry, log_file, token, client, request, grant, certificate, quarantined, .. } = self;
        for name in [organization, entry, log_file, token, client, request, grant, certificate, quarantined] {
            text = text.replace(name.as_str(), "NAME");
        }
        text
    }
}

/// A text without what differs from one request to the next: ids of requests, moments, what grows with time while a sink finds no
/// host, and that the tokens of the test itself were used, which is written down once a minute.
fn mask(text: &str) -> String {
    let growing = regex::Regex::new(r#""(lagSeconds|failures)":[0-9.]+"#).unwrap();
    let text = &growing.replace_all(text, "GROWING");
    let moment = regex::Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z").unwrap();
    let request = regex::Regex::new(r#""(requestId|errorInstanceId)":"[^"]*""#).unwrap();
    let text = request.replace_all(&moment.replace_all(text, "MOMENT"), "REQUEST").into_owned();
    text.replace(r#","lastUsed":"MOMENT""#, "")
}

/// Makes one of each in `organization`, whose first event has this number.
fn make(server: &Server, organization: &str, number: u64, name: &str) -> Things {
    let one = event(number, json!({"organizations": [{"id": organization, "reason": "test"}]}));
    assert_eq!(server.post(&[], serde_json::to_vec(&one).unwrap()).0, 200);
    let post = |path: &str, body: Value| -> Value {
        let (status, body) = fetch(server.request(Method::POST, path).json(&body));
        assert!(status < 300, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    };
    let of = |rest: &str| format!("/api/v1/organizations/{organization}/{rest}");
    let export = server.archive().with_file_name("exports").join(format!("{number}"));
    post(&of("exports"), json!({"name": name, "destination": export}));
    post(&of("sinks"), json!({"name": name, "settings": sink()}));
    let granted = json!({"name": "x", "organization": organization, "operations": ["audit-export:view"]});
    post("/api/v1/tokens", granted.clone());
    let client = post("/api/v1/clients", granted)["clientId"].as_str().unwrap().to_owned();
    let grantee = "group:idp/analysts";
    let grant = post("/api/v1/grants", json!({"grantee": grantee, "organization": organization, "role": "analyst"}));
    let subject = format!("{name}.example");
    let certificate = json!({"organization": organization, "operations": ["audit:emit"], "subject": subject});
    let certificate = post("/api/v1/certificates", certificate);
    let emit = json!({"name": "x", "organization": organization, "operations": ["audit:emit"]});
    let sender = post("/api/v1/tokens", emit)["token"].as_str().unwrap().to_owned();
    let sender = Client { url: server.url.clone(), token: sender };
    let refused = sender.request(Method::POST, "/services/collector/event").json(&json!({"event": "no event"}));
    assert_eq!(fetch(refused).0, 200);
    let quarantined = server.get(&of("quarantine")).1;
    server.seal();
    let tokens = server.get(&format!("/api/v1/tokens?organization={organization}")).1;
    let investigator =
        server.indelible(&["token", "create", "--organization", "*", "--operations", "operator:investigate"]);
    let investigator = Client { url: server.url.clone(), token: investigator.out.trim().to_owned() };
    let ask = json!({"organization": organization, "reason": "why", "ticket": "T-1", "hours": 1});
    let asked = fetch(investigator.request(Method::POST, "/api/v1/investigations").json(&ask)).1;
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_else(|| panic!("{value}")).to_owned();
    let files = server.get(&format!("/api/v2/audit/organizations/{organization}/logFiles?startDate=2020-01-01")).1;
    Things {
        organization: organization.to_owned(),
        export: name.to_owned(),
        sink: name.to_owned(),
        entry: format!("10000000-0000-4000-8000-{number:012x}"),
        log_file: text(&files["data"][0], "id"),
        token: text(&tokens[0], "tokenId"),
        client,
        request: text(&serde_json::from_slice(&asked).unwrap(), "requestId"),
        grant: text(&grant, "grantId"),
        certificate: text(&certificate, "certificateId"),
        quarantined: text(&quarantined[0], "id"),
    }
}

fn sink() -> Value {
    json!({"destination": {"kind": "syslog", "host": "siem.example", "port": 9, "tls": false}})
}

/// A route of the contract.
struct Route<'a> {
    method: &'a str,
    path: &'a str,
    operation: &'a Value,
}

fn routes(contract: &Value) -> Vec<Route<'_>> {
    let paths = contract["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap();
        methods.iter().map(move |(method, operation)| Route { method, path, operation })
    });
    all.collect()
}

impl Route<'_> {
    /// Why the route is not for tokens of an organization, or names nothing of one.
    fn is_of_nobody(&self) -> bool {
        let prefixes = ["/log/", "/platform/", "/auth/", "/healthz", "/readyz", "/metrics"];
        // Hashes under labels that only an organization knows, pages for everybody, and other systems' protocols, where the
        // token alone says whose what is sent is.
        let prefixes = prefixes.iter().chain(&["/v1/", "/services/", "/_", "/{index}/", "/receive/"]);
        prefixes.into_iter().any(|prefix| self.path.starts_with(prefix))
    }

    /// Whether an organization is named.
    fn names_organization(&self, things: &Things) -> bool {
        let in_path = ["{organization}", "{rid}", "{organizationRid}"].iter().any(|name| self.path.contains(name));
        let mut parameters = self.operation["parameters"].as_array().into_iter().flatten();
        in_path
            || parameters.any(|parameter| parameter["name"] == "organization")
            || self.body(things).is_some_and(|(_, names)| names)
    }

    /// The request that names `things`; `None` if it names none.
    fn naming(&self, caller: &Client, things: &Things) -> Option<RequestBuilder> {
        let mut path = self.path.to_owned();
        let mut names = false;
        for part in self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            let value = match part {
                "organization" | "rid" | "organizationRid" => &things.organization,
                "name" if self.path.contains("/exports/") => &things.export,
                "name" => &things.sink,
                "logEntryId" => &things.entry,
                "logFileId" => &things.log_file,
                "tokenId" => &things.token,
                "clientId" => &things.client,
                "requestId" => &things.request,
                "grantId" => &things.grant,
                "certificateId" => &things.certificate,
                "recordId" => &things.quarantined,
                other => panic!("{} names {other}: whose is it?", self.path),
            };
            path = path.replace(&format!("{{{part}}}"), value);
            names = true;
        }
        let parameters = self.operation["parameters"].as_array().into_iter().flatten();
        let queries: BTreeSet<&str> = parameters
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        let mut query = Vec::new();
        if queries.contains("organization") {
            query.push(("organization", things.organization.as_str()));
            names = true;
        }
        if queries.contains("startDate") {
            query.push(("startDate", "2020-01-01"));
        }
        let method: Method = self.method.to_uppercase().parse().unwrap();
        if self.path.starts_with("/multipass/") {
            let form = format!("grant_type=client_credentials&client_id={}&client_secret=x&token=x", things.client);
            let request = caller.request(method, &path).body(form);
            return Some(request.header("content-type", "application/x-www-form-urlencoded"));
        }
        let request = caller.request(method, &path).query(&query);
        let Some((body, in_body)) = self.body(things) else { return names.then_some(request) };
        (names || in_body).then(|| request.json(&body))
    }

    /// A body that would do where it is allowed, and whether it names something.
    fn body(&self, things: &Things) -> Option<(Value, bool)> {
        let organization = &things.organization;
        let body = match (self.method, self.path) {
            ("post", "/api/v1/events") => {
                (event(900, json!({"organizations": [{"id": organization, "reason": "x"}]})), true)
            }
            ("post", "/api/v1/quarantine") => {
                (json!({"code": "noTime", "message": "m", "occurrence": 0, "record": "eA=="}), false)
            }
            ("post", path) if path.ends_with("/search") || path.ends_with("/count") => {
                (json!({"query": "*", "organization": organization}), true)
            }
            ("post", path) if path.ends_with("/sql") => {
                (json!({"query": "select * from events order by seq", "organization": organization}), true)
            }
            ("post", "/api/v1/bundles") => (json!({"organization": organization, "logEntryId": things.entry}), true),
            ("post", "/api/v1/tokens" | "/api/v1/clients") => {
                (json!({"name": "x", "organization": organization, "operations": ["audit:search"]}), true)
            }
            ("post", "/api/v1/grants") => {
                (json!({"grantee": "group:idp/all", "organization": organization, "role": "analyst"}), true)
            }
            ("post", "/api/v1/certificates") => {
                (json!({"organization": organization, "operations": ["audit:emit"], "subject": "x.example"}), true)
            }
            ("post", "/api/v1/organizations") => (json!({"organization": organization}), true),
            ("post", "/api/v1/investigations") => {
                (json!({"organization": organization, "reason": "x", "ticket": "x", "hours": 1}), true)
            }
            ("post", path) if path.ends_with("/exports") => (json!({"name": "new", "destination": "/new"}), false),
            ("post", path) if path.ends_with("/sinks") => (json!({"name": "new", "settings": sink()}), false),
            ("patch", path) if path.ends_with("/sinks/{name}") => (json!({"enabled": true}), false),
            ("post", path) if path.ends_with("/backfill") => (json!({"from": "1d"}), false),
            ("post", path) if path.ends_with("/quarantine/replay") => {
                (json!({"select": {"ids": [things.quarantined]}}), true)
            }
            ("post", path) if path.ends_with("/quarantine/dismiss") => (json!({"ids": [things.quarantined]}), true),
            ("put", path) if path.ends_with("/retention") => (json!({"days": 3650}), false),
            ("put", path) if path.ends_with("/operator-view") => (json!({"pseudonyms": true}), false),
            ("put", path) if path.ends_with("/encryption") => (json!({"encrypted": true}), false),
            ("post", path) if path.ends_with("/redactions") => {
                (json!({"entries": [{"first": 1, "last": 1}], "reason": "x"}), false)
            }
            ("post", path) if path.ends_with("/encryption/erase") => (json!({"reason": "x", "yes": true}), false),
            _ if self.operation["requestBody"].is_null() || self.path.starts_with("/multipass/") => return None,
            (_, "/api/v1/administrator/password" | "/api/v1/archive/seal" | "/api/v1/archive/verify") => {
                (json!({}), false)
            }
            (method, path) => panic!("{method} {path} has a body that this test does not know"),
        };
        Some(body)
    }
}

/// A server with both organizations, and a token of the first.
struct Scene {
    server: Server,
    caller: Client,
    _postgresql: Option<PostgreSql>,
    _folder: tempfile::TempDir,
}

/// Only what is sent is in a log, so that walking leaves everything as it is.
const CONFIG: &str = "audit-reads = false\n[exports]\nevery-seconds = 1\n[sinks]\nhosts = ['siem.example']\n";

impl Scene {
    fn new(postgresql: Option<PostgreSql>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database =
            postgresql.as_ref().map(|server| format!("[database]\nurl = '{}'\n", server.database("control")));
        let config = format!("{CONFIG}{}", database.unwrap_or_default());
        let server = Launch::new(&folder.path().join("data")).config(&config).start();
        let one = event(1, json!({}));
        assert_eq!(server.post(&[], serde_json::to_vec(&one).unwrap()).0, 200);
        let token = server.indelible(&["token", "create", "--organization", ACME, "--operations", OPERATIONS]);
        assert_eq!(token.code, 0, "{}", token.err);
        let caller = Client { url: server.url.clone(), token: token.out.trim().to_owned() };
        Self { server, caller, _postgresql: postgresql, _folder: folder }
    }
}

/// What of a request can name something.
fn told_apart(request: &RequestBuilder) -> (String, Option<Vec<u8>>) {
    let request = request.try_clone().unwrap().build().unwrap();
    (request.url().to_string(), request.body().and_then(|body| body.as_bytes()).map(<[u8]>::to_vec))
}

fn check_names(postgresql: Option<PostgreSql>) {
    let scene = Scene::new(postgresql);
    let own = make(&scene.server, ACME, 2, "own");
    let foreign = make(&scene.server, BETA, 700, "lake");
    let contract = scene.server.get("/api/openapi.json").1;
    let (mut walked, mut compared, mut silent) = (0, 0, Vec::new());
    for route in routes(&contract) {
        walked += 1;
        if route.is_of_nobody() {
            continue;
        }
        // All of it another's; and what is another's under the caller's own organization.
        let under_own = |things: Things| Things { organization: ACME.to_owned(), ..things };
        let pairs = [
            (foreign.clone(), Things::ghosts()),
            (under_own(foreign.clone()), under_own(Things::ghosts())),
            (
                Things { organization: BETA.to_owned(), ..own.clone() },
                Things { organization: GHOST.to_owned(), ..own.clone() },
            ),
        ];
        for (theirs, nobodys) in pairs {
            if theirs.export == own.export && !route.names_organization(&own) {
                continue;
            }
            let requests = [&theirs, &nobodys].map(|things| route.naming(&scene.caller, things));
            let [Some(their), Some(nobody)] = requests else {
                silent.push(format!("{} {}", route.method, route.path));
                break;
            };
            // Where the route names nothing but the caller's own organization, both are the same request.
            if told_apart(&their) == told_apart(&nobody) {
                continue;
            }
            let ((status, body), (expected, nothing)) = (fetch(their), fetch(nobody));
            let (body, nothing) = (theirs.masked(&body), nobodys.masked(&nothing));
            let what = format!("{} {}", route.method, route.path);
            assert_eq!(
                (status, &body),
                (expected, &nothing),
                "{what} tells {} from {}",
                theirs.organization,
                nobodys.organization
            );
            compared += 1;
            // Under the caller's own organization some of these are allowed, and do the same for both.
            if theirs.organization == BETA && route.path != "/api/v1/events" && !route.path.ends_with("revoke_token") {
                assert!(status >= 400, "{what} with another's organization: {status} {body}");
            }
        }
    }
    // Nothing of it was done to the other one.
    let events = scene.server.count(&format!("organization:{BETA} -product:indelible"));
    assert_eq!(events, 1);
    eprintln!(
        "RESULT tenancy: {walked} routes walked, {compared} pairs of answers equal, {} routes name nothing",
        silent.len()
    );
    assert!(compared > 60, "only {compared}; nothing is named by {silent:?}");
}

#[test]
fn what_is_anothers_is_answered_as_what_does_not_exist() {
    check_names(None);
}

#[test]
fn what_is_anothers_is_answered_as_what_does_not_exist_on_postgresql() {
    check_names(Some(PostgreSql::start()));
}

/// What the caller is told by each route that changes nothing, in one form.
fn told(scene: &Scene, own: &Things, contract: &Value) -> BTreeMap<String, String> {
    let mut told = BTreeMap::new();
    for route in routes(contract) {
        let reads = route.method == "get" || ["/search", "/count", "/sql"].iter().any(|end| route.path.ends_with(end));
        if !reads || route.is_of_nobody() {
            continue;
        }
        let what = format!("{} {}", route.method, route.path);
        let named = route.naming(&scene.caller, own);
        let request =
            named.unwrap_or_else(|| scene.caller.request(route.method.to_uppercase().parse().unwrap(), route.path));
        let (status, body) = fetch(request);
        told.insert(what, format!("{status} {}", mask(&String::from_utf8_lossy(&body))));
    }
    // Everything that may be read, not only what is named.
    for (what, path, body) in [
        ("search of all", "/api/v1/search", json!({"query": "*"})),
        ("count of all", "/api/v1/search/count", json!({"query": ""})),
        (
            "sql of all",
            "/api/v1/sql",
            json!({"query": "select organization, count(*) from entries group by 1 order by 1"}),
        ),
    ] {
        let (status, body) = fetch(scene.caller.request(Method::POST, path).json(&body));
        told.insert(what.to_owned(), format!("{status} {}", mask(&String::from_utf8_lossy(&body))));
    }
    told
}

fn check_difference(postgresql: Option<PostgreSql>) {
    let scene = Scene::new(postgresql);
    let own = make(&scene.server, ACME, 2, "own");
    let contract = scene.server.get("/api/openapi.json").1;
    // Until what was made is signed and archived.
    let settled = |server: &Server| {
        server.seal();
        std::thread::sleep(std::time::Duration::from_secs(2));
    };
    settled(&scene.server);
    let before = told(&scene, &own, &contract);
    make(&scene.server, BETA, 700, "lake");
    for number in 701..900 {
        let one = event(number, json!({"organizations": [{"id": BETA, "reason": "test"}]}));
        assert_eq!(scene.server.post(&[], serde_json::to_vec(&one).unwrap()).0, 200);
    }
    settled(&scene.server);
    let after = told(&scene, &own, &contract);
    for (what, told) in &before {
        assert_eq!(told, &after[what], "{what} differs when another organization is there");
    }
    eprintln!("RESULT tenancy: {} answers byte-equal with and without another organization", before.len());
    assert!(before.len() > 20);
}

#[test]
fn what_an_organization_is_told_does_not_depend_on_another() {
    check_difference(None);
}

#[test]
fn what_an_organization_is_told_does_not_depend_on_another_on_postgresql() {
    check_difference(Some(PostgreSql::start()));
}
