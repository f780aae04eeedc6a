//! Listings in columns, in rows, and separated by commas.

use super::entry::Entry;
use super::long::Widths;
use super::name::{Names, Page, subject};
use super::settings::Format;

/// The narrowest column: a letter and two spaces.
const NARROWEST: usize = 3;

/// Lays out the short formats.
pub(super) struct ShortFormat<'a> {
    pub(super) names: &'a Names<'a>,
    pub(super) widths: Widths,
    /// The `file:` addresses of the entries, where names are hyperlinks.
    pub(super) links: &'a [Option<Vec<u8>>],
}

impl ShortFormat<'_> {
    pub(super) fn put(&self, page: &mut Page, entries: &[Entry]) {
        let settings = self.names.settings;
        match settings.format {
            Format::Vertical if settings.width > 0 => self.put_columns(page, entries, true),
            Format::Across if settings.width > 0 => self.put_columns(page, entries, false),
            Format::Vertical | Format::Across => self.put_separated(page, entries, b' '),
            Format::Commas => self.put_separated(page, entries, b','),
            Format::Single | Format::Long => {
                for (index, entry) in entries.iter().enumerate() {
                    self.put_entry(page, index, entry, 0);
                    page.put(&[settings.end_of_line]);
                }
            }
        }
    }

    /// Columns an entry takes with everything that belongs to it.
    fn length(&self, entry: &Entry) -> usize {
        let settings = self.names.settings;
        let commas = settings.format == Format::Commas;
        let mut length = self.names.width(entry);
        if settings.inode {
            length += 1 + if commas { self.inode(entry).len() } else { self.widths.inode };
        }
        if settings.blocks {
            length += 1 + if commas { self.blocks(entry).len() } else { self.widths.blocks };
        }
        if settings.context {
            length += 2;
        }
        length + usize::from(self.names.indicator(entry.kind, entry.stat.as_ref()).is_some())
    }

    fn inode(&self, entry: &Entry) -> String {
        entry.stat.map_or_else(|| "?".to_owned(), |stat| stat.ino.to_string())
    }

    fn blocks(&self, entry: &Entry) -> String {
        entry.stat.map_or_else(|| "?".to_owned(), |stat| self.names.settings.block_size.show(stat.blocks * 512))
    }

    fn put_entry(&self, page: &mut Page, index: usize, entry: &Entry, column: usize) {
        let settings = self.names.settings;
        let commas = settings.format == Format::Commas;
        self.names.put_normal(page);
        if settings.inode {
            let width = if commas { 0 } else { self.widths.inode };
            page.put(format!("{:>width$} ", self.inode(entry)).as_bytes());
        }
        if settings.blocks {
            let width = if commas { 0 } else { self.widths.blocks };
            page.put(format!("{:>width$} ", self.blocks(entry)).as_bytes());
        }
        if settings.context {
            page.put(b"? ");
        }
        let link = self.links.get(index).and_then(|link| link.as_deref());
        self.names.put_name(page, &entry.name, subject(entry).as_ref(), link, column);
        if let Some(indicator) = self.names.indicator(entry.kind, entry.stat.as_ref()) {
            page.put(&[indicator]);
        }
    }

    fn put_separated(&self, page: &mut Page, entries: &[Entry], separator: u8) {
        let width = self.names.settings.width;
        let mut column = 0;
        for (index, entry) in entries.iter().enumerate() {
            let length = if width > 0 { self.length(entry) } else { 0 };
            if index > 0 {
                if width == 0 || column + length + 2 < width {
                    column += 2;
                    page.put(&[separator, b' ']);
                } else {
                    column = 0;
                    page.put(&[separator, self.names.settings.end_of_line]);
                }
            }
            self.put_entry(page, index, entry, column);
            column += length;
        }
        if !entries.is_empty() {
            page.put(&[self.names.settings.end_of_line]);
        }
    }

    fn put_columns(&self, page: &mut Page, entries: &[Entry], vertical: bool) {
        let lengths: Vec<usize> = entries.iter().map(|entry| self.length(entry)).collect();
        let widths = column_widths(&lengths, self.names.settings.width, vertical);
        let columns = widths.len().max(1);
        let rows = lengths.len().div_ceil(columns);
        for row in 0..rows {
            let mut position = 0;
            let mut start = 0;
            for (column, width) in widths.iter().enumerate() {
                let index = if vertical { column * rows + row } else { row * columns + column };
                let (Some(entry), Some(length)) = (entries.get(index), lengths.get(index)) else { break };
                self.indent(page, position, start);
                self.put_entry(page, index, entry, start);
                position = start + length;
                start += width;
            }
            page.put(&[self.names.settings.end_of_line]);
        }
    }

    /// Moves from one column to another with tabs and spaces.
    fn indent(&self, page: &mut Page, from: usize, to: usize) {
        let tab = self.names.settings.tab_size;
        let mut at = from;
        while at < to {
            if tab != 0 && to / tab > (at + 1) / tab {
                page.put(b"\t");
                at += tab - at % tab;
            } else {
                page.put(b" ");
                at += 1;
            }
        }
    }
}

/// The widths of the most columns that fit; the last one has no gap after it.
fn column_widths(lengths: &[usize], line: usize, vertical: bool) -> Vec<usize> {
    let most = line.div_ceil(NARROWEST).min(lengths.len()).max(1);
    for columns in (2..=most).rev() {
        let rows = lengths.len().div_ceil(columns);
        let mut widths = vec![NARROWEST; columns];
        for (index, length) in lengths.iter().enumerate() {
            let column = if vertical { index / rows } else { index % columns };
            let gap = if column == columns - 1 { 0 } else { 2 };
            if let Some(width) = widths.get_mut(column) {
                *width = (*width).max(length + gap);
            }
        }
        if widths.iter().sum::<usize>() < line {
            return widths;
        }
    }
    vec![lengths.iter().copied().max().unwrap_or(NARROWEST).max(NARROWEST)]
}

#[cfg(test)]
mod tests {
    use super::column_widths;

    #[test]
    fn as_many_columns_as_fit() {
        assert_eq!(column_widths(&[1, 1, 1, 1], 80, true), [3, 3, 3, 3]);
        assert_eq!(column_widths(&[5, 5, 5, 5], 15, true), [7, 5]);
        assert_eq!(column_widths(&[50, 5], 20, true), [50]);
    }
}
