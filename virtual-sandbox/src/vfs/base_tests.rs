//! The base image, `/dev`, `/proc` and programs, as a process sees them.

use super::*;
use crate::errno::Errno;

/// One process, 7, whose descriptor 0 is a pipe and 3 a file.
struct OneProcess {
    cwd: Node,
    file: Node,
}

impl ProcSource for OneProcess {
    fn pids(&self) -> Vec<u32> {
        vec![7]
    }
    fn fds(&self, pid: u32) -> Option<Vec<u32>> {
        (pid == 7).then(|| vec![0, 3])
    }
    fn fd_target(&self, _pid: u32, fd: u32) -> Option<Vec<u8>> {
        (fd == 0).then(|| b"pipe:[1]".to_vec())
    }
    fn fd_node(&self, _pid: u32, fd: u32) -> Option<Node> {
        (fd == 3).then_some(self.file)
    }
    fn fd_stat(&self, _pid: u32, _fd: u32) -> Option<Stat> {
        Some(Attributes::new(FileKind::Fifo, 0o600, Timestamp::default()).stat(9, Ino(1)))
    }
    fn cwd(&self, _pid: u32) -> Option<Node> {
        Some(self.cwd)
    }
    fn comm(&self, _pid: u32) -> Option<Vec<u8>> {
        Some(b"bash".to_vec())
    }
}

fn as_user<T>(test: impl FnOnce(&mut Vfs, &Context) -> T) -> T {
    let mut vfs = Vfs::base_image(Timestamp::new(1, 0)).unwrap();
    let cred = Cred::user();
    let root = Context {
        cwd: vfs.root(),
        cred: &Cred::root(),
        umask: 0o022,
        now: Timestamp::new(2, 0),
        pid: 7,
        proc: &NoProcesses,
    };
    vfs.install_program(&root, b"/usr/bin", b"ls").unwrap();
    let cwd = vfs.directory(&root, b"/home/user").unwrap();
    let file = vfs.resolve(&root, b"/etc/passwd", Follow::Yes).unwrap();
    let proc = OneProcess { cwd, file };
    let cx = Context { cwd, cred: &cred, proc: &proc, ..root };
    test(&mut vfs, &cx)
}

fn names(entries: &[DirEntry]) -> String {
    entries.iter().map(|entry| String::from_utf8_lossy(&entry.name)).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_user_starts_at_home_and_may_write_there_and_in_tmp_only() {
    as_user(|vfs, cx| {
        assert_eq!(vfs.directory_path(cx.cwd).unwrap(), b"/home/user");
        assert!(vfs.mkdir(cx, b"x", 0o777).is_ok());
        assert!(vfs.mkdir(cx, b"/tmp/x", 0o777).is_ok());
        assert_eq!(vfs.mkdir(cx, b"/etc/x", 0o777), Err(Errno::EACCES));
        assert_eq!(vfs.stat(cx, b"/tmp", Follow::Yes).unwrap().st_mode(), 0o041_777);
        assert_eq!(
            names(&vfs.read_dir_path(cx, b"/").unwrap()),
            "bin boot dev etc home lib media mnt opt proc root run sbin srv sys tmp usr var"
        );
    });
}

#[test]
fn a_program_is_a_file_that_can_be_copied_and_still_is_the_program() {
    as_user(|vfs, cx| {
        let node = vfs.resolve(cx, b"/bin/ls", Follow::Yes).unwrap();
        assert_eq!(vfs.program(node).as_deref(), Some(&b"ls"[..]));
        assert_eq!(vfs.stat_node(cx, node).unwrap().st_mode(), 0o100_755);
        let content = vfs.read_all(node).unwrap();
        let copy = vfs.mknod(cx, b"mine", NewKind::Regular, 0o755).unwrap();
        vfs.write_at(copy, At::End, &content, cx.now).unwrap();
        assert_eq!(vfs.program(copy).as_deref(), Some(&b"ls"[..]));
        assert_eq!(vfs.program(vfs.resolve(cx, b"/etc/passwd", Follow::Yes).unwrap()), None);
    });
}

#[test]
fn devices_open_as_devices() {
    as_user(|vfs, cx| {
        let rw = OpenFlags::READ_WRITE;
        assert!(matches!(vfs.open(cx, b"/dev/null", rw, 0), Ok(Opened::Device(_, Device::Null))));
        assert!(matches!(vfs.open(cx, b"/dev/full", rw, 0), Ok(Opened::Device(_, Device::Full))));
        let stat = vfs.stat(cx, b"/dev/zero", Follow::Yes).unwrap();
        assert_eq!((stat.kind, stat.rdev, stat.mode), (FileKind::CharDevice, (1, 5), 0o666));
        assert_eq!(vfs.mknod(cx, b"dev", NewKind::CharDevice(1, 3), 0o666), Err(Errno::EPERM));
    });
}

#[test]
fn standard_streams_are_the_callers_descriptors() {
    as_user(|vfs, cx| {
        assert_eq!(vfs.open(cx, b"/dev/stdin", OpenFlags::READ, 0), Ok(Opened::Descriptor { pid: 7, fd: 0 }));
        assert_eq!(vfs.stat(cx, b"/dev/stdin", Follow::Yes).unwrap().kind, FileKind::Fifo);
        assert_eq!(vfs.stat(cx, b"/dev/stdin", Follow::No).unwrap().kind, FileKind::Symlink);
        assert_eq!(vfs.read_link(cx, b"/proc/self/fd/0").unwrap(), b"pipe:[1]"[..]);
        assert_eq!(vfs.read_link(cx, b"/proc/self/fd/3").unwrap(), b"/etc/passwd"[..]);
        assert!(vfs.access(cx, b"/dev/stdin", R_OK).is_err());
        let file = vfs.resolve(cx, b"/etc/passwd", Follow::Yes).unwrap();
        assert_eq!(vfs.open(cx, b"/dev/fd/3", OpenFlags::READ, 0), Ok(Opened::Regular(file)));
        assert_eq!(vfs.open(cx, b"/dev/fd/4", OpenFlags::READ, 0), Err(Errno::ENOENT));
    });
}

#[test]
fn proc_shows_processes_and_the_machine() {
    as_user(|vfs, cx| {
        assert_eq!(
            names(&vfs.read_dir_path(cx, b"/proc").unwrap()),
            "7 cmdline cpuinfo filesystems loadavg meminfo mounts self stat sys uptime version"
        );
        assert_eq!(
            names(&vfs.read_dir_path(cx, b"/proc/self").unwrap()),
            "cmdline comm cwd environ exe fd mounts root stat status"
        );
        assert_eq!(vfs.read_link(cx, b"/proc/self").unwrap(), b"7"[..]);
        assert_eq!(vfs.read_link(cx, b"/proc/self/cwd").unwrap(), b"/home/user"[..]);
        assert!(vfs.stat(cx, b"/proc/self/cwd/../user", Follow::Yes).is_ok());
        let text = |vfs: &mut Vfs, path: &[u8]| match vfs.open(cx, path, OpenFlags::READ, 0) {
            Ok(Opened::Text(_, text)) => String::from_utf8_lossy(&text).into_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(text(vfs, b"/proc/7/comm"), "bash\n");
        assert_eq!(text(vfs, b"/proc/mounts"), "sandbox / tmpfs rw,relatime 0 0\nproc /proc proc rw,relatime 0 0\n");
        assert_eq!(text(vfs, b"/proc/sys/kernel/ostype"), "Linux\n");
        assert_eq!(vfs.stat(cx, b"/proc/8", Follow::Yes).map(|stat| stat.kind), Err(Errno::ENOENT));
        assert_eq!(vfs.open(cx, b"/proc/new", OpenFlags::WRITE | OpenFlags::CREATE, 0o666), Err(Errno::EACCES));
        assert_eq!(vfs.open(cx, b"/proc/self/comm", OpenFlags::WRITE, 0), Err(Errno::EACCES));
        assert_eq!(vfs.unlink(cx, b"/proc/version"), Err(Errno::EACCES));
        assert_eq!(vfs.rmdir(cx, b"/proc"), Err(Errno::EACCES));
        let fd = vfs.directory(&Context { cred: &Cred::root(), ..*cx }, b"/proc/self/fd").unwrap();
        assert_eq!(vfs.directory_path(fd).unwrap(), b"/proc/7/fd");
    });
}

#[test]
fn times_move_as_posix_says() {
    as_user(|vfs, cx| {
        let at = |secs| Context { now: Timestamp::new(secs, 0), ..*cx };
        let times = |vfs: &Vfs, path: &[u8]| {
            let stat = vfs.stat(cx, path, Follow::No).unwrap();
            (stat.atime.secs, stat.mtime.secs, stat.ctime.secs)
        };
        vfs.mkdir(&at(10), b"d", 0o755).unwrap();
        vfs.open(&at(20), b"d/f", OpenFlags::WRITE | OpenFlags::CREATE, 0o644).unwrap();
        assert_eq!((times(vfs, b"d"), times(vfs, b"d/f")), ((10, 20, 20), (20, 20, 20)));
        vfs.chmod(&at(30), b"d/f", 0o600, Follow::Yes).unwrap();
        assert_eq!(times(vfs, b"d/f"), (20, 20, 30));
        let node = vfs.resolve(cx, b"d/f", Follow::Yes).unwrap();
        vfs.accessed(node, Timestamp::new(40, 0));
        vfs.accessed(node, Timestamp::new(50, 0));
        assert_eq!(times(vfs, b"d/f"), (40, 20, 30));
        vfs.link(&at(60), b"d/f", b"d/g", Follow::No).unwrap();
        assert_eq!((times(vfs, b"d"), times(vfs, b"d/f")), ((10, 60, 60), (40, 20, 60)));
        vfs.rename(&at(70), b"d/g", b"h").unwrap();
        assert_eq!((times(vfs, b"d"), times(vfs, b"h"), times(vfs, b".").1), ((10, 70, 70), (40, 20, 70), 70));
        vfs.set_times(&at(80), b"h", SetTime::At(Timestamp::new(1, 0)), SetTime::Omit, Follow::Yes).unwrap();
        assert_eq!(times(vfs, b"h"), (1, 20, 80));
        vfs.open(&at(90), b"h", OpenFlags::WRITE | OpenFlags::TRUNCATE, 0).unwrap();
        assert_eq!(times(vfs, b"h"), (1, 90, 90));
        vfs.unlink(&at(95), b"d/f").unwrap();
        assert_eq!((times(vfs, b"d").1, times(vfs, b"h")), (95, (1, 90, 95)));
    });
}

#[test]
fn the_path_of_an_open_file_follows_its_renames() {
    as_user(|vfs, cx| {
        vfs.mkdir(cx, b"d", 0o755).unwrap();
        let node = vfs.mknod(cx, b"d/f", NewKind::Regular, 0o644).unwrap();
        assert_eq!(vfs.path_of(node).unwrap(), b"/home/user/d/f");
        vfs.rename(cx, b"d", b"/tmp/e").unwrap();
        assert_eq!(vfs.path_of(node).unwrap(), b"/tmp/e/f");
        vfs.retain(node);
        vfs.unlink(cx, b"/tmp/e/f").unwrap();
        assert_eq!(vfs.path_of(node), None);
    });
}
