//! Prompt strings: `${x@P}`, `PS4`.  [bash manual "Controlling the Prompt"]

use super::view::View;
use crate::shell::expand::{self, Stop, World};
use crate::shell::options::ShellOption;
use crate::shell::variable::SpecialSource;
use crate::text::time::{Moment, Zone, strftime};
use bytes::Bytes;
use shell_parser::ast::CommandKind;

/// The version that `\v` and `\V` show: that of the bash whose language this is.
const VERSION: (&[u8], &[u8]) = (b"5.2", b"5.2.15");

impl View<'_> {
    /// Replaces the prompt's backslash escapes, then expands it as if in double quotes.
    ///
    /// # Errors
    /// [`Stop`] of a substitution. A text that cannot be expanded stays as it is, after its message.
    pub(crate) fn prompt(&mut self, text: &[u8]) -> Result<Bytes, Stop> {
        let decoded = self.decode_prompt(text);
        if !self.state.is_on(ShellOption::PROMPTVARS) {
            return Ok(Bytes::from(decoded));
        }
        self.quoted_string(&decoded)
    }

    /// Expands a text as if in double quotes.
    ///
    /// # Errors
    /// [`Stop`] of a substitution. A text that cannot be expanded stays as it is, after its message.
    pub(crate) fn quoted_string(&mut self, text: &[u8]) -> Result<Bytes, Stop> {
        let decoded = text.to_vec();
        if !decoded.iter().any(|byte| matches!(byte, b'$' | b'`' | b'\\')) {
            return Ok(Bytes::from(decoded));
        }
        let parsed = shell_parser::parse_all(in_double_quotes(&decoded), &shell_parser::Options::default());
        let Some(unit) = parsed.ok().and_then(|units| units.into_iter().next()) else { return Ok(decoded.into()) };
        let CommandKind::Simple(simple) = &unit.command(unit.root()).kind else { return Ok(decoded.into()) };
        let Some(word) = simple.words.iter().nth(1) else { return Ok(decoded.into()) };
        match expand::expand_text(&unit, word, self) {
            Ok(expanded) => Ok(expanded),
            Err(Stop::Error(error)) => {
                self.complain(&error.message);
                Ok(decoded.into())
            }
            Err(stop) => {
                self.foreign = Some(unit);
                Err(stop)
            }
        }
    }

    fn decode_prompt(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if byte != b'\\' {
                out.push(byte);
                continue;
            }
            let Some((&letter, after)) = rest.split_first() else {
                out.push(b'\\');
                break;
            };
            if let Some((value, length)) = octal(rest) {
                out.push(value);
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            rest = after;
            if letter == b'D' {
                let end = rest.first().filter(|byte| **byte == b'{').and_then(|_| memchr::memchr(b'}', rest));
                match end {
                    Some(end) => {
                        let format = rest.get(1..end).unwrap_or_default();
                        self.push_time(if format.is_empty() { b"%X" } else { format }, &mut out);
                        rest = rest.get(end + 1..).unwrap_or_default();
                    }
                    None => out.extend_from_slice(b"\\D"),
                }
                continue;
            }
            self.push_escape(letter, &mut out);
        }
        out
    }

    fn push_escape(&mut self, letter: u8, out: &mut Vec<u8>) {
        match letter {
            b'a' => out.push(7),
            b'e' => out.push(0x1b),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b'd' => self.push_time(b"%a %b %d", out),
            b't' => self.push_time(b"%H:%M:%S", out),
            b'T' => self.push_time(b"%I:%M:%S", out),
            b'@' => self.push_time(b"%I:%M %p", out),
            b'A' => self.push_time(b"%H:%M", out),
            b'h' | b'H' => self.push_host(letter == b'h', out),
            b'u' => out.extend_from_slice(&self.user_name()),
            b'w' | b'W' => self.push_directory(letter == b'W', out),
            b's' => {
                let name = self.state.name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
                out.extend_from_slice(name.strip_prefix(b"-").unwrap_or(name));
            }
            b'v' => out.extend_from_slice(VERSION.0),
            b'V' => out.extend_from_slice(VERSION.1),
            b'l' => out.extend_from_slice(b"tty"),
            b'j' => out.extend_from_slice(self.state.jobs.list.len().to_string().as_bytes()),
            b'!' => out.extend_from_slice(self.history_number().to_string().as_bytes()),
            b'#' => out.extend_from_slice(self.state.command_number.max(1).to_string().as_bytes()),
            b'$' if self.identity().0 == 0 => out.push(b'#'),
            // A lone `$` must not begin an expansion.
            b'$' if self.state.is_on(ShellOption::PROMPTVARS) => out.extend_from_slice(b"\\$"),
            b'$' => out.push(b'$'),
            b'\\' => out.push(b'\\'),
            // Marks for line editors around what has no width.
            b'[' | b']' => {}
            other => out.extend_from_slice(&[b'\\', other]),
        }
    }

    fn push_time(&self, format: &[u8], out: &mut Vec<u8>) {
        let now = self.kernel.clock.timestamp();
        let zone = self.state.variables.scalar(b"TZ").map(|zone| zone.to_bytes());
        let moment = Moment::new(now.secs, now.nanos, Zone::from_variable(zone.as_deref()));
        out.extend_from_slice(&strftime(format, &moment));
    }

    fn push_host(&mut self, short: bool, out: &mut Vec<u8>) {
        let name = self.file(b"/etc/hostname").unwrap_or_default();
        let name = name.trim_ascii();
        let end = if short { memchr::memchr(b'.', name).unwrap_or(name.len()) } else { name.len() };
        out.extend_from_slice(name.get(..end).unwrap_or(name));
    }

    /// The working directory, `$HOME` as `~`, shortened to `PROMPT_DIRTRIM` names; or its last name only.
    fn push_directory(&self, last_only: bool, out: &mut Vec<u8>) {
        let home = self.state.variables.scalar(b"HOME").map(|home| home.to_bytes()).unwrap_or_default();
        let cwd = self.state.variables.scalar(b"PWD").map_or_else(|| self.state.cwd.clone(), |pwd| pwd.to_bytes());
        let within =
            cwd.strip_prefix(&home[..]).filter(|rest| home.len() > 1 && matches!(rest.first(), None | Some(b'/')));
        let shown = match within {
            Some(b"") => b"~".to_vec(),
            Some(_) if last_only => last_name(&cwd),
            Some(rest) => self.trimmed(b"~", rest),
            None if last_only => last_name(&cwd),
            None => self.trimmed(b"", &cwd),
        };
        let expands = self.state.is_on(ShellOption::PROMPTVARS);
        for byte in shown {
            if expands && matches!(byte, b'$' | b'`' | b'\\' | b'"') {
                out.push(b'\\');
            }
            out.push(byte);
        }
    }

    fn trimmed(&self, prefix: &[u8], path: &[u8]) -> Vec<u8> {
        let whole = [prefix, path].concat();
        let keep = self.state.variables.scalar(b"PROMPT_DIRTRIM").and_then(|value| value.plain_int()).unwrap_or(0);
        let Some(keep) = usize::try_from(keep).ok().filter(|keep| *keep > 0) else { return whole };
        let slashes: Vec<usize> = memchr::memchr_iter(b'/', path).collect();
        if slashes.len() <= keep {
            return whole;
        }
        let Some(tail) = slashes.get(slashes.len() - keep).and_then(|at| path.get(*at..)) else { return whole };
        let lead: &[u8] = if prefix.is_empty() { b"..." } else { b"~/..." };
        let short = [lead, tail].concat();
        // What would not be shorter is shown whole.
        if short.len() < whole.len() { short } else { whole }
    }

    fn user_name(&mut self) -> Vec<u8> {
        let uid = self.identity().0.to_string();
        let text = self.file(b"/etc/passwd").unwrap_or_default();
        text.split(|byte| *byte == b'\n')
            .find_map(|line| {
                let mut fields = line.split(|byte| *byte == b':');
                let name = fields.next()?;
                (fields.nth(1) == Some(uid.as_bytes())).then(|| name.to_vec())
            })
            .unwrap_or_else(|| b"I have no name!".to_vec())
    }
}

/// A null command with the text as its argument in double quotes. Quotes within substitutions are their own.
fn in_double_quotes(text: &[u8]) -> Vec<u8> {
    let mut source = b": \"".to_vec();
    let mut depth = 0usize;
    let mut backquoted = false;
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                source.push(b'\\');
                // A backslash at the end stands for itself.
                source.push(bytes.next().unwrap_or(b'\\'));
                continue;
            }
            b'$' if matches!(bytes.peek(), Some(b'(' | b'{')) => depth += 1,
            b'(' | b'{' if depth > 0 && !matches!(source.last(), Some(b'$')) => depth += 1,
            b')' | b'}' if depth > 0 => depth -= 1,
            b'`' => backquoted = !backquoted,
            b'"' if depth == 0 && !backquoted => source.push(b'\\'),
            _ => {}
        }
        source.push(byte);
    }
    source.push(b'"');
    source
}

/// Three octal digits, or fewer at the end of the text; the value and how many there were.
fn octal(text: &[u8]) -> Option<(u8, usize)> {
    let digits = text.get(..text.len().min(3)).filter(|digits| !digits.is_empty())?;
    if !digits.iter().all(|digit| matches!(digit, b'0'..=b'7')) {
        return None;
    }
    let value = digits.iter().fold(0u32, |value, digit| value * 8 + u32::from(digit - b'0'));
    u8::try_from(value & 0xff).ok().map(|value| (value, digits.len()))
}

fn last_name(path: &[u8]) -> Vec<u8> {
    match path.rsplit(|byte| *byte == b'/').next() {
        Some(name) if !name.is_empty() => name.to_vec(),
        _ => b"/".to_vec(),
    }
}
