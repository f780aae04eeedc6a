//! `cargo xtask sanitize`: the local sandbox's tests, the only ones of code with `unsafe`, under AddressSanitizer.
//!
//! Its unsafe blocks make system calls, which Miri does not know; what they do to memory is seen by the sanitizer. It needs a
//! nightly compiler (`rustup toolchain install nightly`).

use super::{TaskError, run_with};

/// Where the sanitizer is available.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds into a directory of its own, beside the ordinary ones, and runs.
pub fn run() -> Result<(), TaskError> {
    let arguments = ["+nightly", "test", "-p", "local-sandbox", "--target", TARGET, "--target-dir", "target/sanitize"];
    // Helpers end by `_exit`, which leaves what they hold to the system: that is no leak.
    let environment = [("RUSTFLAGS", "-Zsanitizer=address -Cdebuginfo=1"), ("ASAN_OPTIONS", "detect_leaks=0")];
    run_with("cargo", &arguments, &environment)
}
