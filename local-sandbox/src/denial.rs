//! Guessing whether the confinement is why a command failed.

use std::fmt;

use serde::Serialize;

use crate::policy::{NetworkPolicy, Policy};

/// The signal of a refused system call on Linux; elsewhere none is refused so.
const SIGSYS: i32 = 31;
/// Bytes of the end of standard error that are looked at.
pub const LOOKED_AT: usize = 4096;

/// What the confinement seems to have refused. A guess from what the command said, for whoever decides what to try next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DenialHint {
    /// Writing outside of the writable directories, or to a protected file.
    Write,
    /// Reading something hidden, or writing, where the system says the same of both.
    Files,
    /// The network.
    Network,
    /// A system call.
    SystemCall,
}

/// What programs print, in the words of the C library and of common tools, most telling first.
const PHRASES: [(&str, DenialHint); 13] = [
    ("read-only file system", DenialHint::Write),
    ("sandbox proxy", DenialHint::Network),
    ("could not resolve", DenialHint::Network),
    ("couldn't resolve", DenialHint::Network),
    ("temporary failure in name resolution", DenialHint::Network),
    ("name or service not known", DenialHint::Network),
    ("getaddrinfo", DenialHint::Network),
    ("network is unreachable", DenialHint::Network),
    ("connection refused", DenialHint::Network),
    ("connect tunnel failed", DenialHint::Network),
    ("permission denied", DenialHint::Files),
    ("operation not permitted", DenialHint::SystemCall),
    ("bad system call", DenialHint::SystemCall),
];

impl DenialHint {
    /// The guess for a confined command that failed, from its signal and the end of its standard error.
    pub(crate) fn guess(policy: &Policy, signal: Option<i32>, said: &[u8]) -> Option<DenialHint> {
        if signal == Some(SIGSYS) {
            return Some(DenialHint::SystemCall);
        }
        let text = String::from_utf8_lossy(said).to_lowercase();
        let open = |hint: DenialHint| match hint {
            DenialHint::Write | DenialHint::Files => policy.is_all_writable(),
            DenialHint::Network => policy.network == NetworkPolicy::Host,
            DenialHint::SystemCall => false,
        };
        let found = PHRASES.iter().find(|(phrase, hint)| text.contains(phrase) && !open(*hint));
        found.map(|(_, hint)| *hint)
    }
}

impl fmt::Display for DenialHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DenialHint::Write => "only the writable directories can be written",
            DenialHint::Files => "only the writable directories can be written, and what is secret cannot be read",
            DenialHint::Network => "only the network that was allowed can be reached",
            DenialHint::SystemCall => "some system calls are refused",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_confined_was_not_refused() {
        let confined = Policy { network: NetworkPolicy::None, ..Policy::default() };
        let guess = |policy: &Policy, text: &str| DenialHint::guess(policy, None, text.as_bytes());
        assert_eq!(guess(&confined, "touch: x: Read-only file system"), Some(DenialHint::Write));
        assert_eq!(guess(&confined, "curl: (6) Could not resolve host: a.b"), Some(DenialHint::Network));
        assert_eq!(guess(&confined, "no such file"), None);
        let open = Policy { writable: vec![b"/".to_vec()], ..Policy::default() };
        assert_eq!(guess(&open, "touch: x: Read-only file system"), None);
        assert_eq!(guess(&open, "connection refused"), None);
        assert_eq!(DenialHint::guess(&open, Some(31), b""), Some(DenialHint::SystemCall));
    }
}
