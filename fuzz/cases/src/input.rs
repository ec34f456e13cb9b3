//! Bytes read as a series of choices. Behind the end all choices are 0.

pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or(0)
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from(self.byte()) << 8 | u16::from(self.byte())
    }

    pub(crate) fn u64(&mut self) -> u64 {
        (0..8).fold(0, |number, _| number << 8 | u64::from(self.byte()))
    }

    /// A number whose size is chosen too, so that small ones are frequent.
    pub(crate) fn number(&mut self) -> u64 {
        match self.byte() {
            0..=199 => u64::from(self.byte()),
            200..=239 => u64::from(self.u16()),
            240..=250 => self.u64(),
            other => u64::MAX - u64::from(255 - other),
        }
    }

    pub(crate) fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    pub(crate) fn hash(&mut self) -> indelible_merkle::Hash {
        let mut hash = [0; 32];
        let bytes = self.bytes(32);
        hash[..bytes.len()].copy_from_slice(bytes);
        indelible_merkle::Hash(hash)
    }
}
