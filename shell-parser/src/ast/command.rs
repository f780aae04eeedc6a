//! Commands: simple, compound, pipelines, lists, functions.

use bytes::Bytes;

use super::{
    AndOrItemId, ArithText, AssignmentId, CaseClauseId, CommandId, CondId, ElementId, IdRange, IfClauseId, ListItemId,
    RedirectionId, Subscript, WordId,
};
use crate::span::Span;

/// A command with its redirections and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What it is.
    pub kind: CommandKind,
    /// Its redirections in source order. Empty for pipelines, AND-OR lists, lists and function definitions. The
    /// `2>&1` that `|&` implies stands last (bash prints it that way too).
    pub redirections: IdRange<RedirectionId>,
    /// Where it stands.
    pub span: Span,
    /// The line that bash reports for it (`$LINENO`, error messages), from 1.
    pub line: u32,
}

/// The kinds of commands. POSIX 2.9 Shell Commands; bash manual "Shell Commands".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandKind {
    /// `a=1 word ...`
    Simple(SimpleCommand),
    /// `! time a | b`
    Pipeline(Pipeline),
    /// `a && b || c`
    AndOr(AndOr),
    /// `a; b & c`: at least two items, or one in the background.
    List(IdRange<ListItemId>),
    /// `{ list; }`
    BraceGroup(CommandId),
    /// `( list )`
    Subshell(CommandId),
    /// `if ...; then ...; elif ...; fi`
    If(If),
    /// `while test; do body; done`
    While(Loop),
    /// `until test; do body; done`
    Until(Loop),
    /// `for name in words; do body; done`
    For(For),
    /// `for ((init; test; step)); do body; done`
    ArithFor(ArithFor),
    /// `case word in pattern) list;; esac`
    Case(Case),
    /// `select name in words; do body; done`
    Select(For),
    /// `(( expression ))`
    Arith(ArithText),
    /// `[[ expression ]]`
    Cond(CondId),
    /// `name() body` or `function name body`
    Function(Function),
    /// `coproc name body`
    Coproc(Coproc),
}

/// A simple command. POSIX 2.9.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimpleCommand {
    /// The assignments before the command name.
    pub assignments: IdRange<AssignmentId>,
    /// The command name and its arguments; empty when there are only assignments or redirections.
    pub words: IdRange<WordId>,
}

/// A pipeline. POSIX 2.9.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pipeline {
    /// An odd number of `!`.
    pub negate: bool,
    /// The reserved word `time`.
    pub time: Option<Time>,
    /// The commands between the `|`. May be empty (`time` or `!` alone).
    pub stages: IdRange<CommandId>,
}

/// The form of the reserved word `time`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// `time`: the format of `TIMEFORMAT`.
    Default,
    /// `time -p`: the POSIX format.
    Posix,
}

/// An AND-OR list. POSIX 2.9.3. Left associative, both operators with the same precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AndOr {
    /// The first pipeline.
    pub first: CommandId,
    /// The others, each with the operator before it; never empty.
    pub rest: IdRange<AndOrItemId>,
}

/// `&& command` or `|| command`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AndOrItem {
    /// The operator before the command.
    pub operator: AndOrOperator,
    /// The command.
    pub command: CommandId,
}

/// The operator of an AND-OR list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AndOrOperator {
    /// `&&`
    And,
    /// `||`
    Or,
}

/// One item of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListItem {
    /// The command: an AND-OR list, a pipeline or a single command.
    pub command: CommandId,
    /// Whether `&` ends it.
    pub background: bool,
}

/// `if`. POSIX 2.9.4.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct If {
    /// The `if` clause, then each `elif` clause; never empty.
    pub clauses: IdRange<IfClauseId>,
    /// The `else` part.
    pub otherwise: Option<CommandId>,
}

/// `if test; then body` or `elif test; then body`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfClause {
    /// The list after `if`.
    pub test: CommandId,
    /// The list after `then`.
    pub body: CommandId,
}

/// `while` and `until`. POSIX 2.9.4.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loop {
    /// The list after `while` or `until`.
    pub test: CommandId,
    /// The list after `do`.
    pub body: CommandId,
}

/// `for` and `select`. POSIX 2.9.4.2; bash manual "Looping Constructs".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct For {
    /// The variable's name as written. bash refuses a bad name only when it runs the loop.
    pub name: Bytes,
    /// The words after `in`; `None` without `in`, which means `"$@"`.
    pub words: Option<IdRange<WordId>>,
    /// The list after `do` (or between braces).
    pub body: CommandId,
    /// Where the words stand, from the name to the last of them (for `set -x`).
    pub line: u32,
}

/// `for (( ; ; ))`. bash manual "Looping Constructs". An expression that is absent counts as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArithFor {
    /// Evaluated once.
    pub init: Option<ArithText>,
    /// Evaluated before each turn.
    pub test: Option<ArithText>,
    /// Evaluated after each turn.
    pub step: Option<ArithText>,
    /// The list after `do` (or between braces).
    pub body: CommandId,
}

/// `case`. POSIX 2.9.4.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// The word to match.
    pub word: WordId,
    /// The clauses.
    pub clauses: IdRange<CaseClauseId>,
}

/// `pattern | pattern) list ;;`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseClause {
    /// The patterns.
    pub patterns: IdRange<WordId>,
    /// The list, if not empty.
    pub body: Option<CommandId>,
    /// What ends the clause.
    pub terminator: CaseTerminator,
}

/// What happens after the list of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseTerminator {
    /// `;;`, or nothing before `esac`: the `case` is done.
    Break,
    /// `;&`: go on with the next list.
    FallThrough,
    /// `;;&`: go on with the next patterns.
    Continue,
}

/// A function definition. POSIX 2.9.5; bash manual "Shell Functions".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// The name as written. bash refuses a bad name only when it runs the definition.
    pub name: Bytes,
    /// The body, with the redirections that apply to each call.
    pub body: CommandId,
    /// Whether the word `function` stood before the name.
    pub keyword: bool,
}

/// A coprocess. bash manual "Coprocesses".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coproc {
    /// The name; `None` means `COPROC`.
    pub name: Option<WordId>,
    /// The command.
    pub body: CommandId,
}

/// A variable assignment: before a command name, or an argument of a declaration builtin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: Bytes,
    /// The `[...]` after the name. Never `At` or `Star` in a valid assignment, but kept as written.
    pub subscript: Option<Subscript>,
    /// `+=`.
    pub append: bool,
    /// The right side.
    pub value: AssignmentValue,
    /// Where the whole assignment stands.
    pub span: Span,
}

/// The right side of an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignmentValue {
    /// A word: expanded without field splitting, pathname expansion and brace expansion; `Tilde` parts stand at its
    /// start and after each unquoted `:`.
    Scalar(WordId),
    /// `( ... )`.
    Array(IdRange<ElementId>),
}

/// One element of a compound array assignment. bash manual "Arrays".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayElement {
    /// `[subscript]=`; without it the word is expanded like a command argument (it may give many elements).
    pub subscript: Option<Subscript>,
    /// `[subscript]+=`.
    pub append: bool,
    /// The value.
    pub value: WordId,
    /// Where the whole element stands.
    pub span: Span,
}
