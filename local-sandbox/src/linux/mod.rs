//! The sandbox of Linux: a warden, supervisors, and confinement by the kernel.

pub mod beneath;
pub mod build;
#[path = "../contract.rs"]
mod contract;
pub mod file_threads;
pub mod files;
pub mod host;
pub mod launch;
pub mod placeholders;
pub mod protect;
pub mod protocol;
pub mod sandbox;
pub mod sys;
pub mod warden;

#[path = "../handle.rs"]
mod handle;
#[path = "../processes.rs"]
mod processes;
#[path = "../terminal.rs"]
mod terminal;

pub use build::build;
pub use host::execution::LocalExecution;
pub use host::processes::Link;
pub use host::terminal::{LocalTerminal, terminal_size};
pub use sandbox::LocalSandbox;
pub use sys::environ::scrub_env;
pub use warden::entry::init;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    /// Runs the tests of these modules once more as an ordinary user, when the superuser runs them.
    #[test]
    fn everything_holds_as_an_ordinary_user() {
        const NOBODY: u32 = 65534;
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let directory = tempfile::tempdir().expect("a directory");
        let open = |path| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("chmod");
        let program = directory.path().join("tests");
        fs::copy(std::env::current_exe().expect("a program"), &program).expect("copy");
        open(directory.path());
        open(&program);
        let mut tests = Command::new(&program);
        tests
            .args(["linux::", "portable::", "--skip", "as_an_ordinary_user"])
            .env("HOME", "/nonexistent")
            .current_dir("/tmp");
        let output = tests.uid(NOBODY).gid(NOBODY).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
