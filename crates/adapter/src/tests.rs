//! The contract between an adapter file and the host, on small adapters written for the purpose.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use expect_test::{Expect, expect};
use indelible_event::{Intake, Limits, Scratch, admit};

use super::*;

const HEADER: &str = "# adapter: sample\n# version: 7\n# input: json\n#\n# # Sample\n#\n# ## Kinds\n#\n# | kind | category |\n\
                      # |---|---|\n# | `read`, `look` | `dataLoad` |\n# | `rm*` | `dataDelete` |\n# | `rmdir` | `metaDataDelete` |\n\n";

fn options() -> Options {
    Options::at("2025-11-01T00:00:00Z".parse().unwrap())
}

fn adapter(program: &str) -> Adapter {
    Adapter::from_source(&format!("{HEADER}{program}")).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs `program` on `record` and shows the events without their ids, or why there are none.
fn check(program: &str, record: &str, expected: Expect) {
    let adapter = adapter(program);
    let shown = match adapter.converter(options()).convert(record.as_bytes(), 0) {
        Ok(lines) => lines.iter().map(|line| show(line)).collect(),
        Err(refused) => format!("{refused}\n"),
    };
    expected.assert_eq(&shown);
}

/// An event without ids and what never changes, after the server had a look at it.
fn show(line: &str) -> String {
    admitted(line);
    let mut event: serde_json::Value = serde_json::from_str(line).unwrap();
    let members = event.as_object_mut().unwrap();
    for name in ["logEntryId", "eventId", "type", "producerType", "productVersion"] {
        assert!(members.remove(name).is_some(), "{name} is missing");
    }
    format!("{event}\n")
}

fn admitted(line: &str) {
    let intake = Intake { producer: "p", producer_epoch: None, producer_seq: None, source: "http", adapter: Some("a") };
    let id = || unreachable!();
    if let Err(refusal) = admit(&mut Scratch::default(), line.as_bytes(), &Limits::default(), &intake, id) {
        panic!("{refusal}: {line}");
    }
}

#[test]
fn a_small_program_makes_an_event() {
    check(
        r#". = { "time": .at, "name": .what, "uid": .who, "categories": "dataDelete", "subjects": [.file], "passThrough": { "size": .size } }"#,
        r#"{"at":"2024-05-06 07:08:09.5+02:00","what":"rm it","who":"ann","file":"f","size":12345678901234567890}"#,
        expect![[r#"
            {"categories":["dataDelete","passThrough"],"entities":["f"],"name":"rm_it","product":"sample","requestFields":{"deletedResources":[{"id":{"other":{"value":"f"},"type":"other"}}],"passThroughRequestParams":{"name":{"level":["METADATA"],"payload":"rm it"},"size":{"level":["METADATA"],"payload":"12345678901234567890"}}},"result":"SUCCESS","time":"2024-05-06T05:08:09.5Z","uid":"ann"}
        "#]],
    );
}

#[test]
fn a_description_is_a_constant_of_the_adapter() {
    check(
        r#". = { "time": 1, "name": "x", "categories": "metaDataUpdate", "subjects": "a", "description": "label changed" }"#,
        "{}",
        expect![[r#"
            {"categories":["metaDataUpdate"],"entities":["a"],"name":"x","product":"sample","requestFields":{"updatedMetaDataDescription":"label changed","updatedMetaDataResources":[{"id":{"other":{"value":"a"},"type":"other"}}]},"result":"SUCCESS","time":"1970-01-01T00:00:01Z"}
        "#]],
    );
}

#[test]
fn without_a_category_an_event_is_internal() {
    check(
        r#". = { "time": .at, "name": "x" }"#,
        r#"{"at":0}"#,
        expect![[r#"
            {"categories":["internal"],"name":"x","product":"sample","result":"SUCCESS","time":"1970-01-01T00:00:00Z"}
        "#]],
    );
}

#[test]
fn tables_of_the_documentation_are_looked_up_whole_names_first() {
    let program = r#"row = lookup("Kinds", .kind)
        . = { "time": 1, "name": .kind, "categories": row.category }"#;
    for (kind, category) in [
        ("read", "dataLoad"),
        ("look", "dataLoad"),
        ("rmdir", "metaDataDelete"),
        ("rm -r", "dataDelete"),
        ("x", "internal"),
    ] {
        let lines =
            adapter(program).converter(options()).convert(format!(r#"{{"kind":"{kind}"}}"#).as_bytes(), 0).unwrap();
        assert!(lines[0].contains(&format!(r#"["{category}""#)), "{kind}: {}", lines[0]);
    }
}

#[test]
fn gather_finds_identifiers_at_any_depth_once() {
    check(
        r#". = { "time": 1, "name": "x", "categories": "dataLoad", "subjects": gather(.a, ["*Id", "names"]) }"#,
        r#"{"a":{"bId":"1","c":[{"dId":"2"},{"dId":"1"},{"dId":3}],"names":["n","m"],"other":"o"}}"#,
        expect![[r#"
            {"categories":["dataLoad"],"entities":["1","2","m","n"],"name":"x","product":"sample","requestFields":{"loadedResources":[{"id":{"other":{"description":"bId","value":"1"},"type":"other"}},{"id":{"other":{"description":"dId","value":"2"},"type":"other"}},{"id":{"other":{"description":"names","value":"n"},"type":"other"}},{"id":{"other":{"description":"names","value":"m"},"type":"other"}}]},"result":"SUCCESS","time":"1970-01-01T00:00:01Z"}
        "#]],
    );
}

#[test]
fn fields_take_the_form_the_catalogue_gives_them() {
    check(
        r#". = { "time": 1, "name": "x", "uid": "u", "categories": ["managementGroups", "createInfra", "tokenGeneration", "userLogin"],
            "subjects": ["s", "ri.a..b.c"],
            "fields": { "groupPatches": [{ "id": "g", "addedIds": ["m", null] }], "generatedTokens": [{ "id": "t", "expirationTime": "Jul 10, 2023 6:30:22 PM" }] } }"#,
        "{}",
        expect![[r#"
            {"categories":["createInfra","managementGroups","tokenGeneration","userLogin"],"entities":["g","m","ri.a..b.c","s","t"],"name":"x","product":"sample","requestFields":{"createInfraTargets":[{"external":{"description":"sample","externalSystemId":{"other":{"value":"s"},"type":"other"}},"type":"external"},{"external":{"description":"sample","externalSystemId":{"rid":"ri.a..b.c","type":"rid"}},"type":"external"}],"groupPatches":[{"addedIds":[{"other":{"value":"m"},"type":"other"}],"id":{"other":{"value":"g"},"type":"other"}}]},"result":"SUCCESS","resultFields":{"createdInfraResources":[{"external":{"description":"sample","externalSystemId":{"other":{"value":"s"},"type":"other"}},"type":"external"},{"external":{"description":"sample","externalSystemId":{"rid":"ri.a..b.c","type":"rid"}},"type":"external"}],"generatedTokens":[{"expirationTime":"2023-07-10T18:30:22Z","id":{"other":{"value":"t"},"type":"other"},"type":"UNKNOWN"}],"loginUserId":"u"},"time":"1970-01-01T00:00:01Z","uid":"u"}
        "#]],
    );
}

#[test]
fn what_did_not_happen_is_not_said_to_have_been_made_but_stays_findable() {
    check(
        r#". = { "time": 1, "name": "x", "result": "UNAUTHORIZED", "categories": "dataCreate, authorizationCheck", "subjects": "s", "fields": { "authorizationCheckOperations": ["write"] } }"#,
        "{}",
        expect![[r#"
            {"categories":["authorizationCheck","dataCreate"],"entities":["s"],"name":"x","product":"sample","requestFields":{"authorizationCheckOperations":["write"],"authorizationCheckTargets":[{"other":{"value":"s"},"type":"other"}]},"result":"UNAUTHORIZED","resultFields":{"authorizationCheckFailedTargets":[{"other":{"value":"s"},"type":"other"}]},"time":"1970-01-01T00:00:01Z"}
        "#]],
    );
}

#[test]
fn columns_are_made_to_fit_and_the_whole_value_is_kept() {
    check(
        r#". = { "time": 1, "name": "x", "host": "a b", "origin": "[::1]:22", "origins": ["1.2.3.4:5", "1.2.3.4"], "tenant": "A/B c" }"#,
        "{}",
        expect![[r#"
            {"categories":["internal","passThrough"],"host":"a_b","name":"x","organizations":[{"id":"ri.indelible..organization.A-B-c.95163840d11ad22296f6fbc0e7f452db","reason":"named by the record"}],"origin":"::1","origins":["1.2.3.4"],"product":"sample","requestFields":{"passThroughRequestParams":{"host":{"level":["METADATA"],"payload":"a b"},"origin":{"level":["METADATA"],"payload":"[::1]:22"},"tenant":{"level":["METADATA"],"payload":"A/B c"}}},"result":"SUCCESS","time":"1970-01-01T00:00:01Z"}
        "#]],
    );
}

#[test]
fn a_zone_has_a_name_or_an_offset() {
    let adapter = adapter(r#". = { "time": .t, "name": "x" }"#);
    for (zone, expected) in
        [("UTC", "12:00:00Z"), ("Europe/Berlin", "11:00:00Z"), ("+05:30", "06:30:00Z"), ("-02:00", "14:00:00Z")]
    {
        let timezone = Options::zone(zone).unwrap();
        let mut converter = adapter.converter(Options { timezone, ..options() });
        let lines = converter.convert(br#"{"t":"2024-01-01 12:00:00"}"#, 0).unwrap();
        assert!(lines[0].contains(&format!("2024-01-01T{expected}")), "{zone}: {}", lines[0]);
    }
    assert!(Options::zone("Mars/Olympus").is_none());
    assert!(Options::zone("").is_none());
}

#[test]
fn times_before_the_year_1_are_not_read() {
    check(
        r#". = { "time": -99999999999, "name": "x" }"#,
        "{}",
        expect![[r#"
        badTime: the time "-99999999999" cannot be read
    "#]],
    );
}

#[test]
fn a_record_without_a_time_is_refused_unless_the_caller_takes_such() {
    let documented =
        "#\n# # Sample\n#\n# | of the event | from the record |\n# |---|---|\n# | time | `at`, else `then` |\n\n";
    let plain = "#\n# # Sample\n\n";
    let whole = r#". = { "time": .at || .then || null, "name": "x", "passThrough": { "at": .at } }"#;
    let said = "noTime: the record has no time; the adapter looks in at, else then; have the adapter take it from the field that holds it";
    let unsaid = "noTime: the record has no time; have the adapter take it from the field that holds it";
    for (docs, program, record, refused) in [
        (documented, whole, "{}", said),
        (documented, whole, r#"{"at":null,"then":""}"#, said),
        (plain, whole, "{}", unsaid),
        (plain, r#". = { "name": "x" }"#, "{}", unsaid),
        (plain, r#". = [{ "name": "x", "time": 1 }, { "name": "x" }]"#, "{}", unsaid),
    ] {
        let adapter = Adapter::from_source(&format!("# adapter: sample\n{docs}{program}")).unwrap();
        let mut converter = adapter.converter(options());
        assert_eq!(converter.convert(record.as_bytes(), 0).unwrap_err().to_string(), refused, "{record}");
        assert_eq!(converter.undated(), 0);

        let mut converter = converter.dating_undated();
        let lines = converter.convert(record.as_bytes(), 0).unwrap();
        assert_eq!(converter.undated(), 1, "records are counted, not events");
        let event: serde_json::Value = serde_json::from_str(lines.last().unwrap()).unwrap();
        admitted(lines.last().unwrap());
        assert_eq!(event["time"], "1970-01-01T00:00:00Z");
        assert_eq!(event["requestFields"]["passThroughRequestParams"]["undated"]["payload"], true);
    }
    // A time that cannot be read is not one that is missing.
    let adapter = adapter(whole);
    let mut converter = adapter.converter(options()).dating_undated();
    assert_eq!(converter.convert(br#"{"at":"soon"}"#, 0).unwrap_err().code, Code::BadTime);
    let dated = converter.convert(br#"{"at":1}"#, 0).unwrap();
    assert!(!dated[0].contains("undated") && converter.undated() == 0);
}

#[test]
fn the_import_may_choose_the_organization() {
    let adapter = adapter(r#". = { "time": 1, "name": "x", "tenant": "other" }"#);
    let organization = Some("ri.indelible..organization.acme".parse().unwrap());
    let mut converter = adapter.converter(Options { organization, ..options() });
    let lines = converter.convert(b"{}", 0).unwrap();
    assert!(lines[0].contains(r#""organizations":[{"id":"ri.indelible..organization.acme""#), "{}", lines[0]);
    // Which tenant the record names is still to be seen.
    let kept = |program: &str| {
        let adapter = self::adapter(program);
        let organization = Some("ri.indelible..organization.acme".parse().unwrap());
        let lines = adapter.converter(Options { organization, ..options() }).convert(b"{}", 0).unwrap();
        let event: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        let kept = &event["requestFields"]["passThroughRequestParams"];
        (kept["tenant"]["payload"].clone(), kept["tenantOfRecord"]["payload"].clone())
    };
    let null = serde_json::Value::Null;
    for (program, expected) in [
        (r#". = { "time": 1, "name": "x", "tenant": "other" }"#, ("other".into(), null.clone())),
        (
            r#". = { "time": 1, "name": "x", "tenant": "other", "passThrough": { "tenant": "other" } }"#,
            ("other".into(), null.clone()),
        ),
        (
            r#". = { "time": 1, "name": "x", "tenant": "other", "passThrough": { "tenant": "t" } }"#,
            ("t".into(), "other".into()),
        ),
        (r#". = { "time": 1, "name": "x", "tenant": " " }"#, (null.clone(), null.clone())),
    ] {
        assert_eq!(kept(program), expected, "{program}");
    }
}

#[test]
fn one_record_may_be_several_events_with_ids_of_their_own() {
    let adapter = adapter(
        r#"event = { "time": 1, "name": "x", "sourceId": "{0A0B0C0D-0000-4000-8000-000000000001}" }
        . = [event, merge(event, { "repeat": 3 })]"#,
    );
    let mut converter = adapter.converter(options());
    let mut ids = std::collections::BTreeSet::new();
    for occurrence in 0..2 {
        let lines = converter.convert(b"{}", occurrence).unwrap();
        assert_eq!(lines.len(), 4);
        assert!(lines[0].contains(r#""eventId":"0a0b0c0d-0000-4000-8000-000000000001""#));
        for line in lines {
            admitted(&line);
            let event: serde_json::Value = serde_json::from_str(&line).unwrap();
            ids.insert(event["logEntryId"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(ids.len(), 8);
}

#[test]
fn ids_come_from_the_record_and_its_occurrence_alone() {
    let first = adapter(r#". = { "time": 1, "name": "x" }"#);
    let second = adapter(r#". = { "time": 2, "name": "y" }"#);
    let id = |adapter: &Adapter, record: &str, occurrence| {
        let lines = adapter.converter(options()).convert(record.as_bytes(), occurrence).unwrap();
        let event: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        event["logEntryId"].as_str().unwrap().to_owned()
    };
    let known = id(&first, "{}", 0);
    assert_eq!(
        known, "c7f2fcf8-9a98-89d3-9624-69ff37453c39",
        "ids must never change: they are how a repeat is recognised"
    );
    assert_eq!(id(&second, "{}", 0), known);
    assert_ne!(id(&first, "{}", 1), known);
    assert_ne!(id(&first, "{ }", 0), known);
}

#[test]
fn ids_come_from_the_place_of_a_record_where_its_input_grows() {
    let first = adapter(r#". = { "time": 1, "name": "x" }"#);
    let plain = Adapter::builtin("audit2").unwrap();
    let id = |adapter: &Adapter, record: &str, input: u8, offset| {
        let occurrence = Occurrence::At { input: [input; 16], offset };
        let lines = adapter.converter(options()).convert(record.as_bytes(), occurrence).unwrap();
        let event: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        event["logEntryId"].as_str().unwrap().to_owned()
    };
    let known = id(&first, "{}", 1, 0);
    assert_eq!(
        known, "96f4d3d7-14e3-8755-b371-7025923faa62",
        "ids must never change: they are how a repeat is recognised"
    );
    let line = r#"{"type":"audit.2","time":"2024-01-01T00:00:00Z","name":"X","result":"SUCCESS"}"#;
    let others = [
        id(&first, "{}", 1, 1),
        id(&first, "{}", 2, 0),
        id(&first, "{ }", 1, 0),
        id(&plain, line, 1, 0),
        id(&plain, line, 1, 1),
        first.converter(options()).convert(b"{}", 0).unwrap()[0].clone(),
    ];
    let distinct: std::collections::BTreeSet<&String> = others.iter().chain([&known]).collect();
    assert_eq!(distinct.len(), others.len() + 1);
}

#[test]
fn a_program_refuses_a_record_with_abort() {
    check(
        r#"if .kind == null { abort "no kind" }
        . = { "time": 1, "name": "x" }"#,
        "{}",
        expect![[r#"
        refusedByAdapter: no kind
    "#]],
    );
}

#[test]
fn records_are_checked_before_the_program_sees_them() {
    let program = r#". = { "time": 1, "name": "x" }"#;
    check(
        program,
        r#"{"a":1,"a":2}"#,
        expect![[r#"
        duplicateKey: the key "a" stands twice in one object
    "#]],
    );
    check(
        program,
        "[]",
        expect![[r#"
        invalidJson: the record is not a JSON object
    "#]],
    );
    check(
        program,
        &format!("{{\"a\":\"{}\"}}", "x".repeat(RECORD_BYTES_MAX)),
        expect![[r#"
        eventTooLarge: the record is larger than the limit; an event has at most 1048576 bytes
    "#]],
    );
}

#[test]
fn mistakes_of_a_program_are_named() {
    check(
        r#". = { "time": 1, "name": "x", "colour": "red" }"#,
        "{}",
        expect![[r#"
        adapterFault: the program left "colour", which is no part of an event; put it under passThrough
    "#]],
    );
    check(
        r#". = { "time": 1, "name": "x", "categories": ["dataLoaf"] }"#,
        "{}",
        expect![[r#"
        adapterFault: there is no category "dataLoaf"
    "#]],
    );
    check(
        r#". = { "time": 1, "name": "x", "categories": "dataLoad", "fields": { "deletedResources": ["a"] } }"#,
        "{}",
        expect![[r#"
        adapterFault: no category of this event declares the field "deletedResources"
    "#]],
    );
    check(
        r#". = { "time": "yesterday", "name": "x" }"#,
        "{}",
        expect![[r#"
        badTime: the time "yesterday" cannot be read
    "#]],
    );
    check(
        r#". = { "time": 1 }"#,
        "{}",
        expect![[r#"
        adapterFault: the program left no name
    "#]],
    );
    check(
        r#". = "x""#,
        "{}",
        expect![[r#"
        adapterFault: the program left string in `.`, not an event or a list of events
    "#]],
    );
    check(
        r#". = []"#,
        "{}",
        expect![[r#"
        adapterFault: the program left no event; refuse a record with `abort "why"`
    "#]],
    );
    check(
        r#". = { "time": 1, "name": "x", "result": "OK" }"#,
        "{}",
        expect![[r#"
        adapterFault: result cannot be "OK"
    "#]],
    );
    check(
        r#". = { "time": 1, "name": "x", "repeat": 1000000 }"#,
        "{}",
        expect![[r#"
        adapterFault: repeat is a number from 1 to 10000
    "#]],
    );
}

#[test]
fn a_program_that_runs_too_long_is_stopped() {
    let record = format!("{{\"a\":[{}]}}", vec!["0"; 2000].join(","));
    check(
        r#"count = 0
        for_each(array!(.a)) -> |_i, _x| { for_each(array!(.a)) -> |_j, _y| { count = count + 1 } }
        . = { "time": 1, "name": "x" }"#,
        &record,
        expect![[r#"
            adapterFault: the program took more than 1000000 steps
        "#]],
    );
}

#[test]
fn files_that_are_no_adapters_are_refused_with_the_remedy() {
    let check = |source: &str, expected: &str| {
        let error = Adapter::from_source(source).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(". = {}", "the file must begin with the comment `# adapter: <name>`");
    check("# adapter: A b\n", "an adapter's name is at most 64 of the characters");
    check("# adapter: a\n# inptu: text\n", "the header key \"inptu\" is not known");
    check("# adapter: a\n# input: xml\n", "input is `json` or `text`");
    check("# adapter: a\n#\n# ## T\n# | k | v |\n# |---|---|\n# | `x` |\n", "table \"T\": a row has 1 cells");
    check("# adapter: a\n#\n# ## T\n# | k |\n# |---|\n# | `x` |\n# | `x` |\n", "the key \"x\" stands twice");
    check("# adapter: a\n\n. = lookup(\"T\", 1)\n", "no table stands under this heading");
    check("# adapter: a\n\nn = to_int(.n)\n", "unhandled fallible assignment");
    check("# adapter: a\n\n.a = now()\n", "undefined function");
    let table = "# adapter: a\n#\n# ## T\n#\n# | k | category |\n# |---|---|\n# | `x` | `dataLoad, dataExport` |\n# | `y*`, `z` | `dataLoad`, `dataLod` |\n";
    check(
        &format!("{table}\n. = lookup(\"T\", 1)\n"),
        "table \"T\": the row \"y*, z\" names the category \"dataLod\", which there is not",
    );
    // A table that the program does not ask may call what it likes a category.
    Adapter::from_source(&format!("{table}\n.a = 1\n")).unwrap();
    for name in Adapter::names() {
        let (adapter, described) = (Adapter::builtin(name).unwrap(), Adapter::described(name).unwrap());
        let said = (described.name.as_str(), described.version.as_str(), described.title.as_str());
        assert_eq!(said, (adapter.name(), adapter.version(), adapter.title()));
    }
    assert!(matches!(Adapter::described("no-such"), Err(AdapterError::Unknown { .. })));
    let unknown = Adapter::builtin("no-such").unwrap_err().to_string();
    assert!(unknown.contains("choose one of audit2, audit3, "), "{unknown}");
    assert!(Adapter::names().is_sorted() && Adapter::names().iter().all(|name| unknown.contains(name)), "{unknown}");
}

#[test]
fn embedded_records_count_as_if_they_stood_alone() {
    let source = HEADER.replace("# input: json\n", "# input: json\n# embedded: Data\n");
    let adapter = Adapter::from_source(&format!("{source}. = {{ \"time\": 1, \"name\": .n }}")).unwrap();
    let mut converter = adapter.converter(options());
    let alone = converter.convert(br#"{"n":"x"}"#, 0).unwrap();
    assert_eq!(converter.convert(br#"{"Index":1,"Data":"{\"n\":\"x\"}"}"#, 0).unwrap(), alone);
    assert_eq!(converter.convert(br#""{\"n\":\"x\"}""#, 0).unwrap(), alone);
}

fn plain(name: &str, record: &str) -> String {
    let adapter = Adapter::builtin(name).unwrap();
    match adapter.converter(options()).convert(record.as_bytes(), 0) {
        Ok(lines) => {
            assert_eq!(lines.len(), 1);
            admitted(&lines[0]);
            lines[0].clone()
        }
        Err(refused) => refused.to_string(),
    }
}

#[test]
fn audit_3_lines_go_through_as_they_are() {
    let rest = r#""time":"2024-01-01T00:00:00Z","name":"X","result":"SUCCESS","categories":["internal"],"eventId":"0a0b0c0d-0000-4000-8000-000000000001","producerType":"SERVER","product":"p","productVersion":"1","#;
    let line = format!(r#"{{"type":"audit.3",{rest}"logEntryId":"0a0b0c0d-0000-4000-8000-000000000002"}}"#);
    assert_eq!(plain("audit3", &line), line);
    let without = format!("{{ \"type\": \"audit.3\",\n {rest}\n \"uid\": \"u\" }}");
    let made = plain("audit3", &without);
    assert!(!made.contains('\n') && made.contains(r#""logEntryId":""#) && made.contains(r#""uid":"u""#), "{made}");
    assert_eq!(
        plain("audit3", r#"{"type":"audit.2"}"#),
        "notThisKind: type is \"audit.2\", not \"audit.3\"; the adapter audit2 reads such lines"
    );
}

#[test]
fn audit_2_lines_and_dataset_rows_go_through() {
    let made = plain(
        "audit2",
        r#"{"type":"audit.2","time":"2024-01-01T00:00:00Z","name":"X","result":"SUCCESS","ip":"1.2.3.4","request_params":{"a":1},"uid":null}"#,
    );
    assert!(made.contains(r#""origin":"1.2.3.4","requestParams":{"a":1}"#), "{made}");
}
