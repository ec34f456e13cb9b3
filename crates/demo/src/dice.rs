//! Chance that repeats. A small generator of our own, because the bytes of a demo should stay the
//! same over platforms and over versions of any library.

/// A stream of pseudo-random numbers (SplitMix64), fully given by where it starts.
pub(crate) struct Dice(u64);

/// The finalizer of SplitMix64: a bijection whose every output bit depends on every input bit.
pub(crate) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// One number out of several, so that each purpose has its own stream.
pub(crate) fn key(parts: &[u64]) -> u64 {
    parts.iter().fold(0x1d1e_b1e0_0000_0000, |key, part| mix(key ^ mix(part.wrapping_add(0x9e37_79b9_7f4a_7c15))))
}

/// A UUID (version 4 in shape) that two numbers decide.
pub(crate) fn uuid(high: u64, low: u64) -> String {
    let high = (high & !0xf000) | 0x4000;
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

impl Dice {
    pub(crate) fn new(parts: &[u64]) -> Self {
        Dice(key(parts))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from `low` up to but not including `high`; `low` where the range is empty.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = high.saturating_sub(low).max(1) as u64;
        low + ((u128::from(self.next()) * u128::from(width)) >> 64) as i64
    }

    /// As `between`, for indexes and counts.
    pub(crate) fn count(&mut self, low: usize, high: usize) -> usize {
        self.between(low as i64, high as i64) as usize
    }

    /// A fraction from 0 up to but not including 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// A waiting time: mostly short, sometimes three times the mean. (No logarithm: its last digit
    /// differs between machines.)
    pub(crate) fn wait(&mut self, mean: i64) -> i64 {
        let fraction = self.fraction();
        (mean as f64 * 3.0 * fraction * fraction) as i64
    }

    /// One of `choices`, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.count(0, choices.len())]
    }

    /// One of `choices` by weight, the first where all weigh nothing.
    pub(crate) fn weighted<T: Copy>(&mut self, choices: &[(u32, T)]) -> T {
        let total: u32 = choices.iter().map(|(weight, _)| weight).sum();
        let mut left = self.between(0, i64::from(total)) as u32;
        for (weight, choice) in choices {
            if left < *weight {
                return *choice;
            }
            left -= weight;
        }
        choices[0].1
    }

    pub(crate) fn uuid(&mut self) -> String {
        uuid(self.next(), self.next())
    }
}
