//! What a process is started with beside its command line.

use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Threading::{
    DeleteProcThreadAttributeList, InitializeProcThreadAttributeList, LPPROC_THREAD_ATTRIBUTE_LIST,
    PROC_THREAD_ATTRIBUTE_HANDLE_LIST, PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE, UpdateProcThreadAttribute,
};

use super::check;
use super::pseudoconsole::PseudoConsole;

/// A list of one attribute.
pub struct Attributes<'a> {
    /// Words, so that it is aligned.
    memory: Vec<usize>,
    /// What the list points to.
    handles: Option<&'a [HANDLE]>,
}

impl<'a> Attributes<'a> {
    #[expect(unsafe_code, reason = "attribute list")]
    fn new() -> io::Result<Attributes<'a>> {
        let mut size = 0;
        // JUSTIFICATION: the standard library has no such lists.
        // SAFETY: without memory the call says how much it wants, and fails.
        unsafe { InitializeProcThreadAttributeList(ptr::null_mut(), 1, 0, &raw mut size) };
        let mut memory = vec![0_usize; size.div_ceil(size_of::<usize>())];
        // SAFETY: there is as much memory as it said.
        check(unsafe { InitializeProcThreadAttributeList(memory.as_mut_ptr().cast(), 1, 0, &raw mut size) })?;
        Ok(Attributes { memory, handles: None })
    }

    /// Only these handles are inherited.
    #[expect(unsafe_code, reason = "attribute list")]
    pub fn of_handles(handles: &'a [HANDLE]) -> io::Result<Attributes<'a>> {
        let mut list = Attributes::new()?;
        let kind = PROC_THREAD_ATTRIBUTE_HANDLE_LIST as usize;
        // JUSTIFICATION: as above.
        // SAFETY: the list was initialized for one attribute; the handles live as long as it.
        check(unsafe {
            UpdateProcThreadAttribute(
                list.as_ptr(),
                0,
                kind,
                handles.as_ptr().cast(),
                size_of_val(handles),
                ptr::null_mut(),
                ptr::null(),
            )
        })?;
        list.handles = Some(handles);
        Ok(list)
    }

    /// Attached to a console.
    #[expect(unsafe_code, reason = "attribute list")]
    pub fn of_console(console: &'a PseudoConsole) -> io::Result<Attributes<'a>> {
        let mut list = Attributes::new()?;
        let kind = PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE as usize;
        let raw = console.raw();
        // JUSTIFICATION: as above.
        // SAFETY: the list was initialized for one attribute, whose value is here the handle itself.
        check(unsafe {
            UpdateProcThreadAttribute(
                list.as_ptr(),
                0,
                kind,
                ptr::with_exposed_provenance(raw.cast_unsigned()),
                size_of_val(&raw),
                ptr::null_mut(),
                ptr::null(),
            )
        })?;
        Ok(list)
    }

    /// The list, for the call that starts the process.
    pub fn as_ptr(&mut self) -> LPPROC_THREAD_ATTRIBUTE_LIST {
        self.memory.as_mut_ptr().cast()
    }
}

impl Drop for Attributes<'_> {
    #[expect(unsafe_code, reason = "attribute list")]
    fn drop(&mut self) {
        // JUSTIFICATION: as above.
        // SAFETY: was initialized, and is not used again.
        unsafe { DeleteProcThreadAttributeList(self.as_ptr()) };
    }
}
