use super::*;
use crate::{
    Epoch, KeyChange, MAX_PLATFORM_ENTRY_BYTES, NoteSigner, PlatformEntry, PlatformEntryError, entry_bundle,
    read_entry_bundle,
};

fn entries() -> [PlatformEntry; 2] {
    let epoch = Epoch { number: 7, time: 1_700_000_000_000_000, map_root: leaf(1) };
    let (old, new) = (NoteSigner::from_seed(&[1; 32]), NoteSigner::from_seed(&[2; 32]));
    [PlatformEntry::Epoch(epoch), PlatformEntry::KeyChange(KeyChange::sign(1_700_000_000_000_001, &old, &new))]
}

#[test]
fn entries_are_the_bytes_of_their_format() {
    let [epoch, change] = entries().map(|entry| entry.to_bytes());
    let expected =
        [b"indelible/epoch/v1\0", &7_u64.to_be_bytes()[..], &1_700_000_000_000_000_i64.to_be_bytes(), &leaf(1).0];
    assert_eq!(epoch, expected.concat());
    let (old, new) = (NoteSigner::from_seed(&[1; 32]), NoteSigner::from_seed(&[2; 32]));
    let statement =
        [b"indelible/key-change/v1\0", &1_700_000_000_000_001_i64.to_be_bytes()[..], &old.public(), &new.public()];
    assert!(change.starts_with(&statement.concat()));
    assert_eq!(change.len(), 24 + 8 + 64 + 128);
    for entry in entries() {
        assert_eq!(PlatformEntry::from_bytes(&entry.to_bytes()), Ok(entry.clone()));
        assert_eq!(entry.leaf(), leaf_hash(&entry.to_bytes()));
    }
}

#[test]
fn every_altered_key_change_is_refused() {
    let [epoch, change] = entries().map(|entry| entry.to_bytes());
    for bit in 0..change.len() * 8 {
        let mut altered = change.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(PlatformEntry::from_bytes(&altered).is_err(), "bit {bit}");
    }
    for bytes in [&epoch, &change] {
        for length in 0..bytes.len() {
            assert!(PlatformEntry::from_bytes(&bytes[..length]).is_err());
        }
        let longer = [&bytes[..], &[0]].concat();
        let expected = PlatformEntryError::WrongLength { found: longer.len(), expected: bytes.len() };
        assert_eq!(PlatformEntry::from_bytes(&longer), Err(expected));
    }
    assert_eq!(PlatformEntry::from_bytes(b"indelible/epoch/v2\0"), Err(PlatformEntryError::UnknownKind));
    let same = NoteSigner::from_seed(&[1; 32]);
    let to_itself = KeyChange::sign(0, &same, &same).to_bytes();
    assert_eq!(PlatformEntry::from_bytes(&to_itself), Err(PlatformEntryError::BadSignature));
    // Signed by another than the old key.
    let forged = KeyChange::sign(0, &NoteSigner::from_seed(&[3; 32]), &NoteSigner::from_seed(&[2; 32])).to_bytes();
    let mut forged_for_old = forged;
    forged_for_old[32..64].copy_from_slice(&same.public());
    assert_eq!(PlatformEntry::from_bytes(&forged_for_old), Err(PlatformEntryError::BadSignature));
}

#[test]
fn a_bundle_of_entries_is_cut_where_it_was_joined() {
    let longest = vec![1; MAX_PLATFORM_ENTRY_BYTES];
    for entries in [vec![], vec![&b""[..]], vec![&b"a"[..], b"", b"bc"], vec![&longest[..]]] {
        let bundle = entry_bundle(entries.iter().copied()).unwrap();
        assert_eq!(read_entry_bundle(&bundle).unwrap(), entries);
        for cut in (0..bundle.len()).rev().take(4) {
            assert!(read_entry_bundle(&bundle[..cut]).is_none_or(|read| read.len() < entries.len()));
        }
    }
    let too_long = vec![1; MAX_PLATFORM_ENTRY_BYTES + 1];
    assert_eq!(entry_bundle([&too_long[..]]), None);
    assert_eq!(read_entry_bundle(&[0]), None);
    assert_eq!(read_entry_bundle(&[0, 2, 1]), None);
}
