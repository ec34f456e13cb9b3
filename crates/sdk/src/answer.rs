//! Sending events and refused records to the server, and what its answer means.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, StatusCode};
use serde::Deserialize;
use url::Url;

use crate::settings::Server;
use crate::spool::record::Kind;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For all of a request and its answer.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 8 << 20;
/// How much of an answer goes into a reason.
const REASON_BYTES_MAX: usize = 512;

const ADAPTER: HeaderName = HeaderName::from_static("indelible-adapter");
const EPOCH: HeaderName = HeaderName::from_static("indelible-producer-epoch");
const RECEIPTS: HeaderName = HeaderName::from_static("indelible-receipts");
const SEQ: HeaderName = HeaderName::from_static("indelible-producer-seq");

/// Events, or refused records, with numbers that follow one another, all from the same adapter.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) first: u64,
    /// The number of its first event for the server, which counts no refused records.
    pub(crate) seq: u64,
    pub(crate) kind: Kind,
    pub(crate) adapter: String,
    pub(crate) lines: Vec<bytes::Bytes>,
    /// There were more events that did not fit.
    pub(crate) is_cut: bool,
}

impl Batch {
    /// The number after its last event's.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.lines.len() as u64
    }
}

/// What the server made of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It has answered for each event: those it refused by their place, with the reason.
    Settled { refused: Vec<(usize, Refusal)>, repeated: u64, receipts: String },
    /// Nothing was stored, and the bytes of one of the events are to blame: fewer at a time.
    Fewer,
    /// Nothing is known to be stored, and nothing is said of the events.
    Later { after: Option<Duration>, why: String },
}

/// Why the server refused an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    #[serde(default)]
    pub(crate) message: String,
}

/// What the server answers with 200, as far as it matters here.
#[derive(Deserialize)]
struct Outcomes {
    #[serde(default)]
    duplicate: u64,
    outcomes: Vec<Outcome>,
    #[serde(default)]
    receipts: Option<String>,
}

#[derive(Deserialize)]
struct Outcome {
    status: String,
    #[serde(default)]
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Failure {
    error: Refusal,
}

/// The server could not be prepared for.
#[derive(Debug, thiserror::Error)]
pub enum InvalidServer {
    /// The URL is none, or not of HTTP.
    #[error("{0:?} is not the URL of a server; write one such as https://audit.example")]
    Url(String),
    /// The token cannot stand in a header.
    #[error("the token is empty or holds characters that no token has")]
    Token,
    /// The certificates are no PEM, or the system has none.
    #[error("the certificates to trust cannot be used: {0}")]
    Certificates(String),
}

/// The server, as a client sees it.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    events: Url,
    quarantine: Url,
    epoch: u64,
    wants_receipts: bool,
}

impl Client {
    pub(crate) fn new(server: &Server, epoch: u64, wants_receipts: bool) -> Result<Self, InvalidServer> {
        let base = Url::parse(&server.url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| InvalidServer::Url(server.url.clone()))?;
        let route = |name: &str| {
            let mut url = base.clone();
            url.set_path(&format!("{}/api/v1/{name}", base.path().trim_end_matches('/')));
            url
        };
        let token = server.token.trim();
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| InvalidServer::Token)?;
        if token.is_empty() {
            return Err(InvalidServer::Token);
        }
        authorization.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization);
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .default_headers(headers)
            .user_agent(concat!("indelible-sdk/", env!("CARGO_PKG_VERSION")));
        let invalid = |error: reqwest::Error| InvalidServer::Certificates(chain(&error));
        if !server.certificates.is_empty() {
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(&server.certificates).map_err(invalid)?);
        }
        let http = builder.build().map_err(invalid)?;
        Ok(Self { http, events: route("events"), quarantine: route("quarantine"), epoch, wants_receipts })
    }

    /// Sends a batch. May be dropped at any point; whether the batch was stored is then unknown.
    pub(crate) async fn send(&self, batch: &Batch) -> Answer {
        let mut request = match batch.kind {
            Kind::Event => self.http.post(self.events.clone()).header(EPOCH, self.epoch).header(SEQ, batch.seq),
            Kind::Refused => self.http.post(self.quarantine.clone()),
        };
        request = request.header(CONTENT_TYPE, "application/x-ndjson").body(batch.lines.join(&b'\n'));
        if !batch.adapter.is_empty() {
            request = request.header(ADAPTER, &batch.adapter);
        }
        if self.wants_receipts && batch.kind == Kind::Event {
            request = request.header(RECEIPTS, "signed");
        }
        match read(request).await {
            Ok((status, after, body)) => interpret(batch.kind, status, after, &body, batch.lines.len()),
            Err(why) => Answer::Later { after: None, why },
        }
    }
}

async fn read(request: reqwest::RequestBuilder) -> Result<(StatusCode, Option<Duration>, Vec<u8>), String> {
    let failed = |error: reqwest::Error| chain(&error);
    let mut response = request.send().await.map_err(failed)?;
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(format!("the answer is longer than {ANSWER_BYTES_MAX} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.status(), after.map(Duration::from_secs), body))
}

/// What an answer to `events` events, or as many refused records, means.
fn interpret(kind: Kind, status: StatusCode, after: Option<Duration>, body: &[u8], events: usize) -> Answer {
    let later = |why: String| Answer::Later { after, why };
    if status == StatusCode::OK {
        return match serde_json::from_slice::<Outcomes>(body) {
            Ok(answer) if answer.outcomes.len() == events => settled(answer),
            Ok(answer) => later(format!("{} outcomes for {events} events", answer.outcomes.len())),
            Err(error) => later(format!("the answer is not one of an audit log: {error}")),
        };
    }
    if kind == Kind::Refused && matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) {
        let message =
            "the server has no /api/v1/quarantine: it is older than this program, or what stands between bars it";
        let refusal = Refusal { code: "noQuarantine".to_owned(), field: None, message: message.to_owned() };
        let refused = (0..events).map(|place| (place, refusal.clone())).collect();
        return Answer::Settled { refused, repeated: 0, receipts: String::new() };
    }
    let failure = serde_json::from_slice::<Failure>(body).map(|failure| failure.error);
    if let Some(refusal) = blame(status, failure.as_ref().ok()) {
        return match events {
            1 => Answer::Settled { refused: vec![(0, refusal)], repeated: 0, receipts: String::new() },
            _ => Answer::Fewer,
        };
    }
    later(match failure {
        Ok(Refusal { code, message, .. }) => format!("HTTP {}: {message} ({code})", status.as_u16()),
        Err(_) => {
            let text = String::from_utf8_lossy(&body[..body.len().min(REASON_BYTES_MAX)]);
            let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            format!("HTTP {}: {}", status.as_u16(), text.trim())
        }
    })
}

/// What is wrong with the bytes of the request, if an answer to the whole of it blames them. Only then, and only if the request held one
/// event alone, is that event refused. Any other answer that is not 200 says nothing of the events: they are sent again.
fn blame(status: StatusCode, failure: Option<&Refusal>) -> Option<Refusal> {
    match (status, failure) {
        (StatusCode::BAD_REQUEST, Some(refusal)) if refusal.code == "unreadableBody" => Some(refusal.clone()),
        (StatusCode::PAYLOAD_TOO_LARGE, Some(refusal)) => Some(refusal.clone()),
        // What stands between may take less than the server does.
        (StatusCode::PAYLOAD_TOO_LARGE, None) => Some(Refusal {
            code: "bodyTooLarge".to_owned(),
            field: None,
            message: "what stands between takes no request of this size".to_owned(),
        }),
        _ => None,
    }
}

fn settled(answer: Outcomes) -> Answer {
    let refused = answer.outcomes.into_iter().enumerate().filter(|(_, outcome)| outcome.status == "refused");
    Answer::Settled {
        refused: refused.map(|(place, outcome)| (place, outcome.error.unwrap_or_default())).collect(),
        repeated: answer.duplicate,
        receipts: answer.receipts.unwrap_or_default(),
    }
}

/// An error with its causes. A URL in it holds no secret.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn refusal(code: &str) -> Refusal {
        Refusal { code: code.into(), field: None, message: "m".into() }
    }

    #[test]
    fn an_answer_settles_a_batch_or_says_to_wait() {
        let check = |status: u16, body: &str, expected: Answer| {
            for kind in [Kind::Event, Kind::Refused] {
                let answer = interpret(kind, status.try_into().unwrap(), None, body.as_bytes(), 2);
                assert_eq!(answer, expected, "{kind:?} {status} {body}");
            }
        };
        let later = |why: &str| Answer::Later { after: None, why: why.into() };
        let settled =
            |refused, repeated, receipts: &str| Answer::Settled { refused, repeated, receipts: receipts.into() };
        let both = r#"{"new":1,"duplicate":1,"refused":0,"outcomes":[{"line":1,"status":"new"},{"line":2,"status":"duplicate"}]"#;
        check(200, &format!("{both}}}"), settled(vec![], 1, ""));
        check(200, &format!("{both},\"receipts\":\"note\"}}"), settled(vec![], 1, "note"));
        let second = r#"{"outcomes":[{"status":"new"},{"status":"refused","error":{"code":"c","message":"m"}}]}"#;
        check(200, second, settled(vec![(1, refusal("c"))], 0, ""));
        check(200, r#"{"outcomes":[{"status":"new"}]}"#, later("1 outcomes for 2 events"));
        let error = r#"{"error":{"code":"c","message":"m","requestId":"r"}}"#;
        check(429, error, later("HTTP 429: m (c)"));
        check(400, "<html>", later("HTTP 400: <html>"));
        check(502, "bad\ngateway", later("HTTP 502: bad gateway"));
        assert!(matches!(interpret(Kind::Event, StatusCode::OK, None, b"<html>", 2), Answer::Later { .. }));
    }

    /// What may answer a request as a whole, and whether it blames the bytes; the same for all SDKs.
    #[derive(Debug, Deserialize)]
    struct Whole {
        status: u16,
        code: String,
        blames: bool,
    }

    #[test]
    fn an_event_is_refused_only_if_it_was_alone_and_the_answer_blames_the_bytes() {
        let table: Vec<Whole> = serde_json::from_str(include_str!("../../../sdk/answers.json")).unwrap();
        assert!(table.iter().any(|whole| whole.blames) && table.iter().any(|whole| !whole.blames));
        for whole in &table {
            let body = match &*whole.code {
                "" => "<html>".to_owned(),
                code => format!(r#"{{"error":{{"code":"{code}","message":"m","requestId":"r"}}}}"#),
            };
            let status: StatusCode = whole.status.try_into().unwrap();
            let answer = |events| interpret(Kind::Event, status, None, body.as_bytes(), events);
            // For refused records the same holds, but that a server may not know the route.
            let of_records = interpret(Kind::Refused, status, None, body.as_bytes(), 2);
            match status {
                StatusCode::NOT_FOUND => assert!(has_no_quarantine(&of_records), "{whole:?}"),
                _ => assert_eq!(of_records, answer(2), "{whole:?}"),
            }
            if !whole.blames {
                let is_later = |answer: Answer| matches!(answer, Answer::Later { .. });
                assert!(is_later(answer(1)) && is_later(answer(2)), "{whole:?}");
                continue;
            }
            let Answer::Settled { refused, .. } = answer(1) else { panic!("{whole:?}: {:?}", answer(1)) };
            let code = if whole.code.is_empty() { "bodyTooLarge" } else { &whole.code };
            assert_eq!(refused.iter().map(|(at, refusal)| (*at, &*refusal.code)).collect::<Vec<_>>(), [(0, code)]);
            assert_eq!(answer(2), Answer::Fewer, "{whole:?}");
        }
    }

    /// Whether both of two records stay here for that.
    fn has_no_quarantine(answer: &Answer) -> bool {
        let Answer::Settled { refused, .. } = answer else { return false };
        refused.iter().map(|(place, refusal)| (*place, &*refusal.code)).eq([(0, "noQuarantine"), (1, "noQuarantine")])
    }

    #[test]
    fn refused_records_do_not_wait_for_a_server_that_has_no_quarantine() {
        for (status, body) in [(404, r#"{"error":{"code":"notFound","message":"m"}}"#), (404, "<html>"), (405, "")] {
            let answer = |kind| interpret(kind, status.try_into().unwrap(), None, body.as_bytes(), 2);
            assert!(has_no_quarantine(&answer(Kind::Refused)), "{status} {body}");
            assert!(matches!(answer(Kind::Event), Answer::Later { .. }), "{status} {body}");
        }
    }

    #[test]
    fn a_server_is_a_url_and_a_token() {
        let check = |url: &str, token: &str, expected: Option<&str>| {
            let client = Client::new(&Server::new(url, token), 0, true);
            let urls = client.ok().map(|client| [client.events, client.quarantine].map(String::from));
            let expected = expected.map(|base| ["events", "quarantine"].map(|name| format!("{base}/api/v1/{name}")));
            assert_eq!(urls, expected, "{url}");
        };
        check("https://audit.example", "t", Some("https://audit.example"));
        check("http://127.0.0.1:7070/", "t", Some("http://127.0.0.1:7070"));
        check("https://audit.example/below/", "t\n", Some("https://audit.example/below"));
        for (url, token) in
            [("audit.example", "t"), ("ftp://audit.example", "t"), ("https://audit.example", " "), ("", "t")]
        {
            check(url, token, None);
        }
        check("https://audit.example", "a\u{1}", None);
        let shown = format!("{:?}", Server::new("https://audit.example", "secret"));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
