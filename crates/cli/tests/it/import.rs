//! Real audit logs of other systems.

use crate::harness::{Client, SENT, Server, data};

#[test]
fn cloudtrail_imports_once_and_is_searched() {
    let Some(file) = data("cloudtrail/invictus_stratus_2023-07-10.jsonl.gz") else { return };
    let server = Server::start();
    assert_eq!(server.import("cloudtrail", &file), (2900, 2900, 0, 0));
    assert_eq!(server.import("cloudtrail", &file), (2900, 0, 2900, 0));
    assert_eq!(server.count("userAgent:*stratus-red-team*"), 1146);
    assert_eq!(server.count(SENT), 2900);
    server.seal();
    assert_eq!(server.count("userAgent:*stratus-red-team*"), 1146);
    assert_eq!(server.count(SENT), 2900);
    assert_eq!(server.import("cloudtrail", &file), (2900, 0, 2900, 0));
}

#[test]
fn handmade_cloudtrail_samples_are_accepted_or_refused_one_by_one() {
    let Some(file) = data("cloudtrail/panther_samples.jsonl.gz") else { return };
    let server = Server::start();
    let (read, new, duplicate, refused) = server.import("cloudtrail", &file);
    assert_eq!((read, duplicate, new + refused), (308, 0, 308));
}

#[test]
fn one_search_shows_who_gave_whom_access_to_whose_mailbox() {
    let Some(file) = data("o365/unified_audit_log_2021-03-23_2021-05-31.jsonl.gz") else { return };
    let server = Server::start();
    let (read, _, _, refused) = server.import("o365", &file);
    assert!(read == 3114 && refused * 100 <= read, "{refused} refused");
    let answer =
        server.indelible(&["search", "Add-MailboxPermission uid:*thulile* time:2021-04-16", "--format", "json"]);
    let events: Vec<serde_json::Value> = answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 4, "{}", answer.err);
    for event in &events {
        assert_eq!(event["origin"], "2a01:111:f100:9001::1761:914f");
        assert!(event["categories"].to_string().contains("managementPermissions"), "{event}");
        let text = event.to_string();
        assert!(["HenriettaM", "AdeleV", "A.Thulile"].iter().any(|mailbox| text.contains(mailbox)));
        assert!(["ITCornpany", "A.Thulile"].iter().any(|user| text.contains(user)));
    }
}

#[test]
fn one_query_finds_the_address_that_guessed_and_got_in() {
    let Some(file) = data("openssh/elastic_auth.log.gz") else { return };
    let server = Server::start();
    let (read, _, _, refused) = server.import("openssh", &file);
    assert!(read == 7121 && refused * 100 <= read, "{refused} of {read} refused");
    let rows = server.sql(
        "select origin, count(*) filter (where result <> 'SUCCESS') as failed, count(*) filter (where result = 'SUCCESS') as successful \
         from events where has_category('userLogin') group by origin \
         having count(*) filter (where result <> 'SUCCESS') >= 100 and count(*) filter (where result = 'SUCCESS') >= 20",
    );
    assert_eq!(rows, [serde_json::json!({"origin": "24.151.103.17", "failed": 157, "successful": 47})]);
}

#[test]
fn with_the_token_of_one_organization_all_events_go_there() {
    let server = Server::start();
    let acme = "ri.indelible..organization.acme";
    assert_eq!(server.indelible(&["organization", "create", acme]).code, 0);
    let made =
        server.indelible(&["token", "create", "--organization", acme, "--operations", "audit:emit,audit:search"]);
    let client = Client { url: server.url.clone(), token: made.out.trim().to_owned() };
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("auth.log");
    let line =
        "Mar  7 09:08:07 web-1 sshd[42]: Accepted publickey for ann from 192.0.2.7 port 4711 ssh2: ED25519 SHA256:x\n";
    std::fs::write(&log, line).unwrap();
    assert_eq!(client.import("openssh", &log), (1, 1, 0, 0));
    assert_eq!(client.count("uid:ann host:web-1"), 1);
}

#[test]
fn windows_keywords_come_back_digit_for_digit() {
    let Some(file) = data("windows_security/collection__msf_record_mic.jsonl.gz") else { return };
    let server = Server::start();
    let (read, new, _, refused) = server.import("windows", &file);
    assert_eq!((read, new + refused), (796, 796));
    assert!(refused * 100 <= read, "{refused} refused");
    assert!(server.count("-9218868437227405312") > 0);
    assert!(server.count("\"-9214364837600034816\"") > 0);
}
