//! Sequences of decimal numbers computed exactly: the fast ways of `seq`.

use super::Numbers;
use super::operand::Operand;
use super::template;

/// Counts upwards in decimal digits, as far as memory reaches: no number is ever converted.
pub struct Counter {
    /// The next number.
    digits: Vec<u8>,
    step: u64,
    /// The last number without leading zeros; `None` for infinity.
    last: Option<Vec<u8>>,
    /// Zeros are kept to the left (`-w`).
    padded: bool,
    fresh: bool,
}

impl Counter {
    /// A counter when all three are written with digits alone (LAST may be infinite) and INCREMENT fits in 32 bits.
    pub fn new(first: &Operand, step: &Operand, last: &Operand, equal_width: bool) -> Option<Counter> {
        let endless = !last.value.is_finite() && !last.value.negative;
        if !first.is_digits() || !step.is_digits() || !(last.is_digits() || (endless && !equal_width)) {
            return None;
        }
        let step = std::str::from_utf8(&step.text).ok()?.parse::<u32>().ok()?;
        let mut digits = without_zeros(&first.text).to_vec();
        if equal_width {
            let width = first.text.len().max(last.text.len());
            digits = [vec![b'0'; width - digits.len()], digits].concat();
        }
        let last = if endless { None } else { Some(without_zeros(&last.text).to_vec()) };
        Some(Counter { digits, step: u64::from(step), last, padded: equal_width, fresh: true })
    }

    fn advance(&mut self) {
        // Nine times out of ten only the last digit changes.
        if let Some(last) = self.digits.last_mut()
            && u64::from(b'9' - *last) >= self.step
        {
            *last += self.step as u8;
            return;
        }
        let mut carry = self.step;
        for digit in self.digits.iter_mut().rev() {
            let sum = u64::from(*digit - b'0') + carry;
            if sum < 10 {
                *digit = b'0' + sum as u8;
                return;
            }
            *digit = b'0' + (sum % 10) as u8;
            carry = sum / 10;
        }
        if carry > 0 {
            self.digits.splice(0..0, carry.to_string().into_bytes());
        }
    }
}

impl Numbers for Counter {
    fn next(&mut self) -> Option<&[u8]> {
        if !std::mem::take(&mut self.fresh) {
            self.advance();
        }
        let number = self.digits.as_slice();
        if let Some(last) = &self.last {
            let significant = if self.padded { without_zeros(number) } else { number };
            let past =
                significant.len() > last.len() || (significant.len() == last.len() && significant > last.as_slice());
            if past {
                return None;
            }
        }
        Some(number)
    }
}

fn without_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.get(zeros.min(digits.len().saturating_sub(1))..).unwrap_or_default()
}

/// Decimal fractions as multiples of a power of ten.
pub struct FixedPoint {
    next: i128,
    step: i128,
    last: i128,
    /// Digits after the point: of the numbers held, and of the numbers printed.
    scale: usize,
    precision: usize,
    width: usize,
    text: Vec<u8>,
}

/// Beyond this many units long double rounds differently from exact arithmetic.
const LARGEST: i128 = 100_000_000_000_000_000;

impl FixedPoint {
    /// A sequence when all three are written in plain decimal, small enough to be exact in long double too.
    pub fn new(first: &Operand, step: &Operand, last: &Operand, equal_width: bool) -> Option<FixedPoint> {
        let (first_precision, step_precision, last_precision) = (first.precision?, step.precision?, last.precision?);
        let scale = first_precision.max(step_precision).max(last_precision);
        let precision = first_precision.max(step_precision);
        let units = |operand: &Operand| units(&operand.text, scale);
        let width =
            if equal_width { template::width(first, last, precision, first_precision, last_precision) } else { 0 };
        Some(FixedPoint {
            next: units(first)?,
            step: units(step)?,
            last: units(last)?,
            scale: scale as usize,
            precision: precision as usize,
            width,
            text: Vec::new(),
        })
    }
}

impl Numbers for FixedPoint {
    fn next(&mut self) -> Option<&[u8]> {
        let past = if self.step < 0 { self.next < self.last } else { self.next > self.last };
        if past {
            return None;
        }
        let negative = self.next < 0;
        let digits = format!("{:0width$}", self.next.unsigned_abs(), width = self.scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.scale);
        // What LAST has more digits than the numbers printed are zeros.
        let fraction = fraction.get(..self.precision).unwrap_or_default();
        let point = usize::from(self.precision > 0);
        let length = usize::from(negative) + whole.len() + point + fraction.len();
        self.text.clear();
        if negative {
            self.text.push(b'-');
        }
        self.text.resize(self.text.len() + self.width.saturating_sub(length), b'0');
        self.text.extend_from_slice(whole.as_bytes());
        if point > 0 {
            self.text.push(b'.');
        }
        self.text.extend_from_slice(fraction.as_bytes());
        self.next += self.step;
        Some(&self.text)
    }
}

/// A plain decimal number in units of `10^-scale`; `None` for other notations, negative zero and large numbers.
fn units(text: &[u8], scale: u64) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = match memchr::memchr(b'.', digits) {
        Some(point) => (digits.get(..point)?, digits.get(point + 1..)?),
        None => (digits, &[][..]),
    };
    if whole.len() > 18 || scale > 18 || !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        return None;
    }
    let mut value = 0i128;
    for digit in whole.iter().chain(fraction) {
        value = value * 10 + i128::from(digit - b'0');
    }
    value *= 10i128.pow((scale - fraction.len() as u64) as u32);
    let value = if negative { -value } else { value };
    (value.abs() < LARGEST && !(negative && value == 0)).then_some(value)
}
