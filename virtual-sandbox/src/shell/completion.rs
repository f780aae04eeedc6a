//! Completion specifications: what `complete` keeps for a command.  [bash manual "Programmable Completion"]

use bytes::Bytes;

/// What offers words, in the order in which they are generated and printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of complete -A")]
pub enum Action {
    Alias,
    Builtin,
    Command,
    Directory,
    Export,
    File,
    Group,
    Job,
    Keyword,
    Service,
    User,
    Variable,
    ArrayVariable,
    Binding,
    Disabled,
    Enabled,
    Function,
    HelpTopic,
    HostName,
    Running,
    SetOption,
    ShellOption,
    Signal,
    Stopped,
}

/// Every action with its name and, where it has one, its letter.
const ACTIONS: [(Action, &str, Option<u8>); 24] = [
    (Action::Alias, "alias", Some(b'a')),
    (Action::Builtin, "builtin", Some(b'b')),
    (Action::Command, "command", Some(b'c')),
    (Action::Directory, "directory", Some(b'd')),
    (Action::Export, "export", Some(b'e')),
    (Action::File, "file", Some(b'f')),
    (Action::Group, "group", Some(b'g')),
    (Action::Job, "job", Some(b'j')),
    (Action::Keyword, "keyword", Some(b'k')),
    (Action::Service, "service", Some(b's')),
    (Action::User, "user", Some(b'u')),
    (Action::Variable, "variable", Some(b'v')),
    (Action::ArrayVariable, "arrayvar", None),
    (Action::Binding, "binding", None),
    (Action::Disabled, "disabled", None),
    (Action::Enabled, "enabled", None),
    (Action::Function, "function", None),
    (Action::HelpTopic, "helptopic", None),
    (Action::HostName, "hostname", None),
    (Action::Running, "running", None),
    (Action::SetOption, "setopt", None),
    (Action::ShellOption, "shopt", None),
    (Action::Signal, "signal", None),
    (Action::Stopped, "stopped", None),
];

impl Action {
    /// The action of `-A name`.
    pub fn named(name: &[u8]) -> Option<Action> {
        ACTIONS.iter().find(|(_, known, _)| known.as_bytes() == name).map(|(action, ..)| *action)
    }

    /// The action of `-letter`.
    pub fn lettered(letter: u8) -> Option<Action> {
        ACTIONS.iter().find(|(_, _, known)| *known == Some(letter)).map(|(action, ..)| *action)
    }

    /// The option that asks for it.
    pub fn option(self) -> Vec<u8> {
        match ACTIONS.iter().find(|(action, ..)| *action == self) {
            Some((_, _, Some(letter))) => vec![b'-', *letter],
            Some((_, name, None)) => [b"-A ", name.as_bytes()].concat(),
            None => Vec::new(),
        }
    }
}

/// What `complete` has been told about a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// `-o`, sorted.
    pub options: Vec<Bytes>,
    /// `-A` and the letters, in order.
    pub actions: Vec<Action>,
    /// `-G`
    pub glob: Option<Bytes>,
    /// `-W`
    pub words: Option<Bytes>,
    /// `-P`
    pub prefix: Option<Bytes>,
    /// `-S`
    pub suffix: Option<Bytes>,
    /// `-X`
    pub filter: Option<Bytes>,
    /// `-F`
    pub function: Option<Bytes>,
    /// `-C`
    pub command: Option<Bytes>,
}

impl Completion {
    /// Bytes of its texts.
    pub fn size(&self) -> usize {
        let given = [&self.glob, &self.words, &self.prefix, &self.suffix, &self.filter, &self.function, &self.command];
        given.into_iter().flatten().chain(&self.options).map(Bytes::len).sum()
    }
}
