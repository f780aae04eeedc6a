//! The expander's only view of the shell and the machine.

use std::sync::Arc;

use bytes::Bytes;
use shell_parser::Unit;
use shell_parser::ast::{Direction, SubstitutionId};

use super::Stop;
use crate::shell::cond::RegexCache;
use crate::shell::pattern::PatternCache;
use crate::shell::variable::{SpecialSource, Variables};
use crate::vfs::{AccessMode, DirEntry, Stat};

/// The options of `set` and `shopt` that expansion looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of set -o and shopt")]
pub enum ShellOption {
    BraceExpand,
    NoUnset,
    NoGlob,
    Posix,
    ExtGlob,
    NullGlob,
    FailGlob,
    DotGlob,
    NoCaseGlob,
    NoCaseMatch,
    GlobStar,
    GlobSkipDots,
    GlobAsciiRanges,
    PatsubReplacement,
    ExtQuote,
    AssocExpandOnce,
    LocalvarUnset,
    Interactive,
}

/// What the expander and the evaluators see of the shell and the machine. Implemented by the interpreter over its state
/// and the kernel, and by tests over plain data.
pub trait World: SpecialSource {
    /// The variables.
    fn variables(&self) -> &Variables;
    /// The variables, to change.
    fn variables_mut(&mut self) -> &mut Variables;
    /// Whether an option is on.
    fn option(&self, option: ShellOption) -> bool;

    /// `$1`, `$2`, ...
    fn positional(&self) -> &[Bytes];
    /// `$?`
    fn exit_status(&self) -> i32;
    /// `$$`
    fn shell_pid(&self) -> u32;
    /// `$!`, when there has been a background command.
    fn last_background(&self) -> Option<u32>;
    /// `$-`
    fn option_letters(&self) -> Bytes;

    /// The text of the next substitution of the word being expanded ([`Substituted::text`](super::Substituted)), in
    /// order of evaluation: the caller of the expansion keeps the list and the counter.
    ///
    /// # Errors
    /// `Stop::Substitution(id)` when the list has no further result.
    fn substitution(&mut self, unit: &Unit, id: SubstitutionId) -> Result<Bytes, Stop>;
    /// The path of the next process substitution; same list, same counter.
    ///
    /// # Errors
    /// `Stop::ProcessSubstitution(direction, id)` when the list has no further result.
    fn process_substitution(&mut self, unit: &Unit, direction: Direction, id: SubstitutionId) -> Result<Bytes, Stop>;

    /// The entries of a directory without `.` and `..`; `None` when it cannot be read. The path is relative to the
    /// working directory when it has no leading slash; `.` is the working directory.
    fn read_dir(&mut self, path: &[u8]) -> Option<Vec<DirEntry>>;
    /// The attributes of a file.
    fn stat(&mut self, path: &[u8], follow: bool) -> Option<Stat>;
    /// Whether the user may access a file so.
    fn access(&mut self, path: &[u8], mode: AccessMode) -> bool;
    /// Whether an open file description is a terminal.
    fn is_terminal(&mut self, fd: i32) -> bool;
    /// The home directory of a user.
    fn home_of(&mut self, user: &[u8]) -> Option<Bytes>;
    /// Effective user and group.
    fn identity(&self) -> (u32, u32);

    /// `-o name`: whether a shell option is on; `None` when there is no such option.
    fn shell_option(&self, name: &[u8]) -> Option<bool>;
    /// Takes a message for standard error (`bash: line N: ` goes before it) that does not end the expansion, such as
    /// `warning: r: circular name reference`. The caller keeps it until the word is complete, and drops it when the
    /// word is expanded again.
    fn complain(&mut self, message: &[u8]);
    /// Expands a prompt string: `${x@P}`. bash manual "Controlling the Prompt".
    ///
    /// # Errors
    /// As for a word.
    fn expand_prompt(&mut self, text: &[u8]) -> Result<Bytes, Stop>;
    /// Expands a text as if between double quotes: the subscript in the value of a variable that is used in an expression.
    ///
    /// # Errors
    /// As for a word.
    fn expand_string(&mut self, text: &[u8]) -> Result<Bytes, Stop>;
    /// Where `set -x` wants the tests of `[[ … ]]` shown as they are evaluated, a line each; `None` when it does not.
    fn traced_tests(&mut self) -> Option<&mut Vec<Vec<u8>>> {
        None
    }
    /// Charges memory that an expansion is about to take.
    ///
    /// # Errors
    /// When the machine's limit does not allow it.
    fn charge(&mut self, bytes: usize) -> Result<(), Stop>;
    /// An arithmetic expression's parsed form from the shell's cache, by its text.
    fn cached_arith(&mut self, text: &[u8]) -> Option<Arc<shell_parser::arith::ArithUnit>>;
    /// Keeps a parsed arithmetic expression.
    fn cache_arith(&mut self, text: &[u8], unit: Arc<shell_parser::arith::ArithUnit>);
    /// Compiled patterns, kept from one command to the next.
    fn patterns(&mut self) -> &mut PatternCache;
    /// Compiled regular expressions of `=~`, kept from one command to the next.
    fn regexes(&mut self) -> &mut RegexCache;
}
