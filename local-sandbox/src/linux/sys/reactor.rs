//! Descriptors watched by the async runtime.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Watches a descriptor with the current runtime; outside of one it panics, as all of the runtime's types do.
#[expect(unsafe_code, reason = "registration by number")]
pub fn watch<T: AsFd + AsRawFd>(fd: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    // JUSTIFICATION: the safe constructor is deprecated because it takes numbers from anyone.
    // SAFETY: `T` is one of the standard library's descriptor types (owned, shared or borrowed) or the shared supervisor,
    // which holds one; they keep the descriptor open for their life and always give the same number.
    unsafe { AsyncFd::register_with_interest(fd, interest) }.map_err(io::Error::from)
}
