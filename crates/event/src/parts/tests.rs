#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn keys(jcs: &str) -> Result<Vec<(String, String)>, Malformed> {
    members(jcs.as_bytes())
        .map(|member| member.map(|(key, value)| (key.into_owned(), String::from_utf8_lossy(value).into_owned())))
        .collect()
}

#[test]
fn members_are_read_with_their_raw_values() {
    let read = keys(r#"{"a":1,"b\"":[{"x":"]}\""},-1.5e-7],"c":{},"d":"\\","e":null,"f":true}"#).unwrap();
    let expected =
        [("a", "1"), ("b\"", r#"[{"x":"]}\""},-1.5e-7]"#), ("c", "{}"), ("d", r#""\\""#), ("e", "null"), ("f", "true")];
    assert_eq!(read, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert_eq!(keys("{}"), Ok(Vec::new()));
}

#[test]
fn damaged_parts_are_errors() {
    for text in [
        "",
        "{",
        "[]",
        "{}x",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{"a":1"#,
        r#"{"a":[}"#,
        r#"{"a":"x}"#,
        r#"{"a":"\"#,
        r#"{a:1}"#,
        r#"{1:1}"#,
        r#"{"a":1 ,"b":2}"#,
        r#"{"\x":1}"#,
    ] {
        let read = keys(text);
        // A bracket that does not match its opening is the one thing not looked at.
        assert!(read.is_err() || text == r#"{"a":[}"#, "{text}: {read:?}");
    }
    assert!(string(b"\"a").is_err() && string(b"a\"").is_err() && string(b"\"").is_err() && string(b"1").is_err());
    assert!(string(b"\"\xff\"").is_err() && string(b"\"\\ud800\"").is_err());
    assert_eq!(members(b"{x").count(), 1);
}

#[test]
fn strings_are_borrowed_where_they_can_be() {
    assert!(matches!(string(br#""plain""#), Ok(Cow::Borrowed("plain"))));
    assert_eq!(string(br#""a\n\u0001\"""#).unwrap(), "a\n\u{1}\"");
    let list: Result<Vec<_>, _> = string_list(br#"["a","b\\"]"#).collect();
    assert_eq!(list.unwrap(), ["a", "b\\"]);
    assert!(string_list(br#"["a",1]"#).any(|text| text.is_err()));
}

#[test]
fn rows_need_known_columns_of_their_types() {
    let whole = r#"{"time":"2000-01-01T00:00:00Z","type":"audit.3"}"#;
    assert!(Row::read(whole.as_bytes(), b"{}").is_ok());
    for (infrastructure, content) in [
        (r#"{"type":"audit.3"}"#, "{}"),
        (r#"{"time":"2000-01-01T00:00:00Z"}"#, "{}"),
        (r#"{"time":"2000","type":"audit.3"}"#, "{}"),
        (r#"{"time":"2000-01-01T00:00:00Z","type":"audit.3","unknown":"x"}"#, "{}"),
        (r#"{"extra":{},"time":"2000-01-01T00:00:00Z","type":"audit.3"}"#, "{}"),
        (r#"{"name":1,"time":"2000-01-01T00:00:00Z","type":"audit.3"}"#, "{}"),
        (r#"{"categories":[1],"time":"2000-01-01T00:00:00Z","type":"audit.3"}"#, "{}"),
        (r#"{"intake":{"producer":"p","x":1},"time":"2000-01-01T00:00:00Z","type":"audit.3"}"#, "{}"),
        (r#"{"intake":{"producerSeq":-1},"time":"2000-01-01T00:00:00Z","type":"audit.3"}"#, "{}"),
        (whole, r#"{"name":"x"}"#),
        (whole, r#"{"users":[{"x":"y"}]}"#),
        (whole, r#"{"entities":"x"}"#),
    ] {
        assert!(Row::read(infrastructure.as_bytes(), content.as_bytes()).is_err(), "{infrastructure} {content}");
    }
}

#[test]
fn columns_are_read_by_name() {
    let infrastructure = r#"{"categories":["a","b"],"intake":{"adapter":"x","producer":"p","producerEpoch":1,"producerSeq":2,"source":"http"},"name":"N","origins":["o"],"time":"2000-01-01T00:00:00.000001002Z","type":"audit.3"}"#;
    let content =
        r#"{"entities":["e\n"],"extra":{"k":1},"users":[{"groups":["g"],"realm":"r","uid":"u"},{"uid":"v"}]}"#;
    let row = Row::read(infrastructure.as_bytes(), content.as_bytes()).unwrap();
    assert_eq!(row.kind(), "audit.3");
    assert_eq!(row.time(), crate::Time { micros: 946_684_800_000_001, nanos: 2 });
    assert_eq!(row.text(Text::Name), Some("N"));
    assert_eq!(row.text(Text::Uid), None);
    assert_eq!(row.text(Text::Extra), Some(r#"{"k":1}"#));
    assert_eq!(row.list(List::Categories).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(row.list(List::Entities).collect::<Vec<_>>(), ["e\n"]);
    let users: Vec<_> = row.users().collect();
    assert_eq!((users[0].uid.as_ref(), users[0].realm.as_deref(), users[0].groups.len()), ("u", Some("r"), 1));
    let intake = row.intake().unwrap();
    assert_eq!((intake.producer_epoch, intake.producer_seq, intake.adapter.as_deref()), (Some(1), Some(2), Some("x")));
    for (index, column) in Text::ALL.into_iter().enumerate() {
        assert_eq!(column as usize, index);
        assert_eq!(Text::from_name(column.name()), Some(column));
    }
    let (mut a, mut b) = (Vec::new(), Vec::new());
    write_infrastructure(&row, &mut a);
    write_content(&row, &mut b);
    assert_eq!((a.as_slice(), b.as_slice()), (infrastructure.as_bytes(), content.as_bytes()));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        crate::fuzz::parts(&bytes);
    }

    #[test]
    fn any_jsonish_text_is_read_without_panic(text in r#"[\[\]{}:,"\\a0u. -]{0,60}"#) {
        crate::fuzz::parts(text.as_bytes());
    }

    #[test]
    fn written_strings_read_back(text in any::<String>()) {
        let mut out = Vec::new();
        write_string(&mut out, &text);
        prop_assert_eq!(string(&out).unwrap(), text.as_str());
        prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }
}

#[test]
fn an_infrastructure_part_comes_apart_at_intake() {
    let line = br#"{"type":"audit.3","time":"2025-11-13T23:20:24Z","name":"A","result":"SUCCESS","categories":["internal"],"eventId":"5f0c9b52-7a5e-4c8b-9f57-2b1c3d4e5f60","producerType":"SERVER","product":"p","productVersion":"1","host":"a\"b","stack":",\"intake\":{"}"#;
    let sender = crate::Intake {
        producer: "p1",
        producer_epoch: Some(3),
        producer_seq: Some(4),
        source: "http",
        adapter: Some("x@1"),
    };
    let mut scratch = crate::Scratch::default();
    let event = crate::admit(&mut scratch, line, &crate::Limits::default(), &sender, || [1; 16]).unwrap();
    let parts = Attributed::read(event.infrastructure).unwrap();
    assert_eq!(parts.head, &event.infrastructure[..event.intake_at.start]);
    assert_eq!(parts.tail, &event.infrastructure[event.intake_at.end..]);
    let Intake { producer, producer_epoch, producer_seq, source, adapter } = parts.intake.clone();
    assert_eq!(
        (&*producer, producer_epoch, producer_seq, &*source, adapter.as_deref()),
        ("p1", Some(3), Some(4), "http", Some("x@1"))
    );
    let mut same = Vec::new();
    parts.write(&parts.intake, &mut same);
    assert_eq!(same, event.infrastructure);
    let mut other = Vec::new();
    parts.write(&Intake { source: "rebuild/http".into(), ..parts.intake.clone() }, &mut other);
    assert_eq!(
        other,
        String::from_utf8(same).unwrap().replace(r#""source":"http""#, r#""source":"rebuild/http""#).into_bytes()
    );
    for bad in [&b"{}"[..], b"", b"{\"name\":\"A\"}", b"{\"intake\":3}", b"{\"intake\":{\"source\":\"a\"}", b"\xff"] {
        assert!(Attributed::read(bad).is_err(), "{bad:?}");
    }
}
