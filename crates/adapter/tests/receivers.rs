//! What protocols carry, through the adapters that read it, to events that are accepted.

#![allow(clippy::unwrap_used, clippy::panic)]

use expect_test::{Expect, expect};
use indelible_adapter::{Adapter, Options};
use indelible_event::{Intake, Limits as EventLimits, Scratch, admit};
use indelible_receive::syslog::{Frame, record};
use indelible_receive::{Limits, Payload, View, otlp};
use serde_json::{Value, json};

/// Converts a payload and shows what the event says in its infrastructure part, and what else is asked for.
fn convert(adapter: &str, payload: &Payload<'_>, also: &[&str]) -> String {
    let adapter = Adapter::builtin(adapter).unwrap();
    let mut converter = adapter.converter(Options::at("2024-06-01T00:00:00Z".parse().unwrap()));
    let bytes = match payload {
        Payload::Object(bytes) | Payload::Line(bytes) => bytes,
        other => panic!("{other:?}"),
    };
    let lines =
        converter.convert(bytes, 0).unwrap_or_else(|refused| panic!("{refused}: {}", String::from_utf8_lossy(bytes)));
    let intake =
        Intake { producer: "p", producer_epoch: None, producer_seq: None, source: "syslog", adapter: Some("a") };
    let mut shown = String::new();
    for line in lines {
        let mut scratch = Scratch::default();
        if let Err(refusal) = admit(&mut scratch, line.as_bytes(), &EventLimits::default(), &intake, || unreachable!())
        {
            panic!("{refusal}: {line}");
        }
        let event: Value = serde_json::from_str(&line).unwrap();
        let mut names = vec!["time", "name", "result", "categories", "product", "host", "uid", "origin", "entities"];
        names.extend(also);
        for name in names {
            if let Some(value) = event.pointer(&format!("/{}", name.replace('.', "/"))) {
                shown.push_str(&format!("{name} {value}\n"));
            }
        }
    }
    shown
}

fn check_syslog(adapter: &str, view: View, line: &str, also: &[&str], expected: Expect) {
    let frame = Frame { bytes: line.as_bytes(), is_whole: true };
    expected.assert_eq(&convert(adapter, &record(frame, 0, view, &Limits::default()).payload, also));
}

#[test]
fn syslog_messages() {
    let pass = "requestFields.passThroughRequestParams";
    check_syslog(
        "syslog",
        View::Whole,
        "<30>1 2024-03-07T09:08:07.5+01:00 mail.example postfix/smtpd 99 CONN [origin ip=\"192.0.2.9\"] connect from x",
        &[&format!("{pass}.message.payload")],
        expect![[r#"
            time "2024-03-07T08:08:07.5Z"
            name "smtpd:CONN"
            result "SUCCESS"
            categories ["internal","passThrough"]
            product "syslog:smtpd"
            host "mail.example"
            origin "192.0.2.9"
            requestFields.passThroughRequestParams.message.payload "connect from x"
        "#]],
    );
    check_syslog(
        "syslog",
        View::Whole,
        "<187>45: *Mar  1 18:46:11.123 UTC: %SYS-3-CONFIG_I: Configured from console",
        &[&format!("{pass}.message.payload"), &format!("{pass}.zone.payload")],
        expect![[r#"
            time "2024-03-01T18:46:11.123Z"
            name "SYS:CONFIG_I"
            result "ERROR"
            categories ["internal","passThrough"]
            product "syslog:sys"
            requestFields.passThroughRequestParams.message.payload "Configured from console"
            requestFields.passThroughRequestParams.zone.payload "UTC"
        "#]],
    );
    check_syslog(
        "syslog",
        View::Whole,
        r#"<14>Mar  7 09:08:07 host app[3]: @cee: {"user":"ann"}"#,
        &[&format!("{pass}.json.payload")],
        expect![[r#"
            time "2024-03-07T09:08:07Z"
            name "app:message"
            result "SUCCESS"
            categories ["internal","passThrough"]
            product "syslog:app"
            host "host"
            requestFields.passThroughRequestParams.json.payload {"user":"ann"}
        "#]],
    );
    check_syslog(
        "openssh",
        View::Line,
        "<38>Mar  7 09:08:07 host sshd[12]: Accepted publickey for ann from 192.0.2.7 port 22 ssh2",
        &[],
        expect![[r#"
            time "2024-03-07T09:08:07Z"
            name "sshd:Accepted"
            result "SUCCESS"
            categories ["passThrough","userLogin"]
            product "openssh"
            host "host"
            uid "ann"
            origin "192.0.2.7"
        "#]],
    );
    check_syslog(
        "cef",
        View::Whole,
        r"<13>Mar 7 09:08:07 fw CEF:0|Acme|Gate|7.1|4711|User login failed|6|suser=ann src=192.0.2.7 rt=Mar 07 2024 08:08:07 UTC cs1=a b cs1Label=Zone msg=no\=way",
        &[&format!("{pass}.custom.payload"), &format!("{pass}.msg.payload")],
        expect![[r#"
            time "2024-03-07T08:08:07Z"
            name "4711"
            result "UNAUTHORIZED"
            categories ["passThrough","userLogin"]
            product "Acme:Gate"
            host "fw"
            uid "ann"
            origin "192.0.2.7"
            requestFields.passThroughRequestParams.custom.payload {"Zone":"a b"}
            requestFields.passThroughRequestParams.msg.payload "no=way"
        "#]],
    );
    check_syslog(
        "cef",
        View::Carried,
        "CEF:0|Acme|Gate|7.1|4711|blocked-url|6|act=blocked request=http://x/?a=b rt=1709802487000",
        &[&format!("{pass}.request.payload")],
        expect![[r#"
            time "2024-03-07T09:08:07Z"
            name "4711:blocked-url"
            result "UNAUTHORIZED"
            categories ["authorizationCheck","passThrough"]
            product "Acme:Gate"
            entities ["http://x/?a=b"]
            requestFields.passThroughRequestParams.request.payload "http://x/?a=b"
        "#]],
    );
}

#[test]
fn log_records() {
    let request = |attributes: Value, more: Value| {
        let attributes: Vec<Value> = attributes
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| json!({"key": key, "value": {"stringValue": value}}))
            .collect();
        let mut record = json!({"timeUnixNano": "1709802487000000001", "attributes": attributes});
        more.as_object().unwrap().iter().for_each(|(key, value)| record[key] = value.clone());
        json!({"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}, "scopeLogs": [{"logRecords": [record]}]}]}).to_string()
    };
    let check = |attributes, more, expected: Expect| {
        let body = request(attributes, more);
        let records = otlp::decode(body.as_bytes(), otlp::Encoding::Json, View::Whole, &Limits::default()).unwrap();
        expected.assert_eq(&convert("otlp", &records[0].payload, &["eventId", "traceId"]));
    };
    // The example of the draft of the audit signal, with other names.
    let audit = json!({"audit.record.id": "0b8e4c1a-3d2f-4e5b-8a9c-7d6e5f4a3b2c", "audit.actor.id": "ann", "audit.actor.type": "user", "audit.action": "LOGIN",
        "audit.outcome": "failure", "audit.source.id": "192.0.2.7", "audit.source.type": "ipv4"});
    check(
        audit,
        json!({"eventName": "user.login.failure", "traceId": "0AF7651916CD43DD8448EB211C80319C"}),
        expect![[r#"
            time "2024-03-07T09:08:07.000000001Z"
            name "user.login.failure"
            result "UNAUTHORIZED"
            categories ["passThrough","userLogin"]
            product "shop"
            uid "ann"
            origin "192.0.2.7"
            eventId "0b8e4c1a-3d2f-4e5b-8a9c-7d6e5f4a3b2c"
            traceId "0af7651916cd43dd8448eb211c80319c"
        "#]],
    );
    let read = json!({"user.id": "ann", "client.address": "192.0.2.7", "url.path": "/orders/17", "http.request.method": "GET"});
    check(
        read,
        json!({"eventName": "order.read"}),
        expect![[r#"
        time "2024-03-07T09:08:07.000000001Z"
        name "order.read"
        result "SUCCESS"
        categories ["dataLoad","passThrough"]
        product "shop"
        uid "ann"
        origin "192.0.2.7"
        entities ["/orders/17"]
        eventId "baf0272a-9fc5-8af1-9103-e49fc7dfc08f"
    "#]],
    );
    let plain = json!({"exception.type": "java.io.IOException"});
    check(
        plain,
        json!({"body": {"stringValue": "disk full"}, "severityNumber": 17}),
        expect![[r#"
        time "2024-03-07T09:08:07.000000001Z"
        name "log"
        result "ERROR"
        categories ["internal","passThrough"]
        product "shop"
        eventId "f0bd87f5-1888-85a1-baeb-3b08151b8174"
    "#]],
    );
}
