//! Which shell runs scripts, and with which words.

use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::ConfigError;

/// A script at least this long goes to the shell as a file: the system takes no argument of 128 KiB.
pub const LONGEST_ARGUMENT: usize = 120 * 1024;

/// Which shell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Shell {
    /// The first `bash` on the host's `PATH`, else `/bin/bash`, else `/bin/sh`.
    #[default]
    Auto,
    /// `/bin/sh`.
    Posix,
    /// This one.
    Path(PathBuf),
}

/// A shell that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Its absolute path.
    pub path: PathBuf,
    bash: bool,
}

impl Shell {
    /// Finds it; once per sandbox, so that later changes of the host's `PATH` have no effect.
    pub fn resolve(&self) -> Result<Resolved, ConfigError> {
        match self {
            Shell::Auto => {
                let path = std::env::var_os("PATH").unwrap_or_default();
                let found = std::env::split_paths(&path).filter(|dir| dir.is_absolute()).map(|dir| dir.join("bash"));
                let found = found.chain(["/bin/bash".into(), "/bin/sh".into()]).find(|path| is_executable(path));
                found.map(Resolved::new).ok_or_else(|| ConfigError::Shell { path: "/bin/sh".into() })
            }
            Shell::Posix => Ok(Resolved::new("/bin/sh".into())),
            Shell::Path(path) if path.is_absolute() && is_executable(path) => Ok(Resolved::new(path.clone())),
            Shell::Path(path) => Err(ConfigError::Shell { path: path.clone() }),
        }
    }
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0) && is_program(path, 4)
}

/// Whether the system can run the file: a whole program, or a script whose interpreter is one. What cannot
/// be read may be run all the same.
fn is_program(path: &Path, depth: u32) -> bool {
    const HEAD: usize = 256;
    let Ok(file) = std::fs::File::open(path) else { return true };
    let mut head = Vec::new();
    if file.take(HEAD as u64).read_to_end(&mut head).is_err() {
        return true;
    }
    if let Some(line) = head.strip_prefix(b"#!") {
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
        let interpreter = line.split(|byte| matches!(byte, b' ' | b'\t')).next().unwrap_or_default();
        let interpreter = Path::new(std::ffi::OsStr::from_bytes(interpreter));
        return depth > 0 && interpreter.is_file() && is_program(interpreter, depth - 1);
    }
    // Of which machine it is the system says, which may know more than one.
    const HEADER: usize = 52;
    head.starts_with(b"\x7fELF") && head.len() >= HEADER
}

/// How a script reaches the shell.
#[derive(Debug, PartialEq, Eq)]
pub enum Script {
    /// As an argument.
    Argument,
    /// As these bytes in a file open as fd 3.
    File(Vec<u8>),
}

impl Resolved {
    fn new(path: PathBuf) -> Resolved {
        let bash = path.file_name().is_some_and(|name| name.as_bytes() == b"bash");
        Resolved { path, bash }
    }

    /// The path, if it is bash and text.
    pub fn bash(&self) -> Option<&str> {
        let plain = |path: &&str| path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte));
        self.path.to_str().filter(|_| self.bash).filter(plain)
    }

    fn name(&self) -> Vec<u8> {
        self.path.file_name().map(|name| name.as_bytes().to_vec()).unwrap_or_default()
    }

    /// The words that run `script`, `$0` and the positional parameters as given.
    pub fn command(&self, script: &[u8], arg0: Option<&[u8]>, args: &[Vec<u8>]) -> (Vec<Vec<u8>>, Script) {
        let mut words = vec![if self.bash { self.path.as_os_str().as_bytes().to_vec() } else { self.name() }];
        if self.bash {
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
            words.push(b". /proc/self/fd/3".to_vec());
            // On the first line, so that line numbers stay; commands do not see the descriptor.
            Script::File([b"exec 3<&-; ", script].concat())
        };
        // Called by its path, bash does not look for itself in every directory of PATH; `$0` is its name all the same.
        if self.bash || arg0.is_some() || !args.is_empty() {
            words.push(arg0.map_or_else(|| self.name(), <[u8]>::to_vec));
            words.extend(args.iter().cloned());
        }
        (words, how)
    }

    /// The words of an interactive shell.
    pub fn interactive(&self) -> Vec<Vec<u8>> {
        let mut words = vec![self.name()];
        if self.bash {
            words.extend([b"--norc".to_vec(), b"--noprofile".to_vec()]);
        }
        words.push(b"-i".to_vec());
        words
    }
}

#[cfg(test)]
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
