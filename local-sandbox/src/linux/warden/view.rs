//! The file system as commands of the strongest tier see it: the host's, read-only, with the writable trees, private
//! temporary and device directories, a process list of their own, and covers over what is secret.

use std::collections::BTreeSet;
use std::ffi::{CString, OsStr};
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};

use crate::linux::sys::mount::{attach, copy_tree, make_read_only, make_tree_read_only};
use crate::policy::Policy;

/// What failed, and why.
pub type Failure = (&'static str, Errno);

/// Devices that every program may expect.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
/// Hidden in every policy: the kernel's insides.
const KERNEL_HIDDEN: [&str; 2] = ["/sys/kernel/debug", "/sys/kernel/tracing"];
/// In `/proc`, what changes the whole machine.
const KERNEL_SETTINGS: [&str; 10] =
    ["sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "asound", "mtrr", "driver"];
/// An empty file to cover files with: tools take an empty configuration for none.
const COVER: &str = "/dev/.covered";

/// Sets the view up in a mount namespace of our own. Temporary files lie in memory: no more than a limit on it allows, else a
/// quarter of what there is.
pub fn build(policy: &Policy, memory: Option<u64>) -> Result<(), Failure> {
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)
        .map_err(at("make mounts private"))?;
    if policy.is_all_writable() {
        return mount_proc(Path::new("/"));
    }
    let plan = Plan::new(policy)?;
    if policy.minimal {
        plan.enter_bare_root()?;
    } else {
        make_read_only(c"/", true).map_err(at("make the root read-only"))?;
        mount_proc(Path::new("/"))?;
    }
    let shared = memory.map_or("mode=1777,size=25%".to_owned(), |memory| format!("mode=1777,size={memory}"));
    temporary("/tmp", &shared)?;
    if Path::new("/var/tmp").is_dir() && !Path::new("/var/tmp").is_symlink() {
        temporary("/var/tmp", &shared)?;
    }
    build_dev(&plan, &shared)?;
    plan.attach_writable()?;
    plan.cover_hidden()?;
    plan.protect()?;
    make_read_only(c"/dev", false).map_err(at("make /dev read-only"))?;
    if policy.minimal {
        make_read_only(c"/", false).map_err(at("make the root read-only"))?;
    }
    nix::unistd::chdir("/").map_err(at("enter the root"))
}

fn at(stage: &'static str) -> impl Fn(Errno) -> Failure {
    move |errno| (stage, errno)
}

fn io_at(stage: &'static str) -> impl Fn(io::Error) -> Failure {
    move |error| (stage, Errno::from_raw(error.raw_os_error().unwrap_or(0)))
}

fn text(path: &Path) -> Result<CString, Failure> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| ("name a path", Errno::EINVAL))
}

fn path_of(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

fn mount_proc(root: &Path) -> Result<(), Failure> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let proc = root.join("proc");
    mount(Some("proc"), &proc, Some("proc"), flags, None::<&str>).map_err(at("mount /proc"))?;
    // The kernel's settings belong to the host's superuser, who a command is if the host is: for the whole machine, not
    // for the sandbox.
    for name in KERNEL_SETTINGS {
        let path = proc.join(name);
        if !path.exists() {
            continue;
        }
        let name = text(&path)?;
        let tree = copy_tree(&name).map_err(at("take kernel settings"))?;
        make_tree_read_only(tree.as_fd()).map_err(at("protect kernel settings"))?;
        attach(tree.as_fd(), &name).map_err(at("protect kernel settings"))?;
    }
    Ok(())
}

fn temporary(path: &str, options: &str) -> Result<(), Failure> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("tmpfs"), path, Some("tmpfs"), flags, Some(options)).map_err(at("mount a temporary directory"))
}

/// Trees taken before anything is covered.
struct Plan {
    readable: Vec<(PathBuf, Shown)>,
    writable: Vec<(PathBuf, OwnedFd)>,
    devices: Vec<(&'static str, OwnedFd)>,
    hidden: Vec<PathBuf>,
    protected: Vec<PathBuf>,
}

/// What is shown of the host in a root of our own.
enum Shown {
    Tree(OwnedFd),
    File(OwnedFd),
    Link(PathBuf),
}

/// Where the root of our own is put together.
const BARE_ROOT: &str = "/tmp";

impl Plan {
    /// Exchanges the root for an empty one that shows nothing but the readable trees.
    fn enter_bare_root(&self) -> Result<(), Failure> {
        let failed = io_at("fill the root");
        temporary(BARE_ROOT, "mode=755,size=1m")?;
        let root = Path::new(BARE_ROOT);
        for name in ["proc", "dev", "tmp", "var/tmp"] {
            fs::create_dir_all(root.join(name)).map_err(&failed)?;
        }
        for (path, shown) in &self.readable {
            let place = root.join(path.strip_prefix("/").unwrap_or(path));
            // Shown already with a tree around it.
            if place.symlink_metadata().is_ok() {
                continue;
            }
            if let Some(above) = place.parent() {
                fs::create_dir_all(above).map_err(&failed)?;
            }
            let tree = match shown {
                Shown::Link(target) => {
                    symlink(target, &place).map_err(&failed)?;
                    continue;
                }
                Shown::Tree(tree) => {
                    fs::create_dir(&place).map_err(&failed)?;
                    tree
                }
                Shown::File(tree) => {
                    fs::File::create(&place).map_err(&failed)?;
                    tree
                }
            };
            make_tree_read_only(tree.as_fd()).map_err(at("make a tree read-only"))?;
            attach(tree.as_fd(), &text(&place)?).map_err(at("show a tree"))?;
        }
        // Before the host's own is gone: the kernel mounts no more than can be seen already.
        mount_proc(root)?;
        nix::unistd::chdir(root).map_err(at("enter the root"))?;
        nix::unistd::pivot_root(".", ".").map_err(at("exchange the root"))?;
        nix::mount::umount2(".", nix::mount::MntFlags::MNT_DETACH).map_err(at("leave the host's root"))?;
        nix::unistd::chdir("/").map_err(at("enter the root"))
    }

    fn new(policy: &Policy) -> Result<Plan, Failure> {
        let mut writable = Vec::new();
        let trees = policy.writable.iter().map(|path| (path, false));
        // The working directory of a read-only sandbox may lie where something private is mounted.
        for (path, read_only) in trees.chain(policy.visible.iter().map(|path| (path, true))) {
            let path = path_of(path);
            let tree = copy_tree(&text(path)?).map_err(at("take a workspace directory"))?;
            if read_only {
                make_tree_read_only(tree.as_fd()).map_err(at("make a workspace directory read-only"))?;
            }
            writable.push((path.to_path_buf(), tree));
        }
        // Outer trees first, so that inner ones come to lie on them.
        writable.sort_by(|a, b| a.0.cmp(&b.0));
        let readable = if policy.minimal { readable_trees(policy)? } else { Vec::new() };
        let mut devices = Vec::new();
        for name in DEVICES {
            let tree = copy_tree(&text(&Path::new("/dev").join(name))?).map_err(at("take a device"))?;
            devices.push((name, tree));
        }
        let named = policy.hidden.iter().map(|path| path_of(path)).chain(KERNEL_HIDDEN.map(Path::new));
        // Links are covered where they lead; the link itself is no secret.
        let hidden = named.filter_map(|path| path.canonicalize().ok()).collect();
        // What is hidden is covered already.
        let seen = policy.protected.iter().filter(|protected| !policy.hidden.contains(&protected.path));
        let protected = seen.map(|protected| path_of(&protected.path).to_path_buf()).collect();
        Ok(Plan { readable, writable, devices, hidden, protected })
    }

    fn attach_writable(&self) -> Result<(), Failure> {
        for (path, tree) in &self.writable {
            if !path.is_dir() {
                // Only below something private that was mounted empty.
                fs::create_dir_all(path).map_err(io_at("make a place for a workspace directory"))?;
            }
            attach(tree.as_fd(), &text(path)?).map_err(at("attach a workspace directory"))?;
        }
        Ok(())
    }

    fn cover_hidden(&self) -> Result<(), Failure> {
        for path in &self.hidden {
            // A workspace that was asked for inside of something hidden was meant to be seen.
            if self.writable.iter().any(|(workspace, _)| workspace.starts_with(path)) {
                continue;
            }
            let Ok(meta) = path.symlink_metadata() else { continue };
            if meta.is_dir() {
                let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_RDONLY;
                mount(Some("tmpfs"), path, Some("tmpfs"), flags, Some("mode=555,size=4k"))
                    .map_err(at("cover a hidden directory"))?;
            } else {
                let cover = copy_tree(&text(Path::new(COVER))?).map_err(at("take a cover"))?;
                make_tree_read_only(cover.as_fd()).map_err(at("take a cover"))?;
                attach(cover.as_fd(), &text(path)?).map_err(at("cover a hidden file"))?;
            }
        }
        Ok(())
    }

    /// The directories around a protected path, from its own up to its repository's.
    fn around<'a>(&self, path: &'a Path) -> Vec<&'a Path> {
        let is_root = |above: &Path| self.writable.iter().any(|(root, _)| root == above);
        let mut around = Vec::new();
        for above in path.ancestors().skip(1).take_while(|above| !is_root(above)) {
            around.push(above);
            if above.file_name() == Some(OsStr::new(".git")) {
                break;
            }
        }
        around
    }

    /// Makes protected files read-only mounts, and the directories around them mounts of their own, up to their repository's or
    /// the workspace, so that they cannot be renamed out from under them.
    fn protect(&self) -> Result<(), Failure> {
        let present: Vec<&PathBuf> = self.protected.iter().filter(|path| path.symlink_metadata().is_ok()).collect();
        let around: BTreeSet<&Path> = present.iter().flat_map(|path| self.around(path)).collect();
        // Outer ones first.
        for directory in around.into_iter().filter(|directory| directory.is_dir() && !directory.is_symlink()) {
            let name = text(directory)?;
            let tree = copy_tree(&name).map_err(at("take a directory of protected files"))?;
            attach(tree.as_fd(), &name).map_err(at("attach a directory of protected files"))?;
        }
        for path in present {
            let target = path.canonicalize().map_err(io_at("find a protected file"));
            // A link that leads nowhere protects nothing.
            let Ok(target) = target else { continue };
            let name = text(&target)?;
            let tree = copy_tree(&name).map_err(at("take a protected file"))?;
            make_tree_read_only(tree.as_fd()).map_err(at("protect a file"))?;
            attach(tree.as_fd(), &name).map_err(at("protect a file"))?;
        }
        Ok(())
    }
}

/// What of the host is shown in a root of our own, outer trees first.
fn readable_trees(policy: &Policy) -> Result<Vec<(PathBuf, Shown)>, Failure> {
    let mut trees = Vec::new();
    let named = policy.readable.iter().map(|path| path_of(path)).filter(|path| *path != Path::new("/proc"));
    for path in named {
        let Ok(meta) = path.symlink_metadata() else { continue };
        let shown = if meta.is_symlink() {
            Shown::Link(fs::read_link(path).map_err(io_at("read a link"))?)
        } else {
            match copy_tree(&text(path)?) {
                Ok(tree) if meta.is_dir() => Shown::Tree(tree),
                Ok(tree) => Shown::File(tree),
                // What we cannot look into is not shown.
                Err(Errno::EACCES | Errno::ENOENT) => continue,
                Err(errno) => return Err(("take a tree", errno)),
            }
        };
        trees.push((path.to_path_buf(), shown));
    }
    trees.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(trees)
}

/// A minimal `/dev`, with terminals and shared memory of its own.
fn build_dev(plan: &Plan, shared: &str) -> Result<(), Failure> {
    temporary("/dev", "mode=755,size=64k")?;
    let failed = io_at("fill /dev");
    for (name, tree) in &plan.devices {
        let path = Path::new("/dev").join(name);
        fs::File::create(&path).map_err(&failed)?;
        attach(tree.as_fd(), &text(&path)?).map_err(at("attach a device"))?;
    }
    fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o444).open(COVER).map_err(&failed)?;
    for directory in ["/dev/pts", "/dev/shm"] {
        fs::create_dir(directory).map_err(&failed)?;
    }
    let links = [
        ("pts/ptmx", "/dev/ptmx"),
        ("/proc/self/fd", "/dev/fd"),
        ("/proc/self/fd/0", "/dev/stdin"),
        ("/proc/self/fd/1", "/dev/stdout"),
        ("/proc/self/fd/2", "/dev/stderr"),
    ];
    for (target, link) in links {
        symlink(target, link).map_err(&failed)?;
    }
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    mount(Some("devpts"), "/dev/pts", Some("devpts"), flags, Some("newinstance,ptmxmode=0666,mode=620"))
        .map_err(at("mount /dev/pts"))?;
    temporary("/dev/shm", shared)
}
