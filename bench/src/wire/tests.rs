#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::http::{Answer, Posts};
use super::*;

#[track_caller]
fn check(protocol: &mut dyn Protocol, events: u64, answer: &[u8], expected: Result<Option<usize>, &str>) {
    match (protocol.answer(answer, events), expected) {
        (Ok(length), Ok(expected)) => assert_eq!(length, expected),
        (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
        (found, expected) => panic!("found {found:?}, expected {expected:?}"),
    }
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &(body.len() as u32 + 4).to_be_bytes(), body].concat()
}

fn request(protocol: &mut dyn Protocol, batch: &[u8]) -> Vec<u8> {
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    protocol.request(batch, &mut head, &mut tail);
    [&head, batch, &tail].concat()
}

#[test]
fn http_answer_must_say_that_all_events_are_new() {
    let mut http = Posts::events("127.0.0.1:80".parse().unwrap(), "secret");
    let sent = String::from_utf8(request(&mut http, b"{}\n{}\n")).unwrap();
    assert!(sent.starts_with("POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:80\r\nAuthorization: Bearer secret\r\n"));
    assert!(sent.ends_with("Content-Length: 6\r\n\r\n{}\n{}\n"));

    let good = b"HTTP/1.1 200 OK\r\ncontent-length: 23\r\n\r\n{\"new\":2,\"duplicate\":0}";
    check(&mut http, 2, good, Ok(Some(good.len())));
    check(&mut http, 2, &good[..good.len() - 1], Ok(None));
    check(&mut http, 2, &good[..20], Ok(None));
    check(&mut http, 3, good, Err("sent 3 new events"));
    let refused = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy";
    check(&mut http, 2, refused, Err("status 503: busy"));
}

#[test]
fn http_chunks_are_joined() {
    let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n";
    let parsed = Answer::parse(answer).unwrap().unwrap();
    assert_eq!((parsed.status, &parsed.body[..], parsed.length), (200, &b"abcd"[..], answer.len()));
    for cut in 0..answer.len() {
        assert!(Answer::parse(&answer[..cut]).unwrap().is_none(), "cut at {cut}");
    }
}

#[test]
fn copy_must_have_stored_every_row() {
    let mut copy = postgres::Copy;
    let ready = message(b'Z', b"I");
    let good = [message(b'G', b"\0\0\0"), message(b'C', b"COPY 2\0"), ready.clone()].concat();
    check(&mut copy, 2, &good, Ok(Some(good.len())));
    check(&mut copy, 2, &good[..good.len() - 1], Ok(None));
    check(&mut copy, 3, &good, Err("did not say COPY 3"));
    check(&mut copy, 2, &ready, Err("did not say COPY 2"));
    check(&mut copy, 2, &message(b'E', b"SERROR\0Mno disk\0\0"), Err("no disk"));
}

#[test]
fn insert_binds_the_batch_as_text() {
    let sent = request(&mut postgres::Insert, b"{\"a\":1}\n");
    let bind = b"\0insert\0\0\0\0\x01\0\0\0\x08{\"a\":1}\n\0\0";
    let expected = [message(b'B', bind), message(b'E', b"\0\0\0\0\0"), message(b'S', b"")].concat();
    assert_eq!(sent, expected);
}
