//! Writing one line of output: its prefix, its text and the colours.

use super::pattern::{PatternError, Patterns};
use super::settings::{Binary, Settings};

/// What a line is to the search; the character behind its prefix tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Selected.
    Selected,
    /// Context of a selected line.
    Context,
}

impl Role {
    fn separator(self) -> u8 {
        match self {
            Role::Selected => b':',
            Role::Context => b'-',
        }
    }
}

/// A line and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'l> {
    /// Its bytes without the end-of-line byte.
    pub text: &'l [u8],
    /// Its number, from 1.
    pub number: u64,
    /// The offset of its first byte in the file.
    pub offset: u64,
}

/// Writes lines of one file.
pub(super) struct LineWriter<'w> {
    pub settings: &'w Settings,
    pub patterns: &'w Patterns,
    pub file_name: &'w [u8],
    /// Whether all lines of the current buffer are text; `None`: not looked at, each line may be none.
    pub is_text: Option<bool>,
    /// A line was kept back since it is no text.
    pub encoding_error: bool,
}

impl LineWriter<'_> {
    /// Writes a line, or the parts of it that match.
    pub(super) fn write(&mut self, line: Line<'_>, role: Role, out: &mut Vec<u8>) -> Result<(), PatternError> {
        let settings = self.settings;
        if !settings.only_matching && !self.prefix(line, 0, line.text, role, out) {
            return Ok(());
        }
        let matching = (role == Role::Selected) != settings.invert;
        let mut rest = line.text;
        if settings.only_matching || settings.colors.is_some() {
            if matching {
                let written = self.matches(line, role, out)?;
                rest = line.text.get(written..).unwrap_or_default();
            }
            if !settings.only_matching
                && let (Some(colors), sgr) = (&settings.colors, self.line_color(role))
                && !sgr.is_empty()
                && !rest.is_empty()
            {
                colors.start(sgr, out);
                out.extend_from_slice(rest);
                colors.end(sgr, out);
                rest = &[];
            }
        }
        if !settings.only_matching {
            out.extend_from_slice(rest);
            out.push(settings.eol);
        }
        Ok(())
    }

    /// Whether lines are written as they are, one after the other.
    pub(super) fn writes_plain_lines(&self) -> bool {
        let settings = self.settings;
        let prefixed = settings.with_filename || settings.line_number || settings.byte_offset || settings.initial_tab;
        !prefixed && !settings.only_matching && settings.colors.is_none()
    }

    /// Writes whole lines as they are; those that are no text are kept back.
    pub(super) fn plain_lines(&mut self, lines: &[u8], out: &mut Vec<u8>) {
        let eol = self.settings.eol;
        if self.settings.binary == Binary::Text || std::str::from_utf8(lines).is_ok() {
            out.extend_from_slice(lines);
            if lines.last() != Some(&eol) {
                out.push(eol);
            }
            return;
        }
        for line in crate::utility::records(lines, eol) {
            if std::str::from_utf8(line).is_err() {
                self.encoding_error = true;
                continue;
            }
            out.extend_from_slice(line);
            out.push(eol);
        }
    }

    fn line_color(&self, role: Role) -> &[u8] {
        let Some(colors) = &self.settings.colors else { return &[] };
        let exchanged = self.settings.invert && colors.reverse;
        if (role == Role::Selected) != exchanged { &colors.selected_line } else { &colors.context_line }
    }

    fn match_color(&self, role: Role) -> &[u8] {
        let Some(colors) = &self.settings.colors else { return &[] };
        if role == Role::Selected { &colors.selected_match } else { &colors.context_match }
    }

    /// Writes the line up to the end of its last match; answers how much of it that is.
    fn matches(&mut self, line: Line<'_>, role: Role, out: &mut Vec<u8>) -> Result<usize, PatternError> {
        let settings = self.settings;
        let (line_sgr, match_sgr) = (self.line_color(role).to_vec(), self.match_color(role).to_vec());
        if !settings.only_matching && match_sgr.is_empty() {
            return Ok(0);
        }
        let text = line.text;
        let (mut at, mut written) = (0, 0);
        while at < text.len() {
            let Some(span) = self.patterns.find(text, at)? else { break };
            if span.start >= text.len() {
                break;
            }
            if span.is_empty() {
                at = span.start + 1;
                continue;
            }
            if settings.only_matching {
                if !self.prefix(line, span.start as u64, span.of(text), role, out) {
                    return Ok(text.len());
                }
            } else if let Some(colors) = &settings.colors {
                let between = text.get(written..span.start).unwrap_or_default();
                if !between.is_empty() {
                    colors.start(&line_sgr, out);
                    // The colour of the match replaces that of the line.
                    out.extend_from_slice(between);
                }
            }
            match &settings.colors {
                Some(colors) => {
                    colors.start(&match_sgr, out);
                    out.extend_from_slice(span.of(text));
                    colors.end(&match_sgr, out);
                }
                None => out.extend_from_slice(span.of(text)),
            }
            if settings.only_matching {
                out.push(settings.eol);
            }
            at = span.end;
            written = span.end;
        }
        Ok(written)
    }

    /// Writes name, number and offset. False: the text is none, so nothing is written.
    fn prefix(&mut self, line: Line<'_>, shift: u64, text: &[u8], role: Role, out: &mut Vec<u8>) -> bool {
        let settings = self.settings;
        if self.is_text != Some(true) && settings.binary != Binary::Text && std::str::from_utf8(text).is_err() {
            self.encoding_error = true;
            return false;
        }
        let mut any = false;
        if settings.with_filename {
            self.file_name(out);
            if settings.null {
                out.push(0)
            } else {
                self.separator(role, out)
            }
            any = true;
        }
        if settings.line_number {
            self.number(line.number, true, out);
            self.separator(role, out);
            any = true;
        }
        if settings.byte_offset {
            self.number(line.offset + shift, false, out);
            self.separator(role, out);
            any = true;
        }
        if settings.initial_tab && any && !text.is_empty() {
            out.push(b'\t');
        }
        true
    }

    /// Writes the name of the file.
    pub(super) fn file_name(&self, out: &mut Vec<u8>) {
        match &self.settings.colors {
            Some(colors) => {
                colors.start(&colors.file_name, out);
                out.extend_from_slice(self.file_name);
                colors.end(&colors.file_name, out);
            }
            None => out.extend_from_slice(self.file_name),
        }
    }

    /// Writes the separator behind a part of a prefix.
    pub(super) fn separator(&self, role: Role, out: &mut Vec<u8>) {
        self.separating(&[role.separator()], out);
    }

    /// Writes text in the colour of separators.
    pub(super) fn separating(&self, text: &[u8], out: &mut Vec<u8>) {
        match &self.settings.colors {
            Some(colors) => {
                colors.start(&colors.separator, out);
                out.extend_from_slice(text);
                colors.end(&colors.separator, out);
            }
            None => out.extend_from_slice(text),
        }
    }

    fn number(&self, number: u64, is_line_number: bool, out: &mut Vec<u8>) {
        // With -T numbers are padded so that columns line up; observed in GNU grep 3.8: to two places, when not coloured.
        let width = if self.settings.initial_tab && self.settings.colors.is_none() { 2 } else { 0 };
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(number);
        let padding = usize::saturating_sub(width, digits.len());
        let colors = self.settings.colors.as_ref();
        let sgr = colors.map(|colors| if is_line_number { &colors.line_number } else { &colors.byte_offset });
        if let (Some(colors), Some(sgr)) = (colors, sgr) {
            colors.start(sgr, out);
        }
        out.resize(out.len() + padding, b' ');
        out.extend_from_slice(digits.as_bytes());
        if let (Some(colors), Some(sgr)) = (colors, sgr) {
            colors.end(sgr, out);
        }
    }
}
