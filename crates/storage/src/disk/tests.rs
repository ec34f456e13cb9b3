#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

#[test]
fn real_disk_keeps_the_contract_of_the_trait() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("a/b");
    let disk = RealDisk;
    disk.create_dir(&dir).unwrap();
    let file = disk.create(&dir.join("one")).unwrap();
    assert!(file.is_empty().unwrap());
    file.write_at(b"world", 6).unwrap();
    file.write_at(b"hello", 0).unwrap();
    file.sync().unwrap();
    let mut buffer = [0xff; 20];
    assert_eq!(file.read_at(&mut buffer, 0).unwrap(), 11, "shorter only at the end");
    assert_eq!(&buffer[..11], b"hello\0world");
    assert_eq!(file.read_at(&mut buffer, 100).unwrap(), 0);
    assert_eq!(file.len().unwrap(), 11);

    assert_eq!(disk.create(&dir.join("one")).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(disk.open(&dir.join("two")).unwrap_err().kind(), io::ErrorKind::NotFound);
    disk.rename(&dir.join("one"), &dir.join("two")).unwrap();
    std::fs::create_dir(dir.join("folder")).unwrap();
    disk.sync_dir(&dir).unwrap();
    assert_eq!(disk.list(&dir).unwrap(), ["two"], "files only");
    disk.remove(&dir.join("two")).unwrap();
    assert_eq!(disk.list(&dir).unwrap(), [""; 0]);
    assert_eq!(file.read_at(&mut buffer, 0).unwrap(), 11, "an open file stays readable");
}
