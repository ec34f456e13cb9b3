#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;

fn sample() -> Vec<u8> {
    let mut body = Vec::new();
    let places = &[Place { number: 3, seq: 4 }];
    let head = Head { time_us: -5, time_nanos: 999, log_entry_id: &[7; 16], producer: 1, digest: 2, places };
    encode(&mut body, &head, b"{\"a\":1}", b"{}");
    let places = &[Place { number: 0, seq: 0 }, Place { number: u32::MAX, seq: u64::MAX }];
    let log_entry_id = &[8; 16];
    let head = Head { time_us: i64::MAX, time_nanos: 0, log_entry_id, producer: u64::MAX, digest: 0, places };
    encode(&mut body, &head, b"", b"");
    body
}

#[test]
fn records_come_back_as_they_were() {
    let body = sample();
    let read: Vec<_> = records(&body).collect::<Result<_, _>>().unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!((read[0].time_us, read[0].time_nanos, read[0].log_entry_id), (-5, 999, [7; 16]));
    assert_eq!((read[0].infrastructure, read[0].content_len()), (&b"{\"a\":1}"[..], 2));
    assert_eq!(read[0].places().collect::<Vec<_>>(), [Place { number: 3, seq: 4 }]);
    assert_eq!((read[1].producer, read[1].places().count()), (u64::MAX, 2));
    assert_eq!(body.len(), encoded_bytes(1, 7, 2) + encoded_bytes(2, 0, 0));
}

#[test]
fn cut_or_changed_bytes_are_an_error_and_never_a_panic() {
    let body = sample();
    for cut in 1..body.len() {
        let whole = cut == encoded_bytes(1, 7, 2);
        assert_eq!(records(&body[..cut]).any(|r| r.is_err()), !whole, "cut at {cut}");
    }
    for at in 0..body.len() {
        for bit in 0..8 {
            let mut changed = body.clone();
            changed[at] ^= 1 << bit;
            records(&changed).for_each(drop);
        }
    }
}
