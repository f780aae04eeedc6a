//! Host errors and times in the sandbox's terms.

use crate::errno::Errno;
use crate::vfs::Timestamp;
use std::io;
use std::time::{Duration, SystemTime};

/// What a host error is in the sandbox. An escape from the root has no number and is EACCES.
pub(super) fn errno(error: io::Error) -> Errno {
    error_errno(&error)
}

/// As [`errno`], for an error that is kept.
pub(super) fn error_errno(error: &io::Error) -> Errno {
    match error.raw_os_error().and_then(Errno::from_number) {
        Some(errno) => errno,
        None => match error.kind() {
            io::ErrorKind::PermissionDenied => Errno::EACCES,
            io::ErrorKind::NotFound => Errno::ENOENT,
            io::ErrorKind::AlreadyExists => Errno::EEXIST,
            io::ErrorKind::InvalidInput => Errno::EINVAL,
            _ => Errno::EIO,
        },
    }
}

/// A host time.
pub(super) fn timestamp(time: SystemTime) -> Timestamp {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => Timestamp::new(after.as_secs() as i64, after.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            let (secs, nanos) = (before.as_secs() as i64, before.subsec_nanos());
            if nanos == 0 { Timestamp::new(-secs, 0) } else { Timestamp::new(-secs - 1, 1_000_000_000 - nanos) }
        }
    }
}

/// A time for the host; `None` when it cannot be told there.
pub(super) fn system_time(time: Timestamp) -> Option<SystemTime> {
    let nanos = Duration::from_nanos(u64::from(time.nanos));
    let whole = Duration::from_secs(time.secs.unsigned_abs());
    let base = if time.secs < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(whole)?
    } else {
        SystemTime::UNIX_EPOCH.checked_add(whole)?
    };
    base.checked_add(nanos)
}
