//! Private test driver: serves a utility's calls from the host.
#![allow(missing_docs, clippy::all, reason = "private")]
use crate::errno::Errno;
use crate::kernel::*;
use crate::sys::*;
use crate::utility::*;
use crate::vfs::*;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::*;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::*;
use std::os::unix::process::CommandExt;
fn e(x: std::io::Error) -> Reply {
    Reply::Error(x.raw_os_error().and_then(Errno::from_number).unwrap_or(Errno::EIO))
}
fn p(b: &Bytes) -> &std::path::Path {
    std::path::Path::new(std::ffi::OsStr::from_bytes(b))
}
fn st(m: std::fs::Metadata) -> Reply {
    let ft = m.file_type();
    let kind = if ft.is_dir() {
        FileKind::Directory
    } else if ft.is_symlink() {
        FileKind::Symlink
    } else if ft.is_fifo() {
        FileKind::Fifo
    } else if ft.is_char_device() {
        FileKind::CharDevice
    } else if ft.is_block_device() {
        FileKind::BlockDevice
    } else if ft.is_socket() {
        FileKind::Socket
    } else {
        FileKind::Regular
    };
    Reply::Stat(Box::new(Stat {
        dev: m.dev(),
        ino: m.ino(),
        kind,
        mode: m.mode() & 0o7777,
        nlink: m.nlink() as u32,
        uid: m.uid(),
        gid: m.gid(),
        size: m.size(),
        blocks: m.blocks(),
        blksize: m.blksize() as u32,
        rdev: (0, 0),
        atime: Timestamp::new(m.atime(), m.atime_nsec() as u32),
        mtime: Timestamp::new(m.mtime(), m.mtime_nsec() as u32),
        ctime: Timestamp::new(m.ctime(), 0),
        btime: Timestamp::new(0, 0),
    }))
}
pub fn main() {
    use std::os::unix::ffi::OsStringExt;
    let argv: Vec<Bytes> = std::env::args_os().skip(1).map(|a| Bytes::from(a.into_vec())).collect();
    let env: Vec<Bytes> = std::env::vars_os()
        .map(|(k, v)| {
            let mut b = k.into_vec();
            b.push(b'=');
            b.extend(v.into_vec());
            Bytes::from(b)
        })
        .collect();
    let inv = Invocation::new(argv, env);
    let u = find(&inv.name()).expect("no such utility");
    let sys = Sys::new(inv.name());
    let mut fds: BTreeMap<u32, File> = BTreeMap::new();
    for i in 0..3u32 {
        fds.insert(i, File::from(unsafe_dup(i)));
    }
    let mut kids: BTreeMap<u32, std::process::Child> = BTreeMap::new();
    let mut fut = (u.run)(sys.clone(), inv);
    let w = std::task::Waker::noop();
    let mut cx = std::task::Context::from_waker(w);
    loop {
        match fut.as_mut().poll(&mut cx) {
            std::task::Poll::Ready(s) => std::process::exit(s.0 as i32),
            std::task::Poll::Pending => {
                let Some(r) = sys.take_request() else { panic!("pending without request") };
                let reply = match r {
                    Syscall::Read { fd, max } => match fds.get_mut(&fd.0) {
                        None => Reply::Error(Errno::EBADF),
                        Some(f) => {
                            let mut b = vec![0; max];
                            match f.read(&mut b) {
                                Ok(n) => {
                                    b.truncate(n);
                                    Reply::Bytes(Bytes::from(b))
                                }
                                Err(x) => e(x),
                            }
                        }
                    },
                    Syscall::ReadAt { fd, offset, max } => match fds.get(&fd.0) {
                        None => Reply::Error(Errno::EBADF),
                        Some(f) => {
                            let mut b = vec![0; max];
                            match f.read_at(&mut b, offset) {
                                Ok(n) => {
                                    b.truncate(n);
                                    Reply::Bytes(Bytes::from(b))
                                }
                                Err(x) => e(x),
                            }
                        }
                    },
                    Syscall::Write { fd, data } => match fds.get_mut(&fd.0) {
                        None => Reply::Error(Errno::EBADF),
                        Some(f) => match f.write(&data) {
                            Ok(n) => Reply::Number(n as u64),
                            Err(x) => {
                                if x.raw_os_error() == Some(32) {
                                    std::process::exit(141)
                                }
                                e(x)
                            }
                        },
                    },
                    Syscall::Open { path, flags, mode } => {
                        let mut o = std::fs::OpenOptions::new();
                        o.mode(mode)
                            .read(flags.contains(OpenFlags::READ))
                            .write(flags.contains(OpenFlags::WRITE))
                            .append(flags.contains(OpenFlags::APPEND))
                            .truncate(flags.contains(OpenFlags::TRUNCATE) && flags.contains(OpenFlags::WRITE))
                            .create(flags.contains(OpenFlags::CREATE))
                            .create_new(flags.contains(OpenFlags::EXCLUSIVE));
                        match o.open(p(&path)) {
                            Ok(f) => {
                                let mut n = 0;
                                while fds.contains_key(&n) {
                                    n += 1
                                }
                                fds.insert(n, f);
                                Reply::Fd(Fd(n))
                            }
                            Err(x) => e(x),
                        }
                    }
                    Syscall::Close(fd) => {
                        fds.remove(&fd.0);
                        Reply::Done
                    }
                    Syscall::Dup { from, to } => {
                        let f = fds[&from.0].try_clone().unwrap();
                        fds.insert(to.0, f);
                        Reply::Done
                    }
                    Syscall::Seek { fd, whence, offset } => match fds.get_mut(&fd.0).unwrap().seek(match whence {
                        Whence::Start => SeekFrom::Start(offset as u64),
                        Whence::Current => SeekFrom::Current(offset),
                        Whence::End => SeekFrom::End(offset),
                    }) {
                        Ok(n) => Reply::Number(n),
                        Err(x) => e(x),
                    },
                    Syscall::Stat { path, follow } => match if follow == Follow::Yes {
                        std::fs::metadata(p(&path))
                    } else {
                        std::fs::symlink_metadata(p(&path))
                    } {
                        Ok(m) => st(m),
                        Err(x) => e(x),
                    },
                    Syscall::Fstat(fd) => match fds.get(&fd.0) {
                        Some(f) => st(f.metadata().unwrap()),
                        None => Reply::Error(Errno::EBADF),
                    },
                    Syscall::GetCwd => {
                        Reply::Bytes(Bytes::from(std::env::current_dir().unwrap().into_os_string().into_vec()))
                    }
                    Syscall::Chdir(d) => match std::env::set_current_dir(p(&d)) {
                        Ok(()) => Reply::Done,
                        Err(x) => e(x),
                    },
                    Syscall::Now => {
                        let d = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
                        Reply::Time(Timestamp::new(d.as_secs() as i64, d.subsec_nanos()))
                    }
                    Syscall::Sleep(n) => {
                        std::thread::sleep(std::time::Duration::from_nanos(n));
                        Reply::Done
                    }
                    Syscall::Truncate { path, len } => {
                        match std::fs::OpenOptions::new().write(true).open(p(&path)).and_then(|f| f.set_len(len)) {
                            Ok(()) => Reply::Done,
                            Err(x) => e(x),
                        }
                    }
                    Syscall::Ftruncate { fd, len } => match fds[&fd.0].set_len(len) {
                        Ok(()) => Reply::Done,
                        Err(x) => e(x),
                    },
                    Syscall::Unlink(d) => match std::fs::remove_file(p(&d)) {
                        Ok(()) => Reply::Done,
                        Err(x) => e(x),
                    },
                    Syscall::Random(n) => {
                        Reply::Bytes(Bytes::from((0..n).map(|i| (i * 37 + 11) as u8).collect::<Vec<u8>>()))
                    }
                    Syscall::Identity => Reply::Identity(std::sync::Arc::new(Identity {
                        pid: Pid(2),
                        ppid: Pid(1),
                        pgid: Pid(2),
                        sid: Pid(2),
                        uid: 0,
                        gid: 0,
                        groups: vec![0],
                    })),
                    Syscall::IsTerminal(_) => Reply::Number(0),
                    Syscall::Yield => Reply::Done,
                    Syscall::Sigaction { .. } => Reply::Done,
                    Syscall::Access { path, .. } => match std::fs::metadata(p(&path)) {
                        Ok(_) => Reply::Done,
                        Err(x) => e(x),
                    },
                    Syscall::Kill { .. } => Reply::Error(Errno::ESRCH),
                    x @ (Syscall::Spawn(_) | Syscall::Exec(_)) => {
                        let is_exec = matches!(x, Syscall::Exec(_));
                        let (Syscall::Spawn(s) | Syscall::Exec(s)) = x else { unreachable!() };
                        let os = |b: &Bytes| std::ffi::OsString::from_vec(b.to_vec());
                        let mut c = std::process::Command::new(os(s.program.as_ref().unwrap_or(&s.argv[0])));
                        c.arg0(os(&s.argv[0]));
                        for a in &s.argv[1..] {
                            c.arg(os(a));
                        }
                        if let Some(env) = &s.env {
                            c.env_clear();
                            for kv in env.iter() {
                                let i = kv.iter().position(|b| *b == b'=').unwrap();
                                c.env(os(&kv.slice(..i)), os(&kv.slice(i + 1..)));
                            }
                        }
                        if let Some(d) = &s.cwd {
                            c.current_dir(os(d));
                        }
                        for (a, b) in &s.fds {
                            let f = b.map(|b| fds[&b.0].try_clone().unwrap());
                            match (a.0, f) {
                                (0, Some(f)) => {
                                    c.stdin(f);
                                }
                                (1, Some(f)) => {
                                    c.stdout(f);
                                }
                                (2, Some(f)) => {
                                    c.stderr(f);
                                }
                                _ => {}
                            }
                        }
                        for sg in [0u8] {
                            let _ = sg;
                        }
                        if is_exec {
                            let er = std::os::unix::process::CommandExt::exec(&mut c);
                            sys.put_reply(e(er));
                            continue;
                        }
                        match c.spawn() {
                            Ok(k) => {
                                let id = k.id();
                                kids.insert(id, k);
                                Reply::Pid(Pid(id as _))
                            }
                            Err(x) => e(x),
                        }
                    }
                    Syscall::Wait { target, timeout } => {
                        let start = std::time::Instant::now();
                        loop {
                            let mut got = None;
                            for (id, k) in kids.iter_mut() {
                                if let WaitTarget::Process(q) = target {
                                    if q.0 as u32 != *id {
                                        continue;
                                    }
                                }
                                if let Ok(Some(s)) = k.try_wait() {
                                    got = Some((*id, s));
                                    break;
                                }
                            }
                            if let Some((id, s)) = got {
                                kids.remove(&id);
                                use std::os::unix::process::ExitStatusExt;
                                let ws = match s.code() {
                                    Some(c) => WaitStatus::Exited(ExitStatus(c as u8)),
                                    None => {
                                        WaitStatus::Signaled(Signal::from_number(s.signal().unwrap() as i64).unwrap())
                                    }
                                };
                                break Reply::Waited(Pid(id as _), ws);
                            }
                            if kids.is_empty() {
                                break Reply::Error(Errno::ECHILD);
                            }
                            if timeout.is_some_and(|t| start.elapsed().as_nanos() as u64 >= t) {
                                break Reply::Error(Errno::ETIMEDOUT);
                            }
                            std::thread::sleep(std::time::Duration::from_millis(1));
                        }
                    }
                    other => panic!("hostrun: {other:?}"),
                };
                sys.put_reply(reply);
            }
        }
    }
}
fn unsafe_dup(i: u32) -> OwnedFd {
    match i {
        0 => std::io::stdin().as_fd().try_clone_to_owned(),
        1 => std::io::stdout().as_fd().try_clone_to_owned(),
        _ => std::io::stderr().as_fd().try_clone_to_owned(),
    }
    .unwrap()
}
