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
    assert_eq!(reader.scope(Operation::AuditSearch, None).unwrap().organizations(), [a.clone()]);
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
