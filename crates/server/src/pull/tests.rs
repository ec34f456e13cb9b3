#![allow(clippy::unwrap_used)]

use super::*;

fn file(generation: u32, first: u64, received_first_us: i64) -> Arc<LogFile> {
    Arc::new(LogFile {
        organization: "ri.indelible..organization.acme".parse().unwrap(),
        generation,
        object: String::new(),
        first,
        last: first + 9,
        rows: 10,
        bytes: 0,
        canonical_bytes: 0,
        entry_bytes_max: 0,
        sha256: [7; 32],
        date: String::new(),
        time_min_us: 0,
        time_max_us: 0,
        received_first_us,
        received_last_us: received_first_us,
        sealed_us: 0,
        archived_us: None,
        read_back_us: None,
    })
}

/// Every text that differs from `text` in one character, is cut, or has something behind it.
fn altered(text: &str) -> Vec<String> {
    let replaced = (0..text.len()).flat_map(|at| {
        ["A", "_", "9", "=", "."].iter().map(move |other| {
            let mut altered = text.to_owned();
            altered.replace_range(at..=at, other);
            altered
        })
    });
    let cut = (0..text.len()).map(|at| text[..at].to_owned());
    let longer = ["A", "=", "AAAA"].map(|more| format!("{text}{more}"));
    replaced.chain(cut).chain(longer).filter(|other| other != text).collect()
}

#[test]
fn an_id_finds_its_file_and_nothing_else_finds_it() {
    let (key, other) = (PullKey::of(&[1; 32]), PullKey::of(&[2; 32]));
    let file = file(3, 40, 0);
    let id = key.log_file_id(&file);
    let find =
        |key: &PullKey, id: &str| key.log_file(id, |place| (place == (3, 40)).then(|| Arc::clone(&file))).is_some();
    assert_eq!(id, key.log_file_id(&file), "the same each time");
    assert!(find(&key, &id) && !find(&other, &id));
    altered(&id).iter().for_each(|id| assert!(!find(&key, id), "{id}"));
    let rewritten = Arc::new(LogFile { sha256: [8; 32], ..LogFile::clone(&file) });
    assert!(key.log_file(&id, |_| Some(Arc::clone(&rewritten))).is_none(), "another file in its place");
}

#[test]
fn a_page_token_says_what_was_asked_and_no_other_text_does() {
    let (key, other) = (PullKey::of(&[1; 32]), PullKey::of(&[2; 32]));
    for cursor in [
        Cursor { next: (0, 0), days: (0, i32::MAX) },
        Cursor { next: (u32::MAX, u64::MAX), days: (-1, 20_000) },
        Cursor { next: (2, 1 << 40), days: (i32::MIN, i32::MIN) },
    ] {
        let token = key.page_token(&cursor);
        assert_eq!(key.cursor(&token), Some(cursor));
        assert_eq!(other.cursor(&token), None);
        altered(&token).iter().for_each(|token| assert_eq!(key.cursor(token), None, "{token}"));
    }
    let id = key.log_file_id(&file(0, 0, 0));
    assert_eq!(key.cursor(&format!("{TOKEN_PREFIX}{id}")), None, "an id is no token");
}

#[test]
fn days_are_whole_utc_days_of_receipt_and_listing_goes_on_behind_the_last_file() {
    let day_us = 86_400_000_000;
    let cursor = Cursor { next: (1, 0), days: (10, 11) };
    for (received_us, wanted) in
        [(10 * day_us - 1, false), (10 * day_us, true), (12 * day_us - 1, true), (12 * day_us, false)]
    {
        assert_eq!(cursor.wants(&file(1, 0, received_us)), wanted, "{received_us}");
    }
    assert_eq!(cursor.after(None), cursor);
    assert_eq!(cursor.after(Some(&file(2, 30, 0))), Cursor { next: (2, 40), days: (10, 11) });
}
