//! Writing a `.test` file.

use super::escape::{escape, needs_escape};
use super::{Case, CaseFile};

/// The file as text that [`parse`](super::parse) reads back to the same.
pub fn render(file: &CaseFile) -> Vec<u8> {
    let mut text = file.preamble.clone();
    for (i, case) in file.cases.iter().enumerate() {
        if i > 0 {
            text.push(b'\n');
        }
        render_case(&mut text, case);
    }
    text
}

fn render_case(text: &mut Vec<u8>, case: &Case) {
    text.extend_from_slice(format!("=== {}\n", case.title).as_bytes());
    for (name, reason) in [("differs", &case.differs), ("xfail", &case.xfail)] {
        if let Some(reason) = reason {
            text.extend_from_slice(format!("--- {name} {reason}\n").as_bytes());
        }
    }
    if !case.env.is_empty() {
        let lines: Vec<u8> =
            case.env.iter().flat_map(|(name, value)| [name, &b"="[..], value, b"\n"].concat()).collect();
        section(text, "env", &lines);
    }
    for file in &case.files {
        let mode = file.mode.map_or(String::new(), |mode| format!(" (mode {mode:o})"));
        let path = escape(&file.path);
        section(text, &format!("file {}{mode}", String::from_utf8_lossy(&path)), &file.contents);
    }
    if let Some(stdin) = &case.stdin {
        section(text, "stdin", stdin);
    }
    section(text, "script", &[&case.script, &b"\n"[..]].concat());
    let expected = &case.expected;
    for (name, body) in [("stdout", &expected.stdout), ("stderr", &expected.stderr)] {
        if !body.is_empty() {
            section(text, name, body);
        }
    }
    if let Some(tree) = &expected.tree {
        section(text, "tree", tree);
    }
    text.extend_from_slice(format!("--- status {}\n", expected.status).as_bytes());
}

fn section(text: &mut Vec<u8>, header: &str, body: &[u8]) {
    let escaped = needs_escape(body);
    let no_newline = !body.is_empty() && !body.ends_with(b"\n");
    text.extend_from_slice(format!("--- {header}").as_bytes());
    if escaped {
        text.extend_from_slice(b" (escaped)");
    }
    if no_newline {
        text.extend_from_slice(b" (no newline)");
    }
    text.push(b'\n');
    if escaped {
        text.extend_from_slice(&escape(body));
    } else {
        text.extend_from_slice(body);
    }
    if no_newline {
        text.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let text = b"comment\n=== title\n--- xfail later\n--- env\nA=1\n--- file \\x07 (mode 755) (no newline)\nx\n\
            --- script (escaped)\n\\--- a\n--- stdout (no newline)\nabc\n--- tree\n--- status 1\n";
        let file = parse(text).unwrap();
        assert_eq!(String::from_utf8_lossy(&render(&file)), String::from_utf8_lossy(text));
        assert_eq!(parse(&render(&file)).unwrap(), file);
    }
}
