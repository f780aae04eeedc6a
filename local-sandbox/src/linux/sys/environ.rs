//! The environment this process was started with, where the system shows it to others.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;

/// Takes variables out of this process's environment, and overwrites what the system shows of them in `/proc/PID/environ`,
/// which removing a variable does not.
///
/// Call it first thing in `main`: with more than one thread it fails (`EBUSY`) and does nothing, as others may be reading
/// the environment. Programs that were started already, and copies taken by [`std::env::var`], are not reached.
#[expect(unsafe_code, reason = "the environment is memory shared with all of the process")]
pub fn scrub_env(names: &[&str]) -> io::Result<()> {
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(Errno::EBUSY.into());
    }
    if names.iter().any(|name| name.is_empty() || name.contains(['=', '\0'])) {
        return Err(Errno::EINVAL.into());
    }
    let (start, end) = bounds()?;
    for name in names {
        // JUSTIFICATION: the standard library's own way.
        // SAFETY: there is one thread.
        unsafe { std::env::remove_var(OsStr::from_bytes(name.as_bytes())) };
    }
    // JUSTIFICATION: only a write where the system put the environment changes what it shows.
    // SAFETY: the system gives the bounds of a part of the initial stack, which is mapped and writable for the life of the
    // process; there is one thread, so that nobody else reads or writes it meanwhile.
    let shown =
        unsafe { std::slice::from_raw_parts_mut(std::ptr::with_exposed_provenance_mut::<u8>(start), end - start) };
    for entry in shown.split_mut(|byte| *byte == 0) {
        let name = entry.split(|byte| *byte == b'=').next().unwrap_or_default();
        if names.iter().any(|wanted| wanted.as_bytes() == name) {
            entry.fill(0);
        }
    }
    // Not to be left out as a write that nobody reads: the system does.
    std::hint::black_box(shown);
    Ok(())
}

/// Where the environment lies: fields 50 and 51 of `/proc/self/stat` (proc(5)).
fn bounds() -> io::Result<(usize, usize)> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name, field 2, may hold anything up to its last parenthesis.
    let after = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    let mut fields = after.split_ascii_whitespace().skip(50 - 3).map(str::parse::<usize>);
    match (fields.next(), fields.next()) {
        (Some(Ok(start)), Some(Ok(end))) if start != 0 && start <= end => Ok((start, end)),
        _ => Err(Errno::ENOTSUP.into()),
    }
}
