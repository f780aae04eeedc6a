//! The long format: `ls -l`.

use super::color::Subject;
use super::entry::Entry;
use super::name::{Names, Page, subject};
use super::settings::Settings;
use crate::text::chars::text_width;
use crate::text::mode::mode_string;
use crate::utility::Accounts;
use crate::vfs::{FileKind, Stat, Timestamp};

/// Widths of the columns of one listing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Widths {
    pub(super) inode: usize,
    pub(super) blocks: usize,
    links: usize,
    owner: usize,
    group: usize,
    author: usize,
    major: usize,
    minor: usize,
    size: usize,
}

/// What long lines need besides the entries.
pub(super) struct LongFormat<'a> {
    pub(super) names: &'a Names<'a>,
    pub(super) accounts: &'a Accounts,
    pub(super) now: Timestamp,
}

impl Widths {
    /// The widths that the entries need.
    pub(super) fn of(entries: &[Entry], settings: &Settings, accounts: &Accounts) -> Widths {
        let mut widths = Widths::default();
        let grow = |width: &mut usize, needed: usize| *width = (*width).max(needed);
        for entry in entries {
            let Some(stat) = &entry.stat else {
                for width in [&mut widths.inode, &mut widths.blocks, &mut widths.links, &mut widths.owner] {
                    grow(width, 1);
                }
                for width in [&mut widths.group, &mut widths.author, &mut widths.size] {
                    grow(width, 1);
                }
                continue;
            };
            grow(&mut widths.inode, stat.ino.to_string().len());
            grow(&mut widths.blocks, settings.block_size.show(stat.blocks * 512).len());
            grow(&mut widths.links, stat.nlink.to_string().len());
            grow(&mut widths.owner, text_width(&owner(settings, accounts, stat.uid).0));
            grow(&mut widths.author, text_width(&owner(settings, accounts, stat.uid).0));
            grow(&mut widths.group, text_width(&group(settings, accounts, stat.gid).0));
            if is_device(stat) {
                grow(&mut widths.major, stat.rdev.0.to_string().len());
                grow(&mut widths.minor, stat.rdev.1.to_string().len());
                let needed = widths.major + 2 + widths.minor;
                grow(&mut widths.size, needed);
            } else {
                grow(&mut widths.size, settings.file_size.show(stat.size).len());
            }
        }
        widths
    }
}

impl LongFormat<'_> {
    /// Writes one line, without its end.
    pub(super) fn put(&self, page: &mut Page, entry: &Entry, widths: &Widths, link: Option<&[u8]>) {
        let settings = self.names.settings;
        self.names.put_normal(page);
        if settings.dired {
            page.put(b"  ");
        }
        let line = self.columns(entry, widths);
        page.put(&line);
        let width = self.names.put_name(page, &entry.name, subject(entry).as_ref(), link, line.len());
        if let Some(target) = &entry.target {
            page.put(b" -> ");
            let subject = entry.referent.as_ref().map_or(Subject::Missing, |stat| Subject::File(stat, None));
            let plain = Names::new(settings);
            let marks = page.names.len();
            plain.put_name(page, target, Some(&subject), None, line.len() + width + 4);
            page.names.truncate(marks);
            let referent = entry.referent.as_ref();
            if let Some(indicator) = self.names.indicator(referent.map(|stat| stat.kind), referent) {
                page.put(&[indicator]);
            }
        } else if let Some(indicator) = self.names.indicator(entry.kind, entry.stat.as_ref()) {
            page.put(&[indicator]);
        }
    }

    fn columns(&self, entry: &Entry, widths: &Widths) -> Vec<u8> {
        let settings = self.names.settings;
        let stat = entry.stat.as_ref();
        let mut line = Vec::new();
        let mut right = |text: Option<String>, width: usize| {
            line.extend_from_slice(format!("{:>width$} ", text.unwrap_or_else(|| "?".to_owned())).as_bytes());
        };
        if settings.inode {
            right(stat.map(|stat| stat.ino.to_string()), widths.inode);
        }
        if settings.blocks {
            right(stat.map(|stat| settings.block_size.show(stat.blocks * 512)), widths.blocks);
        }
        match (stat, entry.kind) {
            (Some(stat), _) => right(Some(mode_string(stat.kind, stat.mode)), 0),
            (None, kind) => {
                let letter = kind.map_or('?', crate::text::mode::kind_letter);
                right(Some(format!("{letter}?????????")), 0);
            }
        }
        right(stat.map(|stat| stat.nlink.to_string()), widths.links);
        let unknown = || (b"?".to_vec(), true);
        if settings.owner {
            let shown = stat.map_or_else(unknown, |stat| owner(settings, self.accounts, stat.uid));
            put_account(&mut line, shown, widths.owner);
        }
        if settings.group {
            let shown = stat.map_or_else(unknown, |stat| group(settings, self.accounts, stat.gid));
            put_account(&mut line, shown, widths.group);
        }
        if settings.author {
            let shown = stat.map_or_else(unknown, |stat| owner(settings, self.accounts, stat.uid));
            put_account(&mut line, shown, widths.author);
        }
        if settings.context {
            line.extend_from_slice(b"? ");
        }
        let size = match stat {
            Some(stat) if is_device(stat) => {
                let minor = widths.minor;
                let major = widths.major.max(widths.size.saturating_sub(2 + minor));
                format!("{:>major$}, {:>minor$}", stat.rdev.0, stat.rdev.1)
            }
            Some(stat) => settings.file_size.show(stat.size),
            None => "?".to_owned(),
        };
        line.extend_from_slice(format!("{size:>width$} ", width = widths.size).as_bytes());
        match stat {
            Some(_) => {
                let time = entry.time(settings.time);
                line.extend_from_slice(&settings.time_style.show(time, self.now, &settings.zone));
            }
            None => {
                let usual = settings.time_style.show(Timestamp::default(), self.now, &settings.zone);
                line.extend_from_slice(format!("{:>width$}", "?", width = text_width(&usual)).as_bytes());
            }
        }
        line.push(b' ');
        line
    }
}

fn is_device(stat: &Stat) -> bool {
    matches!(stat.kind, FileKind::CharDevice | FileKind::BlockDevice)
}

/// A user as it is shown, and whether that is a name.
fn owner(settings: &Settings, accounts: &Accounts, uid: u32) -> (Vec<u8>, bool) {
    match accounts.user_name(uid) {
        Some(name) if !settings.numeric_ids => (name.to_vec(), true),
        _ => (uid.to_string().into_bytes(), false),
    }
}

fn group(settings: &Settings, accounts: &Accounts, gid: u32) -> (Vec<u8>, bool) {
    match accounts.group_name(gid) {
        Some(name) if !settings.numeric_ids => (name.to_vec(), true),
        _ => (gid.to_string().into_bytes(), false),
    }
}

/// Names are set to the left, numbers to the right.
fn put_account(line: &mut Vec<u8>, (text, is_name): (Vec<u8>, bool), width: usize) {
    let padding = vec![b' '; width.saturating_sub(text_width(&text))];
    if is_name {
        line.extend_from_slice(&text);
        line.extend_from_slice(&padding);
    } else {
        line.extend_from_slice(&padding);
        line.extend_from_slice(&text);
    }
    line.push(b' ');
}
