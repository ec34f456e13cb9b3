//! Organizations whose content is encrypted: what the disk shows, who reads it, and what is left when the key is gone.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::buckets::Scene;
use crate::harness::{Client, Server, event, eventually, fetch, offline, python};

const ACME: &str = "ri.indelible..organization.acme";
const BETA: &str = "ri.indelible..organization.beta";

/// Emits an event whose content has `canary` in each of its parts.
fn emit(server: &Client, number: u64, organizations: &[&str], canary: &str) {
    let organizations: Vec<Value> = organizations.iter().map(|id| json!({"id": id, "reason": "test"})).collect();
    let rid = format!("ri.files..file.{canary}-request");
    let body = event(
        number,
        json!({
            "organizations": organizations,
            "requestFields": {"deletedResources": [{"id": {"type": "rid", "rid": rid}, "context": []}]},
            "entities": [format!("{canary}-entity")],
            "users": [{"uid": "u1", "userName": format!("{canary}-user")}],
            "note": format!("{canary}-extra"),
        }),
    );
    let (status, answer) = server.post(&[], serde_json::to_vec(&body).unwrap());
    assert_eq!((status, &answer["refused"]), (200, &json!(0)), "{answer}");
}

/// The files of a folder whose bytes hold `text`, as they are or in a zstd frame; but for the keys themselves.
pub(crate) fn files_with(folder: &Path, text: &str) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if let Ok(bytes) = fs::read(&path)
            && memchr::memmem::find(&unpacked(&bytes), text.as_bytes()).is_some()
        {
            found.insert(path);
        }
    }
    found
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let mut all = bytes.to_vec();
    for at in memchr::memmem::find_iter(bytes, &MAGIC) {
        if let Ok(decoder) = zstd::stream::read::Decoder::new(&bytes[at..]) {
            // What is no frame, or is cut, gives as much as it has.
            let _ = decoder.single_frame().read_to_end(&mut all);
        }
    }
    all
}

fn encrypt(server: &Client, organization: &str) -> String {
    let answer = server.indelible(&["organization", "encrypt", organization]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let state: Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(state["on"], json!(true));
    state["key"].as_str().unwrap().to_owned()
}

/// How many events of an organization a search finds.
fn found(server: &Client, organization: &str, query: &str) -> u64 {
    let answer = server.indelible(&["search", query, "--count", "--organization", organization]);
    assert!(answer.code < 2, "{}", answer.err);
    answer.out.trim().parse().unwrap()
}

#[test]
fn content_is_in_no_byte_of_disk_and_bucket_and_every_reader_with_the_key_has_it() {
    let scene = Scene::new(None, false);
    let server = scene.start("first", "[query]\nseconds = 1\n");
    emit(&server, 1, &[ACME], "canary-before");
    server.seal();
    let key = encrypt(&server, ACME);
    assert_eq!(encrypt(&server, ACME), key, "it is on already");
    for number in 10..20 {
        emit(&server, number, &[ACME], "canary-sealed");
    }
    for number in 20..30 {
        emit(&server, number, &[BETA], "canary-plain");
    }
    let home = scene.path("first");
    let root = home.parent().unwrap();
    let check = |server: &Client, state: &str| {
        assert!(files_with(root, "canary-sealed").is_empty(), "{state}: {:?}", files_with(root, "canary-sealed"));
        assert!(!files_with(root, "canary-plain").is_empty(), "{state}: the way of looking finds what is there");
        assert!(!files_with(root, "PUT_FILE").is_empty(), "{state}");
        assert_eq!(found(server, ACME, "canary-sealed"), 10, "{state}");
        assert_eq!(found(server, ACME, "entities:canary-sealed-entity"), 10, "{state}");
        assert_eq!(found(server, ACME, "canary-before"), 1, "{state}");
        assert_eq!(found(server, BETA, "canary-plain"), 10, "{state}");
        let sql = format!(
            "select count(*) as n from events where organization = '{ACME}' and array_has(entities, 'canary-sealed-entity')"
        );
        assert_eq!(server.sql(&sql)[0]["n"], json!(10), "{state}");
    };
    check(&server, "in the journal");
    eventually("the journal is copied", || {
        crate::buckets::status(&server)["journalCopies"]["oldestUncopiedSeconds"].is_null()
    });
    check(&server, "copied");
    server.seal();
    check(&server, "sealed");
    let checked = server.indelible(&["archive", "verify"]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);

    // A proof, a bundle and an export show it, and hold.
    let id = format!("10000000-0000-4000-8000-{:012x}", 12);
    let proof = server.indelible(&["prove", &id]);
    assert!(proof.code == 0 && proof.out.contains("canary-sealed-request"), "{}{}", proof.out, proof.err);
    let bundle = scene.path("elsewhere");
    fs::create_dir(&bundle).unwrap();
    let bundle = bundle.join("bundle");
    let made = server.indelible(&["bundle", "--organization", ACME, "--out", bundle.to_str().unwrap()]);
    assert_eq!(made.code, 0, "{}", made.err);
    assert_eq!(offline(&["verify", bundle.to_str().unwrap()]).code, 0);
    assert!(!files_with(&bundle, "canary-sealed").is_empty());
    fs::remove_dir_all(&bundle).unwrap();

    // A restart, with entries in the journal alone.
    emit(&server, 40, &[ACME, BETA], "canary-both");
    server.kill();
    let server = scene.start("first", "[query]\nseconds = 1\n");
    check(&server, "restarted");
    assert_eq!((found(&server, ACME, "canary-both"), found(&server, BETA, "canary-both")), (1, 1));
    server.seal();
    server.stop();

    let content = home.join("keys/content");
    let with = scene.verify(&["--content-keys", content.to_str().unwrap()]);
    assert!(with.code == 0 && !with.out.contains("was not looked at"), "{}{}", with.out, with.err);
    let without = scene.verify(&["--json"]);
    let report: Value = serde_json::from_str(&without.out).unwrap();
    assert_eq!(without.code, 0, "{report:#}");
    let acme = report["logs"].as_array().unwrap().iter().find(|log| log["organization"] == ACME).unwrap();
    assert!(acme["unreadEntries"].as_u64().unwrap() >= 11, "{acme}");
    assert_eq!((&acme["unreadKeys"][0], &acme["contentKey"]), (&json!(key), &json!(key)));
    assert!(report["summary"].as_str().unwrap().contains("--content-keys"), "{report:#}");

    // The bucket and the keys make the server anew.
    let answer = scene.rebuild("first", "second");
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    let server = scene.start("second", "");
    assert_eq!(found(&server, ACME, "canary-sealed"), 10);
    emit(&server, 50, &[ACME], "canary-rebuilt");
    assert!(files_with(root, "canary-rebuilt").is_empty());
    assert_eq!(found(&server, ACME, "canary-rebuilt"), 1);
    server.stop();
}

#[test]
fn an_erased_key_takes_the_content_everywhere_and_the_proofs_go_on() {
    let scene = Scene::new(None, false);
    let server = scene.start("data", "");
    emit(&server, 1, &[ACME], "canary-plain");
    encrypt(&server, ACME);
    for number in 10..20 {
        emit(&server, number, &[ACME], "canary-sealed");
    }
    server.seal();
    emit(&server, 20, &[ACME], "canary-sealed");
    let erase = ["organization", "erase-key", ACME, "--reason", "a customer's data was spilled"];
    let refused = server.indelible(&erase);
    assert!(refused.code == 2 && refused.err.contains("say yes"), "{}", refused.err);
    assert_eq!(found(&server, ACME, "canary-sealed"), 11);
    let erased = server.indelible(&[&erase[..], &["--yes"]].concat());
    assert_eq!(erased.code, 0, "{}", erased.err);
    let state: Value = serde_json::from_str(&erased.out).unwrap();
    assert_eq!((state["on"].as_bool(), state["erased"].as_array().unwrap().len()), (Some(true), 1), "{state}");

    let check = |server: &Client, state: &str, events: u64| {
        assert_eq!(found(server, ACME, "canary-sealed"), 0, "{state}");
        assert_eq!(found(server, ACME, "entities:canary-sealed-entity"), 0, "{state}");
        assert_eq!(found(server, ACME, "canary-plain"), 1, "{state}");
        assert_eq!(found(server, ACME, "name:PUT_FILE product:files"), events, "{state}");
        let answer = server.indelible(&["search", "name:PUT_FILE", "--organization", ACME, "--format", "json"]);
        assert!(answer.err.contains("was erased") && !answer.out.contains("canary-sealed"), "{state}: {}", answer.err);
        let sql = format!(
            "select count(*) as n from events where organization = '{ACME}' and requestFields is null and name = 'PUT_FILE'"
        );
        assert_eq!(server.sql(&sql)[0]["n"], json!(11), "{state}");
        let redacted = found(server, ACME, "category:auditDataRedact");
        assert_eq!(redacted, 1, "{state}");
    };
    check(&server, "at once", 12);
    // Its place in the log is proven by the hash of what it said.
    let id = format!("10000000-0000-4000-8000-{:012x}", 12);
    let (status, proof) = server.get(&format!("/api/v1/entries/{id}"));
    assert_eq!(status, 200, "{proof}");
    assert!(proof["content"] == "" && proof["contentHash"].as_str().unwrap().len() == 64, "{proof}");
    let checked = server.indelible(&["archive", "verify"]);
    assert!(checked.code == 0 && checked.out.contains("erased"), "{}{}", checked.out, checked.err);
    let path = scene.path("bundle");
    let bundle = server.indelible(&["bundle", "--organization", ACME, "--out", path.to_str().unwrap()]);
    assert!(bundle.code != 0, "a bundle shows whole entries");
    emit(&server, 30, &[ACME], "canary-afterwards");
    server.seal();
    server.stop();
    let server = scene.start("data", "");
    check(&server, "after a restart", 13);
    assert_eq!(found(&server, ACME, "canary-afterwards"), 1);
    server.stop();
    let report: Value = serde_json::from_str(&scene.verify(&["--json"]).out).unwrap();
    assert_eq!(report["outcome"], json!("verified"), "{report:#}");
    let log = &report["logs"][0];
    let log = if log["organization"] == ACME { log } else { &report["logs"][1] };
    assert!(log["erasedEntries"].as_u64().unwrap() >= 11 && log["unreadEntries"].as_u64().unwrap() >= 1, "{log}");
}

#[test]
fn a_server_killed_while_it_is_switched_on_is_on_or_off() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for attempt in 0..6_u64 {
        let server = Server::start_in(&data);
        emit(&server, attempt * 10, &[ACME], "canary-any");
        let organization = format!("ri.indelible..organization.o{attempt}");
        let mut asking = server.spawn(&["organization", "create", &organization]);
        asking.wait().unwrap();
        emit(&server, attempt * 10 + 1, &[&organization], "canary-before");
        let mut asking = server.spawn(&["organization", "encrypt", &organization]);
        std::thread::sleep(std::time::Duration::from_millis(3 * attempt * attempt));
        server.kill();
        let _ = asking.wait();
        let server = Server::start_in(&data);
        assert_eq!(found(&server, &organization, "canary-before"), 1, "what was plain is readable");
        encrypt(&server, &organization);
        let canary = format!("canary-after-{attempt}");
        emit(&server, attempt * 10 + 2, &[&organization], &canary);
        server.seal();
        assert_eq!(found(&server, &organization, &canary), 1);
        assert!(files_with(folder.path(), &canary).is_empty());
        server.stop();
    }
    let archive = data.join("archive");
    let keys = data.join("keys/content");
    let answer = offline(&["verify", archive.to_str().unwrap(), "--content-keys", keys.to_str().unwrap()]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
}

/// What other programs see of an encrypted log file without a key.
const OTHERS: &str = r#"
import sys, json
import pyarrow.parquet as pq
path = sys.argv[1]
answer = {}
columns = ["seq", "uid", "name", "origins", "content_hash"]
table = pq.read_table(path, columns=columns)
answer["pyarrow"] = [str(row["uid"]) for row in table.to_pylist()]
try:
    pq.read_table(path, columns=["requestFields"])
    answer["pyarrow content"] = "read"
except Exception as error:
    answer["pyarrow content"] = "refused"
try:
    import duckdb
    answer["duckdb"] = [row[0] for row in duckdb.sql(f"select uid from read_parquet('{path}') order by seq").fetchall()]
except Exception as error:
    answer["duckdb"] = str(error)
print(json.dumps(answer))
"#;

#[test]
fn other_programs_read_the_infrastructure_columns_without_a_key() {
    let python = python();
    if !Path::new(&python).exists() {
        eprintln!("SKIPPED: no Python with pyarrow and duckdb; `make setup` installs one");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(&folder.path().join("data"));
    emit(&server, 1, &[ACME], "canary-plain");
    encrypt(&server, ACME);
    (10..15).for_each(|number| emit(&server, number, &[ACME], "canary-sealed"));
    server.seal();
    let newest = server.sql("select max(seq) as seq from entries")[0]["seq"].as_u64().unwrap();
    assert!(newest > 5);
    let files = log_files(&server.archive());
    let file = files.iter().max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
    let answer = Command::new(python).args(["-c", OTHERS, file.to_str().unwrap()]).output().unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    let seen =
        |who: &str| answer[who].as_array().is_some_and(|uids| uids.iter().filter(|uid| **uid == "ann").count() >= 5);
    assert!(seen("pyarrow"), "{answer}");
    assert_eq!(answer["pyarrow content"], json!("refused"), "{answer}");
    eprintln!("duckdb: {}", answer["duckdb"]);
    server.stop();
}

fn log_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(log_files(&path)),
            false if path.extension().is_some_and(|end| end == "parquet") => found.push(path),
            false => {}
        }
    }
    found
}

#[test]
fn another_organizations_administrator_and_a_stranger_get_the_same_answer() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(&folder.path().join("data"));
    emit(&server, 1, &[ACME], "a");
    emit(&server, 2, &[BETA], "b");
    let token = ["token", "create", "--organization", ACME, "--operations", "organization:administer"];
    let token = server.indelible(&token).out.trim().to_owned();
    let other = Client { url: server.url.clone(), token };
    let ask = |organization: &str| {
        let path = format!("/api/v1/organizations/{organization}/encryption");
        let (status, body) = fetch(other.request(reqwest::Method::PUT, &path));
        let body: Value = serde_json::from_slice(&body).unwrap();
        (status, body["message"].clone(), body["code"].clone())
    };
    assert_eq!(ask(ACME).0, 200);
    assert_eq!(ask(BETA), ask("ri.indelible..organization.nowhere"));
    assert_eq!(ask(BETA).0, 404);
    server.stop();
}

#[test]
fn exports_and_the_pull_api_deliver_what_is_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(&folder.path().join("data"));
    emit(&server, 1, &[ACME], "canary-before");
    encrypt(&server, ACME);
    (10..15).for_each(|number| emit(&server, number, &[ACME], "canary-sealed"));
    server.seal();
    for (name, more) in [("lake", &[][..]), ("salted", &["--salt"])] {
        let to = server.archive().with_file_name("exports").join(name);
        let to = to.to_str().unwrap();
        let args = ["export", "create", "--organization", ACME, "--name", name, "--to", to, "--wait"];
        let created = server.indelible(&[&args[..], more].concat());
        assert_eq!(created.code, 0, "{}", created.err);
        assert!(!files_with(Path::new(to), "canary-sealed-request").is_empty(), "{name}");
        assert!(!files_with(Path::new(to), "canary-before-request").is_empty(), "{name}");
    }
    let path = format!("/api/v2/audit/organizations/{ACME}/logFiles");
    let (status, files) = server.get(&format!("{path}?startDate=2020-01-01&pageSize=100"));
    assert_eq!(status, 200, "{files}");
    let contents = files["data"].as_array().unwrap().iter().map(|file| {
        let id = file["id"].as_str().unwrap();
        let (status, bytes) = fetch(server.request(reqwest::Method::GET, &format!("{path}/{id}/content")));
        assert_eq!(status, 200);
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        text
    });
    let all: String = contents.collect();
    assert_eq!((all.matches("canary-sealed-request").count(), all.matches("canary-before-request").count()), (5, 1));
    server.stop();
}
