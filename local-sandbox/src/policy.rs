//! What confined commands may touch, as the host says it to the warden: lists of absolute paths, decided in the host once.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::worktree;

/// The network of confined commands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum NetworkPolicy {
    /// The host's.
    #[default]
    Host,
    /// Its own loopback and nothing else.
    None,
    /// Its own loopback, with the host's allowlist proxy on it.
    Proxy,
}

/// Confinement, resolved to paths. All paths are absolute bytes; those that do not exist are passed over unless said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Readable and writable trees; must exist.
    pub writable: Vec<Vec<u8>>,
    /// Trees that are shown read-only wherever they lie.
    pub visible: Vec<Vec<u8>>,
    /// Trees hidden although the rest of the host is readable.
    pub hidden: Vec<Vec<u8>>,
    /// Trees that stay readable in the tier that cannot hide, which lists what is readable instead.
    pub readable: Vec<Vec<u8>>,
    /// Below the writable trees, what stays read-only.
    pub protected: Vec<Vec<u8>>,
    /// The directory for temporary files, where no private `/tmp` can be mounted; the host removes it.
    pub scratch: Vec<u8>,
    /// The network.
    pub network: NetworkPolicy,
    /// Whether only the readable trees are shown, also where the rest could be.
    pub minimal: bool,
    /// Whether commands may make UNIX sockets although the host's cannot all be hidden.
    pub unix_sockets: bool,
    /// The strongest tier to try.
    pub tier: crate::report::Tier,
}

impl Policy {
    /// Whether a path is in one of the hidden trees; of links, only where they lead is one.
    pub fn hides(&self, path: &Path) -> bool {
        let hiding = self.hidden.iter().map(|hidden| Path::new(OsStr::from_bytes(hidden)));
        // A workspace inside of something hidden was meant to be seen.
        let shown = |hidden: &Path| self.roots().any(|root| root.starts_with(hidden) && path.starts_with(root));
        hiding.filter(|hidden| path.starts_with(hidden)).any(|hidden| !shown(hidden))
    }

    /// Whether changing what lies at a path, or moving it, would change something protected.
    pub fn protects(&self, path: &Path) -> bool {
        let protected = self.protected.iter().map(|path| Path::new(OsStr::from_bytes(path)));
        protected.into_iter().any(|protected| path.starts_with(protected))
    }

    /// Whether something protected lies below a path.
    pub fn protects_below(&self, path: &Path) -> bool {
        self.protected
            .iter()
            .map(|path| Path::new(OsStr::from_bytes(path)))
            .any(|protected| protected.starts_with(path) && protected.symlink_metadata().is_ok())
    }

    fn roots(&self) -> impl Iterator<Item = &Path> {
        self.writable.iter().chain(&self.visible).map(|path| Path::new(OsStr::from_bytes(path)))
    }

    /// Whether files are not confined at all.
    pub fn is_all_writable(&self) -> bool {
        self.writable.iter().any(|path| path == b"/")
    }
}

/// What the builder was asked for, to be made a [`Policy`].
#[derive(Debug)]
pub struct Wishes {
    /// Only the network is confined.
    pub everything_writable: bool,
    /// Writable directories, canonical.
    pub writable: Vec<PathBuf>,
    /// The working directory, canonical.
    pub cwd: PathBuf,
    /// Home directories: that of the commands' environment, of ours, and of the user.
    pub homes: Vec<PathBuf>,
    /// The directory for temporary files.
    pub scratch: PathBuf,
    /// The network.
    pub network: NetworkPolicy,
    /// Whether UNIX sockets may be made.
    pub unix_sockets: bool,
    /// What of the rest of the host can be read.
    pub read: ReadAccess,
    /// What may be done to repositories in the writable directories.
    pub git: GitAccess,
    /// The strongest tier to try.
    pub tier: crate::report::Tier,
}

/// What confined commands may read of the host beside their directories; secrets never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReadAccess {
    /// All that is not secret, where the machine can hide secrets in it; otherwise as `Minimal`.
    #[default]
    Host,
    /// The system's programs and configuration, and the toolchains of the home directory.
    Minimal,
}

/// What confined commands may do to the git repositories of the writable directories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GitAccess {
    /// Commit, but not change hooks and configuration, which git runs outside of the sandbox.
    #[default]
    Commit,
    /// Read.
    ReadOnly,
    /// Anything.
    Full,
}

/// Trees of the system that every command may read and execute.
const SYSTEM: [&str; 13] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/opt",
    "/nix/store",
    "/proc",
    "/sys",
    "/var/lib",
];

/// Below the home directory, toolchains and configuration that tools fail without.
const HOME_READABLE: [&str; 18] = [
    ".cargo/bin",
    ".cargo/env",
    ".cargo/config.toml",
    ".cargo/registry",
    ".cargo/git",
    ".rustup",
    ".pyenv",
    ".nvm",
    ".volta",
    ".local/bin",
    ".local/lib",
    ".local/share",
    ".sdkman",
    ".gitconfig",
    ".config/git",
    ".config/pip",
    ".npm",
    "go",
];

/// Below the home directory, what nobody confined may read.
const HOME_HIDDEN: [&str; 31] = [
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".config/gcloud",
    ".config/gh",
    ".config/op",
    ".config/sops",
    ".kube",
    ".docker",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".git-credentials",
    ".config/git/credentials",
    ".password-store",
    ".local/share/keyrings",
    ".mozilla",
    ".config/google-chrome",
    ".config/chromium",
    ".bash_history",
    ".zsh_history",
    ".python_history",
    ".node_repl_history",
    ".psql_history",
    ".mysql_history",
    ".sqlite_history",
    ".lesshst",
    ".viminfo",
];

/// Elsewhere, what nobody confined may read.
const HIDDEN: [&str; 12] = [
    "/run/docker.sock",
    "/run/containerd",
    "/run/podman",
    "/run/user",
    "/run/dbus",
    "/run/secrets",
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/shadow-",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/sudoers.d",
];

/// In a writable directory, what stays as it is: it is run by others later, outside the sandbox.
const PROTECTED: [&str; 18] = [
    ".envrc",
    ".vscode",
    ".idea",
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".zlogin",
    ".ripgreprc",
    ".agents",
    ".gitconfig",
    ".mcp.json",
    ".claude",
    ".codex",
];

/// Of a repository, what stays as it is when commits are made to it.
const REPOSITORY: [&str; 4] = ["hooks", "config", "config.worktree", "info/attributes"];

/// Makes the policy from what was asked for.
pub fn resolve(wishes: &Wishes) -> Policy {
    let bytes = |path: &Path| path.as_os_str().as_bytes().to_vec();
    let mut hidden: Vec<Vec<u8>> = HIDDEN.iter().map(|path| path.as_bytes().to_vec()).collect();
    let mut readable: Vec<Vec<u8>> = SYSTEM.iter().map(|path| path.as_bytes().to_vec()).collect();
    let mut protected = Vec::new();
    readable.push(bytes(&wishes.cwd));
    for home in wishes.homes.iter().filter(|home| home.is_absolute()) {
        let secrets = HOME_HIDDEN.iter().map(|name| home.join(name));
        for secret in secrets {
            // One that is missing must not be made either: keys and configuration of its kind let others in.
            if wishes.writable.iter().any(|root| secret.starts_with(root)) {
                protected.push(bytes(&secret));
            }
            hidden.push(bytes(&secret));
        }
        readable.extend(HOME_READABLE.iter().map(|name| bytes(&home.join(name))));
    }
    let mut writable: Vec<Vec<u8>> = wishes.writable.iter().map(|path| bytes(path)).collect();
    for root in &wishes.writable {
        protected.extend(PROTECTED.iter().map(|name| bytes(&root.join(name))));
        let own = root.join(".git");
        match (wishes.git, worktree::common_directory(root)) {
            (GitAccess::Full, None) => {}
            (GitAccess::ReadOnly, _) => protected.push(bytes(&own)),
            (GitAccess::Commit, None) => protected.extend(repository(&own)),
            (GitAccess::Commit | GitAccess::Full, Some(common)) => {
                protected.push(bytes(&own));
                if wishes.git == GitAccess::Commit {
                    protected.extend(repository(&common));
                }
                writable.push(bytes(&common));
            }
        }
    }
    if wishes.everything_writable {
        hidden.clear();
    }
    Policy {
        writable: if wishes.everything_writable { vec![b"/".to_vec()] } else { writable },
        visible: if wishes.writable.contains(&wishes.cwd) || wishes.everything_writable {
            Vec::new()
        } else {
            vec![bytes(&wishes.cwd)]
        },
        hidden,
        readable,
        protected,
        scratch: bytes(&wishes.scratch),
        network: wishes.network,
        minimal: wishes.read == ReadAccess::Minimal,
        unix_sockets: wishes.unix_sockets,
        tier: wishes.tier,
    }
}

/// What stays as it is in a repository's directory, and in those of its submodules and worktrees, which lie in it.
fn repository(directory: &Path) -> Vec<Vec<u8>> {
    let below = |name: &str| {
        let entries = std::fs::read_dir(directory.join(name)).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let own = REPOSITORY.map(|name| directory.join(name));
    let modules = below("modules").into_iter().flat_map(|module| ["hooks", "config"].map(|name| module.join(name)));
    let trees = below("worktrees").into_iter().map(|tree| tree.join("config.worktree"));
    own.into_iter().chain(modules).chain(trees).map(|path| path.into_os_string().into_vec()).collect()
}
