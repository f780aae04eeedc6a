//! `cargo xtask setup`: what the tests can make use of.
//!
//! No test needs any of it: a test that compares with a real tool, or that runs it in a sandbox, passes without. On a
//! system with a package manager that we know and the rights to use it, what is missing is installed.

use std::process::{Command, Stdio};

use super::TaskError;

/// Programs that tests use where they are, and the Debian packages that hold them.
const WANTED: &[(&str, &str)] = &[("bash", "bash"), ("setpriv", "util-linux"), ("unshare", "util-linux")];

/// Installs what is missing, where that is possible; says what stays missing.
pub fn run() -> Result<(), TaskError> {
    let missing: Vec<_> = WANTED.iter().filter(|(program, _)| !is_there(program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    packages.dedup();
    if is_there("apt-get") && is_root() {
        let quiet = |arguments: &[&str]| {
            let mut command = Command::new("apt-get");
            command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        let mut install = vec!["install", "-y", "--no-install-recommends"];
        install.extend(&packages);
        if quiet(&["update"]) && quiet(&install) {
            return Ok(());
        }
    }
    for (program, package) in missing {
        eprintln!("setup: {program} is missing (package {package}); the tests that compare with it are left out");
    }
    Ok(())
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}
