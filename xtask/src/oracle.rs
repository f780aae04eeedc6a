//! The machine's real bash and GNU tools, run as the virtual machine runs its own.
//!
//! A script runs as user `user` (1000) in `/home/user`, a fresh directory, with a clean environment, a private `/tmp`
//! and the virtual machine's users, in mount and host name spaces of its own: that takes root.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::case::{Case, Outcome, TREE_SCRIPT};

/// The virtual machine's user and group.
const USER: u32 = 1000;
/// Longer runs are ended: a case is fast or wrong.
const TIMEOUT_SECONDS: &str = "30";

/// The environment of every case.
pub const ENVIRONMENT: &[(&str, &str)] = &[
    ("HOME", "/home/user"),
    ("LANG", "C.UTF-8"),
    ("LOGNAME", "user"),
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("SHELL", "/bin/bash"),
    ("TERM", "dumb"),
    ("USER", "user"),
];

/// The users of the machine, whom the cases name.
const PASSWD: &str = include_str!("../../virtual-sandbox/src/vfs/etc/passwd");
const GROUP: &str = include_str!("../../virtual-sandbox/src/vfs/etc/group");

/// Lays out the private view and becomes the user. `$1` is the directory with `home`, `passwd` and `group`; the rest
/// is the command.
const ENTER: &str = r#"
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /home
mkdir /home/user
mount --bind "$1/home" /home/user
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/group" /etc/group
mount -t tmpfs -o mode=1777 tmpfs /tmp
hostname sandshell
# The pipes are the caller's; opening /dev/stdout again asks for rights on them.
chown 1000:1000 /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2
cd /home/user
shift
umask 022
exec setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all -- "$@"
"#;

/// Runs a case's script with the real tools.
pub fn run(case: &Case) -> io::Result<Outcome> {
    let place = tempfile::tempdir()?;
    lay_out(place.path(), case)?;
    let mut outcome = run_script(place.path(), case, &case.script, case.stdin.as_deref())?;
    if case.expected.tree.is_some() {
        outcome.tree = Some(run_script(place.path(), case, TREE_SCRIPT.as_bytes(), None)?.stdout);
    }
    // A script may have taken the rights that removing the place needs.
    Command::new("chmod").args(["-R", "u+rwX"]).arg(place.path()).stderr(Stdio::null()).status()?;
    Ok(outcome)
}

fn lay_out(place: &Path, case: &Case) -> io::Result<()> {
    let home = place.join("home");
    fs::create_dir(&home)?;
    fs::write(place.join("passwd"), PASSWD)?;
    fs::write(place.join("group"), GROUP)?;
    for entry in ["passwd", "group"] {
        fs::set_permissions(place.join(entry), Permissions::from_mode(0o644))?;
    }
    fs::set_permissions(place, Permissions::from_mode(0o755))?;
    fs::set_permissions(&home, Permissions::from_mode(0o755))?;
    chown(&home, Some(USER), Some(USER))?;
    for file in &case.files {
        let path = home.join(OsStr::from_bytes(&file.path));
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
            for directory in parent.ancestors().take_while(|directory| *directory != home) {
                fs::set_permissions(directory, Permissions::from_mode(0o755))?;
                chown(directory, Some(USER), Some(USER))?;
            }
        }
        fs::write(&path, &file.contents)?;
        fs::set_permissions(&path, Permissions::from_mode(file.mode.unwrap_or(0o644)))?;
        chown(&path, Some(USER), Some(USER))?;
    }
    Ok(())
}

fn run_script(place: &Path, case: &Case, script: &[u8], stdin: Option<&[u8]>) -> io::Result<Outcome> {
    let mut command = Command::new("timeout");
    command.args(["-s", "KILL", TIMEOUT_SECONDS]);
    command.args(["unshare", "--mount", "--uts", "--", "bash", "-c", ENTER, "enter"]).arg(place);
    command.args(["bash", "-c"]).arg(OsStr::from_bytes(script));
    command.env_clear().envs(ENVIRONMENT.iter().copied());
    command.envs(case.env.iter().map(|(name, value)| (OsStr::from_bytes(name), OsStr::from_bytes(value))));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn()?;
    let outcome = talk(&mut child, stdin.unwrap_or_default());
    // What the script left running ends with it.
    let group = format!("-{}", child.id());
    Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status()?;
    outcome
}

fn talk(child: &mut Child, input: &[u8]) -> io::Result<Outcome> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("a child without pipes"));
    };
    thread::scope(|scope| {
        scope.spawn(move || {
            // A script need not read its input.
            let _ = stdin.write_all(input);
        });
        let stdout = scope.spawn(|| drain(stdout));
        let stderr = scope.spawn(|| drain(stderr));
        let joined = |reader: thread::ScopedJoinHandle<'_, io::Result<Vec<u8>>>| {
            reader.join().unwrap_or_else(|_| Err(io::Error::other("a reader panicked")))
        };
        let (stdout, stderr) = (joined(stdout)?, joined(stderr)?);
        let status = child.wait()?;
        let status = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(-1);
        Ok(Outcome { stdout, stderr, status, tree: None })
    })
}

fn drain(mut pipe: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.read_to_end(&mut bytes)?;
    Ok(bytes)
}
