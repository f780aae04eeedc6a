//! Compiling and matching the patterns of `grep`.

use super::settings::{Flavor, Settings};
use crate::text::regex::{Flags, Lines, Regex, RegexError, RegexWarning, Span, Syntax};

/// Patterns with back-references and Perl patterns may give up; the limit of their backtracking, in steps.
const PERL_STEPS: usize = 1_000_000;

/// All patterns of one invocation; a line matches if one of them does.
pub(super) struct Patterns {
    matchers: Vec<Matcher>,
    /// A match must stand between characters that are no word constituents.
    word: bool,
    eol: u8,
}

enum Matcher {
    Posix(Regex),
    Perl(Box<fancy_regex::Regex>),
}

/// What is wrong with the patterns, as `grep` says it.
pub(super) struct PatternError(pub Vec<u8>);

impl From<RegexError> for PatternError {
    fn from(error: RegexError) -> Self {
        PatternError(error.to_string().into_bytes())
    }
}

impl Patterns {
    /// Compiles; the warnings are for standard error.
    pub(super) fn new(settings: &Settings) -> Result<(Patterns, Vec<RegexWarning>), PatternError> {
        let mut matchers = Vec::new();
        let mut warnings = Vec::new();
        if let Some(text) = &settings.patterns {
            match settings.flavor {
                Flavor::Perl => matchers.push(perl(text, settings)?),
                Flavor::Fixed => matchers.extend(posix(&quote(text), Syntax::GrepBasic, settings, &mut warnings)?),
                Flavor::Basic => matchers.extend(posix(text, Syntax::GrepBasic, settings, &mut warnings)?),
                Flavor::Extended => matchers.extend(posix(text, Syntax::GrepExtended, settings, &mut warnings)?),
            }
        }
        // A whole line has no word before or behind it; Perl patterns carry their own boundaries.
        let word = settings.word && !settings.line && settings.flavor != Flavor::Perl;
        Ok((Patterns { matchers, word, eol: settings.eol }, warnings))
    }

    /// The first line of `buffer`, from `at` on, that matches: where it begins and where its end-of-line byte stands.
    pub(super) fn find_line(&self, buffer: &[u8], mut at: usize) -> Result<Option<(usize, usize)>, PatternError> {
        loop {
            let mut first = None;
            for matcher in &self.matchers {
                let end = match matcher {
                    Matcher::Posix(regex) => regex.find_end(buffer, at)?,
                    Matcher::Perl(regex) => self.find_perl_line(regex, buffer, at)?,
                };
                first = [first, end].into_iter().flatten().min();
            }
            let Some((start, end)) = first.and_then(|end| self.line_around(buffer, end)) else { return Ok(None) };
            let line = buffer.get(start..end).unwrap_or_default();
            if !self.word || self.find(line, 0)?.is_some() {
                return Ok(Some((start, end)));
            }
            at = end + 1;
            if at >= buffer.len() {
                return Ok(None);
            }
        }
    }

    /// The line that holds the position; behind the last end-of-line byte there is none.
    fn line_around(&self, buffer: &[u8], position: usize) -> Option<(usize, usize)> {
        if position >= buffer.len() && buffer.last().is_none_or(|byte| *byte == self.eol) {
            return None;
        }
        let start = memchr::memrchr(self.eol, buffer.get(..position)?).map_or(0, |before| before + 1);
        let end = memchr::memchr(self.eol, buffer.get(position..)?).map_or(buffer.len(), |found| position + found);
        Some((start, end))
    }

    fn find_perl_line(
        &self,
        regex: &fancy_regex::Regex,
        buffer: &[u8],
        mut at: usize,
    ) -> Result<Option<usize>, PatternError> {
        while at < buffer.len() {
            let rest = buffer.get(at..).unwrap_or_default();
            let end = memchr::memchr(self.eol, rest).unwrap_or(rest.len());
            let line = rest.get(..end).unwrap_or_default();
            if regex.is_match(line).map_err(perl_failure)? {
                return Ok(Some(at + end));
            }
            at += end + 1;
        }
        Ok(None)
    }

    /// The leftmost match in a line from `at` on, and of these the longest.
    pub(super) fn find(&self, line: &[u8], at: usize) -> Result<Option<Span>, PatternError> {
        let mut best: Option<Span> = None;
        for matcher in &self.matchers {
            let found = match matcher {
                Matcher::Posix(regex) if self.word => find_word(regex, line, at)?,
                Matcher::Posix(regex) => regex.find_at(line, at)?,
                Matcher::Perl(regex) => regex
                    .find_from_pos(line, at)
                    .map_err(perl_failure)?
                    .map(|found| Span { start: found.start(), end: found.end() }),
            };
            let Some(found) = found else { continue };
            let better = |best: Span| found.start < best.start || found.start == best.start && found.end > best.end;
            if best.is_none_or(better) {
                best = Some(found);
            }
        }
        Ok(best)
    }
}

/// The first match that is a word by itself: shorter matches from the same start are tried before a later start.
fn find_word(regex: &Regex, line: &[u8], mut at: usize) -> Result<Option<Span>, PatternError> {
    while at <= line.len() {
        let Some(found) = regex.find_at(line, at)? else { return Ok(None) };
        let mut candidate = Some(found);
        while let Some(span) = candidate {
            if !word_before(line, span.start) && !word_after(line, span.end) {
                return Ok(Some(span));
            }
            candidate = match span.end > span.start {
                true => regex.longest_from(line, span.start, span.end - 1)?,
                false => None,
            };
        }
        at = found.start + 1;
        while at < line.len() && line.get(at).is_some_and(|byte| byte & 0xC0 == 0x80) {
            at += 1;
        }
    }
    Ok(None)
}

fn word_before(line: &[u8], at: usize) -> bool {
    let before = line.get(..at).unwrap_or_default();
    match before.last() {
        None => false,
        Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric() || *byte == b'_',
        Some(_) => {
            let tail = before.get(before.len().saturating_sub(4)..).unwrap_or_default();
            let start = tail.iter().rposition(|byte| byte & 0xC0 != 0x80).unwrap_or(0);
            let character = tail.get(start..).and_then(|bytes| std::str::from_utf8(bytes).ok());
            character.and_then(|text| text.chars().next()).is_some_and(char::is_alphanumeric)
        }
    }
}

fn word_after(line: &[u8], at: usize) -> bool {
    let after = line.get(at..).unwrap_or_default();
    match after.first() {
        None => false,
        Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric() || *byte == b'_',
        Some(_) => {
            let chunk = after.utf8_chunks().next().map(|chunk| chunk.valid()).unwrap_or_default();
            chunk.chars().next().is_some_and(char::is_alphanumeric)
        }
    }
}

/// Compiles lines of patterns: one automaton for all, but patterns with back-references each by themselves.
fn posix(
    text: &[u8],
    syntax: Syntax,
    settings: &Settings,
    warnings: &mut Vec<RegexWarning>,
) -> Result<Vec<Matcher>, PatternError> {
    let flags =
        Flags { icase: settings.icase, lines: Lines::Records(settings.eol), bytes: false, whole_line: settings.line };
    let mut matchers = Vec::new();
    let mut joined: Option<Vec<u8>> = None;
    let single = memchr::memchr(b'\n', text).is_none();
    for pattern in text.split(|byte| *byte == b'\n') {
        if is_lone_class(pattern) {
            return Err(PatternError(b"character class syntax is [[:space:]], not [:space:]".to_vec()));
        }
        let refers = settings.flavor != Flavor::Fixed && pattern.windows(2).any(|w| matches!(w, [b'\\', b'1'..=b'9']));
        if single || refers {
            let regex = Regex::new(pattern, syntax, flags)?;
            warnings.extend_from_slice(regex.warnings());
            matchers.push(Matcher::Posix(regex));
            continue;
        }
        match &mut joined {
            Some(joined) => {
                joined.push(b'\n');
                joined.extend_from_slice(pattern);
            }
            None => joined = Some(pattern.to_vec()),
        }
    }
    if let Some(joined) = joined {
        let regex = Regex::new(&joined, syntax, flags)?;
        warnings.extend_from_slice(regex.warnings());
        matchers.push(Matcher::Posix(regex));
    }
    Ok(matchers)
}

/// `[:space:]` alone is a mistake that GNU grep refuses.
fn is_lone_class(pattern: &[u8]) -> bool {
    let mut rest = pattern;
    while let Some(open) = memchr::memchr(b'[', rest) {
        if open > 0 && rest.get(open - 1) == Some(&b'\\') {
            rest = rest.get(open + 1..).unwrap_or_default();
            continue;
        }
        let inner = rest.get(open + 1..).unwrap_or_default();
        let skip = usize::from(inner.first() == Some(&b'^'));
        let skip = skip + usize::from(inner.get(skip) == Some(&b']'));
        let mut at = skip;
        let close = loop {
            match inner.get(at) {
                None => return false,
                Some(b']') => break at,
                Some(b'[') if matches!(inner.get(at + 1), Some(b':' | b'.' | b'=')) => {
                    let kind = inner.get(at + 1).copied().unwrap_or_default();
                    let body = inner.get(at + 2..).unwrap_or_default();
                    let Some(end) = body.windows(2).position(|pair| pair == [kind, b']']) else { return false };
                    at += end + 4;
                }
                Some(_) => at += 1,
            }
        };
        let content = inner.get(..close).unwrap_or_default();
        if content.len() > 2 && content.first() == Some(&b':') && content.last() == Some(&b':') {
            return true;
        }
        rest = inner.get(close + 1..).unwrap_or_default();
    }
    false
}

/// Strings as basic regular expressions that match them.
fn quote(text: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(text.len() + 8);
    for &byte in text {
        if matches!(byte, b'\\' | b'[' | b'.' | b'*' | b'^' | b'$') {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted
}

fn perl(text: &[u8], settings: &Settings) -> Result<Matcher, PatternError> {
    if memchr::memchr(b'\n', text).is_some() {
        return Err(PatternError(b"the -P option only supports a single pattern".to_vec()));
    }
    let Ok(text) = std::str::from_utf8(text) else {
        return Err(PatternError(b"-P supports only unibyte and UTF-8 locales".to_vec()));
    };
    let pattern = match (settings.line, settings.word) {
        (true, _) => format!("^(?:{text})$"),
        (false, true) => format!(r"(?<!\w)(?:{text})(?!\w)"),
        (false, false) => text.to_owned(),
    };
    let built = fancy_regex::RegexBuilder::new(&pattern)
        .case_insensitive(settings.icase)
        .bytes_mode(fancy_regex::BytesMode::UnicodeBytes)
        .backtrack_limit(PERL_STEPS)
        .build();
    match built {
        Ok(regex) => Ok(Matcher::Perl(Box::new(regex))),
        Err(error) => Err(PatternError(perl_error(text, &error))),
    }
}

/// The words of PCRE2 for the usual mistakes.
fn perl_error(text: &str, error: &fancy_regex::Error) -> Vec<u8> {
    let message = error.to_string();
    let (mut depth, mut escaped, mut in_class) = (0i64, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'[' if !in_class => in_class = true,
            b']' => in_class = false,
            b'(' if !in_class => depth += 1,
            b')' if !in_class && depth == 0 => return b"unmatched closing parenthesis".to_vec(),
            b')' if !in_class => depth -= 1,
            _ => {}
        }
    }
    if in_class {
        return b"missing terminating ] for character class".to_vec();
    }
    if depth > 0 {
        return b"missing closing parenthesis".to_vec();
    }
    if escaped {
        return b"\\ at end of pattern".to_vec();
    }
    if text.starts_with(['*', '+', '?']) {
        return b"quantifier does not follow a repeatable item".to_vec();
    }
    message.into_bytes()
}

fn perl_failure(_: fancy_regex::Error) -> PatternError {
    PatternError(b"exceeded PCRE's backtracking limit".to_vec())
}
