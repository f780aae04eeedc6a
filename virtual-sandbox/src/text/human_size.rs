//! Sizes as `ls`, `du` and `df` show them: in blocks of a size, or with a unit.  [coreutils "Block size"]

/// The unit sizes are shown in; numbers are rounded up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BlockSize {
    /// Units of so many bytes, with a suffix such as `M` or `kB` after each number.
    Units(u64, String),
    /// The unit that fits, powers of 1024: `1.5K`.
    Human,
    /// The unit that fits, powers of 1000: `1.5k`.
    HumanSi,
}

/// Why a SIZE operand is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SizeError {
    /// It is not a number.
    Invalid,
    /// What follows the number is no unit.
    InvalidSuffix,
    /// It does not fit in 64 bits.
    TooLarge,
}

impl SizeError {
    /// The message of the GNU tools about `option`'s argument, such as `invalid --block-size argument 'x'`.
    pub fn message(self, option: &str, argument: &[u8]) -> Vec<u8> {
        let shown = [b"'", argument, b"'"].concat();
        match self {
            SizeError::Invalid => [b"invalid ", option.as_bytes(), b" argument ", &shown].concat(),
            SizeError::InvalidSuffix => [b"invalid suffix in ", option.as_bytes(), b" argument ", &shown].concat(),
            SizeError::TooLarge => [option.as_bytes(), b" argument ", &shown, b" too large"].concat(),
        }
    }
}

impl BlockSize {
    /// Units of so many bytes, without suffix.
    pub fn units(bytes: u64) -> BlockSize {
        BlockSize::Units(bytes.max(1), String::new())
    }

    /// Parses SIZE: `human-readable`, `si`, a number, a unit, or both.
    pub fn parse(text: &[u8]) -> Result<BlockSize, SizeError> {
        // A quote asks for digit grouping, which the C locale does not have.
        let text = text.strip_prefix(b"'").unwrap_or(text);
        if !text.is_empty() && b"human-readable".starts_with(text) {
            return Ok(BlockSize::Human);
        }
        if text == b"si" {
            return Ok(BlockSize::HumanSi);
        }
        let bytes = parse_size(text, b"EGKMPTYZ0egkmptyz")?;
        if bytes == 0 {
            return Err(SizeError::Invalid);
        }
        let suffix = if text.first().is_some_and(u8::is_ascii_digit) { String::new() } else { unit_suffix(text) };
        Ok(BlockSize::Units(bytes, suffix))
    }

    /// The block size the environment asks for: the first of `names` that is set and valid; `BLOCKSIZE` is the last of
    /// them, after which `POSIXLY_CORRECT` means 512 and its absence 1024.
    pub fn from_env(invocation: &crate::utility::Invocation, names: &[&str]) -> Option<BlockSize> {
        let value = names.iter().find_map(|name| invocation.env_var(name.as_bytes()))?;
        BlockSize::parse(&value).ok()
    }

    /// Shows `bytes`.
    pub fn show(&self, bytes: u64) -> String {
        match self {
            BlockSize::Units(unit, suffix) => format!("{}{suffix}", bytes.div_ceil(*unit)),
            BlockSize::Human => human(bytes, 1024),
            BlockSize::HumanSi => human(bytes, 1000),
        }
    }
}

fn unit_suffix(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let (letter, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    // Powers of 1000 are written `kB`; all other letters in upper case.
    let letter = if letter.eq_ignore_ascii_case("k") && rest == "B" { "k".to_owned() } else { letter.to_uppercase() };
    letter + rest
}

/// Shows a number of bytes with at most three digits and a unit, rounded up: `1023`, `1.1K`, `12M`.
fn human(bytes: u64, base: u64) -> String {
    let units: [&str; 7] = ["", if base == 1000 { "k" } else { "K" }, "M", "G", "T", "P", "E"];
    let mut divisor: u128 = 1;
    let bytes = u128::from(bytes);
    for (power, unit) in units.iter().enumerate() {
        let next = divisor * u128::from(base);
        let last = power + 1 == units.len();
        if power == 0 && bytes < next {
            return bytes.to_string();
        }
        if power > 0 {
            let tenths = (bytes * 10).div_ceil(divisor);
            if tenths < 100 {
                return format!("{}.{}{unit}", tenths / 10, tenths % 10);
            }
            let whole = bytes.div_ceil(divisor);
            if whole < u128::from(base) || last {
                return format!("{whole}{unit}");
            }
        }
        divisor = next;
    }
    bytes.to_string()
}

/// Parses a number with an optional unit: `K` and `KiB` are 1024, `KB` is 1000, `b` 512 and so on where `units` (the
/// letters allowed, `0` standing for the endings `B` and `iB`) has the letter.  [gnulib xstrtol]
pub fn parse_size(text: &[u8], units: &[u8]) -> Result<u64, SizeError> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, suffix) = text.split_at(digits);
    let number: u128 = match std::str::from_utf8(number).unwrap_or_default() {
        "" if suffix.first().is_some_and(|unit| units.contains(unit)) => 1,
        "" => return Err(SizeError::Invalid),
        number => number.parse().map_err(|_| SizeError::TooLarge)?,
    };
    let Some((letter, ending)) = suffix.split_first() else {
        return u64::try_from(number).map_err(|_| SizeError::TooLarge);
    };
    if !units.contains(letter) {
        return Err(SizeError::InvalidSuffix);
    }
    let base: u128 = match ending {
        b"" => 1024,
        b"iB" if units.contains(&b'0') => 1024,
        b"B" if units.contains(&b'0') => 1000,
        _ => return Err(SizeError::InvalidSuffix),
    };
    let factor = match letter {
        b'b' => 512,
        b'B' => 1024,
        b'c' => 1,
        b'w' => 2,
        b'k' | b'K' => base,
        b'm' | b'M' => base.pow(2),
        b'g' | b'G' => base.pow(3),
        b't' | b'T' => base.pow(4),
        b'p' | b'P' => base.pow(5),
        b'e' | b'E' => base.pow(6),
        b'z' | b'Z' => base.pow(7),
        b'y' | b'Y' => base.pow(8),
        _ => return Err(SizeError::InvalidSuffix),
    };
    let bytes = number.checked_mul(factor).ok_or(SizeError::TooLarge)?;
    u64::try_from(bytes).map_err(|_| SizeError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn human_sizes_are_rounded_up() {
        for (bytes, expected) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (1025, "1.1K"),
            (10_188, "10K"),
            (10_240, "10K"),
            (10_241, "11K"),
            (1_047_552, "1023K"),
            (1_047_553, "1.0M"),
            (1 << 20, "1.0M"),
            (u64::MAX, "16E"),
        ] {
            assert_eq!(BlockSize::Human.show(bytes), expected);
        }
        assert_eq!(BlockSize::HumanSi.show(1500), "1.5k");
        assert_eq!(BlockSize::HumanSi.show(999_999), "1.0M");
    }

    #[test]
    fn block_sizes() {
        assert_eq!(BlockSize::parse(b"1K").unwrap().show(1025), "2");
        assert_eq!(BlockSize::parse(b"M").unwrap().show(1), "1M");
        assert_eq!(BlockSize::parse(b"kB").unwrap().show(1001), "2kB");
        assert_eq!(BlockSize::parse(b"KiB").unwrap().show(1025), "2KiB");
        assert_eq!(BlockSize::parse(b"x"), Err(SizeError::Invalid));
        assert_eq!(BlockSize::parse(b"1x"), Err(SizeError::InvalidSuffix));
        assert_eq!(BlockSize::parse(b"99Y"), Err(SizeError::TooLarge));
        assert_eq!(BlockSize::parse(b"0"), Err(SizeError::Invalid));
    }
}
