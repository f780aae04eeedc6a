//! Pathname expansion. POSIX 2.6.6; bash manual "Filename Expansion".

use bytes::Bytes;

use super::field::Field;
use super::{ExpansionError, ShellOption, Stop, World};
use crate::shell::pattern::{Pattern, PatternOptions, has_special};
use crate::vfs::FileKind;

/// Memory that one path found is counted with, besides its text.
const PATH: usize = 48;
/// Directories below each other that `**` looks into.
const DEPTH: usize = 256;

/// A path found so far: where it leads, ready for the next component to be added.
type Prefix = Vec<u8>;

/// Replaces a field that has a pattern by the paths that match it, sorted; without any, by itself (`nullglob`: by
/// nothing, `failglob`: an error).
pub(super) fn expand<W: World>(
    pattern: &[u8],
    field: Field,
    world: &mut W,
    fields: &mut Vec<Bytes>,
) -> Result<(), Stop> {
    let extglob = world.option(ShellOption::ExtGlob);
    if !has_special(pattern, extglob) {
        fields.push(field.into_bytes());
        return Ok(());
    }
    let mut paths = Search { world, extglob }.run(pattern)?;
    ignore(world, &mut paths);
    if paths.is_empty() {
        if world.option(ShellOption::FailGlob) {
            return Err(ExpansionError::line([b"no match: ".as_slice(), &field.text].concat()).into());
        }
        if !world.option(ShellOption::NullGlob) {
            fields.push(field.into_bytes());
        }
        return Ok(());
    }
    paths.sort_unstable();
    fields.extend(paths.into_iter().map(Bytes::from));
    Ok(())
}

/// Drops what `GLOBIGNORE` names.
fn ignore<W: World>(world: &W, paths: &mut Vec<Prefix>) {
    let Some(value) = world.variables().scalar(b"GLOBIGNORE") else { return };
    let value = value.to_bytes();
    if value.is_empty() {
        return;
    }
    let flags = PatternOptions { extglob: true, nocase: world.option(ShellOption::NoCaseGlob), period: false };
    let patterns: Vec<Pattern<'_>> = value.split(|byte| *byte == b':').map(|text| Pattern::new(text, flags)).collect();
    paths.retain(|path| {
        let last = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        last != b"." && last != b".." && !patterns.iter().any(|pattern| pattern.matches(path))
    });
}

struct Search<'w, W> {
    world: &'w mut W,
    extglob: bool,
}

/// A component of the pattern, with the slashes that follow it.
struct Component<'p> {
    text: &'p [u8],
    slashes: &'p [u8],
}

/// Cuts a pattern into components.
fn components(pattern: &[u8]) -> Vec<Component<'_>> {
    let mut out = Vec::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        let end = memchr::memchr(b'/', rest).unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        let length = after.iter().take_while(|byte| **byte == b'/').count();
        let (slashes, after) = after.split_at(length);
        out.push(Component { text, slashes });
        rest = after;
    }
    out
}

/// The text of a component without special characters.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => out.extend(bytes.next()),
            byte => out.push(*byte),
        }
    }
    out
}

impl<W: World> Search<'_, W> {
    fn run(&mut self, pattern: &[u8]) -> Result<Vec<Prefix>, Stop> {
        let mut components = components(pattern);
        let globstar = self.world.option(ShellOption::GlobStar);
        let written = components.len();
        if globstar {
            // One `**` after another adds nothing.
            components.dedup_by(|next, previous| {
                let repeated = next.text == b"**" && previous.text == b"**";
                if repeated {
                    previous.slashes = next.slashes;
                }
                repeated
            });
        }
        let mut special = written > components.len();
        let mut found: Vec<Prefix> = vec![Vec::new()];
        // Whether the last component put into `found` may not exist.
        let mut unsure = false;
        for (at, component) in components.iter().enumerate() {
            let last = at + 1 == components.len();
            if component.text == b"**" && globstar {
                found.retain(|path| path.is_empty() || self.leads_to_directory(path));
                found = self.descend(&found, component, last, special)?;
                unsure = false;
                special = true;
            } else if has_special(component.text, self.extglob) {
                found = self.matching(&found, component)?;
                unsure = false;
                special = true;
            } else {
                let text = unescaped(component.text);
                for path in &mut found {
                    path.extend_from_slice(&text);
                    path.extend_from_slice(component.slashes);
                }
                unsure = true;
            }
            if found.is_empty() {
                return Ok(found);
            }
        }
        if unsure {
            found.retain(|path| self.world.stat(path, path.ends_with(b"/")).is_some());
        }
        Ok(found)
    }

    /// Every entry of the directories found so far that matches one component.
    fn matching(&mut self, found: &[Prefix], component: &Component<'_>) -> Result<Vec<Prefix>, Stop> {
        let hidden = self.shows_hidden();
        let flags = PatternOptions {
            extglob: self.extglob,
            nocase: self.world.option(ShellOption::NoCaseGlob),
            period: !hidden,
        };
        let pattern = Pattern::new(component.text, flags);
        let dots = !self.world.option(ShellOption::GlobSkipDots)
            && (component.text.starts_with(b".") || component.text.starts_with(b"\\."));
        let mut next = Vec::new();
        for prefix in found {
            if dots {
                for name in [b".".as_slice(), b".."] {
                    if pattern.matches(name) {
                        next.push(join(prefix, name, component.slashes));
                    }
                }
            }
            for entry in self.entries(prefix)? {
                if pattern.matches(&entry.name)
                    && (component.slashes.is_empty() || self.is_directory(prefix, &entry.name, entry.kind))
                {
                    self.world.charge(PATH + prefix.len() + entry.name.len())?;
                    next.push(join(prefix, &entry.name, component.slashes));
                }
            }
        }
        Ok(next)
    }

    fn shows_hidden(&self) -> bool {
        self.world.option(ShellOption::DotGlob)
            || self.world.variables().scalar(b"GLOBIGNORE").is_some_and(|value| !value.is_empty())
    }

    fn entries(&mut self, prefix: &[u8]) -> Result<Vec<crate::vfs::DirEntry>, Stop> {
        let entries = self.world.read_dir(if prefix.is_empty() { b"." } else { prefix }).unwrap_or_default();
        Ok(entries)
    }

    fn is_directory(&mut self, prefix: &[u8], name: &[u8], kind: FileKind) -> bool {
        match kind {
            FileKind::Directory => true,
            FileKind::Symlink => {
                let path = join(prefix, name, b"");
                self.world.stat(&path, true).is_some_and(|stat| stat.kind == FileKind::Directory)
            }
            _ => false,
        }
    }

    fn leads_to_directory(&mut self, path: &[u8]) -> bool {
        self.world.stat(path, true).is_some_and(|stat| stat.kind == FileKind::Directory)
    }

    /// `**`: the directories found so far and all below them; as the last component, the files too. The directory itself
    /// loses its slash if `special`: if it was found by a pattern.
    fn descend(
        &mut self,
        found: &[Prefix],
        component: &Component<'_>,
        last: bool,
        special: bool,
    ) -> Result<Vec<Prefix>, Stop> {
        let hidden = self.shows_hidden();
        let files = last && component.slashes.is_empty();
        let mut next = Vec::new();
        for prefix in found {
            if !prefix.is_empty() || !last {
                let end = prefix.iter().rposition(|byte| *byte != b'/').map_or(prefix.len(), |at| at + 1);
                let bare = files && special;
                next.push(if bare { prefix.get(..end).unwrap_or(prefix).to_vec() } else { prefix.clone() });
            }
            let mut open: Vec<(Prefix, usize)> = vec![(prefix.clone(), 0)];
            while let Some((directory, depth)) = open.pop() {
                for entry in self.entries(&directory)? {
                    if entry.name.starts_with(b".") && !hidden {
                        continue;
                    }
                    let is_directory = entry.kind == FileKind::Directory;
                    self.world.charge(PATH + directory.len() + entry.name.len())?;
                    if files {
                        next.push(join(&directory, &entry.name, b""));
                    } else if is_directory || (last && self.is_directory(&directory, &entry.name, entry.kind)) {
                        next.push(join(&directory, &entry.name, component.slashes));
                    }
                    if is_directory && depth < DEPTH {
                        open.push((join(&directory, &entry.name, b"/"), depth + 1));
                    }
                }
            }
        }
        Ok(next)
    }
}

fn join(prefix: &[u8], name: &[u8], slashes: &[u8]) -> Prefix {
    [prefix, name, slashes].concat()
}
