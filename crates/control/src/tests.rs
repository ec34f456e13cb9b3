#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;

fn organization(name: &str) -> Organization {
    format!("ri.indelible..organization.{name}").parse().unwrap()
}

async fn open(folder: &tempfile::TempDir) -> Control {
    Control::open(&folder.path().join("control.sqlite")).await.unwrap()
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
async fn with_two_organizations(folder: &tempfile::TempDir) -> (Control, String, Arc<Principal>, [Organization; 2]) {
    let control = open(folder).await;
    let secret = administrator(&control).await;
    let administrator = control.authenticate(&secret, 1).unwrap();
    let organizations = ["a", "b"].map(organization);
    for organization in &organizations {
        assert!(control.create_organization(organization, &administrator, 1).await.unwrap());
    }
    let administrator = control.authenticate(&secret, 1).unwrap();
    (control, secret, administrator, organizations)
}

#[tokio::test]
async fn the_administrator_is_made_once_and_survives_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let secret = administrator(&open(&folder).await).await;
    let control = open(&folder).await;
    assert!(!control.create_administrator(2, |_| panic!("there is one")).await.unwrap());
    let administrator = control.authenticate(&secret, 3).unwrap();
    assert_eq!(administrator.require_platform(Operation::OperatorAdminister), Ok(()));
    assert_eq!(administrator.attribution(), Ok(Attribution::Any));
}

#[tokio::test]
async fn the_creator_administers_the_organization_and_nobody_else_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let control = open(&folder).await;
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
    let reader_secret = control.create_token(&grant, 1).await.unwrap();
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

#[tokio::test]
async fn a_wrong_token_is_nobody_and_no_secret_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let control = open(&folder).await;
    let secret = administrator(&control).await;
    let mut wrong = secret.clone();
    wrong.pop();
    for token in ["", "x", wrong.as_str(), &"x".repeat(10_000)] {
        assert!(control.authenticate(token, 1).is_none());
    }
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let needle = secret.rsplit('_').next().unwrap().as_bytes();
        assert!(!bytes.windows(needle.len()).any(|window| window == needle));
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(&folder).await);
    let control = open(&folder).await;
    sqlx::raw_sql("pragma user_version = 99").execute(&control.pool).await.unwrap();
    drop(control);
    let error = Control::open(&folder.path().join("control.sqlite")).await.err().unwrap();
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
    let (client, secret) = control.create_client(&grant, 1).await.unwrap().unwrap();
    (client, secret.reveal().to_owned())
}

#[tokio::test]
async fn a_client_is_known_by_its_secret_and_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let control = open(&folder).await;
    let (client, secret) = client_of(&control, &[Operation::AuditExportView]).await;
    assert_eq!(control.clients(&organization("a")), [Arc::clone(&client)]);
    assert!(control.clients(&organization("b")).is_empty());
    let control = open(&folder).await;
    assert_eq!(control.authenticate_client(&client.id, &secret), Some(client.clone()));
    for (id, secret) in [(&*client.id, "x"), ("x", &*secret), (&*client.id, ""), (&*client.id, &secret[1..])] {
        assert_eq!(control.authenticate_client(id, secret), None);
    }
    assert!(control.authenticate(&secret, 1).is_none(), "the secret is no token");
    let nowhere = Grant { name: "x".into(), target: Some(organization("b")), operations: vec![], expires_at_us: None };
    assert!(control.create_client(&nowhere, 1).await.unwrap().is_none());
}

#[tokio::test]
async fn an_access_token_does_what_its_scopes_cover_until_it_ends_or_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let control = open(&folder).await;
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
    assert!(open(&folder).await.authenticate(&token, 2).is_some(), "a restart keeps it");
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

#[tokio::test]
async fn access_tokens_that_ended_go_and_a_client_holds_a_bounded_number() {
    let folder = tempfile::tempdir().unwrap();
    let control = open(&folder).await;
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

#[tokio::test]
async fn an_export_is_created_once_and_stays_disabled() {
    let folder = tempfile::tempdir().unwrap();
    let (control, _, administrator, [a, b]) = with_two_organizations(&folder).await;
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
    let control = open(&folder).await;
    assert_eq!(control.export(&a, "lake"), Some(created));
    assert!(!control.disable_export(&a, "sea", 8).await.unwrap());
    assert!(control.disable_export(&a, "lake", 9).await.unwrap());
    assert!(control.disable_export(&a, "lake", 10).await.unwrap());
    let control = open(&folder).await;
    let ended: Vec<_> = control.exports().iter().map(|export| export.disabled_at_us).collect();
    assert_eq!(ended, [Some(9), None]);
}

#[tokio::test]
async fn sinks_are_remembered_by_organization_and_name() {
    let folder = tempfile::tempdir().unwrap();
    let (control, _, _, [a, b]) = with_two_organizations(&folder).await;
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
    drop(control);
    let control = open(&folder).await;
    let off = Sink { enabled: false, ..sink("2", &a) };
    assert_eq!(control.sinks().await.unwrap(), [off.clone(), sink("1", &b)]);
    control.delete_sink("1").await.unwrap();
    assert_eq!(control.sinks().await.unwrap(), [off]);
    for (name, is_name) in [("siem-1", true), ("", false), ("Siem", false), ("a/b", false), (&"x".repeat(65), false)] {
        assert_eq!(Sink::is_name(name), is_name, "{name}");
    }
}

#[tokio::test]
async fn retention_is_a_history_and_dropped_files_are_noted_once() {
    let folder = tempfile::tempdir().unwrap();
    let (control, _, administrator, [a, b]) = with_two_organizations(&folder).await;
    assert_eq!(control.retention(&a), []);
    let setting = |since_us, days, hold| RetentionSetting { since_us, days, hold, locked: false };
    let settings = [setting(5, Some(30), false), setting(6, None, true), setting(7, Some(90), false)];
    for setting in settings {
        control.set_retention(&a, setting, &administrator).await.unwrap();
    }
    control.note_locked(&a, 6).await.unwrap();
    let control = open(&folder).await;
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

#[tokio::test]
async fn tokens_are_listed_with_their_last_use_and_end_when_they_are_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let (control, secret, _, [a, b]) = with_two_organizations(&folder).await;
    let grant = |name: &str, target: Option<&Organization>, operations: &[Operation]| Grant {
        name: name.to_owned(),
        target: target.cloned(),
        operations: operations.to_vec(),
        expires_at_us: None,
    };
    let reader = grant("reader", Some(&a), &[Operation::AuditSearch, Operation::AuditSql]);
    let reader = control.create_token(&reader, 2).await.unwrap();
    control.create_token(&grant("other", Some(&b), &[Operation::AuditSearch]), 3).await.unwrap();
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
    control.create_token(&grant("more", Some(&b), &[Operation::AuditSql]), 6).await.unwrap();
    control.keep_uses().await.unwrap();
    let last = async |control: &Control| control.token(&token.id).await.unwrap().unwrap().last_used_us;
    assert_eq!(last(&control).await, Some(5_000_000));
    let control = open(&folder).await;
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

#[tokio::test]
async fn administrators_of_an_older_database_may_what_was_added() {
    let folder = tempfile::tempdir().unwrap();
    let control = open(&folder).await;
    let secret = administrator(&control).await;
    let administrator = control.authenticate(&secret, 1).unwrap();
    control.create_organization(&organization("a"), &administrator, 1).await.unwrap();
    let back = "delete from permission where operation like 'audit-export:%' or operation like 'audit-sink:%'; alter table token drop column last_used_us; drop table dropped_file; drop table retention; drop table sink; drop table export; drop table access_token; drop table client; \
                pragma user_version = 1";
    sqlx::raw_sql(back).execute(&control.pool).await.unwrap();
    drop(control);
    let administrator = open(&folder).await.authenticate(&secret, 1).unwrap();
    for operation in [Operation::AuditExportView, Operation::AuditExportOrchestrate, Operation::AuditSinkAdminister] {
        assert_eq!(administrator.require(operation, &organization("a")), Ok(()), "{operation}");
    }
}
