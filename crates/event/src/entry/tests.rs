#![allow(clippy::unwrap_used)]

use super::*;

fn hex_of(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(bytes)
}

#[test]
fn salts_are_hmacs_of_the_sequence_number() {
    // HMAC-SHA-256 and SHA-256 computed with another implementation.
    let key = SaltKey::new(std::array::from_fn(|i| i as u8));
    assert_eq!(hex_of(key.salt(0)), "9f0cd9b94097fe4929918d2b8942b34439574261a35dc50163f06c67d4e48899");
    assert_eq!(hex_of(key.salt(u64::MAX)), "51e1793eae66e2c33112f804f9b834ebb4f48fcee20a8bbb831a437e0bdc50cc");
    assert_eq!(hex_of(key.commitment()), "0dcc1cdb4fc94d35c6d60216aa2b4b1bcfff9648cd696f55dca55428565529c1");
    assert_eq!(hex_of(key.map_salt(0)), "e28f42fa13ac18ce3a88528fef9790de1fb284f3e7dfd9ac5d9c39df805db49b");
    assert_eq!(hex_of(key.map_salt(u64::MAX)), "a6a52ced0d13415f5ee3b8706a7d2c995312343cc716bb2d76656cc099b667aa");
    assert_eq!(format!("{key:?}"), "SaltKey(..)");
}

#[test]
fn hashes_are_tagged() {
    assert_eq!(hex_of(infrastructure_hash(b"{}")), "f4b6570c8bce9c37ed151b984183a61934f6d7cff30444349e754fe57e254fe4");
    assert_eq!(
        hex_of(content_hash(&[1; 32], b"{}")),
        "4593384594abc842997ed061bbc225d0d2c4747e2ffe8a9a99b09f50d5d11656"
    );
}

#[test]
fn an_entry_is_its_fields_in_order() {
    let mut out = vec![0xaa];
    entry_bytes(&mut out, "ri.a..b.c", 258, -2, &[3; 32], &[4; 32]);
    let expected = [
        &[0xaa][..],
        b"indelible/entry/v1\0",
        &[0, 9],
        b"ri.a..b.c",
        &[0, 0, 0, 0, 0, 0, 1, 2],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe],
        &[3; 32],
        &[4; 32],
    ];
    assert_eq!(out, expected.concat());
}
