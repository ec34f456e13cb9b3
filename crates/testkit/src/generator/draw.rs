//! Random draws whose information content is known.

/// A stream of random numbers that is a function of a seed and an index.
///
/// SplitMix64, written out here so that the same seed gives the same events for ever, whatever version of
/// a random number crate is in use. Not for secrets.
#[derive(Debug, Clone)]
pub(super) struct Draws(u64);

impl Draws {
    pub(super) fn new(seed: u64, index: u64) -> Draws {
        Draws(mix(seed ^ mix(index.wrapping_add(GAMMA))))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// A number in `0..bound`; `log2(bound)` bits of information.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// A random (version 4) UUID; `UUID_BITS` of information.
    pub(super) fn uuid(&mut self) -> [u8; 16] {
        let high = (self.next() & !0xf000) | 0x4000;
        let low = (self.next() & (u64::MAX >> 2)) | (1 << 63);
        ((u128::from(high) << 64) | u128::from(low)).to_be_bytes()
    }
}

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// What a version 4 UUID leaves free: 128 bits less the version and the variant.
pub(super) const UUID_BITS: f64 = 122.0;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A weighted choice among `0..n`, drawn in constant time (Walker's alias method).
#[derive(Debug, Clone)]
pub(super) struct Choice {
    /// Column by column: below this the column's own number, from it on the other one.
    columns: Vec<(u32, u32)>,
    shares: Vec<f64>,
}

impl Choice {
    /// `weights` need not add up to one; they must be positive and at most `u32::MAX` in number.
    pub(super) fn new(weights: &[f64]) -> Choice {
        let total: f64 = weights.iter().sum();
        let count = weights.len();
        let shares: Vec<f64> = weights.iter().map(|weight| weight / total).collect();

        let mut share: Vec<f64> = shares.iter().map(|share| share * count as f64).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..count).partition(|&i| share[i] < 1.0);
        let mut columns: Vec<(u32, u32)> = (0..count as u32).map(|own| (u32::MAX, own)).collect();
        while let (Some(poor), Some(&rich)) = (small.pop(), large.last()) {
            columns[poor] = ((share[poor] * f64::from(u32::MAX)) as u32, rich as u32);
            share[rich] -= 1.0 - share[poor];
            if share[rich] < 1.0 {
                large.pop();
                small.push(rich);
            }
        }
        Choice { columns, shares }
    }

    /// Zipf's law: the n-th is `n^exponent` times rarer than the first.
    pub(super) fn zipf(count: usize, exponent: f64) -> Choice {
        let weights: Vec<f64> = (1..=count).map(|rank| (rank as f64).powf(-exponent)).collect();
        Choice::new(&weights)
    }

    pub(super) fn pick(&self, draws: &mut Draws) -> usize {
        let draw = draws.next();
        let column = ((draw >> 32) as usize * self.columns.len()) >> 32;
        let (cut, other) = self.columns[column];
        if (draw as u32) <= cut { column } else { other as usize }
    }

    /// How likely each is; they add up to one.
    pub(super) fn shares(&self) -> impl Iterator<Item = f64> {
        self.shares.iter().copied()
    }

    /// Shannon entropy of one pick, in bits.
    pub(super) fn bits(&self) -> f64 {
        self.shares().map(|share| -share * share.log2()).sum()
    }
}

/// A size in bytes between 1 KiB and 1 GiB, every power of two as likely as the next.
pub(super) fn size_bytes(draws: &mut Draws) -> u64 {
    let power = draws.below(SIZE_POWERS) + 10;
    (1 << power) + (draws.next() >> (64 - power))
}

/// Shannon entropy of `size_bytes`, in bits.
pub(super) fn size_bits() -> f64 {
    let mean_power = (SIZE_POWERS - 1) as f64 / 2.0 + 10.0;
    (SIZE_POWERS as f64).log2() + mean_power
}

const SIZE_POWERS: usize = 20;
