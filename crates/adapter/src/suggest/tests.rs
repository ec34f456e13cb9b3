use super::words::{category_or_pattern, words};
use super::*;
use crate::adapter::{Adapter, Options};
use crate::reader::Reader;
use crate::trial::Trial;

/// Drafts from a file, and tries the draft on it.
fn drafted(input: &str) -> (Suggestion, crate::trial::Report) {
    let plain = Adapter::from_source("# adapter: plain\n\n.time = 0\n").unwrap();
    let mut reader = Reader::new(input.as_bytes(), plain.framing());
    let mut documents = Vec::new();
    while let Some(Ok(record)) = reader.next() {
        documents.push(record.bytes.to_vec());
    }
    let suggestion = suggest("draft", &documents).unwrap();
    let adapter = Adapter::from_source(&suggestion.source).unwrap();
    let mut trial = Trial::new(&adapter, Options::at("2025-11-01T00:00:00Z".parse().unwrap())).dating_undated();
    let mut reader = Reader::new(input.as_bytes(), adapter.framing());
    while let Some(Ok(record)) = reader.next() {
        trial.record(record.bytes, record.occurrence);
    }
    (suggestion, trial.finish())
}

#[track_caller]
fn check(input: &str, records: u64, members: &[(&str, &str)], categories: &[&str]) {
    let (suggestion, report) = drafted(input);
    for (member, field) in members {
        let guess = suggestion.guesses.iter().find(|guess| guess.member == *member);
        assert_eq!(guess.map(|guess| guess.field.as_str()), Some(*field), "{member}\n{}", suggestion.source);
    }
    let counts = (report.records, report.refused, report.undated);
    assert_eq!(counts, (records, 0, 0), "{:?}\n{}", report.reasons, suggestion.source);
    assert!(report.is_good(), "{:?}\n{}", report.findings, suggestion.source);
    let found: Vec<_> = report.categories.keys().map(String::as_str).collect();
    assert_eq!(found, categories, "{}", suggestion.source);
    assert!(!suggestion.source.contains("TODO"));
}

#[test]
fn flat_records() {
    check(
        r#"{"at":"2024-05-06T07:08:09Z","action":"user.login","user":"ann","ip":"192.0.2.7:4711","customer_id":"acme","status":"success","note":"words that a person wrote"}
           {"at":"2024-05-06T07:08:10Z","action":"order.delete","user":"ben","ip":"192.0.2.8","customer_id":"acme","status":"denied","order_id":"o-17","note":"more words that a person wrote"}"#,
        2,
        &[
            ("time", "at"),
            ("name", "action"),
            ("uid", "user"),
            ("origin", "ip"),
            ("tenant", "customer_id"),
            ("result", "status"),
        ],
        &["metaDataDelete", "userLogin"],
    );
}

#[test]
fn wrapped_and_nested_records_with_keys_that_need_quotes() {
    check(
        r#"{"page":{"next":"x"},"logs":{"entries":[
            {"event-id":"e1","meta":{"created at":1714979289000},"event":{"type":"secret.read"},"actor":{"email":"ann@acme.example","type":"user"},"client":{"addr":"192.0.2.7"},"outcome":{"success":true}},
            {"event-id":"e2","meta":{"created at":1714979290000},"event":{"type":"member.invited"},"actor":{"email":"ben@acme.example","type":"user"},"client":{"addr":"192.0.2.7"},"outcome":{"success":false}}]}}"#,
        2,
        &[
            ("time", "meta.\"created at\""),
            ("name", "event.type"),
            ("uid", "actor.email"),
            ("origin", "client.addr"),
            ("sourceId", "\"event-id\""),
            ("result", "outcome.success"),
        ],
        &["managementUsers", "secretLoad"],
    );
}

#[test]
fn secrets_are_left_out_by_their_names() {
    let record = |number: u32| {
        format!(
            r#"{{"time":"2024-05-06T07:08:0{number}Z","action":"user.login","user_password":"s1-{number}","session_token":"s2-{number}","id_token":"s3-{number}",
            "accessToken":"s4-{number}","token_id":"t-{number}","session_id":"u-{number}","resource":{{"api_key":"s5-{number}","key":"r-{number}"}},
            "headers":{{"Authorization":"s6-{number}","Set-Cookie":["s7-{number}"]}},"authtokens":"s8-{number}","client_secret":{{"value":"s9-{number}"}},
            "mfa_token":true,"token_type":"bearer"}}"#
        )
    };
    let input = format!("{}\n{}", record(1), record(2));
    let (suggestion, report) = drafted(&input);
    let secrets = [
        "accessToken",
        "authtokens",
        "client_secret.value",
        "headers.Authorization",
        "headers.\"Set-Cookie\"[0]",
        "id_token",
        "resource.api_key",
        "session_token",
        "user_password",
    ];
    assert_eq!(suggestion.secrets, secrets, "{}", suggestion.source);
    let guessed = |member: &str| suggestion.guesses.iter().find(|guess| guess.member == member);
    assert_eq!(guessed("tokenId").map(|guess| guess.field.as_str()), Some("token_id"));
    assert_eq!(guessed("sid").map(|guess| guess.field.as_str()), Some("session_id"));
    assert!(
        suggestion.guesses.iter().all(|guess| !secrets.contains(&guess.field.as_str())),
        "{:?}",
        suggestion.guesses
    );
    assert!(suggestion.source.contains("# Left out on purpose"), "{}", suggestion.source);
    assert_eq!((report.records, report.refused), (2, 0), "{:?}", report.reasons);

    let adapter = Adapter::from_source(&suggestion.source).unwrap();
    let mut converter = adapter.converter(Options::at("2025-11-01T00:00:00Z".parse().unwrap()));
    let event = converter.convert(record(1).replace('\n', "").as_bytes(), 0).unwrap().remove(0);
    for secret in ["s1-1", "s2-1", "s3-1", "s4-1", "s5-1", "s6-1", "s8-1", "s9-1"] {
        assert!(!event.contains(secret), "{secret}: {event}");
    }
    assert!(event.contains("r-1") && event.contains("t-1"), "{event}");
}

#[test]
fn records_inside_text() {
    check(
        r#"{"id":"1","message":"{\"time\":\"2024-05-06T07:08:09Z\",\"action\":\"file.download\",\"user\":\"ann\",\"file\":\"f1\"}"}
           {"id":"2","message":"{\"time\":\"2024-05-06T07:08:10Z\",\"action\":\"file.upload\",\"user\":\"ann\",\"file\":\"f2\"}"}"#,
        2,
        &[("time", "time"), ("name", "action"), ("uid", "user")],
        &["dataExport", "dataImport"],
    );
}

#[test]
fn a_bare_verb_gets_the_kind_of_thing_before_it() {
    let (suggestion, report) = drafted(
        r#"{"time":"2024-05-06T07:08:09Z","operation":"read","resource_type":"secret","user":"ann"}
           {"time":"2024-05-06T07:08:10Z","operation":"delete","resource_type":"user","user":"ann"}"#,
    );
    assert_eq!(report.kinds.keys().collect::<Vec<_>>(), ["secret:read", "user:delete"], "{}", suggestion.source);
    assert_eq!(report.categories.keys().collect::<Vec<_>>(), ["managementUsers", "secretLoad"]);
}

#[test]
fn what_has_neither_time_nor_name_is_drafted_and_says_so() {
    let (suggestion, report) = drafted(r#"{"a":1,"b":{"c":[1,2]}}"#);
    assert!(suggestion.missing.contains(&"time") && suggestion.missing.contains(&"name"));
    assert!(suggestion.source.contains("Looked for and not found: time, name"), "{}", suggestion.source);
    assert!(suggestion.source.contains("\"time\": null"), "{}", suggestion.source);
    assert_eq!((report.records, report.refused, report.undated), (1, 0, 1));
}

#[test]
fn nothing_to_draft_from_is_an_error() {
    assert!(matches!(suggest("draft", &[]), Err(NoSuggestion::Empty)));
    assert!(matches!(suggest("draft", &[b"[1]".to_vec(), b"{".to_vec()]), Err(NoSuggestion::Empty)));
    assert!(matches!(suggest("No Name", &[b"{}".to_vec()]), Err(NoSuggestion::Name(_))));
}

#[test]
fn hostile_names_and_values_give_a_draft_that_compiles() {
    let key = "a\\\"b|c`d\n# {e}\u{0}*";
    let mut record = String::from("{");
    for (number, name) in ["time", "action", "user", "ip", "status", "tenant", "target"].iter().enumerate() {
        json::write_string(&mut record, &format!("{name} {key}"));
        record.push(':');
        let value =
            ["2024-05-06T07:08:09Z", "create|\"x\" {y}, z*\n", "ann{", "192.0.2.7", "ok", "t\"", "x{{y}}"][number];
        json::write_string(&mut record, value);
        record.push(if number == 6 { '}' } else { ',' });
    }
    let (suggestion, report) = drafted(&record);
    assert_eq!((report.records, report.refused), (1, 0), "{:?}\n{}", report.reasons, suggestion.source);
}

/// Drafts from `count` records, the `number`th being made of `members`, and says what was taken for `member`, and how surely.
#[track_caller]
fn check_taken(count: usize, members: impl Fn(usize) -> String, member: &str, expected: Option<(&str, Sure)>) {
    let record = |number| format!(r#"{{"time":"2024-05-06T07:08:{number:02}Z",{}}}"#, members(number));
    let (suggestion, report) = drafted(&(0..count).map(record).collect::<Vec<_>>().join("\n"));
    let guess = suggestion.guesses.iter().find(|guess| guess.member == member);
    let taken = guess.map(|guess| (guess.field.as_str(), guess.sure));
    assert_eq!(taken, expected, "{}", suggestion.source);
    assert_eq!((report.records, report.refused), (count as u64, 0), "{:?}", report.reasons);
}

#[test]
fn what_is_called_an_operation_is_one_also_where_no_value_repeats() {
    let kind = |number: usize| ["users", "groups", "sites"][number % 3];
    let letter = |number: usize| char::from(b'a' + number as u8);
    let one_of_each = |number| {
        format!(
            r#""attributes":{{"action":"thing_{}_done","context":[{{"type":"{}"}}]}}"#,
            letter(number),
            kind(number)
        )
    };
    check_taken(15, one_of_each, "name", Some(("attributes.action", Sure::Likely)));
    let both = |number| format!(r#""atype":"{}","type":"x","method":"{}"#, kind(number), letter(number)) + "\"";
    check_taken(15, both, "name", Some(("method", Sure::Likely)));
    let repeated = |number| format!(r#""atype":"{}","type":"{}""#, kind(number), letter(number));
    check_taken(15, repeated, "name", Some(("atype", Sure::Sure)));
    // What says that it is one holds sentences, so another was taken, and that is not sure.
    let sentences = |number| {
        format!(r#""event":"a long tale of what {} did to all the others","type":"{}""#, letter(number), kind(number))
    };
    check_taken(15, sentences, "name", Some(("type", Sure::Likely)));
}

#[test]
fn a_number_that_is_0_for_success_is_the_result() {
    let code = |name: &'static str, codes: [i64; 3]| {
        move |number: usize| format!(r#""action":"user.login","{name}":{}"#, codes[number % 3])
    };
    for name in ["result", "status", "exitCode", "return_code"] {
        check_taken(6, code(name, [0, 13, 18]), "result", Some((name, Sure::Likely)));
    }
    check_taken(6, code("status", [200, 403, 500]), "result", Some(("status", Sure::Sure)));
    check_taken(6, code("result", [1, 13, 18]), "result", None);
    check_taken(6, code("countryCode", [0, 13, 18]), "result", None);
    let (_, report) = drafted(
        r#"{"time":"2024-05-06T07:08:09Z","action":"user.login","result":0}
           {"time":"2024-05-06T07:08:10Z","action":"user.login","result":18}
           {"time":"2024-05-06T07:08:11Z","action":"file.read","result":13}"#,
    );
    let ends: Vec<_> = report.kinds.values().flat_map(|became| became.keys().map(String::as_str)).collect();
    assert_eq!(ends, ["dataLoad ERROR", "userLogin SUCCESS", "userLogin UNAUTHORIZED"]);
}

#[test]
fn an_id_that_several_records_may_have_is_not_the_records_own() {
    for (name, member, sure) in [
        ("eventGroupID", "traceId", Some(Sure::Likely)),
        ("eventGroupID", "sourceId", None),
        ("correlationId", "traceId", Some(Sure::Likely)),
        ("correlationId", "sourceId", None),
        ("eventId", "sourceId", Some(Sure::Sure)),
        ("eventId", "traceId", None),
        ("groupId", "traceId", None),
    ] {
        let members = |number| format!(r#""action":"user.update","{name}":"e{number}""#);
        check_taken(4, members, member, sure.map(|sure| (name, sure)));
    }
    let both = |number| format!(r#""action":"user.update","requestId":"e{number}","trace":{{"id":"t{number}"}}"#);
    check_taken(4, both, "sourceId", Some(("requestId", Sure::Likely)));
}

#[test]
fn the_time_of_an_envelope_is_taken_only_where_the_event_has_none() {
    let envelope = |event: &str| format!(r#"{{"time":1714979289.5,"sourcetype":"x","event":{{{event}}}}}"#);
    for (event, expected) in [
        (r#""action":"user.login","eventTime":"2024-05-06T07:08:09Z""#, "event.eventTime"),
        (r#""action":"user.login","user":"ann""#, "time"),
    ] {
        check(&envelope(event), 1, &[("time", expected), ("name", "event.action")], &["userLogin"]);
    }
}

#[test]
fn words_of_operations_say_the_category() {
    for (name, expected) in [
        ("user.loginFailed_now-2", "user login failed now 2"),
        ("grantRolesToUser", "grant roles to user"),
        ("APIKeyDeleted", "api key deleted"),
        ("eventGroupID", "event group id"),
        ("org/eventIDs:v2", "org event ids v 2"),
        ("OAuthApp", "oauth app"),
        ("2fa disable", "2fa disable"),
        ("MFA", "mfa"),
        ("", ""),
    ] {
        assert_eq!(words(name).join(" "), expected, "{name}");
    }
    for (name, expected, detail) in [
        ("user.login", "userLogin", ""),
        ("UserLoginFailed", "userLogin", "failed"),
        ("signed out", "internal", ""),
        ("sign_out", "userLogout", ""),
        ("api_token_create", "tokenGeneration", ""),
        ("apikey.deleted", "tokenRevoke", ""),
        ("SecretRead", "secretLoad", ""),
        ("role.assigned", "managementPermissions", ""),
        ("group.member.added", "managementGroups", ""),
        ("member_invited", "managementUsers", ""),
        ("report.exported", "dataExport", ""),
        ("file_uploaded", "dataImport", ""),
        ("document.shared", "dataShareCreate", ""),
        ("webhook.created", "appConfigCreate", ""),
        ("settings.updated", "appConfigUpdate", ""),
        ("dns_record:list", "metaDataSearch", ""),
        ("cluster.restart", "restartInfra", ""),
        ("job.run", "codeExecution", ""),
        ("pipeline deleted", "logicDelete", ""),
        ("page.viewed", "dataLoad", ""),
        ("merge_request_approved", "requestApprove", ""),
        ("mfa.challenge", "authenticationCheck", ""),
        ("access_denied", "authorizationCheck", "failed"),
        ("createUser", "managementUsers", ""),
        ("dropCollection", "dataDelete", ""),
        ("grantRolesToUser", "managementPermissions", ""),
        ("authCheck", "authorizationCheck", ""),
        ("authenticate", "userLogin", ""),
        ("API_KEY:CREATE", "tokenGeneration", ""),
        ("auth_key.revoked", "tokenRevoke", ""),
        ("private_key.created", "secretCreate", ""),
        ("issue_viewed", "dataLoad", ""),
        ("issue_updated", "dataTransform", ""),
        ("certificate.issue", "secretCreate", ""),
        // No word of it is known, but a pattern of the draft fits.
        ("superuser_demoted", "managementUsers", ""),
        ("loginfailure", "userLogin", "failed"),
        ("frobnicated", "internal", ""),
    ] {
        let (category, found, _) = category_or_pattern(name);
        assert_eq!((category, found), (expected, detail), "{name}");
    }
}
