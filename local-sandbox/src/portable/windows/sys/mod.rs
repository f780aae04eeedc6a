//! System calls; the only unsafe code of the portable sandbox on Windows.

pub mod attributes;
pub mod console;
pub mod job;
pub mod process;
pub mod pseudoconsole;

use std::io;

use windows_sys::core::BOOL;

/// These calls give 0 for an error.
fn check(result: BOOL) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
