//! Variables whose value is computed when it is asked for. bash manual "Bash Variables".

use std::sync::Arc;

use bytes::Bytes;

use super::{AssocArray, Attributes, Scalar, Value, Variable, Variables};
use crate::shell::expand::World;

/// The computed variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the variables")]
pub enum Special {
    Random,
    Srandom,
    Seconds,
    EpochSeconds,
    EpochRealtime,
    LineNo,
    BashPid,
    BashCommand,
    BashSubshell,
    FuncName,
    BashSource,
    BashLineNo,
    BashArgc,
    BashArgv,
    PipeStatus,
    DirStack,
    Groups,
    HistCmd,
    BashArgv0,
    ShellOpts,
    BashOpts,
    BashCmds,
    BashAliases,
    /// `_`: the last argument of the command before.
    LastArgument,
}

/// What the computed variables are computed from.
pub trait SpecialSource {
    /// Seconds and nanoseconds since 1970.
    fn wall_clock(&self) -> (i64, u32);
    /// [`wall_clock`](Self::wall_clock) seconds at which the shell started.
    fn start_seconds(&self) -> i64;
    /// A number nobody can predict, from the machine's generator.
    fn entropy(&mut self) -> u32;
    /// The line being executed.
    fn line_number(&self) -> u32;
    /// The process that runs, subshells included.
    fn process_id(&self) -> u32;
    /// The command being executed, for `BASH_COMMAND`.
    fn command_text(&self) -> Bytes;
    /// Depth of subshells.
    fn subshell_level(&self) -> u32;
    /// `FUNCNAME`, `BASH_SOURCE`, `BASH_LINENO`, `BASH_ARGC`, `BASH_ARGV`: the elements from the innermost call
    /// outwards. Empty outside functions for `FUNCNAME`.
    fn call_stack(&self, which: Special) -> Vec<Scalar>;
    /// Exit statuses of the last foreground pipeline.
    fn pipe_status(&self) -> Vec<i32>;
    /// The directory stack, current directory first.
    fn directory_stack(&self) -> Vec<Bytes>;
    /// Group numbers of the user.
    fn groups(&self) -> Vec<u32>;
    /// Number of the current command in the history.
    fn history_number(&self) -> i64;
    /// `$0`.
    fn zero(&self) -> Bytes;
    /// Changes `$0`.
    fn set_zero(&mut self, name: Bytes);
    /// `$_`.
    fn last_argument(&self) -> Bytes;
    /// `SHELLOPTS` (`posix` false) or `BASHOPTS` (true): enabled options, sorted, with colons between.
    fn option_names(&self, shopt: bool) -> Bytes;
    /// `BASH_CMDS` (hashed commands) or `BASH_ALIASES` as pairs.
    fn name_table(&self, which: Special) -> Vec<(Bytes, Bytes)>;
    /// An assignment to an element of `BASH_CMDS` or `BASH_ALIASES`.
    fn set_name_table(&mut self, which: Special, name: &[u8], value: Bytes);
}

/// Names of the computed variables with the attributes that `declare -p` shows.
const TABLE: [(&str, Special, Attributes); 24] = [
    ("RANDOM", Special::Random, Attributes::INTEGER),
    ("SRANDOM", Special::Srandom, Attributes::INTEGER),
    ("SECONDS", Special::Seconds, Attributes::INTEGER),
    ("EPOCHSECONDS", Special::EpochSeconds, Attributes::NONE),
    ("EPOCHREALTIME", Special::EpochRealtime, Attributes::NONE),
    ("LINENO", Special::LineNo, Attributes::NONE),
    ("BASHPID", Special::BashPid, Attributes::INTEGER),
    ("BASH_COMMAND", Special::BashCommand, Attributes::NONE),
    ("BASH_SUBSHELL", Special::BashSubshell, Attributes::NONE),
    ("FUNCNAME", Special::FuncName, Attributes::ARRAY.with(Attributes::NO_ASSIGN)),
    ("BASH_SOURCE", Special::BashSource, Attributes::ARRAY.with(Attributes::NO_ASSIGN)),
    ("BASH_LINENO", Special::BashLineNo, Attributes::ARRAY.with(Attributes::NO_ASSIGN)),
    ("BASH_ARGC", Special::BashArgc, Attributes::ARRAY.with(Attributes::NO_ASSIGN)),
    ("BASH_ARGV", Special::BashArgv, Attributes::ARRAY.with(Attributes::NO_ASSIGN)),
    ("PIPESTATUS", Special::PipeStatus, Attributes::ARRAY),
    ("DIRSTACK", Special::DirStack, Attributes::ARRAY),
    ("GROUPS", Special::Groups, Attributes::ARRAY.with(Attributes::NO_ASSIGN)),
    ("HISTCMD", Special::HistCmd, Attributes::INTEGER),
    ("BASH_ARGV0", Special::BashArgv0, Attributes::NONE),
    ("SHELLOPTS", Special::ShellOpts, Attributes::READONLY),
    ("BASHOPTS", Special::BashOpts, Attributes::READONLY),
    ("BASH_CMDS", Special::BashCmds, Attributes::ASSOC),
    ("BASH_ALIASES", Special::BashAliases, Attributes::ASSOC),
    ("_", Special::LastArgument, Attributes::NONE),
];

/// Declares the computed variables in a new shell's store.
pub fn declare_specials(variables: &mut Variables) {
    for (name, special, attributes) in TABLE {
        variables.insert(name.as_bytes(), Variable::new(Value::Special(special), attributes));
    }
}

/// The present value of a computed variable.
pub fn value<W: World>(which: Special, world: &mut W) -> Value {
    match which {
        Special::Random => Value::text(i64::from(world.variables_mut().random.next_value())),
        Special::Srandom => Value::text(i64::from(world.entropy())),
        Special::Seconds => {
            let age = world.wall_clock().0.wrapping_sub(world.start_seconds());
            Value::text(age.wrapping_add(world.variables().seconds_offset))
        }
        Special::EpochSeconds => Value::text(world.wall_clock().0),
        Special::EpochRealtime => {
            let (seconds, nanos) = world.wall_clock();
            Value::text(format!("{seconds}.{:06}", nanos / 1000).into_bytes())
        }
        Special::LineNo => Value::text(i64::from(world.line_number())),
        Special::BashPid => Value::text(i64::from(world.process_id())),
        Special::BashCommand => Value::text(world.command_text()),
        Special::BashSubshell => Value::text(i64::from(world.subshell_level())),
        Special::FuncName => match world.call_stack(which) {
            none if none.is_empty() => Value::Unset,
            names => Value::array(names),
        },
        Special::BashSource | Special::BashLineNo | Special::BashArgc | Special::BashArgv => {
            Value::array(world.call_stack(which))
        }
        Special::PipeStatus => Value::array(world.pipe_status().into_iter().map(|status| i64::from(status).into())),
        Special::DirStack => Value::array(world.directory_stack().into_iter().map(Scalar::Text)),
        Special::Groups => Value::array(world.groups().into_iter().map(|group| i64::from(group).into())),
        Special::HistCmd => Value::text(world.history_number()),
        Special::BashArgv0 => Value::text(world.zero()),
        Special::ShellOpts => Value::text(world.option_names(false)),
        Special::BashOpts => Value::text(world.option_names(true)),
        Special::BashCmds | Special::BashAliases => {
            let mut map = AssocArray::default();
            for (name, text) in world.name_table(which) {
                map.set(&name, text.into());
            }
            Value::Assoc(Arc::new(map))
        }
        Special::LastArgument => Value::text(world.last_argument()),
    }
}

/// The value of a computed variable in a list of all variables; `None` for those that bash computes only when they are
/// asked for by name.
pub fn listed<W: World>(which: Special, world: &mut W) -> Option<Value> {
    match which {
        Special::ShellOpts
        | Special::BashOpts
        | Special::BashSource
        | Special::BashLineNo
        | Special::BashArgc
        | Special::BashArgv
        | Special::PipeStatus
        | Special::BashCmds
        | Special::BashAliases
        | Special::LastArgument => Some(value(which, world)),
        Special::DirStack | Special::Groups => Some(Value::array(std::iter::empty::<Scalar>())),
        Special::FuncName => Some(value(which, world)).filter(|value| !matches!(value, Value::Unset)),
        _ => None,
    }
}

/// What an assignment to a computed variable does: nothing for most.
pub fn assign<W: World>(which: Special, key: Option<&[u8]>, text: &Scalar, world: &mut W) {
    let number = || {
        let text = text.to_bytes();
        std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse::<i64>().ok()).unwrap_or(0)
    };
    match which {
        Special::Random => {
            let seed = number();
            world.variables_mut().random.seed(seed as u32);
        }
        Special::Seconds => {
            let age = world.wall_clock().0.wrapping_sub(world.start_seconds());
            let offset = number().wrapping_sub(age);
            world.variables_mut().seconds_offset = offset;
        }
        Special::BashArgv0 => {
            let name = text.to_bytes();
            world.set_zero(name);
        }
        Special::BashCmds | Special::BashAliases => {
            if let Some(key) = key {
                let text = text.to_bytes();
                world.set_name_table(which, key, text);
            }
        }
        _ => {}
    }
}
