//! Consoles.

use std::io;
use std::os::windows::io::{AsRawHandle, BorrowedHandle};

use windows_sys::Win32::System::Console::{
    CONSOLE_SCREEN_BUFFER_INFO, ENABLE_PROCESSED_OUTPUT, ENABLE_VIRTUAL_TERMINAL_INPUT,
    ENABLE_VIRTUAL_TERMINAL_PROCESSING, GetConsoleMode, GetConsoleScreenBufferInfo, SetConsoleMode,
};

use super::check;

/// Keys as a terminal gives them, none of them handled by the console.
pub const RAW_INPUT: u32 = ENABLE_VIRTUAL_TERMINAL_INPUT;
/// What is shown is understood as a terminal does.
pub const TERMINAL_OUTPUT: u32 = ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING;

/// The modes; an error if it is no console.
#[expect(unsafe_code, reason = "console")]
pub fn mode(console: BorrowedHandle<'_>) -> io::Result<u32> {
    let mut mode = 0;
    // JUSTIFICATION: the standard library knows no modes.
    // SAFETY: the handle is open and the pointer is to a live value.
    check(unsafe { GetConsoleMode(console.as_raw_handle(), &raw mut mode) }).map(|()| mode)
}

/// Sets the modes.
#[expect(unsafe_code, reason = "console")]
pub fn set_mode(console: BorrowedHandle<'_>, mode: u32) -> io::Result<()> {
    // JUSTIFICATION: as above.
    // SAFETY: the handle is open.
    check(unsafe { SetConsoleMode(console.as_raw_handle(), mode) })
}

/// Rows and columns of the window.
#[expect(unsafe_code, reason = "console")]
pub fn size(console: BorrowedHandle<'_>) -> Option<(u16, u16)> {
    let mut info = CONSOLE_SCREEN_BUFFER_INFO::default();
    // JUSTIFICATION: the standard library knows no sizes.
    // SAFETY: the handle is open and the pointer is to a live value.
    check(unsafe { GetConsoleScreenBufferInfo(console.as_raw_handle(), &raw mut info) }).ok()?;
    let window = info.srWindow;
    let rows = u16::try_from(i32::from(window.Bottom) - i32::from(window.Top) + 1).ok()?;
    Some((rows, u16::try_from(i32::from(window.Right) - i32::from(window.Left) + 1).ok()?))
}
