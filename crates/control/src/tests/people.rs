//! People, what they are granted, their sessions, and the administrator's password.

use super::*;

const HOUR_US: i64 = 3_600_000_000;

fn ann(groups: &[&str], now_us: i64) -> Person {
    Person {
        id: Person::id_of("https://login.example.com", "ann").into(),
        name: "Ann".into(),
        email: Some("ann@example.com".into()),
        provider: "corp".into(),
        issuer: "https://login.example.com".into(),
        subject: "ann".into(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        created_at_us: now_us,
        signed_in_at_us: now_us,
    }
}

/// Signs Ann in and returns the secret of the session.
async fn sign_in(control: &Control, groups: &[&str], now_us: i64) -> String {
    let person = ann(groups, now_us);
    control.note_sign_in(&person).await.unwrap();
    control.create_session(&person.id, now_us, now_us + HOUR_US).await.unwrap().reveal().to_owned()
}

fn parsed(grantee: &str) -> Grantee {
    grantee.parse().unwrap()
}

#[test]
fn grantees_read_as_they_are_written() {
    let id = "0123456789abcdef0123456789abcdef";
    for text in [&*format!("person:{id}"), "group:corp/analysts", "group:corp/a/b c", "group:c-1/é"] {
        assert_eq!(parsed(text).to_string(), text);
    }
    let long = format!("group:corp/{}", "x".repeat(257));
    for text in [
        "",
        "person:",
        "person:ann",
        &*format!("person:{id}0"),
        "person:0123456789ABCDEF0123456789ABCDEF",
        "group:corp",
        "group:corp/",
        "group:Corp/x",
        "group:/x",
        "group:corp/a\nb",
        "somebody:x",
        &*long,
    ] {
        assert!(text.parse::<Grantee>().is_err(), "{text:?}");
    }
}

#[test]
fn an_id_follows_from_issuer_and_subject_and_nothing_else() {
    assert_eq!(Person::id_of("https://a", "b").len(), 32);
    assert_eq!(Person::id_of("https://a", "b"), Person::id_of("https://a", "b"));
    for (issuer, subject) in [("https://a", "c"), ("https://", "ab"), ("https://ab", ""), ("https://A", "b")] {
        assert_ne!(Person::id_of("https://a", "b"), Person::id_of(issuer, subject));
    }
}

#[test]
fn a_role_holds_what_belongs_where_it_is_granted() {
    for role in Role::ALL {
        assert_eq!(role.as_str().parse::<Role>().unwrap(), *role);
        let possible = if role.is_of_platform() { Operation::OF_PLATFORM } else { Operation::OF_ORGANIZATION };
        assert!(
            !role.operations().is_empty() && role.operations().iter().all(|held| possible.contains(held)),
            "{role}"
        );
    }
}

pub(super) async fn a_grant_holds_at_once_and_no_longer_than_it_stands(place: &Place) {
    let (control, _, administrator, [a, b]) = with_two_organizations(place).await;
    let secret = sign_in(&control, &["readers"], 10).await;
    let check = |control: &Control, on_a: &[Operation], platform: &[Operation]| {
        let session = control.authenticate_session(&secret, HOUR_US, 20).unwrap();
        let held = |operations: BTreeSet<Operation>| operations.into_iter().collect::<Vec<_>>();
        let rights = session.principal.rights();
        assert_eq!((held(rights.on(Some(&a))), held(rights.on(None))), (on_a.to_vec(), platform.to_vec()));
        assert!(rights.on(Some(&b)).is_empty());
        let scope = session.principal.scope(Operation::AuditSearch, None);
        assert_eq!(scope.is_ok(), on_a.contains(&Operation::AuditSearch));
    };
    check(&control, &[], &[]);
    let grant = async |grantee: &str, target: Option<&Organization>, role| {
        control.create_role_grant(&parsed(grantee), target, role, &administrator, 11).await.unwrap()
    };
    let reader = grant("group:corp/readers", Some(&a), Role::Reviewer).await.unwrap();
    assert_eq!(grant("group:corp/readers", Some(&a), Role::Reviewer).await, None, "granted already");
    check(&control, &[Operation::AuditSearch, Operation::AuditVerify], &[]);
    for nobody in ["group:other/readers", "group:corp/writers", "person:00000000000000000000000000000000"] {
        grant(nobody, Some(&a), Role::Producer).await.unwrap();
    }
    check(&control, &[Operation::AuditSearch, Operation::AuditVerify], &[]);
    let to_ann = format!("person:{}", ann(&[], 0).id);
    let producer = grant(&to_ann, Some(&a), Role::Producer).await.unwrap();
    let observer = grant(&to_ann, None, Role::OperatorObserver).await.unwrap();
    let all = [Operation::AuditEmit, Operation::AuditSearch, Operation::AuditVerify];
    check(&control, &all, &[Operation::OperatorObserve]);
    assert_eq!(control.people_of(&a).len(), 1);
    assert!(control.people_of(&b).is_empty());
    assert_eq!(control.role_grants(None), [Arc::clone(&observer)]);

    let control = reopen(control, place).await;
    check(&control, &all, &[Operation::OperatorObserve]);
    assert!(control.remove_role_grant(&reader.id).await.unwrap());
    assert!(!control.remove_role_grant(&reader.id).await.unwrap());
    check(&control, &[Operation::AuditEmit], &[Operation::OperatorObserve]);
    control.remove_role_grant(&observer.id).await.unwrap();
    control.remove_role_grant(&producer.id).await.unwrap();
    check(&control, &[], &[]);
}

pub(super) async fn groups_are_those_of_the_newest_sign_in(place: &Place) {
    let (control, _, administrator, [a, _]) = with_two_organizations(place).await;
    let readers = parsed("group:corp/readers");
    control.create_role_grant(&readers, Some(&a), Role::Reviewer, &administrator, 1).await.unwrap();
    let first = sign_in(&control, &["readers"], 10).await;
    let reads = |secret: &str| {
        let session = control.authenticate_session(secret, HOUR_US, 30).unwrap();
        session.principal.require(Operation::AuditSearch, &a).is_ok()
    };
    assert!(reads(&first));
    let second = sign_in(&control, &["writers"], 20).await;
    assert!(!reads(&second) && !reads(&first), "older sessions of the person too");
    let person = control.person(&ann(&[], 0).id).unwrap();
    assert_eq!((person.created_at_us, person.signed_in_at_us), (10, 20));
    assert_eq!(person.groups, ["writers".to_owned()].into());
    assert_eq!(control.people(), [person]);
}

pub(super) async fn a_session_ends_by_time_by_rest_and_by_being_ended(place: &Place) {
    let (control, _, _, _) = with_two_organizations(place).await;
    let secret = sign_in(&control, &[], 0).await;
    let lives = |secret: &str, idle_us, now_us| control.authenticate_session(secret, idle_us, now_us).is_some();
    const MINUTE_US: i64 = 60_000_000;
    assert!(lives(&secret, 30 * MINUTE_US, 29 * MINUTE_US));
    assert!(lives(&secret, 30 * MINUTE_US, 58 * MINUTE_US), "used in between");
    assert!(!lives(&secret, MINUTE_US, 59 * MINUTE_US), "idle");
    assert!(!lives(&secret, HOUR_US, 60 * MINUTE_US), "an hour is over");
    let mut wrong = secret.clone();
    wrong.pop();
    for other in ["", &*wrong, &"x".repeat(10_000)] {
        assert!(!lives(other, HOUR_US, 1));
    }
    assert!(control.authenticate(&secret, 1).is_none(), "it is no token");
    control.keep_uses().await.unwrap();
    let stored = contents(&control, place).await;
    let needle = &secret.as_bytes()[secret.len() - 24..];
    assert!(!stored.windows(needle.len()).any(|window| window == needle));

    let control = reopen(control, place).await;
    let session = control.authenticate_session(&secret, MINUTE_US, 58 * MINUTE_US + 1).expect("its last use is kept");
    assert!(control.end_session(&session.id).await.unwrap());
    assert!(!control.end_session(&session.id).await.unwrap());
    assert!(control.authenticate_session(&secret, HOUR_US, 59 * MINUTE_US).is_none());
}

pub(super) async fn sessions_of_one_are_bounded_and_end_together(place: &Place) {
    let (control, _, _, _) = with_two_organizations(place).await;
    let mut secrets = Vec::new();
    for now_us in 0..23 {
        secrets.push(sign_in(&control, &[], now_us).await);
    }
    let of_administrator = control.create_session(Control::ADMINISTRATOR, 1, HOUR_US).await.unwrap();
    let living = |control: &Control| {
        let lives = |secret: &&String| control.authenticate_session(secret, HOUR_US, 30).is_some();
        secrets.iter().filter(lives).count()
    };
    assert_eq!(living(&control), 20);
    assert!(control.authenticate_session(&secrets[2], HOUR_US, 30).is_none(), "the oldest ended");
    assert_eq!(control.end_sessions_unless(|_| true).await.unwrap(), 0);
    assert_eq!(control.end_sessions_of(&ann(&[], 0).id).await.unwrap(), 20);
    assert_eq!(living(&control), 0);
    assert!(control.authenticate_session(of_administrator.reveal(), HOUR_US, 30).is_some());
    sign_in(&control, &[], 40).await;
    let control = reopen(control, place).await;
    assert_eq!(control.end_sessions_unless(|provider| provider.is_none()).await.unwrap(), 1);
    assert!(control.authenticate_session(of_administrator.reveal(), HOUR_US, 50).is_some());
    assert_eq!(control.end_sessions_unless(|provider| provider.is_some()).await.unwrap(), 1);
    assert!(control.authenticate_session(of_administrator.reveal(), HOUR_US, 50).is_none());
}

pub(super) async fn failures_are_counted_over_restarts_and_at_one_time(place: &Place) {
    let (control, _, _, _) = with_two_organizations(place).await;
    const SECOND_US: i64 = 1_000_000;
    assert_eq!(control.try_password(0).await.unwrap(), None, "there is no password");
    control.set_password("a hash", true).await.unwrap();
    let stored = Some(StoredPassword { hash: "a hash".into(), must_change: true });
    for _ in 0..4 {
        assert_eq!(control.try_password(0).await.unwrap(), stored);
    }
    control.note_right_password().await.unwrap();
    for _ in 0..5 {
        assert_eq!(control.try_password(SECOND_US).await.unwrap(), stored);
    }
    assert_eq!(control.try_password(SECOND_US).await.unwrap(), None);
    let control = reopen(control, place).await;
    assert_eq!(control.try_password(2 * SECOND_US - 1).await.unwrap(), None);
    assert_eq!(control.try_password(2 * SECOND_US).await.unwrap(), stored, "a second is over");
    // An attempt that has to wait makes nobody wait longer.
    assert_eq!(control.try_password(4 * SECOND_US - 1).await.unwrap(), None);
    let many = made_of_five(&control, 4 * SECOND_US).await;
    assert_eq!(many, 1, "of many at one time one is made");
    control.set_password("another", false).await.unwrap();
    let stored = Some(StoredPassword { hash: "another".into(), must_change: false });
    assert_eq!(control.try_password(4 * SECOND_US).await.unwrap(), stored, "a new password is not locked");
}

/// How many of five attempts at one time are made.
async fn made_of_five(control: &Control, now_us: i64) -> usize {
    let attempt = || async { usize::from(control.try_password(now_us).await.unwrap().is_some()) };
    let (a, b, c, d, e) = tokio::join!(attempt(), attempt(), attempt(), attempt(), attempt());
    a + b + c + d + e
}

pub(super) async fn who_creates_an_organization_is_granted_it(place: &Place) {
    let (control, _, _, _) = with_two_organizations(place).await;
    let secret = sign_in(&control, &[], 0).await;
    let creator = control.authenticate_session(&secret, HOUR_US, 1).unwrap();
    let c = organization("c");
    assert!(control.create_organization(&c, &creator.principal, 2).await.unwrap());
    let session = control.authenticate_session(&secret, HOUR_US, 3).unwrap();
    assert!(session.principal.require(Operation::OrganizationAdminister, &c).is_ok());
    let [grant] = &control.role_grants(Some(&c))[..] else { panic!("one grant") };
    assert_eq!(
        (&grant.grantee, grant.role),
        (&Grantee::Person(ann(&[], 0).id.to_string()), Role::OrganizationAdministrator)
    );
    control.remove_role_grant(&grant.id).await.unwrap();
    let session = control.authenticate_session(&secret, HOUR_US, 4).unwrap();
    assert!(session.principal.require(Operation::OrganizationAdminister, &c).is_err());
}
