//! The base image: the files a fresh machine starts with.
//!
//! The tree is that of a small Debian: programs in `/usr/bin`, with `/bin`, `/sbin` and `/lib` as links, and the user
//! `user` (uid and gid 1000) at home in `/home/user`.

use super::context::{Context, Cred, NoProcesses};
use super::file_system::NewKind;
use super::flags::Follow;
use super::node::{Device, Timestamp};
use super::tree::Vfs;
use crate::errno::Errno;
use bytes::Bytes;

/// Directories and their modes, parents first, all of root's.
const DIRECTORIES: &[(&str, u32)] = &[
    ("/boot", 0o755),
    ("/dev", 0o755),
    ("/dev/shm", 0o1777),
    ("/etc", 0o755),
    ("/etc/default", 0o755),
    ("/etc/profile.d", 0o755),
    ("/etc/skel", 0o755),
    ("/home", 0o755),
    ("/media", 0o755),
    ("/mnt", 0o755),
    ("/opt", 0o755),
    ("/proc", 0o555),
    ("/root", 0o700),
    ("/run", 0o755),
    ("/run/lock", 0o1777),
    ("/srv", 0o755),
    ("/sys", 0o555),
    ("/tmp", 0o1777),
    ("/usr", 0o755),
    ("/usr/bin", 0o755),
    ("/usr/include", 0o755),
    ("/usr/lib", 0o755),
    ("/usr/libexec", 0o755),
    ("/usr/local", 0o755),
    ("/usr/local/bin", 0o755),
    ("/usr/local/etc", 0o755),
    ("/usr/local/lib", 0o755),
    ("/usr/local/sbin", 0o755),
    ("/usr/local/share", 0o755),
    ("/usr/sbin", 0o755),
    ("/usr/share", 0o755),
    ("/usr/src", 0o755),
    ("/var", 0o755),
    ("/var/cache", 0o755),
    ("/var/lib", 0o755),
    ("/var/log", 0o755),
    ("/var/mail", 0o2775),
    ("/var/spool", 0o755),
    ("/var/tmp", 0o1777),
];

/// Symbolic links.
const LINKS: &[(&str, &str)] = &[
    ("/bin", "usr/bin"),
    ("/sbin", "usr/sbin"),
    ("/lib", "usr/lib"),
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
    ("/etc/mtab", "../proc/self/mounts"),
    ("/etc/os-release", "../usr/lib/os-release"),
    ("/var/lock", "/run/lock"),
    ("/var/run", "/run"),
];

/// Text files, mode 0644.
const FILES: &[(&str, &str)] = &[
    ("/etc/debian_version", "12.0\n"),
    ("/etc/group", GROUP),
    ("/etc/host.conf", "multi on\n"),
    ("/etc/hostname", "sandshell\n"),
    ("/etc/hosts", "127.0.0.1\tlocalhost sandshell\n::1\tlocalhost ip6-localhost ip6-loopback\n"),
    ("/etc/issue", "sandshell \\n \\l\n\n"),
    (
        "/etc/nsswitch.conf",
        "passwd:         files\ngroup:          files\nshadow:         files\nhosts:          files\n",
    ),
    ("/etc/passwd", PASSWD),
    ("/etc/profile", PROFILE),
    ("/etc/protocols", "ip\t0\tIP\nicmp\t1\tICMP\ntcp\t6\tTCP\nudp\t17\tUDP\n"),
    ("/etc/resolv.conf", ""),
    ("/etc/services", "ssh\t\t22/tcp\ndomain\t\t53/tcp\ndomain\t\t53/udp\nhttp\t\t80/tcp\nhttps\t\t443/tcp\n"),
    ("/etc/shells", "/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n"),
    ("/etc/timezone", "Etc/UTC\n"),
    (
        "/usr/lib/os-release",
        "PRETTY_NAME=\"sandshell\"\nNAME=\"sandshell\"\nVERSION_ID=\"1\"\nVERSION=\"1\"\nID=sandshell\nID_LIKE=debian\n",
    ),
];

const PASSWD: &str = include_str!("etc/passwd");

const GROUP: &str = include_str!("etc/group");

const PROFILE: &str = "\
# System-wide start-up file of login shells.
if [ \"$(id -u)\" -eq 0 ]; then
  PATH=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"
else
  PATH=\"/usr/local/bin:/usr/bin:/bin\"
fi
export PATH
if [ -d /etc/profile.d ]; then
  for i in /etc/profile.d/*.sh; do
    if [ -r \"$i\" ]; then
      . \"$i\"
    fi
  done
  unset i
fi
";

/// Devices and their names in `/dev`.
const DEVICES: &[(&str, Device)] = &[
    ("/dev/null", Device::Null),
    ("/dev/zero", Device::Zero),
    ("/dev/full", Device::Full),
    ("/dev/random", Device::Random),
    ("/dev/urandom", Device::Urandom),
    ("/dev/tty", Device::Tty),
];

impl Vfs {
    /// The files of a fresh machine, every time stamp at `now`; programs are added by [`Vfs::install_program`].
    ///
    /// Build it once and clone it for each machine: a clone shares everything.
    ///
    /// # Errors
    /// None in practice: the errors of the calls that make the files.
    pub fn base_image(now: Timestamp) -> Result<Vfs, Errno> {
        let mut vfs = Vfs::empty(now);
        let root = Cred::root();
        let cx = Context { cwd: vfs.root(), cred: &root, umask: 0, now, pid: 1, proc: &NoProcesses };
        for (path, mode) in DIRECTORIES {
            vfs.mkdir(&cx, path.as_bytes(), *mode)?;
            // mkdir(2) takes no set-group-ID bit.
            vfs.chmod(&cx, path.as_bytes(), *mode, Follow::Yes)?;
        }
        for (path, target) in LINKS {
            vfs.symlink(&cx, target.as_bytes(), path.as_bytes())?;
        }
        for (path, text) in FILES {
            let node = vfs.mknod(&cx, path.as_bytes(), NewKind::Regular, 0o644)?;
            vfs.set_content(node, Bytes::from_static(text.as_bytes()))?;
        }
        for (path, device) in DEVICES {
            let (major, minor) = device.number();
            vfs.mknod(&cx, path.as_bytes(), NewKind::CharDevice(major, minor), 0o666)?;
        }
        let user = Cred::user();
        vfs.mkdir(&cx, b"/home/user", 0o755)?;
        vfs.chown(&cx, b"/home/user", Some(user.uid), Some(user.gid), Follow::Yes)?;
        vfs.mount_proc(&cx, b"/proc")?;
        Ok(vfs)
    }
}
