//! Which shell runs scripts, and with which words.

use std::path::{Path, PathBuf};

use crate::error::ConfigError;
use crate::names;

/// A script at least this long goes to the shell as a file: Linux takes no argument of 128 KiB, Windows no command line of
/// 32,768 units.
pub const LONGEST_ARGUMENT: usize = if cfg!(windows) { 24 * 1024 } else { 120 * 1024 };

/// How a shell runs a script that is a file: its descriptor 3. Where there are none, whoever starts the shell puts the file's
/// name in the place of this word.
pub const FROM_FILE: &[u8] = if cfg!(target_os = "linux") { b". /proc/self/fd/3" } else { b". /dev/fd/3" };

/// Which shell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Shell {
    /// The first `bash` on the host's `PATH`, else `/bin/bash`, else `/bin/sh`. On Windows the first `bash.exe` on `PATH` (that
    /// of Git for Windows is one), else `cmd.exe`; the one in the system's directory is no shell of this system and passed over.
    #[default]
    Auto,
    /// `/bin/sh`; on Windows, as `Auto`, but never `cmd.exe`.
    Posix,
    /// This one.
    Path(PathBuf),
}

/// A shell that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Its absolute path.
    pub path: PathBuf,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bash,
    Posix,
    Cmd,
}

impl Shell {
    /// Finds it; once per sandbox, so that later changes of the host's `PATH` have no effect.
    pub fn resolve(&self) -> Result<Resolved, ConfigError> {
        match self {
            Shell::Auto | Shell::Posix => {
                let found = candidates(*self == Shell::Posix).into_iter().find(|path| is_executable(path));
                found.map(Resolved::new).ok_or_else(|| ConfigError::Shell { path: LAST.into() })
            }
            Shell::Path(path) if path.is_absolute() && is_executable(path) => Ok(Resolved::new(path.clone())),
            Shell::Path(path) => Err(ConfigError::Shell { path: path.clone() }),
        }
    }
}

/// The shell that is there when there is no other.
const LAST: &str = if cfg!(windows) { "cmd.exe" } else { "/bin/sh" };

/// Where shells are looked for, the best first.
#[cfg(unix)]
fn candidates(posix: bool) -> Vec<PathBuf> {
    if posix {
        return vec![LAST.into()];
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).filter(|dir| dir.is_absolute()).map(|dir| dir.join("bash"));
    found.chain(["/bin/bash".into(), LAST.into()]).collect()
}

/// Where shells are looked for, the best first.
#[cfg(windows)]
fn candidates(posix: bool) -> Vec<PathBuf> {
    let system =
        std::env::var_os("SystemRoot").map_or_else(|| PathBuf::from(r"C:\Windows"), PathBuf::from).join("System32");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usable = |dir: &PathBuf| dir.is_absolute() && !dir.as_os_str().eq_ignore_ascii_case(&system);
    let mut found: Vec<PathBuf> = std::env::split_paths(&path).filter(usable).map(|dir| dir.join("bash.exe")).collect();
    if !posix {
        found.push(system.join("cmd.exe"));
    }
    found
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0) && is_program(path, 4)
}

#[cfg(windows)]
fn is_executable(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|end| end.eq_ignore_ascii_case("exe"))
}

/// Whether the system can run the file: a whole program, or a script whose interpreter is one. What cannot
/// be read may be run all the same.
#[cfg(unix)]
fn is_program(path: &Path, depth: u32) -> bool {
    use std::io::Read;
    const HEAD: usize = 256;
    let Ok(file) = std::fs::File::open(path) else { return true };
    let mut head = Vec::new();
    if file.take(HEAD as u64).read_to_end(&mut head).is_err() {
        return true;
    }
    if let Some(line) = head.strip_prefix(b"#!") {
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
        let interpreter = line.split(|byte| matches!(byte, b' ' | b'\t')).next().unwrap_or_default();
        let interpreter = names::as_path(interpreter);
        return depth > 0 && interpreter.is_file() && is_program(interpreter, depth - 1);
    }
    is_binary(&head)
}

/// Whether a file that starts so is a program; of which machine it is the system says, which may know more than one.
#[cfg(all(unix, not(target_vendor = "apple")))]
fn is_binary(head: &[u8]) -> bool {
    const HEADER: usize = 52;
    head.starts_with(b"\x7fELF") && head.len() >= HEADER
}

/// Whether a file that starts so is a program: Mach-O of 64 bits, or several in one.
#[cfg(target_vendor = "apple")]
fn is_binary(head: &[u8]) -> bool {
    head.starts_with(b"\xcf\xfa\xed\xfe") || head.starts_with(b"\xca\xfe\xba\xbe")
}

/// How a script reaches the shell.
#[derive(Debug, PartialEq, Eq)]
pub enum Script {
    /// As an argument.
    Argument,
    /// As these bytes in a file, run by the word [`FROM_FILE`].
    File(Vec<u8>),
}

impl Resolved {
    fn new(path: PathBuf) -> Resolved {
        let kind = match path.file_stem() {
            Some(name) if name == "bash" => Kind::Bash,
            Some(name) if cfg!(windows) && name.eq_ignore_ascii_case("bash") => Kind::Bash,
            Some(name) if cfg!(windows) && name.eq_ignore_ascii_case("cmd") => Kind::Cmd,
            _ => Kind::Posix,
        };
        Resolved { path, kind }
    }

    /// The path, if it is bash and text.
    pub fn bash(&self) -> Option<&str> {
        let plain = |path: &&str| path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte));
        self.path.to_str().filter(|_| self.kind == Kind::Bash).filter(plain)
    }

    /// Whether it is the shell of Windows, whose command line is not split into words and whose scripts have no parameters.
    pub fn is_cmd(&self) -> bool {
        self.kind == Kind::Cmd
    }

    fn name(&self) -> Vec<u8> {
        self.path.file_name().map(names::of).unwrap_or_default()
    }

    /// The words that run `script`, `$0` and the positional parameters as given.
    pub fn command(&self, script: &[u8], arg0: Option<&[u8]>, args: &[Vec<u8>]) -> (Vec<Vec<u8>>, Script) {
        let bash = self.kind == Kind::Bash;
        if self.is_cmd() {
            // Of several lines it runs the first; a file of them it runs whole.
            let is_line = script.len() < LONGEST_ARGUMENT && !script.contains(&b'\n');
            let (last, how) = if is_line {
                (script.to_vec(), Script::Argument)
            } else {
                (FROM_FILE.to_vec(), Script::File([b"@echo off\r\n", script].concat()))
            };
            let words = ["/d", "/s", "/c"].map(|word| word.as_bytes().to_vec());
            return ([vec![self.name()], words.to_vec(), vec![last]].concat(), how);
        }
        let mut words = vec![if bash { names::of_path(&self.path) } else { self.name() }];
        if bash {
            words.extend([b"--norc".to_vec(), b"--noprofile".to_vec()]);
        }
        words.push(b"-c".to_vec());
        if matches!(script.first(), Some(b'-' | b'+')) {
            // Else it would be taken for options.
            words.push(b"--".to_vec());
        }
        let how = if script.len() < LONGEST_ARGUMENT {
            words.push(script.to_vec());
            Script::Argument
        } else {
            words.push(FROM_FILE.to_vec());
            // On the first line, so that line numbers stay; commands do not see the descriptor.
            Script::File([b"exec 3<&-; ", script].concat())
        };
        // Called by its path, bash does not look for itself in every directory of PATH; `$0` is its name all the same.
        if bash || arg0.is_some() || !args.is_empty() {
            words.push(arg0.map_or_else(|| self.name(), <[u8]>::to_vec));
            words.extend(args.iter().cloned());
        }
        (words, how)
    }

    /// The words of an interactive shell.
    pub fn interactive(&self) -> Vec<Vec<u8>> {
        let mut words = vec![self.name()];
        match self.kind {
            Kind::Bash => words.extend([b"--norc".to_vec(), b"--noprofile".to_vec(), b"-i".to_vec()]),
            Kind::Posix => words.push(b"-i".to_vec()),
            Kind::Cmd => words.push(b"/d".to_vec()),
        }
        words
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_short_script_is_an_argument_and_arg0_is_filled_in_before_arguments() {
        let shell = Resolved::new("/bin/sh".into());
        let (words, how) = shell.command(b"echo", None, &[b"x".to_vec()]);
        assert_eq!(words, [&b"sh"[..], b"-c", b"echo", b"sh", b"x"]);
        assert_eq!(how, Script::Argument);
    }

    #[test]
    fn a_script_that_begins_like_an_option_is_none() {
        let shell = Resolved::new("/bin/sh".into());
        for script in [&b"-x"[..], b"+e; echo", b"--version", b"-"] {
            let (words, _) = shell.command(script, None, &[]);
            assert_eq!(words, [&b"sh"[..], b"-c", b"--", script]);
        }
    }

    #[test]
    fn a_long_script_is_a_file() {
        let (words, how) = Resolved::new("/usr/bin/bash".into()).command(&[b' '; LONGEST_ARGUMENT], None, &[]);
        assert_eq!(words, [&b"/usr/bin/bash"[..], b"--norc", b"--noprofile", b"-c", b". /proc/self/fd/3", b"bash"]);
        assert!(matches!(how, Script::File(bytes) if bytes.len() == LONGEST_ARGUMENT + 11));
    }

    #[test]
    fn what_the_system_cannot_run_is_no_shell() {
        use std::os::unix::fs::OpenOptionsExt;
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("shell");
        for (text, fits) in
            [(&b"\x7fELFgarbage"[..], false), (b"#!/nonexistent/sh\n", false), (b"", false), (b"#! /bin/sh -e\n", true)]
        {
            let _ = std::fs::remove_file(&path);
            let mut file =
                std::fs::OpenOptions::new().write(true).create_new(true).mode(0o755).open(&path).expect("a file");
            std::io::Write::write_all(&mut file, text).expect("written");
            assert_eq!(Shell::Path(path.clone()).resolve().is_ok(), fits, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn a_relative_shell_is_refused() {
        assert!(Shell::Path("bash".into()).resolve().is_err());
        assert!(Shell::Path("/nonexistent/bash".into()).resolve().is_err());
    }
}
