#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::os::unix::fs::MetadataExt;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn write_atomic_replaces_the_file_and_sets_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    for (bytes, mode) in [(&b"one"[..], 0o600), (b"", 0o666), (b"three", 0o640)] {
        write_atomic(&path, bytes, mode).unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, mode);
    }
    assert_eq!(names(folder.path()), ["token"]);
}

#[test]
fn write_atomic_leaves_the_old_file_when_it_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("taken");
    fs::create_dir(&path).unwrap();
    assert!(write_atomic(&path, b"bytes", 0o600).is_err());
    assert!(path.is_dir());
    assert_eq!(names(folder.path()), ["taken"]);
    assert!(write_atomic(&folder.path().join("missing/file"), b"", 0o600).is_err());
}

#[test]
fn create_new_does_not_touch_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("o");
    create_new(&path, folder.path(), b"first", 0o600).unwrap();
    let error = create_new(&path, folder.path(), b"second", 0o600).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"first");
    assert_eq!(names(folder.path()), ["o"]);
}

#[test]
fn create_dir_durable_makes_all_parents_and_may_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/c");
    create_dir_durable(&path).unwrap();
    create_dir_durable(&path).unwrap();
    assert!(path.is_dir());
    fs::write(path.join("file"), "").unwrap();
    assert!(create_dir_durable(&path.join("file")).is_err());
    assert!(create_dir_durable(&path.join("file/below")).is_err());
}

#[test]
fn data_directory_is_held_by_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let held = LockFile::acquire(&path).unwrap();
    let error = LockFile::acquire(&path).unwrap_err();
    assert!(matches!(&error, LockError::Held { pid: Some(pid), .. } if *pid == std::process::id()));
    assert!(error.to_string().contains(&format!("in use by process {}", std::process::id())), "{error}");
    drop(held);
    drop(LockFile::acquire(&path).unwrap());
    fs::write(&path, "what a longer line would have left behind\n").unwrap();
    let _held = LockFile::acquire(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
}

#[test]
fn folders_are_made_by_many_at_the_same_moment() {
    for _ in 0..50 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/c");
        let barrier = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    barrier.wait();
                    create_dir_durable(&path).unwrap();
                });
            }
        });
        assert!(path.is_dir());
    }
}
