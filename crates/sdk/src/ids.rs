//! Random UUIDs (version 4), drawn many at a time.

use std::cell::RefCell;

use crate::emission::EmitError;

thread_local! {
    static POOL: RefCell<([u8; 512], usize)> = const { RefCell::new(([0; 512], 512)) };
}

/// A fresh id; an error if the system gives no random bytes: ids that repeat would be taken for repeats of an event.
pub(crate) fn fresh() -> Result<[u8; 16], EmitError> {
    POOL.with_borrow_mut(|(bytes, used)| {
        if *used == bytes.len() {
            getrandom::fill(bytes).map_err(|_| EmitError::NoRandomness)?;
            *used = 0;
        }
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[*used..*used + 16]);
        *used += 16;
        id[6] = id[6] & 0x0f | 0x40;
        id[8] = id[8] & 0x3f | 0x80;
        Ok(id)
    })
}
