//! What can be completed at the cursor of a prompt: which word, of which kind, and how a candidate is written there.

/// What a word can be completed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The name of a command: builtins, functions, aliases, programs.
    Command,
    /// A path.
    Path,
    /// The name of a variable, after `$` or `${`.
    Variable,
}

/// The word under the cursor.
#[derive(Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// The offset in the line at which the word, or the part that is completed, begins.
    pub start: usize,
    /// Its text as typed.
    pub typed: &'a str,
    /// What it can be completed to.
    pub kind: Kind,
}

/// Finds the word that ends at `cursor`.
pub fn word_at(line: &str, cursor: usize) -> Word<'_> {
    let before = line.get(..cursor).unwrap_or(line);
    let start = word_start(before);
    let typed = before.get(start..).unwrap_or_default();
    if let Some(at) = typed.rfind('$') {
        let name = at + if typed.get(at + 1..).is_some_and(|rest| rest.starts_with('{')) { 2 } else { 1 };
        let rest = typed.get(name..).unwrap_or_default();
        if rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Word { start: start + name, typed: rest, kind: Kind::Variable };
        }
    }
    let leading = before.get(..start).unwrap_or_default().trim_end();
    let kind = if !typed.contains('/') && !typed.starts_with('~') && expects_command(leading) {
        Kind::Command
    } else {
        Kind::Path
    };
    Word { start, typed, kind }
}

/// The offset at which the last word of `text` begins: after the last unquoted blank or operator.
fn word_start(text: &str) -> usize {
    let mut start = 0;
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (None | Some('"'), '\\') => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, ' ' | '\t' | '\n' | ';' | '|' | '&' | '(' | ')' | '<' | '>' | '`' | '=') => start = at + 1,
            _ => {}
        }
    }
    start
}

/// Whether what stands before a word says that a command's name follows.
fn expects_command(leading: &str) -> bool {
    const BEFORE: &[&str] =
        &["if", "then", "elif", "else", "while", "until", "do", "time", "{", "!", "exec", "command"];
    if leading.is_empty() || leading.ends_with([';', '|', '&', '(', '`']) {
        return true;
    }
    let last = leading.rsplit([' ', '\t', ';', '|', '&', '(']).next().unwrap_or_default();
    BEFORE.contains(&last)
}

/// Takes the quoting of a typed word away.
pub fn unquote(typed: &str) -> String {
    let mut plain = String::with_capacity(typed.len());
    let mut characters = typed.chars();
    let mut quote = None;
    while let Some(c) = characters.next() {
        match (quote, c) {
            (None | Some('"'), '\\') => plain.extend(characters.next()),
            (Some(open), c) if open == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            _ => plain.push(c),
        }
    }
    plain
}

/// Writes a candidate so that the shell reads it back as it is, inside the quotes that were opened, if any.
pub fn quote_like(typed: &str, candidate: &str) -> String {
    match typed.chars().next() {
        Some('\'') => format!("'{}", candidate.replace('\'', r"'\''")),
        Some('"') => {
            let mut quoted = String::from("\"");
            for c in candidate.chars() {
                if matches!(c, '"' | '\\' | '$' | '`') {
                    quoted.push('\\');
                }
                quoted.push(c);
            }
            quoted
        }
        _ => {
            let mut quoted = String::new();
            for (at, c) in candidate.char_indices() {
                let special = matches!(
                    c,
                    ' ' | '\t' | '!'..='*' | ';' | '<' | '>' | '?' | '[' | '\\' | ']' | '`' | '{' | '|' | '}'
                );
                if special || (c == '~' && at > 0) {
                    quoted.push('\\');
                }
                quoted.push(c);
            }
            quoted
        }
    }
}

/// The directory that a path word looks into, and the beginning of the name in it.
pub fn split_path(plain: &str) -> (&str, &str) {
    match plain.rfind('/') {
        Some(at) => (plain.get(..=at).unwrap_or_default(), plain.get(at + 1..).unwrap_or_default()),
        None => ("", plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_end(line: &str) -> (usize, &str, Kind) {
        let word = word_at(line, line.len());
        (word.start, word.typed, word.kind)
    }

    #[test]
    fn a_command_stands_first_and_after_operators_and_reserved_words() {
        assert_eq!(at_end("ec"), (0, "ec", Kind::Command));
        assert_eq!(at_end("ls; ec"), (4, "ec", Kind::Command));
        assert_eq!(at_end("cat f | so"), (8, "so", Kind::Command));
        assert_eq!(at_end("if tr"), (3, "tr", Kind::Command));
        assert_eq!(at_end("echo $(da"), (7, "da", Kind::Command));
    }

    #[test]
    fn arguments_and_words_with_slashes_are_paths() {
        assert_eq!(at_end("cat fi"), (4, "fi", Kind::Path));
        assert_eq!(at_end("./bi"), (0, "./bi", Kind::Path));
        assert_eq!(at_end("echo > o"), (7, "o", Kind::Path));
        assert_eq!(at_end("cat a\\ b"), (4, "a\\ b", Kind::Path));
        assert_eq!(at_end("cat 'a b"), (4, "'a b", Kind::Path));
    }

    #[test]
    fn names_after_a_dollar_are_variables() {
        assert_eq!(at_end("echo $HO"), (6, "HO", Kind::Variable));
        assert_eq!(at_end("echo \"${HO"), (8, "HO", Kind::Variable));
    }

    #[test]
    fn candidates_are_quoted_as_the_word_is() {
        assert_eq!(quote_like("a", "a b$c"), "a\\ b\\$c");
        assert_eq!(quote_like("'a", "a b'c"), "'a b'\\''c");
        assert_eq!(quote_like("\"a", "a b$c"), "\"a b\\$c");
        assert_eq!(unquote("a\\ b'c d'\"e\\$\""), "a bc de$");
        assert_eq!(split_path("a/b/c"), ("a/b/", "c"));
    }
}
