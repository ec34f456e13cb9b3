#![allow(clippy::unwrap_used)]

use std::io::Write;

use super::*;
use crate::trails::Trails;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn found(path: &Path) -> Found {
    let metadata = std::fs::metadata(path).unwrap();
    Found {
        source: 0,
        path: path.to_str().unwrap().to_owned(),
        key: key(&metadata),
        stamp: stamp(&metadata),
        is_quiet: true,
    }
}

#[test]
fn a_file_holds_the_same_however_it_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let text: Vec<u8> = (0..30_000).flat_map(|number: u32| format!("line {number}\n").into_bytes()).collect();
    let two_members = [gzip(&text[..5000]), gzip(&text[5000..])].concat();
    let forms = [text.clone(), gzip(&text), two_members, zstd::encode_all(&text[..], 1).unwrap()];
    for (place, bytes) in forms.iter().enumerate() {
        let path = folder.path().join(place.to_string());
        std::fs::write(&path, bytes).unwrap();
        let file = found(&path);
        assert_eq!(RealContents.first(&file).unwrap(), &text[..HEAD_BYTES_MAX], "{place}");
        assert_eq!(RealContents.length(&file).unwrap(), (text.len() as u64, true), "{place}");
        for at in [0, 1, 1000, 100_000, text.len()] {
            assert_eq!(RealContents.tail(&file, at as u64).unwrap(), Some(identity::tail(&text[..at])), "{place} {at}");
            let mut trails = Trails::new("host", Vec::new());
            trails.assign("a", std::slice::from_ref(&file), &RealContents, 0);
            let trail = &mut trails.all[0];
            (trail.position, trail.tail) = (at as u64, identity::tail(&text[..at]));
            let mut reading = Reading::open(trail, &file).unwrap().unwrap();
            while reading.fill(trail).unwrap().unwrap() > 0 {}
            assert_eq!(reading.lines.end(), text.len() as u64);
            let lines = |reading: &mut Reading| std::iter::from_fn(|| reading.lines.next()).collect::<Vec<_>>();
            let once = lines(&mut reading);
            std::fs::rename(&path, path.with_extension("away")).unwrap();
            let mut reading = reading.rewind(trail).unwrap().unwrap();
            while reading.fill(trail).unwrap().unwrap() > 0 {}
            assert!(lines(&mut reading) == once && once.len() >= usize::from(at < text.len()), "{place} {at}");
            std::fs::rename(path.with_extension("away"), &path).unwrap();
            trail.tail = identity::tail(b"other");
            assert!(Reading::open(trail, &file).unwrap().is_none() || at == 0);
        }
        assert_eq!(RealContents.tail(&file, text.len() as u64 + 1).unwrap(), None, "{place}");
    }
}

#[test]
fn a_compressed_file_that_is_cut_can_be_read_so_far() {
    let folder = tempfile::tempdir().unwrap();
    let text: Vec<u8> =
        (0..30_000_u32).flat_map(|number| format!("{:x}\n", number.wrapping_mul(2_654_435_761)).into_bytes()).collect();
    for whole in [gzip(&text), zstd::encode_all(&text[..], 1).unwrap()] {
        for bytes in [0, 1, 5, 10, whole.len() / 2, whole.len() - 1] {
            let path = folder.path().join("cut");
            std::fs::write(&path, &whole[..bytes]).unwrap();
            let file = found(&path);
            let first = RealContents.first(&file).unwrap();
            assert!(bytes < 6 || text.starts_with(&first), "{bytes}");
            let (length, is_whole) = RealContents.length(&file).unwrap();
            assert!(bytes < 6 || !is_whole && length <= text.len() as u64, "{bytes}");
        }
    }
}

#[test]
fn other_compressions_and_replaced_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    for (bytes, expected) in [(&b"\xfd7zXZ\0..."[..], "xz"), (b"BZh91AY", "gzip and zstd")] {
        std::fs::write(&path, bytes).unwrap();
        let error = RealContents.first(&found(&path)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let mut file = found(&path);
    file.key.inode += 1;
    assert_eq!(RealContents.first(&file).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn files_are_quiet_when_nobody_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    std::fs::write(&path, "a").unwrap();
    let pattern = Pattern::parse(&path).unwrap();
    let modified_us = found(&path).stamp.modified_us;
    let mut scanner = Scanner::default();
    let mut check = |now_us, patience, expected| {
        let (files, problems) = scanner.scan(&[(&pattern, "a"), (&pattern, "a")], patience, now_us);
        assert_eq!((files.len(), problems.len()), (1, 0));
        assert_eq!(files[0].is_quiet, expected, "{now_us} {patience:?}");
    };
    let hour = Duration::from_secs(3600);
    check(modified_us, hour, false);
    check(modified_us + 3_600_000_000, hour, true);
    // A clock that is behind.
    check(modified_us - 7_200_000_000, hour, false);
    check(modified_us - 7_200_000_000, Duration::ZERO, true);
}
