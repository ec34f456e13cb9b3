//! Producers: one request, or several connections that emit until they are told to stop.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use super::book::{Book, Post, Receipt, lines};
use crate::harness::Client;

/// Events in one request at most. All that waits at one time fits into one journal frame, so that a request is stored
/// wholly or not at all.
const BATCH: u64 = 40;

/// What became of a request.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// `None` if the connection broke.
    pub(super) status: Option<u16>,
    /// Events stored by this request.
    pub(super) new: u64,
    /// Of every event, if the request was answered well.
    pub(super) receipts: Option<Vec<Receipt>>,
}

/// Sends the events `numbers` in one request.
pub(super) fn post(client: &Client, numbers: Range<u64>) -> Answer {
    block_on(send(&reqwest::Client::new(), &client.url, &client.token, numbers))
}

/// Asks for everything to be archived. `None` if the connection broke.
pub(super) fn seal(client: &Client) -> Option<u16> {
    let request = client.request(reqwest::Method::POST, "/api/v1/archive/seal").timeout(Duration::from_secs(30));
    block_on(async { Some(request.send().await.ok()?.status().as_u16()) })
}

async fn send(http: &reqwest::Client, url: &str, token: &str, numbers: Range<u64>) -> Answer {
    let request = http
        .post(format!("{url}/api/v1/events"))
        .bearer_auth(token)
        .timeout(Duration::from_secs(20))
        .body(lines(numbers.clone()));
    let broken = Answer { status: None, new: 0, receipts: None };
    let Ok(response) = request.send().await else { return broken };
    let status = response.status().as_u16();
    let Ok(text) = response.text().await else { return broken };
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    let receipts = (status == 200).then(|| receipts(&value, numbers));
    Answer { status: Some(status), new: value["new"].as_u64().unwrap_or(0), receipts }
}

/// The receipts of an answer. Nothing that we send is refused for what it is.
fn receipts(answer: &Value, numbers: Range<u64>) -> Vec<Receipt> {
    let outcomes = answer["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len() as u64, numbers.end - numbers.start, "one outcome for each event");
    let refused = outcomes.iter().find(|outcome| outcome["status"] == "refused");
    assert_eq!(refused, None, "refused");
    let receipt = |event: u64, receipt: &Value| Receipt {
        event,
        organization: receipt["organization"].as_str().unwrap().to_owned(),
        seq: receipt["seq"].as_u64().unwrap(),
        leaf: receipt["leafHash"].as_str().unwrap().to_owned(),
    };
    let all = numbers.zip(outcomes).flat_map(|(event, outcome)| {
        let receipts = outcome["receipts"].as_array().unwrap();
        receipts.iter().map(move |value| receipt(event, value))
    });
    all.collect()
}

/// Connections that emit.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Post>>,
}

impl Load {
    /// Starts emitting over `connections` connections, from the book's next event on.
    pub(super) fn begin(client: &Client, book: &Book, connections: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let next = Arc::new(AtomicU64::new(book.next()));
        let (url, token, stopped) = (client.url.clone(), client.token.clone(), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            block_on(async {
                let http = reqwest::Client::new();
                let connection = |number| emit(&http, &url, &token, number, &next, &stopped);
                futures::future::join_all((0..connections).map(connection)).await.concat()
            })
        });
        Self { stop, thread }
    }

    /// Stops, and enters in the book what was sent.
    pub(super) fn end(self, book: &mut Book) {
        self.stop.store(true, Relaxed);
        book.add(self.thread.join().unwrap());
    }
}

/// One connection: emits until it is told to stop or breaks.
async fn emit(
    http: &reqwest::Client,
    url: &str,
    token: &str,
    number: u64,
    next: &AtomicU64,
    stop: &AtomicBool,
) -> Vec<Post> {
    let mut posts = Vec::new();
    while !stop.load(Relaxed) {
        let count = 1 + (posts.len() as u64 * 7 + number * 11) % BATCH;
        let start = next.fetch_add(count, Relaxed);
        let answer = send(http, url, token, start..start + count).await;
        posts.push(Post::new(start..start + count, answer.receipts));
        if answer.status.is_none() {
            break;
        }
    }
    posts
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
