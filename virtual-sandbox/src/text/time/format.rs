//! strftime(3), and the format language of GNU `date` which extends it.
//! [POSIX strftime; coreutils manual "date: Format directives"]

use super::{Civil, Moment};

/// Which conversions exist.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    /// glibc's strftime(3): what bash's `printf %(fmt)T` and prompts use.
    C,
    /// GNU date: `%N`, `%q`, `%:z` besides.
    Date,
}

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The widest field that is honoured.
const MOST_WIDTH: usize = 1 << 20;

/// Formats as glibc's strftime(3) does.
pub fn strftime(format: &[u8], moment: &Moment) -> Vec<u8> {
    expand(format, moment, Language::C)
}

/// Formats as GNU `date +FORMAT` does.
pub fn gnu_format(format: &[u8], moment: &Moment) -> Vec<u8> {
    expand(format, moment, Language::Date)
}

fn expand(format: &[u8], moment: &Moment, language: Language) -> Vec<u8> {
    let writer = Writer { civil: moment.civil(), secs: moment.secs, language };
    let mut out = Vec::with_capacity(format.len() * 2);
    writer.expand(format, Style::default(), &mut out);
    out
}

/// Flags and field width of one conversion.
#[derive(Clone, Copy, Default)]
struct Style {
    /// `_`, `-`, `0` or `+`.
    pad: Option<u8>,
    upper: bool,
    swap: bool,
    width: Option<usize>,
}

struct Writer {
    civil: Civil,
    secs: i64,
    language: Language,
}

impl Writer {
    fn expand(&self, format: &[u8], inherited: Style, out: &mut Vec<u8>) {
        let mut rest = format;
        while let Some(at) = memchr::memchr(b'%', rest) {
            let (literal, special) = rest.split_at(at);
            out.extend_from_slice(literal);
            rest = self.conversion(special, inherited, out);
        }
        out.extend_from_slice(rest);
    }

    /// Expands the conversion at the beginning of `text`: what follows it.
    fn conversion<'a>(&self, text: &'a [u8], inherited: Style, out: &mut Vec<u8>) -> &'a [u8] {
        let mut style = Style { upper: inherited.upper, ..Style::default() };
        let mut at = 1;
        while let Some(flag) = text.get(at) {
            match flag {
                b'_' | b'-' | b'0' => style.pad = Some(*flag),
                b'+' if self.language == Language::Date => style.pad = Some(*flag),
                b'^' => style.upper = true,
                b'#' => style.swap = true,
                _ => break,
            }
            at += 1;
        }
        while let Some(digit) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
            let width = style.width.unwrap_or(0) * 10 + usize::from(digit - b'0');
            style.width = Some(width.min(MOST_WIDTH));
            at += 1;
        }
        let modified = matches!(text.get(at), Some(b'E' | b'O'));
        at += usize::from(modified);
        let colons = text.get(at..).unwrap_or_default().iter().take_while(|byte| **byte == b':').count();
        let is_zone = text.get(at + colons) == Some(&b'z') && colons <= 3 && self.language == Language::Date;
        if colons > 0 && is_zone {
            self.offset(colons, style, out);
            return text.get(at + colons + 1..).unwrap_or_default();
        }
        // "%%" takes no flags: with any it is unknown.
        let known = text
            .get(at)
            .is_some_and(|letter| (*letter != b'%' || style.pad.is_none()) && self.letter(*letter, style, out));
        let end = (at + 1).min(text.len());
        if !known {
            // An unknown conversion stands for itself; GNU pads it like any text.
            pad_text(text.get(..end).unwrap_or_default(), style, out);
        }
        text.get(end..).unwrap_or_default()
    }

    /// One conversion by its letter; false when there is none.
    fn letter(&self, letter: u8, style: Style, out: &mut Vec<u8>) -> bool {
        self.name(letter, style, out)
            || self.date_number(letter, style, out)
            || self.time_number(letter, style, out)
            || self.composite(letter, style, out)
    }

    /// Conversions that give words and characters.
    fn name(&self, letter: u8, mut style: Style, out: &mut Vec<u8>) -> bool {
        let weekday = WEEKDAYS.get(self.civil.weekday as usize).copied().unwrap_or("?");
        let month = MONTHS.get((self.civil.month - 1) as usize).copied().unwrap_or("?");
        let half = if self.civil.hour < 12 { "AM" } else { "PM" };
        let text = match letter {
            b'a' => &weekday[..3],
            b'A' => weekday,
            b'b' | b'h' => &month[..3],
            b'B' => month,
            b'p' | b'P' => {
                // "#" swaps the case of what is upper case by default.
                let lower = letter == b'P' || style.swap;
                style.upper &= !lower;
                let text = if lower { half.to_ascii_lowercase() } else { half.to_owned() };
                pad_text(text.as_bytes(), style, out);
                return true;
            }
            b'Z' => {
                let name = &self.civil.offset.abbreviation;
                let name = if style.swap { name.to_ascii_lowercase() } else { name.clone() };
                pad_text(name.as_bytes(), Style { upper: style.upper && !style.swap, ..style }, out);
                return true;
            }
            b'n' => "\n",
            b't' => "\t",
            b'%' => "%",
            _ => return false,
        };
        style.upper |= style.swap;
        pad_text(text.as_bytes(), style, out);
        true
    }

    fn date_number(&self, letter: u8, style: Style, out: &mut Vec<u8>) -> bool {
        let civil = &self.civil;
        let (iso_year, iso_week) = civil.iso_week();
        match letter {
            b'C' => {
                let century = civil.year.div_euclid(100) + i64::from(civil.year < 0 && civil.year % 100 != 0);
                if style.pad == Some(b'+') && century > 99 {
                    out.push(b'+');
                }
                number(century, 2, b'0', style, out);
            }
            b'd' => number(civil.day, 2, b'0', style, out),
            b'e' => number(civil.day, 2, b'_', style, out),
            b'g' => number((iso_year % 100).abs(), 2, b'0', style, out),
            b'G' => year(iso_year, style, out),
            b'j' => number(civil.yearday + 1, 3, b'0', style, out),
            b'm' => number(civil.month, 2, b'0', style, out),
            b'q' if self.language == Language::Date => number((civil.month - 1) / 3 + 1, 1, b'0', style, out),
            b'u' => number((civil.weekday + 6) % 7 + 1, 1, b'0', style, out),
            b'U' => number((civil.yearday - civil.weekday + 7) / 7, 2, b'0', style, out),
            b'V' => number(iso_week, 2, b'0', style, out),
            b'w' => number(civil.weekday, 1, b'0', style, out),
            b'W' => number((civil.yearday - (civil.weekday + 6) % 7 + 7) / 7, 2, b'0', style, out),
            b'y' => number((civil.year % 100).abs(), 2, b'0', style, out),
            b'Y' => year(civil.year, style, out),
            _ => return false,
        }
        true
    }

    fn time_number(&self, letter: u8, style: Style, out: &mut Vec<u8>) -> bool {
        let civil = &self.civil;
        let twelve = (civil.hour + 11) % 12 + 1;
        match letter {
            b'H' => number(civil.hour, 2, b'0', style, out),
            b'I' => number(twelve, 2, b'0', style, out),
            b'k' => number(civil.hour, 2, b'_', style, out),
            b'l' => number(twelve, 2, b'_', style, out),
            b'M' => number(civil.minute, 2, b'0', style, out),
            b'N' if self.language == Language::Date => self.nanoseconds(style, out),
            b's' => number(self.secs, 1, b'0', style, out),
            b'S' => number(civil.second, 2, b'0', style, out),
            b'z' => self.offset(0, style, out),
            _ => return false,
        }
        true
    }

    /// Conversions that stand for others: their text is padded as a whole.
    fn composite(&self, letter: u8, style: Style, out: &mut Vec<u8>) -> bool {
        let format: &[u8] = match letter {
            b'c' => b"%a %b %e %H:%M:%S %Y",
            b'D' | b'x' => b"%m/%d/%y",
            b'F' => return self.iso_date(style, out),
            b'r' => b"%I:%M:%S %p",
            b'R' => b"%H:%M",
            b'T' | b'X' => b"%H:%M:%S",
            _ => return false,
        };
        let mut text = Vec::new();
        self.expand(format, style, &mut text);
        pad_text(&text, Style { upper: false, ..style }, out);
        true
    }

    /// `%F`: a field width counts for the year, which takes what `-MM-DD` leaves.
    fn iso_date(&self, style: Style, out: &mut Vec<u8>) -> bool {
        let width = style.width.map(|width| width.saturating_sub(6));
        if style.pad.is_none() && self.civil.year > 9999 {
            out.push(b'+');
        }
        year(self.civil.year, Style { width, ..style }, out);
        out.extend_from_slice(format!("-{:02}-{:02}", self.civil.month, self.civil.day).as_bytes());
        true
    }

    /// `%N`: a width below 9 is a precision; above, zeros follow.
    fn nanoseconds(&self, style: Style, out: &mut Vec<u8>) {
        let width = style.width.unwrap_or(9);
        let mut digits = format!("{:09}", self.civil.nanos).into_bytes();
        digits.truncate(width.max(1));
        let significant = digits.iter().rposition(|digit| *digit != b'0').map_or(1, |at| at + 1);
        match style.pad {
            Some(b'-') => digits.truncate(significant),
            Some(b'_') => {
                digits.truncate(significant);
                digits.resize(width.max(1), b' ');
            }
            _ => digits.resize(width.max(1), b'0'),
        }
        out.extend_from_slice(&digits);
    }

    /// `%z` with 0 to 3 colons.
    fn offset(&self, colons: usize, style: Style, out: &mut Vec<u8>) {
        let seconds = self.civil.offset.seconds;
        let magnitude = seconds.unsigned_abs();
        let (hours, minutes, rest) = (magnitude / 3600, magnitude / 60 % 60, magnitude % 60);
        let tail = match colons {
            0 => format!("{minutes:02}"),
            1 => format!(":{minutes:02}"),
            2 => format!(":{minutes:02}:{rest:02}"),
            _ if rest != 0 => format!(":{minutes:02}:{rest:02}"),
            _ if minutes != 0 => format!(":{minutes:02}"),
            _ => String::new(),
        };
        let sign = if seconds < 0 { b'-' } else { b'+' };
        let digits = match (colons, style.pad) {
            // "+HHMM" is one number, so that without padding 09:00 is +900.
            (_, Some(b'-' | b'_')) => format!("{hours}{tail}"),
            _ => format!("{hours:02}{tail}"),
        };
        let digits = if colons == 0 && matches!(style.pad, Some(b'-' | b'_')) && hours == 0 {
            format!("{}", minutes)
        } else {
            digits
        };
        let least = if colons == 3 { 3 } else { 3 + tail.len() };
        let fill = style.width.unwrap_or(0).max(least).saturating_sub(digits.len() + 1);
        match style.pad {
            Some(b'_') => {
                out.resize(out.len() + fill, b' ');
                out.push(sign);
            }
            Some(b'-') => out.push(sign),
            _ => {
                out.push(sign);
                out.resize(out.len() + fill, b'0');
            }
        }
        out.extend_from_slice(digits.as_bytes());
    }
}

/// A year: at least four digits with the `+` flag, which also shows a sign beyond 9999 or in a wider field.
fn year(value: i64, style: Style, out: &mut Vec<u8>) {
    let signed = style.pad == Some(b'+') && (value > 9999 || style.width.is_some_and(|width| width > 4));
    if signed && value >= 0 {
        out.push(b'+');
        let width = style.width.map(|width| width.saturating_sub(1));
        number(value, 4, b'0', Style { width, pad: None, ..style }, out);
    } else {
        number(value, 4, b'0', style, out);
    }
}

fn number(value: i64, digits: usize, default_pad: u8, style: Style, out: &mut Vec<u8>) {
    let pad = style.pad.unwrap_or(default_pad);
    let text = value.unsigned_abs().to_string();
    let sign = usize::from(value < 0);
    if sign > 0 && pad != b'_' {
        out.push(b'-');
    }
    if pad != b'-' {
        let width = style.width.unwrap_or(0).max(digits);
        let least = if style.width.is_none() { digits + sign } else { width };
        let fill = least.max(digits).saturating_sub(text.len() + sign);
        out.resize(out.len() + fill, if pad == b'_' { b' ' } else { b'0' });
    }
    if sign > 0 && pad == b'_' {
        out.push(b'-');
    }
    out.extend_from_slice(text.as_bytes());
}

fn pad_text(text: &[u8], style: Style, out: &mut Vec<u8>) {
    if style.pad != Some(b'-') {
        let fill = style.width.unwrap_or(0).saturating_sub(text.len());
        out.resize(out.len() + fill, if matches!(style.pad, Some(b'0' | b'+')) { b'0' } else { b' ' });
    }
    if style.upper {
        out.extend_from_slice(&text.to_ascii_uppercase());
    } else {
        out.extend_from_slice(text);
    }
}
