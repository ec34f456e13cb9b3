//! A server that is away for a while, or killed in the middle of uploads.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::StreamExt as _;
use indelible_storage::probe::{ProbeError, probe};
use indelible_storage::{Bucket, BucketError, BucketSettings};
use indelible_testkit::servers::{Kind, Server};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::stores::{NAME, open};

/// Far above the timeouts set below, which are what is tested; only a wait without end fails.
const BOUND: Duration = Duration::from_secs(120);

async fn server(kind: Kind) -> Server {
    let server = Server::start(kind);
    server.create_bucket(NAME, false).await;
    server
}

/// Kills it, if that does not make it forget what it has answered.
fn stop(server: &mut Server) {
    match server.kind() {
        Kind::Azurite => server.stop(),
        _ => server.kill(),
    }
}

fn impatient(server: &Server) -> Bucket {
    let (request_timeout, retry_timeout) = (Duration::from_secs(3), Duration::from_secs(1));
    open(server, "", BucketSettings { request_timeout, retry_timeout, ..server.settings() })
}

async fn check_away(bucket: &Bucket) {
    let begin = Instant::now();
    for error in [
        bucket.create("new", Bytes::from_static(b"new")).await.err(),
        bucket.get("old").await.err(),
        bucket.head("old").await.err(),
        bucket.list("").next().await.and_then(Result::err),
        bucket.lock_of("old", None).await.err(),
    ] {
        let error = error.expect("the server is away");
        assert!(matches!(error, BucketError::Store { .. }), "{error:?}");
    }
    assert!(matches!(probe(bucket).await, Err(ProbeError::Bucket(_))));
    assert!(begin.elapsed() < BOUND, "{:?}", begin.elapsed());
}

#[tokio::test]
async fn store_that_is_away_is_told_in_time_and_used_again_when_it_is_back() {
    for kind in [Kind::SeaweedFs, Kind::Azurite] {
        let mut server = server(kind).await;
        let (bucket, patient) = (impatient(&server), open(&server, "", server.settings()));
        // A store that has just started takes its time for the first object.
        patient.create("old", Bytes::from_static(b"old")).await.unwrap();
        stop(&mut server);
        check_away(&bucket).await;
        server.restart();
        patient.archive("new", Bytes::from_static(b"new")).await.unwrap();
        assert_eq!(patient.get("old").await.unwrap(), "old");
        probe(&patient).await.unwrap();
    }
}

#[tokio::test]
async fn store_that_hangs_is_told_in_time() {
    let server = server(Kind::Azurite).await;
    let bucket = impatient(&server);
    open(&server, "", server.settings()).create("old", Bytes::from_static(b"old")).await.unwrap();
    server.pause();
    check_away(&bucket).await;
    server.resume();
    // Connections of before may be reset at this moment, and what was sent while it hung be done: the same bytes are fine.
    let back = open(&server, "", server.settings());
    back.archive("new", Bytes::from_static(b"new")).await.unwrap();
}

/// As many as the environment says: each takes the time of a start.
fn kills() -> usize {
    std::env::var("INDELIBLE_BUCKET_KILLS").map_or(2, |kills| kills.parse().expect("a number of kills"))
}

/// Uploads between two kills: more than are done when it is killed.
const TURNS: usize = 16;

fn content(number: usize) -> Bytes {
    let seed = u8::try_from(number % 251).unwrap();
    (0..1 << 20).map(|at: u32| seed.wrapping_add((at % 253) as u8)).collect::<Vec<u8>>().into()
}

fn name(number: usize) -> String {
    format!("o/{number:04}")
}

/// Uploads one object after the other, each until it is archived, and counts them. Each takes one of `turns`, so that
/// objects do not become more while what is there is checked; closed turns are the end.
async fn upload(bucket: Bucket, numbers: impl Iterator<Item = usize>, turns: Arc<Semaphore>) -> Vec<usize> {
    let mut archived = Vec::new();
    for number in numbers {
        let Ok(turn) = turns.acquire().await else { break };
        turn.forget();
        while let Err(error) = bucket.archive(&name(number), content(number)).await {
            assert!(!matches!(error, BucketError::Taken { .. } | BucketError::Differs { .. }), "{error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        archived.push(number);
    }
    archived
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn store_stopped_during_uploads_loses_nothing_and_shows_whole_objects_only() {
    for kind in [Kind::Azurite, Kind::SeaweedFs] {
        let mut server = server(kind).await;
        let turns = Arc::new(Semaphore::new(0));
        let mut tasks = JoinSet::new();
        for first in 0..4 {
            tasks.spawn(upload(impatient(&server), (first..).step_by(4), Arc::clone(&turns)));
        }
        let mut seen = BTreeSet::new();
        for round in 0..kills() {
            let bucket = open(&server, "", server.settings());
            let before = bucket.list_sorted("o").await.unwrap().len();
            turns.add_permits(TURNS);
            while bucket.list_sorted("o").await.unwrap().len() < before + 2 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            tokio::time::sleep(Duration::from_millis(7 * round as u64 % 100)).await;
            stop(&mut server);
            server.restart();
            check_whole(&bucket, &mut seen).await;
        }
        turns.close();
        let archived: BTreeSet<String> = tasks.join_all().await.concat().into_iter().map(name).collect();
        let mut there = BTreeSet::new();
        check_whole(&open(&server, "", server.settings()), &mut there).await;
        assert_eq!(there, archived, "{kind:?}");
    }
}

/// Whatever is there is whole. Objects in `seen` were looked at before.
async fn check_whole(bucket: &Bucket, seen: &mut BTreeSet<String>) {
    for object in bucket.list_sorted("o").await.unwrap() {
        if !seen.contains(&object.name) {
            let number: usize = object.name.trim_start_matches("o/").parse().unwrap();
            assert_eq!(bucket.get(&object.name).await.unwrap(), content(number), "{}", object.name);
            seen.insert(object.name);
        }
    }
}
