//! Calendar time: moments in a time zone, strftime(3) and GNU date's formats, GNU's date grammar.
//!
//! The machine's clock counts without leap seconds, as POSIX does.

mod calendar;
mod format;
mod parse;

mod zone;

pub use calendar::{Civil, days_from_civil, days_in_month};
pub use format::{gnu_format, strftime};
pub use parse::{parse_date, parse_stamp};
pub use zone::Zone;

/// A point in time as seen in a time zone. The default is the epoch in UTC.
#[derive(Clone, Debug, Default)]
pub struct Moment {
    /// Seconds since 1970-01-01 00:00:00 UTC.
    pub secs: i64,
    /// Nanoseconds within the second, counted forward: 0..=999 999 999.
    pub nanos: u32,
    /// The time zone.
    pub zone: Zone,
}

impl Moment {
    /// The moment in `zone`.
    pub fn new(secs: i64, nanos: u32, zone: Zone) -> Self {
        Moment { secs, nanos, zone }
    }

    /// Another moment in the same zone.
    pub fn at(&self, secs: i64, nanos: u32) -> Moment {
        Moment { secs, nanos, zone: self.zone.clone() }
    }

    /// The calendar fields of this moment in its zone.
    pub fn civil(&self) -> Civil {
        let offset = self.zone.offset_at(self.secs);
        Civil::from_seconds(self.secs.saturating_add(i64::from(offset.seconds)), self.nanos, offset)
    }
}
