//! Two people: what one asks for another decides, and the operator's look at whole entries, as they would do it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, event, fetch};
use crate::signin::{Browser, Page, Scene};

const ACME: &str = "ri.indelible..organization.acme";
pub(crate) const BETA: &str = "ri.indelible..organization.beta";
/// What only BETA may know.
const SECRET: &str = "ri.files..file.merger-plans";

/// ACME and BETA with one event each, BETA administered by ann and ben, and eve who investigates for the operator.
pub(crate) struct People {
    pub(crate) scene: Scene,
    pub(crate) ann: Browser,
    ben: Browser,
    eve: Browser,
}

impl People {
    pub(crate) fn new(more: &str) -> Self {
        let mut scene = Scene::start(&format!("contact = 'audit@example.com'\n{more}"));
        scene.provider.set_account("ann", &["beta-security"]);
        scene.provider.set_account("ben", &["beta-security"]);
        scene.provider.set_account("eve", &["incident-response"]);
        for organization in [ACME, BETA] {
            let made = scene.server.indelible(&["organization", "create", organization]);
            assert_eq!(made.code, 0, "{}", made.err);
        }
        scene.grant("group:corp/beta-security", BETA, "organization-administrator");
        scene.grant("group:corp/incident-response", "*", "operator-investigator");
        let (ann, ben, eve) = (scene.sign_in("ann"), scene.sign_in("ben"), scene.sign_in("eve"));
        let mut people = Self { scene, ann, ben, eve };
        // BETA's own service, with a token that ann made.
        let service = people.token(BETA, "audit:emit");
        let resource = json!({"deletedResources": [{"id": {"type": "rid", "rid": SECRET}, "context": []}]});
        let change = json!({"organizations": null, "requestFields": resource, "uid": "bea"});
        let (status, answer) = service.post(&[], serde_json::to_vec(&event(1, change)).unwrap());
        assert_eq!((status, answer["new"].as_u64()), (200, Some(1)), "{answer}");
        let (status, _) = people.scene.server.post(&[], serde_json::to_vec(&event(2, json!({}))).unwrap());
        assert_eq!(status, 200);
        people
    }

    /// A token that ann makes.
    pub(crate) fn token(&mut self, organization: &str, operations: &str) -> Client {
        let operations: Vec<&str> = operations.split(',').collect();
        let body = json!({"name": "service", "organization": organization, "operations": operations});
        let made = self.scene.act(&mut self.ann, Method::POST, "/api/v1/tokens", body);
        assert_eq!(made.status, 201, "{made:?}");
        let token = made.json()["token"].as_str().unwrap().to_owned();
        Client { url: self.scene.server.url.clone(), token }
    }

    pub(crate) fn decide(&mut self, who: fn(&mut Self) -> &mut Browser, id: &str, decision: &str) -> Page {
        let mut browser = std::mem::replace(who(self), Browser::new());
        let path = format!("/api/v1/requests/{id}/{decision}");
        let page = self.scene.act(&mut browser, Method::POST, &path, json!({}));
        *who(self) = browser;
        page
    }

    /// The names of the server's own events about requests in BETA's log, oldest first.
    fn told(&self) -> Vec<String> {
        let names = [
            "CREATE_REQUEST",
            "APPROVE_REQUEST",
            "REFUSE_REQUEST",
            "WITHDRAW_REQUEST",
            "BEGIN_EMERGENCY",
            "SET_RETENTION",
            "DISABLE_EXPORT",
            "ERASE_KEY",
            "INVESTIGATION_*",
        ];
        let query: Vec<String> = names.iter().map(|name| format!("name:INDELIBLE_{name}")).collect();
        let options = ["--organization", BETA, "--oldest", "--format", "json"];
        let answer = self.scene.server.indelible(&[&["search", &query.join(" OR ")], &options[..]].concat());
        let row = |line: &str| serde_json::from_str::<Value>(line).unwrap()["name"].as_str().unwrap().to_owned();
        answer.out.lines().map(|line| row(line).replace("INDELIBLE_", "")).collect()
    }

    /// Status and text of a search by an investigation of eve's.
    fn investigate(&mut self, id: &str) -> (u16, String) {
        let path = format!("/api/v1/investigations/{id}/search");
        let page = self.scene.act(&mut self.eve, Method::POST, &path, json!({"query": "uid:bea"}));
        (page.status, page.body)
    }

    fn ask_to_investigate(&mut self, emergency: bool) -> Page {
        let body = json!({"organization": BETA, "reason": "a token from two continents", "ticket": "SEC-7", "hours": 1, "emergency": emergency});
        self.scene.act(&mut self.eve, Method::POST, "/api/v1/investigations", body)
    }
}

pub(crate) fn ann(people: &mut People) -> &mut Browser {
    &mut people.ann
}

pub(crate) fn ben(people: &mut People) -> &mut Browser {
    &mut people.ben
}

fn eve(people: &mut People) -> &mut Browser {
    &mut people.eve
}

fn id(page: &Page) -> String {
    page.json()["requestId"].as_str().unwrap_or_else(|| panic!("{page:?}")).to_owned()
}

#[test]
fn what_lets_log_files_go_takes_two_people() {
    let mut people = People::new("");
    let retention = format!("/api/v1/organizations/{BETA}/retention");
    let days = |people: &People| people.scene.server.get(&retention).1["days"].as_u64();
    let set = |people: &mut People, body: Value| people.scene.act(&mut people.ann, Method::PUT, &retention, body);

    let asked = set(&mut people, json!({"days": 90, "reason": "the contract ended"}));
    assert_eq!((asked.status, days(&people)), (202, None), "{asked:?}");
    let first = id(&asked);
    // Neither she, nor a token of hers, nor somebody of no account here.
    let own = people.token(BETA, "organization:administer");
    let answers = [
        people.decide(ann, &first, "approve").status,
        fetch(own.request(Method::POST, &format!("/api/v1/requests/{first}/approve"))).0,
        people.decide(eve, &first, "approve").status,
    ];
    assert_eq!((answers, days(&people)), ([403, 403, 404], None));
    let list = people.scene.server.indelible(&["request", "list", "--organization", BETA, "--format", "json"]);
    let waiting: Value = serde_json::from_str(list.out.trim()).unwrap();
    assert_eq!((&waiting["state"], &waiting["reason"]), (&json!("waiting"), &json!("the contract ended")));
    let approved = people.decide(ben, &first, "approve");
    assert_eq!((approved.status, &approved.json()["state"], days(&people)), (200, &json!("approved"), Some(90)));
    for decision in ["approve", "refuse", "withdraw"] {
        assert_eq!(people.decide(ben, &first, decision).status, 409, "a replay");
    }

    // What keeps them longer needs nobody; and makes void what was asked for before.
    let asked = set(&mut people, json!({"days": 60}));
    let stale = id(&asked);
    let longer = set(&mut people, json!({"days": 120}));
    assert_eq!((asked.status, longer.status, days(&people)), (202, 200, Some(120)));
    assert_eq!((people.decide(ben, &stale, "approve").status, days(&people)), (400, Some(120)));
    assert_eq!(people.decide(ben, &stale, "refuse").status, 200);
    // A hold is set at once and released by two. The embedded administrator is another person.
    assert_eq!(set(&mut people, json!({"days": 120, "hold": true})).status, 200);
    let asked = set(&mut people, json!({"days": 120}));
    assert_eq!(asked.status, 202);
    let approved = people.scene.server.indelible(&["request", "approve", &id(&asked)]);
    assert_eq!(
        (approved.code, people.scene.server.get(&retention).1["hold"].clone()),
        (0, json!(false)),
        "{}",
        approved.err
    );

    // An export is ended by two as well. The command says that nothing is done yet.
    let export = people.scene.server.archive().with_file_name("exports").join("lake");
    let made = ["export", "create", "--organization", BETA, "--name", "lake", "--to", export.to_str().unwrap()];
    assert_eq!(people.scene.server.indelible(&made).code, 0);
    let disable = ["export", "disable", "--organization", BETA, "--name", "lake"];
    let asked = people.scene.server.indelible(&disable);
    assert!(asked.code == 1 && asked.err.contains("indelible request approve"), "{asked:?}");
    let last: Value = serde_json::from_str(asked.out.trim()).unwrap();
    let last = last["requestId"].as_str().unwrap();
    let active = |people: &People| {
        people.scene.server.get(&format!("/api/v1/organizations/{BETA}/exports/lake")).1["disabled"].is_null()
    };
    assert!(active(&people));
    assert_eq!(people.scene.server.indelible(&["request", "approve", last]).code, 2);
    assert_eq!((people.decide(ann, last, "approve").status, active(&people)), (200, false));

    let expected = [
        "CREATE_REQUEST",
        "APPROVE_REQUEST",
        "SET_RETENTION",
        "CREATE_REQUEST",
        "SET_RETENTION",
        "REFUSE_REQUEST",
        "SET_RETENTION",
        "CREATE_REQUEST",
        "APPROVE_REQUEST",
        "SET_RETENTION",
        "CREATE_REQUEST",
        "APPROVE_REQUEST",
        "DISABLE_EXPORT",
    ];
    assert_eq!(people.told(), expected);
    eprintln!("RESULT approvals: 3 of the wrong people, 3 replays, 1 void request and 1 own request refused");
}

#[test]
fn the_operator_reads_content_only_with_approval_and_is_watched() {
    let mut people = People::new("");
    // ann sees BETA and nothing of ACME; eve what happened and not about what.
    let count =
        people.scene.act(&mut people.ann, Method::POST, "/api/v1/search/count", json!({"query": "-product:indelible"}));
    assert_eq!(count.json()["count"], 1);
    let foreign = json!({"query": "", "organization": ACME});
    assert_eq!(people.scene.act(&mut people.ann, Method::POST, "/api/v1/search", foreign).status, 403);
    let seen = people.scene.act(&mut people.eve, Method::POST, "/api/v1/operator/search", json!({"query": "uid:bea"}));
    assert!(seen.status == 200 && seen.body.contains("PUT_FILE") && !seen.body.contains(SECRET), "{seen:?}");
    let own = people.scene.act(&mut people.eve, Method::POST, "/api/v1/search", json!({"query": "uid:bea"}));
    assert!(!own.body.contains(SECRET), "{own:?}");

    let asked = people.ask_to_investigate(false);
    assert_eq!((asked.status, &asked.json()["state"]), (201, &json!("waiting")), "{asked:?}");
    let first = id(&asked);
    assert_eq!(people.investigate(&first).0, 403);
    assert_eq!(people.decide(eve, &first, "approve").status, 403);
    let approved = people.decide(ann, &first, "approve");
    assert_eq!((approved.status, &approved.json()["state"]), (200, &json!("active")), "{approved:?}");
    let (status, found) = people.investigate(&first);
    assert!(status == 200 && found.contains(SECRET) && !found.contains(ACME), "{status} {found}");
    let count = format!("/api/v1/investigations/{first}/search/count");
    let counted = people.scene.act(&mut people.eve, Method::POST, &count, json!({"query": "uid:bea"}));
    assert_eq!((counted.status, counted.json()["count"].as_u64()), (200, Some(found.lines().count() as u64)));
    let sql = format!("/api/v1/investigations/{first}/sql");
    let all = json!({"query": "select distinct organization from entries"});
    let all = people.scene.act(&mut people.eve, Method::POST, &sql, all);
    assert_eq!((all.status, all.body.trim()), (200, &*format!(r#"{{"organization":"{BETA}"}}"#)));
    let entry = format!("/api/v1/investigations/{first}/entries/10000000-0000-4000-8000-000000000001");
    let entry = people.scene.act(&mut people.eve, Method::GET, &entry, json!({}));
    assert!(entry.status == 200 && entry.body.contains(SECRET), "{entry:?}");
    // For nobody else, not even with the same operation.
    let other = people.scene.server.indelible(&[
        "token",
        "create",
        "--organization",
        "*",
        "--operations",
        "operator:investigate",
    ]);
    let other = Client { url: people.scene.server.url.clone(), token: other.out.trim().to_owned() };
    for path in ["search", "search/count", "sql"] {
        let path = format!("/api/v1/investigations/{first}/{path}");
        assert_eq!(fetch(other.request(Method::POST, &path).json(&json!({"query": "select 1"}))).0, 404);
    }
    // BETA has seen each step, with the query in full and the ticket, and ends it.
    let searches = people.scene.events(BETA, "INDELIBLE_INVESTIGATION_SEARCH");
    assert_eq!(searches[0]["requestFields"]["dataSearchQuery"], "uid:bea");
    let text = searches[0].to_string();
    assert!(text.contains("SEC-7") && text.contains(&first), "{text}");
    assert_eq!(people.decide(ben, &first, "withdraw").status, 200);
    assert_eq!(people.investigate(&first).0, 403);

    let refused = id(&people.ask_to_investigate(false));
    assert_eq!(people.decide(ben, &refused, "refuse").status, 200);
    assert_eq!(people.investigate(&refused).0, 403);
    let emergency = people.ask_to_investigate(true);
    assert_eq!(emergency.status, 403, "there is no such way: {emergency:?}");
    let expected = [
        "CREATE_REQUEST",
        "APPROVE_REQUEST",
        "INVESTIGATION_SEARCH",
        "INVESTIGATION_COUNT",
        "INVESTIGATION_SQL",
        "INVESTIGATION_GET_ENTRY",
        "WITHDRAW_REQUEST",
        "CREATE_REQUEST",
        "REFUSE_REQUEST",
    ];
    assert_eq!(people.told(), expected);
}

#[test]
fn an_emergency_begins_without_approval_where_that_is_stated_and_is_told_first() {
    let mut people = People::new("[investigations]\nemergency-hours-max = 1");
    let begun = people.ask_to_investigate(true);
    assert_eq!((begun.status, &begun.json()["state"]), (201, &json!("emergency")), "{begun:?}");
    let first = id(&begun);
    assert_eq!(people.told(), ["BEGIN_EMERGENCY"]);
    let (status, found) = people.investigate(&first);
    assert!(status == 200 && found.contains(SECRET), "{status} {found}");
    assert_eq!(people.decide(ann, &first, "withdraw").status, 200);
    assert_eq!(people.investigate(&first).0, 403);
    let longer = json!({"organization": BETA, "reason": "x", "ticket": "x", "hours": 2, "emergency": true});
    assert_eq!(people.scene.act(&mut people.eve, Method::POST, "/api/v1/investigations", longer).status, 400);
    assert_eq!(people.told(), ["BEGIN_EMERGENCY", "INVESTIGATION_SEARCH", "WITHDRAW_REQUEST"]);
}

#[test]
fn what_erases_content_takes_two_people() {
    let mut people = People::new("");
    let encryption = format!("/api/v1/organizations/{BETA}/encryption");
    let state = |people: &People| people.scene.server.get(&encryption).1;
    let on = people.scene.act(&mut people.ann, Method::PUT, &encryption, json!({}));
    assert_eq!(on.status, 200, "{on:?}");
    let service = people.token(BETA, "audit:emit,audit:search");
    let emit = |number: u64, note: &str| {
        let resource = json!({"deletedResources": [{"id": {"type": "rid", "rid": note}, "context": []}]});
        let change = json!({"organizations": null, "requestFields": resource});
        assert_eq!(service.post(&[], serde_json::to_vec(&event(number, change)).unwrap()).0, 200);
    };
    // Searches are events that hold what was searched for.
    let count = |note: &str| service.count(&format!("{note} product:files"));
    emit(30, "ri.files..file.spilled-note");
    assert_eq!(count("ri.files..file.spilled-note"), 1);
    let body = json!({"reason": "a spill", "yes": true});
    let asked = people.scene.act(&mut people.ann, Method::POST, &format!("{encryption}/erase"), body);
    assert_eq!((asked.status, state(&people)["erased"].as_array().unwrap().len()), (202, 0), "{asked:?}");
    let request = id(&asked);
    assert_eq!(people.decide(ann, &request, "approve").status, 403);
    assert_eq!(count("ri.files..file.spilled-note"), 1);
    let approved = people.decide(ben, &request, "approve");
    assert_eq!((approved.status, &approved.json()["state"]), (200, &json!("approved")), "{approved:?}");
    assert_eq!((count("ri.files..file.spilled-note"), state(&people)["erased"].as_array().unwrap().len()), (0, 1));
    emit(31, "ri.files..file.later-note");
    assert_eq!(people.decide(ben, &request, "approve").status, 409, "a replay");
    assert_eq!(count("ri.files..file.later-note"), 1);
    assert_eq!(people.told(), ["CREATE_REQUEST", "APPROVE_REQUEST", "ERASE_KEY"]);
}
