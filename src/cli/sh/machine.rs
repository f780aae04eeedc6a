//! The machine that an invocation asks for.

use virtual_sandbox::driver::{BuildError, VirtualSandbox};
use virtual_sandbox::vfs;

use super::settings::{MountMode, Settings};
use crate::cli::names;

/// Makes the machine with the files, mounts, environment and limits that were asked for.
pub fn build(settings: &Settings) -> Result<VirtualSandbox, BuildError> {
    let mut builder = VirtualSandbox::builder();
    if let Some(cwd) = &settings.cwd {
        builder = builder.cwd(cwd);
    }
    for (name, value) in &settings.env {
        builder = builder.env(name.clone(), value.clone());
    }
    for (name, value) in &settings.limits {
        builder = builder.limit(name, *value);
    }
    for seed in &settings.files {
        builder = builder.host_files(names::path(&seed.host), &seed.guest);
    }
    for mount in &settings.mounts {
        let mode = match mount.mode {
            MountMode::CopyOnWrite => vfs::MountMode::CopyOnWrite,
            MountMode::ReadOnly => vfs::MountMode::ReadOnly,
            MountMode::ReadWrite => vfs::MountMode::ReadWrite,
        };
        builder = builder.host_mount(names::path(&mount.host), &mount.guest, mode);
    }
    builder.build()
}
