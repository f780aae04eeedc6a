//! The console of this process, for programs that show a command's terminal on it.

use std::io;
use std::os::windows::io::{AsHandle, BorrowedHandle};

use super::sys::console;

/// Rows and columns of the console of this process; `None` if there is none.
pub fn terminal_size(output: BorrowedHandle<'_>) -> Option<(u16, u16)> {
    console::size(output).filter(|(rows, columns)| *rows > 0 && *columns > 0)
}

/// The console of this process, every key given as it is typed and all that is shown understood as by a terminal, until dropped.
#[derive(Debug)]
pub struct RawConsole<Input: AsHandle, Output: AsHandle> {
    input: Input,
    output: Output,
    before: (u32, u32),
}

impl<Input: AsHandle, Output: AsHandle> RawConsole<Input, Output> {
    /// Changes the console that these are the ends of; fails if they are none.
    pub fn enter(input: Input, output: Output) -> io::Result<RawConsole<Input, Output>> {
        let before = (console::mode(input.as_handle())?, console::mode(output.as_handle())?);
        console::set_mode(input.as_handle(), console::RAW_INPUT)?;
        console::set_mode(output.as_handle(), before.1 | console::TERMINAL_OUTPUT)?;
        Ok(RawConsole { input, output, before })
    }
}

impl<Input: AsHandle, Output: AsHandle> Drop for RawConsole<Input, Output> {
    fn drop(&mut self) {
        // A console that is gone needs no modes.
        let _ = console::set_mode(self.input.as_handle(), self.before.0);
        let _ = console::set_mode(self.output.as_handle(), self.before.1);
    }
}
