//! Integer constants of arithmetic expressions.

/// The value of a constant: decimal, `0` octal, `0x` hexadecimal, `base#digits` with a base from 2 to 64. Values wrap
/// around at 64 bits.
///
/// # Errors
/// bash's message: `value too great for base`, `invalid arithmetic base`, `invalid number`, `invalid integer constant`.
pub fn parse_number(text: &[u8]) -> Result<i64, &'static str> {
    let (mut base, mut digits, mut fixed) = match text {
        [b'0'] => return Ok(0),
        [b'0', b'x' | b'X', digits @ ..] => (16i64, digits, true),
        [b'0', digits @ ..] => (8, digits, true),
        digits => (10, digits, false),
    };
    let mut value = 0i64;
    while let Some((&byte, rest)) = digits.split_first() {
        digits = rest;
        if byte == b'#' {
            if fixed {
                return Err("invalid number");
            }
            if !(2..=64).contains(&value) {
                return Err("invalid arithmetic base");
            }
            base = value;
            value = 0;
            fixed = true;
            if !digits.first().is_some_and(|&next| next.is_ascii_alphanumeric() || matches!(next, b'@' | b'_')) {
                return Err("invalid integer constant");
            }
            continue;
        }
        let digit = digit_value(byte, base);
        if digit >= base {
            return Err("value too great for base");
        }
        value = value.wrapping_mul(base).wrapping_add(digit);
    }
    Ok(value)
}

fn digit_value(byte: u8, base: i64) -> i64 {
    i64::from(match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'z' => byte - b'a' + 10,
        b'A'..=b'Z' if base <= 36 => byte - b'A' + 10,
        b'A'..=b'Z' => byte - b'A' + 36,
        b'@' => 62,
        b'_' => 63,
        _ => u8::MAX,
    })
}

#[cfg(test)]
mod tests {
    use super::parse_number;

    #[test]
    fn constants_have_the_values_bash_gives_them() {
        for (text, value) in [
            ("0", 0),
            ("42", 42),
            ("010", 8),
            ("0x1F", 31),
            ("0X", 0),
            ("2#101", 5),
            ("16#fF", 255),
            ("36#zZ", 1295),
            ("37#zZ", 35 * 37 + 61 - 25),
            ("64#@_", 62 * 64 + 63),
            ("9223372036854775808", i64::MIN),
        ] {
            let found = parse_number(text.as_bytes());
            if text == "37#zZ" {
                assert_eq!(found, Err("value too great for base"));
            } else {
                assert_eq!(found, Ok(value), "{text}");
            }
        }
    }

    #[test]
    fn bad_constants_are_refused_in_bashs_words() {
        for (text, message) in [
            ("08", "value too great for base"),
            ("12a", "value too great for base"),
            ("1#1", "invalid arithmetic base"),
            ("65#1", "invalid arithmetic base"),
            ("2#", "invalid integer constant"),
            ("0x1#1", "invalid number"),
            ("2#1#1", "invalid number"),
        ] {
            assert_eq!(parse_number(text.as_bytes()), Err(message), "{text}");
        }
    }
}
