//! What `docs/guides/adding-audit.md` quotes is in the source it names.
#![allow(clippy::unwrap_used)]

use std::path::Path;

#[test]
fn the_guide_quotes_the_code_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let guide = std::fs::read_to_string(root.join("docs/guides/adding-audit.md")).unwrap();
    let mut quotes = 0;
    for (before, rest) in guide.match_indices("```rust\n").map(|(at, fence)| (&guide[..at], &guide[at + fence.len()..]))
    {
        let quote = &rest[..rest.find("```").unwrap()];
        let file = before.trim_end().lines().last().unwrap().trim_matches(['`', ':']);
        let source = std::fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(source.contains(quote), "{file} has no such lines any more:\n{quote}");
        quotes += 1;
    }
    assert_eq!(guide.matches("```rust").count(), quotes);
    assert!(quotes >= 9, "{quotes} quotes");
}

#[test]
fn the_built_in_platform_is_one() {
    let seed: indelible_stack::Seed = serde_json::from_str(include_str!("../platform.json")).unwrap();
    let peers = || indelible_stack::Peers { multipass: String::new(), compass: String::new(), blobster: String::new() };
    let platform = || indelible_stack::Platform::new(peers(), indelible_stack::Clock::Simulated).unwrap();
    assert!(indelible_stack::multipass::router(platform(), &seed).is_ok());
    assert!(indelible_stack::compass::router(platform(), &seed).is_ok());
    assert!(indelible_stack::blobster::router(platform(), &seed).is_ok());
}
