use super::*;

#[test]
fn committed_files_are_current() {
    for (path, text) in outputs(&crate::root()).expect("the catalogue is sound") {
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == text, "{} is stale; run `cargo run -p xtask -- catalogue`", path.display());
    }
}

#[test]
fn the_sdks_have_the_version_of_the_workspace() {
    for (path, line) in [
        ("sdk/python/src/indelible/__init__.py", concat!("__version__ = \"", env!("CARGO_PKG_VERSION"), "\"")),
        ("sdk/typescript/package.json", concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\"")),
    ] {
        let text = std::fs::read_to_string(crate::root().join(path)).unwrap_or_default();
        assert!(text.contains(line), "{path} should have {line}");
    }
}

#[test]
fn type_expressions_read_back_as_written() {
    for text in ["any", "list<DataResource>", "optional<list<string>>", "map<string,Patch>", "UserId"] {
        assert_eq!(Type::try_from(text.to_owned()).expect("a type").to_string(), text);
    }
    assert!(Type::try_from("set<string>".to_owned()).is_err());
}
