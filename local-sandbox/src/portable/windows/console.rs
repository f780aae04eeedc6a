//! The console of this process, for programs that show a command's terminal on it.

use std::io;
use std::os::windows::io::BorrowedHandle;

use super::sys::console;

/// Rows and columns of the console of this process; `None` if there is none.
pub fn terminal_size(output: BorrowedHandle<'_>) -> Option<(u16, u16)> {
    console::size(output).filter(|(rows, columns)| *rows > 0 && *columns > 0)
}

/// The console of this process, every key given as it is typed and all that is shown understood as by a terminal, until dropped.
#[derive(Debug)]
pub struct RawConsole<'a> {
    input: (BorrowedHandle<'a>, u32),
    output: (BorrowedHandle<'a>, u32),
}

impl<'a> RawConsole<'a> {
    /// Changes the console; fails if there is none.
    pub fn enter(input: BorrowedHandle<'a>, output: BorrowedHandle<'a>) -> io::Result<RawConsole<'a>> {
        let before = RawConsole { input: (input, console::mode(input)?), output: (output, console::mode(output)?) };
        console::set_mode(input, console::RAW_INPUT)?;
        console::set_mode(output, before.output.1 | console::TERMINAL_OUTPUT)?;
        Ok(before)
    }
}

impl Drop for RawConsole<'_> {
    fn drop(&mut self) {
        // A console that is gone needs no modes.
        let _ = console::set_mode(self.input.0, self.input.1);
        let _ = console::set_mode(self.output.0, self.output.1);
    }
}
