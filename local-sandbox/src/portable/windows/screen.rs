//! Pseudoconsoles: what stands for a terminal.

use std::io;

use super::streams::{self, Reader, Writer};
use super::sys::pseudoconsole::PseudoConsole;

/// The host's end of a command's terminal.
#[derive(Debug)]
pub struct Screen {
    console: Option<PseudoConsole>,
    writer: Option<Writer>,
}

impl Screen {
    /// Opens a terminal of the given size; what it shows comes from the reader.
    pub async fn open(rows: u16, columns: u16) -> io::Result<(Screen, Reader)> {
        let (writer, input) = streams::writable().await?;
        let (reader, output) = streams::readable().await?;
        let console = PseudoConsole::new(rows, columns, &input, &output)?;
        Ok((Screen { console: Some(console), writer: Some(writer) }, reader))
    }

    /// What a process is to be attached to.
    pub fn console(&self) -> Option<&PseudoConsole> {
        self.console.as_ref()
    }

    /// What types, once.
    pub fn take_writer(&mut self) -> Option<Writer> {
        self.writer.take()
    }

    /// The command has ended. Closing the console is what makes it show the rest, after which the reader ends.
    pub fn close(&mut self) -> bool {
        let console = self.console.take();
        // Older systems close it only when all that it shows was read: not here, but beside the reading.
        let closing = std::thread::Builder::new().name("sandbox-close".to_owned()).spawn(move || drop(console));
        // Without a thread it was closed here.
        drop(closing);
        true
    }

    /// Changes the size.
    pub fn resize(&self, rows: u16, columns: u16) -> io::Result<()> {
        self.console.as_ref().map_or(Ok(()), |console| console.resize(rows, columns))
    }

    /// There are no signals to a foreground command; the interrupt character is typed instead.
    pub fn signal_foreground(&self, _: i32) -> bool {
        false
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.console.is_some() {
            self.close();
        }
    }
}
