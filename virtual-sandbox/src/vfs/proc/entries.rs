//! The tables of `/proc`: fixed files, and the files each process has.

use crate::vfs::context::{Context, ProcSource};
use crate::vfs::node::FileKind;
use crate::vfs::tree::Vfs;

/// What a fixed file is.
pub(super) enum FixedBody {
    /// A directory.
    Directory,
    /// A symbolic link to a path relative to `/proc`.
    Link(&'static str),
    /// A text made on demand.
    Text(fn(&Vfs, &Context) -> Vec<u8>),
}

/// A fixed file.
pub(super) struct Fixed {
    /// Its name; empty for `/proc` itself.
    pub name: &'static str,
    /// The row of its directory.
    pub dir: usize,
    /// What it is.
    pub body: FixedBody,
}

/// Every file of `/proc` that belongs to no process. Row 0 is the root; a directory stands before what it holds.
pub(super) const FIXED: &[Fixed] = &[
    Fixed { name: "", dir: 0, body: FixedBody::Directory },
    Fixed { name: "sys", dir: 0, body: FixedBody::Directory },
    Fixed { name: "kernel", dir: 1, body: FixedBody::Directory },
    Fixed { name: "cmdline", dir: 0, body: FixedBody::Text(|_, _| b"sandshell\n".to_vec()) },
    Fixed { name: "cpuinfo", dir: 0, body: FixedBody::Text(|_, cx| cx.proc.cpuinfo()) },
    Fixed { name: "filesystems", dir: 0, body: FixedBody::Text(|_, _| b"nodev\tproc\nnodev\ttmpfs\n".to_vec()) },
    Fixed { name: "loadavg", dir: 0, body: FixedBody::Text(|_, cx| cx.proc.loadavg()) },
    Fixed { name: "meminfo", dir: 0, body: FixedBody::Text(|_, cx| cx.proc.meminfo()) },
    Fixed { name: "mounts", dir: 0, body: FixedBody::Link("self/mounts") },
    Fixed { name: "self", dir: 0, body: FixedBody::Link("") },
    Fixed { name: "stat", dir: 0, body: FixedBody::Text(|_, cx| cx.proc.kernel_stat()) },
    Fixed { name: "uptime", dir: 0, body: FixedBody::Text(|_, cx| cx.proc.uptime()) },
    Fixed { name: "version", dir: 0, body: FixedBody::Text(|_, cx| cx.proc.version()) },
    Fixed { name: "hostname", dir: 2, body: FixedBody::Text(|_, cx| line(cx.proc.hostname())) },
    Fixed { name: "osrelease", dir: 2, body: FixedBody::Text(|_, cx| line(cx.proc.release())) },
    Fixed { name: "ostype", dir: 2, body: FixedBody::Text(|_, _| b"Linux\n".to_vec()) },
    Fixed { name: "pid_max", dir: 2, body: FixedBody::Text(|_, _| b"4194304\n".to_vec()) },
];

/// A file that each process has.
pub(super) struct ProcessEntry {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: FileKind,
    /// Permission bits.
    pub mode: u32,
    /// Its text, or the target of a link; `None` when there is no such process or nothing to show.
    pub text: fn(&Vfs, &dyn ProcSource, u32) -> Option<Vec<u8>>,
}

/// The row of `cwd`, which is followed to the directory itself.
pub(super) const CWD: usize = 2;
/// The row of `fd`, the directory of descriptors.
pub(super) const FD: usize = 5;
/// The row of `root`, which is followed to the root directory itself.
pub(super) const ROOT_LINK: usize = 7;

/// The files of `/proc/PID`, by name.
pub(super) const PROCESS: &[ProcessEntry] = &[
    ProcessEntry { name: "cmdline", kind: FileKind::Regular, mode: 0o444, text: |_, proc, pid| proc.cmdline(pid) },
    ProcessEntry { name: "comm", kind: FileKind::Regular, mode: 0o644, text: |_, proc, pid| proc.comm(pid).map(line) },
    ProcessEntry { name: "cwd", kind: FileKind::Symlink, mode: 0o777, text: cwd_path },
    ProcessEntry { name: "environ", kind: FileKind::Regular, mode: 0o400, text: |_, proc, pid| proc.environ(pid) },
    ProcessEntry { name: "exe", kind: FileKind::Symlink, mode: 0o777, text: |_, proc, pid| proc.exe(pid) },
    ProcessEntry { name: "fd", kind: FileKind::Directory, mode: 0o500, text: |_, _, _| None },
    ProcessEntry { name: "mounts", kind: FileKind::Regular, mode: 0o444, text: |vfs, _, _| Some(vfs.mounts_text()) },
    ProcessEntry { name: "root", kind: FileKind::Symlink, mode: 0o777, text: |_, _, _| Some(b"/".to_vec()) },
    ProcessEntry { name: "stat", kind: FileKind::Regular, mode: 0o444, text: |_, proc, pid| proc.stat_text(pid) },
    ProcessEntry { name: "status", kind: FileKind::Regular, mode: 0o444, text: |_, proc, pid| proc.status_text(pid) },
];

/// The path of a process's working directory, marked when it was removed.
fn cwd_path(vfs: &Vfs, proc: &dyn ProcSource, pid: u32) -> Option<Vec<u8>> {
    let node = proc.cwd(pid)?;
    Some(vfs.directory_path(node).unwrap_or_else(|_| b"(deleted)".to_vec()))
}

fn line(mut text: Vec<u8>) -> Vec<u8> {
    text.push(b'\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_that_are_named_are_where_they_are_said_to_be() {
        assert_eq!((PROCESS[CWD].name, PROCESS[FD].name, PROCESS[ROOT_LINK].name), ("cwd", "fd", "root"));
        assert!(FIXED.iter().skip(1).all(|row| matches!(FIXED[row.dir].body, FixedBody::Directory)));
    }
}
