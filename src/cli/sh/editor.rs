//! The prompt: line editing, history and completion over a session.

use std::cell::RefCell;
use std::rc::Rc;

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, Helper};

use super::completion::{Kind, quote_like, split_path, unquote, word_at};

/// A shell that keeps its state from one input to the next.
pub trait Session {
    /// What to show before an input, or before its further lines (`PS1`, `PS2`).
    fn prompt(&mut self, continued: bool) -> String;

    /// Whether the text is the beginning of a command that is not complete.
    fn wants_more(&mut self, text: &str) -> bool;

    /// Puts an input on the shell's history list.
    fn remember(&mut self, text: &str);

    /// Runs an input; gives the status when that ended the shell.
    fn run(&mut self, text: &str) -> Option<i32>;

    /// Ends the shell as end of file does, and gives its status.
    fn end(&mut self) -> i32;

    /// The names of commands that begin with `start`.
    fn commands(&mut self, start: &str) -> Vec<String>;

    /// The names of variables that begin with `start`.
    fn variables(&mut self, start: &str) -> Vec<String>;

    /// The entries of a directory, as typed and unquoted (`""` is the working directory), and whether each is a
    /// directory.
    fn entries(&mut self, directory: &str) -> Vec<(String, bool)>;
}

/// Prompts until the session ends; gives its status.
pub fn prompt(session: impl Session) -> rustyline::Result<i32> {
    let session = Rc::new(RefCell::new(session));
    let config = Config::builder().auto_add_history(false).bracketed_paste(true).build();
    let mut editor: Editor<Assistant<_>, FileHistory> = Editor::with_config(config)?;
    editor.set_helper(Some(Assistant { session: Rc::clone(&session) }));
    let mut text = String::new();
    loop {
        let prompt = session.borrow_mut().prompt(!text.is_empty());
        match editor.readline(&prompt) {
            Ok(line) => {
                text.push_str(&line);
                text.push('\n');
                if session.borrow_mut().wants_more(&text) {
                    continue;
                }
                let input = std::mem::take(&mut text);
                if !input.trim().is_empty() {
                    editor.add_history_entry(input.trim_end())?;
                    session.borrow_mut().remember(input.trim_end());
                }
                if let Some(status) = session.borrow_mut().run(&input) {
                    return Ok(status);
                }
            }
            // Ctrl-C gives up the input, not the shell.
            Err(ReadlineError::Interrupted) => text.clear(),
            Err(ReadlineError::Eof) => {
                return Ok(session.borrow_mut().end());
            }
            Err(error) => return Err(error),
        }
    }
}

/// Answers the editor's questions from the session.
struct Assistant<S> {
    session: Rc<RefCell<S>>,
}

impl<S: Session> Completer for Assistant<S> {
    type Candidate = Pair;

    fn complete(&self, line: &str, cursor: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let word = word_at(line, cursor);
        let mut session = self.session.borrow_mut();
        let candidates = match word.kind {
            Kind::Variable => named(session.variables(word.typed), ""),
            Kind::Command => named(session.commands(&unquote(word.typed)), " "),
            Kind::Path => paths(&mut *session, word.typed),
        };
        Ok((word.start, candidates))
    }
}

/// Candidates that are whole names, each followed by `after` once chosen.
fn named(names: Vec<String>, after: &str) -> Vec<Pair> {
    names.into_iter().map(|name| Pair { replacement: format!("{name}{after}"), display: name }).collect()
}

/// The entries that the typed path may mean; hidden ones only when asked for.
fn paths(session: &mut impl Session, typed: &str) -> Vec<Pair> {
    let plain = unquote(typed);
    let (directory, start) = split_path(&plain);
    let mut entries = session.entries(directory);
    entries.retain(|(name, _)| name.starts_with(start) && (start.starts_with('.') || !name.starts_with('.')));
    entries
        .into_iter()
        .map(|(name, is_directory)| {
            let quoted = quote_like(typed, &format!("{directory}{name}"));
            let (after, mark) = if is_directory { ("/", "/") } else { (" ", "") };
            let closing = typed.chars().next().filter(|c| matches!(c, '\'' | '"') && !is_directory);
            let closing = closing.map(String::from).unwrap_or_default();
            Pair { display: format!("{name}{mark}"), replacement: format!("{quoted}{closing}{after}") }
        })
        .collect()
}

impl<S> Hinter for Assistant<S> {
    type Hint = String;
}

impl<S> Highlighter for Assistant<S> {}

impl<S> Validator for Assistant<S> {}

impl<S: Session> Helper for Assistant<S> {}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Session for Fixed {
        fn prompt(&mut self, _: bool) -> String {
            String::new()
        }

        fn wants_more(&mut self, _: &str) -> bool {
            false
        }

        fn remember(&mut self, _: &str) {}

        fn run(&mut self, _: &str) -> Option<i32> {
            None
        }

        fn end(&mut self) -> i32 {
            0
        }

        fn commands(&mut self, start: &str) -> Vec<String> {
            ["cat", "cd", "echo"].iter().filter(|name| name.starts_with(start)).map(|&name| name.to_owned()).collect()
        }

        fn variables(&mut self, _: &str) -> Vec<String> {
            vec!["HOME".to_owned()]
        }

        fn entries(&mut self, directory: &str) -> Vec<(String, bool)> {
            match directory {
                "" => vec![(".hidden".to_owned(), false), ("my file".to_owned(), false), ("src".to_owned(), true)],
                _ => vec![("main.rs".to_owned(), false)],
            }
        }
    }

    fn replacements(line: &str) -> (usize, Vec<String>) {
        let assistant = Assistant { session: Rc::new(RefCell::new(Fixed)) };
        let history = FileHistory::new();
        let (start, pairs) = assistant.complete(line, line.len(), &Context::new(&history)).unwrap();
        (start, pairs.into_iter().map(|pair| pair.replacement).collect())
    }

    #[test]
    fn commands_paths_and_variables_are_completed() {
        assert_eq!(replacements("c"), (0, vec!["cat ".to_owned(), "cd ".to_owned()]));
        assert_eq!(replacements("cat "), (4, vec!["my\\ file ".to_owned(), "src/".to_owned()]));
        assert_eq!(replacements("cat ."), (4, vec![".hidden ".to_owned()]));
        assert_eq!(replacements("cat 'm"), (4, vec!["'my file' ".to_owned()]));
        assert_eq!(replacements("cat src/m"), (4, vec!["src/main.rs ".to_owned()]));
        assert_eq!(replacements("echo $H"), (6, vec!["HOME".to_owned()]));
    }
}
