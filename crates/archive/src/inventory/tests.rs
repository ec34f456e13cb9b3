#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use super::*;
use crate::log::Log as _;
use crate::testing::{TestLog, archive, wait};

const ALPHA: &str = "ri.indelible..organization.alpha";
const BETA: &str = "ri.indelible..organization.beta";

fn scope(organizations: &[&str]) -> Scope {
    Scope::new(organizations.iter().map(|organization| organization.parse().unwrap()).collect())
}

#[test]
fn what_was_archived_is_known_after_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive");
    let mut logs = [TestLog::new(ALPHA, 1), TestLog::new(BETA, 1)];
    archive(&path, &mut logs, &[3, 2, 4]);
    let bucket = Bucket::local(&path).unwrap();
    let key = |origin: &str| {
        let of_origin = logs.iter().filter(|log| log.info().origin == origin);
        of_origin.map(|log| log.info().key.clone()).collect()
    };
    let inventory = wait(Inventory::load(&bucket, key)).unwrap();

    let files = inventory.snapshot(&scope(&[ALPHA]));
    let ranges: Vec<_> = files.iter().map(|file| (file.first, file.last, file.rows)).collect();
    assert_eq!(ranges, [(0, 2, 3), (3, 4, 2), (5, 8, 4)]);
    for file in &files {
        let (archived_us, read_back_us) = (file.archived_us.unwrap(), file.read_back_us.unwrap());
        assert!(file.sealed_us < archived_us && archived_us <= read_back_us, "{file:?}");
        assert_eq!((file.organization.as_str(), file.generation, file.date.as_str()), (ALPHA, 1, "2026-01-05"));
        assert_eq!(fs::metadata(path.join(&file.object)).unwrap().len(), file.bytes);
    }
    assert_eq!(inventory.snapshot(&scope(&[ALPHA, BETA])).len(), 6);
    assert!(inventory.snapshot(&scope(&[])).is_empty());
    assert!(inventory.snapshot(&scope(&["ri.indelible..organization.gamma"])).is_empty());
    assert_eq!(inventory.totals().0, 6);
    assert_eq!(inventory.latest_received_us(), Some(logs[0].last_received_us()));

    // From a place on.
    let alpha: Organization = ALPHA.parse().unwrap();
    let from = |place, max| {
        let files = inventory.files_from(&alpha, place, |file| file.rows != 2, max);
        files.iter().map(|file| file.first).collect::<Vec<_>>()
    };
    assert_eq!(from((0, 7), 9), [0, 5]);
    assert_eq!(from((0, 7), 1), [0]);
    assert_eq!(from((1, 1), 9), [5]);
    assert_eq!(from((1, 5), 9), [5]);
    assert!(from((1, 6), 9).is_empty() && from((2, 0), 9).is_empty());
    let at = |place| inventory.file_at(&alpha, place).map(|file| file.first);
    assert_eq!((at((1, 3)), at((1, 4)), at((1, 9)), at((2, 3))), (Some(3), None, None, None));

    // The next run joins on, once.
    let log = &mut logs[0];
    let organization = log.info().organization.clone();
    assert_eq!(inventory.archived_end(&organization, 1), 9);
    log.grow(1);
    let run = log.seal(&folder.path().join("sealing"), 9, inventory.last_manifest(&organization, 1));
    assert!(inventory.extend(&run, 7) && inventory.extend(&run, 7));
    assert_eq!((inventory.archived_end(&organization, 1), inventory.totals().0), (10, 7));
    assert_eq!(inventory.last_manifest(&organization, 1), Some(run.manifest_sha256()));
    log.grow(1);
    let unchained = log.seal(&folder.path().join("sealing"), 10, Some([0; 32]));
    assert!(!inventory.extend(&unchained, 7));
    assert_eq!(inventory.archived_end(&organization, 1), 10);
}

#[test]
fn an_empty_bucket_holds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = Bucket::create_local(&folder.path().join("archive")).unwrap();
    let inventory = wait(Inventory::load(&bucket, |_| vec![])).unwrap();
    let organization = ALPHA.parse().unwrap();
    assert_eq!((inventory.archived_end(&organization, 1), inventory.last_manifest(&organization, 1)), (0, None));
    assert_eq!((inventory.totals(), inventory.latest_received_us()), ((0, 0), None));
}

#[test]
fn a_manifest_that_cannot_be_trusted_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive");
    let mut logs = [TestLog::new(ALPHA, 1)];
    archive(&path, &mut logs, &[3, 2, 4]);
    let key = logs[0].info().key.clone();
    let bucket = Bucket::local(&path).unwrap();
    let load = || wait(Inventory::load(&bucket, |_| vec![key.clone()])).map(|inventory| inventory.totals());
    let manifests: Vec<_> = wait(bucket.list_sorted(""))
        .unwrap()
        .into_iter()
        .map(|object| object.name)
        .filter(|name| name.contains("/manifest/"))
        .collect();
    let [first, second, third] = &manifests[..] else { panic!("{manifests:?}") };
    let bytes = |name: &String| fs::read(path.join(name)).unwrap();
    let (first_bytes, second_bytes) = (bytes(first), bytes(second));

    fs::write(path.join(second), &first_bytes).unwrap();
    assert!(matches!(load(), Err(InventoryError::Misplaced { name }) if name == *second));
    let text = String::from_utf8(second_bytes.clone()).unwrap();
    fs::write(path.join(second), text.replace("sealed-us 1", "sealed-us 2")).unwrap();
    assert!(matches!(load(), Err(InventoryError::Signature { name, .. }) if name == *second));
    fs::write(path.join(second), "nothing").unwrap();
    assert!(matches!(load(), Err(InventoryError::Manifest { name, .. }) if name == *second));
    fs::write(path.join(second), vec![b'x'; MANIFEST_BYTES_MAX + 1]).unwrap();
    assert!(matches!(load(), Err(InventoryError::TooLarge { name, .. }) if name == *second));
    fs::remove_file(path.join(second)).unwrap();
    assert!(matches!(load(), Err(InventoryError::Chain { name }) if name == *third));
    fs::write(path.join(second), &second_bytes).unwrap();
    assert_eq!(load().unwrap().0, 3);
    let other = wait(Inventory::load(&bucket, |_| vec![TestLog::new(ALPHA, 2).info().key.clone()]));
    assert!(matches!(other, Err(InventoryError::Signature { .. })));
    assert!(matches!(wait(Inventory::load(&bucket, |_| vec![])), Err(InventoryError::Signature { .. })));
}
