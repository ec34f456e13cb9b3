//! What stands in an event, and that exactly one comes of a guard.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{auditor, outcomes, settings, spooled};
use crate::catalogue::typed::{
    AuthenticationCheckRequest, AuthenticationCheckResult, DataLoadRequest, NoFields, UserLogin, UserLoginResult,
};
use crate::{Auditor, Context, EmitError, OpenAuditorError, Product, Server, Settings, resource};

#[test]
fn an_event_says_who_did_what_and_how_it_ended() {
    let dir = tempfile::tempdir().unwrap();
    let auditor = auditor(dir.path());
    let context = Context {
        user: Some("ann".into()),
        origins: vec!["203.0.113.9".into(), "192.0.2.2".into()],
        user_agent: Some("a \"browser\"".into()),
        organizations: vec!["ri.indelible..organization.acme".into()],
        ..Context::default()
    };
    let event = auditor.begin(&context, "LOGIN", (UserLogin, AuthenticationCheckRequest::default()));
    let results = (UserLoginResult { login_user_id: Some("ann".into()) }, AuthenticationCheckResult::new(Some(true)));
    let first = event.succeed(results).wait().unwrap();
    let second = auditor
        .begin(&context, "LOAD", DataLoadRequest::new(vec![resource("ri.a.b.c.d")]))
        .unauthorized()
        .wait()
        .unwrap();
    assert_eq!((first.number, second.number), (0, 1));
    drop(auditor);

    let spooled = spooled(dir.path());
    let (adapter, login) = &spooled[0];
    assert_eq!((spooled.len(), adapter.as_str()), (2, ""));
    for (field, expected) in [
        ("type", json!("audit.3")),
        ("name", json!("LOGIN")),
        ("result", json!("SUCCESS")),
        ("categories", json!(["userLogin", "authenticationCheck"])),
        ("resultFields", json!({"loginUserId": "ann", "authenticationCheckResult": true})),
        ("logEntryId", json!(first.log_entry_id.to_string())),
        ("product", json!("tests")),
        ("uid", json!("ann")),
        ("origin", json!("203.0.113.9")),
        ("origins", json!(["203.0.113.9", "192.0.2.2"])),
        ("userAgent", json!("a \"browser\"")),
        ("organizations", json!([{"id": "ri.indelible..organization.acme"}])),
    ] {
        assert_eq!(login[field], expected, "{field}");
    }
    assert_eq!(spooled[1].1["result"], "UNAUTHORIZED");
    assert_eq!(spooled[1].1["requestFields"]["loadedResources"][0]["id"], json!({"type": "rid", "rid": "ri.a.b.c.d"}));
}

#[test]
fn lines_of_one_event_share_its_id_and_are_numbered() {
    let dir = tempfile::tempdir().unwrap();
    let auditor = auditor(dir.path());
    let mut event = auditor.begin(&Context::default(), "LOAD", DataLoadRequest::new(vec![resource("file 1")]));
    event.under_way().wait().unwrap();
    event.under_way().wait().unwrap();
    event.succeed(NoFields {}).wait().unwrap();
    let mut given_up = auditor.begin(&Context::default(), "LOAD", DataLoadRequest::new(vec![resource("file 2")]));
    given_up.under_way().wait().unwrap();
    drop(given_up);
    drop(auditor);

    let lines: Vec<_> = spooled(dir.path()).into_iter().map(|(_, line)| line).collect();
    let text = |line: &Value, field: &str| line[field].as_str().unwrap().to_owned();
    let said: Vec<_> = lines.iter().map(|line| (text(line, "result"), text(line, "sequenceId"))).collect();
    let expected = [("PARTIAL", "0"), ("PARTIAL", "1"), ("SUCCESS", "2"), ("PARTIAL", "0"), ("ERROR", "1")];
    assert_eq!(said, expected.map(|(result, place)| (result.to_owned(), place.to_owned())));
    let ids: Vec<_> = lines.iter().map(|line| line["eventId"].as_str().unwrap()).collect();
    assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[3] == ids[4] && ids[0] != ids[3], "{ids:?}");
}

#[test]
fn what_is_reported_later_says_when_it_happened() {
    let at = |seconds: i64| match u64::try_from(seconds) {
        Ok(after) => UNIX_EPOCH + Duration::from_secs(after),
        Err(_) => UNIX_EPOCH - Duration::from_secs(seconds.unsigned_abs()),
    };
    for (time, expected) in [
        (at(1_700_000_000) + Duration::from_micros(5), "2023-11-14T22:13:20.000005Z"),
        (at(-86_400), "1969-12-31T00:00:00Z"),
        (at(-100_000_000_000), "0001-01-01T00:00:00Z"),
        (at(1_000_000_000_000), "9999-12-31T23:59:59.999999999Z"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let auditor = auditor(dir.path());
        let context = Context { time: Some(time), ..Context::default() };
        auditor.begin(&context, "LOGIN", UserLogin).fail().wait().unwrap();
        drop(auditor);
        assert_eq!(spooled(dir.path())[0].1["time"], expected);
    }
}

/// Leaves early.
async fn leave(auditor: &Auditor) -> Result<(), std::num::ParseIntError> {
    let event = auditor.begin(&Context::default(), "LEFT", UserLogin);
    "x".parse::<u32>()?;
    event.succeed(UserLoginResult::default()).await.unwrap();
    Ok(())
}

#[tokio::test]
async fn a_guard_that_was_not_told_says_error_and_one_that_was_says_only_that() {
    let dir = tempfile::tempdir().unwrap();
    let auditor = auditor(dir.path());
    let begin = |name| auditor.begin(&Context::default(), name, (UserLogin, AuthenticationCheckRequest::default()));
    let passed = || AuthenticationCheckResult::new(Some(true));

    assert!(leave(&auditor).await.is_err());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut event = begin("PANICKED");
        event.know(&AuthenticationCheckResult::new(None));
        event.know(&passed());
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    let slow = async {
        let _event = begin("CANCELLED");
        tokio::time::sleep(Duration::from_secs(3600)).await;
    };
    assert!(tokio::time::timeout(Duration::from_millis(10), slow).await.is_err());
    begin("SUCCEEDED").succeed((UserLoginResult::default(), passed())).await.unwrap();
    begin("FAILED").fail().await.unwrap();
    begin("NOT_AWAITED").succeed((UserLoginResult::default(), passed())).detach();
    let mut partial = begin("PARTIAL");
    partial.know(&passed());
    partial.partial().await.unwrap();
    drop(auditor);

    let expected = [
        ("LEFT", "ERROR"),
        ("PANICKED", "ERROR"),
        ("CANCELLED", "ERROR"),
        ("SUCCEEDED", "SUCCESS"),
        ("FAILED", "ERROR"),
        ("NOT_AWAITED", "SUCCESS"),
        ("PARTIAL", "PARTIAL"),
    ];
    let expected = expected.map(|(name, result)| (name.to_owned(), result.to_owned()));
    assert_eq!(outcomes(dir.path()), expected);
    let known = json!({"authenticationCheckResult": true});
    assert_eq!(
        (&spooled(dir.path())[1].1["resultFields"], &spooled(dir.path())[6].1["resultFields"]),
        (&known, &known)
    );
}

#[test]
fn what_is_not_valid_is_told_to_whoever_emits_it() {
    let dir = tempfile::tempdir().unwrap();
    let auditor = auditor(dir.path());
    let check = |emission: crate::Emission, expected: &str| {
        let error = emission.wait().expect_err(expected);
        assert!(matches!(error, EmitError::Invalid { .. }) && error.to_string().contains(expected), "{error}");
    };
    check(auditor.begin(&Context::default(), "NOT A NAME", UserLogin).fail(), "NOT A NAME is not valid: name: ");
    check(auditor.begin(&Context::of_user("u".repeat(257)), "LOGIN", UserLogin).fail(), "uid: ");
    check(auditor.emit_line(b"{}", None), "type");
    check(auditor.emit_line(b"{}", Some("no adapter")), "adapter");
    let large = DataLoadRequest::new(vec![resource(&"x".repeat(2 << 20))]);
    check(auditor.begin(&Context::default(), "LOAD", large).succeed(NoFields {}), "eventTooLarge");
    assert_eq!((auditor.stats().failed, auditor.stats().spooled), (5, 0));
}

#[test]
fn a_prepared_line_keeps_its_bytes_and_gets_an_id_if_it_has_none() {
    let dir = tempfile::tempdir().unwrap();
    let auditor = auditor(dir.path());
    let line = r#"{"type":"audit.2",
        "time":"2026-01-02T03:04:05Z","name":"x","result":"SUCCESS"}"#;
    let made = auditor.emit_line(line.as_bytes(), Some("witchcraft")).wait().unwrap();
    let own = "10000000-0000-4000-8000-000000000001";
    let with_id = line.replace("\"name\"", &format!("\"logEntryId\":\"{own}\",\"name\""));
    assert_eq!(auditor.emit_line(with_id.as_bytes(), None).wait().unwrap().log_entry_id.to_string(), own);
    drop(auditor);
    let spooled = spooled(dir.path());
    assert_eq!((spooled[0].0.as_str(), spooled[1].0.as_str()), ("witchcraft", ""));
    assert_eq!(spooled[0].1["logEntryId"], made.log_entry_id.to_string());
    assert_eq!((&spooled[1].1["logEntryId"], &spooled[1].1["name"]), (&json!(own), &json!("x")));
}

#[test]
fn settings_that_cannot_work_are_found_when_the_auditor_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let open = |server, product| Auditor::open(Settings::new(server, product, dir.path().join("spool")));
    let server = || Server::new("http://127.0.0.1:1", "token");
    assert!(matches!(open(Server::new("nowhere", "token"), Product::new("p", "1")), Err(OpenAuditorError::Server(_))));
    assert!(matches!(open(server(), Product::new("", "1")), Err(OpenAuditorError::Product(_))));
    let _open = open(server(), Product::new("p", "1")).unwrap();
    assert!(matches!(open(server(), Product::new("p", "1")), Err(OpenAuditorError::Locked(_))));
}

#[cfg(feature = "tracing")]
#[test]
fn marked_tracing_events_are_audit_events_and_no_others() {
    use tracing_subscriber::layer::SubscriberExt as _;

    let dir = tempfile::tempdir().unwrap();
    let auditor = Auditor::open(settings(dir.path())).unwrap();
    let subscriber = tracing_subscriber::registry().with(crate::AuditEvents::new(auditor.clone()));
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(name = "NOT_AUDIT", categories = "userLogin");
        tracing::info!(target: "audit", name = "LOGIN", categories = "userLogin", uid = %"ann");
        let request = r#"{"authenticationCheckTargets":[]}"#;
        tracing::info!(target: "audit", categories = "authenticationCheck, userLogin", result = "ERROR", request, "CHECK");
        tracing::info!(target: "audit", name = "UNKNOWN_FIELD", categories = "userLogin", color = "red");
        tracing::info!(target: "audit", name = "NO_OBJECT", categories = "userLogin", request = "[1]");
        tracing::info!(target: "audit", name = "TWO_OBJECTS", categories = "userLogin", request = "{}{}");
        tracing::info!(target: "audit", name = "NO_CATEGORY", categories = "nonsense");
    });
    assert_eq!(auditor.stats().failed, 4);
    drop(auditor);
    let expected =
        [("LOGIN", "SUCCESS"), ("CHECK", "ERROR")].map(|(name, result)| (name.to_owned(), result.to_owned()));
    assert_eq!(outcomes(dir.path()), expected);
    assert_eq!(spooled(dir.path())[0].1["uid"], "ann");
}
