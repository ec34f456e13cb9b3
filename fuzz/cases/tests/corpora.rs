//! Every file of every corpus goes through its case.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use indelible_fuzz_cases::CASES;

#[test]
fn every_corpus_holds() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    for entry in std::fs::read_dir(&corpora).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(CASES.iter().any(|(case, _)| *case == name), "corpus/{name} belongs to no case");
    }
    for (name, case) in CASES {
        let files: Vec<_> = std::fs::read_dir(corpora.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() >= 5, "the corpus of {name} has {} files", files.len());
        for file in files {
            eprintln!("{}", file.display());
            case(&std::fs::read(file).unwrap());
        }
    }
}

/// A target without a case would fuzz nothing, a case without a target would not be fuzzed.
#[test]
fn every_case_has_its_fuzz_target() {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz_targets");
    let mut names: Vec<String> = std::fs::read_dir(targets)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, CASES.map(|(name, _)| name));
}
