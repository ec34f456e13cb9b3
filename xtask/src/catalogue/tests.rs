use super::*;

#[test]
fn committed_files_are_current() {
    for (path, text) in outputs(&crate::root()).expect("the catalogue is sound") {
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == text, "{} is stale; run `cargo run -p xtask -- catalogue`", path.display());
    }
}

#[test]
fn type_expressions_read_back_as_written() {
    for text in ["any", "list<DataResource>", "optional<list<string>>", "map<string,Patch>", "UserId"] {
        assert_eq!(Type::try_from(text.to_owned()).expect("a type").to_string(), text);
    }
    assert!(Type::try_from("set<string>".to_owned()).is_err());
}
