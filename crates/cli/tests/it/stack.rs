//! The example services with a real audit log: what they answer, and which events each request leaves.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use indelible_sdk::{Auditor, Product, Server as Log, Settings};
use indelible_stack::{Clock, PRODUCTS, SIMULATED_TIME, Seed, Stack};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::harness::{Server, fetch};

const HARBOUR: &str = "ri.indelible..organization.harbour";
const ELSEWHERE: &str = "ri.indelible..organization.elsewhere";
const PLANS: &str = "/folders/ri.compass.main.folder.plans";
const MINUTES: &str = "/folders/ri.compass.main.folder.minutes";

/// The platform that is built into the services.
fn seed() -> Seed {
    serde_json::from_str(include_str!("../../../../examples/stack/platform.json")).unwrap()
}

/// The services, and what was asked of them.
struct Scene {
    runtime: Runtime,
    stack: Stack,
    auditors: [Auditor; 3],
    asked: u32,
}

impl Scene {
    fn new(auditors: [Auditor; 3], clock: Clock) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let stack = runtime.block_on(Stack::start(&seed(), clock, auditors.clone())).unwrap();
        Self { runtime, stack, auditors, asked: 0 }
    }

    /// Services that audit to this server.
    fn with_log(server: &Server, folder: &Path, clock: Clock) -> Self {
        for organization in [HARBOUR, ELSEWHERE] {
            // It may be there from another scene.
            server.indelible(&["organization", "create", organization]);
        }
        let auditors = PRODUCTS.map(|product| {
            let args = ["token", "create", "--organization", "*", "--operations", "audit:emit", "--name", product];
            let token = server.indelible(&args).out;
            Stack::auditor(product, Log::new(&server.url, token.trim()), folder.join(product)).unwrap()
        });
        Self::new(auditors, clock)
    }

    /// Asks a service, `M`ultipass, `C`ompass or `B`lobster, as somebody with a browser at 203.0.113.7 does, in a trace of its own.
    fn ask(&mut self, token: &str, method: &str, path: &str, body: Body) -> (u16, Value) {
        self.ask_at(None, token, method, path, body)
    }

    fn ask_at(&mut self, time: Option<SystemTime>, token: &str, method: &str, path: &str, body: Body) -> (u16, Value) {
        let (service, path) = path.split_at(1);
        let url = match service {
            "M" => &self.stack.peers.multipass,
            "C" => &self.stack.peers.compass,
            "B" => &self.stack.peers.blobster,
            other => panic!("{other}"),
        };
        self.asked += 1;
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = reqwest::Client::new().request(method, format!("{url}{path}"));
        let request = request
            .header("traceparent", format!("00-{}-00f067aa0ba902b7-01", trace(self.asked)))
            .header("x-forwarded-for", "203.0.113.7")
            .header("user-agent", "browser/1");
        let request = match token {
            "" => request,
            token => request.bearer_auth(token),
        };
        let request = match time {
            Some(time) => {
                request.header(SIMULATED_TIME, time.duration_since(UNIX_EPOCH).unwrap().as_micros().to_string())
            }
            None => request,
        };
        let request = match body {
            Body::None => request,
            Body::Json(json) => request.json(&json),
            Body::Text(text) => request.body(text),
        };
        let (status, body) = fetch(request);
        (status, serde_json::from_slice(&body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&body))))
    }

    fn sign_in(&mut self, name: &str, password: &str) -> (u16, String) {
        let (status, answer) =
            self.ask("", "POST", "M/sign-in", Body::Json(json!({"userName": name, "password": password})));
        (status, answer["token"].as_str().unwrap_or_default().to_owned())
    }

    /// All events, by trace, once the server has them.
    fn events(&self, server: &Server) -> BTreeMap<String, Vec<Value>> {
        for auditor in &self.auditors {
            assert!(self.runtime.block_on(auditor.flush(Duration::from_secs(30))), "{:?}", auditor.stats());
            assert_eq!((auditor.stats().failed, auditor.stats().refused), (0, 0));
        }
        let answer = server.indelible(&["search", crate::harness::SENT, "--format", "json", "--limit", "1000"]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        let mut traces: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for line in answer.out.lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            let events = traces.entry(event["traceId"].as_str().unwrap().to_owned()).or_default();
            // What belongs to two organizations is found in both.
            if events.iter().all(|known| known["logEntryId"] != event["logEntryId"]) {
                events.push(event);
            }
        }
        traces
    }
}

enum Body {
    None,
    Json(Value),
    Text(String),
}

fn trace(number: u32) -> String {
    format!("4bf92f3577b34da6a3ce929d{number:08x}")
}

/// Name, result and categories of each event, sorted.
fn told(events: &[Value]) -> Vec<String> {
    let text = |event: &Value, field: &str| event[field].as_str().unwrap().to_owned();
    let mut told: Vec<String> = events
        .iter()
        .map(|event| {
            let categories: Vec<_> =
                event["categories"].as_array().unwrap().iter().map(|category| category.as_str().unwrap()).collect();
            format!("{} {} {}", text(event, "name"), text(event, "result"), categories.join("+"))
        })
        .collect();
    told.sort();
    told
}

const CHECKED: &str = "MULTIPASS_CHECK_AUTHORIZATION SUCCESS authorizationCheck";
const KNOWN: &str = "MULTIPASS_CHECK_TOKEN SUCCESS authenticationCheck";
const UNKNOWN: &str = "MULTIPASS_CHECK_TOKEN UNAUTHORIZED authenticationCheck";

#[test]
fn each_request_is_answered_as_it_should_and_leaves_its_events() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(&folder.path().join("data"));
    let mut scene = Scene::with_log(&server, folder.path(), Clock::Real);
    let (status, ann) = scene.sign_in("ann@harbour.example", "correct horse battery");
    assert_eq!((status, ann.len()), (200, 64));
    let (_, bob) = scene.sign_in("bob@harbour.example", "staple in the attic");
    let (_, eve) = scene.sign_in("eve@elsewhere.example", "quiet grey pigeon");
    let sign_in = "MULTIPASS_LOGIN SUCCESS authenticationCheck+userLogin";
    let mut expected: Vec<Vec<&str>> = vec![vec![sign_in]; 3];
    let import = "a-token-for-the-nightly-import";

    let json = Body::Json;
    let form = |name: &str, password: &str| json(json!({"userName": name, "password": password}));
    let refused = "MULTIPASS_LOGIN UNAUTHORIZED authenticationCheck+userLogin";
    let survey = "B/files/ri.blobster.main.file.survey";
    let download = "BLOBSTER_DOWNLOAD_FILE SUCCESS dataExport+dataLoad";
    let begun = "BLOBSTER_DOWNLOAD_FILE PARTIAL dataExport+dataLoad";
    let gateway = "GATEWAY_REQUEST SUCCESS apiGatewayRequest+authenticationCheck";
    let permission = |change: &str| json(json!({"user": "u-bob", "role": "editor", "change": change}));
    let (c, b) = (|path: &str| format!("C{path}"), |file: &str| format!("B/files/ri.blobster.main.file.{file}"));
    let upload = || Body::Text("berth,length\n".to_owned());
    let at_plans = "B/files?folder=ri.compass.main.folder.plans&name=new%20berths.csv";

    #[rustfmt::skip]
    let steps: Vec<(&str, &str, String, Body, u16, Vec<&str>)> = vec![
        ("", "POST", "M/sign-in".into(), form("bob@harbour.example", "wrong"), 401, vec![refused]),
        ("", "POST", "M/sign-in".into(), form("my secret", "wrong"), 401, vec![refused]),
        (&bob, "GET", "C/home".into(), Body::None, 200, vec!["COMPASS_OPEN_HOME SUCCESS inApplicationContext", KNOWN]),
        (&bob, "GET", c(PLANS), Body::None, 200, vec!["COMPASS_GET_FOLDER SUCCESS metaDataAccess", CHECKED]),
        (&bob, "GET", c(MINUTES), Body::None, 403, vec!["COMPASS_GET_FOLDER UNAUTHORIZED metaDataAccess", CHECKED]),
        (&eve, "GET", c(PLANS), Body::None, 403, vec!["COMPASS_GET_FOLDER UNAUTHORIZED metaDataAccess", CHECKED]),
        (&bob, "GET", c("/folders/none"), Body::None, 404, vec!["COMPASS_GET_FOLDER ERROR metaDataAccess", KNOWN]),
        ("", "GET", c(PLANS), Body::None, 401, vec!["COMPASS_GET_FOLDER UNAUTHORIZED metaDataAccess", "MULTIPASS_CHECK_AUTHORIZATION UNAUTHORIZED authorizationCheck"]),
        ("guess", "GET", c("/folders/none"), Body::None, 401, vec!["COMPASS_GET_FOLDER UNAUTHORIZED metaDataAccess", UNKNOWN]),
        (&bob, "PATCH", c(PLANS), json(json!({"name": "X"})), 403, vec!["COMPASS_UPDATE_FOLDER UNAUTHORIZED metaDataUpdate", CHECKED]),
        (&ann, "PATCH", c(PLANS), json(json!({"name": "Berths"})), 200, vec!["COMPASS_UPDATE_FOLDER SUCCESS metaDataUpdate", CHECKED]),
        (&bob, "POST", "C/requests".into(), json(json!({"folder": &MINUTES[9..]})), 200, vec!["COMPASS_REQUEST_ACCESS SUCCESS requestCreate", KNOWN]),
        // Bob may not put anything into the folder, then he may.
        (&bob, "POST", at_plans.into(), upload(), 403, vec!["BLOBSTER_UPLOAD_FILE UNAUTHORIZED dataCreate+dataImport", "COMPASS_ADD_TO_FOLDER UNAUTHORIZED metaDataUpdate", CHECKED, KNOWN]),
        (&ann, "POST", c(&format!("{PLANS}/permissions")), permission("added"), 200, vec!["COMPASS_SET_PERMISSIONS SUCCESS managementPermissions", CHECKED]),
        (&bob, "POST", at_plans.into(), upload(), 200, vec!["BLOBSTER_UPLOAD_FILE SUCCESS dataCreate+dataImport", "COMPASS_ADD_TO_FOLDER SUCCESS metaDataUpdate", CHECKED, KNOWN]),
        (&bob, "GET", "C/search?project=ri.compass.main.project.dock&words=NEW".into(), Body::None, 200, vec!["COMPASS_SEARCH SUCCESS dataSearch", CHECKED]),
        (&ann, "POST", c(&format!("{PLANS}/permissions")), permission("removed"), 200, vec!["COMPASS_SET_PERMISSIONS SUCCESS managementPermissions", CHECKED]),
        (&bob, "DELETE", b("berths"), Body::None, 403, vec!["BLOBSTER_DELETE_FILE UNAUTHORIZED dataDelete", "COMPASS_REMOVE_FROM_FOLDER UNAUTHORIZED metaDataUpdate", CHECKED, KNOWN]),
        (&bob, "GET", b("berths"), Body::None, 200, vec!["BLOBSTER_OPEN_FILE SUCCESS dataLoad", CHECKED]),
        (&bob, "GET", b("minutes"), Body::None, 403, vec!["BLOBSTER_OPEN_FILE UNAUTHORIZED dataLoad", CHECKED]),
        (&bob, "GET", b("berths/content"), Body::None, 200, vec![download, CHECKED]),
        (&bob, "GET", format!("{survey}/content"), Body::None, 200, vec![begun, download, CHECKED]),
        (import, "POST", format!("{survey}/report"), json(json!({"user": "u-bob"})), 200, vec!["BLOBSTER_EXPORT_REPORT SUCCESS dataExport+onBehalfOf", CHECKED]),
        (&ann, "DELETE", b("berths"), Body::None, 200, vec!["BLOBSTER_DELETE_FILE SUCCESS dataDelete", "COMPASS_REMOVE_FROM_FOLDER SUCCESS metaDataUpdate", CHECKED, KNOWN]),
        (&ann, "DELETE", b("berths"), Body::None, 404, vec!["BLOBSTER_DELETE_FILE ERROR dataDelete", KNOWN]),
        (&bob, "GET", b("berths"), Body::None, 404, vec!["BLOBSTER_OPEN_FILE ERROR dataLoad", KNOWN]),
        // Programs call through the gateway.
        (import, "GET", format!("M/gateway/compass{PLANS}"), Body::None, 200, vec![gateway, "COMPASS_GET_FOLDER SUCCESS metaDataAccess", CHECKED]),
        (import, "POST", format!("M/gateway/blobster/{}", &at_plans[2..]), upload(), 200, vec![gateway, "BLOBSTER_UPLOAD_FILE SUCCESS dataCreate+dataImport", "COMPASS_ADD_TO_FOLDER SUCCESS metaDataUpdate", CHECKED, KNOWN]),
        (import, "GET", "M/gateway/nothing/x".into(), Body::None, 404, vec!["GATEWAY_REQUEST ERROR apiGatewayRequest+authenticationCheck"]),
        ("guess", "GET", format!("M/gateway/compass{PLANS}"), Body::None, 401, vec!["GATEWAY_REQUEST UNAUTHORIZED apiGatewayRequest+authenticationCheck"]),
        // Another organization's project, of which Eve is a guest.
        (&eve, "GET", b("tides"), Body::None, 200, vec!["BLOBSTER_OPEN_FILE SUCCESS dataLoad", CHECKED]),
        // Users and groups are for administrators, of their own organization only.
        (&bob, "PATCH", "M/users/u-bob".into(), json(json!({"userName": "bob"})), 403, vec!["MULTIPASS_UPDATE_USER UNAUTHORIZED managementUsers"]),
        (&ann, "PATCH", "M/users/u-eve".into(), json(json!({"userName": "eve"})), 403, vec!["MULTIPASS_UPDATE_USER UNAUTHORIZED managementUsers"]),
        (&ann, "PATCH", "M/users/nobody".into(), json(json!({"userName": "eve"})), 403, vec!["MULTIPASS_UPDATE_USER UNAUTHORIZED managementUsers"]),
        (&ann, "PATCH", "M/users/u-bob".into(), json(json!({"userName": "bob"})), 200, vec!["MULTIPASS_UPDATE_USER SUCCESS managementUsers"]),
        (&ann, "POST", "M/groups".into(), json(json!({"patches": [{"id": "ri.multipass..group.board", "added": ["u-bob"]}]})), 200, vec!["MULTIPASS_UPDATE_GROUPS SUCCESS managementGroups"]),
        (&bob, "GET", c(MINUTES), Body::None, 200, vec!["COMPASS_GET_FOLDER SUCCESS metaDataAccess", CHECKED]),
        (&bob, "POST", "M/groups".into(), json(json!({"patches": [{"id": "ri.multipass..group.board", "removed": ["u-ann"]}]})), 403, vec!["MULTIPASS_UPDATE_GROUPS UNAUTHORIZED managementGroups"]),
        (&bob, "DELETE", "M/tokens/t-import".into(), Body::None, 404, vec!["MULTIPASS_REVOKE_TOKEN ERROR tokenRevoke"]),
        (&ann, "DELETE", "M/tokens/t-import".into(), Body::None, 200, vec!["MULTIPASS_REVOKE_TOKEN SUCCESS tokenRevoke"]),
        (import, "GET", "C/home".into(), Body::None, 401, vec!["COMPASS_OPEN_HOME UNAUTHORIZED inApplicationContext", UNKNOWN]),
        (&bob, "POST", "M/tokens".into(), json(json!({"description": "nightly"})), 200, vec!["MULTIPASS_CREATE_TOKEN SUCCESS tokenGeneration"]),
        (&bob, "POST", "M/sign-out".into(), Body::None, 200, vec!["MULTIPASS_LOGOUT SUCCESS userLogout"]),
        (&bob, "POST", "M/sign-out".into(), Body::None, 401, vec!["MULTIPASS_LOGOUT UNAUTHORIZED userLogout"]),
    ];
    let mut answers = Vec::new();
    for (token, method, path, body, status, events) in steps {
        let answer = scene.ask(token, method, &path, body);
        assert_eq!(answer.0, status, "{method} {path}: {}", answer.1);
        answers.push((format!("{method} {path} {status}"), answer.1));
        expected.push(events);
    }

    let events = scene.events(&server);
    for (number, expected) in (1..).zip(&expected) {
        let mut expected = expected.clone();
        expected.sort_unstable();
        let step = answers.get((number as usize).saturating_sub(4)).map(|(step, _)| &**step);
        let found = events.get(&trace(number)).unwrap_or_else(|| panic!("{step:?} left nothing"));
        assert_eq!(told(found), expected, "{step:?}");
        for event in found {
            assert_eq!(
                (&event["origin"], &event["userAgent"]),
                (&json!("203.0.113.7"), &json!("browser/1")),
                "{event}"
            );
            assert_eq!((&event["sourceOrigin"], &event["environment"]), (&json!("127.0.0.1"), &json!("example")));
        }
    }
    let step = |text: &str| answers.iter().position(|(step, _)| step == text).unwrap();
    let of = |text: &str| &events[&trace(step(text) as u32 + 4)];
    let one = |text: &str, name: &str| of(text).iter().find(|event| event["name"] == name).unwrap().clone();

    // Who it was stands in the events of all services; a name that nobody has stands nowhere.
    for event in of(&format!("GET C{PLANS} 200")) {
        assert_eq!((&event["uid"], &event["organization"]), (&json!("u-bob"), &json!(HARBOUR)), "{event}");
        assert!(event["sid"].is_string() && event["tokenId"].is_string(), "{event}");
    }
    let signs_in: Vec<&Value> = (4..=5).map(|number| &events[&trace(number)][0]).collect();
    assert_eq!((&signs_in[0]["uid"], &signs_in[1]["uid"]), (&json!("u-bob"), &Value::Null));
    assert!(!signs_in[1].to_string().contains("my secret"), "{}", signs_in[1]);
    let all = serde_json::to_string(&events).unwrap();
    for secret in [ann.as_str(), &bob, &eve, import, "correct horse battery"] {
        assert!(!all.contains(secret), "a secret is in the log");
    }
    // What was done stands there with the project it was done in.
    let listing = one(&format!("GET C{PLANS} 200"), "COMPASS_GET_FOLDER");
    let resource = &listing["requestFields"]["accessedMetaDataResources"][0];
    assert_eq!(resource["context"], json!([{"value": "ri.compass.main.project.dock", "description": "project"}]));
    assert_eq!(listing["entities"], json!(["ri.compass.main.folder.plans"]));
    let check = one(&format!("GET C{MINUTES} 403"), "MULTIPASS_CHECK_AUTHORIZATION");
    assert_eq!(check["resultFields"]["authorizationCheckFailedTargets"][0]["rid"], "ri.compass.main.folder.minutes");
    let import = one(&format!("POST {at_plans} 200"), "BLOBSTER_UPLOAD_FILE");
    assert_eq!(
        (&import["resultFields"]["importedSize"], &import["requestFields"]["importedFileType"]),
        (&json!(13), &json!("DATASET"))
    );
    let uploaded = &answers[step(&format!("POST {at_plans} 200"))].1["id"];
    assert_eq!(&import["resultFields"]["createdResources"][0]["id"]["rid"], uploaded);
    let search = one("GET C/search?project=ri.compass.main.project.dock&words=NEW 200", "COMPASS_SEARCH");
    assert_eq!(&search["resultFields"]["dataSearchResults"][0]["id"]["rid"], uploaded);
    let permission = one(&format!("POST C{PLANS}/permissions 200"), "COMPASS_SET_PERMISSIONS");
    let context = &permission["requestFields"]["permissionChangeContext"];
    assert_eq!((&context[0]["value"], &context[1]["value"]), (&json!("u-bob"), &json!("editor added")));
    let report = one(&format!("POST {survey}/report 200"), "BLOBSTER_EXPORT_REPORT");
    assert_eq!(report["requestFields"]["onBehalfOfUserIds"], json!(["u-bob"]));
    let minted = one("POST M/tokens 200", "MULTIPASS_CREATE_TOKEN");
    assert_eq!(minted["resultFields"]["generatedTokens"][0]["userId"], "u-bob");
    // The large download is two lines of one event.
    let mut lines = of(&format!("GET {survey}/content 200")).clone();
    lines.retain(|event| event["name"] == "BLOBSTER_DOWNLOAD_FILE");
    lines.sort_by_key(|line| line["sequenceId"].to_string());
    assert_eq!((&lines[0]["result"], &lines[0]["sequenceId"]), (&json!("PARTIAL"), &json!("0")));
    assert_eq!((&lines[1]["result"], &lines[1]["sequenceId"]), (&json!("SUCCESS"), &json!("1")));
    assert_eq!(lines[0]["eventId"], lines[1]["eventId"]);
    assert_eq!(lines[1]["resultFields"]["downloadedSize"], 20_000_000);
    // What a guest does is in the logs of both organizations.
    let tides = of(&format!("GET {} 200", b("tides")));
    for organization in [HARBOUR, ELSEWHERE] {
        let query = format!("traceId:{}", tides[0]["traceId"].as_str().unwrap());
        let count = server.indelible(&["search", &query, "--organization", organization, "--count"]).out;
        assert_eq!(count.trim(), "2", "{organization}");
    }
}

#[test]
fn a_service_whose_audit_is_not_durable_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let auditor = |product: &str| {
        // Nobody listens on port 1, and the spool is small.
        let settings =
            Settings::new(Log::new("http://127.0.0.1:1", "t"), Product::new(product, "1"), folder.path().join(product));
        Auditor::open(settings.spool_bytes_max(Settings::SPOOL_BYTES_MIN)).unwrap()
    };
    let mut scene = Scene::new(PRODUCTS.map(auditor), Clock::Real);
    let (status, ann) = scene.sign_in("ann@harbour.example", "correct horse battery");
    assert_eq!(status, 200, "with the log away, the spool is enough");
    let [multipass, _, blobster] = scene.auditors.clone();
    let fill = |auditor: &Auditor| {
        for bytes in [500_000, 20_000, 1_000, 1] {
            let event = json!({
                "type": "audit.3", "time": "2026-01-02T03:04:05Z", "name": "FILL", "result": "ERROR", "categories": ["internal"],
                "eventId": "00000000-0000-4000-8000-000000000000", "producerType": "SERVER", "product": "tests",
                "productVersion": "1", "note": "x".repeat(bytes),
            });
            let full = (0..100).find_map(|_| auditor.emit_line(event.to_string().as_bytes(), None).wait().err());
            assert!(full.is_some(), "{bytes}: {:?}", auditor.stats());
        }
    };
    let survey = "B/files/ri.blobster.main.file.survey";
    fill(&blobster);
    // There is no answer without an event, be it long or short, and nothing is done either.
    assert_eq!(scene.ask(&ann, "GET", survey, Body::None), (500, json!("")));
    assert_eq!(scene.ask(&ann, "GET", &format!("{survey}/content"), Body::None).0, 500);
    assert_eq!(scene.ask(&ann, "GET", &format!("C{PLANS}"), Body::None).0, 200, "the others go on");
    fill(&multipass);
    assert_eq!(scene.sign_in("ann@harbour.example", "correct horse battery"), (500, String::new()));
    // Who cannot ask multipass serves nobody.
    assert_eq!(scene.ask(&ann, "GET", &format!("C{PLANS}"), Body::None).0, 502);
}

#[test]
fn only_a_simulated_clock_believes_what_time_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(&folder.path().join("data"));
    let then = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let day = Duration::from_secs(24 * 3600);
    for (clock, expected) in [(Clock::Simulated, (200, 401)), (Clock::Real, (200, 200))] {
        let mut scene = Scene::with_log(&server, &folder.path().join(format!("{clock:?}")), clock);
        let form = || Body::Json(json!({"userName": "ann@harbour.example", "password": "correct horse battery"}));
        let (_, answer) = scene.ask_at(Some(then), "", "POST", "M/sign-in", form());
        let token = answer["token"].as_str().unwrap().to_owned();
        let home = |scene: &mut Scene, time| scene.ask_at(Some(time), &token, "GET", "C/home", Body::None).0;
        // A session lasts a day.
        let statuses = (home(&mut scene, then + day / 2), home(&mut scene, then + day * 2));
        assert_eq!(statuses, expected, "{clock:?}");
        scene.events(&server);
        let old = server.count("time:<2024-01-01 name:COMPASS_OPEN_HOME");
        assert_eq!(old, 2, "those of the simulation and no others");
    }
}
