//! Requests behind an [`AuditLayer`].

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Path as UrlPath;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use axum::{Extension, Router};
use indelible_testkit::disk::{Fault, FaultyDisk};
use tower::Service as _;

use super::{auditor, outcomes, settings, spooled};
use crate::catalogue::typed::{UserLogin, UserLoginResult};
use crate::spool::Size;
use crate::{Audit, AuditLayer, Auditor, Durability};

/// Does as the path says.
async fn act(audit: Audit, UrlPath(what): UrlPath<String>) -> Result<String, StatusCode> {
    if what == "nothing" {
        return Ok("done".to_owned());
    }
    let event = audit.begin(what.to_uppercase(), UserLogin);
    match &*what {
        "succeed" => event.succeed(UserLoginResult::default()),
        "forget" => drop(event),
        "background" => {
            _ = tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(3600)).await;
                drop(event)
            })
        }
        "leave" => return Err(StatusCode::NOT_FOUND),
        "refuse" => {
            event.unauthorized();
            return Err(StatusCode::FORBIDDEN);
        }
        _ => panic!("on purpose"),
    }
    Ok("done".to_owned())
}

fn app(layer: AuditLayer) -> Router {
    Router::new().route("/{what}", get(act)).layer(layer)
}

async fn ask(app: &mut Router, path: &str) -> u16 {
    let request = Request::builder().uri(path).header("user-agent", "tests").body(Body::empty()).unwrap();
    app.call(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_request_whose_audit_is_whole_is_answered_and_any_other_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let auditor = auditor(dir.path());
    let closed = || AuditLayer::fail_closed(auditor.clone());
    for (layer, path, expected) in [
        (closed(), "/succeed", 200),
        (closed(), "/nothing", 200),
        (closed().demand_event(), "/nothing", 500),
        (closed().demand_event(), "/no/route", 404),
        (closed(), "/forget", 500),
        (closed(), "/background", 500),
        (closed(), "/leave", 404),
        (closed(), "/refuse", 403),
        (AuditLayer::fail_open(auditor.clone()), "/forget", 200),
        (AuditLayer::fail_open(auditor.clone()).demand_event(), "/nothing", 200),
    ] {
        assert_eq!(ask(&mut app(layer.clone()), path).await, expected, "{path} {layer:?}");
    }
    let mut panicking = app(closed());
    let panicked = tokio::spawn(async move { ask(&mut panicking, "/panic").await }).await;
    assert!(panicked.is_err());
    // One each of those that began an event, but for the one in the background, which is still open.
    let begun = std::time::Instant::now();
    while auditor.stats().spooled < 6 && begun.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(auditor.stats().spooled, 6);
}

/// An auditor whose next sync fails.
fn broken(dir: &std::path::Path) -> Auditor {
    let disk = FaultyDisk::new();
    let size = Size { segment_bytes: 64 << 10, segments: 8, line_bytes_max: 4096 };
    let auditor = Auditor::open_on(Arc::new(disk.clone()), settings(dir), size).unwrap();
    // Segments are made ready meanwhile.
    while auditor.stats().spool_bytes < 2 * (64 << 10) {
        std::thread::sleep(Duration::from_millis(1));
    }
    disk.fail_at(0, Fault::Dead);
    auditor
}

#[tokio::test]
async fn an_event_that_is_not_durable_closes_a_closed_layer_only() {
    for (path, closed, open) in [("/succeed", 500, 200), ("/refuse", 500, 403), ("/nothing", 200, 200)] {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(ask(&mut app(AuditLayer::fail_closed(broken(dir.path()))), path).await, closed, "{path}");
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(ask(&mut app(AuditLayer::fail_open(broken(dir.path()))), path).await, open, "{path}");
    }
    // A server that is away, waited for.
    let dir = tempfile::tempdir().unwrap();
    let auditor = auditor(dir.path()).with_durability(Durability::Server);
    let layer = AuditLayer::fail_closed(auditor.clone()).patience(Duration::from_millis(50));
    assert_eq!(ask(&mut app(layer), "/succeed").await, 500);
    drop(auditor);
    assert_eq!(outcomes(dir.path()), [("SUCCEED".to_owned(), "SUCCESS".to_owned())]);
}

#[tokio::test]
async fn an_event_knows_the_request_and_who_sent_it() {
    let dir = tempfile::tempdir().unwrap();
    let auditor = auditor(dir.path());
    let handler = get(|audit: Audit| async move {
        audit.begin("LOGIN", UserLogin).succeed(UserLoginResult::default());
    });
    let identify =
        axum::middleware::from_fn(|Extension(audit): Extension<Audit>, request, next: axum::middleware::Next| {
            audit.identify(|context| context.user = Some("ann".to_owned()));
            next.run(request)
        });
    let mut app = Router::new().route("/", handler).layer(identify).layer(AuditLayer::fail_closed(auditor.clone()));
    assert_eq!(ask(&mut app, "/").await, 200);
    drop((app, auditor));
    let (_, event) = &spooled(dir.path())[0];
    assert_eq!((event["uid"].as_str(), event["userAgent"].as_str()), (Some("ann"), Some("tests")));
}

#[tokio::test]
async fn a_dropped_event_says_what_the_answer_does() {
    let dir = tempfile::tempdir().unwrap();
    let auditor = auditor(dir.path());
    let handler = get(|audit: Audit, UrlPath(status): UrlPath<u16>| async move {
        let _event = audit.begin(format!("ANSWERED_{status}"), UserLogin);
        StatusCode::from_u16(status).unwrap()
    });
    let mut app = Router::new().route("/{status}", handler).layer(AuditLayer::fail_closed(auditor.clone()));
    let cases = [(401, "UNAUTHORIZED"), (403, "UNAUTHORIZED"), (404, "ERROR"), (500, "ERROR")];
    for (status, _) in cases {
        assert_eq!(ask(&mut app, &format!("/{status}")).await, status);
    }
    drop((app, auditor));
    let expected = cases.map(|(status, result)| (format!("ANSWERED_{status}"), result.to_owned()));
    assert_eq!(outcomes(dir.path()), expected);
}

#[tokio::test]
async fn an_event_may_outlive_the_answer() {
    let dir = tempfile::tempdir().unwrap();
    let auditor = auditor(dir.path());
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let sender = Arc::new(std::sync::Mutex::new(Some(sender)));
    let handler = get(|audit: Audit| async move {
        let mut event = audit.begin("LONG", UserLogin).detach().unwrap();
        event.under_way().await.unwrap();
        sender.lock().unwrap().take().unwrap().send(event).unwrap();
    });
    let layer = AuditLayer::fail_closed(auditor.clone()).demand_event();
    let mut app = Router::new().route("/", handler).layer(layer);
    assert_eq!(ask(&mut app, "/").await, 200);
    receiver.await.unwrap().succeed(UserLoginResult::default()).await.unwrap();
    drop((app, auditor));
    assert_eq!(outcomes(dir.path()), ["PARTIAL", "SUCCESS"].map(|result| ("LONG".to_owned(), result.to_owned())));
}

#[tokio::test]
async fn a_handler_without_the_layer_is_not_run() {
    let mut app = Router::new().route("/{what}", get(act));
    assert_eq!(ask(&mut app, "/succeed").await, 500);
}
