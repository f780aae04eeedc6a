//! All processes of the machine.

use nix::unistd::Pid;

/// A process, as far as trees are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// Its parent's.
    pub parent: i32,
    /// Its session's.
    pub session: i32,
    /// When it was started, in a unit of the system's own: with the number it names one process.
    pub started: u64,
}

/// All processes but those that have ended.
#[cfg(target_vendor = "apple")]
#[expect(unsafe_code, reason = "libproc")]
pub fn all() -> Vec<Process> {
    use nix::libc;

    // More may be started between the question how many there are and the answer which.
    const ROOM: usize = 64;
    const NUMBER: usize = size_of::<libc::pid_t>();
    // JUSTIFICATION: macOS has no other list of processes.
    // SAFETY: without a buffer the call only counts.
    let count = unsafe { libc::proc_listallpids(std::ptr::null_mut(), 0) };
    let mut pids = vec![0 as libc::pid_t; usize::try_from(count).unwrap_or(0) + ROOM];
    let Ok(size) = i32::try_from(pids.len() * NUMBER) else { return Vec::new() };
    // SAFETY: the buffer has that size.
    let count = unsafe { libc::proc_listallpids(pids.as_mut_ptr().cast(), size) };
    pids.truncate(usize::try_from(count).unwrap_or(0));
    pids.into_iter().filter(|pid| *pid > 0).filter_map(process).collect()
}

#[cfg(target_vendor = "apple")]
#[expect(unsafe_code, reason = "libproc")]
fn process(pid: i32) -> Option<Process> {
    use nix::libc;

    /// `SZOMB` of `sys/proc.h`.
    const ENDED: u32 = 5;
    // JUSTIFICATION: nothing else tells the parent of a process.
    // SAFETY: all zero is a `proc_bsdinfo`.
    let mut info: libc::proc_bsdinfo = unsafe { std::mem::zeroed() };
    let size = i32::try_from(size_of::<libc::proc_bsdinfo>()).ok()?;
    // SAFETY: the buffer has that size.
    let told = unsafe { libc::proc_pidinfo(pid, libc::PROC_PIDTBSDINFO, 0, (&raw mut info).cast(), size) };
    if told != size || info.pbi_status == ENDED {
        return None;
    }
    Some(Process {
        pid,
        parent: i32::try_from(info.pbi_ppid).ok()?,
        session: nix::unistd::getsid(Some(Pid::from_raw(pid))).map_or(0, Pid::as_raw),
        started: info.pbi_start_tvsec * 1_000_000 + info.pbi_start_tvusec,
    })
}

/// All processes but those that have ended.
#[cfg(not(target_vendor = "apple"))]
pub fn all() -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| process(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// From fields 3, 4, 6 and 22 of `/proc/PID/stat` (proc(5)).
#[cfg(not(target_vendor = "apple"))]
fn process(pid: i32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, field 2, may hold anything up to its last parenthesis.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).copied();
    if matches!(field(3)?, "Z" | "X") {
        return None;
    }
    let session = Pid::from_raw(field(6)?.parse().ok()?);
    Some(Process { pid, parent: field(4)?.parse().ok()?, session: session.as_raw(), started: field(22)?.parse().ok()? })
}
