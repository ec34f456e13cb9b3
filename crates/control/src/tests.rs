#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;
use crate::database::Kind;

mod people;

use people::*;

fn organization(name: &str) -> Organization {
    format!("ri.indelible..organization.{name}").parse().unwrap()
}

/// Where the database of a scene is. A scene opens it again and again, as restarts do.
enum Place {
    Sqlite(tempfile::TempDir),
    PostgreSql(Url),
}

async fn try_open(place: &Place) -> Result<Control, ControlError> {
    match place {
        Place::Sqlite(folder) => Control::open(&folder.path().join("control.sqlite")).await,
        Place::PostgreSql(url) => {
            // The lock of a server that ended goes with its connection, a moment later.
            for _ in 0..200 {
                match Control::open_postgresql(url).await {
                    Err(ControlError::InUse) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                    opened => return opened,
                }
            }
            panic!("the database stays in use");
        }
    }
}

async fn open(place: &Place) -> Control {
    try_open(place).await.unwrap()
}

/// Ends a server and starts the next.
async fn reopen(control: Control, place: &Place) -> Control {
    drop(control);
    open(place).await
}

/// What is said in the database's own words.
async fn set_version(control: &Control, version: u32) {
    let statement = match control.database.kind() {
        Kind::Sqlite => format!("pragma user_version = {version}"),
        Kind::PostgreSql => format!("update schema_version set version = {version}"),
    };
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&control.pool).await.unwrap();
}

/// All that the database holds, as bytes of its files or as text of its rows.
async fn contents(control: &Control, place: &Place) -> Vec<u8> {
    match place {
        Place::Sqlite(folder) => {
            let files = std::fs::read_dir(folder.path()).unwrap();
            files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
        }
        Place::PostgreSql(_) => {
            let tables = "select table_name::text from information_schema.tables where table_schema = 'public'";
            let mut all = String::new();
            for table in control.rows("list tables", tables).await.unwrap() {
                let rows = format!("select t::text from {} t", table.get::<&str, _>(0));
                let rows = sqlx::query(sqlx::AssertSqlSafe(rows)).fetch_all(&control.pool).await.unwrap();
                rows.iter().for_each(|row| all.push_str(row.get(0)));
            }
            all.into_bytes()
        }
    }
}

/// Each scene is a test on SQLite, and all of them are one test on one server of PostgreSQL.
macro_rules! scenes {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&super::Place::Sqlite(tempfile::tempdir().unwrap())).await;
            })*
        }

        #[tokio::test]
        async fn postgresql() {
            let server = indelible_testkit::postgresql::PostgreSql::start();
            check_one_server_only(&server.database("one_server_only").parse().unwrap()).await;
            $(
                eprintln!("{}", stringify!($name));
                // Names of databases have at most 63 bytes.
                let name = &stringify!($name)[..stringify!($name).len().min(60)];
                $name(&Place::PostgreSql(server.database(name).parse().unwrap())).await;
            )*
        }
    };
}

async fn administrator(control: &Control) -> String {
    let mut token = String::new();
    let keep = |secret: &Secret| {
        token = secret.reveal().to_owned();
        Ok(())
    };
    assert!(control.create_administrator(1, keep).await.unwrap());
    token
}

/// A database with an administrator, whose token comes too, and their organizations `a` and `b`.
async fn with_two_organizations(place: &Place) -> (Control, String, Arc<Principal>, [Organization; 2]) {
    let control = open(place).await;
    let secret = administrator(&control).await;
    let administrator = control.authenticate(&secret, 1).unwrap();
    let organizations = ["a", "b"].map(organization);
    for organization in &organizations {
        assert!(control.create_organization(organization, &administrator, 1).await.unwrap());
    }
    let administrator = control.authenticate(&secret, 1).unwrap();
    (control, secret, administrator, organizations)
}

/// A second server is refused, also after the first one's lock was lost and taken again; a third may follow the first.
async fn check_one_server_only(url: &Url) {
    let first = Control::open_postgresql(url).await.unwrap();
    assert!(matches!(Control::open_postgresql(url).await, Err(ControlError::InUse)));
    let end = "select count(pg_terminate_backend(pid)) from pg_locks where locktype = 'advisory'";
    sqlx::query(end).execute(&first.pool).await.unwrap();
    first.hold().await.unwrap();
    assert!(matches!(Control::open_postgresql(url).await, Err(ControlError::InUse)));
    sqlx::query(end).execute(&first.pool).await.unwrap();
    let second = Control::open_postgresql(url).await.unwrap();
    assert!(matches!(first.hold().await, Err(ControlError::InUse)));
    second.hold().await.unwrap();
}

scenes! {
    the_administrator_is_made_once_and_survives_reopening,
    the_creator_administers_the_organization_and_nobody_else_reads_it,
    a_wrong_token_is_nobody_and_no_secret_is_stored,
    a_newer_schema_is_refused,
    a_client_is_known_by_its_secret_and_no_token,
    an_access_token_does_what_its_scopes_cover_until_it_ends_or_is_revoked,
    access_tokens_that_ended_go_and_a_client_holds_a_bounded_number,
    an_export_is_created_once_and_stays_disabled,
    sinks_are_remembered_by_organization_and_name,
    retention_is_a_history_and_dropped_files_are_noted_once,
    tokens_are_listed_with_their_last_use_and_end_when_they_are_revoked,
    a_name_on_certificates_is_one_producer_until_it_is_revoked,
    administrators_of_an_older_database_may_what_was_added,
    what_one_asks_for_another_decides_once_and_in_time,
    a_grant_holds_at_once_and_no_longer_than_it_stands,
    groups_are_those_of_the_newest_sign_in,
    a_session_ends_by_time_by_rest_and_by_being_ended,
    sessions_of_one_are_bounded_and_end_together,
    failures_are_counted_over_restarts_and_at_one_time,
    who_creates_an_organization_is_granted_it,
}

/// A principal that nobody made, as people are.
async fn person(control: &Control, id: &str) -> Arc<Principal> {
    let secret = Secret::draw(token::PREFIX).unwrap();
    let operations = vec![Operation::OperatorInvestigate];
    let grant = Grant { name: id.to_owned(), target: None, operations, expires_at_us: None };
    control.insert_token(id, id, &grant, &secret, 1).await.unwrap();
    control.authenticate(secret.reveal(), 1).unwrap()
}

async fn what_one_asks_for_another_decides_once_and_in_time(place: &Place) {
    let (control, _, administrator, [a, b]) = with_two_organizations(place).await;
    let (ann, ben) = (person(&control, "ann").await, person(&control, "ben").await);
    let of_ann = Grant {
        name: "x".into(),
        target: Some(a.clone()),
        operations: vec![Operation::AuditSearch],
        expires_at_us: None,
    };
    let of_ann = control.create_token(&of_ann, &ann, 1).await.unwrap();
    let of_ann = control.authenticate(of_ann.reveal(), 2).unwrap();
    let ask = async |emergency_until_us| {
        let new = NewRequest { organization: &a, action: "{}", reason: "why", lapses_at_us: 100, emergency_until_us };
        control.create_request(&new, &ann, 10).await.unwrap().unwrap()
    };
    let find = async |request: &Request| control.request(&request.id).await.unwrap().unwrap();

    let request = ask(None).await;
    assert!(request.waits(99) && !request.waits(100) && !request.is_active(10) && !request.is_emergency());
    // Neither who asked, nor what they made, nor anybody after the time.
    for (by, now_us, same) in [(&ann, 11, true), (&of_ann, 11, true), (&ben, 100, false)] {
        let error = control.decide_request(&request, by, Outcome::Approved, Some(50), now_us).await.unwrap_err();
        assert_eq!(matches!(error, DecideError::SamePerson(_)), same, "{error}");
    }
    assert!(request.investigation(&ann, 11).is_err());
    control.decide_request(&request, &ben, Outcome::Approved, Some(50), 12).await.unwrap();
    // Whoever looked before it was decided is too late, whatever they want.
    for outcome in [Outcome::Approved, Outcome::Refused] {
        let late = control.decide_request(&request, &administrator, outcome, None, 13).await.unwrap_err();
        assert!(matches!(late, DecideError::NotWaiting), "{late}");
    }
    let approved = find(&request).await;
    let decision = Decision { outcome: Outcome::Approved, by: Some("ben".into()), at_us: 12 };
    assert_eq!((approved.decision.as_ref(), approved.ends_at_us), (Some(&decision), Some(50)));
    assert_eq!(approved.investigation(&ann, 49).unwrap().organizations(), std::slice::from_ref(&a));
    for (by, now_us) in [(&ann, 50), (&ben, 20), (&of_ann, 20), (&administrator, 20)] {
        assert!(approved.investigation(by, now_us).is_err(), "{} at {now_us}", by.id);
    }
    assert!(control.withdraw_request(&request.id, &ben, 30).await.unwrap());
    assert!(!control.withdraw_request(&request.id, &ben, 31).await.unwrap());
    assert!(find(&request).await.investigation(&ann, 32).is_err());

    let refused = ask(None).await;
    control.decide_request(&refused, &ben, Outcome::Refused, None, 12).await.unwrap();
    assert!(find(&refused).await.investigation(&ann, 13).is_err());
    let emergency = ask(Some(40)).await;
    assert!(emergency.is_emergency() && !emergency.waits(11) && emergency.investigation(&ann, 39).is_ok());
    assert!(emergency.investigation(&ann, 40).is_err());

    let ids = |requests: Vec<Request>| requests.into_iter().map(|request| request.id).collect::<BTreeSet<_>>();
    let all: BTreeSet<_> = [&request, &refused, &emergency].map(|request| request.id.clone()).into();
    assert_eq!(ids(control.requests(&a, 10).await.unwrap()), all);
    assert_eq!(ids(control.requests(&b, 10).await.unwrap()), BTreeSet::new());
    assert_eq!(ids(control.requests_by(&ann, 10).await.unwrap()), all);
    assert_eq!(control.requests(&a, 2).await.unwrap().len(), 2);
    for _ in 0..100 {
        ask(None).await;
    }
    let more = NewRequest { organization: &a, action: "{}", reason: "", lapses_at_us: 100, emergency_until_us: None };
    assert_eq!(control.create_request(&more, &ann, 10).await.unwrap(), None);
    let control = reopen(control, place).await;
    assert_eq!(control.request(&refused.id).await.unwrap().unwrap().decision.unwrap().outcome, Outcome::Refused);
}

async fn the_administrator_is_made_once_and_survives_reopening(place: &Place) {
    let secret = administrator(&open(place).await).await;
    let control = open(place).await;
    assert!(!control.create_administrator(2, |_| panic!("there is one")).await.unwrap());
    let administrator = control.authenticate(&secret, 3).unwrap();
    assert_eq!(administrator.require_platform(Operation::OperatorAdminister), Ok(()));
    assert_eq!(administrator.attribution(), Ok(Attribution::Any));
}

async fn the_creator_administers_the_organization_and_nobody_else_reads_it(place: &Place) {
    let control = open(place).await;
    let secret = administrator(&control).await;
    let administrator = control.authenticate(&secret, 1).unwrap();
    let (a, b) = (organization("a"), organization("b"));
    assert!(control.create_organization(&a, &administrator, 1).await.unwrap());
    assert!(!control.create_organization(&a, &administrator, 1).await.unwrap());
    assert!(control.create_organization(&b, &administrator, 1).await.unwrap());
    let grant = Grant {
        name: "reader".into(),
        target: Some(a.clone()),
        operations: vec![Operation::AuditSearch],
        expires_at_us: Some(100),
    };
    let reader_secret = control.create_token(&grant, &administrator, 1).await.unwrap();
    let reader = control.authenticate(reader_secret.reveal(), 99).unwrap();
    assert_eq!(reader.scope(Operation::AuditSearch, None).unwrap().organizations(), std::slice::from_ref(&a));
    assert!(reader.scope(Operation::AuditSearch, Some(&b)).is_err());
    assert!(reader.scope(Operation::AuditSql, None).is_err());
    assert!(reader.attribution().is_err());
    assert!(reader.require_platform(Operation::OperatorAdminister).is_err());
    assert!(control.authenticate(reader_secret.reveal(), 100).is_none(), "a token ends at its time");
    let administrator = control.authenticate(&secret, 1).unwrap();
    assert_eq!(administrator.scope(Operation::AuditSearch, None).unwrap().organizations(), [a, b]);
}

async fn a_wrong_token_is_nobody_and_no_secret_is_stored(place: &Place) {
    let control = open(place).await;
    let secret = administrator(&control).await;
    let mut wrong = secret.clone();
    wrong.pop();
    for token in ["", "x", wrong.as_str(), &"x".repeat(10_000)] {
        assert!(control.authenticate(token, 1).is_none());
    }
    let (held, needle) = (contents(&control, place).await, secret.splitn(3, '_').nth(2).unwrap().as_bytes());
    let holds = |needle: &[u8]| held.windows(needle.len()).any(|window| window == needle);
    assert!(holds(ADMINISTRATOR.as_bytes()) && !holds(needle));
}

async fn a_newer_schema_is_refused(place: &Place) {
    drop(open(place).await);
    let control = open(place).await;
    set_version(&control, 99).await;
    drop(control);
    let error = try_open(place).await.err().unwrap();
    assert!(matches!(error, ControlError::TooNew { found: 99, .. }), "{error}");
}

async fn client_of(control: &Control, operations: &[Operation]) -> (Arc<Client>, String) {
    let secret = administrator(control).await;
    let administrator = control.authenticate(&secret, 1).unwrap();
    control.create_organization(&organization("a"), &administrator, 1).await.unwrap();
    let grant = Grant {
        name: "siem".into(),
        target: Some(organization("a")),
        operations: operations.to_vec(),
        expires_at_us: None,
    };
    let (client, secret) = control.create_client(&grant, &administrator, 1).await.unwrap().unwrap();
    (client, secret.reveal().to_owned())
}

async fn a_client_is_known_by_its_secret_and_no_token(place: &Place) {
    let control = open(place).await;
    let (client, secret) = client_of(&control, &[Operation::AuditExportView]).await;
    assert_eq!(control.clients(&organization("a")), [Arc::clone(&client)]);
    assert!(control.clients(&organization("b")).is_empty());
    let control = reopen(control, place).await;
    assert_eq!(control.authenticate_client(&client.id, &secret), Some(client.clone()));
    for (id, secret) in [(&*client.id, "x"), ("x", &*secret), (&*client.id, ""), (&*client.id, &secret[1..])] {
        assert_eq!(control.authenticate_client(id, secret), None);
    }
    assert!(control.authenticate(&secret, 1).is_none(), "the secret is no token");
    let nowhere = Grant { name: "x".into(), target: Some(organization("b")), operations: vec![], expires_at_us: None };
    let nobody = control.create_access_token(&client, None, 1, 100).await.unwrap().unwrap();
    let nobody = control.authenticate(nobody.reveal(), 1).unwrap();
    assert!(control.create_client(&nowhere, &nobody, 1).await.unwrap().is_none());
}

async fn an_access_token_does_what_its_scopes_cover_until_it_ends_or_is_revoked(place: &Place) {
    let control = open(place).await;
    let (client, _) = client_of(&control, &[Operation::AuditExportView, Operation::AuditSearch]).await;
    let a = organization("a");
    let check = async |scopes: Option<&[ApiScope]>, may: &[Operation]| {
        let token = control.create_access_token(&client, scopes, 1, 100).await.unwrap().unwrap();
        let principal = control.authenticate(token.reveal(), 99).unwrap();
        assert_eq!((&principal.id, &*principal.token_id), (&client.id, &*token.id));
        for operation in Operation::ALL {
            assert_eq!(principal.require(*operation, &a).is_ok(), may.contains(operation), "{scopes:?} {operation}");
        }
        assert!(control.authenticate(token.reveal(), 100).is_none());
        token.reveal().to_owned()
    };
    check(None, &[Operation::AuditExportView, Operation::AuditSearch]).await;
    check(Some(&[ApiScope::AuditRead]), &[Operation::AuditExportView]).await;
    let token = check(Some(&[]), &[]).await;
    let control = reopen(control, place).await;
    assert!(control.authenticate(&token, 2).is_some(), "a restart keeps it");
    assert!(control.revoke_access_token(&client, "x").await.unwrap().is_none());
    assert!(control.revoke_access_token(&client, &token).await.unwrap().is_some());
    assert!(control.revoke_access_token(&client, &token).await.unwrap().is_none());
    assert!(control.authenticate(&token, 2).is_none());
    let token = control.create_access_token(&client, None, 1, 100).await.unwrap().unwrap();
    assert!(control.revoke_client(&client.id).await.unwrap());
    assert!(!control.revoke_client(&client.id).await.unwrap());
    assert!(control.authenticate(token.reveal(), 2).is_none());
    assert!(control.create_access_token(&client, None, 1, 100).await.unwrap().is_none());
}

async fn access_tokens_that_ended_go_and_a_client_holds_a_bounded_number(place: &Place) {
    let control = open(place).await;
    let (client, _) = client_of(&control, &[Operation::AuditExportView]).await;
    let mut tokens = Vec::new();
    for now_us in 0..258 {
        tokens.push(control.create_access_token(&client, None, now_us, 1000).await.unwrap().unwrap());
    }
    let alive: Vec<bool> = tokens.iter().map(|token| control.authenticate(token.reveal(), 999).is_some()).collect();
    assert_eq!(alive.iter().position(|alive| *alive), Some(2));
    assert!(alive[2..].iter().all(|alive| *alive));
    control.create_access_token(&client, None, 1000, 2000).await.unwrap();
    assert_eq!(control.rows("count", "select 1 from access_token").await.unwrap().len(), 1);
}

async fn an_export_is_created_once_and_stays_disabled(place: &Place) {
    let (control, _, administrator, [a, b]) = with_two_organizations(place).await;
    assert_eq!(administrator.require(Operation::AuditExportOrchestrate, &a), Ok(()));
    let settings = ExportSettings {
        name: "lake".into(),
        destination: "file:///lake".into(),
        log_type: "audit.3".into(),
        start_us: Some(-1),
        retention_days: Some(730),
        salt: true,
        readers: vec!["analysts".into(), "ann".into()],
    };
    let created = control.create_export(&a, &settings, &administrator, 5).await.unwrap().unwrap();
    assert_eq!((&created.settings, created.created_at_us, created.is_active()), (&settings, 5, true));
    assert_eq!(control.create_export(&a, &settings, &administrator, 6).await.unwrap(), None, "the name is taken");
    assert!(
        control.create_export(&b, &settings, &administrator, 7).await.unwrap().is_some(),
        "of another organization"
    );
    let control = reopen(control, place).await;
    assert_eq!(control.export(&a, "lake"), Some(created));
    assert!(!control.disable_export(&a, "sea", 8).await.unwrap());
    assert!(control.disable_export(&a, "lake", 9).await.unwrap());
    assert!(control.disable_export(&a, "lake", 10).await.unwrap());
    let control = reopen(control, place).await;
    let ended: Vec<_> = control.exports().iter().map(|export| export.disabled_at_us).collect();
    assert_eq!(ended, [Some(9), None]);
}

async fn sinks_are_remembered_by_organization_and_name(place: &Place) {
    let (control, _, _, [a, b]) = with_two_organizations(place).await;
    let sink = |id: &str, organization: &Organization| Sink {
        id: id.to_owned(),
        organization: organization.clone(),
        name: "siem".to_owned(),
        settings: "{}".to_owned(),
        begin: (2, 7),
        enabled: true,
        created_at_us: 5,
    };
    assert!(control.create_sink(&sink("1", &b)).await.unwrap());
    assert!(control.create_sink(&sink("2", &a)).await.unwrap());
    assert!(!control.create_sink(&sink("3", &a)).await.unwrap(), "a name is taken once in an organization");
    control.enable_sink("2", false).await.unwrap();
    let control = reopen(control, place).await;
    let off = Sink { enabled: false, ..sink("2", &a) };
    assert_eq!(control.sinks().await.unwrap(), [off.clone(), sink("1", &b)]);
    control.delete_sink("1").await.unwrap();
    assert_eq!(control.sinks().await.unwrap(), [off]);
    for (name, is_name) in [("siem-1", true), ("", false), ("Siem", false), ("a/b", false), (&"x".repeat(65), false)] {
        assert_eq!(Sink::is_name(name), is_name, "{name}");
    }
}

async fn retention_is_a_history_and_dropped_files_are_noted_once(place: &Place) {
    let (control, _, administrator, [a, b]) = with_two_organizations(place).await;
    assert_eq!(control.retention(&a), []);
    let setting = |since_us, days, hold| RetentionSetting { since_us, days, hold, locked: false };
    let settings = [setting(5, Some(30), false), setting(6, None, true), setting(7, Some(90), false)];
    for setting in settings {
        control.set_retention(&a, setting, &administrator).await.unwrap();
    }
    control.note_locked(&a, 6).await.unwrap();
    let control = reopen(control, place).await;
    let locked = |setting| RetentionSetting { locked: true, ..setting };
    assert_eq!(control.retention(&a), [locked(settings[0]), locked(settings[1]), settings[2]]);
    assert_eq!(control.retention(&b), []);

    let file = |organization: &Organization, first, entry| DroppedFile {
        organization: organization.clone(),
        generation: 1,
        first,
        last: first + 4,
        object: format!("log/{first}"),
        entry,
        removed_at_us: None,
    };
    let files = [file(&a, 0, (1, 9)), file(&a, 5, (1, 9)), file(&b, 0, (1, 3))];
    control.note_dropped(&files).await.unwrap();
    control.note_dropped(&[file(&a, 5, (1, 12))]).await.unwrap();
    assert_eq!(control.dropped_files().await.unwrap(), files);
    control.note_removed(&files[1], 77).await.unwrap();
    let removed: Vec<_> = control.dropped_files().await.unwrap().iter().map(|file| file.removed_at_us).collect();
    assert_eq!(removed, [None, Some(77), None]);
}

async fn a_name_on_certificates_is_one_producer_until_it_is_revoked(place: &Place) {
    let (control, _, administrator, [a, b]) = with_two_organizations(place).await;
    let grant = |name: &str, target: Option<&Organization>| Grant {
        name: name.into(),
        target: target.cloned(),
        operations: vec![Operation::AuditEmit],
        expires_at_us: None,
    };
    for (id, name, target) in
        [("1", "files.test", Some(&a)), ("2", "spiffe://gateway", None), ("3", "mail.test", Some(&b))]
    {
        assert!(control.create_certificate(id, &grant(name, target), &administrator, 5).await.unwrap());
        assert!(!control.create_certificate("4", &grant(name, Some(&b)), &administrator, 5).await.unwrap());
    }
    let control = reopen(control, place).await;
    let check = |control: &Control, names: &[&str], expected: Option<(&str, Attribution)>| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let found = control.authenticate_certificate(&names);
        let found = found.map(|principal| (principal.id.to_string(), principal.attribution().unwrap()));
        assert_eq!(found, expected.map(|(id, attribution)| (id.to_owned(), attribution)), "{names:?}");
    };
    check(&control, &["files.test"], Some(("1", Attribution::One(a.clone()))));
    check(&control, &["other.test", "spiffe://gateway"], Some(("2", Attribution::Any)));
    check(&control, &["files.test", "mail.test"], None);
    check(&control, &["files.tes", "files.test.", ""], None);
    let subjects = |target: Option<&Organization>| -> Vec<String> {
        control.certificates(target).iter().map(|certificate| certificate.subject.to_string()).collect()
    };
    assert_eq!(
        (subjects(Some(&a)), subjects(None)),
        (vec!["files.test".to_owned()], vec!["spiffe://gateway".to_owned()])
    );
    assert!(control.revoke_certificate("1").await.unwrap());
    assert!(!control.revoke_certificate("1").await.unwrap());
    assert!(!control.revoke_certificate("administrator").await.unwrap());
    let control = reopen(control, place).await;
    check(&control, &["files.test"], None);
    check(&control, &["files.test", "mail.test"], Some(("3", Attribution::One(b))));
}

#[test]
fn subjects_are_names_or_uris() {
    let check = |text: &str, expected: Option<&str>| assert_eq!(subject(text).as_deref(), expected, "{text}");
    check("Files.Acme.Test", Some("files.acme.test"));
    check("spiffe://Acme.Test/ns/A", Some("spiffe://Acme.Test/ns/A"));
    for bad in [
        "",
        "*.acme.test",
        "a b",
        "a/b",
        "://x",
        "spiffe://a b",
        "spiffe://ä",
        "ä.test",
        &"a".repeat(SUBJECT_BYTES_MAX + 1),
    ] {
        check(bad, None);
    }
}

async fn tokens_are_listed_with_their_last_use_and_end_when_they_are_revoked(place: &Place) {
    let (control, secret, administrator, [a, b]) = with_two_organizations(place).await;
    let grant = |name: &str, target: Option<&Organization>, operations: &[Operation]| Grant {
        name: name.to_owned(),
        target: target.cloned(),
        operations: operations.to_vec(),
        expires_at_us: None,
    };
    let reader = grant("reader", Some(&a), &[Operation::AuditSearch, Operation::AuditSql]);
    let reader = control.create_token(&reader, &administrator, 2).await.unwrap();
    control.create_token(&grant("other", Some(&b), &[Operation::AuditSearch]), &administrator, 3).await.unwrap();
    let names = async |target: Option<&Organization>| {
        let tokens = control.tokens(target).await.unwrap();
        tokens.into_iter().map(|token| token.name).collect::<Vec<_>>()
    };
    assert_eq!(names(Some(&a)).await, ["reader"]);
    assert_eq!(names(Some(&b)).await, ["other"]);
    assert_eq!(names(None).await, ["administrator"]);
    assert_eq!(names(Some(&organization("c"))).await, [""; 0]);

    let [token] = &control.tokens(Some(&a)).await.unwrap()[..] else { panic!("one token") };
    assert_eq!(token.operations, [Operation::AuditSearch, Operation::AuditSql].into());
    assert_eq!((token.target.as_ref(), token.created_at_us, token.last_used_us), (Some(&a), 2, None));
    control.authenticate(reader.reveal(), 5_000_000).unwrap();
    // A change of something else forgets nothing.
    control.create_token(&grant("more", Some(&b), &[Operation::AuditSql]), &administrator, 6).await.unwrap();
    control.keep_uses().await.unwrap();
    let last = async |control: &Control| control.token(&token.id).await.unwrap().unwrap().last_used_us;
    assert_eq!(last(&control).await, Some(5_000_000));
    let control = reopen(control, place).await;
    control.keep_uses().await.unwrap();
    assert_eq!(last(&control).await, Some(5_000_000));

    assert!(control.revoke_token(&token.id).await.unwrap());
    assert!(!control.revoke_token(&token.id).await.unwrap());
    assert!(control.authenticate(reader.reveal(), 6_000_000).is_none());
    assert_eq!(control.token(&token.id).await.unwrap(), None);
    let [own] = &control.tokens(None).await.unwrap()[..] else { panic!("one token") };
    assert!(own.is_administrators() && !control.revoke_token(&own.id).await.unwrap());
    assert!(control.authenticate(&secret, 7_000_000).is_some());
}

async fn administrators_of_an_older_database_may_what_was_added(place: &Place) {
    let control = open(place).await;
    let secret = administrator(&control).await;
    let administrator = control.authenticate(&secret, 1).unwrap();
    control.create_organization(&organization("a"), &administrator, 1).await.unwrap();
    let back = "delete from permission where operation = 'operator:observe' or operation like 'audit-export:%' or operation like 'audit-sink:%'; alter table token drop column last_used_us; drop table dropped_file; drop table retention; drop table sink; drop table export; drop table access_token; drop table client; drop table certificate; drop table source; drop table operator_view; drop table request; drop table password; drop table session; drop table role_grant; drop table person; \
                alter table principal drop column root;";
    sqlx::raw_sql(back).execute(&control.pool).await.unwrap();
    set_version(&control, 1).await;
    drop(control);
    let administrator = open(place).await.authenticate(&secret, 1).unwrap();
    for operation in [Operation::AuditExportView, Operation::AuditExportOrchestrate, Operation::AuditSinkAdminister] {
        assert_eq!(administrator.require(operation, &organization("a")), Ok(()), "{operation}");
    }
    assert!(administrator.observe(Vec::new()).is_ok(), "the operator's view");
    assert!(administrator.require_platform(Operation::OperatorInvestigate).is_err());
}
