//! Names as they are shown: quoted, with what stands before them and after them.

use super::color::Subject;
use super::entry::Entry;
use super::settings::{Format, Indicator, Settings};
use crate::text::chars::{chars, text_width};
use crate::text::quoting::{QuotingStyle, quote_name};
use crate::utility::OutBuf;
use crate::vfs::{FileKind, Stat};

/// Output that knows how much has been written, which `--dired` reports.
pub(super) struct Page {
    pub(super) out: OutBuf,
    written: usize,
    used_color: bool,
    pub(super) names: Vec<usize>,
    pub(super) headings: Vec<usize>,
}

impl Page {
    pub(super) fn new(out: OutBuf) -> Page {
        Page { out, written: 0, used_color: false, names: Vec::new(), headings: Vec::new() }
    }

    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.written += bytes.len();
        self.out.put(bytes);
    }

    pub(super) fn position(&self) -> usize {
        self.written
    }

    pub(super) fn has_used_color(&self) -> bool {
        self.used_color
    }
}

/// A name after quoting.
pub(super) struct Shown {
    pub(super) bytes: Vec<u8>,
    pub(super) width: usize,
    pub(super) is_quoted: bool,
}

/// Shows names as the settings say.
pub(super) struct Names<'a> {
    pub(super) settings: &'a Settings,
    /// Some name of the listing is quoted, so that the others are moved one column to the right.
    pub(super) some_quoted: bool,
}

impl<'a> Names<'a> {
    pub(super) fn new(settings: &'a Settings) -> Names<'a> {
        Names { settings, some_quoted: false }
    }

    /// Looks whether names are quoted, where the layout makes room for the quotes.
    pub(super) fn measure(&mut self, entries: &[Entry]) {
        let settings = self.settings;
        let variable =
            matches!(settings.quoting, QuotingStyle::Shell | QuotingStyle::ShellEscape | QuotingStyle::CMaybe);
        let in_columns = matches!(settings.format, Format::Vertical | Format::Across) && settings.width > 0;
        self.some_quoted = variable
            && (settings.format == Format::Long || in_columns)
            && entries.iter().any(|entry| self.quoted(&entry.name, false).is_quoted);
    }

    pub(super) fn quoted(&self, name: &[u8], is_heading: bool) -> Shown {
        let settings = self.settings;
        let mut special: Vec<u8> = match settings.indicator {
            Indicator::FileType => b"*=>@|".to_vec(),
            Indicator::Classify => b"=>@|".to_vec(),
            _ => Vec::new(),
        };
        if is_heading {
            special = b":".to_vec();
        } else if settings.quoting == QuotingStyle::Escape {
            special.push(b' ');
        }
        let mut bytes = quote_name(name, settings.quoting, &special);
        let raw_controls =
            matches!(settings.quoting, QuotingStyle::Literal | QuotingStyle::Shell | QuotingStyle::ShellAlways);
        if settings.question_marks && raw_controls {
            bytes =
                chars(&bytes).flat_map(|c| if c.is_printable() { c.bytes().to_vec() } else { vec![b'?'] }).collect();
        }
        let is_quoted = bytes.first() != name.first();
        Shown { width: text_width(&bytes), bytes, is_quoted }
    }

    /// Columns of the name alone.
    pub(super) fn width(&self, entry: &Entry) -> usize {
        let shown = self.quoted(&entry.name, false);
        shown.width + usize::from(self.some_quoted && !shown.is_quoted)
    }

    /// The indicator of a file, if it gets one.
    pub(super) fn indicator(&self, kind: Option<FileKind>, stat: Option<&Stat>) -> Option<u8> {
        match (self.settings.indicator, kind?) {
            (Indicator::None, _) => None,
            (_, FileKind::Directory) => Some(b'/'),
            (Indicator::Slash, _) => None,
            (Indicator::Classify, FileKind::Regular) => stat.is_some_and(|stat| stat.mode & 0o111 != 0).then_some(b'*'),
            (_, FileKind::Symlink) => Some(b'@'),
            (_, FileKind::Fifo) => Some(b'|'),
            (_, FileKind::Socket) => Some(b'='),
            _ => None,
        }
    }

    /// Begins a line that is not a name, where `LS_COLORS` colors such text.
    pub(super) fn put_normal(&self, page: &mut Page) {
        if let Some(normal) = self.settings.colors.as_ref().and_then(|colors| colors.normal()) {
            self.first_color(page);
            page.put(&normal);
        }
    }

    fn first_color(&self, page: &mut Page) {
        if let Some(colors) = self.settings.colors.as_ref().filter(|_| !page.used_color) {
            page.used_color = true;
            page.put(&colors.end());
        }
    }

    /// Writes a name in its color; `column` is where it begins. Answers its width.
    pub(super) fn put_name(
        &self,
        page: &mut Page,
        name: &[u8],
        subject: Option<&Subject<'_>>,
        link: Option<&[u8]>,
        column: usize,
    ) -> usize {
        let shown = self.quoted(name, false);
        let padding = usize::from(self.some_quoted && !shown.is_quoted);
        let colors = self.settings.colors.as_ref();
        let sequence = colors.and_then(|colors| subject.and_then(|subject| colors.of(name, subject)));
        let is_colored = sequence.is_some() || colors.is_some_and(|colors| colors.normal().is_some());
        if let (Some(colors), Some(sequence)) = (colors, sequence) {
            self.first_color(page);
            if colors.normal().is_some() {
                page.put(&colors.default());
            }
            page.put(&colors.begin(sequence));
        }
        if padding > 0 {
            page.put(b" ");
        }
        if let Some(link) = link {
            page.put(&[b"\x1b]8;;", link, b"\x07"].concat());
        }
        if self.settings.dired {
            let at = page.position();
            page.names.push(at);
        }
        page.put(&shown.bytes);
        if self.settings.dired {
            let at = page.position();
            page.names.push(at);
        }
        if link.is_some() {
            page.put(b"\x1b]8;;\x07");
        }
        if let (Some(colors), true) = (colors, is_colored) {
            page.put(&colors.end());
            let width = self.settings.width;
            if width > 0 && column / width != (column + shown.bytes.len()).saturating_sub(1) / width {
                page.put(colors.clear_line());
            }
        }
        shown.width + padding
    }
}

/// What a name is colored as.
pub(super) fn subject(entry: &Entry) -> Option<Subject<'_>> {
    match &entry.stat {
        Some(stat) => Some(Subject::File(stat, entry.referent.as_ref())),
        None if entry.failed => Some(Subject::Missing),
        None => None,
    }
}
