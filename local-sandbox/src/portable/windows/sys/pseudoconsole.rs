//! Pseudoconsoles.

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle};

use windows_sys::Win32::System::Console::{COORD, ClosePseudoConsole, CreatePseudoConsole, HPCON, ResizePseudoConsole};

/// A console that is two pipes.
#[derive(Debug)]
pub struct PseudoConsole(HPCON);

impl PseudoConsole {
    /// Makes one that reads keys from `input` and shows on `output`, of which it has copies of its own.
    #[expect(unsafe_code, reason = "pseudoconsole")]
    pub fn new(rows: u16, columns: u16, input: &impl AsHandle, output: &impl AsHandle) -> io::Result<PseudoConsole> {
        let (input, output) = (input.as_handle().as_raw_handle(), output.as_handle().as_raw_handle());
        let mut console = 0;
        // JUSTIFICATION: the standard library has no terminals.
        // SAFETY: both handles are open, and the pointer is to a live value.
        check(unsafe { CreatePseudoConsole(size(rows, columns), input, output, 0, &raw mut console) })?;
        Ok(PseudoConsole(console))
    }

    /// Changes the size.
    #[expect(unsafe_code, reason = "pseudoconsole")]
    pub fn resize(&self, rows: u16, columns: u16) -> io::Result<()> {
        // JUSTIFICATION: as above.
        // SAFETY: it is open.
        check(unsafe { ResizePseudoConsole(self.0, size(rows, columns)) })
    }

    /// What a process is attached to by.
    pub(super) fn raw(&self) -> HPCON {
        self.0
    }
}

impl Drop for PseudoConsole {
    #[expect(unsafe_code, reason = "pseudoconsole")]
    fn drop(&mut self) {
        // JUSTIFICATION: as above.
        // SAFETY: it is open, and is not used again.
        unsafe { ClosePseudoConsole(self.0) };
    }
}

fn size(rows: u16, columns: u16) -> COORD {
    let side = |cells: u16| i16::try_from(cells).unwrap_or(i16::MAX).max(1);
    COORD { X: side(columns), Y: side(rows) }
}

/// These calls give an `HRESULT`, below 0 for an error; most hold one of the system's numbers.
fn check(result: i32) -> io::Result<()> {
    const OF_SYSTEM: i32 = 0x8007_0000_u32.cast_signed();
    const NOT_IMPLEMENTED: i32 = 0x8000_4001_u32.cast_signed();
    match result {
        0.. => Ok(()),
        NOT_IMPLEMENTED => Err(io::ErrorKind::Unsupported.into()),
        _ if result & OF_SYSTEM == OF_SYSTEM => Err(io::Error::from_raw_os_error(result & 0xffff)),
        _ => Err(io::Error::other(format!("pseudoconsole: {result:#x}"))),
    }
}
