//! Job objects: processes that end together and are bound together.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;
use std::time::Duration;

use sandbox::Usage;
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_ACTIVE_PROCESS,
    JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION, JOB_OBJECT_LIMIT_JOB_MEMORY, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOB_OBJECT_LIMIT_PROCESS_MEMORY, JOB_OBJECT_LIMIT_PROCESS_TIME, JOBOBJECT_BASIC_ACCOUNTING_INFORMATION,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectBasicAccountingInformation, JobObjectBasicProcessIdList,
    JobObjectExtendedLimitInformation, QueryInformationJobObject, SetInformationJobObject, TerminateJobObject,
};

use super::check;
use super::process::Suspended;

/// The times of the system are counted in tenths of microseconds.
const TICKS_OF_SECOND: u64 = 10_000_000;

/// What binds the processes of a job; `None` does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobLimits {
    /// Processes at a time.
    pub processes: Option<u64>,
    /// Memory of all, bytes.
    pub memory: Option<u64>,
    /// Memory of each, bytes.
    pub process_memory: Option<u64>,
    /// Processor time of each, seconds.
    pub process_time: Option<u64>,
}

/// A job; what runs in it ends when it is dropped, or the process that holds it ends.
#[derive(Debug)]
pub struct Job(OwnedHandle);

impl Job {
    /// Makes an empty one.
    #[expect(unsafe_code, reason = "job object")]
    pub fn new(limits: &JobLimits) -> io::Result<Job> {
        // JUSTIFICATION: the standard library has no jobs.
        // SAFETY: neither attributes nor a name.
        let handle = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: it is open, and nobody else's.
        let job = Job(unsafe { OwnedHandle::from_raw_handle(handle) });
        let information = information(limits);
        let size = size_of_val(&information) as u32;
        // SAFETY: the pointer is to a live value of that size.
        check(unsafe {
            SetInformationJobObject(
                job.0.as_raw_handle(),
                JobObjectExtendedLimitInformation,
                (&raw const information).cast(),
                size,
            )
        })?;
        Ok(job)
    }

    /// Puts a process in it, beside those that it is in.
    #[expect(unsafe_code, reason = "job object")]
    pub fn assign(&self, process: &Suspended) -> io::Result<()> {
        // JUSTIFICATION: as above.
        // SAFETY: both handles are open, or the second is null, which is an error.
        check(unsafe { AssignProcessToJobObject(self.0.as_raw_handle(), process.raw()) })
    }

    /// Ends all processes with a status.
    #[expect(unsafe_code, reason = "job object")]
    pub fn terminate(&self, status: u32) -> io::Result<()> {
        // JUSTIFICATION: as above.
        // SAFETY: the handle is open.
        check(unsafe { TerminateJobObject(self.0.as_raw_handle(), status) })
    }

    /// The numbers of those that are alive, up to 1024.
    #[expect(unsafe_code, reason = "job object")]
    pub fn processes(&self) -> Vec<u32> {
        const MOST: usize = 1024;
        /// Two counts of 32 bits come first.
        const HEAD: usize = 8 / size_of::<usize>();
        let mut list = vec![0_usize; HEAD + MOST];
        let size = size_of_val(list.as_slice()) as u32;
        // JUSTIFICATION: as above.
        // SAFETY: the pointer is to that much memory, aligned for its largest parts. A list that is cut is an error to the
        // call, and filled in all the same.
        unsafe {
            QueryInformationJobObject(
                self.0.as_raw_handle(),
                JobObjectBasicProcessIdList,
                list.as_mut_ptr().cast(),
                size,
                ptr::null_mut(),
            )
        };
        // The counts say no more than the zeros after the last.
        let numbers = list.iter().skip(HEAD).filter_map(|number| u32::try_from(*number).ok());
        numbers.take_while(|number| *number != 0).collect()
    }

    /// What all that was in it have used.
    #[expect(unsafe_code, reason = "job object")]
    pub fn usage(&self) -> Usage {
        let mut times = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        // JUSTIFICATION: as above.
        // SAFETY: both pointers are to live values of the sizes said.
        let told = unsafe {
            check(QueryInformationJobObject(
                self.0.as_raw_handle(),
                JobObjectBasicAccountingInformation,
                (&raw mut times).cast(),
                size_of_val(&times) as u32,
                ptr::null_mut(),
            ))
            .and_then(|()| {
                check(QueryInformationJobObject(
                    self.0.as_raw_handle(),
                    JobObjectExtendedLimitInformation,
                    (&raw mut limits).cast(),
                    size_of_val(&limits) as u32,
                    ptr::null_mut(),
                ))
            })
        };
        if told.is_err() {
            return Usage::default();
        }
        let ticks = (times.TotalUserTime + times.TotalKernelTime).unsigned_abs();
        Usage {
            cpu: Some(Duration::from_nanos(ticks.saturating_mul(100))),
            peak_memory: Some(limits.PeakJobMemoryUsed as u64).filter(|peak| *peak > 0),
            processes: Some(u64::from(times.TotalProcesses)),
            ..Usage::default()
        }
    }
}

fn information(limits: &JobLimits) -> JOBOBJECT_EXTENDED_LIMIT_INFORMATION {
    let mut information = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    // A fault ends the process without a window that asks.
    let mut flags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
    let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    if let Some(processes) = limits.processes {
        flags |= JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
        information.BasicLimitInformation.ActiveProcessLimit = u32::try_from(processes).unwrap_or(u32::MAX);
    }
    if let Some(memory) = limits.memory {
        flags |= JOB_OBJECT_LIMIT_JOB_MEMORY;
        information.JobMemoryLimit = bytes(memory);
    }
    if let Some(memory) = limits.process_memory {
        flags |= JOB_OBJECT_LIMIT_PROCESS_MEMORY;
        information.ProcessMemoryLimit = bytes(memory);
    }
    if let Some(seconds) = limits.process_time {
        flags |= JOB_OBJECT_LIMIT_PROCESS_TIME;
        let ticks = i64::try_from(seconds.saturating_mul(TICKS_OF_SECOND)).unwrap_or(i64::MAX);
        information.BasicLimitInformation.PerProcessUserTimeLimit = ticks;
    }
    information.BasicLimitInformation.LimitFlags = flags;
    information
}
