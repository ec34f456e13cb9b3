//! Values that stand in one place of the content and nowhere else.

use std::path::Path;

use indelible_adapter::{Adapter, Options, Reader};
use indelible_event::catalogue::{Named, Shape, Type};
use serde_json::{Map, Value, json};

/// Deepest nesting of optional values and collections.
const DEPTH_MAX: usize = 6;

/// How canaries look, each with a number of its own behind it.
const TEXT: &str = "canary-";
const WHOLE: u64 = 8_100_000_000_000_000;
const WHOLE_START: &str = "810000000";
const TIME: &str = "2345-01-01T00:00:0";
const UUID: &str = "cafe0000-0000-4000-8000-";

#[derive(Default)]
pub(super) struct Canaries(Vec<String>);

impl Canaries {
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The first thing in `text` that looks like a canary.
    pub(super) fn first_in(&self, text: &str) -> Option<String> {
        let start = [TEXT, WHOLE_START, TIME, UUID].iter().filter_map(|kind| text.find(kind)).min()?;
        Some(text[start..].chars().take(40).collect())
    }

    /// Those that `text` does not hold.
    pub(super) fn missing_in(&self, text: &str) -> Vec<&str> {
        let mut found = std::collections::HashSet::new();
        for kind in [TEXT, WHOLE_START, TIME, UUID] {
            for (start, _) in text.match_indices(kind) {
                let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.');
                found.insert(text[start..].split(|c| !allowed(c)).next().unwrap_or_default());
            }
        }
        self.0.iter().map(String::as_str).filter(|canary| !found.contains(canary)).collect()
    }

    /// Takes back the canary that was made last.
    fn forget(&mut self, canary: &str) {
        assert_eq!(self.0.pop().as_deref(), Some(canary));
    }

    fn keep(&mut self, canary: String) -> String {
        self.0.push(canary.clone());
        canary
    }

    pub(super) fn text(&mut self) -> String {
        self.keep(format!("{TEXT}{:07}x", self.count()))
    }

    pub(super) fn number(&mut self) -> Value {
        let number = WHOLE + self.count() as u64;
        self.keep(number.to_string());
        json!(number)
    }

    /// A value of the type with a canary wherever there is room for one; `turn` chooses variants.
    pub(super) fn value(&mut self, ty: &Type, turn: usize) -> Value {
        self.at(ty, turn, 0)
    }

    fn at(&mut self, ty: &Type, turn: usize, depth: usize) -> Value {
        match ty {
            Type::Any => json!({self.text(): [self.text(), {"n": self.number()}]}),
            Type::String => self.text().into(),
            Type::Boolean => true.into(),
            Type::Safelong => self.number(),
            // What is after the point is no part of the canary's text.
            Type::Double => self.number(),
            Type::Datetime => {
                let time = format!("{TIME}0.{:08}1Z", self.count());
                self.keep(time).into()
            }
            Type::Uuid => {
                let uuid = format!("{UUID}{:012x}", self.count());
                self.keep(uuid).into()
            }
            Type::Optional(_) | Type::List(_) | Type::Map(_) if depth > DEPTH_MAX => Value::Null,
            Type::Optional(of) => self.at(of, turn, depth + 1),
            Type::List(of) => json!([self.at(of, turn, depth + 1), self.at(of, turn + 1, depth + 1)]),
            Type::Map(of) => json!({self.text(): self.at(of, turn, depth + 1)}),
            Type::Named(named) => self.named(named, turn, depth),
        }
    }

    fn named(&mut self, named: &Named, turn: usize, depth: usize) -> Value {
        match named.shape {
            Shape::Alias(of) => self.at(of, turn, depth),
            Shape::Enum(values) => values[turn % values.len()].into(),
            Shape::Struct(members) => {
                let members: Map<String, Value> = members
                    .iter()
                    .map(|member| (member.name.to_owned(), self.at(&member.ty, turn, depth + 1)))
                    .filter(|(_, value)| !value.is_null())
                    .collect();
                Value::Object(members)
            }
            Shape::Union(variants) => {
                let variant = &variants[turn % variants.len()];
                json!({"type": variant.name, variant.name: self.at(&variant.ty, turn, depth + 1)})
            }
        }
    }
}

/// Logs of other systems with canaries wherever people write freely, by adapter.
pub(super) fn foreign_logs(canaries: &mut Canaries) -> Vec<(&'static str, String)> {
    let cloudtrail = json!({
        "eventVersion": "1.08", "eventTime": "2026-01-02T03:04:05Z", "eventSource": "s3.amazonaws.com",
        "eventName": "PutObject", "awsRegion": "eu-west-1", "sourceIPAddress": "192.0.2.1", "userAgent": "aws-cli/2",
        "userIdentity": {"type": "IAMUser", "accountId": "123456789012", "userName": "ann", "accessKeyId": "AKIA1"},
        "requestParameters": {"bucketName": canaries.text(), "key": canaries.text(), "note": {"deep": [canaries.text()]}},
        "responseElements": {"message": canaries.text()}, "errorMessage": canaries.text(), "errorCode": canaries.text(),
        "additionalEventData": {"text": canaries.text()}, "serviceEventDetails": {"text": canaries.text()},
        "resources": [{"ARN": canaries.text(), "type": "AWS::S3::Object"}], "unknown": canaries.text(),
        "eventID": "11111111-1111-4111-8111-111111111111", "requestID": "R1", "recipientAccountId": "123456789012",
    });
    let o365 = json!({
        "CreationTime": "2026-01-02T03:04:05", "Operation": "FileDownloaded", "Workload": "SharePoint", "UserId": "ann@acme.example",
        "OrganizationId": "acme-tenant", "Id": "22222222-2222-4222-8222-222222222222", "ClientIP": "192.0.2.2", "Version": 1,
        "RecordType": 6, "ResultStatus": "Succeeded", "ObjectId": canaries.text(), "SourceFileName": canaries.text(),
        "SiteUrl": canaries.text(), "SourceRelativeUrl": canaries.text(), "Subject": canaries.text(),
        "Parameters": [{"Name": "Identity", "Value": canaries.text()}], "ExtendedProperties": [{"Name": "x", "Value": canaries.text()}],
        "ModifiedProperties": [{"Name": "y", "NewValue": canaries.text(), "OldValue": canaries.text()}], "Unknown": {"a": canaries.text()},
    });
    let windows = json!({
        "EventID": 4688, "Channel": "Security", "Hostname": "ws1.acme.example", "TimeCreated": "2026-01-02T03:04:05Z",
        "SubjectUserName": "ann", "SubjectDomainName": "ACME", "SubjectLogonId": "0x3e7", "NewProcessName": canaries.text(),
        "CommandLine": canaries.text(), "ParentProcessName": canaries.text(), "Message": canaries.text(),
        "TargetFilename": canaries.text(), "Description": canaries.text(), "ScriptBlockText": canaries.text(), "Payload": canaries.text(),
    });
    let mut line = |text: &str| format!("Jan  2 03:04:05 host1 {}\n", text.replace("CANARY", &canaries.text()));
    let openssh = [
        line("sudo:      ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/bin/cat CANARY"),
        line("CRON[12]: (ann) CMD (/usr/bin/backup CANARY)"),
        line("sshd[13]: Accepted publickey for ann from 192.0.2.3 port 22 ssh2: RSA CANARY"),
        line("sshd[14]: error: something CANARY happened"),
        line("sshd[15]: Bad protocol version identification 'CANARY' from 192.0.2.3 port 22"),
        line("kernel: CANARY is wrong"),
        line("useradd[16]: new user: name=ben, UID=1001, GID=1001, home=/home/CANARY, shell=/bin/sh"),
    ];
    let syslog = json!({
        "facility": "daemon", "severity": "info", "time": "2026-01-02T03:04:05Z", "host": "host1", "app": "postfix",
        "procId": "9", "msgId": "CONN", "structuredData": {"shop@32473": {"order": canaries.text(), "note": canaries.text()}},
        "message": canaries.text(),
    });
    let otlp = json!({
        "resource": {"attributes": {"service.name": "shop", "deployment.note": canaries.text()}}, "scope": {"name": "audit"},
        "time": "2026-01-02T03:04:05Z", "eventName": "order.view", "severity": "INFO", "body": canaries.text(),
        "attributes": {"user.id": "ann", "client.address": "192.0.2.5", "order.note": canaries.text(), "deep": {"a": [canaries.text()]}},
    });
    let cef = json!({
        "facility": "auth", "severity": "info", "time": "2026-01-02T03:04:05Z", "host": "host1",
        "cef": {
            "version": 0, "deviceVendor": "Acme", "deviceProduct": "Gate", "deviceVersion": "1", "signatureId": "100",
            "name": format!("a {} sentence", canaries.text()), "severity": "5",
            "extension": {"suser": "ann", "src": "192.0.2.6", "msg": canaries.text(), "fname": canaries.text(), "unknown": canaries.text()},
        },
    });
    let mut logs = vec![
        ("cef", cef.to_string()),
        ("otlp", otlp.to_string()),
        ("syslog", syslog.to_string()),
        ("cloudtrail", cloudtrail.to_string()),
        ("o365", o365.to_string()),
        ("windows", windows.to_string()),
        ("openssh", openssh.concat()),
    ];
    logs.extend(Adapter::names().iter().filter_map(|name| Some((*name, planted(name, canaries)?))));
    for name in Adapter::names() {
        let plain = name.starts_with("audit");
        assert!(plain || logs.iter().any(|(known, _)| known == name), "no canary goes through {name}");
    }
    logs
}

/// The samples of an adapter, with a canary at every place whose text the adapter keeps out of the infrastructure part and can
/// do without. Which places those are is judged by the adapter's own tests; here the canaries must not come back.
fn planted(name: &str, canaries: &mut Canaries) -> Option<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../adapters/samples/{name}.jsonl"));
    let bytes = std::fs::read(file).ok()?;
    let adapter = Adapter::builtin(name).unwrap();
    let mut converter = adapter.converter(Options::at("2026-01-02T03:04:05Z".parse().unwrap()));
    let mut reader = Reader::new(bytes.as_slice(), adapter.framing());
    let (mut lines, mut places) = (String::new(), 0);
    while let Some(record) = reader.next() {
        let mut record: Value = serde_json::from_slice(record.unwrap().bytes).unwrap();
        if converter.convert(record.to_string().as_bytes(), 0).is_err() {
            continue;
        }
        let mut planted: Vec<String> = Vec::new();
        for pointer in text_places(&record, "") {
            planted.push(canaries.text());
            let before = std::mem::replace(record.pointer_mut(&pointer).unwrap(), json!(planted.last()));
            let events = converter.convert(record.to_string().as_bytes(), 0).unwrap_or_default();
            let shown = events.iter().any(|event| {
                let mut event: Value = serde_json::from_str(event).unwrap();
                for part in ["requestFields", "resultFields", "entities", "users"] {
                    event[part] = Value::Null;
                }
                let infrastructure = event.to_string();
                planted.iter().any(|canary| infrastructure.contains(canary))
            });
            // What stands at one place may decide what becomes of another: all are looked at each time.
            let kept = planted.iter().all(|canary| events.iter().any(|event| event.contains(canary)));
            if shown || !kept {
                *record.pointer_mut(&pointer).unwrap() = before;
                canaries.forget(&planted.pop().unwrap());
            }
        }
        places += planted.len();
        lines.push_str(&record.to_string());
        lines.push('\n');
    }
    // Some logs hold hardly anything but who, when and what.
    assert!(places >= 3, "{name}: only {places} canaries");
    Some(lines)
}

/// JSON pointers to all texts inside `value`.
fn text_places(value: &Value, pointer: &str) -> Vec<String> {
    let inside = |key: &str, value: &Value| {
        text_places(value, &format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")))
    };
    match value {
        Value::String(_) => vec![pointer.to_owned()],
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, item)| inside(&index.to_string(), item)).collect()
        }
        Value::Object(members) => members.iter().flat_map(|(key, member)| inside(key, member)).collect(),
        _ => Vec::new(),
    }
}
