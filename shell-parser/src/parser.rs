//! The entry point: one complete command at a time.

/// Looks up alias definitions while a command is read.
pub trait AliasLookup {
    /// The replacement text of the alias `name`.
    fn alias(&self, name: &[u8]) -> Option<&[u8]>;
}

/// What the shell's options say about reading commands. They may differ from one complete command to the next.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// `shopt -s extglob`: `@(a|b)` is a pattern in any word. Default off; always on inside `[[ ]]` after `==`.
    pub extglob: bool,
    /// `set -o posix`. Default off.
    pub posix: bool,
    /// `set -B`: brace expansion. Default on.
    pub brace_expand: bool,
    /// The alias table when `expand_aliases` is on.
    pub aliases: Option<&'a dyn AliasLookup>,
    /// `shopt -s interactive_comments`: `#` begins a comment. Default on.
    pub comments: bool,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { extglob: false, posix: false, brace_expand: true, aliases: None, comments: true }
    }
}
