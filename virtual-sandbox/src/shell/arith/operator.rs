//! Binary and unary operators on 64-bit integers that wrap around. bash manual "Shell Arithmetic".

use shell_parser::ast::{ArithBinary, ArithUnary};

/// Applies a binary operator.
///
/// # Errors
/// bash's message.
#[inline]
pub(super) fn binary(operator: ArithBinary, left: i64, right: i64) -> Result<i64, &'static str> {
    Ok(match operator {
        ArithBinary::Add => left.wrapping_add(right),
        ArithBinary::Subtract => left.wrapping_sub(right),
        ArithBinary::Multiply => left.wrapping_mul(right),
        ArithBinary::Divide | ArithBinary::Remainder if right == 0 => return Err("division by 0"),
        ArithBinary::Divide => left.wrapping_div(right),
        ArithBinary::Remainder => left.wrapping_rem(right),
        ArithBinary::Power => return power(left, right),
        // The processor takes the count modulo 64.
        ArithBinary::ShiftLeft => left.wrapping_shl(right as u32),
        ArithBinary::ShiftRight => left.wrapping_shr(right as u32),
        ArithBinary::BitAnd => left & right,
        ArithBinary::BitOr => left | right,
        ArithBinary::BitXor => left ^ right,
        ArithBinary::Equal => i64::from(left == right),
        ArithBinary::NotEqual => i64::from(left != right),
        ArithBinary::Less => i64::from(left < right),
        ArithBinary::LessOrEqual => i64::from(left <= right),
        ArithBinary::Greater => i64::from(left > right),
        ArithBinary::GreaterOrEqual => i64::from(left >= right),
    })
}

fn power(base: i64, exponent: i64) -> Result<i64, &'static str> {
    if exponent < 0 {
        return Err("exponent less than 0");
    }
    let (mut result, mut base, mut exponent) = (1i64, base, exponent);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result.wrapping_mul(base);
        }
        base = base.wrapping_mul(base);
        exponent >>= 1;
    }
    Ok(result)
}

/// Applies a unary operator.
#[inline]
pub(super) fn unary(operator: ArithUnary, value: i64) -> i64 {
    match operator {
        ArithUnary::Plus => value,
        ArithUnary::Minus => value.wrapping_neg(),
        ArithUnary::Not => i64::from(value == 0),
        ArithUnary::Complement => !value,
    }
}
