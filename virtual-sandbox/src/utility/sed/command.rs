//! The compiled script.

use super::address::Addresses;
use super::replacement::Replacement;
use crate::utility::prelude::Bytes;

/// A regular expression of the script by its place in [`Script::regexes`]; `None`: the one used last.
pub(super) type RegexId = Option<usize>;

/// A compiled script.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// The commands; blocks and labels are resolved to places.
    pub commands: Vec<Command>,
    /// The regular expressions of addresses and `s` commands.
    pub regexes: Vec<crate::text::regex::Regex>,
    /// The files written to, in the order named.
    pub outputs: Vec<Bytes>,
    /// The script begins with `#n`.
    pub quiet: bool,
}

/// One command and the lines it applies to.
#[derive(Debug)]
pub(super) struct Command {
    pub addresses: Addresses,
    /// `!`: it applies to all other lines.
    pub negated: bool,
    pub action: Action,
}

/// What a command does.
#[derive(Debug)]
pub(super) enum Action {
    /// `{`: goes on behind the `}`, at this place, when the addresses do not match.
    Block(usize),
    /// `}` and labels.
    Nothing,
    /// `=`
    LineNumber,
    /// `a text`
    Append(Bytes),
    /// `i text`
    Insert(Bytes),
    /// `c text`
    Change(Bytes),
    /// `b`
    Branch(usize),
    /// `t`
    BranchIfSubstituted(usize),
    /// `T`
    BranchUnlessSubstituted(usize),
    /// `d`
    Delete,
    /// `D`
    DeleteFirstLine,
    /// `e`; without a command the pattern space is the command
    Execute(Bytes),
    /// `F`
    FileName,
    /// `g`
    Get,
    /// `G`
    GetAppend,
    /// `h`
    Hold,
    /// `H`
    HoldAppend,
    /// `l`, and the length of its lines if given
    List(Option<usize>),
    /// `n`
    Next,
    /// `N`
    NextAppend,
    /// `p`
    Print,
    /// `P`
    PrintFirstLine,
    /// `q`
    Quit(u8),
    /// `Q`
    QuitSilently(u8),
    /// `r`
    ReadFile(Bytes),
    /// `R`
    ReadLine(Bytes),
    /// `s`
    Substitute(Box<Substitution>),
    /// `w`: an output by its place in [`Script::outputs`]
    WriteFile(usize),
    /// `W`
    WriteFirstLine(usize),
    /// `x`
    Exchange,
    /// `y`
    Transliterate(Box<Transliteration>),
    /// `z`
    Zap,
}

/// The `s` command.
#[derive(Debug)]
pub(super) struct Substitution {
    pub regex: RegexId,
    pub replacement: Replacement,
    /// The first match that is replaced, from 1.
    pub number: u64,
    /// All matches from there on are replaced.
    pub global: bool,
    /// Print if a replacement was made.
    pub print: bool,
    /// Execute the pattern space if a replacement was made.
    pub evaluate: bool,
    /// Write to this output if a replacement was made.
    pub write: Option<usize>,
}

/// The `y` command.
#[derive(Debug)]
pub(super) enum Transliteration {
    /// Between single bytes.
    Bytes(Box<[u8; 256]>),
    /// Between characters, sorted by the first.
    Characters(Vec<(Vec<u8>, Vec<u8>)>),
}
