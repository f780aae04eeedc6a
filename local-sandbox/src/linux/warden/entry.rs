//! How an image becomes the warden before its own `main` runs.

use std::ffi::CStr;
use std::os::unix::ffi::OsStrExt;

use nix::libc;

use crate::linux::protocol::WARDEN_NAME;

/// Becomes the warden, and never returns, if this process was started as one; otherwise does nothing.
///
/// On Linux with glibc this has happened before `main`; calling it first thing in `main` serves other C libraries.
pub fn init() {
    if std::env::args_os().next().is_some_and(|name| name.as_bytes() == WARDEN_NAME.as_bytes()) {
        super::guard::run();
    }
}

/// Runs [`init`] before `main`, so that any program that embeds the library can serve as its helper.
#[expect(unsafe_code, reason = "an entry of .init_array")]
extern "C" fn before_main(count: libc::c_int, arguments: *const *const libc::c_char) {
    if count < 1 || arguments.is_null() {
        return;
    }
    // JUSTIFICATION: `std::env::args` may not be ready before `main`.
    // SAFETY: the C library passes `main`'s arguments: `count` strings that end with NUL. C libraries that pass nothing
    // are excluded by the `cfg` below.
    let name = unsafe {
        let first = *arguments;
        if first.is_null() {
            return;
        }
        CStr::from_ptr(first)
    };
    if name.to_bytes() == WARDEN_NAME.as_bytes() {
        super::guard::run();
    }
}

/// Kept by the linker because [`can_serve`] refers to it.
#[cfg(target_env = "gnu")]
#[used]
#[expect(unsafe_code, reason = "an entry of .init_array")]
// JUSTIFICATION: the only hook before `main`.
// SAFETY: a function pointer with the signature that glibc calls.
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn(libc::c_int, *const *const libc::c_char) = before_main;

/// Whether this image becomes a warden by itself when started under its name.
pub fn can_serve() -> bool {
    #[cfg(target_env = "gnu")]
    {
        std::hint::black_box(&raw const BEFORE_MAIN).is_aligned()
    }
    #[cfg(not(target_env = "gnu"))]
    {
        false
    }
}
