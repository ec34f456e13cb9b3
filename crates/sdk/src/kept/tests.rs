#![allow(clippy::unwrap_used)]

use indelible_testkit::disk::FaultyDisk;

use super::*;

const DIR: &str = "/kept";

fn open(disk: &FaultyDisk, bytes_max: u64, place: Option<Place>) -> Kept {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    Kept::open(&disk, Path::new(DIR), "txt", bytes_max, place).unwrap()
}

/// All that is kept, oldest first.
fn text(disk: &FaultyDisk) -> String {
    let mut names: Vec<PathBuf> = disk.names();
    names.sort();
    let read = |path: &PathBuf| {
        let file = disk.open(path).unwrap();
        let mut bytes = vec![0; file.len().unwrap() as usize];
        file.read_at(&mut bytes, 0).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    names.iter().map(read).collect()
}

#[test]
fn the_oldest_bytes_go_when_there_are_too_many() {
    let disk = FaultyDisk::new();
    let mut kept = open(&disk, 1000, None);
    let all: Vec<String> = (0..100).map(|number| format!("{number:>49}\n")).collect();
    for (number, line) in all.iter().enumerate() {
        kept.append(line.as_bytes()).unwrap();
        let text = text(&disk);
        assert!(text.len() <= 1000, "{} bytes", text.len());
        // The newest are there, at least three quarters of the bound.
        assert!(all[..=number].concat().ends_with(&text));
        assert!(text.len() >= 750.min(50 * (number + 1)), "{} bytes after {number}", text.len());
    }
    assert_eq!(kept.given_up, 16);
    // One that is larger than all is kept alone.
    kept.append(&[b'x'; 3000]).unwrap();
    assert_eq!(text(&disk), "x".repeat(3000));
}

#[test]
fn what_no_place_counts_is_removed_and_without_a_place_all_is_kept() {
    let disk = FaultyDisk::new();
    let mut kept = open(&disk, 80, None);
    kept.append(b"first file 0123456789").unwrap();
    kept.append(b"second").unwrap();
    let place = kept.place();
    kept.append(b" and").unwrap();
    kept.append(b" a third that is too long").unwrap();
    let check = |place: Option<Place>, expected: &str| {
        let disk = disk.fork();
        let mut kept = open(&disk, 80, place);
        kept.append(b"!").unwrap();
        assert_eq!(text(&disk), expected, "{place:?}");
    };
    check(None, "first file 0123456789second and a third that is too long!");
    check(Some(place), "first file 0123456789second!");
    check(Some(Place { file: 0, bytes: 5 }), "first!");
    check(Some(Place { file: 0, bytes: 0 }), "!");
}

#[test]
fn nothing_is_kept_within_no_bytes() {
    let disk = FaultyDisk::new();
    open(&disk, 0, None).append(b"x").unwrap();
    assert_eq!(disk.names(), Vec::<PathBuf>::new());
}
