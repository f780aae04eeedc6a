//! Dates as people write them: the grammar of GNU `date -d`, `touch -d`, `find -newermt`.
//! [coreutils manual "Date input formats"]

use super::{Moment, Zone, days_from_civil, days_in_month};
use crate::vfs::Timestamp;
use jiff::Zoned;

/// The moment `text` means, seen from `now`; `None` where it is no date.
pub fn parse_date(text: &[u8], now: Timestamp, zone: &Zone) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    if let Some(number) = text.trim().strip_prefix('@') {
        return epoch_seconds(number);
    }
    let base = jiff::Timestamp::new(now.secs, i32::try_from(now.nanos).ok()?).ok()?;
    let base: Zoned = base.to_zoned(zone.to_jiff());
    let text = with_clock_zones(if text.trim().is_empty() { "00:00" } else { text })?;
    let parsed = parse_datetime::parse_datetime_at_date(base, &text).ok()?;
    let time = Timestamp::new(parsed.unix_epoch_second(), u32::try_from(parsed.subsec_nanosecond()).ok()?);
    let Some(clock) = plain_clock(&text) else { return Some(time) };
    if !clock_was_shown(clock, time, zone) {
        return None;
    }
    // Where the clock showed the time twice, mktime(3) decides which is meant.
    let local = time.secs.saturating_add(i64::from(zone.offset_at(time.secs).seconds));
    Some(Timestamp::new(zone.to_seconds(local, None).unwrap_or(time.secs), time.nanos))
}

/// `@seconds[.fraction]`: any number the clock can hold.
fn epoch_seconds(number: &str) -> Option<Timestamp> {
    let (whole, fraction) = number.split_once(['.', ',']).unwrap_or((number, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    if !is_digits(digits) || !is_digits(fraction) {
        return None;
    }
    let secs: i64 = whole.strip_prefix('+').unwrap_or(whole).parse().ok()?;
    let nanos: u32 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    // The fraction counts away from zero, the nanoseconds of a timestamp always forward.
    if whole.starts_with('-') && nanos > 0 {
        return Some(Timestamp::new(secs.checked_sub(1)?, 1_000_000_000 - nanos));
    }
    Some(Timestamp::new(secs, nanos))
}

/// The time of day at the end of a text that is a date and a time of day, in digits and without zone or offset.
fn plain_clock(text: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '/' | '.' | ' ' | 'T');
    let (before, after) = split_after_clock(text)?;
    let is_plain = text.chars().all(plain) && after.trim().is_empty();
    is_plain.then(|| before.rsplit([' ', 'T']).next().unwrap_or_default())
}

/// Whether the clock of `zone` ever showed the time of day: where it was set forward it did not, and GNU calls such a
/// date invalid.
fn clock_was_shown(clock: &str, time: Timestamp, zone: &Zone) -> bool {
    let mut numbers = clock.split(':').map(|number| number.parse::<i64>().ok());
    let (Some(Some(hour)), Some(Some(minute))) = (numbers.next(), numbers.next()) else { return true };
    let civil = Moment::new(time.secs, time.nanos, zone.clone()).civil();
    (civil.hour, civil.minute) == (hour, minute)
}

/// Rewrites what GNU reads as a time zone and the parser does not: a signed number right after a time of day, whatever
/// follows it. `12:00 +1 day` is a day after noon in the zone +01:00. `None` when such a zone is out of range.
fn with_clock_zones(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 4);
    let mut rest = text;
    while let Some((before, after)) = split_after_clock(rest) {
        out.push_str(before);
        let spaces = after.len() - after.trim_start().len();
        let signed = after.trim_start();
        let digits = signed.bytes().skip(1).take_while(u8::is_ascii_digit).count();
        let tail = signed.get(1 + digits..).unwrap_or_default();
        // What looks like a clock after a sign is a zone itself.
        let clock = before.rfind(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ','));
        let is_zone = clock.and_then(|at| before.get(at..)).is_some_and(|text| text.starts_with(['+', '-']));
        if is_zone || !signed.starts_with(['+', '-']) || digits == 0 || tail.starts_with(':') {
            rest = after;
            continue;
        }
        let number: u32 = signed.get(1..1 + digits)?.parse().ok()?;
        let (hours, minutes) = if digits <= 2 { (number, 0) } else { (number / 100, number % 100) };
        if hours * 60 + minutes > 24 * 60 {
            return None;
        }
        out.push_str(after.get(..spaces)?);
        out.push_str(&format!("{}{hours:02}:{minutes:02}", signed.get(..1)?));
        if tail.trim_start().starts_with(|c: char| c.is_ascii_alphabetic()) && !tail.trim_start().starts_with("ago") {
            // A unit without a number counts one.
            out.push_str(" 1 ");
        }
        rest = tail;
    }
    out.push_str(rest);
    Some(out)
}

/// Splits after the first `H:MM`, `H:MM:SS` or `H:MM:SS.fraction` in `text`.
fn split_after_clock(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let digits = |at: usize| bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
    let colon = (1..bytes.len()).find(|at| {
        bytes.get(*at) == Some(&b':') && bytes.get(at - 1).is_some_and(u8::is_ascii_digit) && digits(at + 1) > 0
    })?;
    let mut end = colon + 1 + digits(colon + 1);
    if bytes.get(end) == Some(&b':') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
        if matches!(bytes.get(end), Some(b'.' | b',')) && digits(end + 1) > 0 {
            end += 1 + digits(end + 1);
        }
    }
    text.split_at_checked(end)
}

/// The moment a stamp `[[CC]YY]MMDDhhmm[.ss]` means on the clock of `zone` (`touch -t`).
///
/// Years 69 to 99 without a century are of the twentieth, 00 to 68 of the twenty-first.
pub fn parse_stamp(text: &[u8], now: Timestamp, zone: &Zone) -> Option<Timestamp> {
    let (digits, seconds) = match text.iter().position(|byte| *byte == b'.') {
        Some(dot) => (text.get(..dot)?, pairs(text.get(dot + 1..)?).filter(|found| found.len() == 1)?),
        None => (text, vec![0]),
    };
    let pairs = pairs(digits)?;
    let this_year = Moment::new(now.secs, now.nanos, zone.clone()).civil().year;
    let (year, rest) = match pairs.as_slice() {
        [century, year, rest @ ..] if rest.len() == 4 => (century * 100 + year, rest),
        [year, rest @ ..] if rest.len() == 4 => (if *year < 69 { 2000 + year } else { 1900 + year }, rest),
        rest => (this_year, rest),
    };
    let &[month, day, hour, minute] = rest else { return None };
    let &[second] = seconds.as_slice() else { return None };
    let is_date = (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    if !is_date || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let local = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(Timestamp::new(zone.to_seconds(local, None)?, 0))
}

/// Two digits at a time.
fn pairs(text: &[u8]) -> Option<Vec<i64>> {
    if !text.len().is_multiple_of(2) || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.chunks(2).map(|pair| pair.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps() {
        let now = Timestamp::new(1_700_000_000, 0);
        let seconds = |text: &[u8]| parse_stamp(text, now, &Zone::utc()).map(|time| time.secs);
        assert_eq!(seconds(b"202001020304.05"), Some(1_577_934_245));
        assert_eq!(seconds(b"7001010000"), Some(0));
        assert_eq!(seconds(b"01010000"), Some(1_672_531_200));
        for bad in [b"123".as_slice(), b"202013010000", b"01010000.1", b"02300000", b"x1010000"] {
            assert_eq!(seconds(bad), None);
        }
    }

    #[test]
    fn dates_are_seen_from_now() {
        let now = Timestamp::new(1_700_000_000, 500);
        let seconds = |text: &str| parse_date(text.as_bytes(), now, &Zone::utc()).map(|time| time.secs);
        assert_eq!(seconds("@42"), Some(42));
        assert_eq!(seconds("2020-01-02 03:04:05"), Some(1_577_934_245));
        assert_eq!(seconds("2020-01-02T03:04:05Z"), Some(1_577_934_245));
        assert_eq!(seconds("1 day ago"), Some(1_699_913_600));
        assert_eq!(seconds("bad"), None);
        assert_eq!(seconds(""), Some(1_699_920_000));
        assert_eq!(seconds("1970-01-01 12:00 +1 day"), Some(86_400 + 39_600));
        assert_eq!(seconds("1970-01-01 12:00 +01:00 +1 day"), Some(86_400 + 39_600));
        assert_eq!(seconds("1970-01-01 12:00 +90 minutes"), None);
    }
}
