//! TLS from files, and producers that are known by their certificates.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair, SanType};
use reqwest::{Certificate, Identity, Method};
use serde_json::{Value, json};

use super::PATIENCE;
use super::wire::{Send, attack};
use crate::harness::{Answer, Client, Launch, Server, event, eventually, program, run};

const ACME: &str = "ri.indelible..organization.acme";
const BETA: &str = "ri.indelible..organization.beta";

/// An authority, with its certificate in a file.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub(crate) file: PathBuf,
}

/// A certificate with its key, in files.
pub(crate) struct Signed {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

impl Authority {
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = folder.join(format!("{name}.pem"));
        std::fs::write(&file, issuer.pem()).unwrap();
        Self { issuer, file }
    }

    /// A certificate for these names, a URI where there is a colon; `change` may say more.
    pub(crate) fn sign(
        &self,
        folder: &Path,
        file: &str,
        names: &[&str],
        change: impl Fn(&mut CertificateParams),
    ) -> Signed {
        let key = KeyPair::generate().unwrap();
        let (uris, names): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| name.contains(':'));
        let mut params = CertificateParams::new(names.into_iter().map(str::to_owned).collect::<Vec<_>>()).unwrap();
        params.subject_alt_names.extend(uris.into_iter().map(|uri| SanType::URI(uri.try_into().unwrap())));
        params.distinguished_name = named(file);
        change(&mut params);
        let signed =
            Signed { certificate: folder.join(format!("{file}.pem")), key: folder.join(format!("{file}.key")) };
        std::fs::write(&signed.certificate, params.signed_by(&key, &self.issuer).unwrap().pem()).unwrap();
        std::fs::write(&signed.key, key.serialize_pem()).unwrap();
        signed
    }

    fn certificate(&self) -> Certificate {
        Certificate::from_pem(self.issuer.pem().as_bytes()).unwrap()
    }
}

impl Signed {
    fn identity(&self) -> Identity {
        let read = |path: &Path| std::fs::read_to_string(path).unwrap();
        Identity::from_pem((read(&self.key) + &read(&self.certificate)).as_bytes()).unwrap()
    }
}

/// An HTTP client that believes this authority, and presents this certificate.
fn http(authority: &Authority, client: Option<&Signed>) -> reqwest::Client {
    let mut builder = reqwest::Client::builder().no_proxy().tls_certs_only([authority.certificate()]);
    if let Some(client) = client {
        builder = builder.identity(client.identity());
    }
    builder.build().unwrap()
}

/// Status and answer, or that there was none.
fn ask(request: reqwest::RequestBuilder) -> Result<(u16, Value), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let response = request.timeout(PATIENCE).send().await.map_err(|error| format!("{error:?}"))?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(|error| format!("{error:?}"))?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    })
}

/// Runs a command as the administrator who believes `ca`.
fn indelible(server: &Client, ca: &Path, args: &[&str]) -> Answer {
    let mut command = Command::new(program());
    command.arg("--ca").arg(ca).args(args).env("INDELIBLE_URL", &server.url).env("INDELIBLE_TOKEN", &server.token);
    run(&mut command)
}

fn start(folder: &Path, own: &Signed, client_ca: Option<&Authority>) -> Result<Server, String> {
    let client_ca = client_ca.map(|ca| format!("client-ca = '{}'\n", ca.file.display())).unwrap_or_default();
    let (certificate, key) = (own.certificate.display(), own.key.display());
    let config = format!(
        "[tls]\ncertificate = '{certificate}'\nkey = '{key}'\nreload-seconds = 1\n{client_ca}[limits]\nhandshake-seconds = 1\n"
    );
    Launch::new(&folder.join("data")).config(&config).try_start()
}

#[test]
fn clients_believe_the_authority_and_a_new_certificate_needs_no_restart() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let (old, new) = (Authority::new(folder, "old"), Authority::new(folder, "new"));
    let own = old.sign(folder, "server", &["localhost", "127.0.0.1"], |_| {});
    let server = start(folder, &own, None).unwrap();
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
    let healthz = format!("{}/healthz", server.url);
    assert!(ask(http(&old, None).get(&healthz)).is_ok_and(|(status, _)| status == 200));
    assert!(ask(http(&new, None).get(&healthz)).is_err());
    assert!(ask(reqwest::Client::new().get(&healthz)).is_err());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let headers = runtime.block_on(http(&old, None).get(&healthz).send()).unwrap().headers().clone();
    assert_eq!(headers["strict-transport-security"], "max-age=31536000");
    let listed = indelible(&server, &old.file, &["token", "list", "--organization", "*"]);
    assert_eq!(listed.code, 0, "{}", listed.err);
    let refused = indelible(&server, &new.file, &["token", "list", "--organization", "*"]);
    assert!(refused.code == 2 && refused.err.contains("INDELIBLE_CA"), "{}", refused.err);

    // No TLS, half of it, and nothing at all.
    let mut attacks = 0;
    for sending in [
        Send::Whole(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".to_vec()),
        Send::Whole((0..4000u32).map(|n| (n * n % 251) as u8).collect()),
        Send::Whole(vec![0x16, 3, 1, 2, 0]),
        Send::Whole(Vec::new()),
    ] {
        let (answered, took) = attack(&server.url, [127, 0, 0, 2], &sending, PATIENCE);
        assert!(answered.is_none() && took < PATIENCE, "{answered:?} after {took:?}");
        attacks += 1;
    }
    println!("attacks refused: {attacks}");

    // What cannot be used is told, and what was there stays.
    std::fs::write(&own.key, "no key").unwrap();
    let alarm = |client: &reqwest::Client| {
        let request = client.get(format!("{}/api/v1/alarms", server.url)).bearer_auth(&server.token);
        ask(request).unwrap().1.as_array().unwrap().iter().any(|alarm| alarm["kind"] == "certificateUnusable")
    };
    eventually("the alarm is raised", || alarm(&http(&old, None)));
    assert!(server.log().contains("holds no private key in PEM"), "{}", server.log());
    // A connection that is open keeps what it began with.
    let kept = http(&old, None);
    assert!(alarm(&kept));
    new.sign(folder, "server", &["localhost", "127.0.0.1"], |_| {});
    eventually("the new certificate is used", || ask(http(&new, None).get(&healthz)).is_ok());
    assert!(ask(http(&old, None).get(&healthz)).is_err());
    eventually("the alarm is over", || !alarm(&http(&new, None)));
    // One that ends soon is told too.
    new.sign(folder, "server", &["localhost", "127.0.0.1"], |params| {
        params.not_after = std::time::SystemTime::now().checked_add(Duration::from_secs(5 * 86_400)).unwrap().into();
    });
    eventually("the end of the certificate is near", || alarm(&http(&new, None)));
    server.stop();
}

#[test]
fn files_that_cannot_be_used_are_named_at_the_start() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let authority = Authority::new(folder, "authority");
    let (own, other) =
        (authority.sign(folder, "own", &["localhost"], |_| {}), authority.sign(folder, "other", &["x"], |_| {}));
    let file = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).unwrap();
        folder.join(name)
    };
    let (empty, no_pem) = (file("empty.pem", ""), file("text.pem", "-----BEGIN CERTIFICATE-----\nx"));
    let check = |certificate: &Path, key: &Path, expected: &[&str]| {
        let signed = Signed { certificate: certificate.into(), key: key.into() };
        let Err(log) = start(folder, &signed, None) else { panic!("it started") };
        for part in expected {
            assert!(log.contains(part), "{part}: {log}");
        }
        std::fs::remove_file(folder.join("data.log")).unwrap();
    };
    check(&folder.join("none.pem"), &own.key, &["none.pem", "see that the server may read it"]);
    check(&empty, &own.key, &["empty.pem", "BEGIN CERTIFICATE"]);
    check(&no_pem, &own.key, &["text.pem"]);
    check(&own.certificate, &own.certificate, &["own.pem", "no private key"]);
    check(&own.certificate, &other.key, &["other.key", "does not belong", "own.pem"]);
    // The name of the certificate is that by which the server is found.
    let server = start(folder, &own, None).unwrap();
    assert!(server.url.starts_with("https://localhost:"), "{}", server.url);
}

#[test]
fn a_producer_is_known_by_a_registered_name_on_a_certificate_of_the_authority() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let (authority, producers) = (Authority::new(folder, "authority"), Authority::new(folder, "producers"));
    let own = authority.sign(folder, "server", &["localhost", "127.0.0.1"], |_| {});
    let server = start(folder, &own, Some(&producers)).unwrap();
    let administrator = |args: &[&str]| {
        let answer = indelible(&server, &authority.file, args);
        assert_eq!(answer.code, 0, "{args:?}: {}", answer.err);
        answer.out
    };
    let certificate = |args: &[&str]| indelible(&server, &authority.file, &[&["certificate"], args].concat());
    for organization in [ACME, BETA] {
        administrator(&["organization", "create", organization]);
    }
    let register = |organization: &str, subject: &str| {
        let args = ["create", "--organization", organization, "--operations", "audit:emit", "--subject", subject];
        certificate(&args)
    };
    let known = register(ACME, "Files.Acme.Test").out.trim().to_owned();
    let platform = register("*", "spiffe://acme.test/gateway").out.trim().to_owned();
    assert!(register(BETA, "files.acme.test").err.contains("is registered"), "a name is one producer's");

    let emit = |client: &reqwest::Client, number: u64, organization: Value, token: Option<&str>| {
        let one = event(number, json!({"organizations": organization})).to_string();
        let mut request = client.post(format!("{}/api/v1/events", server.url)).body(one);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        ask(request)
    };
    let sign = |file: &str, names: &[&str]| producers.sign(folder, file, names, |_| {});
    let with = |signed: &Signed| http(&authority, Some(signed));
    let mut refused = 0;
    let mut check = |what: &str, answer: Result<(u16, Value), String>, expected: Result<u16, ()>| {
        let found = answer.as_ref().map(|(status, _)| *status).map_err(drop);
        assert_eq!(found, expected, "{what}: {answer:?}");
        refused += u64::from(expected != Ok(200));
        answer
    };
    let files = with(&sign("files", &["files.acme.test", "other.test"]));
    let taken = check("a registered name", emit(&files, 1, Value::Null, None), Ok(200)).unwrap().1;
    assert_eq!((&taken["new"], &taken["outcomes"][0]["receipts"][0]["organization"]), (&json!(1), &json!(ACME)));
    let of_beta = json!([{"id": BETA, "reason": "test"}]);
    let elsewhere = check("another organization", emit(&files, 2, of_beta.clone(), None), Ok(200)).unwrap().1;
    assert_eq!(
        (&elsewhere["refused"], &elsewhere["outcomes"][0]["error"]["code"]),
        (&json!(1), &json!("organizationNotAllowed"))
    );
    let gateway = with(&sign("gateway", &["spiffe://acme.test/gateway"]));
    let taken = check("a platform producer", emit(&gateway, 3, of_beta, None), Ok(200)).unwrap().1;
    assert_eq!((&taken["new"], &taken["outcomes"][0]["receipts"][0]["organization"]), (&json!(1), &json!(BETA)));

    // Everything but sending events is somebody else's.
    for (method, path) in
        [(Method::POST, "/api/v1/search"), (Method::POST, "/api/v1/tokens"), (Method::POST, "/api/v1/certificates")]
    {
        let body =
            json!({"query": "", "subject": "x", "organization": ACME, "operations": ["audit:emit"], "name": "x"});
        let request = files.request(method, format!("{}{path}", server.url));
        let fields: &[&str] = match path {
            "/api/v1/search" => &["query"],
            "/api/v1/tokens" => &["organization", "operations", "name"],
            _ => &["subject", "organization", "operations"],
        };
        let body: Value = fields
            .iter()
            .map(|field| ((*field).to_owned(), body[*field].clone()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        check(path, ask(request.json(&body)), Ok(403)).unwrap();
    }
    // Names and authorities that are not known.
    check("no certificate", emit(&http(&authority, None), 4, Value::Null, None), Ok(401)).unwrap();
    check("a name nobody registered", emit(&with(&sign("unknown", &["unknown.test"])), 4, Value::Null, None), Ok(401))
        .unwrap();
    check(
        "two registered names",
        emit(&with(&sign("two", &["files.acme.test", "spiffe://acme.test/gateway"])), 4, Value::Null, None),
        Ok(401),
    )
    .unwrap();
    check(
        "a name that begins so",
        emit(&with(&sign("longer", &["files.acme.test.example"])), 4, Value::Null, None),
        Ok(401),
    )
    .unwrap();
    let foreign = authority.sign(folder, "foreign", &["files.acme.test"], |_| {});
    _ = check("another authority", emit(&with(&foreign), 4, Value::Null, None), Err(()));
    let expired = producers.sign(folder, "expired", &["files.acme.test"], |params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
    _ = check("one that has ended", emit(&with(&expired), 4, Value::Null, None), Err(()));
    let browser = files.post(format!("{}/api/v1/events", server.url)).header("origin", "https://evil.test").body("{}");
    check("a browser on a page of somebody else's", ask(browser), Ok(401)).unwrap();
    // A token goes before a certificate, and has to be a valid one.
    check("a token beside it", emit(&files, 5, json!([{"id": BETA, "reason": "test"}]), Some(&server.token)), Ok(200))
        .unwrap();
    check("a wrong token beside it", emit(&files, 6, Value::Null, Some("indelible_x")), Ok(401)).unwrap();

    // The command does it too, without a token; the producer is told by its id.
    let line = folder.join("events.jsonl");
    std::fs::write(&line, event(7, json!({"organizations": null})).to_string() + "\n").unwrap();
    let mut import = Command::new(program());
    import.args(["import", "audit3", line.to_str().unwrap(), "--format", "json"]).env_remove("INDELIBLE_TOKEN");
    import.env("INDELIBLE_URL", &server.url).env("INDELIBLE_CA", &authority.file);
    import
        .env("INDELIBLE_CLIENT_CERTIFICATE", folder.join("files.pem"))
        .env("INDELIBLE_CLIENT_KEY", folder.join("files.key"));
    let imported = run(&mut import);
    assert!(imported.code == 0 && imported.out.contains("\"new\":1"), "{imported:?}");
    let rows = administrator(&[
        "sql",
        "select organization, intake from entries where intake is not null",
        "--format",
        "json",
    ]);
    let sent: Vec<(String, String)> = rows
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|row| {
            !row["intake"].to_string().contains("\\\"indelible\\\"") && row["intake"]["producer"] != "indelible"
        })
        .map(|row| (row["organization"].as_str().unwrap().to_owned(), row["intake"].to_string()))
        .collect();
    let by = |id: &str, organization: &str| {
        sent.iter().filter(|(of, intake)| of == organization && intake.contains(id)).count()
    };
    assert_eq!(
        (by(&known, ACME), by(&known, BETA), by(&platform, BETA), by(&platform, ACME)),
        (2, 0, 1, 0),
        "{sent:?}"
    );

    // The organization sees whom it has and ends it; who may not see it is told what a stranger is told.
    let token = |organization: &str| {
        administrator(&["token", "create", "--organization", organization, "--operations", "organization:administer"])
    };
    let (of_acme, of_beta) = (token(ACME), token(BETA));
    let of = |token: &str| Client { url: server.url.clone(), token: token.trim().to_owned() };
    let as_of = |token: &str, args: &[&str]| indelible(&of(token), &authority.file, &[&["certificate"], args].concat());
    let listed = as_of(&of_acme, &["list", "--organization", ACME, "--format", "json"]);
    assert!(
        listed.out.contains("files.acme.test") && listed.out.contains(&known) && listed.out.lines().count() == 1,
        "{listed:?}"
    );
    let same = |text: &str| text.split("(request").next().unwrap().to_owned();
    let foreign = as_of(&of_beta, &["revoke", &known]);
    assert_eq!((foreign.code, same(&foreign.err)), (2, same(&as_of(&of_beta, &["revoke", "0000000000000000"]).err)));
    let own =
        as_of(&of_acme, &["create", "--organization", ACME, "--operations", "audit:emit", "--subject", "more.test"]);
    assert!(own.code == 2, "names are the operator's to register: {own:?}");
    assert_eq!(as_of(&of_acme, &["revoke", &known]).code, 0);
    check("a revoked name, on a connection that is open", emit(&files, 8, Value::Null, None), Ok(401)).unwrap();
    for name in ["INDELIBLE_CREATE_CERTIFICATE", "INDELIBLE_REVOKE_CERTIFICATE"] {
        let count = administrator(&["search", &format!("name:{name}"), "--organization", ACME, "--count"]);
        assert_eq!(count.trim(), "1", "{name}");
    }
    println!("attacks refused: {refused}");
    server.stop();
}

/// rsyslog that forwards the lines of a file over TLS and presents this certificate; `None`, with a note, where there is none.
fn forwarder(folder: &Path, port: u16, authority: &Authority, own: &Signed) -> Option<std::process::Child> {
    if !Path::new("/usr/sbin/rsyslogd").exists() {
        eprintln!("SKIPPED: there is no rsyslogd; run tools/setup");
        return None;
    }
    std::fs::create_dir_all(folder).unwrap();
    let text = format!(
        "global(workDirectory=\"{folder}\" defaultNetstreamDriver=\"ossl\" defaultNetstreamDriverCAFile=\"{ca}\" \
         defaultNetstreamDriverCertFile=\"{certificate}\" defaultNetstreamDriverKeyFile=\"{key}\")\n\
         module(load=\"imfile\" mode=\"polling\" pollingInterval=\"1\")\n\
         input(type=\"imfile\" file=\"{folder}/in.log\" tag=\"sshd\" facility=\"auth\")\n\
         action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" protocol=\"tcp\" TCP_Framing=\"octet-counted\" \
         template=\"RSYSLOG_SyslogProtocol23Format\" StreamDriver=\"ossl\" StreamDriverMode=\"1\" \
         StreamDriverAuthMode=\"x509/name\" StreamDriverPermittedPeers=\"localhost\" action.resumeInterval=\"1\" \
         action.resumeRetryCount=\"-1\" queue.type=\"LinkedList\")\n",
        folder = folder.display(),
        ca = authority.file.display(),
        certificate = own.certificate.display(),
        key = own.key.display(),
    );
    std::fs::write(folder.join("rsyslog.conf"), text).unwrap();
    let mut command = Command::new("/usr/sbin/rsyslogd");
    command.arg("-n").arg("-f").arg(folder.join("rsyslog.conf")).arg("-i").arg(folder.join("pid"));
    Some(command.spawn().unwrap())
}

#[test]
fn syslog_over_tls_is_taken_of_those_who_are_named_alone() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let authority = Authority::new(folder, "authority");
    let own = authority.sign(folder, "server", &["localhost", "127.0.0.1"], |_| {});
    let port = indelible_testkit::rsyslog::free_port();
    let config = format!(
        "[tls]\ncertificate = '{}'\nkey = '{}'\nclient-ca = '{}'\n[[receive.syslog]]\nname = 'edge'\nlisten = '127.0.0.1:{port}'\n\
         transport = 'tls'\norganization = '{ACME}'\nadapter = 'openssh'\ncertificates = ['edge.example']\n",
        own.certificate.display(),
        own.key.display(),
        authority.file.display()
    );
    let server = Launch::new(&folder.join("data")).config(&config).start();
    let line = "Failed password for root from 203.0.113.9 port 4711 ssh2\n";
    let mut running = Vec::new();
    for (name, times) in [("stranger.example", 1), ("edge.example", 20)] {
        let sender = authority.sign(folder, name, &[name], |_| {});
        let place = folder.join(format!("rsyslog-{name}"));
        std::fs::create_dir(&place).unwrap();
        std::fs::write(place.join("in.log"), line.repeat(times)).unwrap();
        let Some(process) = forwarder(&place, port, &authority, &sender) else { return };
        running.push(process);
    }
    let count =
        || indelible(&server, &authority.file, &["search", "-product:indelible", "--count"]).out.trim().to_owned();
    eventually("those of the named one are there, equal or not", || count() == "20");
    let metrics = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let request = http(&authority, None).get(format!("{}/metrics", server.url));
        runtime.block_on(async { request.send().await.unwrap().text().await.unwrap() })
    };
    let refused = "indelible_syslog_closed_total{listener=\"edge\",reason=\"stranger\"} ";
    eventually("the other one is closed", || {
        metrics().lines().any(|found| found.strip_prefix(refused).is_some_and(|count| count != "0"))
    });
    assert_eq!(count(), "20");
    running.iter_mut().for_each(|process| _ = process.kill().and_then(|()| process.wait()));
}
