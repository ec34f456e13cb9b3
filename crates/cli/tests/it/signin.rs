//! Signing in, with a provider of OpenID Connect that others wrote, and what an attacker would try.

mod browser;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use indelible_testkit::provider::{CLIENT, PUBLIC_CLIENT, Provider};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::hardening::tls::Authority;
use crate::harness::{Answer, Server, eventually, fetch, program};
use crate::rebuild::emit;
pub(crate) use browser::{Browser, Page};

const ACME: &str = "ri.indelible..organization.acme";
const BETA: &str = "ri.indelible..organization.beta";
const OPERATOR: &str = "ri.indelible..organization.operator";
const SESSION: &str = "indelible-session";
const ATTEMPT: &str = "indelible-sign-in";
const PASSWORD: &str = "correct horse battery";
/// So that attacks from one address are refused for what they are.
const PATIENT: &str = "[limits]\nfailures-per-minute = 1000000\n";

/// A server with the provider `corp`.
pub(crate) struct Scene {
    pub(crate) provider: Provider,
    pub(crate) server: Server,
    folder: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn start(sign_in: &str) -> Self {
        let provider = Provider::start();
        let folder = tempfile::tempdir().unwrap();
        let config = config(&provider, sign_in, CLIENT.0);
        let server = Server::start_configured(&folder.path().join("data"), &config);
        let mut scene = Self { provider, server, folder };
        scene.allow_redirect();
        scene
    }

    /// The server, and what must stay while it or another one on its folder runs.
    pub(crate) fn leave(self) -> (Server, impl Sized) {
        (self.server, (self.provider, self.folder))
    }

    fn allow_redirect(&mut self) {
        self.provider.allow_redirect(&format!("{}/auth/callback/corp", self.server.url));
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url)
    }

    /// Signs `account` in with a browser of its own.
    pub(crate) fn sign_in(&self, account: &str) -> Browser {
        let mut browser = Browser::new();
        let page = self.sign_in_with(&mut browser, account);
        assert_eq!(page.location.as_ref().map(|url| url.path()), Some("/"), "{page:?}");
        assert!(browser.cookie(SESSION).is_some(), "{page:?}");
        browser
    }

    /// The page with which a sign-in ends: it sends the browser back to a page of ours.
    fn sign_in_with(&self, browser: &mut Browser, account: &str) -> Page {
        browser.open(&self.url("/auth/sign-in/corp"), account, |next| next.path() == "/")
    }

    /// The answer of the provider that a browser is about to bring back.
    fn answer(&self, browser: &mut Browser, account: &str) -> String {
        let is_back = |next: &reqwest::Url| next.path() == "/auth/callback/corp";
        browser.open(&self.url("/auth/sign-in/corp"), account, is_back).location.unwrap().to_string()
    }

    pub(crate) fn me(&self, browser: &mut Browser) -> (u16, Value) {
        let page = browser.get(&self.url("/api/v1/me"));
        (page.status, serde_json::from_str(&page.body).unwrap_or_default())
    }

    fn csrf(&self, browser: &mut Browser) -> String {
        self.me(browser).1["session"]["csrfToken"].as_str().unwrap().to_owned()
    }

    /// A request that changes or reads something, as the page sends it.
    pub(crate) fn act(&self, browser: &mut Browser, method: Method, path: &str, body: Value) -> Page {
        let csrf = self.csrf(browser);
        let request = browser.request(method, &self.url(path)).header("x-indelible-csrf", csrf).json(&body);
        browser.send(request)
    }

    /// Status of a search over everything.
    fn search(&self, browser: &mut Browser) -> u16 {
        self.act(browser, Method::POST, "/api/v1/search/count", json!({"query": ""})).status
    }

    pub(crate) fn grant(&self, to: &str, organization: &str, role: &str) -> String {
        let args = ["grant", "create", "--to", to, "--organization", organization, "--role", role];
        let answer = self.server.indelible(&args);
        assert_eq!(answer.code, 0, "{}", answer.err);
        answer.out.trim().to_owned()
    }

    /// Events of a name in a log, oldest first.
    pub(crate) fn events(&self, organization: &str, name: &str) -> Vec<Value> {
        let query = format!("name:{name}");
        let options = ["--organization", organization, "--oldest", "--format", "json"];
        let answer = self.server.indelible(&[&["search", &query], &options[..]].concat());
        answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn set_password(&self, password: &str) -> Answer {
        administrator_password(&self.server, &[], password)
    }

    fn sign_in_locally(&self, browser: &mut Browser, body: Value) -> Page {
        let request = browser.request(Method::POST, &self.url("/auth/local")).json(&body);
        browser.send(request)
    }
}

fn config(provider: &Provider, sign_in: &str, client: &str) -> String {
    let secret = match client {
        PUBLIC_CLIENT => String::new(),
        _ => format!("client-secret-file = '{}'\n", provider.secret_file().display()),
    };
    format!(
        "{PATIENT}[sign-in]\n{sign_in}\n[[sign-in.provider]]\nname = 'corp'\nissuer = '{}'\nclient-id = '{client}'\n{secret}\
         scopes = ['openid', 'profile', 'email', 'groups']\n",
        provider.issuer()
    )
}

fn administrator_password(server: &Server, options: &[&str], password: &str) -> Answer {
    let mut process = Command::new(program())
        .args(["administrator", "password"])
        .args(options)
        .env("INDELIBLE_URL", &server.url)
        .env("INDELIBLE_TOKEN", &server.token)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Answer { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// Why a sign-in failed, as the first page is told.
fn failed(page: &Page) -> Option<String> {
    let query = page.location.as_ref()?.query_pairs().find(|(name, _)| name == "failed");
    query.map(|(_, code)| code.into_owned())
}

#[test]
fn a_person_signs_in_by_a_provider_and_may_what_its_groups_are_granted() {
    let mut scene = Scene::start("contact = 'audit@example.com'");
    scene.provider.set_account("ann", &["readers", "writers"]);
    emit(&scene.server, ACME, 0..1);
    emit(&scene.server, BETA, 1..2);
    let mut ann = scene.sign_in("ann");
    let (status, me) = scene.me(&mut ann);
    assert_eq!((status, &me["name"], &me["email"]), (200, &json!("ann of tests"), &json!("ann@example.com")));
    assert_eq!((&me["organizations"], &me["operations"]), (&json!([]), &json!([])), "nobody granted anything yet");
    assert_eq!((&me["contact"], &me["groups"]), (&json!("audit@example.com"), &json!(["readers", "writers"])));
    assert_eq!(scene.search(&mut ann), 403);
    let id = me["principal"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 32);

    let grant = scene.grant("group:corp/readers", ACME, "reviewer");
    assert_eq!(scene.search(&mut ann), 200, "at once");
    let (_, me) = scene.me(&mut ann);
    assert_eq!(me["organizations"], json!([{"organization": ACME, "operations": ["audit:search", "audit:verify"]}]));
    let foreign = json!({"query": "", "organization": BETA});
    assert_eq!(scene.act(&mut ann, Method::POST, "/api/v1/search/count", foreign).status, 403);

    // Signed in again, in another browser, without the group: both sessions lose what it gave.
    scene.provider.set_account("ann", &["writers"]);
    let mut again = scene.sign_in("ann");
    assert_eq!((scene.search(&mut again), scene.search(&mut ann)), (403, 403));
    scene.provider.set_account("ann", &["readers"]);
    let mut again = scene.sign_in("ann");
    assert_eq!(scene.search(&mut again), 200);
    assert_eq!(scene.server.indelible(&["grant", "remove", &grant]).code, 0);
    assert_eq!(scene.search(&mut again), 403, "at once");

    let people = scene.server.indelible(&["person", "list", "--format", "json"]);
    let person: Value = serde_json::from_str(people.out.trim()).unwrap();
    assert_eq!((&person["personId"], &person["groups"]), (&json!(id), &json!(["readers"])));

    // What of it is in which log.
    let of = |organization, name| scene.events(organization, name);
    let sign_ins = [
        of(OPERATOR, "INDELIBLE_SIGN_IN").len(),
        of(ACME, "INDELIBLE_SIGN_IN").len(),
        of(BETA, "INDELIBLE_SIGN_IN").len(),
    ];
    assert_eq!(sign_ins, [2, 1, 0], "where she could do something, else in the operator's");
    let sign_in = &of(ACME, "INDELIBLE_SIGN_IN")[0];
    assert_eq!((&sign_in["categories"], &sign_in["result"]), (&json!(["passThrough", "userLogin"]), &json!("SUCCESS")));
    assert_eq!((&sign_in["uid"], &sign_in["resultFields"]["loginUserId"]), (&json!(id), &json!(id)));
    assert!(sign_in["sid"].is_string() && sign_in["tokenId"].is_null(), "{sign_in}");
    let search = &of(ACME, "INDELIBLE_COUNT")[0];
    assert_eq!((&search["uid"], search["sid"].is_string(), &search["tokenId"]), (&json!(id), true, &Value::Null));
    let facts = |event: &Value| {
        let context = event["requestFields"]["permissionChangeContext"].as_array().unwrap();
        let fact =
            |name: &str| context.iter().find(|fact| fact["description"] == name).map(|fact| fact["value"].clone());
        ["before", "after"].map(|name| fact(name).unwrap_or_else(|| panic!("{event}")).as_str().unwrap().to_owned())
    };
    assert_eq!(of(ACME, "INDELIBLE_CREATE_GRANT").iter().map(facts).collect::<Vec<_>>(), [["", "reviewer"]]);
    assert_eq!(of(ACME, "INDELIBLE_REMOVE_GRANT").iter().map(facts).collect::<Vec<_>>(), [["reviewer", ""]]);
    let rights = of(ACME, "INDELIBLE_CHANGE_RIGHTS");
    let rights: Vec<_> = rights.iter().map(facts).collect();
    assert_eq!(rights, [["audit:search audit:verify", ""], ["", "audit:search audit:verify"]]);
    assert_eq!((of(OPERATOR, "INDELIBLE_CREATE_PERSON").len(), of(OPERATOR, "INDELIBLE_CHANGE_GROUPS").len()), (1, 3));
    for event in of(ACME, "*").iter().chain(&of(OPERATOR, "*")) {
        assert!(!event.to_string().contains("indelible-session_"), "no secrets: {event}");
    }
}

#[test]
fn every_way_of_a_provider_to_tell_works() {
    let mut scene = Scene::start("");
    scene.provider.set_account("ann", &["readers"]);
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
        scene.provider.set_algorithm(algorithm);
        scene.sign_in("ann");
    }
    scene.provider.tell_claims_in_id_tokens(false);
    let mut ann = scene.sign_in("ann");
    assert_eq!(scene.me(&mut ann).1["groups"], json!(["readers"]), "by the user's information");
    // A client without a secret, behind a proxy that speaks https.
    let data = scene.folder.path().join("public");
    let config = "public-url = 'https://audit.example.com'\n".to_owned() + &config(&scene.provider, "", PUBLIC_CLIENT);
    let server = Server::start_configured(&data, &config);
    scene.provider.allow_redirect("https://audit.example.com/auth/callback/corp");
    let mut browser = Browser::new();
    let is_back = |next: &reqwest::Url| next.host_str() == Some("audit.example.com");
    let page = browser.open(&format!("{}/auth/sign-in/corp?then=/x", server.url), "ann", is_back);
    let back = page.location.unwrap();
    assert_eq!(back.path(), "/auth/callback/corp");
    let page = browser.get(&format!("{}{}?{}", server.url, back.path(), back.query().unwrap()));
    assert_eq!(page.location.as_ref().map(reqwest::Url::as_str), Some("https://audit.example.com/x"), "{page:?}");
    let cookie = page.cookies.iter().find(|cookie| cookie.starts_with("__Host-indelible-session=")).unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
}

/// A session is a cookie; nothing else signs anybody in.
#[test]
fn what_an_attacker_brings_signs_nobody_in() {
    let mut scene = Scene::start("");
    scene.provider.set_account("ann", &[]);
    scene.provider.set_account("eve", &[]);
    let mut refused = 0;
    let mut check = |what: &str, browser: &mut Browser, page: &Page, code: &str| {
        assert_eq!(failed(page).as_deref(), Some(code), "{what}: {page:?}");
        assert!(browser.cookie(SESSION).is_none(), "{what}");
        refused += 1;
    };

    // Tokens.
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
        scene.provider.set_algorithm(algorithm);
        for how in [
            "nonce",
            "noNonce",
            "expired",
            "noExpiry",
            "future",
            "audience",
            "audiences",
            "party",
            "issuer",
            "noSubject",
            "none",
            "hs256",
            "otherKey",
            "cut",
        ] {
            scene.provider.tamper(Some(how));
            let mut browser = Browser::new();
            let page = scene.sign_in_with(&mut browser, "ann");
            check(how, &mut browser, &page, "token-not-believed");
        }
        scene.provider.tamper(None);
        scene.sign_in("ann");
    }

    // Answers. A code that was redeemed, in the same browser and in another; a state of another browser, a made-up one, none.
    let mut ann = Browser::new();
    let answer = scene.answer(&mut ann, "ann");
    let attempt = ann.cookie(ATTEMPT).unwrap();
    assert_eq!(failed(&ann.get(&answer)), None);
    let mut replay = Browser::new();
    replay.set_cookie(&scene.server.url, ATTEMPT, &attempt);
    let page = replay.get(&answer);
    check("the callback again, with its cookie", &mut replay, &page, "not-begun");
    let mut other = Browser::new();
    let page = other.get(&answer);
    check("the callback in a browser that did not ask", &mut other, &page, "not-begun");
    let replace = |url: &str, name: &str, value: Option<&str>| {
        let mut url: reqwest::Url = url.parse().unwrap();
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(known, _)| known != name).collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
        value.iter().for_each(|value| _ = url.query_pairs_mut().append_pair(name, value));
        url.to_string()
    };
    let used_code =
        answer.parse::<reqwest::Url>().unwrap().query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let of_eve = {
        let mut eve = Browser::new();
        scene.answer(&mut eve, "eve")
    };
    let eves_state =
        of_eve.parse::<reqwest::Url>().unwrap().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    for (what, name, value, code) in [
        ("a code that was redeemed", "code", Some(&*used_code), "code-refused"),
        ("a made-up code", "code", Some("x"), "code-refused"),
        ("no code", "code", None, "not-begun"),
        ("another state", "state", Some("x"), "not-begun"),
        ("the state of another browser", "state", Some(&*eves_state), "not-begun"),
        ("no state", "state", None, "not-begun"),
        ("another issuer", "iss", Some("https://evil.example"), "another-provider"),
        ("no issuer though the provider always names it", "iss", None, "another-provider"),
        ("an error", "error", Some("access_denied"), "refused"),
    ] {
        let mut browser = Browser::new();
        let answer = scene.answer(&mut browser, "ann");
        let page = browser.get(&replace(&answer, name, value));
        check(what, &mut browser, &page, code);
        assert!(browser.cookie(ATTEMPT).is_none(), "{what}: the attempt is over");
    }
    // The attacker's own answer in the victim's browser, which has begun to sign in.
    let mut ann = Browser::new();
    scene.answer(&mut ann, "ann");
    let page = ann.get(&of_eve);
    check("an answer to somebody else", &mut ann, &page, "not-begun");
    // A code that is taken out of one answer and put into another browser's: the verifier is not its own.
    let mut eve = Browser::new();
    let mut ann = Browser::new();
    let of_ann = scene.answer(&mut ann, "ann");
    let stolen =
        of_ann.parse::<reqwest::Url>().unwrap().query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let own = scene.answer(&mut eve, "eve");
    let page = eve.get(&replace(&own, "code", Some(&stolen)));
    check("a stolen code", &mut eve, &page, "code-refused");
    // The cookie of an attempt, changed.
    for change in
        [|cookie: &str| cookie[1..].to_owned(), |cookie: &str| cookie.replace('.', "A."), |_: &str| "x.y".to_owned()]
    {
        let mut browser = Browser::new();
        let answer = scene.answer(&mut browser, "ann");
        let cookie = browser.cookie(ATTEMPT).unwrap();
        browser.set_cookie(&scene.server.url, ATTEMPT, &change(&cookie));
        let page = browser.get(&answer);
        check("a changed cookie", &mut browser, &page, "not-begun");
    }

    // Elsewhere after the sign-in.
    for then in ["//evil.example", "https://evil.example", "/\\evil.example", "/%09/evil.example", "%2F%2Fevil.example"]
    {
        let mut browser = Browser::new();
        let url = scene.url(&format!("/auth/sign-in/corp?then={then}"));
        let page = browser.open(&url, "ann", |next| next.path() != "/auth/callback/corp" && next.path() == "/");
        assert_eq!(page.location.unwrap().as_str(), scene.url("/"), "{then}");
        refused += 1;
    }
    let mut browser = Browser::new();
    let page =
        browser.open(&scene.url("/auth/sign-in/corp?then=%2Fcases%3Fx%3D1"), "ann", |next| next.path() == "/cases");
    assert_eq!(page.location.unwrap().as_str(), scene.url("/cases?x=1"));

    // Failures are counted, and recorded with their reason and nobody's name.
    let metrics = String::from_utf8(fetch(scene.server.request(Method::GET, "/metrics")).1).unwrap();
    assert!(metrics.contains("indelible_sign_ins_total{outcome=\"token-not-believed\"} 56"), "{metrics}");
    let events = scene.events(OPERATOR, "INDELIBLE_SIGN_IN");
    let failures: Vec<&Value> = events.iter().filter(|event| event["result"] == "UNAUTHORIZED").collect();
    assert!(failures.len() > 60 && failures.iter().all(|event| event["uid"].is_null()), "{failures:?}");
    println!("attacks on signing in by a provider refused: {refused}");
}

#[test]
fn new_keys_of_a_provider_are_found_and_it_is_not_troubled() {
    let mut scene = Scene::start("");
    scene.provider.set_account("ann", &[]);
    scene.sign_in("ann");
    scene.sign_in("ann");
    let asked = |scene: &Scene| scene.provider.requests("/jwks");
    assert_eq!(asked(&scene), 1);
    scene.provider.rotate_keys();
    scene.sign_in("ann");
    assert_eq!(asked(&scene), 2);
    scene.provider.tamper(Some("unknownKey"));
    for _ in 0..10 {
        let mut browser = Browser::new();
        assert!(failed(&scene.sign_in_with(&mut browser, "ann")).is_some());
    }
    // With the one for what the provider says of itself it was asked six times this minute.
    assert_eq!(asked(&scene), 5);
    scene.provider.tamper(None);
    scene.sign_in("ann");
}

#[test]
fn a_provider_that_is_away_or_an_impostor_signs_nobody_in() {
    let mut scene = Scene::start("");
    scene.provider.set_account("ann", &[]);
    // Another one's description of itself, at an address that does not answer as a provider does: our own server.
    let folder = tempfile::tempdir().unwrap();
    let config = |issuer: &str| format!("[[sign-in.provider]]\nname = 'corp'\nissuer = '{issuer}'\nclient-id = 'x'\n");
    for issuer in [&*scene.server.url, "http://127.0.0.1:1", &*format!("{}/", scene.provider.issuer())] {
        let server = Server::start_configured(&folder.path().join("data"), &config(issuer));
        let page = Browser::new().get(&format!("{}/auth/sign-in/corp", server.url));
        assert_eq!(failed(&page).as_deref(), Some("provider-away"), "{issuer}: {page:?}");
        let page = Browser::new().get(&format!("{}/auth/sign-in/other", server.url));
        assert_eq!(page.status, 404);
        server.stop();
    }
}

#[test]
fn a_provider_over_tls_is_believed_on_the_word_of_its_authority_alone() {
    let folder = tempfile::tempdir().unwrap();
    let [own, other] = ["own", "other"].map(|name| Authority::new(folder.path(), name));
    let signed = own.sign(folder.path(), "provider", &["127.0.0.1"], |_| {});
    let mut provider = Provider::start_over_tls(&signed.certificate, &signed.key);
    provider.set_account("ann", &[]);
    for (authority, works) in [(Some(&own), true), (Some(&other), false), (None, false)] {
        let mut config = config(&provider, "", CLIENT.0);
        config.extend(authority.map(|authority| format!("ca-file = '{}'\n", authority.file.display())));
        let server = Server::start_configured(&folder.path().join("data"), &config);
        provider.allow_redirect(&format!("{}/auth/callback/corp", server.url));
        let mut browser = Browser::trusting(&own.file);
        let url = format!("{}/auth/sign-in/corp", server.url);
        if works {
            browser.open(&url, "ann", |next| next.path() == "/");
            assert!(browser.cookie(SESSION).is_some());
        } else {
            assert_eq!(failed(&browser.get(&url)).as_deref(), Some("provider-away"), "{config}");
        }
        server.stop();
    }
}

#[test]
fn a_session_acts_for_its_own_pages_only() {
    let mut scene = Scene::start("");
    scene.provider.set_account("ann", &[]);
    scene.provider.set_account("eve", &[]);
    emit(&scene.server, ACME, 0..1);
    let mut ann = scene.sign_in("ann");
    let mut eve = scene.sign_in("eve");
    let id = scene.me(&mut ann).1["principal"].as_str().unwrap().to_owned();
    scene.grant(&format!("person:{id}"), ACME, "analyst");
    assert_eq!(scene.search(&mut ann), 200);
    let (right, eves, own) = (scene.csrf(&mut ann), scene.csrf(&mut eve), scene.server.url.clone());
    let mut refused = 0;
    let mut check = |headers: &[(&str, &str)], status| {
        let mut request = ann.request(Method::POST, &scene.url("/api/v1/search/count")).json(&json!({"query": ""}));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let page = ann.send(request);
        assert_eq!(page.status, status, "{headers:?}: {page:?}");
        assert!(status == 200 || page.json()["error"]["code"] == "crossSite", "{page:?}");
        refused += usize::from(status != 200);
    };
    let token = ("x-indelible-csrf", right.as_str());
    check(&[token], 200);
    check(&[token, ("origin", &own)], 200);
    check(&[token, ("origin", &own.replace("127.0.0.1", "localhost"))], 200);
    check(&[], 403);
    check(&[("x-indelible-csrf", "")], 403);
    check(&[("x-indelible-csrf", &eves)], 403);
    check(&[("x-indelible-csrf", &right[1..])], 403);
    check(&[("origin", &own)], 403);
    for origin in ["https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1.evil.example", ""] {
        check(&[token, ("origin", origin)], 403);
    }

    // The cookie: changed, of another kind, twice, as a token; and a token as a cookie.
    let cookie = ann.cookie(SESSION).unwrap();
    let mut check = |what: &str, prepare: &dyn Fn(RequestBuilder) -> RequestBuilder| {
        let request = prepare(reqwest::Client::new().get(scene.url("/api/v1/me")));
        let (status, body) = fetch(request);
        assert_eq!(status, 401, "{what}: {}", String::from_utf8_lossy(&body));
        refused += 1;
    };
    let with = |value: String| move |request: RequestBuilder| request.header("cookie", value.clone());
    let mut flipped = cookie.clone().into_bytes();
    let last = flipped.len() - 2;
    flipped[last] = if flipped[last] == b'a' { b'b' } else { b'a' };
    check("changed", &with(format!("{SESSION}={}", String::from_utf8(flipped).unwrap())));
    check("cut", &with(format!("{SESSION}={}", &cookie[..cookie.len() - 1])));
    check("empty", &with(format!("{SESSION}=")));
    check("long", &with(format!("{SESSION}={}", "x".repeat(4000))));
    check("twice", &with(format!("{SESSION}={cookie}; {SESSION}=x")));
    check("of the https name", &with(format!("__Host-{SESSION}={cookie}")));
    check("a token", &with(format!("{SESSION}={}", scene.server.token)));
    check("as a token", &|request| request.bearer_auth(&cookie));
    // A bad token is not made good by a cookie.
    check("beside a bad token", &|request| request.header("cookie", format!("{SESSION}={cookie}")).bearer_auth("x"));

    // A session that an attacker put into the browser does not become that of who signs in, and does not live on.
    let planted = eve.cookie(SESSION).unwrap();
    let mut victim = Browser::new();
    victim.set_cookie(&scene.server.url, SESSION, &planted);
    scene.sign_in_with(&mut victim, "ann");
    assert_ne!(victim.cookie(SESSION).unwrap(), planted);
    assert_eq!(scene.me(&mut victim).1["principal"], json!(id));
    assert_eq!(scene.me(&mut eve).0, 401);
    let mut victim = Browser::new();
    victim.set_cookie(&scene.server.url, SESSION, "indelible-session_0123456789abcdef_chosen");
    scene.sign_in_with(&mut victim, "ann");
    assert!(!victim.cookie(SESSION).unwrap().contains("chosen"));
    refused += 2;

    // A token needs no more than itself, whatever page it comes from.
    let request = scene.server.request(Method::POST, "/api/v1/search/count").json(&json!({"query": ""}));
    assert_eq!(fetch(request.header("origin", "https://evil.example")).0, 200);
    println!("attacks on sessions refused: {refused}");
}

#[test]
fn sessions_end_by_rest_by_time_and_everywhere() {
    let mut scene = Scene::start("idle-seconds = 4\nsession-seconds = 9");
    scene.provider.set_account("ann", &[]);
    let (mut idle, mut busy) = (scene.sign_in("ann"), scene.sign_in("ann"));
    let begun = Instant::now();
    let mut lived = Duration::ZERO;
    while scene.me(&mut busy).0 == 200 {
        lived = begun.elapsed();
        assert!(lived < Duration::from_secs(60), "it never ends");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(lived > Duration::from_secs(5), "{lived:?}: use makes it longer than its rest");
    assert_eq!(scene.me(&mut idle).0, 401);

    let (mut one, mut two, mut three) = (scene.sign_in("ann"), scene.sign_in("ann"), scene.sign_in("ann"));
    let page = scene.act(&mut one, Method::POST, "/auth/sign-out", json!({}));
    assert_eq!((page.status, &page.json()["ended"]), (200, &json!(1)));
    let there: reqwest::Url = page.json()["providerSignOut"].as_str().unwrap().parse().unwrap();
    assert!(there.as_str().starts_with(scene.provider.issuer()), "{there}");
    assert!(one.cookie(SESSION).is_none());
    assert_eq!((scene.me(&mut one).0, scene.me(&mut two).0), (401, 200));
    let page = scene.act(&mut two, Method::POST, "/auth/sign-out-everywhere", json!({}));
    assert_eq!((page.status, &page.json()["ended"]), (200, &json!(2)));
    assert_eq!((scene.me(&mut two).0, scene.me(&mut three).0), (401, 401));
    let request = scene.server.request(Method::POST, "/auth/sign-out");
    assert_eq!(fetch(request).0, 400, "a token has no session");
    let signed_out = scene.events(OPERATOR, "INDELIBLE_SIGN_OUT*");
    assert_eq!(signed_out.len(), 2);
    assert!(signed_out.iter().all(|event| event["categories"] == json!(["userLogout"]) && event["sid"].is_string()));
}

#[test]
fn sessions_outlive_a_restart_but_not_their_way_in() {
    let mut scene = Scene::start("");
    scene.provider.set_account("ann", &[]);
    assert_eq!(scene.set_password(PASSWORD).code, 0);
    let mut ann = scene.sign_in("ann");
    let mut administrator = Browser::new();
    let body = json!({"name": "administrator", "password": PASSWORD});
    assert_eq!(scene.sign_in_locally(&mut administrator, body).status, 204);
    let restart = |scene: Scene, config: &str| {
        let Scene { provider, server, folder } = scene;
        server.stop();
        let server = Server::start_configured(&folder.path().join("data"), config);
        Scene { provider, server, folder }
    };
    let moved = |scene: &Scene, browser: &mut Browser| {
        let cookie = browser.cookie(SESSION).unwrap();
        browser.set_cookie(&scene.server.url, SESSION, &cookie);
        scene.me(browser).0
    };
    let whole = config(&scene.provider, "", CLIENT.0);
    let scene = restart(scene, &whole);
    assert_eq!((moved(&scene, &mut ann), moved(&scene, &mut administrator)), (200, 200));
    let scene = restart(scene, "");
    assert_eq!((moved(&scene, &mut ann), moved(&scene, &mut administrator)), (401, 200));
    let scene = restart(scene, "[sign-in]\nlocal = false\n");
    assert_eq!(moved(&scene, &mut administrator), 401);
    let page = scene.sign_in_locally(&mut administrator, json!({"name": "administrator", "password": PASSWORD}));
    assert_eq!(page.status, 404);
    assert_eq!(scene.set_password(PASSWORD).code, 2);
}

#[test]
fn the_password_of_the_administrator_is_guessed_in_vain() {
    let scratch = tempfile::tempdir().unwrap();
    let data = scratch.path().join("data");
    let server = Server::start_configured(&data, PATIENT);
    let mut browser = Browser::new();
    let mut refused = 0;
    let mut try_it = |server: &Server, name: &str, password: &str, headers: &[(&str, &str)]| {
        let mut request = browser.request(Method::POST, &format!("{}/auth/local", server.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let page = browser.send(request.json(&json!({"name": name, "password": password})));
        refused += usize::from(page.status != 204);
        let mut body: Value = serde_json::from_str(&page.body).unwrap_or_default();
        body["error"]["requestId"].take();
        browser.jar.clear();
        (page.status, body)
    };
    let wrong = try_it(&server, "administrator", "x", &[]);
    assert_eq!(wrong.0, 401, "there is no password yet");
    assert_eq!(administrator_password(&server, &[], "short").code, 2);
    assert_eq!(administrator_password(&server, &[], PASSWORD).code, 0);
    assert_eq!(try_it(&server, "administrator", PASSWORD, &[]).0, 204);
    assert_eq!(try_it(&server, "administrator", PASSWORD, &[("origin", "https://evil.example")]).0, 403);
    // Known and unknown names, long and empty passwords, and too many attempts are answered alike.
    for (name, password) in [
        ("administrator", "wrong horse battery"),
        ("administrator", ""),
        ("nobody", PASSWORD),
        ("Administrator", PASSWORD),
        ("", ""),
        ("administrator", &*"x".repeat(10_000)),
    ] {
        assert_eq!(try_it(&server, name, password, &[]), wrong, "{name}");
    }
    // Three failures until now; after two more each further one makes the next attempt wait twice as long.
    let mut tries = 0;
    while try_it(&server, "administrator", PASSWORD, &[]).0 == 204 && tries < 30 {
        for _ in 0..5 + tries {
            assert_eq!(try_it(&server, "administrator", "wrong horse battery", &[]), wrong);
        }
        tries += 1;
    }
    assert!(tries < 30, "the right password has to wait too");
    server.stop();
    let server = Server::start_configured(&data, PATIENT);
    assert_eq!(try_it(&server, "administrator", "wrong horse battery", &[]), wrong);
    eventually("the wait is over", || try_it(&server, "administrator", PASSWORD, &[]).0 == 204);
    let failures = server.indelible(&["search", "name:INDELIBLE_SIGN_IN result:UNAUTHORIZED", "--format", "json"]);
    assert!(failures.out.contains(r#""uid":"administrator""#) && !failures.out.contains("nobody"), "{}", failures.out);
    assert!(!failures.out.contains("horse"), "{}", failures.out);
    println!("attacks on the administrator's password refused: {refused}");
}

#[test]
fn a_password_that_the_server_made_has_to_be_changed() {
    let scene = Scene::start("");
    let made = administrator_password(&scene.server, &["--generate"], "");
    assert_eq!(made.code, 0, "{}", made.err);
    let made = made.out.trim();
    let mut browser = Browser::new();
    let mut sign_in = |password: &str, new: Option<&str>| {
        let body = json!({"name": "administrator", "password": password, "newPassword": new});
        let page = scene.sign_in_locally(&mut browser, body);
        let code = serde_json::from_str::<Value>(&page.body).unwrap_or_default()["error"]["code"].clone();
        (page.status, code.as_str().unwrap_or_default().to_owned(), browser.cookie(SESSION))
    };
    assert_eq!(sign_in(made, None), (403, "passwordMustChange".into(), None));
    assert_eq!(sign_in(made, Some(made)), (400, "invalidRequest".into(), None));
    assert_eq!(sign_in(made, Some("short")), (400, "invalidRequest".into(), None));
    assert_eq!(sign_in("wrong horse battery", Some(PASSWORD)), (401, "unauthenticated".into(), None));
    let (status, _, session) = sign_in(made, Some(PASSWORD));
    assert!(status == 204 && session.is_some());
    assert_eq!(sign_in(made, None).0, 401);
    let (status, _, again) = sign_in(PASSWORD, None);
    assert!(status == 204 && again != session);
    assert_eq!(scene.me(&mut browser).1["principal"], "administrator");
    assert_eq!(scene.events(OPERATOR, "INDELIBLE_SET_PASSWORD").len(), 2);
    // A session does not set the password: it takes the token, or the password of before.
    let page = scene.act(&mut browser, Method::PUT, "/api/v1/administrator/password", json!({"password": PASSWORD}));
    assert_eq!(page.status, 403);
    let stored = std::fs::read(scene.folder.path().join("data/control.sqlite")).unwrap();
    assert!(!stored.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()));
}

#[test]
fn grants_are_made_by_who_administers_and_hold_what_belongs_there() {
    let mut scene = Scene::start("");
    scene.provider.set_account("ann", &["admins"]);
    scene.provider.set_account("ben", &["staff"]);
    let create = |organization: &str, administrator: &str| {
        let args = ["organization", "create", organization, "--administrator", administrator];
        let answer = scene.server.indelible(&args);
        assert_eq!(answer.code, 0, "{}", answer.err);
    };
    create(ACME, "group:corp/admins");
    create(BETA, "group:corp/others");
    let (mut ann, mut ben) = (scene.sign_in("ann"), scene.sign_in("ben"));
    let ben_id = scene.me(&mut ben).1["principal"].as_str().unwrap().to_owned();
    let grant = |browser: &mut Browser, to: &str, organization: &str, role: &str| {
        let body = json!({"grantee": to, "organization": organization, "role": role});
        scene.act(browser, Method::POST, "/api/v1/grants", body).status
    };
    let to_ben = format!("person:{ben_id}");
    assert_eq!(grant(&mut ann, &to_ben, ACME, "analyst"), 201);
    assert_eq!(grant(&mut ann, &to_ben, ACME, "analyst"), 409);
    assert_eq!(scene.search(&mut ben), 200);
    let missing = "ri.indelible..organization.missing";
    for (is_ann, to, organization, role, status) in [
        (true, &*to_ben, ACME, "platform-administrator", 400),
        (true, &to_ben, ACME, "king", 400),
        (true, "ben", ACME, "analyst", 400),
        (true, &to_ben, "*", "operator-observer", 403),
        (true, &to_ben, BETA, "analyst", 403),
        (true, &to_ben, missing, "analyst", 403),
        (false, &to_ben, ACME, "organization-administrator", 403),
    ] {
        let browser = if is_ann { &mut ann } else { &mut ben };
        assert_eq!(grant(browser, to, organization, role), status, "{to} {organization} {role}");
    }
    let list = |browser: &mut Browser, what: &str, organization: &str| {
        browser.get(&scene.url(&format!("/api/v1/{what}?organization={organization}")))
    };
    for what in ["grants", "people"] {
        assert_eq!(list(&mut ann, what, ACME).json().as_array().unwrap().len(), 2, "{what}");
        let answer = |page: Page| {
            let mut body = page.json();
            body["error"]["requestId"].take();
            (page.status, body.to_string().replace(BETA, missing))
        };
        assert_eq!(answer(list(&mut ann, what, BETA)), answer(list(&mut ann, what, missing)), "{what}");
        assert_eq!(list(&mut ann, what, "*").status, 403);
        assert_eq!(list(&mut ben, what, ACME).status, 403);
    }
    let people = list(&mut ann, "people", ACME).json();
    assert!(
        people.as_array().unwrap().iter().all(|person| person["groups"].is_null()),
        "groups tell of others: {people}"
    );
    // What is another organization's, and what is not there, are answered alike.
    let of_beta =
        scene.server.get(&format!("/api/v1/grants?organization={BETA}")).1[0]["grantId"].as_str().unwrap().to_owned();
    let remove = |browser: &mut Browser, id: &str| {
        let page = scene.act(browser, Method::DELETE, &format!("/api/v1/grants/{id}"), json!({}));
        let mut body: Value = serde_json::from_str(&page.body).unwrap_or_default();
        body["error"]["requestId"].take();
        (page.status, body)
    };
    assert_eq!(remove(&mut ann, &of_beta), remove(&mut ann, "0000000000000000"));
    assert_eq!(remove(&mut ann, &of_beta).0, 404);
    let of_ben = list(&mut ann, "grants", ACME).json();
    let of_ben =
        of_ben.as_array().unwrap().iter().find(|grant| grant["name"] == "ben of tests").unwrap()["grantId"].clone();
    assert_eq!(remove(&mut ann, of_ben.as_str().unwrap()).0, 204);
    assert_eq!(scene.search(&mut ben), 403);
    // Nobody grants more than they may on that target: the operator's reach is the operator's to grant.
    scene.grant(&to_ben, "*", "platform-administrator");
    assert_eq!(grant(&mut ben, "group:corp/staff", "*", "operator-observer"), 201);
    assert_eq!(grant(&mut ben, "group:corp/staff", ACME, "analyst"), 403);
}

#[test]
fn a_server_that_others_reach_says_where_before_anybody_signs_in() {
    let scratch = tempfile::tempdir().unwrap();
    let server = Server::start_configured(&scratch.path().join("data"), PATIENT);
    let ways = Browser::new().get(&format!("{}/auth/ways", server.url)).json();
    assert_eq!(ways, json!({"local": true, "providers": []}));
    for (config, part) in [
        ("public-url = 'https://audit.example.com/x'", "public-url must be"),
        (
            "[[sign-in.provider]]\nname = 'x'\nissuer = 'http://login.example.com'\nclient-id = 'x'",
            "must begin with https://",
        ),
        (
            "[[sign-in.provider]]\nname = 'x'\nissuer = 'https://l.example'\nclient-id = 'x'\nclient-secret-file = '/none'",
            "/none",
        ),
    ] {
        let log = start_refused(&scratch.path().join("other"), config);
        assert!(log.contains(part), "{log}");
    }
}

fn start_refused(folder: &Path, config: &str) -> String {
    std::fs::write(folder.with_extension("toml"), config).unwrap();
    Server::try_start_in(folder).err().expect("it does not start")
}
