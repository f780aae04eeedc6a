//! `complete`, `compopt`, `compgen`.  [bash manual "Programmable Completion Builtins"]

use super::{BUILTINS, Letters};
use crate::kernel::{ExitStatus, Signal};
use crate::shell::completion::{Action, Completion};
use crate::shell::exec::{Context, Flow, Frame, Ran, ShellTask, SourceKind};
use crate::shell::expand::{self, quote};
use crate::shell::options::{OptionKind, ShellOption};
use crate::shell::pattern::{Pattern, PatternOptions};
use crate::shell::variable::{Attributes, Value};
use crate::vfs::{FileKind, Follow};
use bytes::Bytes;
use shell_parser::ast::CommandKind;
use std::sync::Arc;

const COMPLETE_USAGE: &str = "complete [-abcdefgjksuv] [-pr] [-DEI] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [name ...]";
const COMPGEN_USAGE: &str = "compgen [-abcdefgjksuv] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [word]";
const OPTIONS: [&[u8]; 8] =
    [b"bashdefault", b"default", b"dirnames", b"filenames", b"noquote", b"nosort", b"nospace", b"plusdirs"];

/// Takes the options that `complete` and `compgen` share; the error has been said.
fn specification(shell: &mut ShellTask, name: &[u8], letters: &Letters) -> Result<Completion, ExitStatus> {
    let mut completion = Completion::default();
    for (letter, value) in &letters.given {
        let value = value.clone().unwrap_or_default();
        match letter {
            b'o' if !OPTIONS.contains(&&value[..]) => {
                shell.builtin_error(name, &[&value[..], b": invalid option name"].concat());
                return Err(ExitStatus::USAGE);
            }
            b'o' => completion.options.push(value),
            b'A' => match Action::named(&value) {
                Some(action) => completion.actions.push(action),
                None => {
                    shell.builtin_error(name, &[&value[..], b": invalid action name"].concat());
                    return Err(ExitStatus::USAGE);
                }
            },
            b'G' => completion.glob = Some(value),
            b'W' => completion.words = Some(value),
            b'F' => completion.function = Some(value),
            b'C' => completion.command = Some(value),
            b'X' => completion.filter = Some(value),
            b'P' => completion.prefix = Some(value),
            b'S' => completion.suffix = Some(value),
            letter => completion.actions.extend(Action::lettered(*letter)),
        }
    }
    completion.options.sort_unstable();
    completion.options.dedup();
    completion.actions.sort_unstable();
    completion.actions.dedup();
    Ok(completion)
}

pub(crate) fn complete(shell: &mut ShellTask, _: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"abcdefgjksuvo:prA:G:W:P:S:X:F:C:DEI", COMPLETE_USAGE) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let completion = match specification(shell, b"complete", &letters) {
        Ok(completion) => completion,
        Err(status) => return Ok(status),
    };
    let mut names: Vec<Bytes> = fields.get(letters.operands..).unwrap_or_default().to_vec();
    for (letter, name) in [(b'D', "-D"), (b'E', "-E"), (b'I', "-I")] {
        if letters.has(letter) {
            names = vec![Bytes::from_static(name.as_bytes())];
        }
    }
    if letters.has(b'r') {
        return Ok(remove(shell, &names));
    }
    if letters.has(b'p') || (names.is_empty() && completion == Completion::default()) {
        return Ok(print(shell, &names));
    }
    if names.is_empty() {
        shell.usage_line(b"complete", COMPLETE_USAGE);
        return Ok(ExitStatus::USAGE);
    }
    for name in names {
        shell.state.note_definition(name.len() + completion.size());
        Arc::make_mut(&mut shell.state.completions).insert(name, completion.clone());
    }
    Ok(ExitStatus::SUCCESS)
}

fn remove(shell: &mut ShellTask, names: &[Bytes]) -> ExitStatus {
    if names.is_empty() {
        shell.state.completions = Arc::default();
        return ExitStatus::SUCCESS;
    }
    let mut status = ExitStatus::SUCCESS;
    for name in names {
        if Arc::make_mut(&mut shell.state.completions).remove(name).is_none() {
            shell.builtin_error(b"complete", &[&name[..], b": no completion specification"].concat());
            status = ExitStatus::FAILURE;
        }
    }
    status
}

fn print(shell: &mut ShellTask, names: &[Bytes]) -> ExitStatus {
    let all = shell.state.completions.clone();
    let mut status = ExitStatus::SUCCESS;
    if names.is_empty() {
        for (name, completion) in all.iter() {
            shell.out(&line(name, completion));
        }
    }
    for name in names {
        match all.get(name) {
            Some(completion) => shell.out(&line(name, completion)),
            None => {
                shell.builtin_error(b"complete", &[&name[..], b": no completion specification"].concat());
                status = ExitStatus::FAILURE;
            }
        }
    }
    status
}

/// The `complete` command that makes a completion again.
fn line(name: &[u8], completion: &Completion) -> Vec<u8> {
    let mut line = b"complete".to_vec();
    for option in &completion.options {
        line.extend_from_slice(b" -o ");
        line.extend_from_slice(option);
    }
    for action in &completion.actions {
        line.push(b' ');
        line.extend_from_slice(&action.option());
    }
    let quoted = [
        (b'G', &completion.glob),
        (b'W', &completion.words),
        (b'P', &completion.prefix),
        (b'S', &completion.suffix),
        (b'X', &completion.filter),
        (b'C', &completion.command),
    ];
    for (letter, value) in quoted {
        if let Some(value) = value {
            line.extend_from_slice(&[b' ', b'-', letter, b' ']);
            quote::single_quoted(value, &mut line);
        }
    }
    if let Some(function) = &completion.function {
        line.extend_from_slice(b" -F ");
        quote::as_argument(function, &mut line);
    }
    line.push(b' ');
    line.extend_from_slice(name);
    line.push(b'\n');
    line
}

pub(crate) fn compopt(shell: &mut ShellTask, _: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let mut changes = Vec::new();
    let mut rest = fields.iter().skip(1);
    let mut names = Vec::new();
    while let Some(field) = rest.next() {
        match &field[..] {
            b"-o" | b"+o" => {
                let option = rest.next().cloned().unwrap_or_default();
                if !OPTIONS.contains(&&option[..]) {
                    shell.builtin_error(b"compopt", &[&option[..], b": invalid option name"].concat());
                    return Ok(ExitStatus::USAGE);
                }
                changes.push((field.starts_with(b"-"), option));
            }
            b"-D" | b"-E" | b"-I" => names.push(field.clone()),
            b"--" => names.extend(rest.by_ref().cloned()),
            [b'-', letter, ..] => {
                return shell.invalid_option(b"compopt", *letter, "compopt [-o|+o option] [-DEI] [name ...]");
            }
            _ => names.push(field.clone()),
        }
    }
    if names.is_empty() {
        shell.builtin_error(b"compopt", b"not currently executing completion function");
        return Ok(ExitStatus::FAILURE);
    }
    let mut status = ExitStatus::SUCCESS;
    for name in names {
        let Some(completion) = Arc::make_mut(&mut shell.state.completions).get_mut(&name) else {
            shell.builtin_error(b"compopt", &[&name[..], b": no completion specification"].concat());
            status = ExitStatus::FAILURE;
            continue;
        };
        if changes.is_empty() {
            let mut line = b"compopt".to_vec();
            for option in OPTIONS {
                let on = completion.options.iter().any(|given| given[..] == *option);
                line.extend_from_slice(if on { b" -o " } else { b" +o " });
                line.extend_from_slice(option);
            }
            line.extend_from_slice(&[b" ", &name[..], b"\n"].concat());
            shell.out(&line);
            continue;
        }
        for (on, option) in &changes {
            completion.options.retain(|other| other != option);
            if *on {
                completion.options.push(option.clone());
            }
        }
        completion.options.sort_unstable();
    }
    Ok(status)
}

pub(crate) fn compgen(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    if fields.len() == 1 {
        return Ok(ExitStatus::SUCCESS);
    }
    let letters = match shell.letters(fields, b"abcdefgjksuvo:A:G:W:P:S:X:F:C:", COMPGEN_USAGE) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let completion = match specification(shell, b"compgen", &letters) {
        Ok(completion) => completion,
        Err(status) => return Ok(status),
    };
    for (letter, given) in [("F", &completion.function), ("C", &completion.command)] {
        if given.is_some() {
            let text = format!("compgen: warning: -{letter} option may not work as you expect");
            shell.error(text.as_bytes());
        }
    }
    let word = fields.get(letters.operands).cloned().unwrap_or_default();
    let mut found = Vec::new();
    for action in &completion.actions {
        found.extend(shell.candidates(context, *action, &word));
    }
    if let Some(pattern) = &completion.glob {
        // A pattern that matches nothing offers nothing.
        let files = shell.expanded_list(context, pattern);
        found.extend(files.into_iter().filter(|file| file != pattern));
    }
    if let Some(words) = &completion.words {
        let words = shell.word_list(context, words);
        found.extend(words.into_iter().filter(|candidate| candidate.starts_with(&word)));
    }
    if completion.function.is_some() || completion.command.is_some() {
        return shell.generate(context, completion, found, word);
    }
    offer(shell, &completion, found)
}

/// Prints what is left after the filter, between prefix and suffix.
fn offer(shell: &mut ShellTask, completion: &Completion, mut found: Vec<Bytes>) -> Ran {
    if let Some(filter) = &completion.filter {
        let (pattern, keeps) = match filter.strip_prefix(b"!") {
            Some(pattern) => (pattern, true),
            None => (&filter[..], false),
        };
        let pattern = Pattern::new(pattern, PatternOptions { extglob: true, nocase: false, period: false });
        found.retain(|candidate| pattern.matches(candidate) == keeps);
    }
    let prefix = completion.prefix.clone().unwrap_or_default();
    let suffix = completion.suffix.clone().unwrap_or_default();
    for candidate in &found {
        let line = [&prefix[..], candidate, &suffix, b"\n"].concat();
        shell.out(&line);
    }
    Ok(ExitStatus::from(!found.is_empty()))
}

/// `compgen -F` or `-C` while its function or command runs.
#[derive(Clone)]
pub(crate) struct CompgenFrame {
    completion: Completion,
    found: Vec<Bytes>,
}

impl ShellTask {
    /// Runs the function or command that generates candidates; they come in `COMPREPLY`.
    fn generate(&mut self, context: &mut Context<'_>, completion: Completion, found: Vec<Bytes>, word: Bytes) -> Ran {
        self.flush(context, ExitStatus::SUCCESS)?;
        let caller = Bytes::from_static(b"compgen");
        if let Some(name) = completion.function.clone() {
            let Some(function) = self.state.functions.get(&name).cloned() else {
                self.error(&[b"completion: function `", &name[..], b"' not found"].concat());
                return Ok(ExitStatus::FAILURE);
            };
            self.push(Frame::Compgen(Box::new(CompgenFrame { completion, found })));
            return Err(self.call_function(context, &function, vec![name, caller, word, Bytes::new()]));
        }
        let mut text = b"mapfile -t COMPREPLY < <(".to_vec();
        text.extend_from_slice(completion.command.as_deref().unwrap_or_default());
        for argument in [&caller[..], &word, b""] {
            text.push(b' ');
            quote::single_quoted(argument, &mut text);
        }
        text.push(b')');
        self.push(Frame::Compgen(Box::new(CompgenFrame { completion, found })));
        Err(self.run_text(SourceKind::Eval, Bytes::from(text)))
    }

    /// Takes the candidates from `COMPREPLY`.
    pub(crate) fn resume_compgen(&mut self, context: &mut Context<'_>, frame: CompgenFrame) -> Flow {
        let CompgenFrame { completion, mut found } = frame;
        match self.state.variables.value(b"COMPREPLY") {
            Some(Value::Array(array)) => found.extend(array.iter().map(|(_, value)| value.to_bytes())),
            Some(Value::Scalar(value)) => found.push(value.to_bytes()),
            _ => {}
        }
        let _ = self.state.variables.unset(b"COMPREPLY");
        let ran = offer(self, &completion, found).and_then(|status| self.flush(context, status));
        self.ran(ran)
    }

    /// What an action offers for a word.
    fn candidates(&mut self, context: &mut Context<'_>, action: Action, word: &Bytes) -> Vec<Bytes> {
        let mut all = match action {
            Action::File => return files(context, word, false),
            Action::Directory => return files(context, word, true),
            Action::Command => return self.command_candidates(context, word),
            Action::Alias => self.state.aliases.keys().cloned().collect(),
            Action::Builtin | Action::Enabled | Action::Disabled => self.builtin_names(action),
            Action::HelpTopic => BUILTINS.iter().map(|row| Bytes::from_static(row.name.as_bytes())).collect(),
            Action::Keyword => keywords(),
            Action::Function => self.function_names(),
            Action::Variable => self.variable_names(Attributes::NONE),
            Action::Export => self.variable_names(Attributes::EXPORTED),
            Action::ArrayVariable => {
                let mut arrays = self.variable_names(Attributes::ARRAY);
                arrays.extend(self.variable_names(Attributes::ASSOC));
                arrays.sort_unstable();
                arrays.retain(|name| name.as_ref() != b"FUNCNAME" || self.state.variables.in_function());
                arrays
            }
            Action::SetOption | Action::ShellOption => options(action == Action::ShellOption),
            Action::Signal => signals(),
            Action::User => self.with_view(context, |view| names(view.file(b"/etc/passwd"))),
            Action::Group => self.with_view(context, |view| names(view.file(b"/etc/group"))),
            Action::Job | Action::Running | Action::Stopped => self.job_names(action),
            Action::HostName => self.with_view(context, |view| hosts(view.file(b"/etc/hosts"))),
            Action::Binding | Action::Service => Vec::new(),
        };
        all.retain(|name| name.starts_with(word));
        all
    }

    fn builtin_names(&self, action: Action) -> Vec<Bytes> {
        let disabled = |name: &&'static str| self.state.disabled.contains(name);
        let rows = BUILTINS.iter().map(|row| row.name);
        let chosen = rows.filter(|name| match action {
            Action::Enabled => !disabled(name),
            Action::Disabled => disabled(name),
            _ => true,
        });
        chosen.map(|name| Bytes::from_static(name.as_bytes())).collect()
    }

    fn function_names(&self) -> Vec<Bytes> {
        let mut names: Vec<Bytes> = self.state.functions.iter().map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        names
    }

    fn variable_names(&self, wanted: Attributes) -> Vec<Bytes> {
        let variables = self.state.variables.sorted().into_iter();
        variables.filter(|(_, variable)| variable.attributes().has(wanted)).map(|(name, _)| name.clone()).collect()
    }

    fn job_names(&self, action: Action) -> Vec<Bytes> {
        let jobs = self.state.jobs.list.iter().filter(|job| match action {
            Action::Stopped => job.stopped().is_some(),
            Action::Running => job.stopped().is_none() && job.ended().is_none(),
            _ => true,
        });
        jobs.map(|job| {
            let end = memchr::memchr(b' ', &job.text).unwrap_or(job.text.len());
            job.text.slice(..end)
        })
        .collect()
    }

    /// Aliases, reserved words, functions, builtins, then the programs along `PATH`.
    fn command_candidates(&mut self, context: &mut Context<'_>, word: &Bytes) -> Vec<Bytes> {
        let mut found: Vec<Bytes> = self.state.aliases.keys().cloned().collect();
        found.extend(keywords());
        found.extend(self.function_names());
        found.extend(self.builtin_names(Action::Builtin));
        found.retain(|name| name.starts_with(word));
        let path = self.state.variables.scalar(b"PATH").map(|path| path.to_bytes()).unwrap_or_default();
        for directory in path.split(|byte| *byte == b':') {
            let Ok(entries) = context.kernel.read_dir(context.pid, directory) else { continue };
            for entry in entries.iter().filter(|entry| entry.name.starts_with(word)) {
                let file = [directory, b"/", &entry.name[..]].concat();
                let runs = context.kernel.access(context.pid, &file, 1).is_ok();
                let regular = context.kernel.stat(context.pid, &file, Follow::Yes);
                if runs && regular.is_ok_and(|stat| stat.kind == FileKind::Regular) {
                    found.push(Bytes::copy_from_slice(&entry.name));
                }
            }
        }
        found
    }

    /// The words of `-W`: split at `IFS`, then each expanded.
    fn word_list(&mut self, context: &mut Context<'_>, text: &Bytes) -> Vec<Bytes> {
        let ifs = self.state.variables.scalar(b"IFS").map_or(Bytes::from_static(b" \t\n"), |ifs| ifs.to_bytes());
        let mut words = Vec::new();
        for piece in split_outside_quotes(text, &ifs) {
            if piece.iter().any(|byte| matches!(byte, b'$' | b'`' | b'\\' | b'"' | b'\'' | b'{' | b'~')) {
                words.extend(self.expanded_list(context, &piece));
            } else {
                words.push(Bytes::from(piece));
            }
        }
        words
    }

    /// The fields that a text gives as an argument of a command; the text itself where it cannot be one.
    fn expanded_list(&mut self, context: &mut Context<'_>, text: &[u8]) -> Vec<Bytes> {
        let source = [b": ", text].concat();
        let unit = shell_parser::parse_all(source, &shell_parser::Options::default()).ok();
        let Some(unit) = unit.and_then(|units| units.into_iter().next()) else {
            return vec![Bytes::copy_from_slice(text)];
        };
        let CommandKind::Simple(simple) = &unit.command(unit.root()).kind else { return Vec::new() };
        let mut fields = Vec::new();
        for word in simple.words.iter().skip(1) {
            let expanded = self.with_view(context, |view| expand::expand_word_into(&unit, word, view, &mut fields));
            if expanded.is_err() {
                return Vec::new();
            }
        }
        fields
    }
}

/// Splits at the bytes of IFS that no quote protects.
fn split_outside_quotes(text: &[u8], ifs: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    let mut quote = None;
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (None, byte) if ifs.contains(&byte) => {
                if !piece.is_empty() {
                    pieces.push(std::mem::take(&mut piece));
                }
                continue;
            }
            (None | Some(b'"'), b'\\') => {
                piece.push(byte);
                piece.extend(bytes.next());
                continue;
            }
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
        piece.push(byte);
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

fn files(context: &mut Context<'_>, word: &[u8], directories: bool) -> Vec<Bytes> {
    let split = memchr::memrchr(b'/', word).map_or(0, |slash| slash + 1);
    let (directory, base) = word.split_at(split);
    let listed: &[u8] = if directory.is_empty() { b"." } else { directory };
    let Ok(entries) = context.kernel.read_dir(context.pid, listed) else { return Vec::new() };
    let mut names: Vec<Bytes> = entries
        .iter()
        .filter(|entry| entry.name.starts_with(base))
        .map(|entry| Bytes::from([directory, &entry.name[..]].concat()))
        .collect();
    if directories {
        names.retain(|name| {
            context.kernel.stat(context.pid, name, Follow::Yes).is_ok_and(|stat| stat.kind == FileKind::Directory)
        });
    }
    names
}

fn keywords() -> Vec<Bytes> {
    super::r#type::KEYWORDS.iter().map(|word| Bytes::from_static(word.as_bytes())).collect()
}

fn options(shopts: bool) -> Vec<Bytes> {
    let rows = ShellOption::all().map(ShellOption::row);
    let chosen = rows.filter(|row| (row.kind == OptionKind::Shopt) == shopts);
    chosen.map(|row| Bytes::from_static(row.name.as_bytes())).collect()
}

fn signals() -> Vec<Bytes> {
    let named = (1..=64).filter_map(Signal::from_number).map(|signal| format!("SIG{}", signal.name()));
    let named = named.filter(|name| name != "SIG32" && name != "SIG33").map(Bytes::from);
    let last = ["DEBUG", "ERR", "RETURN"].map(|name| Bytes::from_static(name.as_bytes()));
    std::iter::once(Bytes::from_static(b"EXIT")).chain(named).chain(last).collect()
}

/// The first fields of a file like `/etc/passwd`.
fn names(text: Option<Vec<u8>>) -> Vec<Bytes> {
    let text = text.unwrap_or_default();
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.filter_map(|line| line.split(|byte| *byte == b':').next()).map(Bytes::copy_from_slice).collect()
}

fn hosts(text: Option<Vec<u8>>) -> Vec<Bytes> {
    let text = text.unwrap_or_default();
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"#"));
    let words =
        lines.flat_map(|line| line.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty()).skip(1));
    words.map(Bytes::copy_from_slice).collect()
}
