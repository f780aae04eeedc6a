//! Time zones as the `TZ` environment variable names them.  [POSIX 8.3; glibc manual "TZ Variable"]

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::sync::OnceLock;

/// A time zone.
#[derive(Clone, Debug, Default)]
pub struct Zone {
    rules: Option<TimeZone>,
    /// The abbreviation where there are no rules: UTC under a name of its own.
    name: Option<String>,
}

/// What a zone says about one moment.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Offset {
    /// Seconds east of UTC.
    pub seconds: i32,
    /// Such as `CET`.
    pub abbreviation: String,
    /// Whether daylight saving time is in effect.
    pub daylight: bool,
}

/// The time zone database that is part of this program: the host's is never read.
fn database() -> &'static TimeZoneDatabase {
    static DATABASE: OnceLock<TimeZoneDatabase> = OnceLock::new();
    DATABASE.get_or_init(TimeZoneDatabase::bundled)
}

impl Zone {
    /// UTC.
    pub fn utc() -> Zone {
        Zone::default()
    }

    /// A fixed offset in seconds east of UTC, without an abbreviation.
    pub fn fixed(seconds: i32) -> Zone {
        let offset = jiff::tz::Offset::from_seconds(seconds).unwrap_or(jiff::tz::Offset::UTC);
        Zone { rules: Some(TimeZone::fixed(offset)), name: Some(String::new()) }
    }

    /// The zone that `TZ` names; UTC when unset or empty. An unknown name is UTC under the letters it begins with.
    pub fn from_variable(value: Option<&[u8]>) -> Zone {
        let text = value.and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default();
        let name = text.strip_prefix(':').unwrap_or(text);
        if name.is_empty() {
            return Zone::utc();
        }
        // File names are case-sensitive, the database is not.
        let found = database().get(name).ok().filter(|zone| zone.iana_name() == Some(name));
        if let Some(zone) = found.or_else(|| posix(name)) {
            return Zone { rules: Some(zone), name: None };
        }
        let letters: String = name.chars().take_while(char::is_ascii_alphabetic).collect();
        Zone { rules: None, name: Some(if letters.len() < 3 { String::new() } else { letters }) }
    }

    /// The zone as the date parser wants it.
    pub(super) fn to_jiff(&self) -> TimeZone {
        self.rules.clone().unwrap_or(TimeZone::UTC)
    }

    /// What the zone says at `secs` seconds since the epoch.
    pub fn offset_at(&self, secs: i64) -> Offset {
        let Some(rules) = &self.rules else {
            let abbreviation = self.name.clone().unwrap_or_else(|| "UTC".to_owned());
            return Offset { seconds: 0, abbreviation, daylight: false };
        };
        // Outside the years -9999 to 9999 the last rule goes on.
        let clamped = secs.clamp(Timestamp::MIN.as_second() + 86_400, Timestamp::MAX.as_second() - 86_400);
        let info = rules.to_offset_info(Timestamp::from_second(clamped).unwrap_or_default());
        let abbreviation = self.name.clone().unwrap_or_else(|| info.abbreviation().to_owned());
        Offset { seconds: info.offset().seconds(), abbreviation, daylight: info.dst().is_dst() }
    }

    /// mktime(3): the seconds since the epoch of a number of seconds on the local clock. `None` in a gap, where the
    /// clock never showed that time. In a fold, `daylight` chooses; without it what glibc's search from UTC meets: the
    /// second east of Greenwich, the first west of it.
    pub fn to_seconds(&self, local: i64, daylight: Option<bool>) -> Option<i64> {
        let Some(rules) = &self.rules else { return Some(local) };
        let before = self.offset_at(local.saturating_sub(86_400));
        let after = self.offset_at(local.saturating_add(86_400));
        let candidates = [self.civil_offset(rules, local), Some(before.seconds), Some(after.seconds)];
        let valid = candidates.into_iter().flatten().filter_map(|seconds| {
            let moment = local - i64::from(seconds);
            let offset = self.offset_at(moment);
            (offset.seconds == seconds).then_some((moment, offset.daylight))
        });
        let mut found: Vec<(i64, bool)> = valid.collect();
        found.sort_unstable();
        let met = if local > found.first()?.0 { found.last() } else { found.first() };
        let wanted = found.iter().find(|(_, is_daylight)| daylight.is_some_and(|wanted| wanted == *is_daylight));
        wanted.or(met).map(|(moment, _)| *moment)
    }

    fn civil_offset(&self, rules: &TimeZone, local: i64) -> Option<i32> {
        let as_utc = Timestamp::from_second(local).ok()?;
        let civil: DateTime = jiff::tz::Offset::UTC.to_datetime(as_utc);
        let timestamp = rules.to_ambiguous_timestamp(civil).earlier().ok()?;
        Some(rules.to_offset(timestamp).seconds())
    }
}

/// A POSIX rule such as `EST5EDT,M3.2.0,M11.1.0`; without a rule the United States' of 2007, as glibc has it.
fn posix(text: &str) -> Option<TimeZone> {
    let parsed = TimeZone::posix(text);
    let parsed = if text.contains(',') {
        parsed
    } else {
        parsed.or_else(|_| TimeZone::posix(&format!("{text},M3.2.0,M11.1.0")))
    };
    parsed.ok()
}
