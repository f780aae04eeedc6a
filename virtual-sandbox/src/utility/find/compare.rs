//! Numbers with a sign: `+N` more than, `-N` less than, `N` exactly.

use crate::vfs::Timestamp;

/// Which side of a number is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    More,
    Less,
    Equal,
}

/// A number to compare with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Number {
    side: Side,
    value: u64,
}

/// `-size`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SizeTest {
    number: Number,
    unit: u64,
}

/// A window of time that ages are compared with: `-mtime`, `-mmin` and their like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct TimeTest {
    side: Side,
    /// Nanoseconds since the epoch.
    limit: i128,
    window: i128,
}

const NANOS: i128 = 1_000_000_000;

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

fn side(text: &[u8]) -> (Side, &[u8]) {
    match text.split_first() {
        Some((b'+', rest)) => (Side::More, rest),
        Some((b'-', rest)) => (Side::Less, rest),
        _ => (Side::Equal, text),
    }
}

impl Number {
    pub(super) fn parse(text: &[u8]) -> Option<Number> {
        let (side, digits) = side(text);
        let value = if digits.first().is_some_and(u8::is_ascii_digit) { std::str::from_utf8(digits).ok()? } else { "" };
        Some(Number { side, value: value.parse().ok()? })
    }

    pub(super) fn exactly(value: u64) -> Number {
        Number { side: Side::Equal, value }
    }

    pub(super) fn holds(self, value: u64) -> bool {
        match self.side {
            Side::More => value > self.value,
            Side::Less => value < self.value,
            Side::Equal => value == self.value,
        }
    }

    /// Compares days between two times: part of a day counts as one (`-used`).
    pub(super) fn holds_days(self, from: Timestamp, to: Timestamp) -> bool {
        let elapsed = nanos(to) - nanos(from);
        if elapsed < 0 {
            return false;
        }
        let limit = i128::from(self.value) * i128::from(DAY) * NANOS;
        match self.side {
            Side::More => elapsed > limit,
            Side::Less => elapsed < limit,
            Side::Equal => elapsed > limit && elapsed <= limit + i128::from(DAY) * NANOS,
        }
    }
}

impl SizeTest {
    /// Parses `N` with a unit; the error is the message.
    pub(super) fn parse(text: &[u8]) -> Result<SizeTest, Vec<u8>> {
        let Some((last, before)) = text.split_last() else { return Err(b"invalid null argument to -size".to_vec()) };
        let (digits, unit) = match last {
            b'b' => (before, 512),
            b'c' => (before, 1),
            b'w' => (before, 2),
            b'k' => (before, 1 << 10),
            b'M' => (before, 1 << 20),
            b'G' => (before, 1 << 30),
            b'0'..=b'9' => (text, 512),
            other => return Err([b"invalid -size type `", [*other].as_slice(), b"'"].concat()),
        };
        match Number::parse(digits) {
            Some(number) => Ok(SizeTest { number, unit }),
            None => Err([b"Invalid argument `", text, b"' to -size"].concat()),
        }
    }

    /// Sizes are counted in whole units, rounded up.
    pub(super) fn holds(self, size: u64) -> bool {
        self.number.holds(size.div_ceil(self.unit))
    }
}

impl TimeTest {
    /// Parses a number of days before `origin`, 24 hours ago or the beginning of today.
    pub(super) fn days(text: &[u8], origin: Timestamp) -> Option<TimeTest> {
        let (side, amount) = amount(text)?;
        // "Less than N days" ends at the end of the day the origin begins.
        let shift = if side == Side::Less { i128::from(DAY - 1) * NANOS } else { 0 };
        Some(TimeTest::before(nanos(origin) + shift, side, amount, DAY))
    }

    /// Parses a number of minutes before the end of the day that `origin` begins: now, usually.
    pub(super) fn minutes(text: &[u8], origin: Timestamp) -> Option<TimeTest> {
        let (side, amount) = amount(text)?;
        Some(TimeTest::before(nanos(origin) + i128::from(DAY) * NANOS, side, amount, 60))
    }

    fn before(origin: i128, side: Side, amount: f64, unit: i64) -> TimeTest {
        let back = (amount * unit as f64 * 1e9) as i128;
        TimeTest { side, limit: origin - back, window: i128::from(unit) * NANOS }
    }

    pub(super) fn holds(self, time: Timestamp) -> bool {
        let time = nanos(time);
        match self.side {
            Side::More => time < self.limit,
            Side::Less => time > self.limit,
            Side::Equal => time > self.limit && time - self.limit <= self.window,
        }
    }
}

fn amount(text: &[u8]) -> Option<(Side, f64)> {
    let (side, digits) = side(text);
    let is_number = digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let value = std::str::from_utf8(digits).ok().filter(|_| is_number)?;
    Some((side, value.parse().ok()?))
}

fn nanos(time: Timestamp) -> i128 {
    i128::from(time.secs) * NANOS + i128::from(time.nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_up_to_units() {
        let holds = |text: &str, size| SizeTest::parse(text.as_bytes()).unwrap().holds(size);
        assert!(holds("1", 3) && holds("1k", 3) && holds("3c", 3) && holds("-2k", 1024) && holds("+0", 1));
        assert!(!holds("-1M", 1) && holds("-1M", 0) && !holds("+1k", 1024));
        assert_eq!(SizeTest::parse(b"1x"), Err(b"invalid -size type `x'".to_vec()));
    }

    #[test]
    fn days_are_counted_from_24_hours_ago() {
        let now = 10 * DAY;
        let origin = Timestamp::new(now - DAY, 0);
        let holds =
            |text: &str, age: i64| TimeTest::days(text.as_bytes(), origin).unwrap().holds(Timestamp::new(now - age, 0));
        assert!(holds("0", 10) && !holds("0", DAY + 1) && holds("1", DAY + 1));
        assert!(holds("+0", DAY + 1) && !holds("+0", 10) && holds("-1", 10) && !holds("-1", DAY + 2));
        assert!(TimeTest::days(b"x", origin).is_none());
        let minutes = |text: &str, age: i64| {
            TimeTest::minutes(text.as_bytes(), origin).unwrap().holds(Timestamp::new(now - age, 0))
        };
        assert!(minutes("-5", 10) && minutes("1", 30) && minutes("+1", 61) && !minutes("-5", 301));
    }
}
