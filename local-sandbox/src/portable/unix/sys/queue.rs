//! Descriptors watched by the async runtime.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Watches a queue of events with the current runtime; outside of one it panics, as all of the runtime's types do.
#[expect(unsafe_code, reason = "registration by number")]
pub fn watch(queue: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // JUSTIFICATION: the safe constructor is deprecated because it takes numbers from anyone.
    // SAFETY: an owned descriptor is open for its life and always gives the same number.
    unsafe { AsyncFd::register_with_interest(queue, Interest::READABLE) }.map_err(io::Error::from)
}
