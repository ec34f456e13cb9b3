use super::*;
use crate::adapter::{Adapter, Options};

const SHOP: &str = r#"# adapter: shop
# input: json
#
# ## Actions
#
# | action | category |
# |---|---|
# | `login` | `userLogin` |
# | `order.*` | `dataLoad` |
# | `order.delete*` | `dataDelete` |
# | `item.*` | `dataLoad` |

if !is_string(.action) { abort "no action" }
row = lookup("Actions", .action)
. = { "time": .at, "name": .action, "categories": row.category, "subjects": [.order], "uid": .user, "host": .note, "fields": .fields }
"#;

fn tried(source: &str, records: &[&str]) -> (Vec<Outcome>, Report) {
    let adapter = Adapter::from_source(source).unwrap();
    let mut trial = Trial::new(&adapter, Options::at("2025-11-01T00:00:00Z".parse().unwrap()));
    let outcomes = records.iter().map(|record| trial.record(record.as_bytes(), 0)).collect();
    (outcomes, trial.finish())
}

#[test]
fn a_trial_counts_what_records_became_and_why_not() {
    let (outcomes, report) = tried(
        SHOP,
        &[
            r#"{"at":"2024-05-06T07:08:09Z","action":"login","user":"ann","note":"n1"}"#,
            r#"{"at":"2024-05-06T07:08:09Z","action":"order.delete","user":"ann","order":"o1","note":"n1"}"#,
            r#"{"at":"2024-05-06T07:08:09Z","action":"stranger","user":"ann"}"#,
            r#"{"at":"2024-05-06T07:08:09Z"}"#,
            r#"{"at":"soon","action":"login"}"#,
            r#"{"at":"2024-05-06T07:08:09Z","action":"login","fields":{"nothing":1}}"#,
        ],
    );
    assert_eq!((report.records, report.refused, report.faults, report.events, report.internal), (6, 3, 1, 3, 1));
    let categories: Vec<_> = report.categories.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(categories, [("dataLoad", 1), ("internal", 1), ("userLogin", 1)]);
    assert_eq!(report.kinds["login"]["userLogin SUCCESS"], 1);
    assert_eq!(report.reasons.len(), 3);
    assert_eq!(report.tables, [TableUse { table: "Actions".into(), rows: 4, used: 2 }]);
    assert!(!report.is_good());
    assert!(outcomes[0].expected(1).starts_with(r#"{"record":1,"events":[{"#));
    assert_eq!(outcomes[3].expected(4), r#"{"record":4,"refused":"refusedByAdapter: no action"}"#);
}

#[test]
fn a_trial_finds_free_text_and_rows_that_are_never_reached() {
    let (_, report) =
        tried(SHOP, &[r#"{"at":"2024-05-06T07:08:09Z","action":"login","user":"ann","note":"n1","order":"o1"}"#]);
    let flow = |column: &str, place: &str| Flow { column: column.into(), place: place.into() };
    let flows: Vec<_> = report.flows.iter().cloned().collect();
    assert_eq!(flows, [flow("host", "note"), flow("name", "action"), flow("uid", "user")]);
    let shadowed = Finding::Shadowed { table: "Actions".into(), pattern: "order.delete*".into(), by: "order.*".into() };
    assert_eq!(report.findings, [Finding::FreeText(flow("host", "note")), shadowed]);
    assert!(!report.is_good());
}

#[test]
fn a_value_that_is_a_sentence_gives_a_field_away_whatever_its_name() {
    let source = SHOP.replace(".note", ".place");
    let record =
        |place: &str| format!(r#"{{"at":"2024-05-06T07:08:09Z","action":"login","user":"ann","place":"{place}"}}"#);
    assert!(tried(&source, &[&record("berlin-1")]).1.is_good());
    assert!(!tried(&source, &[&record("the one behind the door")]).1.is_good());
}

#[test]
fn text_that_is_taken_apart_is_found() {
    let note = r#"{"note":"refused: user ann of Berlin, because 4712 doors were shut"}"#;
    let told = r#"{"note":"{\"why\":\"the one behind the door\",\"from\":\"192.0.2.7\"}"}"#;
    let regex = r#"found, error = parse_regex(.note, r'user (?P<who>\S+)')
        uid = "nobody"
        if error == null { uid = found.who }
        . = { "time": 0, "name": "n", "uid": uid }"#;
    let number = regex.replace(r"user (?P<who>\S+)", r"(?P<who>\d+) doors");
    let half = r#". = { "time": 0, "name": "n", "uid": upcase!(split(string!(.note), ": ")[1]) }"#;
    let part = r#". = { "time": 0, "name": "n", "uid": split(string!(.note), " ")[2] }"#;
    let json = r#"found = object!(parse_json!(.note))
        . = { "time": 0, "name": "n", "origin": found.from }"#;
    let inside = r#". = { "time": 0, "name": "n", "uid": "it was: " + string!(.note) }"#;
    let tenant = r#". = { "time": 0, "name": "n", "tenant": .note }"#;
    for (program, column, is_grave) in [
        (regex, "uid", false),
        (number.as_str(), "uid", false),
        (part, "uid", false),
        (json, "origin", false),
        (half, "uid", true),
        (inside, "uid", true),
        (tenant, "organizations", true),
    ] {
        let record = if column == "origin" { told } else { note };
        let (_, report) = tried(&format!("# adapter: a\n\n{program}\n"), &[record]);
        let flow = Flow { column: column.into(), place: "note".into() };
        assert!(report.flows.contains(&flow), "{program}: {:?}", report.flows);
        let expected = if is_grave { Finding::FreeText(flow) } else { Finding::Part(flow) };
        assert!(report.findings.contains(&expected), "{program}: {:?}", report.findings);
        assert_eq!(report.is_good(), !is_grave, "{program}");
    }
}

#[test]
fn a_field_is_listed_also_where_the_program_lets_through_only_some_form() {
    for (given, taken) in [
        (r#""drop""#, r#"if match(x, r'^[A-Za-z0-9_-]{1,40}$') { name = "check:" + x }"#),
        (r#""drop""#, r#"if match(x, r'^[a-z]+$') { name = "check:" + x }"#),
        (r#""drop""#, r#"if x == "drop" || x == "find" { name = "check:" + x }"#),
        (
            r#""drop""#,
            r#"if !match(x, r'^[a-z]+$') { abort "no command" }
            name = "check:" + x"#,
        ),
        (
            r#""ann@a.example""#,
            r#"found, error = parse_regex(x, r'^(?P<who>[a-z]+)@')
            if error == null { name = "check:" + string!(found.who) }"#,
        ),
        ("4711", r#"if is_integer(.param.command) { name = "check:" + x }"#),
    ] {
        let source = format!(
            "# adapter: a\n\nx = to_string(.param.command) ?? \"\"\nname = \"check\"\n{taken}\n. = {{ \"time\": 0, \"name\": name }}\n"
        );
        let record = format!(r#"{{"param":{{"command":{given}}}}}"#);
        // It stands in the fifth record only of those that have the field.
        let other = r#"{"param":{"command":"THE one behind the door"}}"#;
        let records: Vec<&str> =
            if taken.contains("abort") { vec![&record] } else { vec![other, other, other, other, &record] };
        let (_, report) = tried(&source, &records);
        let flow = Flow { column: "name".into(), place: "param.command".into() };
        assert_eq!(report.flows.iter().collect::<Vec<_>>(), [&flow], "{taken}");
        assert!(report.findings.contains(&Finding::Part(flow)), "{taken}: {:?}", report.findings);
        assert!(report.is_good(), "{taken}: {:?}", report.findings);
    }
}

#[test]
fn what_only_decides_is_not_listed() {
    let source = r#"# adapter: a

agent = null
if .kind == "user" { agent = "a user's browser" }
. = { "time": 0, "name": "n", "userAgent": agent, "sourceId": .id }
"#;
    let (_, report) = tried(source, &[r#"{"kind":"user","id":"6fa1f1f0-5b8e-4f0a-9a3e-0123456789ab"}"#]);
    assert_eq!(report.flows.into_iter().collect::<Vec<_>>(), [Flow { column: "eventId".into(), place: "id".into() }]);
}

#[test]
fn records_that_share_an_id_are_named() {
    let source = "# adapter: a\n\n. = { \"time\": 0, \"name\": \"n\", \"categories\": \"dataLoad\", \"sourceId\": .group, \"uid\": .user }\n";
    let record = |user: &str| format!(r#"{{"group":"6fa1f1f0-5b8e-4f0a-9a3e-0123456789ab","user":"{user}"}}"#);
    let (one, two, three) = (record("ann"), record("ben"), record("cay"));
    let shared = Finding::SharedId { id: "6fa1f1f0-5b8e-4f0a-9a3e-0123456789ab".into(), records: 2 };
    let (_, report) = tried(source, &[&one, &two, &three]);
    assert_eq!(report.findings, [shared]);
    assert!(report.is_good());
    assert_eq!(tried(source, &[&one, &one]).1.findings, [], "the same record twice");
}

#[test]
fn what_is_expected_may_be_refused() {
    let adapter = Adapter::from_source(SHOP).unwrap();
    let options = || Options::at("2025-11-01T00:00:00Z".parse().unwrap());
    let report = |mut trial: Trial<'_>| {
        trial.record(br#"{"at":"2024-05-06T07:08:09Z","action":"login"}"#, 0);
        trial.record(b"{}", 0);
        trial.finish()
    };
    let refused = report(Trial::new(&adapter, options()));
    let share = Finding::Refused { percent: 50 };
    assert_eq!((refused.findings.contains(&share), refused.is_good()), (true, false));
    let expected = report(Trial::new(&adapter, options()).expecting());
    assert_eq!((expected.findings.contains(&share), expected.is_good()), (false, true));
}

#[test]
fn text_planted_in_arrays_is_found() {
    let source = "# adapter: a\n\n. = { \"time\": 0, \"name\": \"n\", \"origin\": .hops[1].ip }\n";
    let (_, report) = tried(source, &[r#"{"hops":[{"ip":"192.0.2.1"},{"ip":"192.0.2.2"}]}"#]);
    assert_eq!(report.flows.iter().map(|flow| flow.place.as_str()).collect::<Vec<_>>(), ["hops[].ip"]);
}

#[test]
fn no_records_are_no_success() {
    assert!(!tried(SHOP, &[]).1.is_good());
}
