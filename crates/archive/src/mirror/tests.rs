#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;

use indelible_storage::Bucket;

use super::*;
use crate::log::Log as _;
use crate::testing::{TestLog, archive, wait};

#[test]
fn what_is_archived_is_known_without_the_bucket() {
    let folder = tempfile::tempdir().unwrap();
    let (path, file) = (folder.path().join("archive"), folder.path().join("manifests"));
    let mut logs = [TestLog::new("ri.indelible..organization.alpha", 1)];
    archive(&path, &mut logs, &[3, 2, 4]);
    let key = logs[0].info().key.clone();
    let keys = |_: &str| vec![key.clone()];
    assert!(read(&file, keys).unwrap().is_none(), "there is none yet");
    extend(&file, b"what has no beginning is not begun").unwrap();
    assert!(!file.exists());

    let bucket = Bucket::local(&path).unwrap();
    let mut rewrite = Rewrite::begin(&file).unwrap();
    let archived = wait(Inventory::load_into(&bucket, keys, Some(&mut rewrite))).unwrap();
    rewrite.finish().unwrap();
    let known = read(&file, keys).unwrap().unwrap();
    assert_eq!((known.totals(), known.latest_received_us()), (archived.totals(), archived.latest_received_us()));
    assert!(read(&file, |_: &str| vec![]).unwrap().is_none(), "another key");

    // One more run.
    logs[0].grow(5);
    let previous = known.last_manifest(&logs[0].info().organization, 1);
    let run = logs[0].seal(&folder.path().join("staging"), 9, previous);
    extend(&file, run.manifest_bytes()).unwrap();
    let known = read(&file, keys).unwrap().unwrap();
    assert_eq!(known.totals().0, 4);
    // The bucket shows less than that, and later all of it.
    let less = wait(Inventory::load(&bucket, keys)).unwrap();
    assert!(!known.replace(less));
    assert_eq!(known.totals().0, 4);
    let less = wait(Inventory::load(&bucket, keys)).unwrap();
    assert!(less.replace(read(&file, keys).unwrap().unwrap()));
    assert_eq!(less.totals().0, 4);

    // Cut anywhere it is what came before; with other bytes it is not believed.
    let whole = fs::read(&file).unwrap();
    let mut counts = Vec::new();
    for end in (0..whole.len()).step_by(7) {
        fs::write(&file, &whole[..end]).unwrap();
        counts.extend(read(&file, keys).unwrap().map(|known| known.totals().0));
    }
    assert!(counts.is_sorted() && counts.first() == Some(&0) && counts.last() == Some(&3), "{counts:?}");
    for at in (0..whole.len()).step_by(11) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&file, &changed).unwrap();
        // A changed length may make the rest look cut off.
        let known = read(&file, keys).unwrap().map_or(0, |known| known.totals().0);
        assert!(known < 4, "byte {at}");
    }
}
