#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use indelible_event::{Reach, Scope};
use serde_json::{Value, json};

use super::*;
use crate::fixture::{ACME, Archive, BOLT, Entry, NOON_US, entry, genesis, operator, organization, scope};
use crate::render::{Format, Renderer};
use crate::view::View;
use crate::{Answer, QueryError, Snapshot};

mod operator_view;

/// Two organizations, each half in log files and half in the tail; one chunk of the tail holds both.
fn archive() -> Archive {
    let acme = |seq, fields| entry(ACME, seq, fields);
    Archive::new()
        .file(&[
            genesis(ACME),
            acme(1, json!({"name": "LOGIN", "uid": "Alice", "time": "2021-04-15T23:59:59.999999999Z", "result": "ERROR"})),
            acme(2, json!({"name": "GET_DATASET", "uid": "bob", "time": "2021-04-16T00:00:00Z", "origin": "10.1.2.3",
                "requestFields": {"resource": {"rid": "ri.foundry.main.dataset.ab"}, "count": 7}})),
            acme(3, json!({"name": "EXPORT", "uid": "ALICE", "time": "2021-04-16T08:00:00.000000001Z",
                "categories": ["dataExport", "dataLoad"], "origins": ["192.0.2.1", "10.9.9.9"],
                "requestFields": {"passThroughRequestParams": {"eventSource": {"level": ["Data"], "payload": "s3.amazonaws.com"}}}})),
            acme(4, json!({"name": "DELETE", "uid": "0d4e1b1a-1111-4222-8333-abcdefabcdef", "time": "2021-04-16T23:59:59.999999Z",
                "entities": ["ri.foundry.main.dataset.ab", "other"], "users": [{"uid": "bob", "userName": "bob@acme.example"}],
                "resultFields": {"message": "said \"no\" to C:\\Users"}})),
        ])
        .file(&[
            acme(5, json!({"name": "LOGIN", "uid": "bob", "time": "2021-04-17T00:00:00Z", "sourceOrigin": "10.0.0.9", "userAgent": "Mozilla/5.0 (X11)"})),
            acme(6, json!({"name": "LOGIN", "time": "2021-04-18T10:00:00Z", "uid": null, "extra": {"custom": {"deep": [1, {"x": "y"}]}}})),
        ])
        .file(&[genesis(BOLT), entry(BOLT, 1, json!({"name": "BOLT_SECRET", "uid": "alice", "time": "2021-04-16T09:00:00Z"}))])
        .tail(&[
            acme(7, json!({"name": "LOGIN", "uid": "carol", "time": "2021-04-19T10:00:00Z", "result": "UNAUTHORIZED", "type": "audit.2", "categories": null})),
            entry(BOLT, 2, json!({"name": "BOLT_TAIL", "uid": "alice", "time": "2021-04-19T10:00:00Z"})),
        ])
        .tail(&[acme(8, json!({"name": "LAST", "uid": "carol", "time": "2021-04-20T10:00:00Z", "product": "multipass"}))])
}

struct Bench<R = Scope> {
    engine: Engine,
    snapshot: Snapshot,
    scope: R,
}

impl Bench {
    fn acme() -> Bench {
        Bench::of(&archive(), limits(), scope(&[ACME]))
    }
}

impl<R: Reach> Bench<R> {
    fn of(archive: &Archive, limits: Limits, scope: R) -> Bench<R> {
        Bench { engine: archive.engine(limits), snapshot: archive.snapshot.clone(), scope }
    }

    async fn search(&self, request: &SearchRequest) -> Result<(Vec<RecordBatch>, bool), QueryError> {
        self.engine.search(&self.scope, self.snapshot.clone(), request).await?.collect().await
    }

    /// The `seq` of what a search finds, newest first.
    async fn seqs(&self, request: &SearchRequest) -> Vec<i64> {
        let (batches, _) = self.search(request).await.unwrap();
        batches.iter().flat_map(|batch| batch.column(1).as_primitive::<Int64Type>().values().to_vec()).collect()
    }

    async fn sql(&self, text: &str) -> Result<String, QueryError> {
        let answer: Answer = self.engine.sql(&self.scope, self.snapshot.clone(), text).await?;
        let mut renderer = Renderer::rows(Format::Csv);
        let mut out = Vec::new();
        let (batches, _) = answer.collect().await?;
        for batch in batches {
            renderer.batch(&batch, &mut out).unwrap();
        }
        Ok(String::from_utf8(out).unwrap().replace("\r\n", "\n").trim_end().to_owned())
    }
}

fn limits() -> Limits {
    Limits { threads: 2, ..Limits::default() }
}

fn request(query: &str) -> SearchRequest {
    SearchRequest { query: query.to_owned(), now_us: NOON_US, ..SearchRequest::default() }
}

#[track_caller]
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Every search finds these, newest first, and counts as many; also without the detour over keys.
#[track_caller]
fn check_all(cases: &[(&str, &[i64])]) {
    block_on(async {
        let bench = Bench::acme();
        let mut wrong = Vec::new();
        for (query, expected) in cases {
            let found = bench.seqs(&SearchRequest { limit: Some(100), ..request(query) }).await;
            let sorted = bench.seqs(&request(query)).await;
            let counted = bench.engine.count(&bench.scope, bench.snapshot.clone(), &request(query)).await.unwrap();
            if found != *expected || sorted != *expected || counted != expected.len() as u64 {
                wrong.push(format!("{query}: {found:?} {sorted:?} {counted}, expected {expected:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn everything_is_found_newest_first_without_control_entries() {
    check_all(&[("", &[8, 7, 6, 5, 4, 3, 2, 1]), ("*", &[8, 7, 6, 5, 4, 3, 2, 1])]);
}

#[test]
fn fields_match_in_any_case_and_lists_by_any_element() {
    check_all(&[
        ("uid:alice", &[3, 1]),
        ("UID:aLiCe", &[3, 1]),
        ("user:alice", &[3, 1]),
        ("uid:=Alice", &[1]),
        ("uid:ali*", &[3, 1]),
        ("uid:*li*e", &[3, 1]),
        ("uid:lice", &[]),
        ("uid:0D4E1B1A-1111-4222-8333-ABCDEFABCDEF", &[4]),
        ("logEntryId:00000000-0000-4000-8000-000000000005", &[5]),
        ("category:dataexport", &[3]),
        ("categories:data*", &[8, 6, 5, 4, 3, 2, 1]),
        ("entity:ri.foundry.main.dataset.ab", &[4]),
        ("entity:=other", &[4]),
        ("result:(error OR unauthorized)", &[7, 1]),
        ("result:error OR name:LAST", &[8, 1]),
        ("name:LOGIN product:compass -result:SUCCESS", &[7, 1]),
        ("name:LOGIN AND NOT result:SUCCESS", &[7, 1]),
        ("type:audit.2", &[7]),
        ("type:indelible.1", &[]),
        ("producer:p1", &[8, 7, 6, 5, 4, 3, 2, 1]),
        ("intake.source:syslog", &[]),
    ]);
}

#[test]
fn what_is_absent_does_not_match_and_its_negation_does() {
    check_all(&[
        ("-uid:bob", &[8, 7, 6, 4, 3, 1]),
        ("NOT (uid:bob OR uid:carol)", &[6, 4, 3, 1]),
        ("has:uid", &[8, 7, 5, 4, 3, 2, 1]),
        ("-has:uid", &[6]),
        ("uid:*", &[8, 7, 5, 4, 3, 2, 1]),
        ("-category:dataLoad", &[7]),
        ("has:origin", &[5, 3, 2]),
        ("has:requestFields.resource", &[2]),
        ("-requestFields.count:7 has:requestFields", &[3]),
    ]);
}

#[test]
fn an_origin_is_looked_for_in_all_three_columns() {
    check_all(&[
        ("origin:10.0.0.0/8", &[5, 3, 2]),
        ("ip:10.9.9.9", &[3]),
        ("origins:10.0.0.0/8", &[3]),
        ("sourceOrigin:10.0.0.0/8", &[5]),
        ("origin:10.1.*", &[2]),
        ("-origin:10.0.0.0/8", &[8, 7, 6, 4, 1]),
        ("origin:2001:db8::/32", &[]),
    ]);
}

#[test]
fn text_is_searched_in_names_and_maps() {
    check_all(&[
        ("export", &[3]),
        ("amazonaws", &[3]),
        ("\"said \\\"no\\\" to C:\\Users\"", &[4]),
        ("\"C:\\Users\"", &[4]),
        ("ri.foundry*ab", &[2]),
        ("mozilla", &[]),
        ("-log* -export", &[8, 4, 2]),
    ]);
}

#[test]
fn maps_are_searched_by_path() {
    check_all(&[
        ("requestFields.resource.rid:ri.foundry.main.dataset.AB", &[2]),
        ("request.resource.RID:*dataset*", &[2]),
        ("requestFields.count:7", &[2]),
        ("requestFields.count:>6", &[2]),
        ("requestFields.count:>7", &[]),
        ("requestFields.count:1..7", &[2]),
        ("requestFields.eventSource:s3.amazonaws.com", &[3]),
        ("resultFields.message:*no*", &[4]),
        ("extra.custom.deep.x:y", &[6]),
        ("extra.custom.deep:1", &[6]),
        ("requestFields:s3.amazon", &[3]),
        ("users:BOB", &[4]),
        ("users.userName:bob@*", &[4]),
        ("users.realm:bob", &[]),
    ]);
}

#[test]
fn a_date_is_its_whole_day_and_an_instant_its_unit() {
    check_all(&[
        ("time:2021-04-16", &[4, 3, 2]),
        ("time:>=2021-04-16", &[8, 7, 6, 5, 4, 3, 2]),
        ("time:<2021-04-16", &[1]),
        ("time:<=2021-04-16", &[4, 3, 2, 1]),
        ("time:>2021-04-16", &[8, 7, 6, 5]),
        ("time:2021-04-16..2021-04-17", &[5, 4, 3, 2]),
        ("time:..2021-04-15", &[1]),
        ("time:2021-04-18..", &[8, 7, 6]),
        ("time:2021-04", &[8, 7, 6, 5, 4, 3, 2, 1]),
        ("time:2020", &[]),
        ("time:2021-04-16T08:00Z", &[3]),
        ("time:2021-04-16T08:00:00", &[3]),
        ("time:2021-04-16T10:00:00+02:00", &[3]),
        ("time:2021-04-16T08:00:00.000000001Z", &[3]),
        ("time:2021-04-16T08:00:00.000000000Z", &[]),
        ("time:>=2021-04-16T08:00:00.000000002Z time:2021-04-16", &[4]),
        ("time:<2021-04-15T23:59:59.999999999Z", &[]),
        ("time:<=2021-04-15T23:59:59.999999999Z", &[1]),
        ("time:today", &[4, 3, 2]),
        ("time:yesterday", &[1]),
        ("time:-4h", &[8, 7, 6, 5, 4, 3]),
        ("time:<-12h", &[1]),
        ("received:2021-04-16 seq:1..3", &[3, 2, 1]),
        ("received:<2021-04-16", &[]),
        ("seq:>=7", &[8, 7]),
        ("seq:3", &[3]),
    ]);
}

#[test]
fn since_and_until_bound_the_time() {
    block_on(async {
        let bench = Bench::acme();
        let day = 86_400_000_000;
        let since_us = Some(NOON_US - day / 2);
        let bench = &bench;
        let found = |request: SearchRequest| async move { bench.seqs(&request).await };
        assert_eq!(found(SearchRequest { since_us, ..request("") }).await, [8, 7, 6, 5, 4, 3, 2]);
        let until_us = Some(NOON_US + day / 2);
        assert_eq!(found(SearchRequest { since_us, until_us, ..request("") }).await, [4, 3, 2]);
    });
}

#[test]
fn a_limit_takes_the_first_of_the_order() {
    block_on(async {
        let bench = Bench::acme();
        let limited = SearchRequest { limit: Some(3), ..request("") };
        assert_eq!(bench.seqs(&limited).await, [8, 7, 6]);
        assert_eq!(bench.seqs(&SearchRequest { order: Order::Oldest, ..limited.clone() }).await, [1, 2, 3]);
        assert_eq!(bench.seqs(&SearchRequest { order: Order::Oldest, ..request("") }).await, [1, 2, 3, 4, 5, 6, 7, 8]);
        assert!(!bench.search(&limited).await.unwrap().1, "a limit one asked for is no truncation");
    });
}

#[test]
fn answers_are_cut_at_the_limits_and_say_so() {
    block_on(async {
        let rows = |rows_max| Bench::of(&archive(), Limits { rows_max, ..limits() }, scope(&[ACME]));
        let (batches, truncated) = rows(3).search(&request("")).await.unwrap();
        assert_eq!((batches.iter().map(RecordBatch::num_rows).sum::<usize>(), truncated), (3, true));
        let (batches, truncated) = rows(8).search(&request("")).await.unwrap();
        assert_eq!((batches.iter().map(RecordBatch::num_rows).sum::<usize>(), truncated), (8, false));
        let answer = rows(3).sql("select seq from events order by seq").await.unwrap();
        assert_eq!(answer, "1\n2\n3");
        let bytes = Limits { result_bytes_max: 100, ..limits() };
        let bench = Bench::of(&archive(), bytes, scope(&[ACME]));
        let answer =
            bench.engine.sql(&bench.scope, bench.snapshot.clone(), "select seq, name from events").await.unwrap();
        let (batches, truncated) = answer.collect().await.unwrap();
        assert!(truncated);
        assert!(batches.iter().map(RecordBatch::num_rows).sum::<usize>() < 8);
    });
}

#[test]
fn no_row_of_another_organization_appears() {
    let hostile = [
        "select * from events",
        "select * from entries",
        "select * from entries where organization = 'ri.indelible..organization.bolt'",
        "select * from entries where true or organization = 'x'",
        "select name from events union all select name from entries",
        "select e.* from entries e cross join entries f",
        "select * from entries where organization in (select distinct organization from entries) or 1 = 1",
        "with bolt as (select * from entries) select * from bolt",
        "select (select max(name) from entries where name like 'BOLT%')",
        "select * from entries where organization <> 'ri.indelible..organization.acme'",
        "select organization, count(*) from entries group by organization",
        "select * from public.entries",
        "select * from datafusion.public.entries",
        "select array_agg(name) from entries",
        "explain analyze select * from entries",
    ];
    block_on(async {
        let bench = Bench::acme();
        for text in hostile {
            let answer = bench.sql(text).await.unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(!answer.to_lowercase().contains("bolt"), "{text}: {answer}");
        }
        let nobody = Bench::of(&archive(), limits(), scope(&[]));
        assert_eq!(nobody.sql("select count(*) from entries").await.unwrap(), "0");
        assert!(nobody.seqs(&request("")).await.is_empty());
        let both = Bench::of(&archive(), limits(), scope(&[ACME, BOLT]));
        assert_eq!(both.sql("select count(*) from events").await.unwrap(), "10");
        assert_eq!(both.seqs(&request("org:bolt")).await, [2, 1]);
        assert_eq!(both.seqs(&request("organization:*.acme name:LAST")).await, [8]);
        assert_eq!(both.seqs(&request("-org:acme")).await, [2, 1]);
        assert_eq!(bench.seqs(&request("org:bolt OR name:BOLT*")).await, [0; 0]);
    });
}

#[test]
fn the_operators_view_holds_no_content() {
    block_on(async {
        let operator = Bench::of(&archive(), limits(), operator(&[ACME, BOLT]));
        for column in ["requestFields", "resultFields", "entities", "users", "extra"] {
            let refused = operator.sql(&format!("select {column} from events")).await.unwrap_err();
            assert!(refused.to_string().contains("content part"), "{refused}");
            let refused = operator.search(&request(&format!("{column}:x"))).await.unwrap_err();
            assert!(refused.to_string().contains("content part"), "{refused}");
        }
        // Text alone is refused, whether or not something holds it.
        for text in ["amazonaws", "export", "nowhere", "\"said\"", "uid:bob amazonaws", "-nowhere"] {
            let refused = operator.search(&request(text)).await.unwrap_err();
            assert!(refused.to_string().contains("content too"), "{text}: {refused}");
        }
        assert_eq!(operator.seqs(&request("name:export")).await, [3]);
        for limit in [None, Some(10)] {
            let (batches, _) = operator.search(&SearchRequest { limit, ..request("") }).await.unwrap();
            for batch in batches {
                assert!(batch.column_by_name("requestFields").is_none());
                let mut out = Vec::new();
                Renderer::events(Format::Json, &batch.schema()).batch(&batch, &mut out).unwrap();
                let text = String::from_utf8(out).unwrap();
                assert!(!text.contains("amazonaws") && !text.contains("entities"), "{text}");
            }
        }
        let all = operator.sql("select * from entries").await.unwrap();
        assert!(!all.contains("amazonaws") && !all.contains("bob@acme"), "{all}");
    });
}

#[test]
fn a_file_that_holds_rows_of_another_organization_is_refused() {
    block_on(async {
        let mut archive = Archive::new().file(&[entry(BOLT, 0, json!({"name": "BOLT_SECRET"}))]);
        Arc::make_mut(&mut archive.snapshot.files[0]).organization = organization(ACME);
        let bench = Bench::of(&archive, limits(), scope(&[ACME]));
        let error = bench.search(&request("")).await.unwrap_err();
        assert!(matches!(&error, QueryError::Unreadable(text) if text.contains("does not hold entries of")), "{error}");
        assert!(!error.is_users());
    });
}

#[test]
fn a_missing_file_is_an_error_and_not_a_gap() {
    block_on(async {
        let mut archive = archive();
        Arc::make_mut(&mut archive.snapshot.files[1]).object = "gone.parquet".to_owned();
        let bench = Bench::of(&archive, limits(), scope(&[ACME]));
        let error = bench.search(&request("name:LOGIN")).await.unwrap_err();
        assert!(matches!(&error, QueryError::Unreadable(text) if text.contains("gone.parquet")), "{error:?}");
    });
}

#[test]
fn entries_are_found_by_identity_and_by_place() {
    block_on(async {
        let bench = Bench::acme();
        let seqs = |batch: RecordBatch| batch.column(1).as_primitive::<Int64Type>().values().to_vec();
        let find = |id: &'static str| bench.engine.find(&bench.scope, bench.snapshot.clone(), id);
        assert_eq!(seqs(find("00000000-0000-4000-8000-000000000005").await.unwrap()), [5]);
        assert_eq!(seqs(find("00000000-0000-4000-8000-000000000008").await.unwrap()), [8]);
        assert_eq!(seqs(find("00000000-0000-4000-8000-000000000000").await.unwrap()), [0]);
        assert_eq!(seqs(find("00000000-0000-4000-8000-00000000b001").await.unwrap()), [0; 0]);
        let (acme, bolt) = (organization(ACME), organization(BOLT));
        let at = |rid, seq| bench.engine.entry(&bench.scope, bench.snapshot.clone(), rid, seq);
        assert_eq!(seqs(at(&acme, 6).await.unwrap()), [6]);
        assert_eq!(seqs(at(&acme, 7).await.unwrap()), [7]);
        assert_eq!(seqs(at(&acme, 9).await.unwrap()), [0; 0]);
        assert_eq!(seqs(at(&bolt, 1).await.unwrap()), [0; 0]);
    });
}

#[test]
fn generations_of_a_log_stay_apart() {
    block_on(async {
        let at = |generation, seq, name| {
            let mut entry = entry(ACME, seq, json!({"name": name, "time": "2021-04-16T12:00:00Z"}));
            entry.generation = generation;
            entry
        };
        let archive = Archive::new()
            .file(&[at(1, 1, "OLD_1"), at(1, 2, "OLD_2")])
            .file(&[at(2, 1, "NEW_1")])
            .tail(&[at(2, 2, "NEW_2")]);
        let bench = Bench::of(&archive, limits(), scope(&[ACME]));
        for limit in [Some(4), None] {
            let (batches, _) = bench.search(&SearchRequest { limit, ..request("") }).await.unwrap();
            let names: Vec<&str> =
                batches.iter().flat_map(|batch| batch.column(6).as_string::<i32>().iter().flatten()).collect();
            assert_eq!(names, ["NEW_2", "NEW_1", "OLD_2", "OLD_1"], "{limit:?}");
        }
        let found = bench.engine.entry(&bench.scope, bench.snapshot.clone(), &organization(ACME), 1).await.unwrap();
        assert_eq!(found.num_rows(), 2);
    });
}

#[test]
fn events_are_rendered_as_delivered() {
    block_on(async {
        let bench = Bench::acme();
        let (batches, _) = bench.search(&SearchRequest { limit: Some(1), ..request("uid:=ALICE") }).await.unwrap();
        let mut out = Vec::new();
        Renderer::events(Format::Json, &batches[0].schema()).batch(&batches[0], &mut out).unwrap();
        let event: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(event["time"], "2021-04-16T08:00:00.000000001Z");
        assert_eq!(event["organization"], ACME);
        assert_eq!(event["seq"], 3);
        assert_eq!(event["requestFields"]["passThroughRequestParams"]["eventSource"]["payload"], "s3.amazonaws.com");
        assert_eq!(event.get("intake"), None);
    });
}

#[test]
fn events_are_counted_over_time_and_by_value() {
    block_on(async {
        let bench = Bench::acme();
        let day = 86_400_000_000_i64;
        let day_us = day.unsigned_abs();
        let buckets =
            bench.engine.histogram(&bench.scope, bench.snapshot.clone(), &request("name:LOGIN"), day_us).await.unwrap();
        let start = NOON_US - day / 2;
        let bucket = |days: i64| Bucket { start_us: start + days * day, count: 1 };
        assert_eq!(buckets, [bucket(-1), bucket(1), bucket(2), bucket(3)]);
        let top = |field: &'static str| async {
            let values = bench.engine.top(&bench.scope, bench.snapshot.clone(), &request(""), field, 3).await.unwrap();
            values
                .into_iter()
                .map(|value| format!("{}={}", value.value.unwrap_or_default(), value.count))
                .collect::<Vec<_>>()
        };
        assert_eq!(top("name").await, ["LOGIN=4", "DELETE=1", "EXPORT=1"]);
        assert_eq!(top("category").await[0], "dataLoad=7");
        assert_eq!(top("users").await, ["=7", "bob=1"]);
        assert_eq!(top("requestFields.eventSource").await, ["=7", "s3.amazonaws.com=1"]);
        assert_eq!(top("seq").await[0], "1=1");
    });
}

#[test]
fn a_query_that_takes_too_long_ends() {
    block_on(async {
        let short = Limits { wall_time: Duration::from_millis(50), ..limits() };
        let entries: Vec<Entry> = (0..2_000).map(|seq| entry(ACME, seq, json!({}))).collect();
        let bench = Bench::of(&Archive::new().file(&entries), short, scope(&[ACME]));
        let error = bench
            .sql("select count(*) from events a, events b, events c where a.seq + b.seq < c.seq")
            .await
            .unwrap_err();
        assert!(matches!(error, QueryError::TimedOut { .. }), "{error}");
        assert!(error.is_users());
    });
}

#[test]
fn a_query_that_needs_too_much_memory_fails() {
    block_on(async {
        let entries: Vec<Entry> =
            (0..3_000).map(|seq| entry(ACME, seq, json!({"uid": format!("user-{seq}")}))).collect();
        let small = Limits { memory_bytes: 200_000, spill_bytes_max: 0, ..limits() };
        let bench = Bench::of(&Archive::new().file(&entries), small, scope(&[ACME]));
        for text in [
            "select array_agg(a.name || a.uid) from events a, events b",
            "select uid, sum(seq) over () from events",
            "select distinct a.uid || b.uid from events a, events b limit 100000",
        ] {
            let error = bench.sql(text).await.unwrap_err();
            assert!(matches!(error, QueryError::Memory { .. }), "{text}: {error}");
        }
    });
}

#[test]
fn a_sort_larger_than_memory_goes_over_the_disk() {
    let entries = |bytes: usize| -> Vec<Entry> {
        let text = "x".repeat(bytes);
        let fields = |seq| json!({"uid": format!("user-{}", (seq * 7919) % 8000), "requestFields": {"text": text}});
        (0..8_000).map(|seq| entry(ACME, seq, fields(seq))).collect()
    };
    let bench =
        |archive: &Archive, memory_bytes| Bench::of(archive, Limits { memory_bytes, ..limits() }, scope(&[ACME]));
    block_on(async {
        let archived = bench(&Archive::new().file(&entries(2_000)), 10_000_000);
        let waiting = bench(&Archive::new().tail(&entries(6_000)), 24_000_000);
        for bench in [&archived, &waiting] {
            assert_eq!(bench.seqs(&request("")).await, (0..8_000).rev().collect::<Vec<i64>>());
        }
        let sorted = waiting.sql(r#"select "uid", "requestFields" from events order by "uid""#).await.unwrap();
        assert_eq!(sorted.lines().count(), 8_000);
    });
}

#[test]
fn too_many_queries_at_once_are_refused() {
    block_on(async {
        let one = Limits { concurrent: 1, queue_time: Duration::from_millis(20), ..limits() };
        let bench = Bench::of(&archive(), one, scope(&[ACME]));
        let held = bench.engine.search(&bench.scope, bench.snapshot.clone(), &request("")).await.unwrap();
        // It has a place until it has been read or dropped; this one is small enough to be done already.
        drop(held);
        let place = bench.engine.places.take(&View::of(&bench.scope)).await;
        let error = bench.search(&request("")).await.unwrap_err();
        assert!(matches!(error, QueryError::Busy), "{error}");
        drop(place);
        assert_eq!(bench.seqs(&request("seq:1")).await, [1]);
    });
}

#[test]
fn a_dropped_answer_frees_its_place() {
    block_on(async {
        let one = Limits { concurrent: 1, ..limits() };
        let entries: Vec<Entry> = (0..2_000).map(|seq| entry(ACME, seq, json!({}))).collect();
        let bench = Bench::of(&Archive::new().file(&entries), one, scope(&[ACME]));
        let endless = "select a.seq from events a, events b, events c where a.seq + b.seq + c.seq > 0";
        let answer = bench.engine.sql(&bench.scope, bench.snapshot.clone(), endless).await.unwrap();
        drop(answer);
        assert_eq!(bench.seqs(&request("seq:1")).await, [1]);
    });
}

#[test]
fn what_cannot_match_is_not_read() {
    block_on(async {
        let bench = Bench::acme();
        let plan = async |condition: &str| {
            bench.sql(&format!("explain analyze select * from events where {condition}")).await.unwrap()
        };
        let by_filter = plan("uid = 'blob'").await;
        assert!(by_filter.contains("row_groups_pruned_bloom_filter=1 total → 0 matched"), "{by_filter}");
        let by_time = plan("time >= '2021-04-17' and time < '2021-04-19'").await;
        assert_eq!(by_time.matches(".parquet").count(), 1, "{by_time}");
        assert!(!by_time.contains("StreamingTableExec"), "{by_time}");
        let by_seq = plan("seq < 5").await;
        assert_eq!(by_seq.matches(".parquet").count(), 1, "{by_seq}");
        let by_element = plan("array_has(entities, 'other')").await;
        assert_eq!(by_element.matches(".parquet").count(), 1, "{by_element}");
        let by_organization = plan("organization = 'ri.indelible..organization.bolt'").await;
        assert!(by_organization.contains("EmptyExec"), "{by_organization}");
    });
}

#[test]
fn sql_answers() {
    let cases = [
        ("select count(*) from events", "8"),
        ("select count(*) from entries", "9"),
        ("select name from entries where seq = 0", "GENESIS"),
        ("select uid from events where time >= '2021-04-16' and time < '2021-04-17' and origin is not null", "bob"),
        ("select time from events where seq = 2", "2021-04-16T00:00:00Z"),
        ("select timenanos from events where seq = 3", "1"),
        ("select seq from events where has_category('dataExport')", "3"),
        ("select seq from events where not has_category('dataload')", "7"),
        ("select seq from events e where has_category(e.categories, 'dataExport')", "3"),
        ("select seq from events where array_has(categories, 'dataExport')", "3"),
        ("select json_get(requestFields, 'resource.rid') from events where seq = 2", "ri.foundry.main.dataset.ab"),
        (
            "select json_get(requestFields, 'resource') from events where seq = 2",
            "\"{\"\"rid\"\":\"\"ri.foundry.main.dataset.ab\"\"}\"",
        ),
        ("select json_get_number(requestFields, 'count') + 1 from events where seq = 2", "8.0"),
        ("select json_get(requestFields, 'eventSource') from events where seq = 3", "s3.amazonaws.com"),
        ("select json_get(resultFields, 'nothing') is null from events where seq = 4", "true"),
        ("select count(*) from events where in_cidr(origin, '10.0.0.0/8') or in_cidr(origins, '10.0.0.0/8')", "2"),
        ("select count(*) from events where not in_cidr(sourceOrigin, '10.0.0.0/8')", "7"),
        ("select u.uid from (select unnest(users) as u from events) where u.username like 'bob%'", "bob"),
        ("select intake.producer from events where seq = 1", "p1"),
        ("select name, count(*) as n from events group by name having count(*) > 1", "LOGIN,4"),
        ("select uid || '/' || result from events where seq = 7", "carol/UNAUTHORIZED"),
        (
            "select date_trunc('day', time) as day, count(*) from events where name = 'EXPORT' group by day",
            "2021-04-16T00:00:00Z,1",
        ),
        ("select lower(uid) as who, count(*) from events where uid ilike 'ALICE' group by who", "alice,2"),
        ("select seq, row_number() over (order by seq desc) from events order by seq desc limit 1", "8,1"),
        ("select replace(name, 'LOG', 'log') from events where seq = 5", "logIN"),
        ("select cast(seq as varchar) from events where seq = 5", "5"),
        (
            "show tables",
            "events,\"what services emitted, one row an event\"\nentries,\"events and control entries, such as the first of each log\"",
        ),
    ];
    block_on(async {
        let bench = Bench::acme();
        let mut wrong = Vec::new();
        for (text, expected) in cases {
            let found = bench.sql(text).await.unwrap_or_else(|error| format!("error: {error}"));
            if found != expected {
                wrong.push(format!("{text}\n  {found}\n  {expected}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let columns = bench.sql("describe events").await.unwrap();
        assert!(columns.contains("intake,\"struct(producer text"), "{columns}");
        assert_eq!(columns.lines().count(), 34);
    });
}

#[test]
fn sql_errors_help() {
    let cases = [
        ("select usr from events", "there is no column `usr`; did you mean `uid`?"),
        ("select \"useragent\" from events", "there is no column `useragent`; did you mean `userAgent`?"),
        (
            "select e.bucket from events e",
            "there is no column `e.bucket`; `describe events` lists the columns; a field inside a map is read with json_get(requestFields, 'name')",
        ),
        ("select * from logs", "there is no table `logs`; there are `events` and `entries`"),
        (
            "select in_cidr(origin, 'x') from events",
            "in_cidr: `x` is not a network; write one such as '10.0.0.0/8' or '2001:db8::/32'",
        ),
    ];
    block_on(async {
        let bench = Bench::acme();
        let mut wrong = Vec::new();
        for (text, expected) in cases {
            let found = bench.sql(text).await.unwrap_err();
            if found.to_string() != expected || !found.is_users() {
                wrong.push(format!("{text}\n  {found:?}\n  {expected}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn nothing_outside_can_be_reached() {
    let hostile = [
        "select * from '/etc/passwd'",
        "select * from 'file:///etc/passwd'",
        "select * from 's3://bucket/x.parquet'",
        "select * from \"http://127.0.0.1/x.csv\"",
        "select * from read_csv('/etc/passwd')",
        "select * from read_parquet('x')",
        "select * from parquet_scan('x')",
        "select * from generate_series(1, 1000000000)",
        "select * from range(1, 1000000000)",
        "select * from information_schema.tables",
        "select * from information_schema.df_settings",
        "select version()",
        "select input_file_name() from events",
        "select repeat('x', 1000000000)",
        "select lpad('x', 1000000000)",
        "select range(0, 1000000000)",
        "select array_repeat('x', 1000000000)",
        "select generate_series(0, 1000000000)",
        "select array_resize([1], 1000000000, 1)",
        "with recursive r as (select 1 as n union all select n + 1 from r) select * from r",
        "select @@version",
        "select * from events where uid = $1",
        "with x as (insert into events select * from events) select * from x",
        "select * into t from events",
    ];
    block_on(async {
        let bench = Bench::acme();
        for text in hostile {
            match bench.sql(text).await {
                Err(error) => assert!(error.is_users(), "{text}: {error:?}"),
                Ok(answer) => panic!("{text}: {answer}"),
            }
        }
    });
}

#[test]
fn values_cannot_be_made_to_explode() {
    let doubled = |expression: &str| {
        let levels: Vec<String> =
            (1..30).map(|level| format!("t{level} as (select {expression} as x from t{})", level - 1)).collect();
        format!("with t0 as (select name as x from events), {} select octet_length(x) from t29", levels.join(", "))
    };
    let long = "y".repeat(30_000);
    let hostile = [
        doubled("x || x"),
        doubled("concat(x, x)"),
        doubled(&format!("replace(x, 'O', '{}')", "O".repeat(100))),
        doubled(&format!("regexp_replace(x, '.', '{}', 'g')", "$0".repeat(50))),
        format!("select replace(replace(name, 'L', '{long}'), 'y', '{long}') from events"),
        format!("select concat_ws('{long}'{}) from events", ", name".repeat(2_000)),
        format!(
            "select array_to_string(string_to_array(repeated, ','), '{long}') from (select replace(name, 'L', '{}') as repeated from events)",
            ",".repeat(20_000)
        ),
    ];
    block_on(async {
        let bench = Bench::acme();
        for text in hostile {
            match bench.sql(&text).await {
                Err(error) => assert!(error.to_string().contains("could make"), "{error}"),
                Ok(answer) => panic!("{} bytes from {}", answer.len(), &text[..80]),
            }
        }
    });
}

#[test]
fn the_longest_chains_of_operators_are_planned() {
    block_on(async {
        let bench = Bench::acme();
        let sum = format!("select {} from events limit 1", vec!["seq"; 190].join("+"));
        bench.sql(&sum).await.unwrap();
        let any = format!("select count(*) from events where {}", vec!["seq=1"; 190].join(" or "));
        assert_eq!(bench.sql(&any).await.unwrap(), "1");
    });
}

#[test]
fn places_are_those_of_what_a_search_finds_in_a_range() {
    let check = |query: &str, seqs: std::ops::RangeInclusive<u64>, expected: &[i64]| {
        block_on(async {
            // Two organizations in scope, one asked for; and a limit on rows that does not count here.
            let bench = Bench::of(&archive(), Limits { rows_max: 1, ..limits() }, scope(&[ACME, BOLT]));
            let (asked, acme) = (request(query), organization(ACME));
            let answer = bench.engine.places(&bench.scope, bench.snapshot.clone(), &asked, &acme, seqs).await.unwrap();
            let (batches, truncated) = answer.collect().await.unwrap();
            let found = batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec());
            let mut found: Vec<i64> = found.collect();
            found.sort_unstable();
            assert_eq!((found.as_slice(), truncated), (expected, false), "{query}");
        });
    };
    check("uid:alice", 0..=8, &[1, 3]);
    check("", 0..=u64::MAX, &[1, 2, 3, 4, 5, 6, 7, 8]);
    check("-uid:bob", 2..=7, &[3, 4, 6, 7]);
    check("uid:alice OR uid:carol", 2..=7, &[3, 7]);
    check("uid:nobody", 0..=8, &[]);
}
