//! The environment of commands: an allowlist of the host's, and what is laid over it.

use std::collections::BTreeMap;
use std::ffi::OsString;

use sandbox::EnvChange;

/// The host's variables that commands see unless told otherwise; on Windows, also those that programs there cannot do
/// without: `SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT OS NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE USERNAME USERPROFILE
/// HOMEDRIVE HOMEPATH APPDATA LOCALAPPDATA ALLUSERSPROFILE PROGRAMDATA PROGRAMFILES PROGRAMFILES(X86) COMMONPROGRAMFILES
/// PUBLIC`, where all names are in capitals.
pub const ALLOWLIST: [&str; 14] = [
    "PATH", "HOME", "USER", "LOGNAME", "HOSTNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "TMPDIR",
    "TMP", "TEMP",
];

/// Beside those of [`ALLOWLIST`], what programs of Windows fail without: where the system and the user's files are, and how
/// programs are found.
#[cfg(windows)]
const WINDOWS: [&str; 20] = [
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "OS",
    "NUMBER_OF_PROCESSORS",
    "PROCESSOR_ARCHITECTURE",
    "USERNAME",
    "USERPROFILE",
    "HOMEDRIVE",
    "HOMEPATH",
    "APPDATA",
    "LOCALAPPDATA",
    "ALLUSERSPROFILE",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "PROGRAMFILES(X86)",
    "COMMONPROGRAMFILES",
    "PUBLIC",
];

/// The search path where none is given; without one, bash would search the working directory.
#[cfg(unix)]
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The search path where none is given.
#[cfg(windows)]
pub const DEFAULT_PATH: &str = r"C:\Windows\System32;C:\Windows;C:\Windows\System32\Wbem";

/// Which of the host's variables commands see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Inherit {
    /// Those of [`ALLOWLIST`].
    #[default]
    Allowlist,
    /// None.
    None,
    /// All. Secrets of the host are then visible to every command.
    All,
}

/// Names and values; ordered, so that every command sees the same order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<Vec<u8>, Vec<u8>>);

impl Environment {
    /// Takes the host's variables, once.
    pub fn snapshot(inherit: Inherit) -> Environment {
        Environment::from_host(inherit, std::env::vars_os())
    }

    fn from_host(inherit: Inherit, host: impl Iterator<Item = (OsString, OsString)>) -> Environment {
        let kept = host.filter(|(name, _)| match inherit {
            Inherit::All => true,
            Inherit::None => false,
            Inherit::Allowlist => is_allowed(name),
        });
        Environment(kept.map(|(name, value)| (key(&name.into_encoded_bytes()), value.into_encoded_bytes())).collect())
    }

    /// Sets or, without a value, takes away.
    pub fn change(&mut self, change: &EnvChange) {
        match &change.value {
            Some(value) => {
                self.0.insert(key(&change.name), value.clone());
            }
            None => {
                self.0.remove(&key(&change.name));
            }
        }
    }

    /// The value of a variable.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// Sets what is absent.
    pub fn fill(&mut self, name: &str, value: &[u8]) {
        self.0.entry(name.as_bytes().to_vec()).or_insert_with(|| value.to_vec());
    }

    /// Sets, whatever was there.
    pub fn set(&mut self, name: &str, value: &[u8]) {
        self.0.insert(name.as_bytes().to_vec(), value.to_vec());
    }

    /// Names and values.
    #[cfg(windows)]
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// `NAME=VALUE` strings.
    #[cfg(any(unix, test))]
    pub fn strings(&self) -> Vec<Vec<u8>> {
        self.0.iter().map(|(name, value)| [name.as_slice(), b"=", value.as_slice()].concat()).collect()
    }
}

/// Names are the same on Windows whatever the case of their letters; there they are in capitals.
fn key(name: &[u8]) -> Vec<u8> {
    if cfg!(windows) { name.to_ascii_uppercase() } else { name.to_vec() }
}

#[cfg(not(windows))]
fn is_allowed(name: &OsString) -> bool {
    ALLOWLIST.iter().any(|allowed| name == allowed)
}

#[cfg(windows)]
fn is_allowed(name: &OsString) -> bool {
    ALLOWLIST.iter().chain(&WINDOWS).any(|allowed| name.eq_ignore_ascii_case(allowed))
}

/// Whether the name can be one and the value passed on.
pub fn is_valid(change: &EnvChange) -> bool {
    let name_fits = !change.name.is_empty() && !change.name.iter().any(|byte| matches!(byte, b'=' | 0));
    name_fits && !change.value.as_ref().is_some_and(|value| value.contains(&0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> impl Iterator<Item = (OsString, OsString)> {
        [("PATH", "/bin"), ("API_KEY", "secret"), ("LC_ALL", "C"), ("PATHS", "x")]
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
    }

    #[test]
    fn only_listed_names_pass() {
        let environment = Environment::from_host(Inherit::Allowlist, host());
        assert_eq!(environment.strings(), [b"LC_ALL=C".to_vec(), b"PATH=/bin".to_vec()]);
        assert_eq!(Environment::from_host(Inherit::None, host()).strings().len(), 0);
        assert_eq!(Environment::from_host(Inherit::All, host()).strings().len(), 4);
    }

    #[test]
    fn a_change_without_value_takes_away() {
        let mut environment = Environment::from_host(Inherit::Allowlist, host());
        environment.change(&EnvChange { name: b"PATH".to_vec(), value: None });
        environment.change(&EnvChange { name: b"A".to_vec(), value: Some(b"\xff".to_vec()) });
        environment.fill("PATH", b"/default");
        assert_eq!(environment.strings(), [b"A=\xff".to_vec(), b"LC_ALL=C".to_vec(), b"PATH=/default".to_vec()]);
    }

    #[test]
    fn names_with_equals_or_nul_are_none() {
        let change = |name: &[u8], value: &[u8]| EnvChange { name: name.to_vec(), value: Some(value.to_vec()) };
        assert!(is_valid(&change(b"A", b"B=C")));
        for (name, value) in [(&b""[..], &b"x"[..]), (b"A=B", b"x"), (b"A\0", b"x"), (b"A", b"x\0y")] {
            assert!(!is_valid(&change(name, value)));
        }
    }
}
