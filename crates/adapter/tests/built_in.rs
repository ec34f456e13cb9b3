//! What the built-in adapters promise beyond the logs we have: every row of their tables works on the barest record, no
//! damaged record brings a program down, and their reference pages say what the files say.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;

use indelible_adapter::{Adapter, Code, Converter, Options, Reader};
use indelible_event::{Intake, Limits, Scratch, admit};
use serde_json::{Value, json};

fn options() -> Options {
    Options::at("2025-11-01T00:00:00Z".parse().unwrap())
}

/// Converts, has the events admitted, and gives them.
fn convert(converter: &mut Converter<'_>, record: &str) -> Result<Vec<Value>, Code> {
    let lines = converter.convert(record.as_bytes(), 0).map_err(|refused| {
        assert_ne!(refused.code, Code::Program, "{refused}: {record}");
        refused.code
    })?;
    let intake = Intake { producer: "p", producer_epoch: None, producer_seq: None, source: "http", adapter: Some("a") };
    let mut scratch = Scratch::default();
    for line in &lines {
        if let Err(refusal) = admit(&mut scratch, line.as_bytes(), &Limits::default(), &intake, || unreachable!()) {
            panic!("{refusal}\nrecord {record}\nevent {line}");
        }
    }
    Ok(lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Makes the barest record for each key of a table and checks the category the row promises.
fn check_table(name: &str, heading: &str, undecided: &[&str], record: impl Fn(&str) -> Vec<String>) {
    let adapter = Adapter::builtin(name).unwrap();
    let mut converter = adapter.converter(options());
    let promised = promised(adapter.docs(), heading);
    assert!(!promised.is_empty());
    let mut tried = BTreeSet::new();
    for (key, categories, detail) in &promised {
        for record in record(&key.replace('*', "Abc")) {
            let events = convert(&mut converter, &record).unwrap_or_else(|code| panic!("{key}: {code}: {record}"));
            let found: Vec<_> = events[0]["categories"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            // A row with a pattern may stand behind one that fits the made-up name better, and some rows say only where
            // to look.
            let sure = !key.contains('*') && !undecided.iter().any(|word| detail.contains(word));
            for category in categories.split(", ").filter(|_| sure) {
                assert!(found.contains(&category), "{name} {key}: {category} is promised, found {found:?}");
            }
            tried.insert(key.clone());
        }
    }
    assert_eq!(tried.len(), promised.len());
}

/// The first two columns and the whole row of each key of a table.
fn promised(docs: &str, heading: &str) -> Vec<(String, String, String)> {
    let (_, section) = docs.split_once(&format!("## {heading}\n")).unwrap();
    let rows = section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    rows.skip(2)
        .flat_map(|row| {
            let plain = row.replace('`', "");
            let cells: Vec<_> = plain.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
            let keys: Vec<_> = cells[0].split(", ").map(str::to_owned).collect();
            keys.into_iter().map(move |key| (key, cells[1].clone(), cells[2..].join(" "))).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_row_of_cloudtrail_works_on_the_barest_record() {
    check_table("cloudtrail", "Operations", &["parameter", "share"], |key| {
        let (service, operation) = key.split_once(':').unwrap();
        let bare = json!({"eventTime": "2024-01-01T00:00:00Z", "eventName": operation, "eventSource": format!("{service}.amazonaws.com")});
        let mut denied = bare.clone();
        denied["errorCode"] = json!("AccessDenied");
        let mut full = bare.clone();
        full["requestParameters"] =
            json!({"userName": "u", "groupName": "g", "name": "n", "keyId": "k", "modelId": "m"});
        full["responseElements"] =
            json!({"credentials": {"accessKeyId": "AK", "expiration": "Jul 10, 2023, 12:55:24 PM"}});
        [bare, denied, full].map(|record| record.to_string()).into()
    });
}

#[test]
fn every_verb_of_cloudtrail_works_on_the_barest_record() {
    let adapter = Adapter::builtin("cloudtrail").unwrap();
    let mut converter = adapter.converter(options());
    let mut families = BTreeSet::new();
    for (service, family, _) in promised(adapter.docs(), "Families") {
        if !families.insert(family.clone()) {
            continue;
        }
        for (verb, ..) in promised(adapter.docs(), "Verbs") {
            let (wanted, operation) = verb.split_once(':').unwrap();
            if wanted == family || wanted == "*" {
                let operation = operation.replace('*', "Xyz");
                let source = service.replace('*', "");
                let record =
                    json!({"eventTime": "2024-01-01T00:00:00Z", "eventName": operation, "eventSource": source});
                let events = convert(&mut converter, &record.to_string()).unwrap();
                let internal = events[0]["categories"].as_array().unwrap().contains(&json!("internal"));
                assert!(!internal, "{source} {operation}");
            }
        }
    }
}

#[test]
fn every_row_of_office_365_works_on_the_barest_record() {
    check_table("o365", "Operations", &[], |key| {
        ["AzureActiveDirectory", "Exchange", "SharePoint", "MicrosoftTeams", ""]
            .map(|workload| {
                json!({"CreationTime": "2024-01-01T00:00:00", "Operation": key, "Workload": workload, "UserId": "u@example.org"})
                    .to_string()
            })
            .into()
    });
}

#[test]
fn every_row_of_windows_works_on_the_barest_record_of_every_shape() {
    check_table("windows", "Events", &["access", "registry"], |key| {
        let (channel, id) = key.rsplit_once(':').unwrap_or(("Security", key));
        let id: u32 = id.parse().unwrap();
        let time = "2024-01-01T00:00:00Z";
        [
            json!({"EventID": id, "Channel": channel, "Hostname": "h.example.org", "EventTime": "2024-01-01 00:00:00", "Keywords": -9_218_868_437_227_405_312_i64}),
            json!({"EventID": id.to_string(), "Channel": channel, "Hostname": "h", "TimeCreated": time, "SubjectUserName": "u", "TargetUserName": "t"}),
            json!({"event_id": id, "log_name": channel, "computer_name": "h", "@timestamp": time, "event_data": {"TargetUserName": "t"}}),
            json!({"winlog": {"event_id": id.to_string(), "channel": channel, "computer_name": "h", "event_data": {"TargetUserName": "t"}}, "@timestamp": time}),
            json!({"Event": {"System": {"EventID": {"#text": id}, "Channel": channel, "Computer": "h", "TimeCreated": {"#attributes": {"SystemTime": time}}}, "EventData": {"TargetUserName": "t"}}}),
        ]
        .map(|record| record.to_string())
        .into()
    });
}

#[test]
fn every_row_of_openssh_works_on_a_line_of_every_header() {
    check_table("openssh", "Messages", &[], |key| {
        let (program, message) = key.split_once(": ").unwrap();
        [
            format!("Mar  1 00:00:00 host {program}[12]: {message}"),
            format!("<38>2024-03-01T00:00:00.123456+01:00 host {program}: {message}"),
            format!("<38>1 2024-03-01T00:00:00Z host {program} 12 - [a b=\"c]\\]\"] {message}"),
        ]
        .into()
    });
}

const TIME: &str = "2024-01-01T00:00:00Z";

#[test]
fn every_row_of_github_okta_slack_and_notion_works_on_the_barest_record() {
    check_table("github", "Actions", &[], |key| {
        let bare = json!({"@timestamp": 1_714_979_289_000_i64, "action": key});
        let full = json!({"created_at": 1_714_979_289_000_i64, "action": key, "actor": "a", "user": "u", "team": "t", "repo": "o/r", "org": ["o"], "token_id": 7});
        [bare, full].map(|record| record.to_string()).into()
    });
    check_table("okta", "Events", &[], |key| {
        let bare = json!({"published": TIME, "eventType": key});
        let targets = ["User", "UserGroup", "AppInstance", "Token", "Rule"]
            .map(|kind| json!({"type": kind, "id": kind, "alternateId": "unknown"}));
        let full = json!({"published": TIME, "eventType": key, "actor": {"id": "u", "alternateId": "a"}, "outcome": {"result": "FAILURE"}, "target": targets});
        [bare, full].map(|record| record.to_string()).into()
    });
    check_table("slack", "Actions", &[], |key| {
        let bare = json!({"date_create": 1_714_979_289, "action": key});
        let full = json!({"date_create": 1_714_979_289, "action": key, "actor": {"user": {"id": "U", "email": "u@example.org"}}, "entity": {"type": "user", "user": {"id": "V"}}});
        [bare, full].map(|record| record.to_string()).into()
    });
    check_table("notion", "Events", &[], |key| {
        let bare = json!({"event": {"timestamp": TIME, "type": key}});
        let full = json!({"timestamp": TIME, "type": key, "actor": {"id": "U"}, "details": {"page_id": "P", "member": {"id": "V"}}});
        [bare, full].map(|record| record.to_string()).into()
    });
}

#[test]
fn every_row_of_google_workspace_works_on_the_barest_record() {
    check_table("google_workspace", "Events", &[], |key| {
        let (application, name) = key.split_once(':').unwrap_or((key, "x"));
        let bare = json!({"id": {"time": TIME, "applicationName": application}, "events": [{"name": name}]});
        let parameters = json!([{"name": "USER_EMAIL", "value": "u"}, {"name": "doc_id", "value": "d"}, {"name": "group_id", "value": "g"}]);
        let full = json!({"id": {"time": TIME, "applicationName": application}, "actor": {"email": "a"}, "events": [{"name": name, "parameters": parameters}]});
        [bare, full].map(|record| record.to_string()).into()
    });
}

#[test]
fn every_row_of_azure_works_on_the_barest_record() {
    check_table("azure", "Operations", &[], |key| {
        let bare = json!({"time": TIME, "operationName": key});
        let full = json!({"time": TIME, "operationName": {"value": key}, "resourceId": "/subscriptions/s/x", "caller": "a", "resultType": "Failed", "resultSignature": "403"});
        [bare, full].map(|record| record.to_string()).into()
    });
    check_table("azure", "Directory", &[], |key| {
        let targets = json!([{"type": "User", "id": "u"}, {"type": "Group", "id": "g", "modifiedProperties": [{"displayName": "Group.DisplayName", "newValue": "n"}]}]);
        let graph =
            json!({"activityDateTime": TIME, "activityDisplayName": key, "category": "x", "targetResources": targets});
        let log = json!({"time": TIME, "category": "AuditLogs", "operationName": key, "properties": {"targetResources": targets}});
        [graph, log].map(|record| record.to_string()).into()
    });
    check_table("azure", "Kubernetes", &[], |key| {
        let log = kubernetes(key).to_string();
        vec![
            json!({"time": TIME, "category": "kube-audit", "operationName": "x", "properties": {"log": log}})
                .to_string(),
        ]
    });
}

/// The barest audit event of a key of the table *Kubernetes*.
fn kubernetes(key: &str) -> Value {
    let (verb, what) = key.split_once(':').unwrap();
    let (resource, sub) = what.split_once('/').unwrap_or((what, ""));
    let mut event = json!({"kind": "Event", "verb": verb, "requestReceivedTimestamp": TIME, "user": {"username": "u"}});
    if resource.is_empty() {
        event["requestURI"] = json!(what);
    } else {
        event["objectRef"] = json!({"resource": resource});
    }
    if !sub.is_empty() && !resource.is_empty() {
        event["objectRef"]["subresource"] = json!(sub);
    }
    event
}

#[test]
fn every_row_of_gcp_and_kubernetes_works_on_the_barest_record() {
    check_table("kubernetes", "Kubernetes", &[], |key| vec![kubernetes(key).to_string()]);
    check_table("gcp", "Kubernetes", &[], |key| {
        let (verb, what) = key.split_once(':').unwrap();
        let method = match what.strip_prefix('/') {
            Some(path) => format!("io.k8s.{path}"),
            None => format!("io.k8s.core.v1.{}.{verb}", what.replace('/', ".")),
        };
        vec![json!({"timestamp": TIME, "protoPayload": {"serviceName": "k8s.io", "methodName": method}}).to_string()]
    });
    check_table("gcp", "Methods", &[], |key| {
        let (service, end) = key.split_once(':').unwrap();
        let method = if end.contains('.') {
            format!("v1.{end}")
        } else {
            format!("google.x.v1.{}{}", end[..1].to_uppercase(), &end[1..])
        };
        let service = format!("{service}.googleapis.com");
        let bare = json!({"timestamp": TIME, "protoPayload": {"serviceName": service, "methodName": method}});
        let full = json!({"timestamp": TIME, "protoPayload": {"serviceName": service, "methodName": method, "resourceName": "r", "status": {"code": 7},
            "authenticationInfo": {"principalEmail": "a"}, "authorizationInfo": [{"permission": "p", "resource": "r"}]}});
        [bare, full].map(|record| record.to_string()).into()
    });
}

#[test]
fn every_row_of_auth0_duo_and_1password_works_on_the_barest_record() {
    check_table("auth0", "Events", &["api"], |key| {
        let bare = json!({"data": {"date": TIME, "type": key}});
        let full = json!({"date": TIME, "type": key, "user_id": "u", "client_id": "c", "hostname": "t.auth0.com"});
        [bare, full].map(|record| record.to_string()).into()
    });
    check_table("auth0", "Management API", &[], |key| {
        let (method, path) = key.split_once(' ').unwrap();
        let request = json!({"method": method, "path": format!("/api/v2{path}"), "body": {"roles": ["r"]}});
        vec![
            json!({"date": TIME, "type": "sapi", "details": {"request": request, "response": {"statusCode": 200}}})
                .to_string(),
        ]
    });
    check_table("duo", "Actions", &[], |key| {
        let bare = json!({"timestamp": 1_714_979_289, "action": key});
        let full = json!({"ts": TIME, "action": {"name": key}, "actor": {"name": "a"}, "target": {"name": "t"}, "description": "{\"uname\":\"u\"}"});
        [bare, full].map(|record| record.to_string()).into()
    });
    check_table("onepassword", "Actions", &[], |key| {
        let record = match key.split_once(':').unwrap() {
            ("signin", category) => json!({"timestamp": TIME, "category": category, "target_user": {"email": "u"}}),
            ("item", action) if action != "object" => {
                json!({"timestamp": TIME, "action": action, "item_uuid": "i", "vault_uuid": "v"})
            }
            (action, kind) => {
                json!({"timestamp": TIME, "action": action, "object_type": kind, "object_uuid": "o", "actor_uuid": "a"})
            }
        };
        vec![record.to_string()]
    });
}

#[test]
fn every_row_of_snowflake_databricks_and_zoom_works_on_the_barest_record() {
    check_table("snowflake", "Queries", &[], |key| {
        let bare = json!({"START_TIME": TIME, "QUERY_TYPE": key.to_uppercase()});
        let full = json!({"start_time": TIME, "query_type": key, "query_text": "select 1 from a.b", "user_name": "u", "execution_status": "FAIL"});
        [bare, full].map(|record| record.to_string()).into()
    });
    check_table("snowflake", "Other views", &[], |key| {
        let record = match key.split_once(':').unwrap() {
            ("login", kind) => json!({"EVENT_TIMESTAMP": TIME, "EVENT_TYPE": kind, "IS_SUCCESS": "YES"}),
            ("access", "CHANGE") => {
                json!({"QUERY_START_TIME": TIME, "DIRECT_OBJECTS_ACCESSED": [], "OBJECTS_MODIFIED": [{"objectName": "o"}]})
            }
            ("access", _) => json!({"QUERY_START_TIME": TIME, "BASE_OBJECTS_ACCESSED": [{"objectName": "o"}]}),
            ("session", _) => json!({"CREATED_ON": TIME, "LOGIN_EVENT_ID": 1}),
            ("grant", kind) => {
                json!({"CREATED_ON": TIME, "GRANTEE_NAME": "g", "GRANTED_TO": kind, "ROLE": "r", "PRIVILEGE": "p"})
            }
            ("ungrant", kind) => {
                json!({"CREATED_ON": TIME, "DELETED_ON": TIME, "GRANTEE_NAME": "g", "GRANTED_TO": kind, "PRIVILEGE": "p"})
            }
            ("transfer", kind) => json!({"START_TIME": TIME, "BYTES_TRANSFERRED": 1, "TRANSFER_TYPE": kind}),
            (_, _) => json!({"LAST_LOAD_TIME": TIME, "FILE_NAME": "f"}),
        };
        vec![record.to_string()]
    });
    check_table("databricks", "Actions", &[], |key| {
        let (service, action) = key.split_once(':').unwrap();
        let bare = json!({"timestamp": 1_714_979_289_000_i64, "serviceName": service, "actionName": action});
        let full = json!({"event_time": TIME, "service_name": service, "action_name": action, "user_identity": {"email": "a"}, "request_params": {"name": "n"}, "response": {"status_code": 403}});
        [bare, full].map(|record| record.to_string()).into()
    });
    check_table("zoom", "Operations", &[], |key| {
        let record = match key.split_once(':').unwrap() {
            ("activity", kind) => json!({"time": TIME, "type": kind, "email": "u@example.org"}),
            (kind, action) => {
                json!({"time": TIME, "category_type": kind, "action": action, "operator": "a", "operation_detail": "Add User u@example.org to group g"})
            }
        };
        vec![record.to_string()]
    });
}

#[test]
fn known_lines_of_several_versions_are_understood() {
    let adapter = Adapter::builtin("openssh").unwrap();
    let mut converter = adapter.converter(options());
    let mut check = |line: &str, expected: [&str; 5]| {
        let events = convert(&mut converter, &format!("Mar  1 00:00:00 host {line}")).unwrap();
        let event = &events[0];
        let found = ["name", "result", "uid", "origin"].map(|member| event[member].as_str().unwrap_or(""));
        let categories: Vec<_> = event["categories"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .filter(|name| *name != "passThrough")
            .collect();
        let categories = categories.join("+");
        assert_eq!([&categories, found[0], found[1], found[2], found[3]], expected, "{line}");
    };
    let unauthorized = "UNAUTHORIZED";
    check(
        "sshd-session[9]: Accepted publickey for ann from 2001:db8::1 port 50000 ssh2: ED25519 SHA256:abc",
        ["userLogin", "sshd:Accepted", "SUCCESS", "ann", "2001:db8::1"],
    );
    check(
        "sshd[9]: Failed password for invalid user a b from 192.0.2.7 from 192.0.2.9 port 50000 ssh2",
        ["userLogin", "sshd:Failed", unauthorized, "a b from 192.0.2.7", "192.0.2.9"],
    );
    check(
        "sshd[9]: Failed keyboard-interactive/pam for root from 192.0.2.7 port 1 ssh2",
        ["userLogin", "sshd:Failed", unauthorized, "root", "192.0.2.7"],
    );
    check(
        "sshd[9]: Connection closed by authenticating user root 192.0.2.7 port 40 [preauth]",
        ["authenticationCheck", "sshd:gave_up", unauthorized, "root", "192.0.2.7"],
    );
    check(
        "sshd[9]: Disconnected from invalid user  192.0.2.7 port 40 [preauth]",
        ["authenticationCheck", "sshd:gave_up", unauthorized, "", "192.0.2.7"],
    );
    check(
        "sshd[9]: Invalid user admin from 192.0.2.7 port 40",
        ["authenticationCheck", "sshd:Invalid_user", unauthorized, "admin", "192.0.2.7"],
    );
    check(
        "sshd[9]: error: maximum authentication attempts exceeded for invalid user x from 192.0.2.7 port 40 ssh2 [preauth]",
        ["authenticationCheck", "sshd:maximum_attempts_exceeded", unauthorized, "x", "192.0.2.7"],
    );
    check(
        "sshd[9]: User bob from 192.0.2.7 not allowed because not listed in AllowUsers",
        ["authorizationCheck", "sshd:not_allowed", unauthorized, "bob", "192.0.2.7"],
    );
    check(
        "sshd[9]: pam_unix(sshd:session): session closed for user ann",
        ["userLogout", "sshd:session_closed", "SUCCESS", "ann", ""],
    );
    check(
        "sshd[9]: pam_sss(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7 user=ann",
        ["authenticationCheck", "sshd:authentication_failure", unauthorized, "ann", "192.0.2.7"],
    );
    check(
        "sshd(pam_unix)[9]: authentication failure; logname= uid=0 euid=0 tty=NODEVssh ruser= rhost=192.0.2.7 user=root",
        ["authenticationCheck", "sshd:authentication_failure", unauthorized, "root", "192.0.2.7"],
    );
    check(
        "sshd[9]: Received disconnect from 192.0.2.7 port 40:11: disconnected by user",
        ["internal", "sshd:Disconnected", "SUCCESS", "", "192.0.2.7"],
    );
    check(
        "sudo:   ann : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls -l",
        ["codeExecution", "sudo:COMMAND", "SUCCESS", "ann", ""],
    );
    check(
        "sudo:   ann : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
        ["authenticationCheck+codeExecution", "sudo:incorrect_password", unauthorized, "ann", ""],
    );
    check(
        "sudo:   ann : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
        ["authorizationCheck+codeExecution", "sudo:refused", unauthorized, "ann", ""],
    );
    check("su[9]: FAILED SU (to root) ann on pts/1", ["userLogin", "su:FAILED_su", unauthorized, "ann", ""]);
    check("su: (to root) ann on pts/1", ["userLogin", "su:su", "SUCCESS", "ann", ""]);
    check(
        "login[9]: FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure",
        ["userLogin", "login:FAILED_LOGIN", unauthorized, "root", ""],
    );
    check(
        "gdm-password]: pam_unix(gdm-password:session): session opened for user ann(uid=1000) by (uid=0)",
        ["userLogin", "gdm-password:session_opened", "SUCCESS", "ann", ""],
    );
    check("CRON[9]: (root) CMD (run-parts /etc/cron.hourly)", ["codeExecution", "cron:CMD", "SUCCESS", "root", ""]);
    check("usermod[9]: add 'ann' to group 'sudo'", ["managementGroups", "usermod:add_to_group", "SUCCESS", "", ""]);
    check(
        "passwd[9]: pam_unix(passwd:chauthtok): password changed for ann",
        ["managementUsers", "passwd:password_changed", "SUCCESS", "", ""],
    );
    check(
        "sshd[9]: Received disconnect from 192.0.2.7: 11: Bye Bye [preauth]",
        ["internal", "sshd:Disconnected", "SUCCESS", "", "192.0.2.7"],
    );
    check(
        "sshd[9]: error: Received disconnect from 2001:db8::7: 14: No more user authentication methods available. [preauth]",
        ["internal", "sshd:Disconnected", "SUCCESS", "", "2001:db8::7"],
    );
    check(
        "sshd[9]: Connection closed by 192.0.2.7 [preauth]",
        ["internal", "sshd:Connection_closed", "SUCCESS", "", "192.0.2.7"],
    );
    check(
        "sshd[9]: Disconnecting: Too many authentication failures for root [preauth]",
        ["authenticationCheck", "sshd:too_many_failures", unauthorized, "root", ""],
    );
    check(
        "sshd[9]: Disconnecting authenticating user root 192.0.2.7 port 22: Too many authentication failures [preauth]",
        ["authenticationCheck", "sshd:too_many_failures", unauthorized, "root", "192.0.2.7"],
    );
    check(
        "sshd[9]: reverse mapping checking getaddrinfo for ns.example.org [192.0.2.7] failed - POSSIBLE BREAK-IN ATTEMPT!",
        ["internal", "sshd:address_mismatch", "ERROR", "", "192.0.2.7"],
    );
    check(
        "sshd[9]: Bad protocol version identification 'GET / from 203.0.113.1' from 192.0.2.7 port 59547",
        ["internal", "sshd:protocol_error", "ERROR", "", "192.0.2.7"],
    );
    check(
        "sshd[9]: fatal: Timeout before authentication for 192.0.2.7 port 22",
        ["authenticationCheck", "sshd:gave_up", unauthorized, "", "192.0.2.7"],
    );
    check(
        "su(pam_unix)[9]: session opened for user cyrus by (uid=0)",
        ["internal", "su:session_opened", "SUCCESS", "cyrus", ""],
    );
    check("syslogd 1.4.1: restart.", ["internal", "syslog:message", "SUCCESS", "", ""]);
    check("last message repeated 2 times", ["internal", "syslog:message", "SUCCESS", "", ""]);
    check("kernel: [1.0] something else", ["internal", "kernel:message", "SUCCESS", "", ""]);
}

#[test]
fn cloudtrail_records_come_in_other_wrappers_too() {
    let adapter = Adapter::builtin("cloudtrail").unwrap();
    let mut converter = adapter.converter(options());
    let mut check = |record: Value, expected: [&str; 2]| {
        let event = convert(&mut converter, &record.to_string()).unwrap().remove(0);
        assert_eq!([event["name"].as_str().unwrap(), event["categories"][0].as_str().unwrap()], expected, "{event}");
    };
    let record = json!({"eventTime": "2024-01-01T00:00:00Z", "eventName": "GetSecretValue", "eventSource": "secretsmanager.amazonaws.com"});
    check(
        json!({"EventName": "GetSecretValue", "CloudTrailEvent": record.to_string()}),
        ["GetSecretValue", "secretLoad"],
    );
    check(json!({"detail-type": "AWS API Call via CloudTrail", "detail": record}), ["GetSecretValue", "secretLoad"]);
    let details = json!({"state": "Start", "eventSource": "ssm.amazonaws.com", "eventName": "UpdateInstanceInformation", "insightType": "ApiCallRateInsight"});
    check(
        json!({"eventTime": "2024-01-01T00:00:00Z", "eventCategory": "Insight", "insightDetails": details}),
        ["ApiCallRateInsight", "monitorRun"],
    );
}

#[test]
fn every_row_of_otlp_works_on_the_barest_record() {
    for (heading, key) in [("Events", "eventName"), ("Actions", "action")] {
        check_table("otlp", heading, &[], |value| {
            let mut bare = json!({"time": "2024-01-01T00:00:00Z"});
            match key {
                "action" => bare["attributes"]["audit.action"] = json!(value.to_uppercase()),
                key => bare[key] = json!(value),
            }
            let mut full = bare.clone();
            full["attributes"]["audit.target.id"] = json!("t");
            full["attributes"]["audit.outcome"] = json!("failure");
            full["attributes"]["user.id"] = json!(7);
            [bare, full].map(|record| record.to_string()).into()
        });
    }
}

#[test]
fn every_row_of_cef_works_on_the_barest_record() {
    check_table("cef", "Names", &[], |name| {
        let time = "Mar 07 2024 09:08:07 UTC";
        [
            json!({"name": name, "extension": {"rt": time}}),
            json!({"cef": {"name": name, "signatureId": "1", "extension": {"outcome": "failure", "suser": "u"}}, "time": "2024-01-01T00:00:00Z"}),
            json!({"name": "x", "extension": {"rt": "1709802487000", "act": name}}),
            json!({"name": "x", "extension": {"rt": 1_709_802_487_000_i64, "cat": name, "externalId": ["a", "b"]}}),
        ]
        .map(|record| record.to_string())
        .into()
    });
}

/// What people wrote has no place in the columns the operator may read.
#[test]
fn free_text_stays_out_of_the_infrastructure_part() {
    let said = "the launch code is 4711";
    let cloudtrail = json!({"eventTime": "2024-01-01T00:00:00Z", "eventName": "CreatePolicy", "eventSource": "iam.amazonaws.com", "errorCode": "X", "errorMessage": said,
        "requestParameters": {"description": said, "policyName": said, "policyDocument": said, "tags": [{"key": said, "value": said}]},
        "responseElements": {"comment": said}, "additionalEventData": {"note": said}, "serviceEventDetails": {"note": said}});
    let o365 = json!({"CreationTime": "2024-01-01T00:00:00", "Operation": "New-InboxRule", "Workload": "Exchange", "ObjectId": said, "EventData": said,
        "Parameters": [{"Name": "Name", "Value": said}, {"Name": "User", "Value": said}], "ModifiedProperties": [{"Name": said, "NewValue": said}],
        "Item": {"Subject": said, "ParentFolder": {"Path": said}}, "SourceFileName": said, "SearchQueryText": said, "TeamName": said});
    let windows = json!({"EventID": 4688, "TimeCreated": "2024-01-01T00:00:00Z", "Hostname": "h", "Channel": "Security", "Message": said, "CommandLine": said,
        "NewProcessName": said, "ObjectName": said, "TaskContent": said, "ServiceFileName": said, "RuleName": said, "ShareName": said});
    let otlp = json!({"time": "2024-01-01T00:00:00Z", "eventName": "file.read", "body": said, "attributes": {"note": said, "url.path": said, "audit.target.type": said, "exception.message": said}});
    let syslog = json!({"time": "Mar  1 00:00:00", "host": "h", "app": "a", "message": said, "structuredData": {"x": {"note": said}}});
    let cef = json!({"name": said, "signatureId": "1", "extension": {"rt": "1709802487000", "msg": said, "filePath": said, "act": said, "reason": said}});
    let openssh =
        format!("Mar  1 00:00:00 host sudo: ann : TTY=pts/0 ; PWD=/{said} ; USER=root ; COMMAND=/bin/echo {said}");
    let content = ["requestFields", "resultFields", "entities", "users"];
    for (name, record) in [
        ("cloudtrail", cloudtrail.to_string()),
        ("o365", o365.to_string()),
        ("windows", windows.to_string()),
        ("openssh", openssh),
        ("otlp", otlp.to_string()),
        ("syslog", syslog.to_string()),
        ("cef", cef.to_string()),
    ] {
        let adapter = Adapter::builtin(name).unwrap();
        let mut event = convert(&mut adapter.converter(options()), &record).unwrap().remove(0);
        assert!(event.to_string().contains("4711"), "{name}");
        for part in content {
            event.as_object_mut().unwrap().remove(part);
        }
        let infrastructure = event.to_string();
        assert!(!infrastructure.contains("launch") && !infrastructure.contains("4711"), "{name}: {infrastructure}");
    }
}

/// What only began, or is not decided, did not succeed.
#[test]
fn what_only_began_is_no_success() {
    let kubernetes = |stage: &str, code: u32| {
        json!({"kind": "Event", "stage": stage, "requestReceivedTimestamp": "2024-01-01T00:00:00Z", "verb": "create",
        "requestURI": "/api/v1/namespaces/n/pods", "user": {"username": "ann"}, "objectRef": {"resource": "pods", "namespace": "n", "name": "p"}, "responseStatus": {"code": code}})
    };
    let carried = |stage: &str| {
        json!({"time": "2024-01-01T00:00:00Z", "category": "kube-audit", "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read",
        "properties": {"log": kubernetes(stage, 200).to_string()}})
    };
    let azure = |kind: &str| json!({"time": "2024-01-01T00:00:00Z", "operationName": "MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE", "category": "Administrative", "resultType": kind});
    let azure_rest = |kind: &str| json!({"eventTimestamp": "2024-01-01T00:00:00Z", "operationName": {"value": "Microsoft.Compute/virtualMachines/write"}, "status": {"value": kind}});
    let okta = |name: &str, outcome: &str| json!({"published": "2024-01-01T00:00:00Z", "eventType": name, "outcome": {"result": outcome}, "actor": {"alternateId": "ann"}});
    let vault = |kind: &str| json!({"time": "2024-01-01T00:00:00Z", "type": kind, "request": {"operation": "read", "path": "secret/x"}});
    for (name, record, result) in [
        ("kubernetes", kubernetes("RequestReceived", 0), "PARTIAL"),
        ("kubernetes", kubernetes("ResponseStarted", 200), "PARTIAL"),
        ("kubernetes", kubernetes("ResponseStarted", 500), "ERROR"),
        ("kubernetes", kubernetes("RequestReceived", 403), "UNAUTHORIZED"),
        ("kubernetes", kubernetes("ResponseComplete", 201), "SUCCESS"),
        ("kubernetes", kubernetes("Panic", 0), "ERROR"),
        ("azure", carried("RequestReceived"), "PARTIAL"),
        ("azure", carried("ResponseComplete"), "SUCCESS"),
        ("azure", azure("Start"), "PARTIAL"),
        ("azure", azure("Accept"), "PARTIAL"),
        ("azure", azure("Success"), "SUCCESS"),
        ("azure", azure("Failure"), "ERROR"),
        ("azure", azure_rest("Started"), "PARTIAL"),
        ("azure", azure_rest("In Progress"), "PARTIAL"),
        ("azure", azure_rest("Succeeded"), "SUCCESS"),
        ("okta", okta("policy.evaluate_sign_on", "CHALLENGE"), "PARTIAL"),
        ("okta", okta("user.authentication.auth_via_mfa", "CHALLENGE"), "PARTIAL"),
        ("okta", okta("policy.evaluate_sign_on", "ALLOW"), "SUCCESS"),
        ("vault", vault("request"), "PARTIAL"),
        ("vault", vault("response"), "SUCCESS"),
    ] {
        let adapter = Adapter::builtin(name).unwrap();
        let event = convert(&mut adapter.converter(options()), &record.to_string()).unwrap().remove(0);
        assert_eq!(event["result"], result, "{name}: {record}");
        if result == "PARTIAL" {
            let decided = ["authorizationCheckSucceededTargets", "authorizationCheckFailedTargets"];
            assert!(decided.iter().all(|field| event["resultFields"].get(field).is_none()), "{event}");
        }
    }
}

#[test]
fn names_of_auth0_hold_words_of_the_api_only() {
    for (path, name) in [
        ("/api/v2/users/ann/roles", "sapi:get:users.roles"),
        ("/api/v2/users/auth0%7Cab12", "sapi:get:users"),
        ("/api/v2/connections/the-payroll/scim-configuration", "sapi:get:connections.scim-configuration"),
        ("/api/v2/attack-protection/brute-force-protection", "sapi:get:attack-protection.brute-force-protection"),
        ("/api/v2/ann", "sapi:get"),
    ] {
        let record = json!({"date": "2024-01-01T00:00:00Z", "type": "sapi", "details": {"request": {"method": "get", "path": path}}});
        let adapter = Adapter::builtin("auth0").unwrap();
        let event = convert(&mut adapter.converter(options()), &record.to_string()).unwrap().remove(0);
        assert_eq!(event["name"], name, "{path}");
    }
}

#[test]
fn tenants_stay_apart() {
    let time = "2024-01-01T00:00:00Z";
    let vault = |path: &str| json!({"time": time, "type": "response", "request": {"operation": "read", "path": "secret/x", "namespace": {"path": path}}});
    let duo = json!({"isotimestamp": time, "action": "user_create", "host": "api-1.duosecurity.com"});
    let github = json!({"@timestamp": time, "action": "org.add_member", "org": ["acme", "beta"], "actor": "ann"});
    let organization = |name: &str, record: &Value| {
        let adapter = Adapter::builtin(name).unwrap();
        let event = convert(&mut adapter.converter(options()), &record.to_string()).unwrap().remove(0);
        (
            event["organizations"][0]["id"].as_str().map(str::to_owned),
            event["requestFields"]["passThroughRequestParams"].clone(),
        )
    };
    let (flat, _) = organization("vault", &vault("a-b/"));
    let (nested, kept) = organization("vault", &vault("a/b/"));
    assert_eq!(flat.as_deref(), Some("ri.indelible..organization.a-b"));
    assert!(
        nested.as_ref().is_some_and(|id| id.starts_with("ri.indelible..organization.a-b.")) && nested != flat,
        "{nested:?}"
    );
    assert_eq!(kept["tenant"]["payload"], "a/b");
    assert_eq!(organization("duo", &duo).0, None, "a host is nobody's name");
    let (first, kept) = organization("github", &github);
    assert_eq!(first.as_deref(), Some("ri.indelible..organization.acme"));
    assert_eq!(kept["org"]["payload"], json!(["acme", "beta"]));
}

#[test]
fn lines_without_a_header_are_refused() {
    let adapter = Adapter::builtin("openssh").unwrap();
    let mut converter = adapter.converter(options());
    for line in ["", "-- Reboot --", "hello", "Mar 1", "Foo  1 00:00:00 host sshd[1]: x"] {
        assert!(convert(&mut converter, line).is_err(), "{line}");
    }
}

/// A small generator; the seed is in the name of what fails.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

/// Damages one value somewhere inside, the whole rarely.
fn damage(value: &mut Value, depth: usize, random: &mut Random) {
    let deeper = random.below(if depth == 0 { 40 } else { 3 }) > 0;
    match value {
        Value::Object(object) if deeper && !object.is_empty() => {
            let at = random.below(object.len());
            let key = object.keys().nth(at).unwrap().clone();
            if random.below(6) == 0 {
                object.remove(&key);
            } else {
                damage(object.get_mut(&key).unwrap(), depth + 1, random);
            }
        }
        Value::Array(array) if deeper && !array.is_empty() => {
            let at = random.below(array.len());
            damage(&mut array[at], depth + 1, random);
        }
        value => {
            let strange = [
                json!(null),
                json!(true),
                json!(-1),
                json!(1.5),
                json!(""),
                json!("-"),
                json!("ünïcode \u{1}\n\t <>"),
                json!([]),
                json!([null, 1, {"Name": null}]),
                json!({}),
                json!({"Name": {"a": []}}),
                json!("x".repeat(3000)),
                json!(9_223_372_036_854_775_807_i64),
                json!({"type": "rid", "rid": 1}),
                json!([[["a"]]]),
            ];
            *value = strange[random.below(strange.len())].clone();
        }
    }
}

fn check_damage(name: &str, records: &[Value], seed: u64) {
    let adapter = Adapter::builtin(name).unwrap();
    let mut converter = adapter.converter(options()).dating_undated();
    let mut random = Random(seed);
    let mut converted = 0;
    for round in 0..600 {
        let mut record = records[random.below(records.len())].clone();
        for _ in 0..=random.below(4) {
            damage(&mut record, 0, &mut random);
        }
        if record.is_object() {
            converted += usize::from(convert(&mut converter, &record.to_string()).is_ok());
        }
        assert!(round < 599 || converted > 100, "{name}, seed {seed}: only {converted} converted");
    }
}

#[test]
fn damaged_records_are_converted_or_refused_and_never_a_fault() {
    let cloudtrail = json!({"eventVersion": "1.08", "userIdentity": {"type": "AssumedRole", "principalId": "A:s", "arn": "arn:aws:sts::1:assumed-role/r/s", "accountId": "1",
        "accessKeyId": "AK", "sessionContext": {"sessionIssuer": {"accountId": "1"}}}, "eventTime": "2024-01-01T00:00:00Z", "eventSource": "iam.amazonaws.com",
        "eventName": "CreateAccessKey", "awsRegion": "r", "sourceIPAddress": "192.0.2.1", "userAgent": "a", "errorCode": null,
        "requestParameters": {"userName": "u", "bucketName": "b", "key": "k", "groupName": "g"}, "resources": [{"ARN": "arn:x"}],
        "responseElements": {"accessKey": {"accessKeyId": "AK", "userName": "u"}}, "requestID": "r", "eventID": "e", "readOnly": false, "recipientAccountId": "1"});
    let mut shapes = Vec::new();
    for (source, name) in [
        ("iam", "CreateAccessKey"),
        ("iam", "AddUserToGroup"),
        ("s3", "GetObject"),
        ("sts", "AssumeRole"),
        ("kms", "Decrypt"),
        ("signin", "ConsoleLogin"),
        ("ssm", "PutParameter"),
        ("ec2", "RunInstances"),
        ("ec2", "ModifySnapshotAttribute"),
        ("bedrock", "InvokeModel"),
        ("athena", "StartQueryExecution"),
        ("iam", "DeleteAccessKey"),
        ("secretsmanager", "DeleteSecret"),
        ("logs", "GetLogEvents"),
    ] {
        let mut shape = cloudtrail.clone();
        shape["eventSource"] = json!(format!("{source}.amazonaws.com"));
        shape["eventName"] = json!(name);
        shapes.push(shape);
    }
    check_damage("cloudtrail", &shapes, 1);

    let o365 = json!({"CreationTime": "2024-01-01T00:00:00", "Id": "i", "Operation": "x", "OrganizationId": "o", "ResultStatus": "True", "UserId": "u", "Version": 1,
        "Workload": "Exchange", "ObjectId": "obj", "Parameters": [{"Name": "User", "Value": "v"}, {"Name": "ForwardTo", "Value": "a@b"}], "ClientIP": "[::1]:1",
        "ModifiedProperties": [{"Name": "Group.DisplayName", "NewValue": "g", "OldValue": ""}], "ExtendedProperties": [{"Name": "additionalDetails", "Value": "{\"User-Agent\":\"x\"}"}],
        "Target": [{"ID": "t", "Type": 1}], "Folders": [{"Path": "p", "FolderItems": [{"InternetMessageId": "m"}]}], "EventData": "<Group>g</Group>", "Members": [{"UPN": "m"}],
        "OriginatingServer": "S (1)", "AppAccessContext": {"AADSessionId": "s"}});
    let mut shapes = Vec::new();
    for (workload, operation) in [
        ("Exchange", "Add-MailboxPermission"),
        ("Exchange", "New-InboxRule"),
        ("Exchange", "MailItemsAccessed"),
        ("AzureActiveDirectory", "Add member to group."),
        ("AzureActiveDirectory", "UserLoginFailed"),
        ("AzureActiveDirectory", "Consent to application."),
        ("SharePoint", "AddedToGroup"),
        ("OneDrive", "FileDownloaded"),
        ("MicrosoftTeams", "MemberAdded"),
        ("Copilot", "CopilotInteraction"),
        ("Exchange", "Send"),
        ("AzureActiveDirectory", "Update StsRefreshTokenValidFrom Timestamp."),
    ] {
        let mut shape = o365.clone();
        shape["Workload"] = json!(workload);
        shape["Operation"] = json!(operation);
        shapes.push(shape);
    }
    check_damage("o365", &shapes, 2);

    let mut shapes = Vec::new();
    for id in [4624, 4625, 4656, 4663, 4657, 4672, 4688, 4720, 4728, 4769, 5156, 5145, 1102, 4698, 4703, 4662] {
        let data = json!({"SubjectUserName": "u", "SubjectDomainName": "d", "SubjectLogonId": "0x1", "TargetUserName": "t", "TargetDomainName": "d", "ObjectName": "o",
            "ObjectType": "Key", "AccessList": "%%1537\n\t%%4433", "PrivilegeList": "A\n\tB", "IpAddress": "::ffff:192.0.2.1", "MemberSid": "S-1", "ServiceName": "s"});
        let mut flat = data.clone();
        flat["EventID"] = json!(id);
        flat["Hostname"] = json!("h.example.org");
        flat["Channel"] = json!("Security");
        flat["Keywords"] = json!("0x8010000000000000");
        flat["TimeCreated"] = json!("2024-01-01T00:00:00Z");
        flat["Message"] = json!("Account Name: x\n Domain Name: y");
        shapes.push(flat);
        shapes.push(json!({"winlog": {"event_id": id, "channel": "Security", "computer_name": "h", "event_data": data, "keywords": ["Audit Failure"]}, "@timestamp": "2024-01-01T00:00:00Z", "message": "m"}));
        shapes.push(json!({"event_id": id, "log_name": "Security", "computer_name": "h", "event_data": data, "keywords": ["Audit Success"], "@timestamp": "2024-01-01T00:00:00Z"}));
    }
    check_damage("windows", &shapes, 3);

    let otlp = |name: &str| {
        json!({"time": "2024-01-01T00:00:00Z", "observedTime": "2024-01-01T00:00:01Z", "eventName": name, "severityNumber": 9, "severityText": "INFO",
            "body": {"a": 1}, "traceId": "ab", "spanId": "cd", "scope": {"name": "s"}, "resource": {"attributes": {"service.name": "shop", "service.version": "1"}},
            "attributes": {"user.id": "u", "client.address": "192.0.2.1", "audit.target.id": "t", "audit.outcome": "success", "http.response.status_code": 200, "session.id": "s"}})
    };
    let names =
        ["user.login", "file.read", "group.update", "role.assign", "token.revoke", "secret.read", "x.search", "log"];
    check_damage("otlp", &names.map(otlp), 4);

    let syslog = json!({"format": "rfc5424", "priority": 13, "facility": "user", "severity": "notice", "time": "2024-01-01T00:00:00Z", "host": "h", "app": "%SYS-5-CONFIG_I",
        "procId": "1", "msgId": "m", "structuredData": {"origin": {"ip": "192.0.2.1"}}, "message": "x", "json": {"a": 1}});
    check_damage("syslog", &[syslog], 5);

    let cef = |name: &str| {
        json!({"time": "Mar  7 09:08:07", "host": "h", "severity": "info", "cef": {"version": "0", "deviceVendor": "v", "deviceProduct": "p", "deviceVersion": "1", "signatureId": "1", "name": name,
            "severity": "5", "extension": {"rt": "1709802487000", "src": "192.0.2.1", "suser": "u", "duser": "d", "act": "deny", "outcome": "failure", "filePath": "/f", "externalId": "e"}, "custom": {"l": "v"}}})
    };
    let names = ["User login", "File deleted", "Process started", "User created", "Permission change", "Access denied"];
    check_damage("cef", &names.map(cef), 6);
}

/// The samples of `adapters/samples`, damaged.
#[test]
fn damaged_samples_are_converted_or_refused_and_never_a_fault() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../adapters/samples");
    let mut names = 0;
    for (seed, name) in Adapter::names().iter().enumerate() {
        let Ok(bytes) = std::fs::read(folder.join(format!("{name}.jsonl"))) else { continue };
        let adapter = Adapter::builtin(name).unwrap();
        let mut reader = Reader::new(bytes.as_slice(), adapter.framing());
        let mut records: Vec<Value> = Vec::new();
        while let Some(record) = reader.next() {
            records.push(serde_json::from_slice(record.unwrap().bytes).unwrap());
        }
        check_damage(name, &records, seed as u64);
        names += 1;
    }
    assert!(names >= 13);
}

#[test]
fn the_adapter_in_the_guide_does_what_the_guide_says() {
    let guide =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/adapters.md")).unwrap();
    let between = |from: &str, to: &str| guide.split_once(from).unwrap().1.split_once(to).unwrap().0.to_owned();
    let source = format!("# adapter: shop{}", between("# adapter: shop", "```"));
    let record = between("The record `", "`\nbecomes");
    let mut expected: Value = serde_json::from_str(&between("```json\n", "```")).unwrap();

    let adapter = Adapter::from_source(&source).unwrap();
    let mut converter = adapter.converter(options());
    let mut event = convert(&mut converter, &record).unwrap().remove(0);
    for id in ["eventId", "logEntryId"] {
        event[id] = Value::Null;
        expected[id] = Value::Null;
    }
    assert_eq!(event, expected);
    assert_eq!(convert(&mut converter, "{}"), Err(Code::Refused));
}

/// Each program of the guide that stands alone, on the record behind it, gives the parts that stand behind that.
#[test]
fn the_short_programs_in_the_guide_give_what_the_guide_says() {
    let guide =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/adapters.md")).unwrap();
    let mut programs = 0;
    for part in guide.split("```vrl\n").skip(1) {
        let (program, rest) = part.split_once("```").unwrap();
        let (record, rest) = rest.split_once("\n`{").unwrap().1.split_once("` gives\n").unwrap();
        let expected: Value =
            serde_json::from_str(rest.split("```").nth(1).unwrap().trim_start_matches("json")).unwrap();
        let adapter = Adapter::from_source(&format!("# adapter: part\n\n{program}")).unwrap();
        let event = convert(&mut adapter.converter(options()), &format!("{{{record}")).unwrap().remove(0);
        let told = ["requestFields", "resultFields", "entities"];
        let told: serde_json::Map<_, _> =
            told.iter().filter_map(|member| Some(((*member).to_owned(), event.get(*member)?.clone()))).collect();
        assert_eq!(Value::Object(told), expected, "{program}");
        programs += 1;
    }
    assert_eq!(programs, 4);
}

#[test]
fn the_lines_of_vrl_in_the_guide_are_a_program() {
    let guide =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/adapters.md")).unwrap();
    let lines = guide.split_once("## VRL in a few lines\n\n```\n").unwrap().1.split_once("```").unwrap().0;
    let event = r#". = { "time": 0, "name": name, "result": result, "subjects": subjects, "uid": who, "traceId": [id, first], "passThrough": rest }"#;
    let adapter = Adapter::from_source(&format!("# adapter: lines\n\n{lines}\n{event}\n")).unwrap();
    let record = r#"{"action":"login denied","message":"user ann","targets":[{"id":"t1"}]}"#;
    let event = convert(&mut adapter.converter(options()), record).unwrap().remove(0);
    assert_eq!((event["result"].as_str(), event["uid"].as_str()), (Some("UNAUTHORIZED"), Some("ann")));
    assert_eq!(event["entities"], json!(["t1"]));
}

/// `INDELIBLE_UPDATE=1` writes the pages anew.
#[test]
fn reference_pages_say_what_the_adapter_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/adapters");
    for name in Adapter::names() {
        let adapter = Adapter::builtin(name).unwrap();
        let page = format!("{}\n", adapter.docs().trim());
        let path = folder.join(format!("{name}.md"));
        if std::env::var_os("INDELIBLE_UPDATE").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &page).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(written == page, "{} is not up to date; run this test with INDELIBLE_UPDATE=1", path.display());
    }
}
