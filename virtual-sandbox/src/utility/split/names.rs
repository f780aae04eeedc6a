//! The names of the pieces: a prefix, and a suffix that counts.

/// What suffixes are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Digits {
    /// `a` to `z`.
    #[default]
    Letters,
    /// `0` to `9`.
    Decimal,
    /// `0` to `9` and `a` to `f`.
    Hexadecimal,
}

impl Digits {
    /// The digits in order.
    pub(super) fn alphabet(self) -> &'static [u8] {
        match self {
            Digits::Letters => b"abcdefghijklmnopqrstuvwxyz",
            Digits::Decimal => b"0123456789",
            Digits::Hexadecimal => b"0123456789abcdef",
        }
    }

    /// How many digits the last of `count` suffixes takes.
    pub(super) fn width(self, count: u64) -> usize {
        let base = self.alphabet().len() as u64;
        let mut width = 1;
        let mut last = count.saturating_sub(1);
        while last >= base {
            last /= base;
            width += 1;
        }
        width
    }
}

/// Counts through the names.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: Vec<u8>,
    additional: Vec<u8>,
    digits: Digits,
    /// The places of the digits of the next suffix in the alphabet; empty when all are used.
    suffix: Vec<usize>,
    /// Suffixes grow when their first digit would be the last one: behind `yz` comes `zaaa`.
    widens: bool,
}

impl Names {
    /// Names with suffixes of `width` digits, from `start` on, which is the text of a number.
    pub(super) fn new(prefix: &[u8], additional: &[u8], digits: Digits, width: usize, start: &[u8]) -> Names {
        let place = |digit: &u8| digits.alphabet().iter().position(|known| known == digit).unwrap_or(0);
        let mut suffix = vec![0; width.saturating_sub(start.len())];
        suffix.extend(start.iter().map(place));
        Names { prefix: prefix.to_vec(), additional: additional.to_vec(), digits, suffix, widens: false }
    }

    /// Lets suffixes grow as needed.
    pub(super) fn widening(mut self, on: bool) -> Names {
        self.widens = on;
        self
    }

    /// Moves on to the next suffix; nothing is left when all digits are the last ones.
    fn advance(&mut self) {
        let last = self.digits.alphabet().len() - 1;
        for (at, digit) in self.suffix.iter_mut().enumerate().rev() {
            if *digit < last {
                *digit += 1;
                if at == 0 && self.widens && *digit == last {
                    // The first digit now belongs to the prefix, and the rest is one longer than before.
                    self.prefix.extend(self.digits.alphabet().get(last));
                    let width = self.suffix.len() + 1;
                    self.suffix.clear();
                    self.suffix.resize(width, 0);
                }
                return;
            }
            *digit = 0;
        }
        self.suffix.clear();
    }
}

impl Iterator for Names {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.suffix.is_empty() {
            return None;
        }
        let mut name = self.prefix.clone();
        name.extend(self.suffix.iter().filter_map(|digit| self.digits.alphabet().get(*digit)));
        name.extend_from_slice(&self.additional);
        self.advance();
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(names: Names, places: &[usize]) -> Vec<String> {
        let all: Vec<Vec<u8>> = names.take(1500).collect();
        let name = |at: &usize| all.get(*at).map(|name| String::from_utf8_lossy(name).into_owned());
        places.iter().map(|at| name(at).unwrap_or_default()).collect()
    }

    #[test]
    fn suffixes_that_may_grow_do_so_before_the_last_first_digit() {
        let names = Names::new(b"x", b"", Digits::Letters, 2, b"").widening(true);
        assert_eq!(shown(names, &[0, 25, 26, 649, 650, 651]), ["xaa", "xaz", "xba", "xyz", "xzaaa", "xzaab"]);
        let names = Names::new(b"x", b".t", Digits::Decimal, 2, b"").widening(true);
        assert_eq!(shown(names, &[0, 89, 90, 989, 990]), ["x00.t", "x89.t", "x9000.t", "x9899.t", "x990000.t"]);
    }

    #[test]
    fn suffixes_of_fixed_width_run_out() {
        assert_eq!(shown(Names::new(b"", b"", Digits::Hexadecimal, 2, b"fd"), &[0, 2, 3]), ["fd", "ff", ""]);
        assert_eq!([1, 10, 11, 100, 101].map(|count| Digits::Decimal.width(count)), [1, 1, 2, 2, 3]);
    }
}
