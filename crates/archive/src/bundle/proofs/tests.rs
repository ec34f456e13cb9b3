#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use indelible_merkle::leaf_hash;

use super::*;

fn some(count: u8) -> Vec<Hash> {
    (0..count).map(|index| leaf_hash(&[index])).collect()
}

#[test]
fn proofs_are_read_as_they_were_written_and_in_no_other_form() {
    let range = RangeProofText { size: 9, first: 2, end: 5, proof: RangeProof { before: some(1), after: some(3) } };
    let proof = |old: u64| ConsistencyProof { origin: "a/b/1".to_owned(), old, new: 9, path: some(2) };
    let proofs = vec![proof(3), proof(7)];
    let (range_text, proofs_text) = (range.to_string(), ConsistencyProof::write(&proofs));
    assert_eq!(range_text.parse(), Ok(range));
    assert_eq!(ConsistencyProof::read(&proofs_text), Ok(proofs));
    let is_read = [
        (&range_text, (|text: &str| text.parse::<RangeProofText>().is_ok()) as fn(&str) -> bool),
        (&proofs_text, |text: &str| ConsistencyProof::read(text).is_ok()),
    ];
    for (text, is_read) in is_read {
        for (at, _) in text.char_indices() {
            // A file of proofs may have fewer of them.
            assert!(!is_read(&text[..at]) || text[at..].starts_with("origin "), "cut at {at}");
            let more = format!("{} {}", &text[..at], &text[at..]);
            assert!(!is_read(&more), "{more}");
        }
        for (from, to) in
            [("9", "09"), ("size", "sizes"), ("2", "-2"), ("1\n", "2\n"), ("path 2", "path 3"), ("/v1", "/v2")]
        {
            if text.contains(from) {
                assert!(!is_read(&text.replacen(from, to, 1)), "{from} to {to}");
            }
        }
    }
    let many = vec![proof(3); 65];
    assert!(ConsistencyProof::read(&ConsistencyProof::write(&many)).is_err());
    let long = RangeProofText { size: 9, first: 2, end: 5, proof: RangeProof { before: some(65), after: some(3) } };
    assert!(long.to_string().parse::<RangeProofText>().is_err());
}
