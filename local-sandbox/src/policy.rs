//! What confined commands may touch, as the host says it to the warden: lists of absolute paths, decided in the host once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{names, repositories, worktree};

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
    /// Below the writable trees, what stays read-only; each path once, outer ones first.
    pub protected: Vec<ProtectedPath>,
    /// Whether there may be repositories in subdirectories that were not found, and are not protected.
    pub unsearched: bool,
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

/// A path that stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtectedPath {
    /// Absolute.
    pub path: Vec<u8>,
    /// What lies there while it is missing, in the tier that can mount over it.
    pub cover: Cover,
}

/// What lies in the place of a protected path that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cover {
    /// An empty directory: git does not see it.
    Directory,
    /// An empty file, where tools would take a directory for an error.
    File,
    /// Nothing: what a command makes there is removed when it ends.
    None,
}

impl ProtectedPath {
    fn path(&self) -> Cow<'_, Path> {
        names::path(&self.path)
    }
}

impl Policy {
    /// Whether a path is in one of the hidden trees; of links, only where they lead is one.
    pub fn hides(&self, path: &Path) -> bool {
        let hiding = self.hidden.iter().map(|hidden| names::path(hidden));
        // A workspace inside of something hidden was meant to be seen.
        let shown = |hidden: &Path| self.roots().any(|root| root.starts_with(hidden) && path.starts_with(root));
        hiding.filter(|hidden| path.starts_with(hidden)).any(|hidden| !shown(&hidden))
    }

    /// Whether changing what lies at a path, or moving it, would change something protected.
    pub fn protects(&self, path: &Path) -> bool {
        self.protected.iter().any(|protected| path.starts_with(protected.path()))
    }

    /// Whether a path is one of those protected, and not only inside of one: where a placeholder may lie.
    #[cfg(target_os = "linux")]
    pub fn names(&self, path: &Path) -> bool {
        self.protected.iter().any(|protected| protected.path() == path)
    }

    /// Whether something protected lies below a path.
    pub fn protects_below(&self, path: &Path) -> bool {
        self.protected
            .iter()
            .map(ProtectedPath::path)
            .any(|protected| protected.starts_with(path) && protected.symlink_metadata().is_ok())
    }

    fn roots(&self) -> impl Iterator<Item = Cow<'_, Path>> {
        self.writable.iter().chain(&self.visible).map(|path| names::path(path))
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
    /// What becomes of protected files that are missing.
    pub missing: Missing,
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

/// How protected files that are missing are kept from being made by commands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Missing {
    /// Empty directories and files, which cannot be written, lie in their place until the sandbox ends: in the real directory
    /// too. In the tiers that cannot mount over them, as `Remove`.
    #[default]
    Mask,
    /// They can be made, and are removed when the command ends.
    Remove,
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

/// Below the home directory, what nobody confined may read, and what lies there while it is missing from a workspace.
const HOME_HIDDEN: [(&str, Cover); 31] = [
    (".ssh", Cover::Directory),
    (".gnupg", Cover::Directory),
    (".aws", Cover::Directory),
    (".azure", Cover::Directory),
    (".config/gcloud", Cover::Directory),
    (".config/gh", Cover::Directory),
    (".config/op", Cover::Directory),
    (".config/sops", Cover::Directory),
    (".kube", Cover::Directory),
    (".docker", Cover::Directory),
    (".netrc", Cover::File),
    (".npmrc", Cover::File),
    (".pypirc", Cover::File),
    (".cargo/credentials", Cover::File),
    (".cargo/credentials.toml", Cover::File),
    (".git-credentials", Cover::File),
    (".config/git/credentials", Cover::File),
    (".password-store", Cover::Directory),
    (".local/share/keyrings", Cover::Directory),
    (".mozilla", Cover::Directory),
    (".config/google-chrome", Cover::Directory),
    (".config/chromium", Cover::Directory),
    (".bash_history", Cover::File),
    (".zsh_history", Cover::File),
    (".python_history", Cover::File),
    (".node_repl_history", Cover::File),
    (".psql_history", Cover::File),
    (".mysql_history", Cover::File),
    (".sqlite_history", Cover::File),
    (".lesshst", Cover::File),
    (".viminfo", Cover::File),
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

/// Below the home directory of macOS, what nobody confined may read.
const APPLE_HOME_HIDDEN: [&str; 8] = [
    "Library/Keychains",
    "Library/Cookies",
    "Library/Safari",
    "Library/Mail",
    "Library/Messages",
    "Library/Application Support/Google/Chrome",
    "Library/Application Support/Firefox",
    "Library/Application Support/com.apple.TCC",
];

/// In a writable directory, what stays as it is: it is run by others later, outside the sandbox. While it is missing, an empty
/// directory lies there, or in a home directory, where shells and git look for files: this. (Two of them would hide
/// `.profile` from login shells.)
const PROTECTED: [(&str, Cover); 18] = [
    (".envrc", Cover::Directory),
    (".vscode", Cover::Directory),
    (".idea", Cover::Directory),
    (".bashrc", Cover::File),
    (".bash_profile", Cover::None),
    (".bash_login", Cover::None),
    (".bash_logout", Cover::File),
    (".profile", Cover::File),
    (".zshrc", Cover::File),
    (".zshenv", Cover::File),
    (".zprofile", Cover::File),
    (".zlogin", Cover::File),
    (".ripgreprc", Cover::File),
    (".agents", Cover::Directory),
    (".gitconfig", Cover::File),
    (".mcp.json", Cover::Directory),
    (".claude", Cover::Directory),
    (".codex", Cover::Directory),
];

/// Of a repository, what stays as it is when commits are made to it.
const REPOSITORY: [(&str, Cover); 4] = [
    ("hooks", Cover::Directory),
    ("config", Cover::File),
    ("config.worktree", Cover::File),
    ("info/attributes", Cover::File),
];

/// The same of one in a subdirectory or of a submodule: of the many there may be, placeholders only for what makes git run
/// something by itself.
const INNER: [(&str, Cover); 4] = [
    ("hooks", Cover::Directory),
    ("config", Cover::File),
    ("config.worktree", Cover::None),
    ("info/attributes", Cover::None),
];

/// Makes the policy from what was asked for.
pub fn resolve(wishes: &Wishes) -> Policy {
    let bytes = names::of_path;
    let mut hidden: Vec<Vec<u8>> = HIDDEN.iter().map(|path| path.as_bytes().to_vec()).collect();
    let mut readable: Vec<Vec<u8>> = SYSTEM.iter().map(|path| path.as_bytes().to_vec()).collect();
    readable.push(bytes(&wishes.cwd));
    for home in wishes.homes.iter().filter(|home| home.is_absolute()) {
        hidden.extend(HOME_HIDDEN.iter().map(|(name, _)| bytes(&home.join(name))));
        if cfg!(target_vendor = "apple") {
            hidden.extend(APPLE_HOME_HIDDEN.iter().map(|name| bytes(&home.join(name))));
        }
        readable.extend(HOME_READABLE.iter().map(|name| bytes(&home.join(name))));
    }
    let mut writable: Vec<Vec<u8>> = wishes.writable.iter().map(|path| bytes(path)).collect();
    let mut kept = Kept::default();
    for home in wishes.homes.iter().filter(|home| home.is_absolute()) {
        for (secret, cover) in HOME_HIDDEN.iter().map(|(name, cover)| (home.join(name), *cover)) {
            // One that is missing must not be made either: keys and configuration of its kind let others in.
            if wishes.writable.iter().any(|root| secret.starts_with(root)) {
                kept.add(&secret, cover);
            }
        }
    }
    for root in &wishes.writable {
        let in_home = wishes.homes.contains(root);
        for (name, cover) in PROTECTED {
            kept.add(&root.join(name), if in_home { cover } else { Cover::Directory });
        }
        writable.extend(kept.add_repositories(root, wishes.git).map(|common| bytes(&common)));
    }
    if wishes.everything_writable {
        hidden.clear();
    }
    let Kept { paths, unsearched } = kept;
    let cover_of = |cover: Cover| if wishes.missing == Missing::Mask { cover } else { Cover::None };
    let protected = paths.into_iter().map(|(path, cover)| ProtectedPath { path: bytes(&path), cover: cover_of(cover) });
    Policy {
        writable: if wishes.everything_writable { vec![b"/".to_vec()] } else { writable },
        visible: if wishes.writable.contains(&wishes.cwd) || wishes.everything_writable {
            Vec::new()
        } else {
            vec![bytes(&wishes.cwd)]
        },
        hidden,
        readable,
        protected: protected.collect(),
        unsearched,
        scratch: bytes(&wishes.scratch),
        network: wishes.network,
        minimal: wishes.read == ReadAccess::Minimal,
        unix_sockets: wishes.unix_sockets,
        tier: wishes.tier,
    }
}

/// The protected paths as they are put together.
#[derive(Debug, Default)]
struct Kept {
    paths: BTreeMap<PathBuf, Cover>,
    unsearched: bool,
}

impl Kept {
    fn add(&mut self, path: &Path, cover: Cover) {
        self.paths.entry(path.to_path_buf()).or_insert(cover);
    }

    /// What is protected of a writable directory's own repository and of those in its subdirectories. Gives the repository's
    /// directory if that lies elsewhere, where commits go.
    fn add_repositories(&mut self, root: &Path, git: GitAccess) -> Option<PathBuf> {
        let own = root.join(".git");
        let common = worktree::common_directory(root);
        if git != GitAccess::Full && own.symlink_metadata().is_ok_and(|meta| !meta.is_dir()) {
            // The file of a submodule or worktree names a directory, whose hooks are run.
            self.add(&own, Cover::None);
        }
        match git {
            GitAccess::Full => {}
            // An empty directory of that name would be taken for a broken repository.
            GitAccess::ReadOnly => self.add(&own, Cover::None),
            GitAccess::Commit => self.add_repository(common.as_deref().unwrap_or(&own), &REPOSITORY),
        }
        if git != GitAccess::Full {
            if repositories::is_bare(root) {
                self.add_repository(root, &REPOSITORY);
            }
            let found = repositories::below(root);
            self.unsearched |= found.cut;
            for inner in found.all {
                if git == GitAccess::Commit && inner.is_dir() {
                    self.add_repository(&inner, &INNER);
                } else {
                    self.add(&inner, Cover::None);
                }
            }
        }
        let common = common.filter(|_| git != GitAccess::ReadOnly)?;
        self.add(&own, Cover::None);
        Some(common)
    }

    /// What stays as it is in a repository's directory, and in those of its submodules and worktrees, which lie in it.
    fn add_repository(&mut self, directory: &Path, names: &[(&str, Cover)]) {
        for (name, cover) in names {
            self.add(&directory.join(name), *cover);
        }
        for module in repositories::modules(directory) {
            for (name, cover) in INNER {
                self.add(&module.join(name), cover);
            }
        }
        for tree in std::fs::read_dir(directory.join("worktrees")).into_iter().flatten().flatten() {
            // Read only if the repository's own configuration says so; a placeholder would keep the worktree from being removed.
            self.add(&tree.path().join("config.worktree"), Cover::None);
        }
    }
}
