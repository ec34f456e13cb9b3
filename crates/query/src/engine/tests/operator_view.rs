//! What the operator's view must not tell, by whatever it is asked.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Mutex;

use async_trait::async_trait;
use datafusion::parquet::file::reader::{FileReader, SerializedFileReader};
use futures::stream::BoxStream;
use indelible_event::OperatorScope;
use indelible_event::pseudonym::PseudonymKey;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};

use super::*;

const CONTENT: [&str; 5] = ["requestFields", "resultFields", "entities", "users", "extra"];

/// Remembers which bytes of which object were read.
#[derive(Debug)]
struct Counting {
    inner: Arc<InMemory>,
    read: Mutex<BTreeMap<String, Vec<Range<u64>>>>,
}

impl fmt::Display for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counting store")
    }
}

#[async_trait]
impl ObjectStore for Counting {
    async fn get_opts(&self, location: &ObjectPath, options: GetOptions) -> object_store::Result<GetResult> {
        let range = match &options.range {
            Some(GetRange::Bounded(range)) => range.clone(),
            _ => 0..u64::MAX,
        };
        if !options.head {
            self.read.lock().unwrap().entry(location.to_string()).or_default().push(range);
        }
        self.inner.get_opts(location, options).await
    }

    async fn put_opts(&self, _: &ObjectPath, _: PutPayload, _: PutOptions) -> object_store::Result<PutResult> {
        panic!("a query writes nothing")
    }

    async fn put_multipart_opts(
        &self,
        _: &ObjectPath,
        _: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        panic!("a query writes nothing")
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, object_store::Result<ObjectPath>>,
    ) -> BoxStream<'static, object_store::Result<ObjectPath>> {
        panic!("a query deletes nothing")
    }

    fn list(&self, prefix: Option<&ObjectPath>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&ObjectPath>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, _: &ObjectPath, _: &ObjectPath, _: CopyOptions) -> object_store::Result<()> {
        panic!("a query writes nothing")
    }
}

/// The data and the Bloom filters of the content columns of an object.
fn content_of(store: &InMemory, object: &str) -> Vec<Range<u64>> {
    let bytes = block_on(async { store.get(&ObjectPath::from(object)).await.unwrap().bytes().await.unwrap() });
    let reader = SerializedFileReader::new(bytes).unwrap();
    let mut ranges = Vec::new();
    for column in reader.metadata().row_groups().iter().flat_map(|group| group.columns()) {
        if !CONTENT.contains(&column.column_path().parts()[0].as_str()) {
            continue;
        }
        let (start, length) = column.byte_range();
        ranges.push(start..start + length);
        if let Some((start, length)) = column.bloom_filter_offset().zip(column.bloom_filter_length()) {
            ranges.push(start as u64..start as u64 + length as u64);
        }
    }
    assert!(ranges.len() >= CONTENT.len());
    ranges
}

/// Asks everything there is to ask, and returns how many bytes of content were fetched, and of all.
fn content_bytes_read(scope: &impl Reach, searches: &[&str], queries: &[&str]) -> (u64, u64) {
    let archive = archive();
    let store = Arc::new(Counting { inner: Arc::clone(&archive.store), read: Mutex::default() });
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::new(Arc::clone(&store) as _, limits(), folder.path().join("spill")).unwrap();
    block_on(async {
        let snapshot = || archive.snapshot.clone();
        for query in searches {
            for limit in [None, Some(3)] {
                let request = SearchRequest { limit, ..request(query) };
                engine.search(scope, snapshot(), &request).await.unwrap().collect().await.unwrap();
            }
            engine.count(scope, snapshot(), &request(query)).await.unwrap();
            engine.histogram(scope, snapshot(), &request(query), 3_600_000_000).await.unwrap();
            engine.top(scope, snapshot(), &request(query), "category", 5).await.unwrap();
        }
        for query in queries {
            engine.sql(scope, snapshot(), query).await.unwrap().collect().await.unwrap();
        }
        engine.find(scope, snapshot(), "00000000-0000-4000-8000-000000000004").await.unwrap();
        engine.entry(scope, snapshot(), &organization(ACME), 4).await.unwrap();
    });
    let read = store.read.lock().unwrap();
    assert_eq!(read.len(), 3, "all files were opened");
    let (mut content, mut all) = (0, 0);
    for (object, read) in &*read {
        let forbidden = content_of(&archive.store, object);
        for range in read {
            let overlap = |other: &Range<u64>| range.end.min(other.end).saturating_sub(range.start.max(other.start));
            content += forbidden.iter().map(overlap).sum::<u64>();
            all += range.end - range.start;
        }
    }
    (content, all)
}

const SEARCHES: [&str; 6] = [
    "",
    "uid:bob",
    "uid:0d4e1b1a-1111-4222-8333-abcdefabcdef",
    "category:data*",
    "origin:10.0.0.0/8",
    "time:2021-04-16",
];
const QUERIES: [&str; 4] = [
    "select * from entries",
    "select organization, result, count(*) from events group by all",
    "explain analyze select * from events where uid = 'bob' and array_has(categories, 'dataLoad')",
    "select distinct uid, intake.producer from events order by 1",
];

#[test]
fn no_byte_of_content_is_fetched() {
    let (content, all) = content_bytes_read(&operator(&[ACME, BOLT]), &SEARCHES, &QUERIES);
    assert_eq!(content, 0);
    assert!(all > 0);
    let hidden = OperatorScope::new(vec![(organization(ACME), Some(key())), (organization(BOLT), Some(key()))]);
    assert_eq!(content_bytes_read(&hidden, &SEARCHES, &QUERIES).0, 0);
    // The same questions of those who may see it.
    let (content, _) = content_bytes_read(&scope(&[ACME, BOLT]), &SEARCHES, &QUERIES);
    assert!(content > 0);
}

#[test]
fn plans_and_errors_name_no_content() {
    block_on(async {
        let bench = Bench::of(&archive(), limits(), operator(&[ACME, BOLT]));
        for query in [
            "explain verbose select * from events",
            "explain analyze verbose select * from entries where uid = 'bob'",
            "explain select name from events where time > '2021-04-16' order by time limit 3",
            "describe events",
            "show columns from entries",
        ] {
            let answer = bench.sql(query).await.unwrap();
            let words: Vec<&str> = answer.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
            let named: Vec<&str> = CONTENT.into_iter().filter(|column| words.contains(column)).collect();
            assert!(named.is_empty(), "{query}: {named:?}\n{answer}");
        }
        let content = "is of the content part, which the operator's view does not hold";
        for query in [
            "select requestfields from events",
            "select json_get(requestFields, 'resource.rid') from events",
            "select e.\"extra\" from entries e",
            "select count(*) from events where array_has(entities, 'other')",
            "select unnest(users) from events",
            "select users.uid from events",
            "select 1 from events order by resultFields",
            "select max(requestFields) from events group by name having min(requestFields) > 'a'",
        ] {
            let error = bench.sql(query).await.unwrap_err().to_string();
            assert!(error.contains(content), "{query}: {error}");
        }
        // The same whether or not there is such a value.
        for query in [
            "has:requestFields",
            "has:requestFields.nothing",
            "request:*",
            "entity:other",
            "-entities:nowhere",
            "users.uid:bob",
        ] {
            let error = bench.search(&request(query)).await.unwrap_err().to_string();
            assert!(error.contains("content part, which the operator's view does not hold"), "{query}: {error}");
        }
        let error =
            bench.engine.top(&bench.scope, bench.snapshot.clone(), &request(""), "entities", 3).await.unwrap_err();
        assert!(error.to_string().contains("content part"), "{error}");
    });
}

fn key() -> PseudonymKey {
    PseudonymKey::new([3; 32])
}

/// The operator sees BOLT's people as pseudonyms.
fn hidden() -> Bench<OperatorScope> {
    let scope = OperatorScope::new(vec![(organization(ACME), None), (organization(BOLT), Some(key()))]);
    Bench::of(&archive(), limits(), scope)
}

#[test]
fn people_are_pseudonyms_below_every_question() {
    block_on(async {
        let bench = hidden();
        let alice = key().pseudonym("uid", "alice");
        let count = async |query: &str| {
            bench.engine.count(&bench.scope, bench.snapshot.clone(), &request(query)).await.unwrap()
        };
        // Guesses find nothing, in log files and in the tail; ACME shows its people.
        for guess in ["uid:alice", "uid:=alice", "uid:ali*", "uid:*LICE", "uid:(alice OR bob)"] {
            assert_eq!(count(&format!("org:bolt {guess}")).await, 0, "{guess}");
        }
        assert_eq!(count("uid:alice").await, 2);
        assert_eq!(count("org:bolt has:uid").await, 2);
        for query in
            [format!("uid:{alice}"), format!("uid:={alice}"), "uid:p-*".to_owned(), "org:bolt -uid:alice".to_owned()]
        {
            assert_eq!(count(&query).await, 2, "{query}");
            for limit in [None, Some(10)] {
                let (batches, _) = bench.search(&SearchRequest { limit, ..request(&query) }).await.unwrap();
                let mut out = Vec::new();
                for batch in &batches {
                    Renderer::events(Format::Json, &batch.schema()).batch(batch, &mut out).unwrap();
                }
                let text = String::from_utf8(out).unwrap();
                assert!(text.matches(&alice).count() == 2 && !text.contains("alice"), "{text}");
            }
        }
        let of_bolt = "organization = 'ri.indelible..organization.bolt'";
        for (query, expected) in [
            (format!("select distinct uid from events where {of_bolt}"), alice.as_str()),
            (format!("select max(uid) from entries where {of_bolt}"), &alice),
            (format!("select count(*) from events where uid = 'alice' and {of_bolt}"), "0"),
            (format!("select count(*) from events where uid = '{alice}'"), "2"),
            (format!("select count(*) from events where uid >= 'alice' and uid <= 'alice' and {of_bolt}"), "0"),
            ("select count(distinct uid) from entries".to_owned(), "6"),
        ] {
            assert_eq!(bench.sql(&query).await.unwrap(), expected, "{query}");
        }
        let all = bench.sql("select uid from events order by uid").await.unwrap();
        assert_eq!(all.lines().filter(|uid| *uid == alice).count(), 2, "{all}");
        assert_eq!(all.lines().filter(|uid| uid.eq_ignore_ascii_case("alice")).count(), 2, "{all}");
        // What cannot be cast is quoted as it is shown.
        let error = bench.sql(&format!("select cast(uid as bigint) from events where {of_bolt}")).await.unwrap_err();
        assert!(error.to_string().contains(&alice) && !error.to_string().contains("alice'"), "{error}");
        let tops =
            bench.engine.top(&bench.scope, bench.snapshot.clone(), &request("org:bolt"), "uid", 3).await.unwrap();
        assert_eq!(tops.iter().map(|top| top.value.as_deref()).collect::<Vec<_>>(), [Some(&*alice)]);
    });
}

#[test]
fn statistics_and_filters_of_files_are_not_asked_about_people() {
    block_on(async {
        let bench = hidden();
        let plan = async |condition: &str| {
            bench.sql(&format!("explain analyze select * from events where {condition}")).await.unwrap()
        };
        let of_bolt = "organization = 'ri.indelible..organization.bolt'";
        // One is there and one is not: the plans differ in nothing but the times and the name.
        let (there, not) =
            (plan(&format!("{of_bolt} and uid = 'alice'")).await, plan(&format!("{of_bolt} and uid = 'blice'")).await);
        for plan in [&there, &not] {
            assert!(
                plan.contains("PseudonymExec") && plan.contains("row_groups_pruned_bloom_filter=1 total → 1 matched"),
                "{plan}"
            );
            let source = plan.lines().find(|line| line.contains("DataSourceExec")).unwrap();
            let predicate = source.split("predicate=").nth(1).unwrap_or_default().split("metrics").next().unwrap();
            assert!(predicate.contains("organization") && !predicate.contains("uid"), "{source}");
        }
        // Conditions on other columns go on choosing.
        let time = plan("time >= '2021-04-16T08:30:00' and time < '2021-04-16T10:00:00' and uid <> 'x'").await;
        assert_eq!(time.matches(".parquet").count(), 2, "{time}");
        let own = plan("uid = 'blob' and organization = 'ri.indelible..organization.acme'").await;
        assert!(own.contains("row_groups_pruned_bloom_filter=1 total → 0 matched"), "{own}");
    });
}
