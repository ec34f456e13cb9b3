use expect_test::{Expect, expect};
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::tests::Shown;

fn shown(line: &[u8], view: View) -> String {
    let frame = Frame { bytes: line, is_whole: true };
    Shown(&record(frame, 0, view, &Limits::default())).to_string()
}

fn check(line: &str, expected: Expect) {
    expected.assert_eq(&shown(line.as_bytes(), View::Whole));
}

#[test]
fn rfc_5424() {
    check(
        r#"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog 17 ID47 [exampleSDID@32473 iut="3" eventSource="App\"lication\]" eventID="1011"][other@1] An event"#,
        expect![[
            r#"0 object {"format":"rfc5424","priority":165,"facility":"local4","severity":"notice","time":"2003-10-11T22:14:15.003Z","host":"mymachine.example.com","app":"evntslog","procId":"17","msgId":"ID47","structuredData":{"exampleSDID@32473":{"eventID":"1011","eventSource":"App\"lication]","iut":"3"},"other@1":{}},"message":"An event"} time=2003-10-11T22:14:15.003Z host=mymachine.example.com kind=evntslog"#
        ]],
    );
    check(
        "<0>1 - - - - - -",
        expect![[r#"0 object {"format":"rfc5424","priority":0,"facility":"kern","severity":"emerg"}"#]],
    );
    check(
        "<34>1 2003-10-11T22:14:15.003+02:00 h su - ID47 - \u{feff}'su root' failed on /dev/pts/8",
        expect![[
            r#"0 object {"format":"rfc5424","priority":34,"facility":"auth","severity":"crit","time":"2003-10-11T22:14:15.003+02:00","host":"h","app":"su","msgId":"ID47","message":"'su root' failed on /dev/pts/8"} time=2003-10-11T22:14:15.003+02:00 host=h kind=su"#
        ]],
    );
    check(
        r#"<34>1 - h a - - [x@1 ip="1" ip="2"][x@1 n="\n"] "#,
        expect![[
            r#"0 object {"format":"rfc5424","priority":34,"facility":"auth","severity":"crit","host":"h","app":"a","structuredData":{"x@1":{"ip":["1","2"],"n":"\\n"}}} host=h kind=a"#
        ]],
    );
    check(
        r#"<34>1 - h a - - [x@1 ip="1" broken"#,
        expect![[
            r#"0 object {"format":"rfc3164","priority":34,"facility":"auth","severity":"crit","message":"1 - h a - - [x@1 ip=\"1\" broken"}"#
        ]],
    );
    check(
        "<34>1 2003-10-11T22:14:15Z h a - -",
        expect![[
            r#"0 object {"format":"rfc3164","priority":34,"facility":"auth","severity":"crit","message":"1 2003-10-11T22:14:15Z h a - -"}"#
        ]],
    );
}

#[test]
fn rfc_3164_in_its_many_forms() {
    check(
        "<34>Oct 11 22:14:15 mymachine su[7]: 'su root' failed",
        expect![[
            r#"0 object {"format":"rfc3164","priority":34,"facility":"auth","severity":"crit","time":"Oct 11 22:14:15","host":"mymachine","app":"su","procId":"7","message":"'su root' failed"} time=Oct 11 22:14:15 host=mymachine kind=su"#
        ]],
    );
    check(
        "<38>Mar  7 09:08:07 sshd[12]: Accepted password for ann",
        expect![[
            r#"0 object {"format":"rfc3164","priority":38,"facility":"auth","severity":"info","time":"Mar  7 09:08:07","app":"sshd","procId":"12","message":"Accepted password for ann"} time=Mar  7 09:08:07 kind=sshd"#
        ]],
    );
    check(
        "Mar  7 09:08:07 host sshd[12]: Accepted",
        expect![[
            r#"0 object {"format":"rfc3164","time":"Mar  7 09:08:07","host":"host","app":"sshd","procId":"12","message":"Accepted"} time=Mar  7 09:08:07 host=host kind=sshd"#
        ]],
    );
    check(
        "<13>2024-03-07T09:08:07.123456+01:00 host app: text",
        expect![[
            r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice","time":"2024-03-07T09:08:07.123456+01:00","host":"host","app":"app","message":"text"} time=2024-03-07T09:08:07.123456+01:00 host=host kind=app"#
        ]],
    );
    check(
        "<13>2024-03-07 09:08:07,123 host app: text",
        expect![[
            r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice","time":"2024-03-07 09:08:07,123","host":"host","app":"app","message":"text"} time=2024-03-07 09:08:07,123 host=host kind=app"#
        ]],
    );
    check(
        "<13>Mar 07 2024 09:08:07 host %ASA-6-302013: Built inbound",
        expect![[
            r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice","time":"Mar 07 2024 09:08:07","host":"host","app":"%ASA-6-302013","message":"Built inbound"} time=Mar 07 2024 09:08:07 host=host kind=%ASA-6-302013"#
        ]],
    );
    check(
        "<13>Mar 7 09:08:07 2024 host app: text",
        expect![[
            r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice","time":"Mar 7 09:08:07 2024","host":"host","app":"app","message":"text"} time=Mar 7 09:08:07 2024 host=host kind=app"#
        ]],
    );
    check(
        "<189>45: *Mar  1 18:46:11.123 UTC: %SYS-5-CONFIG_I: Configured from console",
        expect![[
            r#"0 object {"format":"rfc3164","priority":189,"facility":"local7","severity":"notice","sequence":"45","time":"Mar  1 18:46:11.123","zone":"UTC","app":"%SYS-5-CONFIG_I","message":"Configured from console"} time=Mar  1 18:46:11.123 kind=%SYS-5-CONFIG_I"#
        ]],
    );
    check(
        "<189>46: Mar  1 18:46:11: %SYS-5-CONFIG_I: Configured",
        expect![[
            r#"0 object {"format":"rfc3164","priority":189,"facility":"local7","severity":"notice","sequence":"46","time":"Mar  1 18:46:11","app":"%SYS-5-CONFIG_I","message":"Configured"} time=Mar  1 18:46:11 kind=%SYS-5-CONFIG_I"#
        ]],
    );
    check(
        "<34>su: 'su root' failed",
        expect![[
            r#"0 object {"format":"rfc3164","priority":34,"facility":"auth","severity":"crit","app":"su","message":"'su root' failed"} kind=su"#
        ]],
    );
    check(
        "<13>Mar 7 09:08:07 fe80::1 app/sub.x[a-1]: http://x: y",
        expect![[
            r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice","time":"Mar 7 09:08:07","host":"fe80::1","app":"app/sub.x","procId":"a-1","message":"http://x: y"} time=Mar 7 09:08:07 host=fe80::1 kind=app/sub.x"#
        ]],
    );
    check(
        "<13>Mar 7 09:08:07 host no tag here",
        expect![[
            r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice","time":"Mar 7 09:08:07","host":"host","message":"no tag here"} time=Mar 7 09:08:07 host=host"#
        ]],
    );
    check(
        "<13>Mar 7 09:08:07 host app[7] text",
        expect![[
            r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice","time":"Mar 7 09:08:07","host":"host","app":"app","procId":"7","message":"text"} time=Mar 7 09:08:07 host=host kind=app"#
        ]],
    );
    check(
        "<13>Mar 7 09:08:07 alone",
        expect![[
            r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice","time":"Mar 7 09:08:07","message":"alone"} time=Mar 7 09:08:07"#
        ]],
    );
    check("<13>", expect![[r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice"}"#]]);
}

#[test]
fn what_is_no_header_is_text() {
    check("hello: world", expect![[r#"0 object {"format":"bare","message":"hello: world"}"#]]);
    check(
        "<192>Mar 7 09:08:07 host app: x",
        expect![[r#"0 object {"format":"bare","message":"<192>Mar 7 09:08:07 host app: x"}"#]],
    );
    check("<>x", expect![[r#"0 object {"format":"bare","message":"<>x"}"#]]);
    check("<1", expect![[r#"0 object {"format":"bare","message":"<1"}"#]]);
    check(
        "Foo  1 00:00:00 host app: x",
        expect![[r#"0 object {"format":"bare","message":"Foo  1 00:00:00 host app: x"}"#]],
    );
    check(
        "2024-03-07T09:08:07x host app: x",
        expect![[r#"0 object {"format":"bare","message":"2024-03-07T09:08:07x host app: x"}"#]],
    );
}

#[test]
fn what_a_message_carries() {
    check(
        r#"<13>Mar 7 09:08:07 host app: {"a":1}"#,
        expect![[
            r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice","time":"Mar 7 09:08:07","host":"host","app":"app","json":{"a":1}} time=Mar 7 09:08:07 host=host kind=app"#
        ]],
    );
    check(
        r#"<13>Mar 7 09:08:07 host app: @cee: {"a":1}"#,
        expect![[
            r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice","time":"Mar 7 09:08:07","host":"host","app":"app","json":{"a":1}} time=Mar 7 09:08:07 host=host kind=app"#
        ]],
    );
    check(
        r#"<13>Mar 7 09:08:07 host {"a":1}"#,
        expect![[
            r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice","time":"Mar 7 09:08:07","host":"host","json":{"a":1}} time=Mar 7 09:08:07 host=host"#
        ]],
    );
    check(
        r#"<13>Mar 7 09:08:07 host app: {"a":1"#,
        expect![[
            r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice","time":"Mar 7 09:08:07","host":"host","app":"app","message":"{\"a\":1"} time=Mar 7 09:08:07 host=host kind=app"#
        ]],
    );
    check(
        r#"<13>1 - host app - - - {"type":"audit.3"}"#,
        expect![[r#"0 event {"type":"audit.3"} host=host kind=app"#]],
    );
    check(
        r#"<13>Mar 7 09:08:07 host app: @cee:{"type":"audit.3"}"#,
        expect![[r#"0 event {"type":"audit.3"} time=Mar 7 09:08:07 host=host kind=app"#]],
    );
    check(r#"{"type":"audit.3"}"#, expect![[r#"0 event {"type":"audit.3"}"#]]);
    check(
        r#"{"type":"audit.3"} and more"#,
        expect![[r#"0 object {"format":"bare","message":"{\"type\":\"audit.3\"} and more"}"#]],
    );
    check(
        "<13>Mar 7 09:08:07 host CEF:0|V|P|1|100|n|5|src=1.2.3.4 msg=a b",
        expect![[
            r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice","time":"Mar 7 09:08:07","host":"host","cef":{"version":"0","deviceVendor":"V","deviceProduct":"P","deviceVersion":"1","signatureId":"100","name":"n","severity":"5","extension":{"msg":"a b","src":"1.2.3.4"}}} time=Mar 7 09:08:07 host=host"#
        ]],
    );
    check(
        "CEF:0|V|P|1|100|n|5|",
        expect![[
            r#"0 object {"format":"bare","cef":{"version":"0","deviceVendor":"V","deviceProduct":"P","deviceVersion":"1","signatureId":"100","name":"n","severity":"5"}}"#
        ]],
    );
    check(
        "<13>Mar 7 09:08:07 host CEF: not really",
        expect![[
            r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice","time":"Mar 7 09:08:07","host":"host","message":"CEF: not really"} time=Mar 7 09:08:07 host=host"#
        ]],
    );
}

#[test]
fn an_adapter_may_want_the_line_or_what_it_carries() {
    fn check(line: &str, view: View, expected: &str) {
        let shown = shown(line.as_bytes(), view);
        let shown = shown.split(" time=").next().unwrap_or_default();
        assert_eq!(shown, expected);
    }
    let line = "<38>Mar  7 09:08:07 host sshd[12]: Accepted ";
    check(line, View::Line, "0 line <38>Mar  7 09:08:07 host sshd[12]: Accepted ");
    check(line, View::Carried, "0 line Accepted");
    let line = r#"<38>Mar  7 09:08:07 host app: @cee: {"a": [1]}"#;
    check(line, View::Carried, r#"0 object {"a": [1]}"#);
    check(line, View::Line, &format!("0 line {line}"));
    let line = "<38>Mar  7 09:08:07 host CEF:0|V|P|1|100|n|5|";
    check(
        line,
        View::Carried,
        r#"0 object {"version":"0","deviceVendor":"V","deviceProduct":"P","deviceVersion":"1","signatureId":"100","name":"n","severity":"5"}"#,
    );
}

#[test]
fn bytes_that_are_no_text_are_kept() {
    expect![[r#"0 object {"format":"rfc3164","priority":13,"facility":"user","severity":"notice","time":"Mar 7 09:08:07","host":"host","app":"app","message":"caf�","raw":"PDEzPk1hciA3IDA5OjA4OjA3IGhvc3QgYXBwOiBjYWbp"} time=Mar 7 09:08:07 host=host kind=app"#]].assert_eq(&shown(b"<13>Mar 7 09:08:07 host app: caf\xe9", View::Whole));
}

#[test]
fn what_is_beyond_the_limits_is_refused() {
    fn check(frame: Frame<'_>, expected: &str) {
        let limits = Limits { record_bytes: 200, fields: 3, ..Limits::default() };
        let shown = Shown(&record(frame, 0, View::Whole, &limits)).to_string();
        assert!(shown.contains(expected), "{shown}");
    }
    let whole = |bytes| Frame { bytes, is_whole: true };
    check(whole(b"<13>1 - h a - - [x a=\"1\" b=\"2\"] m"), "0 object");
    check(whole(b"<13>1 - h a - - [x a=\"1\" b=\"2\"][y] m"), "refused tooManyFields");
    check(whole(b"CEF:0|V|P|1|100|n|5|a=1 b=2 c=3"), "0 object");
    check(whole(b"CEF:0|V|P|1|100|n|5|a=1 b=2 c=3 d=4"), "refused tooManyFields");
    check(whole(&[b'x'; 300]), "refused recordTooLarge");
    check(Frame { bytes: b"<13>x", is_whole: false }, "refused messageCut: the message was cut after 5 bytes");
}

/// Frames as text, those that are cut with `~` behind them, and `!` where the stream could not be read on.
fn framed<'c>(frame_bytes: usize, chunks: impl IntoIterator<Item = &'c [u8]>) -> String {
    let mut framer = Framer::new(frame_bytes);
    let mut shown = String::new();
    let mut show = |frame: Frame<'_>| {
        let end = if frame.is_whole { "|" } else { "~|" };
        shown.push_str(&format!("{}{end}", String::from_utf8_lossy(frame.bytes)));
    };
    for chunk in chunks {
        if framer.push(chunk, &mut show).is_err() {
            assert_eq!(framer.push(b"more\n", &mut show), Err(OutOfStep));
            framer.finish(&mut show);
            shown.push('!');
            return shown;
        }
    }
    framer.finish(&mut show);
    shown
}

#[test]
fn frames_end_as_each_says() {
    fn check(stream: &str, expected: &str) {
        assert_eq!(framed(20, [stream.as_bytes()]), expected, "{stream:?}");
        assert_eq!(framed(20, stream.as_bytes().chunks(1)), expected, "{stream:?} byte by byte");
    }
    check("<1>a\n<1>b\r\n\n\0\n<1>c", "<1>a|<1>b|<1>c|");
    check("4 <1>a5 <1>\nb4 <1>c", "<1>a|<1>\nb|<1>c|");
    check("4 <1>a\n<1>b\n4 <1>c\n5 <1>d\n", "<1>a|<1>b|<1>c|<1>d|");
    check("2024-01-01 x\n12 monkeys\n0 <x\n4 <1>a", "2024-01-01 x|12 monkeys|0 <x|<1>a|");
    check("9 <1>cut", "<1>cut~|");
    check("12", "12|");
    // Too long, and on behind it.
    check("12345678901234567890\n123456789012345678901\nnext\n", "12345678901234567890|12345678901234567890~|next|");
    check("<1>45678901234567890\n<1>456789012345678901\nnext\n", "<1>45678901234567890|<1>45678901234567890~|next|");
    check("22 <1>45678901234567890124 <1>a", "<1>45678901234567890~|<1>a|");
    check("9 <1>a\nx", "<1>a\nx~|");
    // A count that is wrong costs what stands up to the next line end.
    check("6 <1>abcd\n4 <1>b", "<1>abc|d|<1>b|");
    // Nothing tells where to go on.
    check("321 <1>a", "!");
    check("999999999 <1>a", "!");
    check("1000000000 <1>\n", "1000000000 <1>|");
    check(&"x".repeat(400), "xxxxxxxxxxxxxxxxxxxx~|!");
    check(&format!("{}\nnext", "x".repeat(340)), "xxxxxxxxxxxxxxxxxxxx~|next|");
    check(&format!("{}\nnext", "x".repeat(341)), "xxxxxxxxxxxxxxxxxxxx~|!");
}

#[test]
fn a_datagram_is_one_message() {
    assert_eq!(datagram(b"<1>a\nb\r\n\0").map(|frame| frame.bytes), Some(&b"<1>a\nb"[..]));
    assert_eq!(datagram(b"\n\0"), None);
}

/// Streams that look like syslog, sometimes.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        "[0-9]{1,3} <[0-9]{1,2}>[a-z]{0,30}",
        "<[0-9]{1,3}>[a-z ]{0,30}\n",
        "[0-9 <>]{0,5}",
        "\n{0,2}\0?\r?",
        "x{0,400}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn frames_do_not_depend_on_chunks(stream in stream(), cuts in proptest::collection::vec(any::<Index>(), 0..8)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
        let whole = framed(20, [&stream[..]]);
        prop_assert_eq!(&framed(20, chunks), &whole);
        prop_assert_eq!(&framed(20, stream.chunks(1)), &whole);
    }

    /// What is framed by lines comes out again.
    #[test]
    fn lines_come_out(lines in proptest::collection::vec("<[0-9]{1,3}>[ -~é]{1,40}", 0..10)) {
        let lf: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let counted: String = lines.iter().map(|line| format!("{} {line}", line.len())).collect();
        let expected: String = lines.iter().map(|line| format!("{line}|")).collect();
        prop_assert_eq!(framed(200, [lf.as_bytes()]), expected.clone());
        prop_assert_eq!(framed(200, [counted.as_bytes()]), expected);
    }

    #[test]
    fn any_line_is_a_record(line in proptest::collection::vec(any::<u8>(), 1..200), header in "(<[0-9]{1,3}>)?(1 - h a - - )?(Mar  7 09:08:07 h a: )?(CEF:0[|]a[|]b[|]c[|]d[|]e[|]f[|])?") {
        let line = [header.as_bytes(), &line].concat();
        for view in [View::Whole, View::Carried, View::Line] {
            let frame = Frame { bytes: &line, is_whole: true };
            let record = record(frame, 0, view, &Limits::default());
            if let Payload::Object(json) = &record.payload {
                let read: Result<serde_json::Value, _> = serde_json::from_slice(json);
                prop_assert!(read.is_ok(), "{} {:?}", String::from_utf8_lossy(json), read);
            }
        }
    }

    /// Parts that are written by the rules are read as they were.
    #[test]
    fn structured_data_comes_out(pairs in proptest::collection::btree_map("[a-zA-Z@.-]{1,8}", ".{0,12}", 0..5), text in "[ -~]{0,20}") {
        let escape = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]");
        let data: String = pairs.iter().map(|(name, value)| format!(" {name}=\"{}\"", escape(value))).collect();
        let line = format!("<13>1 - h a p m [id{data}] {text}");
        let message = Message::parse(line.as_bytes());
        prop_assert_eq!(message.format, Format::Rfc5424);
        let read: Vec<_> = message.structured[0].parameters.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
        let sent: Vec<_> = pairs.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect();
        prop_assert_eq!(read, sent);
        prop_assert_eq!(message.message, text.as_bytes());
    }
}
