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
