//! The walk: operands first, then each directory.

use super::columns::ShortFormat;
use super::entry::Entry;
use super::long::{LongFormat, Widths};
use super::name::{Names, Page};
use super::order::sort;
use super::settings::{Format, Hidden, Links, Settings};
use super::{MINOR, SERIOUS};
use crate::text::file_name::join;
use crate::text::quoting::{QuotingStyle, quote_always};
use crate::utility::Accounts;
use crate::utility::canonical::{Missing, canonicalize};
use crate::utility::prelude::*;

/// One run of `ls`.
pub(super) struct Listing {
    sys: Sys,
    settings: Settings,
    accounts: Accounts,
    page: Page,
    status: ExitStatus,
    host: Vec<u8>,
}

/// A directory that is to be listed.
struct Pending {
    path: Bytes,
    is_operand: bool,
    /// The directories it was reached through, where links may lead in circles.
    ancestors: Vec<(u64, u64)>,
}

impl Listing {
    pub(super) async fn new(sys: &Sys, settings: Settings) -> Listing {
        let names_accounts = settings.format == Format::Long && !settings.numeric_ids;
        let accounts = if names_accounts { Accounts::read(sys).await } else { Accounts::default() };
        let host = if settings.hyperlink { host_name(sys).await } else { Vec::new() };
        Listing {
            sys: sys.clone(),
            settings,
            accounts,
            page: Page::new(OutBuf::stdout(sys)),
            status: ExitStatus::SUCCESS,
            host,
        }
    }

    pub(super) async fn list(mut self, operands: &[Bytes]) -> ExitStatus {
        let default = [Bytes::from_static(b".")];
        let given = if operands.is_empty() { &default[..] } else { operands };
        let mut entries = Vec::new();
        for operand in given {
            match Entry::read(&self.sys, &self.settings, operand.clone(), operand.clone(), true).await {
                Ok(entry) => entries.push(entry),
                Err(errno) => {
                    self.fail(b"cannot access ", operand, errno, SERIOUS).await;
                }
            }
        }
        sort(&mut entries, &self.settings, &Names::new(&self.settings));
        let lists_directories = !self.settings.directories_themselves;
        let (directories, files): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(|entry| lists_directories && entry.is_directory());
        if !files.is_empty() {
            self.put_entries(&files).await;
        }
        let headings = given.len() > 1 || self.settings.recursive;
        let mut is_first = files.is_empty();
        let mut pending: Vec<Pending> = directories
            .into_iter()
            .rev()
            .map(|entry| Pending { path: entry.path, is_operand: true, ancestors: Vec::new() })
            .collect();
        while let Some(directory) = pending.pop() {
            self.put_directory(directory, headings, &mut is_first, &mut pending).await;
        }
        self.finish().await
    }

    async fn put_directory(
        &mut self,
        directory: Pending,
        headings: bool,
        is_first: &mut bool,
        pending: &mut Vec<Pending>,
    ) {
        let serious = if directory.is_operand { SERIOUS } else { MINOR };
        let listed = match self.sys.read_dir(directory.path.clone()).await {
            Ok(listed) => listed,
            Err(errno) => return self.fail(b"cannot open directory ", &directory.path, errno, serious).await,
        };
        let mut ancestors = directory.ancestors;
        if self.settings.recursive
            && self.settings.links == Links::Followed
            && let Ok(stat) = self.sys.stat(directory.path.clone()).await
        {
            let key = (stat.dev, stat.ino);
            if ancestors.contains(&key) {
                let shown = crate::text::quoting::quote_if_needed(&directory.path);
                self.flush().await;
                self.sys.error([shown.as_slice(), b": not listing already-listed directory"].concat()).await;
                self.status = SERIOUS;
                return;
            }
            ancestors.push(key);
        }
        if headings {
            if !*is_first {
                self.page.put(b"\n");
            }
            self.put_heading(&directory.path).await;
        }
        *is_first = false;
        let mut entries = self.read_entries(&directory.path, &listed).await;
        sort(&mut entries, &self.settings, &Names::new(&self.settings));
        if self.settings.format == Format::Long || self.settings.blocks {
            let blocks: u64 = entries.iter().filter_map(|entry| entry.stat).map(|stat| stat.blocks).sum();
            if self.settings.dired {
                self.page.put(b"  ");
            }
            let total = format!("total {}", self.settings.block_size.show(blocks * 512));
            self.page.put(total.as_bytes());
            self.page.put(&[self.settings.end_of_line]);
        }
        self.put_entries(&entries).await;
        if self.settings.recursive {
            let below =
                entries.iter().filter(|entry| entry.is_directory() && !matches!(entry.name.as_ref(), b"." | b".."));
            pending.extend(below.rev().map(|entry| Pending {
                path: Bytes::from(join(&directory.path, &entry.name)),
                is_operand: false,
                ancestors: ancestors.clone(),
            }));
        }
    }

    async fn put_heading(&mut self, path: &Bytes) {
        if self.settings.dired {
            self.page.put(b"  ");
        }
        let link = self.link(path).await;
        let shown = Names::new(&self.settings).quoted(path, true);
        if let Some(link) = &link {
            self.page.put(&[b"\x1b]8;;", link.as_slice(), b"\x07"].concat());
        }
        let from = self.page.position();
        self.page.put(&shown.bytes);
        let to = self.page.position();
        self.page.headings.extend([from, to]);
        if link.is_some() {
            self.page.put(b"\x1b]8;;\x07");
        }
        self.page.put(b":\n");
    }

    async fn read_entries(&mut self, path: &Bytes, listed: &[DirEntry]) -> Vec<Entry> {
        let dots = [(b".".as_slice(), FileKind::Directory), (b"..".as_slice(), FileKind::Directory)];
        let with_dots = self.settings.hidden == Hidden::ShownWithDots;
        let dots = dots.into_iter().filter(|_| with_dots).map(|(name, kind)| (Bytes::from_static(name), kind));
        let mut entries = Vec::new();
        for (name, kind) in dots.chain(listed.iter().map(|entry| (entry.name.clone(), entry.kind))) {
            if !self.is_listed(&name) {
                continue;
            }
            let file = if path.as_ref() == b"." { name.clone() } else { Bytes::from(join(path, &name)) };
            if !self.settings.needs_attributes() {
                entries.push(Entry::bare(name, file, kind));
                continue;
            }
            match Entry::read(&self.sys, &self.settings, name.clone(), file.clone(), false).await {
                Ok(entry) => entries.push(entry),
                Err(errno) => {
                    self.fail(b"cannot access ", &file, errno, MINOR).await;
                    entries.push(Entry { failed: true, ..Entry::bare(name, file, kind) });
                }
            }
        }
        entries
    }

    fn is_listed(&self, name: &[u8]) -> bool {
        let settings = &self.settings;
        if settings.hidden == Hidden::Left
            && (name.starts_with(b".") || settings.hide.iter().any(|pattern| pattern.matches(name)))
        {
            return false;
        }
        !settings.ignored.iter().any(|pattern| pattern.matches(name))
    }

    async fn put_entries(&mut self, entries: &[Entry]) {
        let mut links = Vec::new();
        if self.settings.hyperlink {
            for entry in entries {
                links.push(self.link(&entry.path).await);
            }
        }
        let now = if self.settings.format == Format::Long { self.sys.now().await } else { Timestamp::default() };
        let mut names = Names::new(&self.settings);
        names.measure(entries);
        let widths = Widths::of(entries, &self.settings, &self.accounts);
        if self.settings.format == Format::Long {
            let format = LongFormat { names: &names, accounts: &self.accounts, now };
            for (index, entry) in entries.iter().enumerate() {
                let link = links.get(index).and_then(|link: &Option<Vec<u8>>| link.as_deref());
                format.put(&mut self.page, entry, &widths, link);
                self.page.put(&[self.settings.end_of_line]);
            }
        } else {
            ShortFormat { names: &names, widths, links: &links }.put(&mut self.page, entries);
        }
        self.sys.charge(entries.len() as u64).await;
        // A failure to write shows at the end.
        let _ = self.page.out.flush_if_full().await;
    }

    /// The `file:` address of a file, where names are hyperlinks.
    async fn link(&self, path: &[u8]) -> Option<Vec<u8>> {
        if !self.settings.hyperlink {
            return None;
        }
        let absolute = canonicalize(&self.sys, path, Missing::All, true).await.ok()?;
        let mut link = [b"file://".as_slice(), &self.host].concat();
        for byte in absolute.iter() {
            if byte.is_ascii_alphanumeric() || b"~-._/".contains(byte) {
                link.push(*byte);
            } else {
                link.extend_from_slice(format!("%{byte:02x}").as_bytes());
            }
        }
        Some(link)
    }

    async fn flush(&mut self) {
        // A failure to write shows at the end.
        let _ = self.page.out.flush().await;
    }

    async fn fail(&mut self, what: &[u8], path: &[u8], errno: Errno, status: ExitStatus) {
        self.status = self.status.max(status);
        self.sys.complain([what, &quote_always(path)].concat(), errno).await;
    }

    async fn finish(mut self) -> ExitStatus {
        if self.page.has_used_color()
            && let Some(farewell) = self.settings.colors.as_ref().and_then(|colors| colors.farewell())
        {
            self.page.put(&farewell);
        }
        if self.settings.dired {
            let names = std::mem::take(&mut self.page.names);
            let headings = std::mem::take(&mut self.page.headings);
            for (label, offsets) in [("//DIRED//", names), ("//SUBDIRED//", headings)] {
                if !offsets.is_empty() {
                    let offsets: String = offsets.iter().map(|offset| format!(" {offset}")).collect();
                    self.page.put(format!("{label}{offsets}\n").as_bytes());
                }
            }
            let style = QuotingStyle::NAMES.iter().find(|(_, style)| *style == self.settings.quoting);
            let style = style.map_or("literal", |(name, _)| *name);
            self.page.put(format!("//DIRED-OPTIONS// --quoting-style={style}\n").as_bytes());
        }
        if self.page.out.finish().await { self.status } else { SERIOUS }
    }
}

async fn host_name(sys: &Sys) -> Vec<u8> {
    let Ok(fd) = sys.open_read("/etc/hostname").await else { return Vec::new() };
    let content = sys.read_to_end(fd).await.unwrap_or_default();
    // The descriptor is ours; closing it cannot fail in a way that matters.
    let _ = sys.close(fd).await;
    content.split(|byte| *byte == b'\n').next().unwrap_or_default().to_vec()
}
