//! `posix_spawn`: the host is not copied, however large it is.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc::{self, c_char, c_int};
use nix::unistd::Pid;

/// What to start.
pub struct Plan<'a> {
    /// The program's path.
    pub program: &'a CStr,
    /// All of its arguments, the first its name.
    pub arguments: &'a [CString],
    /// `NAME=VALUE` strings.
    pub environment: &'a [CString],
    /// Where it starts.
    pub directory: &'a CStr,
    /// Its descriptors from 0 on; it has no other.
    pub descriptors: &'a [BorrowedFd<'a>],
}

/// `POSIX_SPAWN_SETSID` of macOS's `spawn.h`.
#[cfg(target_vendor = "apple")]
const SETSID: c_int = 0x0400;
#[cfg(not(target_vendor = "apple"))]
const SETSID: c_int = libc::POSIX_SPAWN_SETSID as c_int;

/// All descriptors of ours that are not named are closed in the child. Elsewhere each must be close-on-exec by itself.
#[cfg(target_vendor = "apple")]
const CLOSE: c_int = libc::POSIX_SPAWN_CLOEXEC_DEFAULT;
#[cfg(not(target_vendor = "apple"))]
const CLOSE: c_int = 0;

/// Starts a program in a session of its own, with no signal blocked or ignored. An error means that it has not run.
#[expect(unsafe_code, reason = "posix_spawn")]
pub fn spawn(plan: &Plan<'_>) -> io::Result<Pid> {
    let moved = out_of_the_way(plan.descriptors)?;
    let mut actions = Actions::new()?;
    for (target, fd) in (0..).zip(&moved) {
        // JUSTIFICATION: the child's descriptors are said no other way.
        // SAFETY: the actions were initialized.
        check(unsafe { libc::posix_spawn_file_actions_adddup2(&raw mut actions.0, fd.as_raw_fd(), target) })?;
    }
    // SAFETY: as above; the call copies the path.
    check(unsafe { libc::posix_spawn_file_actions_addchdir_np(&raw mut actions.0, plan.directory.as_ptr()) })?;
    let mut attributes = Attributes::new()?;
    attributes.set()?;
    let pointers = |strings: &[CString]| -> Vec<*mut c_char> {
        strings.iter().map(|string| string.as_ptr().cast_mut()).chain([ptr::null_mut()]).collect()
    };
    let (arguments, environment) = (pointers(plan.arguments), pointers(plan.environment));
    let mut child = 0;
    // JUSTIFICATION: the standard library makes no sessions, and copies the host for a closure that would.
    // SAFETY: all pointers are to live values; both lists end with a null pointer.
    check(unsafe {
        libc::posix_spawn(
            &raw mut child,
            plan.program.as_ptr(),
            &raw const actions.0,
            &raw const attributes.0,
            arguments.as_ptr(),
            environment.as_ptr(),
        )
    })?;
    Ok(Pid::from_raw(child))
}

/// These calls give the error instead of setting it.
fn check(code: c_int) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(Errno::from_raw(code).into()) }
}

/// Copies above all numbers that are going to be assigned: none is then overwritten before it was used, and none is its
/// own target, which would leave it close-on-exec.
fn out_of_the_way(descriptors: &[BorrowedFd<'_>]) -> io::Result<Vec<OwnedFd>> {
    const ABOVE: c_int = 10;
    descriptors
        .iter()
        .map(|fd| {
            let copy = fcntl(fd, FcntlArg::F_DUPFD_CLOEXEC(ABOVE))?;
            Ok(owned(copy))
        })
        .collect()
}

#[expect(unsafe_code, reason = "a descriptor from its number")]
fn owned(fd: c_int) -> OwnedFd {
    // JUSTIFICATION: the copy came as a number.
    // SAFETY: it is open, and nobody else's.
    unsafe { std::os::fd::FromRawFd::from_raw_fd(fd) }
}

struct Actions(libc::posix_spawn_file_actions_t);

impl Actions {
    #[expect(unsafe_code, reason = "posix_spawn")]
    fn new() -> io::Result<Actions> {
        let mut actions = std::mem::MaybeUninit::uninit();
        // JUSTIFICATION: part of posix_spawn.
        // SAFETY: initializes what the pointer is to.
        check(unsafe { libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) })?;
        // SAFETY: it succeeded.
        Ok(Actions(unsafe { actions.assume_init() }))
    }
}

impl Drop for Actions {
    #[expect(unsafe_code, reason = "posix_spawn")]
    fn drop(&mut self) {
        // JUSTIFICATION: part of posix_spawn.
        // SAFETY: was initialized, and is not used again.
        unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.0) };
    }
}

struct Attributes(libc::posix_spawnattr_t);

impl Attributes {
    #[expect(unsafe_code, reason = "posix_spawn")]
    fn new() -> io::Result<Attributes> {
        let mut attributes = std::mem::MaybeUninit::uninit();
        // JUSTIFICATION: part of posix_spawn.
        // SAFETY: initializes what the pointer is to.
        check(unsafe { libc::posix_spawnattr_init(attributes.as_mut_ptr()) })?;
        // SAFETY: it succeeded.
        Ok(Attributes(unsafe { attributes.assume_init() }))
    }

    /// A session of its own, all signals at their defaults, none blocked.
    #[expect(unsafe_code, reason = "posix_spawn")]
    fn set(&mut self) -> io::Result<()> {
        let (mut all, mut none) = (std::mem::MaybeUninit::uninit(), std::mem::MaybeUninit::uninit());
        // JUSTIFICATION: part of posix_spawn.
        // SAFETY: both calls initialize what their pointer is to, and do not fail on one that is good (sigsetops(3)).
        let (all, none) = unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::sigemptyset(none.as_mut_ptr());
            (all.assume_init(), none.assume_init())
        };
        let flags = SETSID | CLOSE | libc::POSIX_SPAWN_SETSIGDEF as c_int | libc::POSIX_SPAWN_SETSIGMASK as c_int;
        // SAFETY: the attributes were initialized; the sets are copied.
        unsafe {
            check(libc::posix_spawnattr_setsigdefault(&raw mut self.0, &raw const all))?;
            check(libc::posix_spawnattr_setsigmask(&raw mut self.0, &raw const none))?;
            check(libc::posix_spawnattr_setflags(&raw mut self.0, flags as libc::c_short))
        }
    }
}

impl Drop for Attributes {
    #[expect(unsafe_code, reason = "posix_spawn")]
    fn drop(&mut self) {
        // JUSTIFICATION: part of posix_spawn.
        // SAFETY: was initialized, and is not used again.
        unsafe { libc::posix_spawnattr_destroy(&raw mut self.0) };
    }
}
