//! Starting processes, and waiting for them.

use std::io;
use std::os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{DUPLICATE_SAME_ACCESS, DuplicateHandle, HANDLE};
use windows_sys::Win32::System::Threading::{
    CREATE_NO_WINDOW, CREATE_SUSPENDED, CREATE_UNICODE_ENVIRONMENT, CreateProcessW, EXTENDED_STARTUPINFO_PRESENT,
    GetCurrentProcess, GetExitCodeProcess, INFINITE, PROCESS_INFORMATION, ResumeThread, STARTF_USESTDHANDLES,
    STARTUPINFOEXW, TerminateProcess, WaitForSingleObject,
};

use super::attributes::Attributes;
use super::check;
use super::pseudoconsole::PseudoConsole;

/// What to start. All strings end with NUL.
pub struct Plan<'a> {
    /// The program's path.
    pub program: &'a [u16],
    /// The command line.
    pub line: Vec<u16>,
    /// The environment as one string.
    pub environment: &'a [u16],
    /// Where it starts.
    pub directory: &'a [u16],
    /// Its standard streams.
    pub standard: Standard<'a>,
}

/// The standard streams of a process.
pub enum Standard<'a> {
    /// Input, output, errors; there is no console.
    Pipes([BorrowedHandle<'a>; 3]),
    /// A console.
    Console(&'a PseudoConsole),
}

/// A process that has not run yet; it ends when dropped.
#[derive(Debug)]
pub struct Suspended {
    process: Option<OwnedHandle>,
    thread: OwnedHandle,
    pid: u32,
}

/// Starts a process that does not run until it is resumed. It inherits nothing but its streams.
#[expect(unsafe_code, reason = "CreateProcessW")]
pub fn spawn(mut plan: Plan<'_>) -> io::Result<Suspended> {
    let mut start = STARTUPINFOEXW::default();
    start.StartupInfo.cb = size_of_val(&start) as u32;
    // Without it a console's process would have the streams of this one; none are those of its console.
    start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    let mut flags = CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT;
    let copies;
    let raw: Vec<HANDLE>;
    let mut attributes = match plan.standard {
        Standard::Pipes(streams) => {
            flags |= CREATE_NO_WINDOW;
            copies = streams.into_iter().map(inheritable).collect::<io::Result<Vec<OwnedHandle>>>()?;
            raw = copies.iter().map(AsRawHandle::as_raw_handle).collect();
            if let [input, output, errors] = raw.as_slice() {
                start.StartupInfo.hStdInput = *input;
                start.StartupInfo.hStdOutput = *output;
                start.StartupInfo.hStdError = *errors;
            }
            Attributes::of_handles(&raw)?
        }
        Standard::Console(console) => {
            raw = Vec::new();
            Attributes::of_console(console)?
        }
    };
    start.lpAttributeList = attributes.as_ptr();
    let mut made = PROCESS_INFORMATION::default();
    // JUSTIFICATION: the standard library starts no process that is suspended and can be resumed.
    // SAFETY: all pointers are to live values; the strings end with NUL, the environment with two, and the command line is
    // ours to be written to.
    check(unsafe {
        CreateProcessW(
            plan.program.as_ptr(),
            plan.line.as_mut_ptr(),
            ptr::null(),
            ptr::null(),
            i32::from(!raw.is_empty()),
            flags,
            plan.environment.as_ptr().cast(),
            plan.directory.as_ptr(),
            (&raw const start).cast(),
            &raw mut made,
        )
    })?;
    // SAFETY: both are open, and nobody else's.
    let (process, thread) =
        unsafe { (OwnedHandle::from_raw_handle(made.hProcess), OwnedHandle::from_raw_handle(made.hThread)) };
    Ok(Suspended { process: Some(process), thread, pid: made.dwProcessId })
}

/// A copy that a child can have.
#[expect(unsafe_code, reason = "handles")]
fn inheritable(handle: BorrowedHandle<'_>) -> io::Result<OwnedHandle> {
    let mut copy = ptr::null_mut();
    // JUSTIFICATION: the standard library makes no copies that are inherited.
    // SAFETY: the handle is open; this process's own needs no closing.
    check(unsafe {
        let own = GetCurrentProcess();
        DuplicateHandle(own, handle.as_raw_handle(), own, &raw mut copy, 0, 1, DUPLICATE_SAME_ACCESS)
    })?;
    // SAFETY: it is open, and nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(copy) })
}

impl Suspended {
    /// Its number.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The process.
    pub(super) fn raw(&self) -> HANDLE {
        self.process.as_ref().map_or(ptr::null_mut(), AsRawHandle::as_raw_handle)
    }

    /// Lets it run.
    #[expect(unsafe_code, reason = "threads")]
    pub fn resume(mut self) -> io::Result<OwnedHandle> {
        // JUSTIFICATION: the standard library has no suspended processes.
        // SAFETY: the handle is open.
        if unsafe { ResumeThread(self.thread.as_raw_handle()) } == u32::MAX {
            return Err(io::Error::last_os_error());
        }
        self.process.take().ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }
}

impl Drop for Suspended {
    #[expect(unsafe_code, reason = "processes")]
    fn drop(&mut self) {
        if let Some(process) = &self.process {
            // JUSTIFICATION: nobody else knows of it.
            // SAFETY: the handle is open.
            unsafe { TerminateProcess(process.as_raw_handle(), 1) };
        }
    }
}

/// Waits until a process has ended, and gives its status. Blocks.
#[expect(unsafe_code, reason = "processes")]
pub fn wait(process: &OwnedHandle) -> u32 {
    let mut status = u32::MAX;
    // JUSTIFICATION: the standard library waits only for processes that it has started.
    // SAFETY: the handle is open, and the pointer is to a live value, which is left as it is on failure.
    unsafe {
        WaitForSingleObject(process.as_raw_handle(), INFINITE);
        GetExitCodeProcess(process.as_raw_handle(), &raw mut status);
    }
    status
}
