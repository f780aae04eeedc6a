//! Loading programs: what execve(2) does with a file.

use super::{Program, UtilityTask};
use crate::errno::Errno;
use crate::kernel::{Kernel, Pid};
use crate::shell::ShellTask;
use crate::sys::Fd;
use crate::utility::{self, Invocation};
use crate::vfs::{FileKind, Follow, OpenFlags};
use bytes::Bytes;
use std::sync::Arc;

/// How often a script's interpreter may be a script itself (Linux: BINPRM recursion).
const INTERPRETERS: u32 = 4;
/// How much of the first line of a script counts.
const SHEBANG: usize = 255;
/// Where programs are searched when the environment has no `PATH`.
pub const DEFAULT_PATH: &[u8] = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program ready to run.
pub struct Image {
    /// What runs.
    pub program: Program,
    /// The file it is from.
    pub path: Bytes,
    /// Its arguments and environment.
    pub invocation: Invocation,
}

/// The programs that are shells.
fn is_shell(name: &[u8]) -> bool {
    matches!(name, b"bash" | b"sh" | b"rbash" | b"dash")
}

/// Loads the program file `path`.
///
/// Errors as execve(2): ENOENT, EACCES (no permission, or no regular file), ENOEXEC (neither a program nor a script
/// with `#!`), ELOOP (too many interpreters).
pub fn load(kernel: &mut Kernel, pid: Pid, path: &[u8], argv: Vec<Bytes>, env: Arc<[Bytes]>) -> Result<Image, Errno> {
    load_nested(kernel, pid, Bytes::copy_from_slice(path), argv, env, INTERPRETERS)
}

fn load_nested(
    kernel: &mut Kernel,
    pid: Pid,
    path: Bytes,
    argv: Vec<Bytes>,
    env: Arc<[Bytes]>,
    left: u32,
) -> Result<Image, Errno> {
    let stat = kernel.stat(pid, &path, Follow::Yes)?;
    if stat.kind != FileKind::Regular {
        return Err(Errno::EACCES);
    }
    kernel.access(pid, &path, 1)?;
    let node = kernel.with_view(pid, |vfs, context| vfs.resolve(context, &path, Follow::Yes))?;
    if let Some(name) = kernel.vfs.program(node) {
        let name = name.to_vec();
        return start(kernel, pid, &name, path, argv, env);
    }
    let first = first_line(kernel, pid, &path)?;
    let Some(line) = first.strip_prefix(b"#!") else { return Err(Errno::ENOEXEC) };
    if left == 0 {
        return Err(Errno::ELOOP);
    }
    let line = line.trim_ascii();
    let (interpreter, argument) = match line.iter().position(|byte| matches!(byte, b' ' | b'\t')) {
        Some(at) => (line.get(..at).unwrap_or_default(), line.get(at..).unwrap_or_default().trim_ascii()),
        None => (line, &b""[..]),
    };
    if interpreter.is_empty() {
        return Err(Errno::ENOEXEC);
    }
    let interpreter = Bytes::copy_from_slice(interpreter);
    let mut arguments = vec![interpreter.clone()];
    if !argument.is_empty() {
        arguments.push(Bytes::copy_from_slice(argument));
    }
    arguments.push(path);
    arguments.extend(argv.into_iter().skip(1));
    load_nested(kernel, pid, interpreter, arguments, env, left - 1)
}

fn first_line(kernel: &mut Kernel, pid: Pid, path: &[u8]) -> Result<Vec<u8>, Errno> {
    let fd = kernel.open(pid, path, OpenFlags::READ, 0).map_err(Errno::from)?;
    let start = kernel.read(pid, fd, SHEBANG).map_err(Errno::from);
    kernel.close(pid, fd)?;
    let start = start?;
    Ok(start.split(|byte| *byte == b'\n').next().unwrap_or_default().to_vec())
}

fn start(
    kernel: &mut Kernel,
    pid: Pid,
    name: &[u8],
    path: Bytes,
    argv: Vec<Bytes>,
    env: Arc<[Bytes]>,
) -> Result<Image, Errno> {
    let invocation = Invocation::new(argv, env);
    let program = if is_shell(name) {
        Program::Shell(Box::new(ShellTask::from_invocation(kernel, pid, &invocation)))
    } else {
        let utility = utility::find(name).ok_or(Errno::ENOENT)?;
        Program::Utility(Box::new(UtilityTask::new(utility, invocation.clone())))
    };
    Ok(Image { program, path, invocation })
}

/// Makes `image` the program of the process: what execve(2) does to its descriptors and signals.
pub fn become_image(kernel: &mut Kernel, pid: Pid, image: Image) -> Program {
    kernel.close_on_exec(pid);
    kernel.reset_caught(pid);
    if let Some(process) = kernel.process_mut(pid) {
        process.exe = image.path;
        process.invocation = Some(image.invocation);
    }
    image.program
}

/// The first executable file called `name` in the directories of `path`.
///
/// ENOENT when there is none; EACCES when those found cannot be executed.
pub fn search(kernel: &Kernel, pid: Pid, path: &[u8], name: &[u8]) -> Result<Bytes, Errno> {
    let mut failure = Errno::ENOENT;
    for directory in path.split(|byte| *byte == b':') {
        let mut candidate = Vec::with_capacity(directory.len() + name.len() + 1);
        if !directory.is_empty() {
            candidate.extend_from_slice(directory);
            if !directory.ends_with(b"/") {
                candidate.push(b'/');
            }
        } else {
            candidate.extend_from_slice(b"./");
        }
        candidate.extend_from_slice(name);
        match kernel.stat(pid, &candidate, Follow::Yes) {
            Ok(stat) if stat.kind == FileKind::Regular => match kernel.access(pid, &candidate, 1) {
                Ok(()) => return Ok(Bytes::from(candidate)),
                Err(errno) => failure = errno,
            },
            _ => {}
        }
    }
    Err(failure)
}

/// The descriptors of a spawned child, as the request says.
pub fn apply_fds(kernel: &mut Kernel, parent: Pid, child: Pid, fds: &[(Fd, Option<Fd>)]) -> Result<(), Errno> {
    // All sources are the parent's, so that pairs may cross.
    for (to, from) in fds {
        match from {
            Some(from) => kernel.copy_fd(parent, *from, child, *to)?,
            None => {
                let _ = kernel.close(child, *to);
            }
        }
    }
    Ok(())
}
