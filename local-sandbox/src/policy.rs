//! What confined commands may touch, as the host says it to the warden: lists of absolute paths, decided in the host once.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The network of confined commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NetworkPolicy {
    /// The host's.
    Host,
    /// Its own loopback and nothing else.
    None,
    /// Its own loopback, with the host's allowlist proxy on it.
    Proxy,
}

/// Confinement, resolved to paths. All paths are absolute bytes; those that do not exist are passed over unless said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whether commands may make UNIX sockets although the host's cannot all be hidden.
    pub unix_sockets: bool,
    /// The strongest tier to try.
    pub tier: crate::report::Tier,
}

impl Policy {
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
    /// The home directory of the commands' environment.
    pub home: Option<PathBuf>,
    /// The directory for temporary files.
    pub scratch: PathBuf,
    /// The network.
    pub network: NetworkPolicy,
    /// Whether UNIX sockets may be made.
    pub unix_sockets: bool,
    /// The strongest tier to try.
    pub tier: crate::report::Tier,
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
const PROTECTED: [&str; 16] = [
    ".git/hooks",
    ".git/config",
    ".git/config.worktree",
    ".git/info/attributes",
    ".envrc",
    ".vscode",
    ".idea",
    ".bashrc",
    ".bash_profile",
    ".profile",
    ".zshrc",
    ".zprofile",
    ".gitconfig",
    ".mcp.json",
    ".claude",
    ".codex",
];

/// Makes the policy from what was asked for.
pub fn resolve(wishes: &Wishes) -> Policy {
    let bytes = |path: &Path| path.as_os_str().as_bytes().to_vec();
    let mut hidden: Vec<Vec<u8>> = HIDDEN.iter().map(|path| path.as_bytes().to_vec()).collect();
    let mut readable: Vec<Vec<u8>> = SYSTEM.iter().map(|path| path.as_bytes().to_vec()).collect();
    let mut protected = Vec::new();
    readable.push(bytes(&wishes.cwd));
    if let Some(home) = wishes.home.as_deref().filter(|home| home.is_absolute()) {
        hidden.extend(HOME_HIDDEN.iter().map(|name| bytes(&home.join(name))));
        readable.extend(HOME_READABLE.iter().map(|name| bytes(&home.join(name))));
    }
    for root in &wishes.writable {
        protected.extend(PROTECTED.iter().map(|name| bytes(&root.join(name))));
        protected.extend(git_elsewhere(root));
    }
    if wishes.everything_writable {
        hidden.clear();
    }
    Policy {
        writable: if wishes.everything_writable {
            vec![b"/".to_vec()]
        } else {
            wishes.writable.iter().map(|path| bytes(path)).collect()
        },
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
        unix_sockets: wishes.unix_sockets,
        tier: wishes.tier,
    }
}

/// Hooks and configuration of submodules, whose directories lie in `.git/modules`.
fn git_elsewhere(root: &Path) -> Vec<Vec<u8>> {
    let Ok(modules) = std::fs::read_dir(root.join(".git/modules")) else { return Vec::new() };
    let mut names: Vec<PathBuf> = modules.flatten().map(|entry| entry.path()).collect();
    names.sort();
    let of_module = |module: PathBuf| ["hooks", "config"].map(|name| module.join(name).as_os_str().as_bytes().to_vec());
    names.into_iter().flat_map(of_module).collect()
}
