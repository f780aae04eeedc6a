//! Mounts of host directories and of `vfs`-crate file systems, seeding, and trees handed out.

use super::crate_fs::CrateFs;
use super::host_dir::HostDir;
use super::import::import;
use super::shared_tree::SharedTree;
use crate::errno::Errno;
use crate::vfs::*;
use ::vfs::{MemoryFS, VfsPath};
use bytes::Bytes;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A host directory: `a.txt`, `sub/b.txt`, links that stay inside, leave and loop, and a hard link.
fn host() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("a.txt"), "alpha\n").unwrap();
    std::fs::create_dir(at("sub")).unwrap();
    std::fs::write(at("sub/b.txt"), "beta\n").unwrap();
    std::fs::write(at("big"), vec![b'x'; 200_000]).unwrap();
    std::fs::hard_link(at("a.txt"), at("hard")).unwrap();
    std::os::unix::fs::symlink("sub/b.txt", at("inside")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", at("absolute")).unwrap();
    std::os::unix::fs::symlink("../../../../../../../../etc/passwd", at("up")).unwrap();
    dir
}

struct Machine {
    vfs: Vfs,
    cred: Cred,
}

impl Machine {
    fn new() -> Machine {
        let mut vfs = Vfs::base_image(Timestamp::new(1, 0)).unwrap();
        let cx = Context {
            cwd: vfs.root(),
            cred: &Cred::root(),
            umask: 0,
            now: Timestamp::new(1, 0),
            pid: 1,
            proc: &NoProcesses,
        };
        vfs.mkdir(&cx, b"/work", 0o777).unwrap();
        Machine { vfs, cred: Cred::user() }
    }

    fn with_host(dir: &Path, mode: MountMode) -> Machine {
        let mut machine = Machine::new();
        let fs = Arc::new(HostDir::open(dir, (1000, 1000)).unwrap());
        machine.call(|vfs, cx| vfs.mount(cx, b"/work", fs, mode)).unwrap();
        machine
    }

    fn call<T>(&mut self, call: impl FnOnce(&mut Vfs, &Context) -> T) -> T {
        let cwd = self.vfs.root();
        let now = Timestamp::new(2_000_000_000, 0);
        let cx = Context { cwd, cred: &self.cred, umask: 0o022, now, pid: 1, proc: &NoProcesses };
        call(&mut self.vfs, &cx)
    }

    fn read(&mut self, path: &str) -> Result<Vec<u8>, Errno> {
        self.call(|vfs, cx| vfs.read_file(cx, path.as_bytes())).map(|bytes| bytes.to_vec())
    }

    fn write(&mut self, path: &str, text: &str) -> Result<(), Errno> {
        let content = Bytes::copy_from_slice(text.as_bytes());
        self.call(|vfs, cx| vfs.write_file(cx, path.as_bytes(), content, 0o644)).map(drop)
    }

    fn append(&mut self, path: &str, text: &str) {
        let data = Bytes::copy_from_slice(text.as_bytes());
        self.call(|vfs, cx| {
            let node = vfs.open(cx, path.as_bytes(), OpenFlags::WRITE | OpenFlags::APPEND, 0).unwrap().node().unwrap();
            vfs.write_at(node, At::End, &data, cx.now).unwrap();
        });
    }

    fn names(&mut self, path: &str) -> String {
        let entries = self.call(|vfs, cx| vfs.read_dir_path(cx, path.as_bytes())).unwrap();
        entries.iter().map(|entry| String::from_utf8_lossy(&entry.name)).collect::<Vec<_>>().join(" ")
    }

    fn stat(&mut self, path: &str) -> Result<Stat, Errno> {
        self.call(|vfs, cx| vfs.stat(cx, path.as_bytes(), Follow::No))
    }
}

/// Everything in a host directory, to see that it did not change.
fn contents(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(dir).unwrap().display().to_string();
        if path.is_symlink() {
            all.push((name, b"link".to_vec()));
        } else if path.is_dir() {
            all.extend(contents(&path).into_iter().map(|(inner, content)| (format!("{name}/{inner}"), content)));
        } else {
            all.push((name, std::fs::read(&path).unwrap()));
        }
    }
    all.sort();
    all
}

#[test]
fn a_host_directory_is_read_and_its_links_mean_files_of_the_sandbox() {
    let dir = host();
    for mode in [MountMode::CopyOnWrite, MountMode::ReadOnly, MountMode::ReadWrite] {
        let mut machine = Machine::with_host(dir.path(), mode);
        assert_eq!(machine.names("/work"), "a.txt absolute big hard inside sub up");
        assert_eq!(machine.read("/work/a.txt").unwrap(), b"alpha\n");
        assert_eq!(machine.read("/work/inside").unwrap(), b"beta\n");
        assert_eq!(machine.read("/work/absolute").unwrap(), b"sandshell\n");
        assert!(machine.read("/work/up").unwrap().starts_with(b"root:x:0:0:root:/root:/bin/bash\n"));
        assert_eq!(machine.read("/work/../work/sub/../a.txt").unwrap(), b"alpha\n");
        assert_eq!(machine.read("/work/big").unwrap(), vec![b'x'; 200_000]);
        assert_eq!(machine.read("/work/none"), Err(Errno::ENOENT));
        let (a, hard) = (machine.stat("/work/a.txt").unwrap(), machine.stat("/work/hard").unwrap());
        assert_eq!((a.nlink, a.uid, a.is_same_file(&hard)), (2, 1000, true));
        let sub = machine.call(|vfs, cx| vfs.directory(cx, b"/work/sub").unwrap());
        let file = machine.call(|vfs, cx| vfs.resolve(cx, b"/work/inside", Follow::Yes).unwrap());
        assert_eq!(machine.vfs.path_of(file).unwrap(), b"/work/sub/b.txt");
        assert_eq!(machine.vfs.directory_path(sub).unwrap(), b"/work/sub");
        assert_eq!(machine.call(|vfs, cx| vfs.rename(cx, b"/work/a.txt", b"/tmp/a")), Err(Errno::EXDEV));
    }
}

#[test]
fn copy_on_write_changes_nothing_on_the_host() {
    let dir = host();
    let before = contents(dir.path());
    let mut machine = Machine::with_host(dir.path(), MountMode::CopyOnWrite);
    let fresh = machine.vfs.clone();
    let ino = machine.stat("/work/a.txt").unwrap().ino;
    machine.append("/work/a.txt", "more\n");
    assert_eq!(machine.read("/work/a.txt").unwrap(), b"alpha\nmore\n");
    assert_eq!(machine.read("/work/hard").unwrap(), b"alpha\nmore\n");
    assert_eq!(machine.stat("/work/a.txt").unwrap().ino, ino);
    machine.write("/work/sub/new", "new\n").unwrap();
    machine.write("/work/sub/b.txt", "other\n").unwrap();
    machine.call(|vfs, cx| vfs.mkdir_all(cx, b"/work/x/y/z", 0o755)).unwrap();
    machine.call(|vfs, cx| vfs.rename(cx, b"/work/sub", b"/work/x/moved")).unwrap();
    machine.call(|vfs, cx| vfs.unlink(cx, b"/work/hard")).unwrap();
    machine.call(|vfs, cx| vfs.truncate(cx, b"/work/big", 70_000)).unwrap();
    machine.call(|vfs, cx| vfs.chmod(cx, b"/work/big", 0o600, Follow::Yes)).unwrap();
    assert_eq!(machine.names("/work"), "a.txt absolute big inside up x");
    assert_eq!(machine.names("/work/x"), "moved y");
    assert_eq!(machine.read("/work/x/moved/b.txt").unwrap(), b"other\n");
    assert_eq!(machine.read("/work/inside"), Err(Errno::ENOENT));
    assert_eq!(machine.read("/work/big").unwrap(), vec![b'x'; 70_000]);
    assert_eq!(machine.stat("/work/big").unwrap().mode, 0o600);
    let moved = machine.call(|vfs, cx| vfs.directory(cx, b"/work/x/moved").unwrap());
    assert_eq!(machine.vfs.directory_path(moved).unwrap(), b"/work/x/moved");
    let (x, root) = (machine.stat("/work/x/moved/..").unwrap(), machine.stat("/work/x").unwrap());
    assert!(x.is_same_file(&root));
    assert_eq!(contents(dir.path()), before);

    let changed: Vec<_> = machine
        .vfs
        .diff(&fresh)
        .into_iter()
        .map(|change| (String::from_utf8_lossy(&change.path).into_owned(), change.kind))
        .collect();
    let expected = [
        ("/work/a.txt", ChangeKind::Modified),
        ("/work/big", ChangeKind::Modified),
        ("/work/hard", ChangeKind::Removed),
        ("/work/sub", ChangeKind::Removed),
        ("/work/sub/b.txt", ChangeKind::Removed),
        ("/work/x", ChangeKind::Added),
        ("/work/x/moved", ChangeKind::Added),
        ("/work/x/moved/b.txt", ChangeKind::Added),
        ("/work/x/moved/new", ChangeKind::Added),
        ("/work/x/y", ChangeKind::Added),
        ("/work/x/y/z", ChangeKind::Added),
    ];
    assert_eq!(changed, expected.map(|(path, kind)| (path.to_owned(), kind)));
    let mut other = Machine { vfs: fresh, cred: Cred::user() };
    assert_eq!(other.names("/work"), "a.txt absolute big hard inside sub up");
    assert_eq!(other.read("/work/a.txt").unwrap(), b"alpha\n");
}

#[test]
fn an_append_to_a_large_file_below_takes_one_chunk_into_memory() {
    let dir = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(dir.path().join("log")).unwrap();
    file.set_len(1 << 30).unwrap();
    let mut machine = Machine::with_host(dir.path(), MountMode::CopyOnWrite);
    machine.append("/work/log", "line\n");
    machine.append("/work/log", "line\n");
    assert!(machine.vfs.usage().bytes < 200_000);
    assert_eq!(machine.stat("/work/log").unwrap().size, (1 << 30) + 10);
    assert_eq!(file.metadata().unwrap().len(), 1 << 30);
    let tail = machine.call(|vfs, cx| {
        let node = vfs.resolve(cx, b"/work/log", Follow::Yes).unwrap();
        vfs.read_at(node, (1 << 30) - 1, 100).unwrap().len() + vfs.read_at(node, 1 << 30, 100).unwrap().len()
    });
    assert_eq!(tail, 11);
}

#[test]
fn a_read_only_mount_refuses_changes() {
    let dir = host();
    let mut machine = Machine::with_host(dir.path(), MountMode::ReadOnly);
    assert_eq!(machine.write("/work/a.txt", "x"), Err(Errno::EROFS));
    assert_eq!(machine.write("/work/new", "x"), Err(Errno::EROFS));
    machine.call(|vfs, cx| {
        assert_eq!(vfs.unlink(cx, b"/work/a.txt"), Err(Errno::EROFS));
        assert_eq!(vfs.mkdir(cx, b"/work/d", 0o755), Err(Errno::EROFS));
        assert_eq!(vfs.mkdir(cx, b"/work/sub", 0o755), Err(Errno::EEXIST));
        assert_eq!(vfs.chmod(cx, b"/work/a.txt", 0o600, Follow::Yes), Err(Errno::EROFS));
        assert_eq!(vfs.rename(cx, b"/work/a.txt", b"/work/c"), Err(Errno::EROFS));
        assert_eq!(vfs.access(cx, b"/work/a.txt", W_OK), Err(Errno::EROFS));
        assert_eq!(vfs.access(cx, b"/work/a.txt", R_OK), Ok(()));
        assert_eq!(vfs.set_times(cx, b"/work/a.txt", SetTime::Now, SetTime::Now, Follow::Yes), Err(Errno::EROFS));
        assert_eq!(vfs.truncate(cx, b"/work/a.txt", 0), Err(Errno::EROFS));
    });
    assert_eq!(contents(dir.path()).len(), 7);
}

#[test]
fn a_read_write_mount_changes_the_host() {
    let dir = host();
    let at = |name: &str| dir.path().join(name);
    let mut machine = Machine::with_host(dir.path(), MountMode::ReadWrite);
    machine.write("/work/new", "new\n").unwrap();
    machine.append("/work/new", "more\n");
    assert_eq!(std::fs::read(at("new")).unwrap(), b"new\nmore\n");
    machine.call(|vfs, cx| {
        vfs.mkdir(cx, b"/work/d", 0o777).unwrap();
        vfs.rename(cx, b"/work/new", b"/work/d/old").unwrap();
        vfs.symlink(cx, b"d/old", b"/work/l").unwrap();
        vfs.link(cx, b"/work/d/old", b"/work/h", Follow::No).unwrap();
        vfs.truncate(cx, b"/work/h", 3).unwrap();
        vfs.chmod(cx, b"/work/h", 0o640, Follow::Yes).unwrap();
        let time = SetTime::At(Timestamp::new(1_000_000, 500));
        vfs.set_times(cx, b"/work/h", SetTime::Omit, time, Follow::Yes).unwrap();
        vfs.set_times(cx, b"/work/d", time, time, Follow::Yes).unwrap();
        assert_eq!(vfs.stat(cx, b"/work/h", Follow::Yes).unwrap().mtime, Timestamp::new(1_000_000, 500));
        assert_eq!(vfs.mkfifo(cx, b"/work/p", 0o600), Err(Errno::EPERM));
        assert_eq!(vfs.rmdir(cx, b"/work/d"), Err(Errno::ENOTEMPTY));
        assert_eq!(vfs.rename(cx, b"/work/d", b"/work/d/e"), Err(Errno::EINVAL));
    });
    assert_eq!(std::fs::read(at("l")).unwrap(), b"new");
    assert_eq!(machine.read("/work/l").unwrap(), b"new");
    let metadata = std::fs::metadata(at("d")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777, 0o755);
    // An open file is readable after its last name is gone.
    let node = machine.call(|vfs, cx| vfs.resolve(cx, b"/work/sub/b.txt", Follow::Yes).unwrap());
    machine.vfs.retain(node);
    machine.call(|vfs, cx| vfs.remove_all(cx, b"/work/sub")).unwrap();
    assert!(!at("sub").exists());
    assert_eq!(machine.vfs.read_all(node).unwrap(), b"beta\n"[..]);
    machine.vfs.release(node);
    assert_eq!(machine.vfs.read_all(node), Err(Errno::ENOENT));
}

#[test]
fn a_link_swapped_in_by_the_host_does_not_lead_out() {
    let dir = host();
    let secret = tempfile::tempdir().unwrap();
    std::fs::write(secret.path().join("b.txt"), "secret").unwrap();
    let mut machine = Machine::with_host(dir.path(), MountMode::ReadWrite);
    let node = machine.call(|vfs, cx| vfs.resolve(cx, b"/work/sub/b.txt", Follow::Yes).unwrap());
    std::fs::remove_dir_all(dir.path().join("sub")).unwrap();
    std::os::unix::fs::symlink(secret.path(), dir.path().join("sub")).unwrap();
    assert!(machine.vfs.read_all(node).is_err());
    assert!(machine.vfs.write_at(node, At::Offset(0), &Bytes::from_static(b"x"), Timestamp::default()).is_err());
    assert_eq!(std::fs::read(secret.path().join("b.txt")).unwrap(), b"secret");
}

#[test]
fn any_file_system_of_the_vfs_crate_can_be_mounted() {
    let root: VfsPath = MemoryFS::new().into();
    root.join("dir").unwrap().create_dir().unwrap();
    root.join("dir/file").unwrap().create_file().unwrap().write_all(b"from the crate").unwrap();
    let mut machine = Machine::new();
    let fs = Arc::new(CrateFs::new(root.clone(), (1000, 1000)));
    machine.call(|vfs, cx| vfs.mount(cx, b"/work", fs.clone(), MountMode::ReadWrite)).unwrap();
    machine.call(|vfs, cx| vfs.mount(cx, b"/mnt", fs, MountMode::CopyOnWrite)).unwrap();
    assert_eq!(machine.read("/work/dir/file").unwrap(), b"from the crate");
    machine.write("/mnt/dir/file", "copied").unwrap();
    machine.append("/work/dir/file", "!");
    machine.write("/work/new", "n").unwrap();
    machine.call(|vfs, cx| {
        vfs.rename(cx, b"/work/new", b"/work/dir/renamed").unwrap();
        let node = vfs.resolve(cx, b"/work/dir/file", Follow::Yes).unwrap();
        vfs.write_at(node, At::Offset(0), &Bytes::from_static(b"FROM"), cx.now).unwrap();
        assert_eq!(vfs.symlink(cx, b"x", b"/work/l"), Err(Errno::EPERM));
        assert_eq!(vfs.rmdir(cx, b"/work/dir"), Err(Errno::ENOTEMPTY));
        vfs.unlink(cx, b"/work/dir/renamed").unwrap();
        // In the copy on write, links can be made.
        vfs.symlink(cx, b"dir/file", b"/mnt/l").unwrap();
    });
    assert_eq!(machine.names("/work/dir"), "file");
    assert_eq!(machine.read("/mnt/l").unwrap(), b"copied");
    assert_eq!(root.join("dir/file").unwrap().read_to_string().unwrap(), "FROM the crate!");
}

#[test]
fn a_tree_is_handed_out_as_a_path_of_the_vfs_crate() {
    let machine = Machine::new();
    let shared = SharedTree::new(machine.vfs.clone(), Cred::user());
    let home = shared.path().join("home/user").unwrap();
    home.join("a/b").unwrap().create_dir_all().unwrap();
    let file = home.join("a/b/f").unwrap();
    file.create_file().unwrap().write_all(b"one").unwrap();
    file.append_file().unwrap().write_all(b" two").unwrap();
    let mut text = String::new();
    file.open_file().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "one two");
    home.join("a").unwrap().move_dir(&home.join("c").unwrap()).unwrap();
    assert!(shared.path().join("etc/new").unwrap().create_file().is_err());
    let mut changed = Machine { vfs: shared.snapshot(), cred: Cred::user() };
    assert_eq!(changed.read("/home/user/c/b/f").unwrap(), b"one two");
    let paths: Vec<_> = home.walk_dir().unwrap().map(|path| path.unwrap().as_str().to_owned()).collect();
    assert_eq!(paths, ["/home/user/c", "/home/user/c/b", "/home/user/c/b/f"]);
}

#[test]
fn host_files_are_seeded_with_modes_times_and_links() {
    let dir = host();
    let mut machine = Machine::new();
    let done = machine.call(|vfs, cx| import(vfs, cx, dir.path(), b"/home/user/project/src")).unwrap();
    assert_eq!((done.files, done.skipped), (9, 0));
    assert_eq!(machine.read("/home/user/project/src/inside").unwrap(), b"beta\n");
    assert_eq!(machine.names("/home/user/project/src"), "a.txt absolute big hard inside sub up");
    let stat = machine.stat("/home/user/project/src/a.txt").unwrap();
    let host = std::fs::metadata(dir.path().join("a.txt")).unwrap();
    assert_eq!(stat.mtime.secs, std::os::unix::fs::MetadataExt::mtime(&host));
    assert_eq!((stat.uid, stat.mode), (1000, std::os::unix::fs::MetadataExt::mode(&host) & 0o7777));
    let limits = FsLimits { bytes: machine.vfs.usage().bytes + 1000, ..FsLimits::default() };
    machine.vfs.set_limits(limits);
    let error = machine.call(|vfs, cx| import(vfs, cx, dir.path(), b"/home/user/again")).unwrap_err();
    assert_eq!(error.errno, Errno::ENOSPC);
}
