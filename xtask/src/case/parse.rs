//! Reading a `.test` file.

use super::escape::unescape;
use super::{Case, CaseFile, SeedFile};

/// Where a `.test` file is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ParseError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// A section's header line, taken apart.
struct Header<'a> {
    line: usize,
    name: &'a str,
    value: &'a str,
    escaped: bool,
    no_newline: bool,
    mode: Option<u32>,
}

/// Reads a `.test` file.
pub fn parse(text: &[u8]) -> Result<CaseFile, ParseError> {
    let lines: Vec<&[u8]> = text.split_inclusive(|&b| b == b'\n').collect();
    let mut file = CaseFile { preamble: Vec::new(), cases: Vec::new() };
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let number = at + 1;
        at += 1;
        if let Some(title) = line.strip_prefix(b"=== ") {
            let title = String::from_utf8_lossy(title).trim().to_owned();
            if file.cases.iter().any(|case| case.title == title) {
                return Err(wrong(number, "a case with this title is above"));
            }
            file.cases.push(Case { title, line: number, ..Case::default() });
        } else if line.starts_with(b"--- ") {
            let header = header(number, line)?;
            let body_end = end_of_body(&lines, at);
            let body = body(&header, lines.get(at..body_end).unwrap_or_default())?;
            let case = file.cases.last_mut().ok_or_else(|| wrong(number, "a section before the first case"))?;
            apply(case, &header, body)?;
            at = body_end;
        } else if file.cases.is_empty() {
            file.preamble.extend_from_slice(line);
        } else if !line.iter().all(u8::is_ascii_whitespace) {
            return Err(wrong(number, "text outside a section"));
        }
    }
    if let Some(case) = file.cases.iter().find(|case| case.script.is_empty()) {
        return Err(wrong(case.line, "a case without a script"));
    }
    Ok(file)
}

fn wrong(line: usize, reason: impl Into<String>) -> ParseError {
    ParseError { line, reason: reason.into() }
}

/// The index of the first line after the body that begins at `at`.
fn end_of_body(lines: &[&[u8]], at: usize) -> usize {
    let mut end = at;
    while lines.get(end).is_some_and(|line| !line.starts_with(b"--- ") && !line.starts_with(b"=== ")) {
        end += 1;
    }
    let case_ends = lines.get(end).is_none_or(|line| line.starts_with(b"=== "));
    if case_ends {
        while end > at && lines.get(end - 1).is_some_and(|line| *line == b"\n") {
            end -= 1;
        }
    }
    end
}

fn header(number: usize, line: &[u8]) -> Result<Header<'_>, ParseError> {
    let text = std::str::from_utf8(line).map_err(|_| wrong(number, "a header that is not UTF-8"))?;
    let text = text.trim_end_matches('\n').trim_start_matches("--- ").trim();
    let (name, mut value) = text.split_once(' ').unwrap_or((text, ""));
    let mut header = Header { line: number, name, value: "", escaped: false, no_newline: false, mode: None };
    while let Some((before, flag)) = value.strip_suffix(')').and_then(|value| value.rsplit_once('(')) {
        match flag.strip_prefix("mode ") {
            Some(mode) => {
                let mode = u32::from_str_radix(mode, 8).map_err(|_| wrong(number, "a mode that is not octal"))?;
                header.mode = Some(mode);
            }
            None if flag == "escaped" => header.escaped = true,
            None if flag == "no newline" => header.no_newline = true,
            None => break,
        }
        value = before.trim_end();
    }
    header.value = value.trim();
    Ok(header)
}

fn body(header: &Header, lines: &[&[u8]]) -> Result<Vec<u8>, ParseError> {
    let mut body = lines.concat();
    if header.no_newline {
        body.pop();
    }
    if header.escaped {
        body = unescape(&body).ok_or_else(|| wrong(header.line, "an escape that is not known"))?;
    }
    Ok(body)
}

fn apply(case: &mut Case, header: &Header, mut body: Vec<u8>) -> Result<(), ParseError> {
    let with_body = !matches!(header.name, "status" | "differs" | "xfail");
    if !with_body && !body.is_empty() {
        return Err(wrong(header.line, format!("{} has no body", header.name)));
    }
    match header.name {
        "script" => {
            if body.ends_with(b"\n") {
                body.pop();
            }
            case.script = body;
        }
        "stdin" => case.stdin = Some(body),
        "stdout" => case.expected.stdout = body,
        "stderr" => case.expected.stderr = body,
        "tree" => case.expected.tree = Some(body),
        "status" => {
            case.expected.status = header.value.parse().map_err(|_| wrong(header.line, "a status is a number"))?;
        }
        "differs" => case.differs = Some(header.value.to_owned()),
        "xfail" => case.xfail = Some(header.value.to_owned()),
        "env" => {
            for line in body.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
                let at = line.iter().position(|&b| b == b'=');
                let at = at.ok_or_else(|| wrong(header.line, "a line of env is NAME=VALUE"))?;
                let (name, value) = line.split_at(at);
                case.env.push((name.to_vec(), value.get(1..).unwrap_or_default().to_vec()));
            }
        }
        "file" => {
            let path = unescape(header.value.as_bytes()).filter(|path| !path.is_empty());
            let path = path.ok_or_else(|| wrong(header.line, "a file has a path"))?;
            case.files.push(SeedFile { path, contents: body, mode: header.mode });
        }
        name => return Err(wrong(header.line, format!("no section is called '{name}'; is it text to escape?"))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_with_every_section() {
        let text =
            b"comment\n=== title [source]\n--- env\nA=1\n--- file d/a b (mode 755)\nx\n--- stdin (no newline)\nin\n\
            --- script\necho\n\n--- stdout (escaped)\n\\x00\n--- stderr\ne\n--- status 3\n--- tree\n-rw 1 f\n\n\n\
            === next\n--- script\n:\n";
        let file = parse(text).unwrap();
        assert_eq!(file.preamble, b"comment\n");
        let case = &file.cases[0];
        assert_eq!((case.title.as_str(), case.line), ("title [source]", 2));
        assert_eq!(case.env, [(b"A".to_vec(), b"1".to_vec())]);
        assert_eq!(case.files, [SeedFile { path: b"d/a b".to_vec(), contents: b"x\n".to_vec(), mode: Some(0o755) }]);
        assert_eq!(case.stdin.as_deref(), Some(&b"in"[..]));
        assert_eq!(case.script, b"echo\n");
        assert_eq!(case.expected.stdout, b"\0\n");
        assert_eq!(case.expected.stderr, b"e\n");
        assert_eq!(case.expected.status, 3);
        assert_eq!(case.expected.tree.as_deref(), Some(&b"-rw 1 f\n"[..]));
        assert_eq!(file.cases[1].script, b":");
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let reason = |text: &[u8]| parse(text).unwrap_err().to_string();
        assert_eq!(
            reason(b"=== a\n--- script\n:\n--- stdotu\n"),
            "line 4: no section is called 'stdotu'; is it text to escape?"
        );
        assert_eq!(reason(b"=== a\n--- stdout\n:\n"), "line 1: a case without a script");
        assert_eq!(reason(b"=== a\n--- script\n:\n=== a\n"), "line 4: a case with this title is above");
    }
}
