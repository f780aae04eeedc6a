//! The builtins: commands that need the shell's own state.  [bash manual "Shell Builtin Commands"]
//!
//! A builtin runs to its end and gives a status; what it writes is gathered and written afterwards. One that must wait
//! or run commands pushes a frame and gives the flow that leads on.

mod alias;
mod cd;
mod completion;
mod control;
mod declare;
mod echo;
mod eval;
mod getopts;
mod hash;
mod help;
mod history;
mod job;
mod kill;
mod mapfile;
mod option;
mod positional;
mod read;
mod resource;
mod set;
mod test;
mod trap;
mod r#type;
mod unset;
mod wait;

pub(crate) use completion::CompgenFrame;
pub(crate) use eval::DotFrame;
pub(crate) use help::tells_help;
pub(crate) use mapfile::MapfileFrame;
pub(crate) use read::ReadFrame;
pub(crate) use wait::WaitFrame;

use super::exec::{Context, Ran, ShellTask};
use bytes::Bytes;
use rustc_hash::FxHashMap;
use std::sync::OnceLock;

/// A builtin. `fields` are its name and arguments.
pub(crate) type Run = fn(&mut ShellTask, &mut Context<'_>, &[Bytes]) -> Ran;

/// A row of the table.
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Whether POSIX calls it a special built-in (2.14).
    pub special: bool,
    /// Whether its redirections stay when it has no arguments (`exec`).
    pub keeps_redirections: bool,
    pub(crate) run: Run,
}

const fn plain(name: &'static str, run: Run) -> Builtin {
    Builtin { name, special: false, keeps_redirections: false, run }
}

const fn special(name: &'static str, run: Run) -> Builtin {
    Builtin { name, special: true, keeps_redirections: false, run }
}

/// All builtins, sorted by name in byte order.
pub static BUILTINS: &[Builtin] = &[
    special(".", eval::dot),
    special(":", control::colon),
    plain("[", test::bracket),
    plain("alias", alias::alias),
    plain("bg", job::bg),
    plain("bind", history::bind),
    special("break", control::break_),
    plain("builtin", eval::builtin),
    plain("caller", control::caller),
    plain("cd", cd::cd),
    plain("command", eval::command),
    plain("compgen", completion::compgen),
    plain("complete", completion::complete),
    plain("compopt", completion::compopt),
    special("continue", control::continue_),
    plain("declare", declare::declare),
    plain("dirs", cd::dirs),
    plain("disown", job::disown),
    plain("echo", echo::echo),
    plain("enable", hash::enable),
    special("eval", eval::eval),
    Builtin { name: "exec", special: true, keeps_redirections: true, run: eval::exec },
    special("exit", control::exit),
    special("export", declare::export),
    plain("false", control::false_),
    plain("fc", history::fc),
    plain("fg", job::fg),
    plain("getopts", getopts::getopts),
    plain("hash", hash::hash),
    plain("help", help::help),
    plain("history", history::history),
    plain("jobs", job::jobs),
    plain("kill", kill::kill),
    plain("let", test::let_),
    plain("local", declare::local),
    plain("logout", control::logout),
    plain("mapfile", mapfile::mapfile),
    plain("popd", cd::popd),
    plain("printf", echo::printf),
    plain("pushd", cd::pushd),
    plain("pwd", cd::pwd),
    plain("read", read::read),
    plain("readarray", mapfile::mapfile),
    special("readonly", declare::readonly),
    special("return", control::return_),
    special("set", set::set),
    special("shift", positional::shift),
    plain("shopt", option::shopt),
    special("source", eval::dot),
    plain("suspend", history::suspend),
    plain("test", test::test),
    special("times", resource::times),
    special("trap", trap::trap),
    plain("true", control::colon),
    plain("type", r#type::type_),
    plain("typeset", declare::declare),
    plain("ulimit", resource::ulimit),
    plain("umask", resource::umask),
    plain("unalias", alias::unalias),
    special("unset", unset::unset),
    plain("wait", wait::wait),
];

/// The builtin called `name`.
#[inline]
pub fn find(name: &[u8]) -> Option<&'static Builtin> {
    static BY_NAME: OnceLock<FxHashMap<&'static [u8], &'static Builtin>> = OnceLock::new();
    BY_NAME.get_or_init(|| BUILTINS.iter().map(|row| (row.name.as_bytes(), row)).collect()).get(name).copied()
}

/// The short options of a builtin, as its internal getopt reads them: letters before the first operand, joined or
/// apart. A letter followed by `:` in `spec` takes an argument.
pub(crate) struct Letters {
    /// The options given, in order, with their arguments.
    pub(crate) given: Vec<(u8, Option<Bytes>)>,
    /// Index in `fields` of the first operand.
    pub(crate) operands: usize,
}

impl Letters {
    pub(crate) fn has(&self, letter: u8) -> bool {
        self.given.iter().any(|(given, _)| *given == letter)
    }

    pub(crate) fn value(&self, letter: u8) -> Option<&Bytes> {
        self.given.iter().rev().find(|(given, _)| *given == letter).and_then(|(_, value)| value.as_ref())
    }
}

impl ShellTask {
    /// Reads a builtin's options. An unknown one is said with the usage line; the error is the status.
    pub(crate) fn letters(&mut self, fields: &[Bytes], spec: &[u8], usage: &str) -> Result<Letters, Ran> {
        let name = fields.first().cloned().unwrap_or_default();
        let mut letters = Letters { given: Vec::new(), operands: 1 };
        while let Some(field) = fields.get(letters.operands) {
            if field.as_ref() == b"--" {
                letters.operands += 1;
                break;
            }
            let Some(body) = field.strip_prefix(b"-").filter(|body| !body.is_empty()) else { break };
            letters.operands += 1;
            for (at, letter) in body.iter().enumerate() {
                let known = spec.iter().position(|known| known == letter && *letter != b':');
                let Some(known) = known else {
                    return Err(self.invalid_option(&name, *letter, usage));
                };
                if spec.get(known + 1) != Some(&b':') {
                    letters.given.push((*letter, None));
                    continue;
                }
                let attached = field.slice(at + 2..);
                let value = if attached.is_empty() {
                    letters.operands += 1;
                    fields.get(letters.operands - 1).cloned()
                } else {
                    Some(attached)
                };
                let Some(value) = value else {
                    self.builtin_error(&name, &[b"-", &[*letter][..], b": option requires an argument"].concat());
                    self.usage_line(&name, usage);
                    return Err(Ok(crate::kernel::ExitStatus::USAGE));
                };
                letters.given.push((*letter, Some(value)));
                break;
            }
        }
        Ok(letters)
    }

    /// `NAME: -x: invalid option` and the usage line.
    pub(crate) fn invalid_option(&mut self, name: &[u8], letter: u8, usage: &str) -> Ran {
        self.builtin_error(name, &[b"-", &[letter][..], b": invalid option"].concat());
        self.usage_line(name, usage);
        Ok(crate::kernel::ExitStatus::USAGE)
    }

    /// `NAME: usage: …`.
    pub(crate) fn usage_line(&mut self, name: &[u8], usage: &str) {
        let line = [name, b": usage: ", usage.as_bytes(), b"\n"].concat();
        self.output.push(crate::sys::Fd::STDERR, &line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_by_name() {
        assert!(BUILTINS.is_sorted_by_key(|row| row.name.as_bytes()));
    }
}
