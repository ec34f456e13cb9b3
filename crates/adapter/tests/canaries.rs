//! The infrastructure part is not free text: of every field of a record it is told by a canary where it goes, and the
//! columns that the operator sees take from the fields listed here and from no others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![recursion_limit = "512"]

use std::collections::BTreeSet;

use indelible_adapter::{Adapter, Converter, Options};
use indelible_event::{Intake, Limits, Scratch, admit};
use serde_json::{Map, Value, json};

/// Canaries that were put into records, by the place they were put.
#[derive(Default)]
struct Canaries(Vec<String>);

impl Canaries {
    fn word(&mut self, place: &str) -> String {
        self.0.push(place.to_owned());
        format!("canary{}x", self.0.len() - 1)
    }

    /// `value` with a canary for each string but those at the places `kept`.
    fn fill(&mut self, value: &Value, place: &str, kept: &[&str]) -> Value {
        match value {
            Value::String(_) if !kept.contains(&place) => self.word(place).into(),
            Value::Array(elements) => {
                elements.iter().map(|element| self.fill(element, &format!("{place}/*"), kept)).collect()
            }
            Value::Object(members) => {
                let filled: Map<String, Value> = members
                    .iter()
                    .map(|(key, member)| (key.clone(), self.fill(member, &format!("{place}/{key}"), kept)))
                    .collect();
                Value::Object(filled)
            }
            other => other.clone(),
        }
    }

    /// The places of which `text` holds a canary.
    fn places(&self, text: &str) -> Vec<&str> {
        let numbers = text.split("canary").skip(1).filter_map(|rest| rest.split_once('x')?.0.parse::<usize>().ok());
        numbers.map(|number| self.0[number].as_str()).collect()
    }
}

/// Which columns of the infrastructure part hold what of which field of a record, `column <- place`.
fn flows(converter: &mut Converter<'_>, record: &str, canaries: &Canaries, flows: &mut BTreeSet<String>) -> usize {
    let lines = converter.convert(record.as_bytes(), 0).unwrap_or_else(|refused| panic!("{refused}: {record}"));
    let intake = Intake { producer: "p", producer_epoch: None, producer_seq: None, source: "http", adapter: Some("a") };
    let mut found = 0;
    for line in &lines {
        let mut scratch = Scratch::default();
        let admitted = admit(&mut scratch, line.as_bytes(), &Limits::default(), &intake, || unreachable!());
        let admitted = admitted.unwrap_or_else(|refusal| panic!("{refusal}: {line}"));
        let infrastructure: Map<String, Value> = serde_json::from_slice(admitted.infrastructure).unwrap();
        for (column, value) in infrastructure {
            flows.extend(canaries.places(&value.to_string()).iter().map(|place| format!("{column} <- {place}")));
        }
        found += canaries.places(std::str::from_utf8(admitted.content).unwrap()).len();
    }
    found
}

/// First column of each row of the tables of the documentation.
fn keys(docs: &str, heading: &str) -> Vec<String> {
    let (_, section) = docs.split_once(&format!("## {heading}\n")).unwrap();
    let rows = section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells =
        rows.skip(2).map(|row| row.replace('`', "").trim_matches('|').split('|').next().unwrap().trim().to_owned());
    cells.flat_map(|cell| cell.split(", ").map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// Every record made of a key, filled with canaries, sends them to `expected` and to the content.
fn check(name: &str, heading: &str, kept: &[&str], expected: &[&str], records: impl Fn(&str) -> Vec<Value>) {
    let adapter = Adapter::builtin(name).unwrap();
    let mut converter = adapter.converter(Options::at("2025-11-01T00:00:00Z".parse().unwrap()));
    let (mut canaries, mut found, mut in_content) = (Canaries::default(), BTreeSet::new(), 0);
    for key in keys(adapter.docs(), heading) {
        for record in records(&key.replace('*', "Abc")) {
            let record = canaries.fill(&record, "", kept).to_string();
            in_content += flows(&mut converter, &record, &canaries, &mut found);
        }
    }
    let expected: BTreeSet<String> = expected.iter().map(|flow| (*flow).to_owned()).collect();
    println!("{name}: {} canaries, {in_content} in the content", canaries.0.len());
    assert!(in_content > canaries.0.len() / 2);
    let unlisted: Vec<&String> = found.difference(&expected).collect();
    assert!(unlisted.is_empty(), "{name}: not listed: {unlisted:#?}");
    let unused: Vec<&String> = expected.difference(&found).collect();
    assert!(unused.is_empty(), "{name}: listed and not found: {unused:#?}");
}

#[test]
fn cloudtrail_shows_ids_and_addresses_only() {
    let kept = ["/eventTime", "/eventName", "/eventSource"];
    let flows = [
        "origin <- /sourceIPAddress",
        "productVersion <- /eventVersion",
        "stack <- /awsRegion",
        "tokenId <- /userIdentity/accessKeyId",
        "traceId <- /requestID",
        "uid <- /userIdentity/invokedBy",
        "uid <- /userIdentity/userName",
        "userAgent <- /userAgent",
    ];
    check("cloudtrail", "Operations", &kept, &flows, |key| {
        let (service, operation) = key.split_once(':').unwrap();
        let identity = json!({
            "type": "", "userName": "", "arn": "", "accountId": "", "principalId": "", "accessKeyId": "", "invokedBy": "",
            "sessionContext": {"sessionIssuer": {"userName": "", "arn": "", "accountId": ""}, "attributes": {"mfaAuthenticated": ""}},
        });
        let record = json!({
            "eventTime": "2024-01-01T00:00:00Z", "eventName": operation, "eventSource": format!("{service}.amazonaws.com"),
            "eventVersion": "", "awsRegion": "", "sourceIPAddress": "", "userAgent": "", "requestID": "", "eventID": "",
            "recipientAccountId": "", "userIdentity": identity, "errorCode": "", "errorMessage": "", "eventType": "", "vpcEndpointId": "",
            "requestParameters": {"userName": "", "groupName": "", "roleArn": "", "bucketName": "", "key": "", "name": "", "policyDocument": "",
                "description": "", "tags": [{"key": "", "value": ""}]},
            "responseElements": {"message": "", "arn": "", "ConsoleLogin": ""}, "additionalEventData": {"note": "", "MFAUsed": ""},
            "resources": [{"ARN": "", "accountId": "", "type": ""}], "serviceEventDetails": {"text": ""}, "sharedEventID": "",
            "tlsDetails": {"clientProvidedHostHeader": "", "cipherSuite": ""}, "sessionCredentialFromConsole": "", "unknown": {"deep": [""]},
        });
        let mut service = record.clone();
        service["userIdentity"] = json!({"type": "", "invokedBy": ""});
        vec![record, service]
    });
}

#[test]
fn office_365_shows_ids_and_addresses_only() {
    let flows = [
        "host <- /OriginatingServer",
        "origin <- /ClientIP",
        "sid <- /SessionId",
        "tokenId <- /AppAccessContext/UniqueTokenId",
        "traceId <- /CorrelationId",
        "uid <- /UserId",
        "userAgent <- /UserAgent",
    ];
    check("o365", "Operations", &["/CreationTime", "/Operation", "/Workload"], &flows, |key| {
        let record = |workload: &str| {
            json!({
                "CreationTime": "2024-01-01T00:00:00", "Operation": key, "Workload": workload, "Id": "", "OrganizationId": "", "UserId": "",
                "UserKey": "", "UserType": 0, "RecordType": 1, "Version": 1, "ResultStatus": "", "ObjectId": "", "ClientIP": "",
                "ClientIPAddress": "", "ActorIpAddress": "", "SessionId": "", "CorrelationId": "", "InterSystemsId": "", "UserAgent": "",
                "AppAccessContext": {"UniqueTokenId": "", "AADSessionId": "", "CorrelationId": "", "ClientAppId": ""},
                "OriginatingServer": "", "MailboxOwnerUPN": "", "ClientInfoString": "", "SourceFileName": "", "SourceRelativeUrl": "",
                "SiteUrl": "", "Subject": "", "Item": {"Subject": "", "Id": "", "ParentFolder": {"Path": ""}}, "Folder": {"Path": ""},
                "Parameters": [{"Name": "", "Value": ""}], "ExtendedProperties": [{"Name": "", "Value": ""}],
                "ModifiedProperties": [{"Name": "", "NewValue": "", "OldValue": ""}], "Actor": [{"ID": "", "Type": 0}],
                "Target": [{"ID": "", "Type": 0}], "ActorContextId": "", "TeamName": "", "Members": [{"UPN": "", "DisplayName": ""}],
                "Comments": "", "Unknown": {"Deep": [""]}, "DeviceProperties": [{"Name": "", "Value": ""}], "LogonError": "",
            })
        };
        ["AzureActiveDirectory", "Exchange", "SharePoint", "MicrosoftTeams"].map(record).into()
    });
}

#[test]
fn windows_shows_ids_and_addresses_only() {
    let flows = [
        "host <- /Hostname",
        "origin <- /IpAddress",
        "service <- /ProviderName",
        "sid <- /Hostname",
        "sid <- /SubjectLogonId",
        "sid <- /TargetLogonId",
        "traceId <- /ActivityID",
        "uid <- /SubjectDomainName",
        "uid <- /SubjectUserName",
        "uid <- /TargetDomainName",
        "uid <- /TargetUserName",
    ];
    check("windows", "Events", &["/Channel", "/TimeCreated"], &flows, |key| {
        let (channel, id) = key.rsplit_once(':').unwrap_or(("Security", key));
        let record = json!({
            "EventID": id.parse::<u32>().unwrap(), "Channel": channel, "TimeCreated": "2024-01-01T00:00:00Z", "Hostname": "", "Message": "",
            "ProviderName": "", "Version": 1, "SubjectUserName": "", "SubjectDomainName": "", "SubjectUserSid": "", "SubjectLogonId": "",
            "TargetUserName": "", "TargetDomainName": "", "TargetSid": "", "TargetUserSid": "", "TargetLogonId": "", "IpAddress": "",
            "WorkstationName": "", "Workstation": "", "LogonGuid": "", "ActivityID": "", "ProcessName": "", "NewProcessName": "",
            "CommandLine": "", "ParentProcessName": "", "ParentCommandLine": "", "ObjectName": "", "ObjectType": "", "ObjectServer": "",
            "ServiceName": "", "ServiceFileName": "", "TaskName": "", "TaskContent": "", "ShareName": "", "RelativeTargetName": "",
            "Image": "", "User": "", "TargetFilename": "", "TargetObject": "", "Details": "", "Description": "", "ScriptBlockText": "",
            "Payload": "", "ContextInfo": "", "SourceIp": "", "DestinationIp": "", "SourceHostname": "", "DestinationHostname": "",
            "QueryName": "", "PrivilegeList": "", "FailureReason": "", "MemberName": "", "MemberSid": "", "param1": "", "param2": "",
        });
        vec![record]
    });
}

#[test]
fn openssh_shows_ids_and_addresses_only() {
    let adapter = Adapter::builtin("openssh").unwrap();
    let mut converter = adapter.converter(Options::at("2025-11-01T00:00:00Z".parse().unwrap()));
    let (mut canaries, mut found, mut in_content) = (Canaries::default(), BTreeSet::new(), 0);
    for key in keys(adapter.docs(), "Messages") {
        let (program, message) = key.split_once(": ").unwrap();
        let mut words: Vec<String> = Vec::new();
        for (place, part) in message.split('*').enumerate() {
            if place > 0 {
                let before = words.concat();
                let before = before.trim_end().rsplit(' ').next().unwrap_or_default().to_owned();
                words.push(canaries.word(&format!("* after {before:?} in {key}")));
            }
            words.push(part.to_owned());
        }
        let record = format!("Mar  7 09:08:07 host1 {program}[12]: {}", words.concat());
        in_content += flows(&mut converter, &record, &canaries, &mut found);
    }
    println!("openssh: {} canaries, {in_content} in the content", canaries.0.len());
    let free: Vec<&String> =
        found.iter().filter(|flow| !flow.starts_with("uid <- ") && !flow.starts_with("origin")).collect();
    assert!(free.is_empty(), "{free:#?}");
    // Where accounts and addresses stand: behind these words, at the beginning of what sudo says, in what su says after `(to X)`.
    let places = [
        r#"after "for""#,
        r#"after "user""#,
        r#"after "User""#,
        r#"after "from""#,
        r#"after "FROM""#,
        r#"after "by""#,
        r#"after "BY""#,
        r#"after "(" in cron"#,
        r#"after "(" in anacron"#,
        r#"after "" in sudo"#,
        r#"x)" in su"#,
        "check pass; user unknown*",
    ];
    let free: Vec<&String> = found.iter().filter(|flow| !places.iter().any(|place| flow.contains(place))).collect();
    assert!(free.is_empty(), "{free:#?}");
}
