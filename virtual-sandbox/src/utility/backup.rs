//! Backups of files that are about to be replaced.  [coreutils "Backup options"]

use super::choice::choose;
use super::{Invocation, OptionError};
use crate::sys::Sys;
use crate::text::file_name::{base_name, dir_name};
use bytes::Bytes;

/// How backups are named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BackupType {
    /// No backups.
    None,
    /// The name with the suffix.
    Simple,
    /// Numbered where there are numbered ones, else simple.
    Existing,
    /// `NAME.~1~`, `NAME.~2~`, …
    Numbered,
}

const TYPES: [(&str, BackupType); 8] = [
    ("none", BackupType::None),
    ("off", BackupType::None),
    ("simple", BackupType::Simple),
    ("never", BackupType::Simple),
    ("existing", BackupType::Existing),
    ("nil", BackupType::Existing),
    ("numbered", BackupType::Numbered),
    ("t", BackupType::Numbered),
];

/// The way backups are made.
#[derive(Clone, Debug)]
pub struct Backup {
    /// How they are named.
    pub kind: BackupType,
    suffix: Bytes,
}

impl Backup {
    /// No backups.
    pub fn none() -> Backup {
        Backup { kind: BackupType::None, suffix: Bytes::from_static(b"~") }
    }

    /// What the options say: `wanted` when `-b`, `--backup` or `--suffix` was given, with their arguments.
    pub fn from_options(
        invocation: &Invocation,
        wanted: bool,
        control: Option<&Bytes>,
        suffix: Option<&Bytes>,
    ) -> Result<Backup, OptionError> {
        let mut backup = Backup::none();
        let suffix = suffix.cloned().or_else(|| invocation.env_var(b"SIMPLE_BACKUP_SUFFIX"));
        if let Some(suffix) = suffix.filter(|suffix| !suffix.is_empty() && !suffix.contains(&b'/')) {
            backup.suffix = suffix;
        }
        if wanted {
            let from_env = invocation.env_var(b"VERSION_CONTROL");
            backup.kind = match (control, from_env) {
                (Some(word), _) => choose("backup type", word, &TYPES, 1)?,
                (None, Some(word)) if !word.is_empty() => choose("$VERSION_CONTROL", &word, &TYPES, 1)?,
                _ => BackupType::Existing,
            };
        }
        Ok(backup)
    }

    /// Whether backups are made.
    pub fn is_on(&self) -> bool {
        self.kind != BackupType::None
    }

    /// The suffix of simple backups.
    pub fn suffix(&self) -> &[u8] {
        &self.suffix
    }

    /// The name the backup of `path` gets.
    pub async fn name_for(&self, sys: &Sys, path: &[u8]) -> Bytes {
        let simple = || Bytes::from([path, &self.suffix].concat());
        if matches!(self.kind, BackupType::Simple | BackupType::None) {
            return simple();
        }
        match (highest_number(sys, path).await, self.kind) {
            (0, BackupType::Existing) => simple(),
            (highest, _) => Bytes::from([path, format!(".~{}~", highest + 1).as_bytes()].concat()),
        }
    }

    /// Renames `path` to its backup: the backup's name.
    pub async fn make(&self, sys: &Sys, path: &Bytes) -> Result<Bytes, crate::errno::Errno> {
        let name = self.name_for(sys, path).await;
        sys.rename(path.clone(), name.clone()).await?;
        Ok(name)
    }
}

/// The highest number of a numbered backup of `path`; 0 when there is none.
async fn highest_number(sys: &Sys, path: &[u8]) -> u64 {
    let prefix = [base_name(path), b".~"].concat();
    let Ok(entries) = sys.read_dir(dir_name(path).to_vec()).await else { return 0 };
    let numbers = entries.iter().filter_map(|entry| {
        let digits = entry.name.strip_prefix(prefix.as_slice())?.strip_suffix(b"~")?;
        std::str::from_utf8(digits).ok()?.parse::<u64>().ok()
    });
    numbers.max().unwrap_or(0)
}
