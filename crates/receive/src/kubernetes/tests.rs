use proptest::prelude::*;

use super::*;
use crate::tests::shown;

fn list(items: &str) -> String {
    format!(r#"{{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{{}},"items":{items}}}"#)
}

fn check(body: &str, expected: &str) {
    let found = shown(&decode(body.as_bytes(), &Limits::default()));
    assert!(if expected.is_empty() { found.is_empty() } else { found.starts_with(expected) }, "{found}");
}

#[test]
fn a_record_is_an_item() {
    check(
        &list(r#"[{"auditID": "a", "n": 12345678901234567890}, {}, 7, {"type":"audit.3"}]"#),
        concat!(
            "0 object {\"auditID\": \"a\", \"n\": 12345678901234567890}\n",
            "1 object {}\n",
            "2 refused malformedRecord: an item of the list is not an object\n",
            "3 event {\"type\":\"audit.3\"}\n",
        ),
    );
    check(&list("[]"), "");
    check(&list("null"), "");
}

#[test]
fn what_is_no_list_fails() {
    for body in [
        "",
        "[]",
        "{}",
        &list("{}"),
        &list("[").replace('}', ""),
        &list("[]").replace("/v1\"", "/v1beta1\""),
        &list("[]").replace("EventList", "Event"),
    ] {
        check(body, "failed: the body is not an EventList of audit.k8s.io/v1");
    }
}

#[test]
fn the_api_server_is_told() {
    fn check(answer: &Answer, status: u16, body: &str, retry_after: Option<u32>) {
        assert_eq!(
            (answer.status, std::str::from_utf8(&answer.body).unwrap(), answer.retry_after_seconds),
            (status, body, retry_after)
        );
    }
    check(&taken(), 200, r#"{"kind":"Status","apiVersion":"v1","status":"Success","code":200}"#, None);
    check(
        &failure(&Failure::Unavailable { retry_after_seconds: 1 }),
        503,
        r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"nothing can be stored at the moment; send it again after 1 s","details":{"retryAfterSeconds":1},"code":503}"#,
        Some(1),
    );
    assert_eq!(failure(&Failure::NoCredential).status, 401);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_fail(items in "[\\[\\]{}\":,a0 ]{0,30}", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = decode(list(&items).as_bytes(), &Limits::default());
        let _ = decode(&bytes, &Limits::default());
    }
}
