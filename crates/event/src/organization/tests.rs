use super::*;

#[test]
fn rids_of_the_published_pattern_are_accepted() {
    for text in [
        "ri.indelible..organization.acme",
        "ri.multipass..organization.c30ee6ad-b5e4-4afe-a74f-fe4a289f2faa",
        "ri.a.0.b.c",
        "ri.a-1.main-2.b-c.A.b_c-.",
    ] {
        assert!(Organization::is_valid(text), "{text}");
        assert_eq!(text.parse::<Organization>().map(|o| o.to_string()).as_deref(), Ok(text));
    }
}

#[test]
fn other_texts_are_refused() {
    let long = format!("ri.a..b.{}", "c".repeat(249));
    for text in [
        "",
        "ri",
        "ri.a..b",
        "ri.a..b.",
        "ri.A..b.c",
        "ri.1..b.c",
        "ri...b.c",
        "ri.a.-x.b.c",
        "ri.a..1.c",
        "ri.a..b.c d",
        "ri.a..b.c/d",
        "ri.a..b.é",
        "rx.a..b.c",
        " ri.a..b.c",
        "ri.a..b.c\n",
        long.as_str(),
    ] {
        assert!(!Organization::is_valid(text), "{text:?}");
    }
    assert!(Organization::is_valid(&long[..256]));
}
