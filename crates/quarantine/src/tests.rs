#![allow(clippy::unwrap_used)]
use indelible_event::{ContentKey, Organization};

use crate::{Content, Filter, Kept, Limits, Quarantine, Reach, Refused, SealError, State};

const LIMITS: Limits = Limits { bytes: 1 << 20, organization_bytes: 1 << 19 };

fn organization(name: &str) -> Organization {
    format!("ri.indelible..organization.{name}").parse().unwrap()
}

fn refused(name: &str, record: &[u8], received_at_us: i64) -> Refused {
    Refused {
        organization: organization(name),
        source: "hec".into(),
        producer: "p".into(),
        adapter: Some("github".into()),
        reach: Reach::Own,
        occurrence: 0,
        code: "notThisKind".into(),
        received_at_us,
        bytes: record.len() as u64,
        timezone: None,
        year: None,
        content: Content { message: "why".into(), record: record.to_vec() },
    }
}

fn run(test: impl AsyncFnOnce(&std::path::Path)) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test(&folder.path().join("quarantine.sqlite")));
}

fn all(name: &str) -> Filter {
    Filter { organization: Some(organization(name)), limit: 100, ..Filter::default() }
}

#[test]
fn what_is_kept_is_there_after_a_start_and_once() {
    run(async |path| {
        let quarantine = Quarantine::open(path, LIMITS).await.unwrap();
        let kept = quarantine.keep(&[refused("acme", b"a", 1), refused("acme", b"b", 2)], |_| None).await.unwrap();
        assert_eq!((kept.new[&organization("acme")], kept.gone.len(), kept.is_new), (2, 0, vec![true, true]));
        let again = quarantine.keep(&[refused("acme", b"a", 3)], |_| None).await.unwrap();
        assert_eq!(again, Kept { is_new: vec![false], ..Kept::default() });
        let taken = quarantine.taken_bytes().await;
        quarantine.close().await;
        let quarantine = Quarantine::open(path, LIMITS).await.unwrap();
        assert_eq!(quarantine.taken_bytes().await, taken);
        let items = quarantine.list(&all("acme")).await.unwrap();
        let seen: Vec<_> = items.iter().map(|item| (item.received_at_us, item.last_at_us, item.times)).collect();
        assert_eq!(seen, [(1, 3, 2), (2, 2, 1)]);
        assert_eq!(quarantine.list(&all("beta")).await.unwrap(), []);
        let (item, content) = quarantine.get(&organization("acme"), &items[1].id, |_| None).await.unwrap().unwrap();
        assert_eq!(item, items[1]);
        assert_eq!(content.unwrap().unwrap(), Content { message: "why".into(), record: b"b".to_vec() });
        assert!(quarantine.get(&organization("beta"), &item.id, |_| None).await.unwrap().is_none());
        let rest = Filter { after: Some((1, items[0].id.clone())), ..all("acme") };
        assert_eq!(quarantine.list(&rest).await.unwrap(), items[1..]);
    });
}

#[test]
fn what_has_ended_keeps_its_row_and_not_its_content() {
    run(async |path| {
        let quarantine = Quarantine::open(path, LIMITS).await.unwrap();
        quarantine.keep(&[refused("acme", b"a", 1), refused("acme", b"b", 2)], |_| None).await.unwrap();
        let ids: Vec<_> = quarantine.list(&all("acme")).await.unwrap().into_iter().map(|item| item.id).collect();
        let end =
            async |name: &str, ids: &[String], state| quarantine.end(&organization(name), ids, state, 9).await.unwrap();
        assert_eq!(end("beta", &ids, State::Dismissed).await, 0);
        assert_eq!(end("acme", &ids[..1], State::Replayed).await, 1);
        assert_eq!(end("acme", &ids, State::Dismissed).await, 1);
        let states: Vec<_> = quarantine.list(&all("acme")).await.unwrap().into_iter().map(|item| item.state).collect();
        assert_eq!(states, [State::Replayed, State::Dismissed]);
        let (_, content) = quarantine.get(&organization("acme"), &ids[0], |_| None).await.unwrap().unwrap();
        assert_eq!(content, None);
        assert_eq!(quarantine.figures().await.unwrap(), []);
        let kept = quarantine.keep(&[refused("acme", b"a", 10)], |_| None).await.unwrap();
        assert_eq!(kept.new[&organization("acme")], 1, "what comes again waits again");
        assert_eq!(quarantine.count_since(&organization("acme"), 10).await.unwrap(), 1);
    });
}

#[test]
fn when_it_is_full_the_oldest_of_the_largest_go() {
    run(async |path| {
        let limits = Limits { bytes: 60_000, organization_bytes: 40_000 };
        let quarantine = Quarantine::open(path, limits).await.unwrap();
        let record = |number: i64| [&number.to_be_bytes()[..], &[b'x'; 1000]].concat();
        let many = |name: &str, count: i64| (0..count).map(|n| refused(name, &record(n), n)).collect::<Vec<_>>();
        quarantine.keep(&many("quiet", 5), |_| None).await.unwrap();
        let kept = quarantine.keep(&many("loud", 100), |_| None).await.unwrap();
        assert!(!kept.gone.contains_key(&organization("quiet")), "{kept:?}");
        assert!(quarantine.taken_bytes().await <= 60_000);
        let left = quarantine.list(&all("loud")).await.unwrap();
        assert_eq!(left.len() as u64 + kept.gone[&organization("loud")], 100);
        assert_eq!(left.last().unwrap().received_at_us, 99, "the newest stay");
        assert!(left.len() > 10, "{} are left", left.len());
        assert_eq!(quarantine.list(&all("quiet")).await.unwrap().len(), 5);
    });
}

#[test]
fn the_content_of_an_encrypted_organization_is_nowhere_in_the_file() {
    run(async |path| {
        let key = ContentKey::new([7; 32]);
        let secret = b"a very secret record of somebody";
        let quarantine = Quarantine::open(path, LIMITS).await.unwrap();
        quarantine.keep(&[refused("acme", secret, 1)], |_| Some(key.clone())).await.unwrap();
        let id = quarantine.list(&all("acme")).await.unwrap()[0].id.clone();
        let get = async |key: Option<ContentKey>| {
            let found = quarantine.get(&organization("acme"), &id, |_| key.clone()).await.unwrap();
            found.unwrap().1.unwrap()
        };
        assert_eq!(get(Some(key.clone())).await.unwrap().record, secret);
        assert_eq!(get(None).await.unwrap_err(), SealError::Missing(key.id()));
        assert_eq!(get(Some(ContentKey::new([8; 32]))).await.unwrap_err(), SealError::Altered);
        quarantine.close().await;
        for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    });
}

#[test]
fn of_a_record_that_is_too_long_the_beginning_is_kept() {
    run(async |path| {
        let limits = Limits { bytes: 8 << 20, organization_bytes: 8 << 20 };
        let quarantine = Quarantine::open(path, limits).await.unwrap();
        quarantine.keep(&[refused("acme", &vec![b'x'; 3 << 20], 1)], |_| None).await.unwrap();
        let item = quarantine.list(&all("acme")).await.unwrap().remove(0);
        let (_, content) = quarantine.get(&organization("acme"), &item.id, |_| None).await.unwrap().unwrap();
        assert_eq!((item.bytes, content.unwrap().unwrap().record.len()), (3 << 20, 1 << 20));
    });
}

#[test]
fn whose_events_a_record_could_be_is_kept() {
    run(async |path| {
        let quarantine = Quarantine::open(path, LIMITS).await.unwrap();
        let some = |names: &[&str]| Reach::Some(names.iter().map(|name| organization(name)).collect());
        for (number, reach) in (0..).zip([Reach::Own, Reach::Any, some(&[]), some(&["a"]), some(&["a", "b"])]) {
            let record = Refused { reach: reach.clone(), ..refused("acme", &[number], number.into()) };
            quarantine.keep(&[record], |_| None).await.unwrap();
            let items = quarantine.list(&all("acme")).await.unwrap();
            assert_eq!(items.last().unwrap().reach, reach);
        }
    });
}

/// A file of before the reach of a record was kept, where it reaches its own organization, and one of before its zone was.
#[test]
fn a_file_of_an_earlier_schema_is_brought_up_to_date() {
    let check = |undo: &'static str, reach: Reach| {
        run(async |path| {
            let quarantine = Quarantine::open(path, LIMITS).await.unwrap();
            let record = Refused {
                reach: Reach::Any,
                timezone: Some("Europe/Berlin".to_owned()),
                year: Some(2024),
                ..refused("acme", b"{}", 7)
            };
            quarantine.keep(&[record], |_| None).await.unwrap();
            let items = quarantine.list(&all("acme")).await.unwrap();
            assert_eq!((items[0].timezone.as_deref(), items[0].year), (Some("Europe/Berlin"), Some(2024)));
            drop(quarantine);
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
            let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
            sqlx::raw_sql(undo).execute(&pool).await.unwrap();
            pool.close().await;
            let quarantine = Quarantine::open(path, LIMITS).await.unwrap();
            let items = quarantine.list(&all("acme")).await.unwrap();
            assert_eq!((items.len(), &items[0].reach, items[0].received_at_us), (1, &reach, 7));
            assert_eq!((&items[0].timezone, items[0].year), (&None, None));
            quarantine.keep(&[refused("acme", b"[]", 8)], |_| None).await.unwrap();
            assert_eq!(quarantine.list(&all("acme")).await.unwrap().len(), 2);
        });
    };
    check(
        "alter table item drop column timezone; alter table item drop column year; pragma user_version = 2;",
        Reach::Any,
    );
    check(
        "alter table item drop column timezone; alter table item drop column year; alter table item drop column reach; pragma user_version = 1;",
        Reach::Own,
    );
}
