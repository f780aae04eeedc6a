//! `--time-style`: how times are shown in long listings.

use crate::text::quoting::quote;
use crate::text::time::{Moment, Zone, gnu_format};
use crate::utility::{OptionError, Refusal};
use crate::vfs::Timestamp;

/// Half a mean Gregorian year, in seconds: what is older is shown with its year.
const RECENT: i64 = 31_556_952 / 2;

/// Formats of times that are not recent and of those that are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TimeStyle {
    old: Vec<u8>,
    recent: Vec<u8>,
}

impl Default for TimeStyle {
    fn default() -> Self {
        TimeStyle { old: b"%b %e  %Y".to_vec(), recent: b"%b %e %H:%M".to_vec() }
    }
}

impl TimeStyle {
    pub(super) fn parse(text: &[u8]) -> Result<TimeStyle, Refusal> {
        if let Some(format) = text.strip_prefix(b"+") {
            let mut parts = format.split(|byte| *byte == b'\n');
            let old = parts.next().unwrap_or_default().to_vec();
            let recent = parts.next().map_or_else(|| old.clone(), <[u8]>::to_vec);
            if parts.next().is_some() {
                return Err(Refusal::Message([b"invalid time style format ", quote(format).as_slice()].concat()));
            }
            return Ok(TimeStyle { old, recent });
        }
        let same = |format: &[u8]| TimeStyle { old: format.to_vec(), recent: format.to_vec() };
        match text.strip_prefix(b"posix-").unwrap_or(text) {
            b"full-iso" => Ok(same(b"%Y-%m-%d %H:%M:%S.%N %z")),
            b"long-iso" => Ok(same(b"%Y-%m-%d %H:%M")),
            b"iso" => Ok(TimeStyle { old: b"%Y-%m-%d ".to_vec(), recent: b"%m-%d %H:%M".to_vec() }),
            b"locale" => Ok(TimeStyle::default()),
            _ => {
                let mut message = [b"invalid argument ", quote(text).as_slice(), b" for "].concat();
                message.extend_from_slice(&quote(b"time style"));
                message.extend_from_slice(
                    b"\nValid arguments are:\n  - [posix-]full-iso\n  - [posix-]long-iso\n  - [posix-]iso\n  \
                      - [posix-]locale\n  - +FORMAT (e.g., +%H:%M) for a 'date'-style format",
                );
                Err(Refusal::Usage(OptionError::Usage(message, 2)))
            }
        }
    }

    /// Shows a time; whether it is recent is seen from `now`.
    pub(super) fn show(&self, time: Timestamp, now: Timestamp, zone: &Zone) -> Vec<u8> {
        let six_months_ago = Timestamp::new(now.secs - RECENT, now.nanos);
        let is_recent = six_months_ago < time && time <= now;
        let format = if is_recent { &self.recent } else { &self.old };
        gnu_format(format, &Moment::new(time.secs, time.nanos, zone.clone()))
    }
}
