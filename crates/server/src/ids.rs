//! Random UUIDs (version 4).

use indelible_event::uuid::Uuid;

/// Random ids, drawn many at a time.
pub(crate) struct FreshIds {
    bytes: [u8; 512],
    used: usize,
}

impl Default for FreshIds {
    fn default() -> Self {
        Self { bytes: [0; 512], used: 512 }
    }
}

impl FreshIds {
    pub(crate) fn next(&mut self) -> [u8; 16] {
        if self.used == self.bytes.len() {
            if let Err(error) = getrandom::fill(&mut self.bytes) {
                // Ids that repeat would be taken for repeats of the event: better to stop.
                tracing::error!(%error, "the system gives no random bytes");
                std::process::abort();
            }
            self.used = 0;
        }
        let mut id = [0; 16];
        id.copy_from_slice(&self.bytes[self.used..self.used + 16]);
        self.used += 16;
        id[6] = (id[6] & 0x0f) | 0x40;
        id[8] = (id[8] & 0x3f) | 0x80;
        id
    }
}

/// One id.
pub(crate) fn fresh() -> Uuid {
    Uuid(FreshIds::default().next())
}
