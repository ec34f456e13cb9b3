#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;
use crate::parts::{self, Delivery};

const INTAKE: Intake<'static> =
    Intake { producer: "p", producer_epoch: None, producer_seq: None, source: "test", adapter: None };

/// A `dataExport` with all that `audit.3` requires.
fn export() -> Value {
    json!({
        "type": "audit.3",
        "time": "2025-11-13T23:20:24.180Z",
        "name": "GET_DATASET_AS_CSV",
        "result": "SUCCESS",
        "categories": ["dataExport"],
        "eventId": "00000000-0000-4000-8000-0000000000AB",
        "logEntryId": "00000000-0000-4000-8000-0000000000CD",
        "producerType": "SERVER",
        "product": "data-proxy",
        "productVersion": "1.2.3",
        "requestFields": {"downloadedResources": [{"id": {"type": "rid", "rid": "ri.a.b.dataset.1"}}]},
    })
}

/// [`export`] with other top-level fields; null takes one away.
fn export_with(changes: Value) -> Value {
    let mut event = export();
    for (key, value) in changes.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

/// Both parts of what `line` becomes, a line each, without the constant `intake`; or its refusal.
fn outcome(line: &str) -> String {
    crate::fuzz::admit(line.as_bytes());
    let mut scratch = Scratch::default();
    match admit(&mut scratch, line.as_bytes(), &Limits::default(), &INTAKE, || [0x11; 16]) {
        Err(refusal) => {
            let category = refusal.category.map(|name| format!(" [{name}]")).unwrap_or_default();
            format!("{}{category} {}\n", refusal.code, refusal.message)
        }
        Ok(event) => {
            let mut infrastructure = event.infrastructure.to_vec();
            infrastructure.drain(event.intake_at.clone());
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            format!("{}\n{}\n", text(&infrastructure), text(event.content))
        }
    }
}

fn check(changes: Value, expected: Expect) {
    expected.assert_eq(&outcome(&export_with(changes).to_string()));
}

fn check_all(changes: impl IntoIterator<Item = Value>, expected: Expect) {
    let mut all = String::new();
    for changes in changes {
        let text = changes.to_string();
        let shown: String = text.chars().take(100).collect();
        all += &format!("{shown}\n  {}\n", outcome(&export_with(changes).to_string()).trim_end().replace('\n', "\n  "));
    }
    expected.assert_eq(&all);
}

/// The content part of [`export_with`] `changes`.
fn content(changes: Value) -> Value {
    let text = outcome(&export_with(changes).to_string());
    serde_json::from_str(text.lines().nth(1).unwrap_or_else(|| panic!("{text}"))).unwrap()
}

#[test]
fn an_event_becomes_two_sorted_parts() {
    check(
        json!({}),
        expect![[r#"
        {"categories":["dataExport"],"eventId":"00000000-0000-4000-8000-0000000000ab","logEntryId":"00000000-0000-4000-8000-0000000000cd","name":"GET_DATASET_AS_CSV","producerType":"SERVER","product":"data-proxy","productVersion":"1.2.3","result":"SUCCESS","time":"2025-11-13T23:20:24.18Z","type":"audit.3"}
        {"entities":["ri.a.b.dataset.1"],"requestFields":{"downloadedResources":[{"id":{"rid":"ri.a.b.dataset.1","type":"rid"}}]}}
    "#]],
    );
    check(
        json!({
            "uid": "u1", "sid": "s", "tokenId": "t", "orgId": "o", "traceId": "tr", "sequenceId": 7, "service": "sv", "host": "h",
            "stack": "st", "environment": "e", "userAgent": "a \"quoted\" agent", "origin": "10.0.0.1",
            "origins": ["10.0.0.2", "10.0.0.1", "10.0.0.2"], "sourceOrigin": "10.0.0.3", "custom": {"b": 1, "a": [null]}, "another": "x",
            "resultFields": {"downloadedSize": 12.0},
        }),
        expect![[r#"
            {"categories":["dataExport"],"environment":"e","eventId":"00000000-0000-4000-8000-0000000000ab","host":"h","logEntryId":"00000000-0000-4000-8000-0000000000cd","name":"GET_DATASET_AS_CSV","orgId":"o","origin":"10.0.0.1","origins":["10.0.0.2","10.0.0.1","10.0.0.2"],"producerType":"SERVER","product":"data-proxy","productVersion":"1.2.3","result":"SUCCESS","sequenceId":"7","service":"sv","sid":"s","sourceOrigin":"10.0.0.3","stack":"st","time":"2025-11-13T23:20:24.18Z","tokenId":"t","traceId":"tr","type":"audit.3","uid":"u1","userAgent":"a \"quoted\" agent"}
            {"entities":["ri.a.b.dataset.1"],"extra":{"another":"x","custom":{"a":[null],"b":1}},"requestFields":{"downloadedResources":[{"id":{"rid":"ri.a.b.dataset.1","type":"rid"}}]},"resultFields":{"downloadedSize":12},"users":[{"uid":"u1"}]}
        "#]],
    );
}

#[test]
fn null_and_empty_are_absent_at_the_top_and_kept_inside() {
    let bare = outcome(&export().to_string());
    for absent in [json!(null), json!([]), json!({})] {
        for field in [
            "uid",
            "origins",
            "resultFields",
            "resultParams",
            "entities",
            "users",
            "unknown",
            "deployment",
            "organizations",
            "intake",
        ] {
            assert_eq!(outcome(&export_with(json!({field: absent})).to_string()), bare, "{field}: {absent}");
        }
    }
    check(
        json!({"requestFields": {"downloadedResources": []}, "resultFields": {"downloadedSize": null}, "x": {"y": [], "z": {}, "w": null}}),
        expect![[r#"
            {"categories":["dataExport"],"eventId":"00000000-0000-4000-8000-0000000000ab","logEntryId":"00000000-0000-4000-8000-0000000000cd","name":"GET_DATASET_AS_CSV","producerType":"SERVER","product":"data-proxy","productVersion":"1.2.3","result":"SUCCESS","time":"2025-11-13T23:20:24.18Z","type":"audit.3"}
            {"extra":{"x":{"w":null,"y":[],"z":{}}},"requestFields":{"downloadedResources":[]},"resultFields":{"downloadedSize":null}}
        "#]],
    );
}

#[test]
fn sets_are_sorted_and_repeats_refused() {
    check_all(
        [
            json!({"categories": ["userLogin", "dataExport", "internal"]}),
            json!({"categories": ["dataExport", "internal", "dataExport"]}),
            json!({"users": [{"uid": "b", "realm": null, "groups": []}, {"uid": "a", "groups": ["g", "f"], "userName": "n"}]}),
            json!({"users": [{"uid": "b"}, {"uid": "b", "realm": "r"}]}),
            json!({"entities": ["z", "a", "z"]}),
            json!({"organizations": [{"id": "ri.a..b.c", "reason": "r"}, {"id": "ri.a..b.c"}]}),
        ],
        expect![[r#"
            {"categories":["userLogin","dataExport","internal"]}
              {"categories":["dataExport","internal","userLogin"],"eventId":"00000000-0000-4000-8000-0000000000ab","logEntryId":"00000000-0000-4000-8000-0000000000cd","name":"GET_DATASET_AS_CSV","producerType":"SERVER","product":"data-proxy","productVersion":"1.2.3","result":"SUCCESS","time":"2025-11-13T23:20:24.18Z","type":"audit.3"}
              {"entities":["ri.a.b.dataset.1"],"requestFields":{"downloadedResources":[{"id":{"rid":"ri.a.b.dataset.1","type":"rid"}}]}}
            {"categories":["dataExport","internal","dataExport"]}
              repeatedValue [dataExport] categories[2] (category dataExport): the category stands twice; send it once
            {"users":[{"groups":[],"realm":null,"uid":"b"},{"groups":["g","f"],"uid":"a","userName":"n"}]}
              {"categories":["dataExport"],"eventId":"00000000-0000-4000-8000-0000000000ab","logEntryId":"00000000-0000-4000-8000-0000000000cd","name":"GET_DATASET_AS_CSV","producerType":"SERVER","product":"data-proxy","productVersion":"1.2.3","result":"SUCCESS","time":"2025-11-13T23:20:24.18Z","type":"audit.3"}
              {"entities":["ri.a.b.dataset.1"],"requestFields":{"downloadedResources":[{"id":{"rid":"ri.a.b.dataset.1","type":"rid"}}]},"users":[{"groups":["g","f"],"uid":"a","userName":"n"},{"uid":"b"}]}
            {"users":[{"uid":"b"},{"realm":"r","uid":"b"}]}
              repeatedValue users: two users have one uid; send each user once
            {"entities":["z","a","z"]}
              {"categories":["dataExport"],"eventId":"00000000-0000-4000-8000-0000000000ab","logEntryId":"00000000-0000-4000-8000-0000000000cd","name":"GET_DATASET_AS_CSV","producerType":"SERVER","product":"data-proxy","productVersion":"1.2.3","result":"SUCCESS","time":"2025-11-13T23:20:24.18Z","type":"audit.3"}
              {"entities":["z","a","z"],"requestFields":{"downloadedResources":[{"id":{"rid":"ri.a.b.dataset.1","type":"rid"}}]}}
            {"organizations":[{"id":"ri.a..b.c","reason":"r"},{"id":"ri.a..b.c"}]}
              repeatedValue organizations[1]: the organization stands twice; send it once
        "#]],
    );
}

#[test]
fn required_envelope_fields_are_named_with_the_remedy() {
    check_all(
        ["type", "time", "name", "result", "categories", "eventId", "producerType", "product", "productVersion"]
            .map(|field| json!({ field: null })),
        expect![[r#"
            {"type":null}
              missingField type: required; send "audit.3"
            {"time":null}
              missingField time: required; send when it happened, such as 2025-11-13T23:20:24.180Z
            {"name":null}
              missingField name: required; send the kind of event, such as GET_DATASET_AS_CSV
            {"result":null}
              missingField result: required; send SUCCESS, ERROR, UNAUTHORIZED or PARTIAL
            {"categories":null}
              missingField categories: required; send at least one category of the catalogue
            {"eventId":null}
              missingField eventId: required; send a UUID, the same for all lines of one event
            {"producerType":null}
              missingField producerType: required; send SERVER for a back end or CLIENT for a front end
            {"product":null}
              missingField product: required; send the name of the software that emits the event
            {"productVersion":null}
              missingField productVersion: required; send the version of the software that emits the event
        "#]],
    );
}

#[test]
fn envelope_fields_are_checked() {
    check_all(
        [
            json!({"type": "audit.4"}),
            json!({"type": "indelible.1"}),
            json!({"type": 3}),
            json!({"time": "yesterday"}),
            json!({"time": 1_700_000_000}),
            json!({"name": "has a space"}),
            json!({"name": ""}),
            json!({"name": "x".repeat(129)}),
            json!({"name": "naïve"}),
            json!({"result": "FAILURE"}),
            json!({"result": "success"}),
            json!({"producerType": "server"}),
            json!({"eventId": "not-a-uuid"}),
            json!({"logEntryId": "00000000-0000-4000-8000-00000000000g"}),
            json!({"logEntryId": "000000000000400080000000000000aa"}),
            json!({"product": ""}),
            json!({"uid": "x".repeat(257)}),
            json!({"uid": 5}),
            json!({"host": "a\nb"}),
            json!({"userAgent": "x".repeat(1025)}),
            json!({"origins": "10.0.0.1"}),
            json!({"origins": ["10.0.0.1", null]}),
            json!({"origins": ["x".repeat(257)]}),
            json!({"origins": vec!["10.0.0.1"; 65]}),
            json!({"sequenceId": 1.5}),
            json!({"sequenceId": true}),
            json!({"entities": [1]}),
            json!({"entities": "ri.a..b.c"}),
            json!({"users": [{"userName": "n"}]}),
            json!({"users": [{"uid": ""}]}),
            json!({"users": [{"uid": "u", "email": "e"}]}),
            json!({"users": [{"uid": "u", "realm": 1}]}),
            json!({"users": [{"uid": "u", "groups": [1]}]}),
            json!({"users": ["u"]}),
            json!({"organizations": ["ri.a..b.c"]}),
            json!({"organizations": [{"id": "acme"}]}),
            json!({"organizations": [{"reason": "r"}]}),
            json!({"organizations": [{"id": "ri.a..b.c", "name": "n"}]}),
            json!({"organizations": (0..65).map(|i| json!({"id": format!("ri.a..b.{i}")})).collect::<Vec<_>>()}),
            json!({"intake": {"producer": "someone else"}}),
            json!({"requestFields": []}),
            json!({"requestFields": [1]}),
            json!({"resultFields": "x"}),
            json!({"categories": "dataExport"}),
            json!({"categories": [7]}),
            json!({"categories": ["dataexport"]}),
            json!({"categories": ["mandatoryControlApplication"]}),
            json!({"categories": ["systemManagement"]}),
        ],
        expect![[r#"
            {"type":"audit.4"}
              unsupportedType type: "audit.4" is not accepted; send audit.3
            {"type":"indelible.1"}
              unsupportedType type: "indelible.1" is not accepted; send audit.3
            {"type":3}
              invalidValue type: must be a string, not a number
            {"time":"yesterday"}
              invalidValue time: write RFC 3339 with an offset, such as 2025-11-13T23:20:24.180Z, years 0001 to 9999, at most 9 digits of a second, no leap second
            {"time":1700000000}
              invalidValue time: must be a string, not a number
            {"name":"has a space"}
              invalidValue name: "has a space" is not 1 to 128 of A-Z a-z 0-9 _ . : -; name the kind of event, put the rest into fields
            {"name":""}
              invalidValue name: "" is not 1 to 128 of A-Z a-z 0-9 _ . : -; name the kind of event, put the rest into fields
            {"name":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
              tooLong name: 129 bytes where 128 are allowed; infrastructure fields are not free text, shorten it
            {"name":"naïve"}
              invalidValue name: "naïve" is not 1 to 128 of A-Z a-z 0-9 _ . : -; name the kind of event, put the rest into fields
            {"result":"FAILURE"}
              invalidValue result: must be one of SUCCESS, ERROR, UNAUTHORIZED, PARTIAL, not "FAILURE"
            {"result":"success"}
              invalidValue result: must be one of SUCCESS, ERROR, UNAUTHORIZED, PARTIAL, not "success"
            {"producerType":"server"}
              invalidValue producerType: must be one of SERVER, CLIENT, not "server"
            {"eventId":"not-a-uuid"}
              invalidValue eventId: "not-a-uuid" is not a UUID; send 32 hexadecimal digits with hyphens, as in 8-4-4-4-12
            {"logEntryId":"00000000-0000-4000-8000-00000000000g"}
              invalidValue logEntryId: "00000000-0000-4000-8000-00000000…" is not a UUID; send 32 hexadecimal digits with hyphens, as in 8-4-4-4-12
            {"logEntryId":"000000000000400080000000000000aa"}
              invalidValue logEntryId: "000000000000400080000000000000aa" is not a UUID; send 32 hexadecimal digits with hyphens, as in 8-4-4-4-12
            {"product":""}
              invalidValue product: must not be empty; name the software that emits the event
            {"uid":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
              tooLong uid: 257 bytes where 256 are allowed; infrastructure fields are not free text, shorten it
            {"uid":5}
              invalidValue uid: must be a string, not a number
            {"host":"a\nb"}
              invalidValue host: holds a control character; infrastructure fields are not free text, take it out
            {"userAgent":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
              tooLong userAgent: 1025 bytes where 1024 are allowed; infrastructure fields are not free text, shorten it
            {"origins":"10.0.0.1"}
              invalidValue origins: must be a list, not a string
            {"origins":["10.0.0.1",null]}
              invalidValue origins[1]: must be a string, not null
            {"origins":["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
              tooLong origins[0]: 257 bytes where 256 are allowed; infrastructure fields are not free text, shorten it
            {"origins":["10.0.0.1","10.0.0.1","10.0.0.1","10.0.0.1","10.0.0.1","10.0.0.1","10.0.0.1","10.0.0.1",
              tooLong origins: more than 64 elements; send fewer
            {"sequenceId":1.5}
              invalidValue sequenceId: must be a string, not a number
            {"sequenceId":true}
              invalidValue sequenceId: must be a string, not a boolean
            {"entities":[1]}
              invalidValue entities[0]: must be a string, not a number
            {"entities":"ri.a..b.c"}
              invalidValue entities: must be a list, not a string
            {"users":[{"userName":"n"}]}
              missingField users[0].uid: required; send the user's id
            {"users":[{"uid":""}]}
              invalidValue users[0].uid: must be a string that is not empty
            {"users":[{"email":"e","uid":"u"}]}
              undeclaredField users[0].email: not a member of a user; send uid, userName, firstName, lastName, groups, realm
            {"users":[{"realm":1,"uid":"u"}]}
              invalidValue users[0].realm: must be a string, not a number
            {"users":[{"groups":[1],"uid":"u"}]}
              invalidValue users[0].groups[0]: must be a string, not a number
            {"users":["u"]}
              invalidValue users[0]: must be an object with a uid, not a string
            {"organizations":["ri.a..b.c"]}
              invalidValue organizations[0]: must be an object {id, reason}
            {"organizations":[{"id":"acme"}]}
              invalidValue organizations[0].id: not a resource identifier; write ri.<service>.<instance>.<type>.<locator>, at most 256 bytes, such as ri.indelible..organization.acme
            {"organizations":[{"reason":"r"}]}
              missingField organizations[0].id: required; send the organization's RID
            {"organizations":[{"id":"ri.a..b.c","name":"n"}]}
              undeclaredField organizations[0].name: not a member of an organization claim; send {id, reason}
            {"organizations":[{"id":"ri.a..b.0"},{"id":"ri.a..b.1"},{"id":"ri.a..b.2"},{"id":"ri.a..b.3"},{"id":
              tooLong organizations: more than 64 elements; send fewer
            {"intake":{"producer":"someone else"}}
              reservedField intake: only the server writes it; leave it out
            {"requestFields":[]}
              {"categories":["dataExport"],"eventId":"00000000-0000-4000-8000-0000000000ab","logEntryId":"00000000-0000-4000-8000-0000000000cd","name":"GET_DATASET_AS_CSV","producerType":"SERVER","product":"data-proxy","productVersion":"1.2.3","result":"SUCCESS","time":"2025-11-13T23:20:24.18Z","type":"audit.3"}
              {}
            {"requestFields":[1]}
              invalidValue requestFields: must be an object, not a list
            {"resultFields":"x"}
              invalidValue resultFields: must be an object, not a string
            {"categories":"dataExport"}
              invalidValue categories: must be a list of category names
            {"categories":[7]}
              invalidValue categories[0]: must be a category name, not a number
            {"categories":["dataexport"]}
              unknownCategory categories[0]: the catalogue has no category "dataexport"; take one of docs/reference/categories.md, names are case-sensitive
            {"categories":["mandatoryControlApplication"]}
              categoryNotInAudit3 [mandatoryControlApplication] categories[0] (category mandatoryControlApplication): belongs to audit.2; use managementPermissions instead
            {"categories":["systemManagement"]}
              categoryNotInAudit3 [systemManagement] categories[0] (category systemManagement): belongs to audit.2; use appConfigCreate, appConfigAccess, appConfigUpdate, appConfigDelete, appConfigSearch instead
        "#]],
    );
}

#[test]
fn the_boundaries_of_the_envelope_are_accepted() {
    for changes in [
        json!({"name": "x".repeat(128)}),
        json!({"name": "A-z_0.9:x"}),
        json!({"uid": "x".repeat(256)}),
        json!({"userAgent": "x".repeat(1024)}),
        json!({"origins": vec!["x".repeat(256); 64]}),
        json!({"sequenceId": "seven"}),
        json!({"sequenceId": -9_007_199_254_740_991i64}),
        json!({"sid": ""}),
    ] {
        let outcome = outcome(&export_with(changes).to_string());
        assert!(outcome.starts_with('{'), "{outcome}");
    }
}

#[test]
fn fields_are_checked_all_the_way_down() {
    let resource = |resource: Value| json!({"requestFields": {"downloadedResources": [resource]}});
    check_all(
        [
            json!({"requestFields": {"downloadedResources": "ri.a..b.c"}}),
            json!({"requestFields": {"downloadedResources": [null]}}),
            json!({"requestFields": {"loadedResources": []}}),
            json!({"requestFields": {"somethingElse": "secret"}}),
            json!({"requestFields": {"downloadedSize": 1}}),
            json!({"resultFields": {"other": 1}}),
            json!({"resultFields": {"downloadedSize": 1.5}}),
            json!({"resultFields": {"downloadedSize": "1"}}),
            resource(json!({})),
            resource(json!({"id": {"type": "rid"}})),
            resource(json!({"id": {"rid": "x"}})),
            resource(json!({"id": {"type": "rids", "rid": "x"}})),
            resource(json!({"id": {"type": "rid", "rid": "x", "rids": []}})),
            resource(json!({"id": {"type": "rid", "rid": 1}})),
            resource(json!({"id": {"type": "rid", "rid": "x", "more": 1}})),
            resource(json!({"id": {"type": "other", "other": {"value": "x", "description": null}}, "context": null})),
            resource(json!({"id": {"type": "other", "other": {}}})),
            resource(json!({"id": "ri.a..b.c"})),
            resource(json!({"id": {"type": "rid", "rid": "x"}, "context": [{"value": "v"}]})),
            resource(json!({"id": {"type": "rid", "rid": "x"}, "name": "x"})),
            json!({"categories": ["dataExport", "dataImport"], "requestFields": {"importedFileType": "PDF"}}),
            json!({"categories": ["dataExport", "tokenAccess"], "resultFields": {"accessedTokens": [{"type": 1, "expirationTime": "soon"}]}}),
            json!({"categories": ["dataExport", "llmInference"], "requestFields": {"llmInferenceContext": {"modelTemperature": "hot"}}}),
        ],
        expect![[r#"
            {"requestFields":{"downloadedResources":"ri.a..b.c"}}
              invalidValue [dataExport] requestFields.downloadedResources (category dataExport): must be of type list<DataResource>; this is a string
            {"requestFields":{"downloadedResources":[null]}}
              invalidValue [dataExport] requestFields.downloadedResources[0] (category dataExport): must be of type DataResource: an object; this is null
            {"requestFields":{"loadedResources":[]}}
              undeclaredField requestFields.loadedResources: it belongs to category dataLoad, which the event does not have; add the category or leave the field out
            {"requestFields":{"somethingElse":"secret"}}
              undeclaredField requestFields.somethingElse: no category of the event declares it; send one of downloadedResources
            {"requestFields":{"downloadedSize":1}}
              undeclaredField requestFields.downloadedSize: category dataExport declares it in resultFields; move it there
            {"resultFields":{"other":1}}
              undeclaredField resultFields.other: no category of the event declares it; send one of downloadedSize
            {"resultFields":{"downloadedSize":1.5}}
              invalidValue [dataExport] resultFields.downloadedSize (category dataExport): must be of type safelong: an integer within +-(2^53-1); this is a number
            {"resultFields":{"downloadedSize":"1"}}
              invalidValue [dataExport] resultFields.downloadedSize (category dataExport): must be of type safelong: an integer within +-(2^53-1); this is a string
            {"requestFields":{"downloadedResources":[{}]}}
              missingField [dataExport] requestFields.downloadedResources[0].id (category dataExport): DataResource requires it; send a value of type Identifier
            {"requestFields":{"downloadedResources":[{"id":{"type":"rid"}}]}}
              missingField [dataExport] requestFields.downloadedResources[0].id (category dataExport): no variant of Identifier; send one of rid, rids, other, others
            {"requestFields":{"downloadedResources":[{"id":{"rid":"x"}}]}}
              missingField [dataExport] requestFields.downloadedResources[0].id.type (category dataExport): Identifier requires it; send one of rid, rids, other, others
            {"requestFields":{"downloadedResources":[{"id":{"rid":"x","type":"rids"}}]}}
              invalidValue [dataExport] requestFields.downloadedResources[0].id.type (category dataExport): must be "rid", the member beside it
            {"requestFields":{"downloadedResources":[{"id":{"rid":"x","rids":[],"type":"rid"}}]}}
              undeclaredField [dataExport] requestFields.downloadedResources[0].id.rids (category dataExport): Identifier holds one variant; send `type` and the member it names
            {"requestFields":{"downloadedResources":[{"id":{"rid":1,"type":"rid"}}]}}
              invalidValue [dataExport] requestFields.downloadedResources[0].id.rid (category dataExport): must be of type string; this is a number
            {"requestFields":{"downloadedResources":[{"id":{"more":1,"rid":"x","type":"rid"}}]}}
              undeclaredField [dataExport] requestFields.downloadedResources[0].id.more (category dataExport): Identifier has no such member; it has rid, rids, other, others
            {"requestFields":{"downloadedResources":[{"context":null,"id":{"other":{"description":null,"value":"
              {"categories":["dataExport"],"eventId":"00000000-0000-4000-8000-0000000000ab","logEntryId":"00000000-0000-4000-8000-0000000000cd","name":"GET_DATASET_AS_CSV","producerType":"SERVER","product":"data-proxy","productVersion":"1.2.3","result":"SUCCESS","time":"2025-11-13T23:20:24.18Z","type":"audit.3"}
              {"entities":["x"],"requestFields":{"downloadedResources":[{"context":null,"id":{"other":{"description":null,"value":"x"},"type":"other"}}]}}
            {"requestFields":{"downloadedResources":[{"id":{"other":{},"type":"other"}}]}}
              missingField [dataExport] requestFields.downloadedResources[0].id.other.value (category dataExport): OtherIdentifier requires it; send a value of type string
            {"requestFields":{"downloadedResources":[{"id":"ri.a..b.c"}]}}
              invalidValue [dataExport] requestFields.downloadedResources[0].id (category dataExport): must be of type Identifier: an object; this is a string
            {"requestFields":{"downloadedResources":[{"context":[{"value":"v"}],"id":{"rid":"x","type":"rid"}}]}
              missingField [dataExport] requestFields.downloadedResources[0].context[0].description (category dataExport): ResourceContext requires it; send a value of type string
            {"requestFields":{"downloadedResources":[{"id":{"rid":"x","type":"rid"},"name":"x"}]}}
              undeclaredField [dataExport] requestFields.downloadedResources[0].name (category dataExport): DataResource has no such member; it has id, context
            {"categories":["dataExport","dataImport"],"requestFields":{"importedFileType":"PDF"}}
              invalidValue [dataImport] requestFields.importedFileType (category dataImport): must be one of DATASET, BINARY, UNKNOWN
            {"categories":["dataExport","tokenAccess"],"resultFields":{"accessedTokens":[{"expirationTime":"soon
              invalidValue [tokenAccess] resultFields.accessedTokens[0].expirationTime (category tokenAccess): must be of type datetime: RFC 3339, such as 2025-11-13T23:20:24Z; this is a string
            {"categories":["dataExport","llmInference"],"requestFields":{"llmInferenceContext":{"modelTemperatur
              invalidValue [llmInference] requestFields.llmInferenceContext.modelTemperature (category llmInference): must be of type double; this is a string
        "#]],
    );
}

#[test]
fn demanded_fields_are_demanded_of_what_they_are() {
    check_all(
        [
            json!({"categories": ["dataExport"], "requestFields": null}),
            json!({"categories": ["reviewInfraAction"], "requestFields": {"reviewInfraActionRequestId": "r"}}),
            json!({"categories": ["auditDataTransform"], "requestFields": {"transformTarget": null}}),
            json!({"categories": ["internal"], "requestFields": null}),
            json!({"categories": ["dataUpdate", "assetFileLoad"], "requestFields": {"filePath": "f", "requestMavenCoordinate": {"artifactId": "a"}}}),
        ],
        expect![[r#"
            {"categories":["dataExport"],"requestFields":null}
              {"categories":["dataExport"],"eventId":"00000000-0000-4000-8000-0000000000ab","logEntryId":"00000000-0000-4000-8000-0000000000cd","name":"GET_DATASET_AS_CSV","producerType":"SERVER","product":"data-proxy","productVersion":"1.2.3","result":"SUCCESS","time":"2025-11-13T23:20:24.18Z","type":"audit.3"}
              {}
            {"categories":["reviewInfraAction"],"requestFields":{"reviewInfraActionRequestId":"r"}}
              missingField [reviewInfraAction] requestFields.reviewInfraActionUser (category reviewInfraAction): required; send a value of type UserId
            {"categories":["auditDataTransform"],"requestFields":{"transformTarget":null}}
              invalidValue [auditDataTransform] requestFields.transformTarget (category auditDataTransform): must be of type DataResource: an object; this is null
            {"categories":["internal"],"requestFields":null}
              {"categories":["internal"],"eventId":"00000000-0000-4000-8000-0000000000ab","logEntryId":"00000000-0000-4000-8000-0000000000cd","name":"GET_DATASET_AS_CSV","producerType":"SERVER","product":"data-proxy","productVersion":"1.2.3","result":"SUCCESS","time":"2025-11-13T23:20:24.18Z","type":"audit.3"}
              {}
            {"categories":["dataUpdate","assetFileLoad"],"requestFields":{"filePath":"f","requestMavenCoordinate
              {"categories":["assetFileLoad","dataUpdate"],"eventId":"00000000-0000-4000-8000-0000000000ab","logEntryId":"00000000-0000-4000-8000-0000000000cd","name":"GET_DATASET_AS_CSV","producerType":"SERVER","product":"data-proxy","productVersion":"1.2.3","result":"SUCCESS","time":"2025-11-13T23:20:24.18Z","type":"audit.3"}
              {"requestFields":{"filePath":"f","requestMavenCoordinate":{"artifactId":"a"}}}
        "#]],
    );
}

#[test]
fn dated_categories_are_counted() {
    let mut scratch = Scratch::default();
    let line = export_with(json!({"categories": ["dataUpdate", "internal"], "requestFields": null})).to_string();
    let event = admit(&mut scratch, line.as_bytes(), &Limits::default(), &INTAKE, || [0; 16]).unwrap();
    assert_eq!(event.dated_categories, 1);
}

#[test]
fn entities_come_from_resource_fields() {
    let entities = |categories: Value, request: Value, result: Value| {
        content(json!({"categories": categories, "requestFields": request, "resultFields": result}))["entities"].clone()
    };
    let rid = |rid: &str| json!({"type": "rid", "rid": rid});
    let other = |value: &str| json!({"type": "other", "other": {"value": value, "description": "not me"}});
    // Sorted, without repeats, of both maps, foreign identifiers too, contexts not.
    assert_eq!(
        entities(
            json!(["dataLoad", "dataCreate"]),
            json!({"loadedResources": [
                {"id": {"type": "rids", "rids": ["ri.z", "ri.a"]}, "context": [{"value": "branch", "description": "d"}]},
                {"id": {"type": "others", "others": [{"value": "o2"}, {"value": "o1"}]}},
            ]}),
            json!({"createdResources": [{"id": rid("ri.a")}, {"id": other("o3")}]}),
        ),
        json!(["o1", "o2", "o3", "ri.a", "ri.z"])
    );
    // Systems contribute nothing, other kinds of resource do.
    assert_eq!(
        entities(
            json!(["managementPermissions", "createInfra"]),
            json!({
                "resourcesWithPermissionsChanges": [
                    {"type": "system", "system": {"type": "environment", "environment": "prod"}},
                    {"type": "system", "system": {"type": "external", "external": {"externalSystemId": rid("ri.no"), "description": "d"}}},
                    {"type": "external", "external": rid("ri.external")},
                    {"type": "application", "application": {"id": rid("ri.app"), "product": "p"}},
                ],
                "permissionChangeContext": [{"value": "ri.context", "description": "d"}],
                "createInfraTargets": [{"type": "environment", "environment": "prod"}],
            }),
            json!({}),
        ),
        json!(["ri.app", "ri.external"])
    );
    // Of objects their properties and type, not their own id; of logic the id too.
    let context = json!({"entityType": {"type": "rid", "rid": "ri.type"}, "propertyTypeRids": ["ri.ignored"]});
    assert_eq!(
        entities(
            json!(["ontologyDataLoad", "ontologyDataSearch"]),
            json!({
                "requestedOntologyDataResources": [{
                    "sharedOntologyResourceContext": {"ontologyContext": context, "resourceContext": []},
                    "ontologyDataResources": [{
                        "id": rid("ri.object"),
                        "objectPrimaryKey": [{"propertyIdentifier": rid("ri.key"), "propertyValue": "v"}],
                        "additionalObjectProperties": [{"propertyIdentifier": "ri.property", "propertyValue": "v"}],
                    }],
                }],
                "searchedOntologyLogicResources": [{"id": rid("ri.set"), "ontologyContext": [{"entityType": {"type": "id", "id": "x"}}]}],
            }),
            json!({}),
        ),
        json!(["ri.key", "ri.property", "ri.set", "ri.type"])
    );
    // An import destination is itself and its parent.
    assert_eq!(
        entities(
            json!(["bulkDataImport"]),
            json!({}),
            json!({"bulkImportDestinations": [{"id": {"id": rid("ri.file")}, "parent": {"id": rid("ri.folder")}, "importedSize": 1}]}),
        ),
        json!(["ri.file", "ri.folder"])
    );
    // What is sent stands.
    let sent = json!({"entities": ["b", "a"], "categories": ["dataExport"]});
    assert_eq!(content(sent)["entities"], json!(["b", "a"]));
}

#[test]
fn users_come_from_uid_fields_tokens_and_the_caller() {
    let users = |changes: Value| content(changes)["users"].clone();
    assert_eq!(
        users(json!({
            "uid": "m",
            "categories": ["onBehalfOf", "tokenGeneration", "managementTokens", "managementUsers", "userLogin", "passThrough"],
            "requestFields": {
                "onBehalfOfUserIds": ["z", "a"],
                "managedTokens": [{"type": "T", "userId": "k"}, {"type": "T"}],
                "managedUserIds": ["not lifted"],
                "passThroughRequestParams": {"u": {"level": [], "payload": {"uid": "not lifted"}}},
            },
            "resultFields": {"generatedTokens": [{"type": "T", "userId": "b", "id": {"type": "rid", "rid": "no"}}], "loginUserId": "a"},
        })),
        json!([{"uid": "a"}, {"uid": "b"}, {"uid": "k"}, {"uid": "m"}, {"uid": "z"}])
    );
    assert_eq!(users(json!({"uid": "u"})), json!([{"uid": "u"}]));
    assert_eq!(users(json!({})), Value::Null);
    assert_eq!(
        users(json!({"uid": "u", "users": [{"uid": "v", "firstName": "", "lastName": "L"}]})),
        json!([{"uid": "v", "firstName": "", "lastName": "L"}])
    );
}

#[test]
fn tagged_parameters_stand_in_for_fields() {
    let tagged = |payload: Value| json!({"level": ["Data"], "payload": payload});
    let resources = json!([{"id": {"type": "rid", "rid": "ri.p"}}]);
    let derived = content(json!({
        "requestFields": null,
        "requestParams": {"downloadedResources": tagged(resources.clone())},
        "resultParams": {"downloadedSize": tagged(json!(5))},
    }));
    assert_eq!(derived["requestFields"], json!({"downloadedResources": resources}));
    assert_eq!(derived["resultFields"], json!({"downloadedSize": 5}));
    assert_eq!(derived["entities"], json!(["ri.p"]));
    // Fields win, parameters are not kept.
    let both = content(json!({"requestParams": {"anything": 1}}));
    assert_eq!(both, content(json!({})));
    check_all(
        [
            json!({"requestFields": null, "requestParams": {"downloadedResources": []}}),
            json!({"requestFields": null, "requestParams": {"unknown": {"payload": 1}}}),
            json!({"resultParams": {"downloadedSize": {"level": []}}}),
        ],
        expect![[r#"
            {"requestFields":null,"requestParams":{"downloadedResources":[]}}
              invalidValue requestParams.downloadedResources: must be an object {level, payload}; or send the value itself in the ...Fields map
            {"requestFields":null,"requestParams":{"unknown":{"payload":1}}}
              undeclaredField requestParams.unknown: no category of the event declares it; send one of downloadedResources
            {"resultParams":{"downloadedSize":{"level":[]}}}
              invalidValue resultParams.downloadedSize: must be an object {level, payload}; or send the value itself in the ...Fields map
        "#]],
    );
}

#[test]
fn audit_2_keeps_its_parameters_and_stays_marked() {
    let line = json!({
        "type": "audit.2", "time": "2020-01-02T03:04:05+01:00", "name": "PUT_FILE", "result": "ERROR",
        "uid": "u", "sid": "s", "tokenId": "t", "orgId": "o", "traceId": "tr", "origin": "10.0.0.1",
        "otherUids": ["v"], "requestParams": {"_category": "dataExport", "n": 1.50}, "resultParams": {"x": []}, "requestFields": {"free": "form"},
    });
    expect![[r#"
        {"logEntryId":"11111111-1111-1111-1111-111111111111","name":"PUT_FILE","orgId":"o","origin":"10.0.0.1","result":"ERROR","sid":"s","time":"2020-01-02T02:04:05Z","tokenId":"t","traceId":"tr","type":"audit.2","uid":"u"}
        {"extra":{"otherUids":["v"],"requestFields":{"free":"form"},"requestParams":{"_category":"dataExport","n":1.5},"resultParams":{"x":[]}}}
    "#]].assert_eq(&outcome(&line.to_string()));
    let mut scratch = Scratch::default();
    let event = admit(&mut scratch, line.to_string().as_bytes(), &Limits::default(), &INTAKE, || [7; 16]).unwrap();
    assert_eq!((event.kind, event.log_entry_id, event.log_entry_id_made), (Kind::Audit2, [7; 16], true));
    for field in ["type", "time", "name", "result"] {
        let mut less = line.clone();
        less[field] = Value::Null;
        assert!(outcome(&less.to_string()).starts_with("missingField"), "{field}");
    }
    let mut more = line;
    more["categories"] = json!(["systemManagement", "dataExport"]);
    more["logEntryId"] = json!("00000000-0000-4000-8000-0000000000AB");
    assert!(outcome(&more.to_string()).contains(r#""extra":{"categories":["systemManagement","dataExport"],"#));
}

#[test]
fn what_the_caller_needs_beside_the_parts_is_answered() {
    let line = export_with(json!({
        "orgId": "ri.a..b.\"", "product": "prod\u{e9}",
        "organizations": [{"id": "ri.a..b.d", "reason": "user"}, {"id": "ri.a..b.c", "reason": null}], "deployment": "x",
    }))
    .to_string();
    let mut scratch = Scratch::default();
    let intake = Intake {
        producer: "pro\"ducer",
        producer_epoch: Some(3),
        producer_seq: Some((1 << 53) - 1),
        source: "http",
        adapter: Some("a"),
    };
    let event = admit(&mut scratch, line.as_bytes(), &Limits::default(), &intake, || panic!("not needed")).unwrap();
    assert_eq!(event.org_id, Some("ri.a..b.\""));
    assert_eq!(event.product, Some("prodé"));
    assert_eq!(event.kind, Kind::Audit3);
    assert_eq!(event.time, Time { micros: 1_763_076_024_180_000, nanos: 0 });
    assert_eq!(event.log_entry_id[15], 0xcd);
    let claims: Vec<_> = event.organizations.iter().map(|claim| (claim.id.as_str(), claim.reason.as_deref())).collect();
    assert_eq!(claims, [("ri.a..b.d", Some("user")), ("ri.a..b.c", None)]);
    let intake_text = std::str::from_utf8(&event.infrastructure[event.intake_at.clone()]).unwrap();
    assert_eq!(
        intake_text,
        r#""intake":{"adapter":"a","producer":"pro\"ducer","producerEpoch":3,"producerSeq":9007199254740991,"source":"http"},"#
    );
    assert!(!std::str::from_utf8(event.infrastructure).unwrap().contains("deployment"));

    let beyond = Intake { producer_seq: Some(1 << 53), ..INTAKE };
    let refusal = admit(&mut Scratch::default(), line.as_bytes(), &Limits::default(), &beyond, || [0; 16]).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::NumberOutOfRange);
}

#[test]
fn names_that_stand_twice_are_refused_wherever() {
    let line = |inside: &str| export().to_string().replacen('{', &format!("{{{inside},"), 1);
    for (inside, field) in [
        (r#""product":"x""#, "product"),
        (r#""pr\u006fduct":"x""#, "product"),
        (r#""product":null"#, "product"),
        (r#""custom":1,"custom":1"#, "custom"),
        (r#""custom":null,"c\u0075stom":1"#, "custom"),
        (r#""custom":{"a":{"b":1,"b":2}}"#, "custom.a.b"),
    ] {
        let mut scratch = Scratch::default();
        let refusal =
            admit(&mut scratch, line(inside).as_bytes(), &Limits::default(), &INTAKE, || [0; 16]).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::DuplicateKey, "{inside}");
        assert_eq!(refusal.field.as_deref(), Some(field));
    }
}

#[test]
fn sizes_are_bounded() {
    let limits = Limits { event_bytes: 2000, ..Limits::default() };
    let sized = |bytes: usize| {
        let without = export_with(json!({"custom": ""})).to_string().len();
        export_with(json!({"custom": "x".repeat(bytes - without)})).to_string()
    };
    let mut scratch = Scratch::default();
    let mut code = |line: &str| {
        admit(&mut scratch, line.as_bytes(), &limits, &INTAKE, || [0; 16]).map(|_| ()).map_err(|refusal| refusal.code)
    };
    assert_eq!(code(&sized(1900)), Ok(()));
    assert_eq!(code(&sized(2001)), Err(RefusalCode::EventTooLarge));
    // What grows on the way is bounded too.
    let grows = export_with(json!({"custom": (0..300).map(|_| json!("X")).collect::<Vec<_>>()}));
    let grows = grows.to_string().replace("\"X\"", "1e15");
    assert!(grows.len() < 2000);
    assert_eq!(code(&grows), Err(RefusalCode::EventTooLarge));
    // A line of 10 MB is not even looked at.
    let huge = vec![b'{'; 10 << 20];
    let refusal = admit(&mut Scratch::default(), &huge, &Limits::default(), &INTAKE, || [0; 16]).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::EventTooLarge);
    assert!(refusal.message.contains("10485760"));
    assert_eq!(
        admit(&mut Scratch::default(), b"{\"a\":\"\xff\"}", &Limits::default(), &INTAKE, || [0; 16]).unwrap_err().code,
        RefusalCode::InvalidUtf8
    );
}

#[test]
fn a_refusal_quotes_little_and_no_content() {
    let long = "Q".repeat(500);
    for changes in [
        json!({"name": &long}),
        json!({"eventId": &long}),
        json!({"result": &long}),
        json!({"type": &long}),
        json!({"categories": [&long]}),
        json!({"requestFields": {&long: &long}}),
        json!({"requestFields": {"downloadedResources": [{&long: {&long: &long}}]}}),
        json!({"categories": ["passThrough"], "requestFields": {"passThroughRequestParams": {&long: {&long: &long}}}}),
        json!({&long: {&long: [{&long: 1e99}]}}),
        json!({"resultFields": {"downloadedSize": &long}}),
    ] {
        let line = export_with(changes).to_string();
        let mut scratch = Scratch::default();
        let refusal = admit(&mut scratch, line.as_bytes(), &Limits::default(), &INTAKE, || [0; 16]).unwrap_err();
        let quoted = |text: &str| text.matches('Q').count();
        assert!(quoted(&refusal.message) <= 64, "{refusal}");
        assert!(quoted(refusal.field.as_deref().unwrap_or_default()) <= 64, "{refusal}");
        assert!(!refusal.to_string().contains(|c: char| c.is_control()), "{refusal:?}");
    }
}

#[test]
fn delivery_adds_the_place_and_lifts_what_is_extra() {
    let line = export_with(json!({"zebra": 1, "organization": "spoof", "seq": "spoof", "é": 2})).to_string();
    let mut scratch = Scratch::default();
    let event = admit(&mut scratch, line.as_bytes(), &Limits::default(), &INTAKE, || [0; 16]).unwrap();
    let merge = |infrastructure: &[u8], content: &[u8], delivery: &Delivery<'_>| {
        let mut out = Vec::new();
        parts::merge(infrastructure, content, delivery, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let delivery = Delivery { organization: Some("ri.a..b.c"), seq: Some(4), intake: true };
    expect![[r#"{"categories":["dataExport"],"entities":["ri.a.b.dataset.1"],"eventId":"00000000-0000-4000-8000-0000000000ab","intake":{"producer":"p","source":"test"},"logEntryId":"00000000-0000-4000-8000-0000000000cd","name":"GET_DATASET_AS_CSV","organization":"ri.a..b.c","producerType":"SERVER","product":"data-proxy","productVersion":"1.2.3","requestFields":{"downloadedResources":[{"id":{"rid":"ri.a.b.dataset.1","type":"rid"}}]},"result":"SUCCESS","seq":4,"time":"2025-11-13T23:20:24.18Z","type":"audit.3","zebra":1,"é":2}"#]].assert_eq(&merge(event.infrastructure, event.content, &delivery));
    expect![[r#"{"categories":["dataExport"],"eventId":"00000000-0000-4000-8000-0000000000ab","logEntryId":"00000000-0000-4000-8000-0000000000cd","name":"GET_DATASET_AS_CSV","producerType":"SERVER","product":"data-proxy","productVersion":"1.2.3","result":"SUCCESS","time":"2025-11-13T23:20:24.18Z","type":"audit.3"}"#]].assert_eq(&merge(event.infrastructure, b"{}", &Delivery::default()));
}

#[test]
fn a_warm_scratch_keeps_nothing_of_the_event_before() {
    let rich = export_with(json!({
        "uid": "u", "users": [{"uid": "x"}], "entities": ["e"], "custom": 1, "orgId": "o",
        "organizations": [{"id": "ri.a..b.c"}], "resultFields": {"downloadedSize": 1.50},
    }))
    .to_string();
    let mut scratch = Scratch::default();
    for line in [rich.as_str(), "{\"broken\":[1,{\"x\":", &export().to_string()] {
        let warm = format!("{:?}", admit(&mut scratch, line.as_bytes(), &Limits::default(), &INTAKE, || [0; 16]));
        let mut cold = Scratch::default();
        assert_eq!(warm, format!("{:?}", admit(&mut cold, line.as_bytes(), &Limits::default(), &INTAKE, || [0; 16])));
    }
}
