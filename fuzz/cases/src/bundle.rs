//! Proof bundles, whole and file by file.

use std::path::{Path, PathBuf};

use indelible_archive::bundle::{BundleOptions, ConsistencyProof, RangeProofText, Statement, verify};
use indelible_archive::verify::Outcome;

/// The texts of a bundle: what is accepted has one spelling.
pub(crate) fn bundle_text(bytes: &[u8]) {
    if let Ok((statement, note)) = Statement::parse(bytes) {
        assert_eq!(statement.text(), note.text());
        assert_eq!(note.to_string().as_bytes(), bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(proof) = text.parse::<RangeProofText>() {
        assert_eq!(proof.to_string(), text);
    }
    if let Ok(proofs) = ConsistencyProof::read(text) {
        assert_eq!(ConsistencyProof::write(&proofs), text);
    }
}

/// A good bundle one of whose files was replaced: the first byte says which, the others are the file. It verifies with
/// the bytes that were signed, and with no others.
pub(crate) fn bundle(bytes: &[u8]) {
    thread_local!(static EXAMPLES: Examples = Examples::copy());
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    EXAMPLES.with(|examples| {
        let path = &examples.files[usize::from(choice) % examples.files.len()];
        let good = std::fs::read(path).unwrap();
        std::fs::write(path, bytes).unwrap();
        // The Parquet library may panic on bytes that no writer makes; the verifier catches that, and says so on stderr.
        let report = verify(path.parent().unwrap(), &BundleOptions::default(), &|_, _| ());
        std::fs::write(path, &good).unwrap();
        assert_eq!(report.outcome == Outcome::Verified, bytes == good, "{}: {}", path.display(), report.summary);
    });
}

/// The committed bundles of the archive's tests, in a folder that may be written to.
struct Examples {
    files: Vec<PathBuf>,
    _folder: tempfile::TempDir,
}

impl Examples {
    fn copy() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        for name in ["bundle-filter", "bundle-range", "bundle-window"] {
            let (from, to) = (example(name), folder.path().join(name));
            std::fs::create_dir(&to).unwrap();
            for entry in std::fs::read_dir(from).unwrap() {
                let from = entry.unwrap().path();
                let to = to.join(from.file_name().unwrap());
                std::fs::copy(from, &to).unwrap();
                files.push(to);
            }
        }
        files.sort();
        Self { files, _folder: folder }
    }
}

/// A committed example of the archive's tests.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/archive/testdata/v1").join(name)
}
