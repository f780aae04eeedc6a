//! The generator behind `RANDOM`.

/// bash 5.2's generator: Park and Miller's minimal standard, its two halves folded together; never the same value
/// twice in a row.
#[derive(Debug, Clone)]
pub struct Random {
    state: u32,
    last: u16,
}

impl Default for Random {
    fn default() -> Self {
        Self { state: 1, last: 0 }
    }
}

impl Random {
    /// Starts a sequence, as an assignment to `RANDOM` does.
    pub fn seed(&mut self, seed: u32) {
        self.state = seed;
        self.last = 0;
    }

    /// The next value, from 0 to 32767.
    pub fn next_value(&mut self) -> u16 {
        loop {
            let value = self.step();
            if value != self.last {
                self.last = value;
                return value;
            }
        }
    }

    fn step(&mut self) -> u16 {
        let state = if self.state == 0 { 123_459_876 } else { self.state };
        let (high, low) = ((state / 127_773) as i32, (state % 127_773) as i32);
        let next = 16_807i32.wrapping_mul(low).wrapping_sub(2_836i32.wrapping_mul(high));
        self.state = if next < 0 { next.wrapping_add(2_147_483_647) } else { next } as u32;
        (((self.state >> 16) ^ (self.state & 0xffff)) & 0x7fff) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn sequences_are_those_of_bash() {
        let mut random = Random::default();
        random.seed(42);
        assert_eq!([random.next_value(), random.next_value(), random.next_value()], [17772, 26794, 1435]);
        random.seed(0);
        assert_eq!(random.next_value(), 20814);
        random.seed(-5i64 as u32);
        assert_eq!(random.next_value(), 17653);
        random.seed(1);
        assert_eq!(random.next_value(), 16807);
    }
}
