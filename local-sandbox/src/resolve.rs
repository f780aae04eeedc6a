//! What the options come to on this host: looked at once, when the sandbox is made.

use std::path::{Path, PathBuf};

use crate::builder::{Confinement, LocalSandboxBuilder, Network};
use crate::environment::{self, DEFAULT_PATH, Environment};
use crate::error::ConfigError;
use crate::policy::{self, Policy};
use crate::scratch::Scratch;

impl LocalSandboxBuilder {
    pub(crate) fn resolve_cwd(&self) -> Result<PathBuf, ConfigError> {
        let path = self.cwd.clone().unwrap_or_else(|| PathBuf::from("."));
        canonical_directory(&path).map_err(|source| ConfigError::Cwd { path, source })
    }

    pub(crate) fn environment(&self) -> Result<Environment, ConfigError> {
        let mut environment = Environment::snapshot(self.inherit);
        for change in &self.env {
            if !environment::is_valid(change) {
                return Err(ConfigError::Environment { name: change.name.clone() });
            }
            environment.change(change);
        }
        let removed = |name: &str| self.env.iter().rev().find(|change| change.name == name.as_bytes());
        let mut fill = |name: &str, value: &[u8]| {
            // What was taken away on purpose stays away; but without a path, bash would search the working directory.
            if name == "PATH" || removed(name).is_none_or(|change| change.value.is_some()) {
                environment.fill(name, value);
            }
        };
        fill("PATH", DEFAULT_PATH.as_bytes());
        fill("TERM", b"dumb");
        fill("LANG", b"C.UTF-8");
        #[cfg(windows)]
        if let Some(root) = std::env::var_os("SystemRoot") {
            // Without it the system's libraries do not load.
            fill("SYSTEMROOT", root.as_encoded_bytes());
        }
        #[cfg(unix)]
        if let Ok(Some(user)) = nix::unistd::User::from_uid(nix::unistd::getuid()) {
            fill("HOME", user.dir.as_os_str().as_encoded_bytes());
        }
        Ok(environment)
    }

    pub(crate) fn policy(
        &self,
        cwd: &Path,
        environment: &Environment,
    ) -> Result<(Option<Policy>, Option<Scratch>), ConfigError> {
        if self.confinement == Confinement::Off && matches!(self.network, Network::Auto | Network::Host) {
            return Ok((None, None));
        }
        let mut writable = Vec::new();
        if self.confinement == Confinement::WorkspaceWrite {
            writable.push(cwd.to_path_buf());
        }
        if self.confinement != Confinement::Off {
            for path in &self.writable {
                let real =
                    canonical_directory(path).map_err(|source| ConfigError::Writable { path: path.clone(), source })?;
                writable.push(real);
            }
        }
        if let Some(root) = writable.iter().find(|path| path.parent().is_none()) {
            // Everything is no workspace: what is secret or protected would lie in it.
            let source = std::io::ErrorKind::InvalidInput.into();
            return Err(ConfigError::Writable { path: root.clone(), source });
        }
        let scratch = Scratch::new().map_err(ConfigError::Helper)?;
        let policy = policy::resolve(&policy::Wishes {
            everything_writable: self.confinement == Confinement::Off,
            writable,
            cwd: cwd.to_path_buf(),
            homes: homes(environment),
            scratch: scratch.path().to_path_buf(),
            network: match &self.network {
                Network::Host => policy::NetworkPolicy::Host,
                Network::Auto | Network::None => policy::NetworkPolicy::None,
                Network::Proxy(_) => policy::NetworkPolicy::Proxy,
            },
            unix_sockets: self.unix_sockets,
            git: self.git,
            missing: self.missing,
            read: self.read,
            tier: self.strongest,
        });
        Ok((Some(policy), Some(scratch)))
    }
}

/// The real path of a directory that can be entered.
pub fn canonical_directory(path: &Path) -> std::io::Result<PathBuf> {
    let real = plain(path.canonicalize()?);
    if !real.is_dir() {
        return Err(std::io::ErrorKind::NotADirectory.into());
    }
    #[cfg(unix)]
    nix::unistd::access(&real, nix::unistd::AccessFlags::X_OK)?;
    Ok(real)
}

/// On Windows, the usual form of a canonical path, where it has one: not all programs know the other.
fn plain(path: PathBuf) -> PathBuf {
    let usual = path.to_str().and_then(|text| text.strip_prefix(r"\\?\")).filter(|text| text.get(1..3) == Some(r":\"));
    match usual {
        Some(usual) if cfg!(windows) => PathBuf::from(usual),
        _ => path,
    }
}

/// Home directories whose secrets are hidden, canonical where they are there.
fn homes(environment: &Environment) -> Vec<PathBuf> {
    let named = environment.get(b"HOME").map(|home| crate::names::path(home).into_owned());
    let own = std::env::var_os("HOME").map(PathBuf::from);
    #[cfg(unix)]
    let users = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().map(|user| user.dir);
    #[cfg(windows)]
    let users = std::env::home_dir();
    let all = [named, own, users].into_iter().flatten().map(|home| home.canonicalize().unwrap_or(home));
    let mut homes: Vec<PathBuf> = all.filter(|home| home.parent().is_some()).collect();
    homes.sort();
    homes.dedup();
    homes
}

/// The directory for all output.
pub fn spool_directory(path: Option<PathBuf>) -> Result<Option<PathBuf>, ConfigError> {
    let Some(path) = path else { return Ok(None) };
    match canonical_directory(&path) {
        Ok(real) => Ok(Some(real)),
        Err(source) => Err(ConfigError::Spool { path, source }),
    }
}
