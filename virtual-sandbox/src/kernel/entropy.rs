//! The machine's randomness: ChaCha8, seeded, so that a run can be repeated.

use bytes::Bytes;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A seeded generator.
#[derive(Clone, Debug)]
pub struct Entropy {
    generator: ChaCha8Rng,
}

impl Entropy {
    /// A generator for `seed`.
    pub fn new(seed: u64) -> Self {
        Entropy { generator: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// Random bytes.
    pub fn bytes(&mut self, count: usize) -> Bytes {
        let mut buffer = vec![0; count];
        self.generator.fill_bytes(&mut buffer);
        Bytes::from(buffer)
    }

    /// A random number.
    pub fn number(&mut self) -> u64 {
        self.generator.next_u64()
    }
}
