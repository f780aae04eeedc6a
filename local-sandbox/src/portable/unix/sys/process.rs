//! Waiting for children.

use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::unistd::Pid;
use sandbox::Usage;

use super::super::exit::Ending;

/// Waits for a child's end and leaves it to be waited for once more: until then its number is its own. `None` if somebody has
/// done that already.
#[expect(unsafe_code, reason = "waitid")]
pub fn ending(child: Pid) -> Option<Ending> {
    let number = libc::id_t::try_from(child.as_raw()).ok()?;
    let info = loop {
        // JUSTIFICATION: no safe wrapper on macOS, and none that leaves the child.
        // SAFETY: all zero is a `siginfo_t` of no signal.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a live `siginfo_t`.
        let waited = unsafe { libc::waitid(libc::P_PID, number, &raw mut info, libc::WEXITED | libc::WNOWAIT) };
        match Errno::result(waited) {
            Ok(_) => break info,
            Err(Errno::EINTR) => {}
            Err(_) => return None,
        }
    };
    // SAFETY: `waitid` has filled in that of a child.
    let status = unsafe { info.si_status() };
    Some(match info.si_code {
        libc::CLD_EXITED => Ending::exited(status),
        code => Ending::by_signal(status, code == libc::CLD_DUMPED),
    })
}

/// Takes the number from a child that has ended; says how it did, and what it and those it waited for have used. `None` while
/// it runs.
#[expect(unsafe_code, reason = "wait4")]
pub fn reap(child: Pid) -> Option<(Ending, Usage)> {
    let mut status = 0;
    // JUSTIFICATION: what a child has used is told nowhere else.
    // SAFETY: all zero is a `rusage`.
    let mut used: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live values.
    let waited = unsafe { libc::wait4(child.as_raw(), &raw mut status, libc::WNOHANG, &raw mut used) };
    match Errno::result(waited) {
        Ok(0) | Err(Errno::EINTR) => None,
        Ok(_) => {
            // The unit of the memory's peak differs (getrusage(2)).
            let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
            let usage = Usage {
                cpu: Some(time(used.ru_utime) + time(used.ru_stime)),
                peak_memory: Some(u64::try_from(used.ru_maxrss).unwrap_or(0) * unit),
                ..Usage::default()
            };
            let ending = if libc::WIFEXITED(status) {
                Ending::exited(libc::WEXITSTATUS(status))
            } else {
                Ending::by_signal(libc::WTERMSIG(status), libc::WCOREDUMP(status))
            };
            Some((ending, usage))
        }
        // The host waits for any child and has taken it.
        Err(_) => Some((Ending::killed(), Usage::default())),
    }
}

#[expect(clippy::useless_conversion, reason = "the types differ between the systems")]
fn time(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(i64::from(time.tv_sec)).unwrap_or(0);
    let microseconds = u64::try_from(i64::from(time.tv_usec)).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(microseconds)
}
