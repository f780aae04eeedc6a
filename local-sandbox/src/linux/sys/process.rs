//! Making, ending and awaiting processes from the single-threaded helper.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::libc;
use nix::sched::CloneFlags;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::unistd::{ForkResult, Pid};

use crate::limits::Limits;
use crate::linux::protocol::Stage;

/// A command ready to start: everything allocated, so that the child between its making and its `execve` only makes
/// system calls.
pub struct Prepared<'a> {
    /// Absolute path of the program.
    pub program: &'a CStr,
    /// Arguments.
    pub arguments: Vec<&'a CStr>,
    /// Environment.
    pub environment: Vec<&'a CStr>,
    /// Working directory.
    pub directory: &'a CStr,
    /// Standard input, output and error.
    pub streams: [BorrowedFd<'a>; 3],
    /// Becomes fd 3.
    pub script: Option<BorrowedFd<'a>>,
    /// Standard input is a terminal that becomes the controlling one.
    pub controlling: bool,
    /// Limits of the process.
    pub limits: Limits,
    /// A Landlock ruleset the process puts on itself.
    pub ruleset: Option<BorrowedFd<'a>>,
}

/// Descriptors a process starts with where no limit is set.
const OPEN_FILES: u64 = 4096;

const CHILD_STACK: usize = 128 * 1024;

/// Starts the command as `posix_spawn` does (shared memory, parent waits until `execve`), with the steps in between that
/// `posix_spawn` has not. On failure nothing has run.
#[expect(unsafe_code, reason = "clone and execve")]
pub fn spawn(prepared: &Prepared<'_>, stack: &mut Vec<u8>) -> Result<Pid, (Stage, Errno)> {
    stack.resize(CHILD_STACK, 0);
    let pointers = |texts: &[&CStr]| -> Vec<*const libc::c_char> {
        texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let arguments = pointers(&prepared.arguments);
    let environment = pointers(&prepared.environment);
    let mut failure: Option<(Stage, Errno)> = None;
    let failed = &raw mut failure;
    let child = Box::new(|| -> isize {
        let error = match prepare_child(prepared) {
            Ok(()) => {
                // JUSTIFICATION: `execve` with arrays made before the clone; the safe wrapper would allocate here.
                // SAFETY: both arrays end with a null pointer and point to strings that outlive the call.
                unsafe { libc::execve(prepared.program.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
                (Stage::Program, Errno::last())
            }
            Err(error) => error,
        };
        // JUSTIFICATION: memory is shared until exec, so the failure needs no pipe.
        // SAFETY: the parent sleeps until this process is gone and reads the variable only then.
        unsafe { *failed = Some(error) };
        127
    });
    // JUSTIFICATION: the only way to run our steps in the child without copying page tables.
    // SAFETY: single-threaded parent, which is suspended (CLONE_VFORK) while the child runs on its own stack; the child
    // makes system calls and ends by execve or by returning, which exits it.
    let made =
        unsafe { nix::sched::clone(child, stack, CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK, Some(libc::SIGCHLD)) };
    let pid = made.map_err(|errno| (Stage::Fork, errno))?;
    // JUSTIFICATION: written behind the compiler's back by the child.
    // SAFETY: the variable lives here and the child no longer shares our memory.
    match unsafe { failed.read_volatile() } {
        None => Ok(pid),
        Some(error) => {
            // It has exited; nobody else waits for it.
            let _ = nix::sys::wait::waitpid(pid, None);
            Err(error)
        }
    }
}

fn prepare_child(prepared: &Prepared<'_>) -> Result<(), (Stage, Errno)> {
    let at = |stage: Stage| move |errno: Errno| (stage, errno);
    nix::unistd::setsid().map_err(at(Stage::Session))?;
    for (number, stream) in (0..).zip(prepared.streams) {
        duplicate_onto(stream.as_raw_fd(), number).map_err(at(Stage::Streams))?;
    }
    if prepared.controlling {
        take_terminal().map_err(at(Stage::Terminal))?;
    }
    if let Some(script) = prepared.script {
        duplicate_onto(script.as_raw_fd(), 3).map_err(at(Stage::Streams))?;
    }
    nix::unistd::chdir(prepared.directory).map_err(at(Stage::Directory))?;
    apply_limits(&prepared.limits).map_err(at(Stage::Limits))?;
    if let Some(ruleset) = prepared.ruleset {
        super::landlock::restrict(ruleset).map_err(at(Stage::Confinement))?;
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None).map_err(at(Stage::Session))
}

/// `dup2` that also leaves a descriptor open across exec when it is in its place already.
#[expect(unsafe_code, reason = "dup2 onto standard streams in the child")]
fn duplicate_onto(from: RawFd, to: RawFd) -> nix::Result<()> {
    // JUSTIFICATION: the safe wrapper owns its target; here the targets are the numbers the program will find.
    // SAFETY: plain integers; the child owns its descriptor table alone.
    let done = unsafe { if from == to { libc::fcntl(to, libc::F_SETFD, 0) } else { libc::dup2(from, to) } };
    Errno::result(done).map(drop)
}

#[expect(unsafe_code, reason = "ioctl")]
fn take_terminal() -> nix::Result<()> {
    // JUSTIFICATION: no safe wrapper for TIOCSCTTY.
    // SAFETY: takes an integer argument; standard input is the terminal.
    Errno::result(unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) }).map(drop)
}

/// Sets the limits asked for, soft and hard, never above the hard ones there are.
fn apply_limits(limits: &Limits) -> nix::Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let wanted = [
        (Resource::RLIMIT_CORE, limits.core),
        (Resource::RLIMIT_NOFILE, limits.open_files),
        (Resource::RLIMIT_FSIZE, limits.file_size),
        (Resource::RLIMIT_AS, limits.address_space),
        (Resource::RLIMIT_NPROC, limits.processes),
    ];
    for (resource, value) in wanted {
        let Some(value) = value else { continue };
        let (_, hard) = getrlimit(resource)?;
        setrlimit(resource, value.min(hard), value.min(hard))?;
    }
    if limits.open_files.is_none() {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
        setrlimit(Resource::RLIMIT_NOFILE, OPEN_FILES.min(hard), hard)?;
    }
    if let Some(seconds) = limits.cpu_time {
        let (_, hard) = getrlimit(Resource::RLIMIT_CPU)?;
        // One second between SIGXCPU and SIGKILL.
        setrlimit(Resource::RLIMIT_CPU, seconds.min(hard), seconds.saturating_add(1).min(hard))?;
    }
    Ok(())
}

/// Forks this single-threaded process.
#[expect(unsafe_code, reason = "fork")]
pub fn fork() -> nix::Result<ForkResult> {
    // JUSTIFICATION: supervisors are copies of the warden.
    // SAFETY: the helper has one thread, so the child may do anything.
    unsafe { nix::unistd::fork() }
}

/// One step of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaped {
    /// A child has ended.
    Child(Exit),
    /// There are children, none has ended.
    Running,
    /// There are no children.
    None,
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// Its process id.
    pub pid: i32,
    /// The status as `wait` gives it.
    pub status: i32,
    /// User time, microseconds, with awaited children.
    pub user_time: u64,
    /// System time likewise.
    pub system_time: u64,
    /// Largest resident set, kibibytes.
    pub max_resident: u64,
}

/// Reaps one child that has ended, without waiting.
#[expect(unsafe_code, reason = "wait4 gives the resource usage")]
pub fn reap() -> io::Result<Reaped> {
    loop {
        let mut status = 0;
        // JUSTIFICATION: nix has no wait4. A rusage is plain integers.
        // SAFETY: all-zero is a valid rusage; both pointers are to live locals.
        let (pid, usage) = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            (libc::wait4(-1, &raw mut status, libc::WNOHANG, &raw mut usage), usage)
        };
        return match Errno::result(pid) {
            Ok(0) => Ok(Reaped::Running),
            Ok(pid) => Ok(Reaped::Child(Exit {
                pid,
                status,
                user_time: microseconds(usage.ru_utime),
                system_time: microseconds(usage.ru_stime),
                max_resident: u64::try_from(usage.ru_maxrss).unwrap_or(0),
            })),
            Err(Errno::ECHILD) => Ok(Reaped::None),
            Err(Errno::EINTR) => continue,
            Err(errno) => Err(errno.into()),
        };
    }
}

fn microseconds(time: libc::timeval) -> u64 {
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000 + u64::try_from(time.tv_usec).unwrap_or(0)
}

/// Ends this process at once, without destructors or exit handlers of the host's image.
#[expect(unsafe_code, reason = "_exit")]
pub fn exit_now(status: i32) -> ! {
    // JUSTIFICATION: a helper runs inside a foreign image whose exit handlers are none of its business.
    // SAFETY: has no preconditions.
    unsafe { libc::_exit(status) }
}

/// Signals that the C library keeps for itself (to cancel threads, to change all threads' user).
const LIBRARY_SIGNALS: std::ops::Range<libc::c_int> = 32..34;
/// Room for the kernel's `struct sigaction`.
const KERNEL_SIGACTION_WORDS: usize = 8;
/// Bytes of the kernel's signal set.
const KERNEL_SIGNAL_SET: usize = 8;

/// Gives every signal its default action; an exec'd program inherits what is ignored.
#[expect(unsafe_code, reason = "signal dispositions")]
pub fn default_signals() {
    for signal in Signal::iterator() {
        // JUSTIFICATION: the host may have been started with signals ignored.
        // SAFETY: SIG_DFL runs no code of ours. KILL and STOP refuse, harmlessly.
        let _ = unsafe { nix::sys::signal::signal(signal, nix::sys::signal::SigHandler::SigDfl) };
    }
    // The C library keeps the first of the real-time signals for itself, ignores them in what `posix_spawn` starts, and
    // refuses to hear of them: the kernel is asked.
    for number in LIBRARY_SIGNALS {
        let default = [0_u64; KERNEL_SIGACTION_WORDS];
        // JUSTIFICATION: as above.
        // SAFETY: the action is zeros, which is the default one, larger than the kernel reads on any machine; the old
        // action is not asked for. No thread but this one is there, and none is cancelled.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, number, default.as_ptr(), 0_usize, KERNEL_SIGNAL_SET) };
    }
}

/// Closes every descriptor from `first` to `last`.
#[expect(unsafe_code, reason = "close_range")]
pub fn close_range(first: u32, last: u32) -> nix::Result<()> {
    // JUSTIFICATION: descriptors of the host that lack close-on-exec must not reach commands.
    // SAFETY: called at the start of the helper, which owns none of these numbers.
    Errno::result(unsafe { libc::syscall(libc::SYS_close_range, first, last, 0_u32) }).map(drop)
}

/// Owns the descriptor `fd`.
#[expect(unsafe_code, reason = "takes ownership of a known descriptor")]
pub fn own(fd: RawFd) -> OwnedFd {
    // JUSTIFICATION: the helper finds its socket at a fixed number.
    // SAFETY: called once for a number that nothing else in the helper owns.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Sets whether the process can be dumped, traced and looked into by others of its user (`PR_SET_DUMPABLE`).
#[expect(unsafe_code, reason = "prctl")]
pub fn set_dumpable(on: bool) -> nix::Result<()> {
    // JUSTIFICATION: nix has prctl behind a feature that needs more; one integer call.
    // SAFETY: integer arguments only.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, libc::c_ulong::from(on), 0, 0, 0) }).map(drop)
}

/// Makes this process the parent of orphans among its descendants (`PR_SET_CHILD_SUBREAPER`).
#[expect(unsafe_code, reason = "prctl")]
pub fn become_subreaper() -> nix::Result<()> {
    // JUSTIFICATION: what double-forks stays below its supervisor.
    // SAFETY: integer arguments only.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }).map(drop)
}

/// Marks this process and all that come from it, by the soft limit on the resident set: Linux has not enforced it for
/// twenty years, forks and execs keep it, and anyone reads it in `/proc/PID/limits`. Where the hard limit is lower there
/// is no mark.
pub fn set_mark(mark: u64) -> nix::Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_RSS)?;
    if mark <= hard { setrlimit(Resource::RLIMIT_RSS, mark, hard) } else { Ok(()) }
}

/// Has this process continued when its parent ends (`PR_SET_PDEATHSIG`): one that was stopped acts on that end.
#[expect(unsafe_code, reason = "prctl")]
pub fn continue_when_orphaned() -> nix::Result<()> {
    // JUSTIFICATION: a command that is not confined can stop its supervisor and then kill the host.
    // SAFETY: integer arguments only.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGCONT, 0, 0, 0) }).map(drop)
}

/// Forbids this process and its children to gain privileges by exec (`PR_SET_NO_NEW_PRIVS`).
#[expect(unsafe_code, reason = "prctl")]
pub fn forbid_new_privileges() -> nix::Result<()> {
    // JUSTIFICATION: a condition of Landlock and seccomp without privileges.
    // SAFETY: integer arguments only.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }).map(drop)
}

/// Names the process as `ps` and `/proc/PID/comm` show it; 15 bytes at most.
#[expect(unsafe_code, reason = "prctl")]
pub fn set_name(name: &CStr) {
    // JUSTIFICATION: the helper image has the host's name otherwise.
    // SAFETY: the pointer is to a string that ends with NUL.
    let _ = unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr(), 0, 0, 0) };
}

/// Points standard input, output and error at the null device.
pub fn silence_streams() -> io::Result<()> {
    let null = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
    nix::unistd::dup2_stdin(&null)?;
    nix::unistd::dup2_stdout(&null)?;
    nix::unistd::dup2_stderr(&null)?;
    Ok(())
}

/// Puts a null device in the place of a descriptor that another process goes on with.
pub fn give_away(fd: &mut OwnedFd) -> io::Result<()> {
    let null = std::fs::File::open("/dev/null")?;
    Ok(nix::unistd::dup3(&null, fd, nix::fcntl::OFlag::O_CLOEXEC)?)
}
