//! Traps: what `trap` has set.

use crate::kernel::Signal;
use bytes::Bytes;
use std::collections::BTreeMap;

/// What a trap is set for; the order is that of `trap -p`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Condition {
    /// `EXIT`, `0`.
    Exit,
    /// A signal.
    Signal(Signal),
    /// `DEBUG`.
    Debug,
    /// `ERR`.
    Err,
    /// `RETURN`.
    Return,
}

impl Condition {
    /// The condition called `name`: a signal's name or number, `EXIT`, `ERR`, `DEBUG`, `RETURN`, in any case.
    pub fn from_name(name: &[u8]) -> Option<Condition> {
        if let Some(number) = std::str::from_utf8(name).ok().and_then(|text| text.parse::<i64>().ok()) {
            return if number == 0 {
                Some(Condition::Exit)
            } else {
                Signal::from_number(number).map(Condition::Signal)
            };
        }
        match name.to_ascii_uppercase().as_slice() {
            b"EXIT" => Some(Condition::Exit),
            b"ERR" => Some(Condition::Err),
            b"DEBUG" => Some(Condition::Debug),
            b"RETURN" => Some(Condition::Return),
            _ => Signal::from_name(name).map(Condition::Signal),
        }
    }

    /// Its name as `trap -p` prints it.
    pub fn name(self) -> String {
        match self {
            Condition::Exit => "EXIT".to_owned(),
            Condition::Err => "ERR".to_owned(),
            Condition::Debug => "DEBUG".to_owned(),
            Condition::Return => "RETURN".to_owned(),
            Condition::Signal(signal) if signal.number() > 31 => format!("SIG{}", signal.name()),
            Condition::Signal(signal) => format!("SIG{}", signal.name()),
        }
    }
}

/// The traps that are set: commands, empty for "ignore".
#[derive(Clone, Debug, Default)]
pub struct Traps {
    /// By condition.
    pub set: BTreeMap<Condition, Bytes>,
    /// In a subshell, what `trap -p` still shows of the parent's traps, which no longer act.
    pub inherited: BTreeMap<Condition, Bytes>,
}

impl Traps {
    /// The command of a condition that is caught.
    pub fn command(&self, condition: Condition) -> Option<&Bytes> {
        self.set.get(&condition).filter(|command| !command.is_empty())
    }

    /// The traps of a subshell: ignored signals stay ignored, caught ones are reset (POSIX 2.14 trap).
    pub fn for_subshell(&self, errtrace: bool, functrace: bool) -> Traps {
        let kept = |condition: &Condition, command: &Bytes| {
            command.is_empty()
                || match condition {
                    Condition::Err => errtrace,
                    Condition::Debug | Condition::Return => functrace,
                    _ => false,
                }
        };
        let mut inherited = self.inherited.clone();
        inherited.extend(self.set.iter().map(|(condition, command)| (*condition, command.clone())));
        Traps {
            set: self
                .set
                .iter()
                .filter(|(condition, command)| kept(condition, command))
                .map(|(condition, command)| (*condition, command.clone()))
                .collect(),
            inherited,
        }
    }
}
