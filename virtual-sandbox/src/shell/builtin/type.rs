//! `type`, and what `command -v` says.

use crate::kernel::ExitStatus;
use crate::shell::builtin;
use crate::shell::exec::{Context, Ran, ShellTask};
use crate::shell::expand::quote;
use crate::vfs::{FileKind, Follow};
use bytes::Bytes;

/// What a name can mean.
enum Meaning {
    Alias(Bytes),
    Keyword,
    Function,
    Builtin { special: bool },
    File { path: Bytes, hashed: bool },
}

/// The reserved words.
pub(super) const KEYWORDS: [&str; 22] = [
    "if", "then", "else", "elif", "fi", "case", "esac", "for", "select", "while", "until", "do", "done", "in",
    "function", "time", "{", "}", "!", "[[", "]]", "coproc",
];

pub(crate) fn type_(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    // The long options of old: -type, -path, -all, with one hyphen or two.
    let mut fields = fields.to_vec();
    for field in fields.iter_mut().skip(1).take_while(|field| field.starts_with(b"-") && field.as_ref() != b"--") {
        let letter: &'static [u8] = match field.strip_prefix(b"--").unwrap_or(field.get(1..).unwrap_or_default()) {
            b"type" => b"-t",
            b"path" => b"-p",
            b"all" => b"-a",
            _ => continue,
        };
        *field = Bytes::from_static(letter);
    }
    let fields = fields.as_slice();
    let letters = match shell.letters(fields, b"afptP", "type [-afptP] name [name ...]") {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let operands = fields.get(letters.operands..).unwrap_or_default();
    let (all, no_functions) = (letters.has(b'a'), letters.has(b'f'));
    let force_path = letters.has(b'P');
    // Of -t, -p and -P the last says what is printed.
    let last = letters.given.iter().map(|(letter, _)| *letter).rfind(|letter| b"tpP".contains(letter));
    let (word, path_only) = (last == Some(b't'), matches!(last, Some(b'p' | b'P')));
    let mut status = ExitStatus::SUCCESS;
    for name in operands {
        let mut meanings = shell.meanings(context, name, all, force_path);
        if no_functions {
            meanings.retain(|meaning| !matches!(meaning, Meaning::Function));
        }
        if meanings.is_empty() {
            status = ExitStatus::FAILURE;
            if !word && !path_only {
                shell.builtin_error(b"type", &[&name[..], b": not found"].concat());
            }
            continue;
        }
        let shown = if all { meanings.len() } else { 1 };
        for meaning in meanings.into_iter().take(shown) {
            if word {
                let line = [kind(&meaning), b"\n"].concat();
                shell.out(&line);
            } else if path_only {
                if let Meaning::File { path, .. } = meaning {
                    let line = [&path[..], b"\n"].concat();
                    shell.out(&line);
                }
            } else {
                shell.describe(name, &meaning);
            }
        }
    }
    Ok(status)
}

fn kind(meaning: &Meaning) -> &'static [u8] {
    match meaning {
        Meaning::Alias(_) => b"alias",
        Meaning::Keyword => b"keyword",
        Meaning::Function => b"function",
        Meaning::Builtin { .. } => b"builtin",
        Meaning::File { .. } => b"file",
    }
}

impl ShellTask {
    fn meanings(&mut self, context: &mut Context<'_>, name: &Bytes, all: bool, files_only: bool) -> Vec<Meaning> {
        let mut meanings = Vec::new();
        if !files_only {
            use crate::shell::options::ShellOption;
            if self.state.is_on(ShellOption::EXPAND_ALIASES)
                && let Some(text) = self.state.aliases.get(name)
            {
                meanings.push(Meaning::Alias(text.clone()));
            }
            if KEYWORDS.iter().any(|keyword| keyword.as_bytes() == name.as_ref()) {
                meanings.push(Meaning::Keyword);
            }
            if self.state.functions.contains_key(name) {
                meanings.push(Meaning::Function);
            }
            if let Some(row) = builtin::find(name).filter(|row| !self.state.disabled.contains(&row.name)) {
                meanings.push(Meaning::Builtin { special: row.special });
            }
        }
        if name.contains(&b'/') {
            let file =
                context.kernel.stat(context.pid, name, Follow::Yes).is_ok_and(|stat| stat.kind == FileKind::Regular)
                    && context.kernel.access(context.pid, name, 1).is_ok();
            if file {
                meanings.push(Meaning::File { path: name.clone(), hashed: false });
            }
            return meanings;
        }
        if let Some((path, _)) = self.state.hashed.get(name).filter(|_| !all) {
            meanings.push(Meaning::File { path: path.clone(), hashed: true });
            return meanings;
        }
        let path = self.state.variables.scalar(b"PATH").map(|path| path.to_bytes()).unwrap_or_default();
        for directory in path.split(|byte| *byte == b':') {
            if let Ok(path) = crate::machine::image::search(context.kernel, context.pid, directory, name) {
                meanings.push(Meaning::File { path, hashed: false });
                if !all {
                    break;
                }
            }
        }
        meanings
    }

    fn describe(&mut self, name: &Bytes, meaning: &Meaning) {
        let mut line = name.to_vec();
        match meaning {
            Meaning::Alias(text) => {
                line.extend_from_slice(b" is aliased to `");
                line.extend_from_slice(text);
                line.push(b'\'');
            }
            Meaning::Keyword => line.extend_from_slice(b" is a shell keyword"),
            Meaning::Function => line.extend_from_slice(b" is a function"),
            Meaning::Builtin { special } => {
                let posix = self.state.is_on(crate::shell::options::ShellOption::POSIX);
                let text: &[u8] =
                    if *special && posix { b" is a special shell builtin" } else { b" is a shell builtin" };
                line.extend_from_slice(text);
            }
            Meaning::File { path, hashed: true } => {
                line.extend_from_slice(b" is hashed (");
                line.extend_from_slice(path);
                line.push(b')');
            }
            Meaning::File { path, hashed: false } => {
                line.extend_from_slice(b" is ");
                line.extend_from_slice(path);
            }
        }
        line.push(b'\n');
        self.out(&line);
        if matches!(meaning, Meaning::Function)
            && let Some(function) = self.state.functions.get(name).cloned()
        {
            self.print_function(&function);
        }
    }

    /// `command -v` and `command -V`.
    pub(crate) fn describe_commands(&mut self, context: &mut Context<'_>, names: &[Bytes], verbose: bool) -> Ran {
        let mut found = false;
        for name in names {
            let meanings = self.meanings(context, name, false, false);
            let Some(meaning) = meanings.into_iter().next() else {
                if verbose {
                    self.builtin_error(b"command", &[&name[..], b": not found"].concat());
                }
                continue;
            };
            found = true;
            if verbose {
                self.describe(name, &meaning);
                continue;
            }
            let mut line = Vec::new();
            match &meaning {
                Meaning::Alias(text) => {
                    line.extend_from_slice(b"alias ");
                    line.extend_from_slice(name);
                    line.push(b'=');
                    quote::single_quoted(text, &mut line);
                }
                Meaning::File { path, .. } => line.extend_from_slice(path),
                _ => line.extend_from_slice(name),
            }
            line.push(b'\n');
            self.out(&line);
        }
        Ok(ExitStatus::from(found))
    }
}
