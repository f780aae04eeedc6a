//! The proleptic Gregorian calendar, with years as wide as the clock.

use super::zone::Offset;

/// Seconds per day.
pub(super) const DAY: i64 = 86_400;

/// The fields of a moment (struct tm), with the zone's offset at that moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Civil {
    /// The year, 0 being 1 BC.
    pub year: i64,
    /// 1..=12.
    pub month: i64,
    /// Day of the month, 1..=31.
    pub day: i64,
    /// 0..=23.
    pub hour: i64,
    /// 0..=59.
    pub minute: i64,
    /// 0..=59.
    pub second: i64,
    /// Nanoseconds.
    pub nanos: u32,
    /// Days since Sunday, 0..=6.
    pub weekday: i64,
    /// Days since January 1, 0..=365.
    pub yearday: i64,
    /// Offset and abbreviation of the zone.
    pub offset: Offset,
}

impl Civil {
    /// The fields of `local` seconds since 1970-01-01 00:00:00 on the local clock.
    pub fn from_seconds(local: i64, nanos: u32, offset: Offset) -> Civil {
        let days = local.div_euclid(DAY);
        let within = local.rem_euclid(DAY);
        let (year, month, day) = civil_from_days(days);
        Civil {
            year,
            month,
            day,
            hour: within / 3600,
            minute: within / 60 % 60,
            second: within % 60,
            nanos,
            weekday: (days + 4).rem_euclid(7),
            yearday: days - days_from_civil(year, 1, 1),
            offset,
        }
    }

    /// Year and number of the ISO 8601 week.
    pub fn iso_week(&self) -> (i64, i64) {
        let monday_based = (self.weekday + 6) % 7;
        let week = (self.yearday - monday_based + 10) / 7;
        if week < 1 {
            return (self.year - 1, weeks_in_iso_year(self.year - 1));
        }
        if week > weeks_in_iso_year(self.year) {
            return (self.year + 1, 1);
        }
        (self.year, week)
    }
}

/// 53 when January 1 is a Thursday, or a Wednesday in a leap year.
fn weeks_in_iso_year(year: i64) -> i64 {
    let first = (days_from_civil(year, 1, 1) + 4).rem_euclid(7);
    if first == 4 || (first == 3 && is_leap(year)) { 53 } else { 52 }
}

/// Whether `year` has a February 29.
pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// How many days a month (1..=12) has.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date; month and day may be out of range, as mktime(3) allows.
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    // Years that begin in March put the leap day last.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468 + (day - 1)
}

/// Year, month and day of a number of days since 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}
